//===- program_builder.cpp - makes the nodes of a program -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/program_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace ricci {
namespace {

using Node = Program::Node;
using NodeKind = Program::NodeKind;

constexpr size_t kMaxNodes = 1'000'000;

Node makeNode(NodeKind kind, DType dtype, Shape shape, Span span,
              const std::vector<TensorValue> &operands) {
  Node node;
  node.kind = kind;
  node.type = {dtype, std::move(shape), {}};
  node.span = span;
  for (TensorValue operand : operands)
    node.operands.push_back(operand.node);
  return node;
}

template <typename T> void append(std::string &key, const std::vector<T> &list) {
  size_t count = list.size();
  key.append(reinterpret_cast<const char *>(&count), sizeof count);
  key.append(reinterpret_cast<const char *>(list.data()), count * sizeof(T));
}

/// Equal strings: the nodes compute the same.
std::string keyOf(const Node &node) {
  std::string key;
  for (auto byte : {uint8_t(node.kind), uint8_t(node.type.dtype), uint8_t(node.scalar),
                    uint8_t(node.reduction), uint8_t(node.argReduction), uint8_t(node.scan)})
    key += char(byte);
  append(key, node.type.shape);
  append(key, node.operands);
  append(key, node.axes);
  append(key, node.start);
  append(key, node.step);
  append(key, node.data);
  for (const std::vector<Label> &labels : node.einsum.operands)
    append(key, labels);
  append(key, node.einsum.output);
  append(key, node.einsum.extents);
  return key;
}

/// The shape of operands that broadcast.
Shape broadcastAll(const std::vector<const Shape *> &shapes) {
  Shape result;
  for (const Shape *shape : shapes) {
    if (shape->size() > result.size())
      result.insert(result.begin(), shape->size() - result.size(), 1);
    for (size_t i = 0; i < shape->size(); ++i) {
      int64_t extent = (*shape)[shape->size() - 1 - i];
      int64_t &size = result[result.size() - 1 - i];
      assert(size == extent || size == 1 || extent == 1);
      if (size == 1)
        size = extent;
    }
  }
  return result;
}

/// Without the axes in `axes`.
Shape dropAxes(const Shape &shape, const std::vector<int64_t> &axes) {
  assert(std::is_sorted(axes.begin(), axes.end()));
  Shape result;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), int64_t(i)))
      result.push_back(shape[i]);
  return result;
}

bool isIdentity(const std::vector<int64_t> &axes) {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != int64_t(i))
      return false;
  return true;
}

bool all(const std::vector<int64_t> &list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t x) { return x == value; });
}

Diagnostic at(Diagnostic error, const std::string &source, Span span) {
  error.source = source;
  error.spans = {span};
  return error;
}

} // namespace

Expected<TensorValue> ProgramBuilder::add(Node node) {
  if (node.type.rank() > kMaxRank)
    return at(inputError(fmt::format("the result has {} axes; a tensor has at most {}",
                                     node.type.rank(), kMaxRank)),
              source(), node.span);
  if (auto count = elementCount(node.type.shape, node.type.dtype); !count)
    return at(std::move(count.error()), source(), node.span);
  std::string key = keyOf(node);
  if (auto known = known_.find(key); known != known_.end())
    return TensorValue{known->second};
  if (program_.nodes.size() >= kMaxNodes)
    return at(inputError(fmt::format("the program has more than {} operations", kMaxNodes)),
              source(), node.span);
  node.type.strides = contiguousStrides(node.type.shape);
  int index = int(program_.nodes.size());
  program_.nodes.push_back(std::move(node));
  known_.emplace(std::move(key), index);
  return TensorValue{index};
}

TensorValue ProgramBuilder::input(int64_t index, TensorType type, Span span) {
  Node node;
  node.kind = NodeKind::Input;
  node.type = std::move(type);
  node.span = span;
  node.input = index;
  program_.nodes.push_back(std::move(node));
  return {int(program_.nodes.size() - 1)};
}

