//===- functions_shape.cpp - reshape, transpose and other changes of shape ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/node_helpers.h"
#include "frontend/take.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ricci {

using detail::asValue;
using detail::errorAt;

namespace {

using Axes = std::vector<int64_t>;

int64_t rankOf(const Call &call, TensorValue x) { return call.builder.type(x).rank(); }

int64_t sizeOf(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

/// The value itself: there are no views and no memory layouts to tell apart.
Expected<Value> identity(Call &call) { return asValue(call.tensor(0)); }

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

Expected<Value> reshapeTo(Call &call, const Value &wanted) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<std::vector<int64_t>> shape = integersArgument(call.builder, wanted, "the shape");
  if (!shape)
    return std::move(shape.error());
  int64_t count = sizeOf(call.builder.type(*x).shape), known = 1;
  std::string was = formatShape(call.builder.type(*x).shape);
  std::optional<size_t> open;
  bool overflow = false;
  for (size_t i = 0; i < shape->size(); ++i) {
    int64_t n = (*shape)[i];
    if (n < -1)
      return errorAt(call.builder, wanted.span, fmt::format("a size of {} is negative", n));
    if (n >= 0) {
      overflow |= __builtin_mul_overflow(known, n, &known);
      continue;
    }
    if (open)
      return errorAt(call.builder, wanted.span, "only one size can be -1");
    open = i;
  }
  if (std::find(shape->begin(), shape->end(), 0) != shape->end())
    known = 0, overflow = false;
  if (open) {
    if (overflow || known == 0 || count % known != 0)
      return errorAt(call.builder, wanted.span,
                     fmt::format("{} elements do not divide by {}: {} does not reshape to {}",
                                 count, known, was, formatShape(*shape)));
    (*shape)[*open] = count / known;
  } else if (overflow || known != count) {
    return errorAt(call.builder, wanted.span,
                   fmt::format("{} has {} elements and {} has {}", was, count, formatShape(*shape),
                               overflow ? "more than 63 bits of them" : std::to_string(known)));
  }
  return asValue(call.builder.reshape(*x, *shape, call.span));
}

/// The sizes or axes of a method that takes them one by one or as a tuple.
Value packed(const Call &call) {
  if (call.rest.size() == 1 && !call.rest[0].is<int64_t>() && !call.rest[0].is<bool>())
    return call.rest[0];
  Span span{call.rest.front().span.begin, call.rest.back().span.end};
  return Value(SequenceValue{call.rest}, span);
}

Expected<Value> reshape(Call &call) {
  if (Status s = detail::checkOrder(call, 2); !s)
    return std::move(s.error());
  return reshapeTo(call, call[1]);
}

Expected<Value> reshapeMethod(Call &call) {
  if (Status s = detail::checkOrder(call, 2); !s)
    return std::move(s.error());
  if (call.rest.empty())
    return call.error("reshape needs a shape");
  return reshapeTo(call, packed(call));
}

Expected<Value> ravel(Call &call) {
  if (Status s = detail::checkOrder(call, 1); !s)
    return std::move(s.error());
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  return asValue(call.builder.reshape(*x, {sizeOf(call.builder.type(*x).shape)}, call.span));
}

Expected<Value> expandDims(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<std::vector<int64_t>> given = integersArgument(call[1], "the axis");
  if (!given)
    return std::move(given.error());
  Shape shape = call.builder.type(*x).shape;
  int64_t rank = int64_t(shape.size() + given->size());
  Expected<Axes> axes = detail::orderedAxes(call.builder, call[1], rank);
  if (!axes)
    return std::move(axes.error());
  std::sort(axes->begin(), axes->end());
  for (int64_t axis : *axes)
    shape.insert(shape.begin() + axis, 1);
  return asValue(call.builder.reshape(*x, shape, call.span));
}

Expected<Value> squeeze(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Shape shape = call.builder.type(*x).shape, kept;
  bool all = !call.has(1) || call[1].is<NoneValue>();
  Axes axes;
  if (!all) {
    // No array of them.
    if (Expected<Axes> listed = integersArgument(call[1], "the axes"); !listed)
      return std::move(listed.error());
    Expected<Axes> given = detail::orderedAxes(call.builder, call[1], int64_t(shape.size()));
    if (!given)
      return std::move(given.error());
    axes = *given;
  }
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    bool named = std::find(axes.begin(), axes.end(), int64_t(axis)) != axes.end();
    if (named && shape[axis] != 1)
      return errorAt(call.builder, call[1].span,
                     fmt::format("axis {} has size {}, and only axes of size 1 can be squeezed out",
                                 axis, shape[axis]));
    if (!(named || (all && shape[axis] == 1)))
      kept.push_back(shape[axis]);
  }
  return asValue(call.builder.reshape(*x, kept, call.span));
}

