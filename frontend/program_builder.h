//===- program_builder.h - makes the nodes of a program ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One method a kind of node. They compute the node's shape and take operands that fit: dtypes are
// equal where they must be, axes and indices are in range (asserted); what users get wrong is
// checked by the callers. An error is a size that overflows, a rank above kMaxRank, or more nodes
// than a program may have.
// What changes nothing (a cast to the same type, a broadcast to the same shape) gives the operand
// back; a node that is there already (same kind, operands and attributes) is used again.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "frontend/value.h"

#include <unordered_map>

namespace ricci {

class ProgramBuilder {
public:
  explicit ProgramBuilder(std::string source) { program_.source = std::move(source); }

  const Program &program() const { return program_; }
  const std::string &source() const { return program_.source; }
  const TensorType &type(TensorValue value) const {
    return program_.nodes[size_t(value.node)].type;
  }
  Program take() && { return std::move(program_); }
  void setResults(std::vector<int> results, bool tuple) {
    program_.results = std::move(results);
    program_.returnsTuple = tuple;
  }

  TensorValue input(int64_t index, TensorType type, Span span);
  /// `data`: the elements in C order, or one element for all.
  Expected<TensorValue> constant(DType dtype, Shape shape, std::vector<uint8_t> data, Span span);
  Expected<TensorValue> iota(int64_t count, Span span);
  /// The operands broadcast; `computed` is their dtype (of `where`: of operands 1 and 2).
  Expected<TensorValue> elementwise(ScalarOp op, std::vector<TensorValue> operands, Span span);
  Expected<TensorValue> cast(TensorValue x, DType dtype, Span span);
  Expected<TensorValue> reduce(Reduction op, TensorValue x, std::vector<int64_t> axes, Span span);
  Expected<TensorValue> argReduce(ArgReduction op, TensorValue x, int64_t axis, Span span);
  Expected<TensorValue> scan(Scan op, TensorValue x, int64_t axis, Span span);
  Expected<TensorValue> einsum(Einsum einsum, std::vector<TensorValue> operands, DType dtype,
                               Span span);
  Expected<TensorValue> reshape(TensorValue x, Shape shape, Span span);
  Expected<TensorValue> transpose(TensorValue x, std::vector<int64_t> axes, Span span);
  Expected<TensorValue> broadcast(TensorValue x, Shape shape, Span span);
  Expected<TensorValue> slice(TensorValue x, std::vector<int64_t> start, Shape size,
                              std::vector<int64_t> step, Span span);
  Expected<TensorValue> windows(TensorValue x, int64_t axis, int64_t size, Span span);
  Expected<TensorValue> pad(TensorValue x, TensorValue value, std::vector<int64_t> before,
                            std::vector<int64_t> after, Span span);
  Expected<TensorValue> concatenate(std::vector<TensorValue> parts, int64_t axis, Span span);
  Expected<TensorValue> gather(TensorValue x, std::vector<TensorValue> indices,
                               std::vector<int64_t> axes, int64_t position, Span span);

private:
  Expected<TensorValue> add(Program::Node node);

  Program program_;
  std::unordered_map<std::string, int> known_; ///< by what a node computes
};

} // namespace ricci
