//===- value.h - what an expression of the language is at compile time ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/dtype.h"
#include "runtime/error.h"

#include <complex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ricci {

class Value;

struct NoneValue {};
struct EllipsisValue {};
/// A node of the program that is being built.
struct TensorValue {
  int node;
};
/// A tuple or a list.
struct SequenceValue {
  std::vector<Value> items;
  bool isList = false;
};
/// start:stop:step inside an index; absent parts are nothing.
struct SliceValue {
  std::optional<int64_t> start, stop, step;
};

/// The value of an expression: a tensor that is computed at run time, or something known at compile
/// time. Python's int, float and complex are weak: they take the dtype of what they meet (NEP 50).
/// A Python bool is b1.
class Value {
public:
  using State = std::variant<NoneValue, bool, int64_t, double, std::complex<double>, std::string,
                             DType, TensorValue, SequenceValue, SliceValue, EllipsisValue>;

  Value() = default;
  Value(State state, Span span = {}) : state(std::move(state)), span(span) {}

  template <typename T> bool is() const { return std::holds_alternative<T>(state); }
  template <typename T> const T *as() const { return std::get_if<T>(&state); }
  bool isNumber() const { // a bool counts
    return is<bool>() || is<int64_t>() || is<double>() || is<std::complex<double>>();
  }

  State state;
  Span span; ///< of the expression, for messages
};

} // namespace ricci