/// atleast_1d, atleast_2d, atleast_3d.
Expected<TensorValue> atLeast(ProgramBuilder &builder, TensorValue x, int64_t rank, Span span) {
  Shape shape = builder.type(x).shape;
  if (rank == 3 && shape.size() == 2)
    shape.push_back(1);
  if (rank == 3 && shape.size() == 1)
    shape = {1, shape[0], 1};
  while (int64_t(shape.size()) < rank)
    shape.insert(shape.begin(), 1);
  return builder.reshape(x, shape, span);
}

template <int64_t rank> Expected<Value> atLeastFunction(Call &call) {
  SequenceValue results;
  for (const Value &value : call.rest) {
    Expected<TensorValue> x = toTensor(call.builder, value);
    if (x)
      x = atLeast(call.builder, *x, rank, call.span);
    if (!x)
      return std::move(x.error());
    results.items.push_back(Value(*x, call.span));
  }
  if (results.items.size() == 1)
    return results.items[0];
  return Value(std::move(results));
}

//===----------------------------------------------------------------------===//
// The order of axes
//===----------------------------------------------------------------------===//

Expected<Value> transposeBy(Call &call, const std::optional<Value> &wanted) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = rankOf(call, *x);
  Axes axes(static_cast<size_t>(rank));
  std::iota(axes.rbegin(), axes.rend(), 0);
  if (wanted && !wanted->is<NoneValue>()) {
    Expected<Axes> given = detail::orderedAxes(call.builder, *wanted, rank);
    if (!given)
      return std::move(given.error());
    if (int64_t(given->size()) != rank)
      return errorAt(call.builder, wanted->span,
                     fmt::format("an order of {} for an array of rank {}",
                                 detail::countAxes(int64_t(given->size())), rank));
    axes = *given;
  }
  return asValue(call.builder.transpose(*x, axes, call.span));
}

Expected<Value> transpose(Call &call) { return transposeBy(call, call.arguments[1]); }

Expected<Value> transposeMethod(Call &call) {
  if (call.rest.empty() || (call.rest.size() == 1 && call.rest[0].is<NoneValue>()))
    return transposeBy(call, std::nullopt);
  return transposeBy(call, packed(call));
}

Expected<Value> swapAxes(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = rankOf(call, *x);
  Axes axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  Expected<int64_t> first = detail::axisArgument(call[1], rank);
  Expected<int64_t> second = first ? detail::axisArgument(call[2], rank) : first;
  if (!second)
    return std::move(second.error());
  std::swap(axes[size_t(*first)], axes[size_t(*second)]);
  return asValue(call.builder.transpose(*x, axes, call.span));
}

Expected<Value> moveAxis(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = rankOf(call, *x);
  Expected<Axes> source = detail::orderedAxes(call.builder, call[1], rank);
  if (!source)
    return std::move(source.error());
  Expected<Axes> destination = detail::orderedAxes(call.builder, call[2], rank);
  if (!destination)
    return std::move(destination.error());
  if (source->size() != destination->size())
    return errorAt(call.builder, call[2].span,
                   fmt::format("{} to move and {} to move to",
                               detail::countAxes(int64_t(source->size())), destination->size()));
  Axes axes(size_t(rank), -1);
  for (size_t i = 0; i < source->size(); ++i)
    axes[size_t((*destination)[i])] = (*source)[i];
  int64_t next = 0;
  for (int64_t &axis : axes) {
    if (axis >= 0)
      continue;
    while (std::find(source->begin(), source->end(), next) != source->end())
      ++next;
    axis = next++;
  }
  return asValue(call.builder.transpose(*x, axes, call.span));
}

Expected<Value> matrixTranspose(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = rankOf(call, *x);
  if (rank < 2)
    return call.error(fmt::format("{} needs two axes or more, not {}", call.name, rank));
  Axes axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[size_t(rank) - 1], axes[size_t(rank) - 2]);
  return asValue(call.builder.transpose(*x, axes, call.span));
}

//===----------------------------------------------------------------------===//
// The order of elements
//===----------------------------------------------------------------------===//

Expected<TensorValue> reversed(ProgramBuilder &builder, TensorValue x, const Axes &axes,
                               Span span) {
  Shape shape = builder.type(x).shape;
  Axes start(shape.size(), 0), step(shape.size(), 1);
  for (int64_t axis : axes)
    if (shape[size_t(axis)] > 1) {
      start[size_t(axis)] = shape[size_t(axis)] - 1;
      step[size_t(axis)] = -1;
    }
  return builder.slice(x, start, shape, step, span);
}

