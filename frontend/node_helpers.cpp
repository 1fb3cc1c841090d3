//===- node_helpers.cpp - what the shape, join, creation and contraction functions share -===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/node_helpers.h"
#include "frontend/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace ricci::detail {

Diagnostic errorAt(const ProgramBuilder &builder, Span span, std::string message) {
  Diagnostic error = inputError(std::move(message));
  error.source = builder.source();
  error.spans = {span};
  return error;
}

Expected<Value> asValue(Expected<TensorValue> tensor) {
  if (!tensor)
    return std::move(tensor.error());
  return Value(*tensor);
}

std::string countAxes(int64_t n) { return n == 1 ? "1 axis" : fmt::format("{} axes", n); }

Expected<Arrays> toArrays(ProgramBuilder &builder, const std::vector<Value> &values) {
  Arrays arrays{{}, DType::b1};
  for (const Value &value : values) {
    Expected<TensorValue> x = toTensor(builder, value);
    if (!x)
      return std::move(x.error());
    DType dtype = builder.type(*x).dtype;
    arrays.dtype = arrays.tensors.empty() ? dtype : promote(arrays.dtype, dtype);
    arrays.tensors.push_back(*x);
  }
  return arrays;
}

Expected<std::vector<Value>> itemsOf(ProgramBuilder &builder, const Value &value,
                                     std::string_view what) {
  if (const auto *sequence = value.as<SequenceValue>())
    return sequence->items;
  const auto *tensor = value.as<TensorValue>();
  if (!tensor || builder.type(*tensor).shape.empty())
    return errorAt(builder, value.span, fmt::format("{} needs a sequence of arrays", what));
  std::vector<Value> items;
  constexpr int64_t kMost = 1 << 16; // slices are nodes
  int64_t n = builder.type(*tensor).shape[0];
  if (n > kMost)
    return errorAt(builder, value.span,
                   fmt::format("{} takes the array apart along axis 0, which has {} elements; at "
                               "most {} are possible",
                               what, n, kMost));
  Shape shape = builder.type(*tensor).shape;
  shape.erase(shape.begin());
  for (int64_t i = 0; i < n; ++i) {
    Expected<TensorValue> part = sliceAxis(builder, *tensor, 0, i, 1, 1, value.span);
    if (part)
      part = builder.reshape(*part, shape, value.span);
    if (!part)
      return std::move(part.error());
    items.push_back(Value(*part, value.span));
  }
  return items;
}

Expected<Shape> shapeArgument(ProgramBuilder &builder, const Value &value, DType dtype) {
  Expected<std::vector<int64_t>> shape = integersArgument(builder, value, "the shape");
  if (!shape)
    return std::move(shape.error());
  for (int64_t n : *shape)
    if (n < 0)
      return errorAt(builder, value.span, fmt::format("a size of {} is negative", n));
  if (auto count = elementCount(*shape, dtype); !count)
    return errorAt(builder, value.span, count.error().message);
  return shape;
}

Expected<int64_t> axisArgument(const Value &value, int64_t rank) {
  Expected<int64_t> axis = integerArgument(value, "the axis");
  if (!axis)
    return axis;
  return normalizeAxis(*axis, rank, value.span);
}

Expected<std::vector<int64_t>> orderedAxes(ProgramBuilder &builder, const Value &value,
                                           int64_t rank) {
  Expected<std::vector<int64_t>> axes = integersArgument(builder, value, "the axes");
  if (!axes)
    return axes;
  std::vector<bool> seen(size_t(rank), false);
  for (int64_t &axis : *axes) {
    Expected<int64_t> normal = normalizeAxis(axis, rank, value.span);
    if (!normal)
      return std::move(normal.error());
    axis = *normal;
    if (seen[size_t(axis)])
      return errorAt(builder, value.span, fmt::format("axis {} is given twice", axis));
    seen[size_t(axis)] = true;
  }
  return axes;
}

Status checkOrder(const Call &call, size_t argument) {
  if (!call.has(argument))
    return success();
  const Value &value = call[argument];
  const auto *order = value.as<std::string>();
  if (order && *order == "C")
    return success();
  return errorAt(call.builder, value.span, "only order='C' is possible");
}

Expected<TensorValue> integers(ProgramBuilder &builder, const std::vector<int64_t> &elements,
                               Shape shape, Span span) {
  std::vector<uint8_t> data(elements.size() * sizeof(int64_t));
  if (!data.empty())
    std::memcpy(data.data(), elements.data(), data.size());
  return builder.constant(DType::i64, std::move(shape), std::move(data), span);
}

/// Appends the elements of nested sequences of numbers, which toTensor has found to be even.
static Status encodeAll(const Value &value, DType dtype, std::vector<uint8_t> &data) {
  if (const auto *sequence = value.as<SequenceValue>()) {
    for (const Value &item : sequence->items)
      if (Status s = encodeAll(item, dtype, data); !s)
        return s;
    return success();
  }
  Expected<std::vector<uint8_t>> element = encodeNumber(value, dtype);
  if (!element)
    return std::move(element.error());
  data.insert(data.end(), element->begin(), element->end());
  return success();
}