Expected<TensorValue> ProgramBuilder::constant(DType dtype, Shape shape, std::vector<uint8_t> data,
                                               Span span) {
  Node node = makeNode(NodeKind::Constant, dtype, std::move(shape), span, {});
  node.data = std::move(data);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::iota(int64_t count, Span span) {
  return add(makeNode(NodeKind::Iota, DType::i64, {count}, span, {}));
}

Expected<TensorValue> ProgramBuilder::elementwise(ScalarOp op, std::vector<TensorValue> operands,
                                                  Span span) {
  assert(int(operands.size()) == info(op).arity);
  std::vector<const Shape *> shapes;
  for (TensorValue operand : operands)
    shapes.push_back(&type(operand).shape);
  DType computed = type(operands[op == ScalarOp::Where ? 1 : 0]).dtype;
  Node node = makeNode(NodeKind::Elementwise, resultDType(op, computed), broadcastAll(shapes), span,
                       operands);
  node.scalar = op;
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::cast(TensorValue x, DType dtype, Span span) {
  if (type(x).dtype == dtype)
    return x;
  return add(makeNode(NodeKind::Cast, dtype, type(x).shape, span, {x}));
}

Expected<TensorValue> ProgramBuilder::reduce(Reduction op, TensorValue x, std::vector<int64_t> axes,
                                             Span span) {
  if (axes.empty())
    return x;
  Node node = makeNode(NodeKind::Reduce, type(x).dtype, dropAxes(type(x).shape, axes), span, {x});
  node.reduction = op;
  node.axes = std::move(axes);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::argReduce(ArgReduction op, TensorValue x, int64_t axis,
                                                Span span) {
  Node node = makeNode(NodeKind::ArgReduce, DType::i64, dropAxes(type(x).shape, {axis}), span, {x});
  node.argReduction = op;
  node.axes = {axis};
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::scan(Scan op, TensorValue x, int64_t axis, Span span) {
  assert(axis >= 0 && axis < type(x).rank());
  Node node = makeNode(NodeKind::Scan, type(x).dtype, type(x).shape, span, {x});
  node.scan = op;
  node.axes = {axis};
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::einsum(Einsum einsum, std::vector<TensorValue> operands,
                                             DType dtype, Span span) {
  assert(einsum.operands.size() == operands.size());
  Shape shape;
  for (Label label : einsum.output)
    shape.push_back(einsum.extents[size_t(label)]);
  Node node = makeNode(NodeKind::Einsum, dtype, std::move(shape), span, operands);
  node.einsum = std::move(einsum);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::reshape(TensorValue x, Shape shape, Span span) {
  if (type(x).shape == shape)
    return x;
  return add(makeNode(NodeKind::Reshape, type(x).dtype, std::move(shape), span, {x}));
}

Expected<TensorValue> ProgramBuilder::transpose(TensorValue x, std::vector<int64_t> axes,
                                                Span span) {
  assert(int64_t(axes.size()) == type(x).rank());
  if (isIdentity(axes))
    return x;
  Shape shape;
  for (int64_t axis : axes)
    shape.push_back(type(x).shape[size_t(axis)]);
  Node node = makeNode(NodeKind::Transpose, type(x).dtype, std::move(shape), span, {x});
  node.axes = std::move(axes);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::broadcast(TensorValue x, Shape shape, Span span) {
  if (type(x).shape == shape)
    return x;
  assert(broadcastAll({&type(x).shape, &shape}) == shape);
  return add(makeNode(NodeKind::Broadcast, type(x).dtype, std::move(shape), span, {x}));
}

Expected<TensorValue> ProgramBuilder::slice(TensorValue x, std::vector<int64_t> start, Shape size,
                                            std::vector<int64_t> step, Span span) {
  assert(start.size() == size.size() && step.size() == size.size() &&
         size.size() == type(x).shape.size());
  if (size == type(x).shape && all(start, 0) && all(step, 1))
    return x;
  Node node = makeNode(NodeKind::Slice, type(x).dtype, std::move(size), span, {x});
  node.start = std::move(start);
  node.step = std::move(step);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::windows(TensorValue x, int64_t axis, int64_t size,
                                              Span span) {
  Shape shape = type(x).shape;
  assert(size >= 1 && size <= shape[size_t(axis)]);
  shape[size_t(axis)] -= size - 1;
  shape.push_back(size);
  Node node = makeNode(NodeKind::Windows, type(x).dtype, std::move(shape), span, {x});
  node.axes = {axis};
  node.start = {size};
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::pad(TensorValue x, TensorValue value,
                                          std::vector<int64_t> before, std::vector<int64_t> after,
                                          Span span) {
  assert(type(value).shape.empty() && type(value).dtype == type(x).dtype);
  if (all(before, 0) && all(after, 0))
    return x;
  Shape shape = type(x).shape;
  assert(before.size() == shape.size() && after.size() == shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    if (__builtin_add_overflow(shape[i], before[i], &shape[i]) ||
        __builtin_add_overflow(shape[i], after[i], &shape[i]))
      return at(inputError(fmt::format("the padded axis {} is longer than 63 bits", i)), source(),
                span);
  Node node = makeNode(NodeKind::Pad, type(x).dtype, std::move(shape), span, {x, value});
  node.start = std::move(before);
  node.step = std::move(after);
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::concatenate(std::vector<TensorValue> parts, int64_t axis,
                                                  Span span) {
  assert(!parts.empty());
  if (parts.size() == 1)
    return parts[0];
  Shape shape = type(parts[0]).shape;
  int64_t &size = shape[size_t(axis)];
  size = 0;
  for (TensorValue part : parts)
    if (__builtin_add_overflow(size, type(part).shape[size_t(axis)], &size))
      return at(inputError(fmt::format("the joined axis {} is longer than 63 bits", axis)),
                source(), span);
  Node node = makeNode(NodeKind::Concatenate, type(parts[0]).dtype, std::move(shape), span, parts);
  node.axes = {axis};
  return add(std::move(node));
}

Expected<TensorValue> ProgramBuilder::gather(TensorValue x, std::vector<TensorValue> indices,
                                             std::vector<int64_t> axes, int64_t position,
                                             Span span) {
  assert(!indices.empty() && indices.size() == axes.size());
  Shape shape = dropAxes(type(x).shape, axes);
  assert(position >= 0 && position <= int64_t(shape.size()));
  const Shape &index = type(indices[0]).shape;
  shape.insert(shape.begin() + position, index.begin(), index.end());
  std::vector<TensorValue> operands = {x};
  operands.insert(operands.end(), indices.begin(), indices.end());
  Node node = makeNode(NodeKind::Gather, type(x).dtype, std::move(shape), span, operands);
  node.axes = std::move(axes);
  node.start = {position};
  return add(std::move(node));
}

} // namespace ricci