Expected<Value> flip(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<Axes> axes = axesArgument(call.arguments[1], rankOf(call, *x), call.span);
  if (!axes)
    return std::move(axes.error());
  return asValue(reversed(call.builder, *x, *axes, call.span));
}

/// fliplr, flipud.
template <int64_t axis> Expected<Value> flipAxis(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  if (rankOf(call, *x) <= axis)
    return call.error(
        fmt::format("{} needs {} or more", call.name, detail::countAxes(int64_t(axis + 1))));
  return asValue(reversed(call.builder, *x, {axis}, call.span));
}

Expected<Value> rot90(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t k = 1, rank = rankOf(call, *x);
  Axes plane = {0, 1};
  if (call.has(1)) {
    Expected<int64_t> given = integerArgument(call[1], "k");
    if (!given)
      return std::move(given.error());
    k = (*given % 4 + 4) % 4;
  }
  if (call.has(2)) {
    Expected<Axes> given = detail::orderedAxes(call.builder, call[2], rank);
    if (!given)
      return std::move(given.error());
    plane = *given;
  }
  if (rank < 2 || plane.size() != 2)
    return call.error("rot90 turns in the plane of two axes");
  Axes axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[size_t(plane[0])], axes[size_t(plane[1])]);
  Expected<TensorValue> turned = *x;
  if (k == 2)
    turned = reversed(call.builder, *x, plane, call.span);
  if (k == 1)
    turned = reversed(call.builder, *x, {plane[1]}, call.span);
  if (turned && k % 2)
    turned = call.builder.transpose(*turned, axes, call.span);
  if (turned && k == 3)
    turned = reversed(call.builder, *turned, {plane[1]}, call.span);
  return asValue(std::move(turned));
}

Expected<TensorValue> rolled(ProgramBuilder &builder, TensorValue x, int64_t shift, int64_t axis,
                             Span span) {
  int64_t n = builder.type(x).shape[size_t(axis)];
  int64_t back = n ? (shift % n + n) % n : 0; // so many come from the end
  if (!back)
    return x;
  Expected<TensorValue> tail = detail::sliceAxis(builder, x, axis, n - back, back, 1, span);
  if (!tail)
    return tail;
  Expected<TensorValue> head = detail::sliceAxis(builder, x, axis, 0, n - back, 1, span);
  return head ? builder.concatenate({*tail, *head}, axis, span) : head;
}

Expected<Value> roll(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<std::vector<int64_t>> shifts = integersArgument(call.builder, call[1], "the shift");
  if (!shifts)
    return std::move(shifts.error());
  Shape shape = call.builder.type(*x).shape;
  if (!call.has(2) || call[2].is<NoneValue>()) {
    Expected<TensorValue> flat = call.builder.reshape(*x, {sizeOf(shape)}, call.span);
    for (int64_t shift : *shifts)
      if (flat)
        flat = rolled(call.builder, *flat, shift, 0, call.span);
    return asValue(flat ? call.builder.reshape(*flat, shape, call.span) : std::move(flat));
  }
  Expected<std::vector<int64_t>> axes = integersArgument(call.builder, call[2], "the axis");
  if (!axes)
    return std::move(axes.error());
  size_t count = std::max(shifts->size(), axes->size());
  if (shifts->size() == 1)
    shifts->resize(count, shifts->front());
  if (axes->size() == 1)
    axes->resize(count, axes->front());
  if (shifts->size() != axes->size())
    return errorAt(
        call.builder, call[1].span,
        fmt::format("{} shifts for {}", shifts->size(), detail::countAxes(int64_t(axes->size()))));
  Axes total(shape.size(), 0);
  for (size_t i = 0; i < count; ++i) {
    Expected<int64_t> axis = normalizeAxis((*axes)[i], int64_t(shape.size()), call[2].span);
    if (!axis)
      return std::move(axis.error());
    int64_t n = std::max(shape[size_t(*axis)], int64_t(1));
    total[size_t(*axis)] = (total[size_t(*axis)] + (*shifts)[i] % n) % n;
  }
  for (size_t axis = 0; axis < total.size() && x; ++axis)
    x = rolled(call.builder, *x, total[axis], int64_t(axis), call.span);
  return asValue(std::move(x));
}

//===----------------------------------------------------------------------===//
// Repetition without copies
//===----------------------------------------------------------------------===//

Expected<Value> broadcastTo(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<Shape> shape = detail::shapeArgument(call.builder, call[1], call.builder.type(*x).dtype);
  if (!shape)
    return std::move(shape.error());
  if (Status s = detail::checkBroadcast(call.builder, *x, *shape, call[1].span); !s)
    return std::move(s.error());
  return asValue(call.builder.broadcast(*x, *shape, call.span));
}