Expected<TensorValue> arrayAs(ProgramBuilder &builder, const Value &value, DType dtype, Span span) {
  if (value.isNumber())
    return constantOf(builder, value, dtype);
  Expected<TensorValue> x = toTensor(builder, value);
  if (!x || !value.is<SequenceValue>())
    return x ? builder.cast(*x, dtype, span) : x;
  std::vector<uint8_t> data;
  if (Status s = encodeAll(value, dtype, data); !s)
    return std::move(s.error());
  return builder.constant(dtype, Shape(builder.type(*x).shape), std::move(data), span);
}

Expected<TensorValue> zeros(ProgramBuilder &builder, DType dtype, Shape shape, Span span) {
  return builder.constant(dtype, std::move(shape), std::vector<uint8_t>(itemSize(dtype)), span);
}

Expected<TensorValue> insertAxis(ProgramBuilder &builder, TensorValue x, int64_t axis, Span span) {
  Shape shape = builder.type(x).shape;
  shape.insert(shape.begin() + axis, 1);
  return builder.reshape(x, std::move(shape), span);
}

Expected<TensorValue> sliceAxis(ProgramBuilder &builder, TensorValue x, int64_t axis, int64_t start,
                                int64_t size, int64_t step, Span span) {
  Shape sizes = builder.type(x).shape;
  std::vector<int64_t> starts(sizes.size(), 0), steps(sizes.size(), 1);
  sizes[size_t(axis)] = size;
  starts[size_t(axis)] = size ? start : 0;
  steps[size_t(axis)] = size > 1 ? step : 1;
  return builder.slice(x, std::move(starts), std::move(sizes), std::move(steps), span);
}

Expected<TensorValue> concatenateAs(ProgramBuilder &builder, std::vector<TensorValue> parts,
                                    DType dtype, int64_t axis, Span span) {
  for (TensorValue &part : parts) {
    Expected<TensorValue> converted = builder.cast(part, dtype, span);
    if (!converted)
      return converted;
    part = *converted;
  }
  if (parts.size() == 1)
    return parts[0];
  return builder.concatenate(std::move(parts), axis, span);
}

Expected<TensorValue> diagonal(ProgramBuilder &builder, TensorValue x, int64_t offset,
                               int64_t axis1, int64_t axis2, Span span) {
  Shape shape = builder.type(x).shape;
  int64_t n1 = shape[size_t(axis1)], n2 = shape[size_t(axis2)];
  int64_t skip1 = std::min(n1, offset < 0 ? -std::max(offset, -n1) : 0);
  int64_t skip2 = std::min(n2, offset > 0 ? offset : 0);
  int64_t length = std::min(n1 - skip1, n2 - skip2);
  Expected<TensorValue> square = sliceAxis(builder, x, axis1, skip1, length, 1, span);
  if (square)
    square = sliceAxis(builder, *square, axis2, skip2, length, 1, span);
  if (!square)
    return square;
  Einsum einsum;
  std::vector<Label> &labels = einsum.operands.emplace_back();
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (int64_t(axis) == std::max(axis1, axis2)) {
      labels.push_back(labels[size_t(std::min(axis1, axis2))]);
      continue;
    }
    bool first = int64_t(axis) == std::min(axis1, axis2);
    labels.push_back(Label(einsum.extents.size()));
    einsum.labelNames.push_back(first ? "i" : fmt::format("…{}", einsum.output.size()));
    einsum.extents.push_back(first ? length : shape[axis]);
    if (!first)
      einsum.output.push_back(labels.back());
  }
  einsum.output.push_back(labels[size_t(axis1)]);
  return builder.einsum(std::move(einsum), {*square}, builder.type(*square).dtype, span);
}

Status checkBroadcast(const ProgramBuilder &builder, TensorValue x, const Shape &shape, Span span) {
  const Shape &from = builder.type(x).shape;
  BroadcastReport report = broadcastShapes(from, shape);
  if (report.broadcasts() && report.result == shape)
    return success();
  std::string why = fmt::format("it has {}", countAxes(int64_t(from.size())));
  for (size_t axis = 0; axis < shape.size() && from.size() <= shape.size(); ++axis)
    if (report.left[axis] != 1 && report.left[axis] != shape[axis]) {
      why = fmt::format("axis {} is {} and is to be {}", axis, report.left[axis], shape[axis]);
      break;
    }
  return errorAt(builder, span,
                 fmt::format("shape {} does not broadcast to {}: {}", formatShape(from),
                             formatShape(shape), why));
}

Expected<Shape> commonShape(ProgramBuilder &builder, const std::vector<TensorValue> &tensors,
                            Span span) {
  Shape common;
  for (TensorValue x : tensors) {
    BroadcastReport report = broadcastShapes(common, builder.type(x).shape);
    if (!report.broadcasts())
      return errorAt(builder, span, report.error().message);
    common = std::move(report.result);
  }
  return common;
}

} // namespace ricci::detail
