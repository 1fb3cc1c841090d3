//===- functions_inspect.cpp - what is known of a tensor at compile time ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

#include <fmt/format.h>

namespace ricci {
namespace {

Expected<Value> length(Call &call) {
  if (const auto *sequence = call[0].as<SequenceValue>())
    return Value(int64_t(sequence->items.size()));
  const auto *x = call[0].as<TensorValue>();
  if (!x)
    return call.error(fmt::format("{} has no length", describe(call[0])));
  const Shape &shape = call.builder.type(*x).shape;
  if (shape.empty())
    return call.error("a tensor of rank 0 has no length");
  return Value(shape[0]);
}

/// shape(x), ndim(x) and size(x) are the attributes; of numbers and lists too.
Expected<Value> attributeOf(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  return attribute(call.builder, Value(*x, call[0].span), call.name, call.span);
}

Expected<Value> size(Call &call) {
  if (!call.has(1) || call[1].is<NoneValue>())
    return attributeOf(call);
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<int64_t> axis = integerArgument(call[1], "axis");
  if (!axis)
    return std::move(axis.error());
  const Shape &shape = call.builder.type(*x).shape;
  Expected<int64_t> normal = normalizeAxis(*axis, int64_t(shape.size()), call[1].span);
  if (!normal)
    return std::move(normal.error());
  return Value(shape[size_t(*normal)]);
}

constexpr FunctionEntry kTable[] = {
    {"len", "x, /", FunctionEntry::Function, length},
    {"shape", "a", FunctionEntry::Function, attributeOf},
    {"ndim", "a", FunctionEntry::Function, attributeOf},
    {"size", "a, axis=", FunctionEntry::Function, size},
};

} // namespace

std::span<const FunctionEntry> inspectionFunctions() { return kTable; }

} // namespace ricci