Expected<Value> broadcastArrays(Call &call) {
  Expected<detail::Arrays> arrays = detail::toArrays(call.builder, call.rest);
  if (!arrays)
    return std::move(arrays.error());
  Expected<Shape> shape = detail::commonShape(call.builder, arrays->tensors, call.nameSpan);
  if (!shape)
    return std::move(shape.error());
  SequenceValue results;
  for (TensorValue x : arrays->tensors) {
    Expected<TensorValue> wide = call.builder.broadcast(x, *shape, call.span);
    if (!wide)
      return std::move(wide.error());
    results.items.push_back(Value(*wide, call.span));
  }
  return Value(std::move(results));
}

Expected<Value> slidingWindowView(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  TensorType type = call.builder.type(*x);
  Expected<Shape> windows = detail::shapeArgument(call.builder, call[1], type.dtype);
  if (!windows)
    return windows.error();
  Axes axes(static_cast<size_t>(type.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  if (call.has(2) && !call[2].is<NoneValue>()) {
    Expected<Axes> given = integersArgument(call[2], "the axis");
    if (!given)
      return std::move(given.error());
    axes = *given; // one axis may have several windows
  }
  if (windows->size() != axes.size())
    return errorAt(call.builder, call[1].span,
                   fmt::format("{} window {} for {}", windows->size(),
                               windows->size() == 1 ? "size" : "sizes",
                               detail::countAxes(int64_t(axes.size()))));
  Shape shape = type.shape;
  for (size_t i = 0; i < axes.size(); ++i) {
    Expected<int64_t> axis =
        normalizeAxis(axes[i], type.rank(), call.has(2) ? call[2].span : call.span);
    if (!axis)
      return std::move(axis.error());
    axes[i] = *axis;
    int64_t &n = shape[size_t(*axis)], size = (*windows)[i];
    if (size > n)
      return errorAt(call.builder, call[1].span,
                     fmt::format("a window of {} on axis {} of size {}", size, *axis, n));
    n -= size - 1;
  }
  shape.insert(shape.end(), windows->begin(), windows->end());
  if (std::find(windows->begin(), windows->end(), 0) != windows->end())
    return asValue(detail::zeros(call.builder, type.dtype, shape, call.span)); // no elements
  for (size_t i = 0; i < axes.size() && x; ++i)
    x = call.builder.windows(*x, axes[i], (*windows)[i], call.span);
  return asValue(std::move(x));
}

} // namespace

std::span<const FunctionEntry> shapeFunctions() {
  using E = FunctionEntry;
  static constexpr FunctionEntry kFunctions[] = {
      {"reshape", "a, shape, order=, *, copy=", E::Function, reshape},
      {"reshape", "a, /, *shape, order=, copy=", E::Method, reshapeMethod},
      {"ravel", "a, order=", E::Both, ravel},
      {"flatten", "a, order=", E::Method, ravel},
      {"expand_dims", "a, axis", E::Function, expandDims},
      {"squeeze", "a, axis=", E::Both, squeeze},
      {"atleast_1d", "*arys", E::Function, atLeastFunction<1>},
      {"atleast_2d", "*arys", E::Function, atLeastFunction<2>},
      {"atleast_3d", "*arys", E::Function, atLeastFunction<3>},
      {"transpose", "a, axes=", E::Function, transpose},
      {"permute_dims", "a, axes=", E::Function, transpose},
      {"transpose", "a, /, *axes", E::Method, transposeMethod},
      {"swapaxes", "a, axis1, axis2", E::Both, swapAxes},
      {"moveaxis", "a, source, destination", E::Function, moveAxis},
      {"matrix_transpose", "x, /", E::Function, matrixTranspose},
      {"linalg.matrix_transpose", "x, /", E::Function, matrixTranspose},
      {"flip", "m, axis=", E::Function, flip},
      {"flipud", "m", E::Function, flipAxis<0>},
      {"fliplr", "m", E::Function, flipAxis<1>},
      {"rot90", "m, k=, axes=", E::Function, rot90},
      {"roll", "a, shift, axis=", E::Function, roll},
      {"broadcast_to", "array, shape", E::Function, broadcastTo},
      {"broadcast_arrays", "*args", E::Function, broadcastArrays},
      {"sliding_window_view", "x, window_shape, axis=", E::Function, slidingWindowView},
      {"lib.stride_tricks.sliding_window_view", "x, window_shape, axis=", E::Function,
       slidingWindowView},
      {"take", "a, indices, axis=", E::Both, detail::take},
      {"take_along_axis", "arr, indices, axis=", E::Function, detail::takeAlongAxis},
      {"copy", "a, order=", E::Both, identity},
      {"ascontiguousarray", "a", E::Function, identity},
  };
  return kFunctions;
}

} // namespace ricci
