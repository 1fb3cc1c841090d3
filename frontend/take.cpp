//===- take.cpp - take and take_along_axis ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/take.h"
#include "frontend/node_helpers.h"

#include <fmt/format.h>

namespace ricci::detail {

namespace {

/// Indices as integers: bools are 0 and 1 here, no mask.
Expected<Value> indicesArgument(Call &call, const Value &value) {
  if (value.is<int64_t>())
    return value;
  Expected<TensorValue> x = toTensor(call.builder, value);
  if (x && call.builder.type(*x).dtype == DType::b1)
    x = call.builder.cast(*x, DType::i64, value.span);
  if (!x)
    return std::move(x.error());
  return Value(*x, value.span);
}

/// The operand and the axis; without one, the flattened operand and axis 0.
struct Place {
  TensorValue x;
  int64_t axis;
};

Expected<Place> placeOf(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  TensorType type = call.builder.type(*x);
  if (call.has(2) && !call[2].is<NoneValue>()) {
    Expected<int64_t> axis = axisArgument(call[2], type.rank());
    if (!axis)
      return std::move(axis.error());
    return Place{*x, *axis};
  }
  x = call.builder.reshape(*x, {*elementCount(type.shape, type.dtype)}, call.span);
  if (!x)
    return std::move(x.error());
  return Place{*x, 0};
}

} // namespace

Expected<Value> take(Call &call) {
  Expected<Place> place = placeOf(call);
  if (!place)
    return std::move(place.error());
  Expected<Value> indices = indicesArgument(call, call[1]);
  if (!indices)
    return indices;
  std::vector<Value> items(size_t(place->axis), Value(SliceValue{}, call.span));
  items.push_back(std::move(*indices));
  return indexInto(call.builder, Value(place->x, call.span), items, call.span);
}

Expected<Value> takeAlongAxis(Call &call) {
  Expected<Place> place = placeOf(call);
  if (!place)
    return std::move(place.error());
  Expected<Value> indices = indicesArgument(call, call[1]);
  if (!indices)
    return indices;
  Shape shape = call.builder.type(place->x).shape;
  const auto *index = indices->as<TensorValue>();
  int64_t rank = index ? call.builder.type(*index).rank() : 0;
  if (rank != int64_t(shape.size()))
    return errorAt(
        call.builder, call[1].span,
        fmt::format("the indices have {}, and the array {}", countAxes(rank), shape.size()));
  std::vector<Value> items;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (int64_t(axis) == place->axis) {
      items.push_back(*indices);
      continue;
    }
    Shape along(shape.size(), 1);
    along[axis] = shape[axis];
    Expected<TensorValue> position = call.builder.iota(shape[axis], call.span);
    if (position)
      position = call.builder.reshape(*position, along, call.span);
    if (!position)
      return std::move(position.error());
    items.push_back(Value(*position, call.span));
  }
  return indexInto(call.builder, Value(place->x, call.span), items, call.span);
}

} // namespace ricci::detail
