//===- functions_join.cpp - joining, splitting, repeating and padding ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/node_helpers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ricci {

using detail::asValue;
using detail::errorAt;

namespace {

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

/// The arrays that a joining function is given, and where its errors about them point.
struct Parts {
  detail::Arrays arrays;
  std::vector<Span> spans;
};

/// Numbers are weak where NumPy lets them be, in concatenate without an axis.
Expected<Parts> partsOf(Call &call, const Value &sequence, bool weakNumbers = false) {
  Expected<std::vector<Value>> items = detail::itemsOf(call.builder, sequence, call.name);
  if (!items)
    return std::move(items.error());
  if (items->empty())
    return errorAt(call.builder, sequence.span,
                   fmt::format("{} needs at least one array", call.name));
  Parts parts;
  if (weakNumbers) {
    Expected<Promoted> promoted = promoteOperands(call.builder, *items);
    if (!promoted)
      return std::move(promoted.error());
    parts.arrays = {std::move(promoted->operands), promoted->dtype};
  } else {
    Expected<detail::Arrays> arrays = detail::toArrays(call.builder, *items);
    if (!arrays)
      return std::move(arrays.error());
    parts.arrays = std::move(*arrays);
  }
  for (const Value &item : *items)
    parts.spans.push_back(item.span);
  return parts;
}

/// The dtype that `dtype=` asks for, or the promotion.
Status setDType(Call &call, size_t argument, Parts &parts) {
  if (!call.has(argument) || call[argument].is<NoneValue>())
    return success();
  Expected<DType> dtype = dtypeArgument(call[argument]);
  if (!dtype)
    return std::move(dtype.error());
  if (!castsSameKind(parts.arrays.dtype, *dtype))
    return errorAt(call.builder, call[argument].span,
                   fmt::format("{} does not convert to {} here: use astype",
                               numpyName(parts.arrays.dtype), numpyName(*dtype)));
  parts.arrays.dtype = *dtype;
  return success();
}

Diagnostic mismatch(Call &call, const Parts &parts, size_t part, std::string message) {
  Diagnostic error = errorAt(call.builder, parts.spans[0], std::move(message));
  error.spans = {parts.spans[0], parts.spans[part]};
  for (size_t i : {size_t(0), part})
    error.notes.push_back(
        fmt::format("array {} has shape {}", i + 1,
                    formatShape(call.builder.type(parts.arrays.tensors[i]).shape)));
  return error;
}

Expected<Value> join(Call &call, Parts &parts, int64_t axis) {
  const Shape first = call.builder.type(parts.arrays.tensors[0]).shape;
  for (size_t i = 1; i < parts.arrays.tensors.size(); ++i) {
    const Shape &shape = call.builder.type(parts.arrays.tensors[i]).shape;
    if (shape.size() != first.size())
      return mismatch(call, parts, i,
                      fmt::format("{}: array 1 has {} and array {} has {}", call.name,
                                  detail::countAxes(int64_t(first.size())), i + 1, shape.size()));
    for (size_t k = 0; k < shape.size(); ++k)
      if (int64_t(k) != axis && shape[k] != first[k])
        return mismatch(call, parts, i,
                        fmt::format("{}: axis {} is {} and {}", call.name, k, first[k], shape[k]));
  }
  return asValue(detail::concatenateAs(call.builder, parts.arrays.tensors, parts.arrays.dtype, axis,
                                       call.span));
}

/// Replaces every part by what `change` makes of it.
template <typename F> Status changeEach(Parts &parts, F change) {
  for (TensorValue &part : parts.arrays.tensors) {
    Expected<TensorValue> changed = change(part);
    if (!changed)
      return std::move(changed.error());
    part = *changed;
  }
  return success();
}

Expected<TensorValue> flat(ProgramBuilder &builder, TensorValue x, Span span) {
  Shape shape = builder.type(x).shape;
  int64_t size = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
  return builder.reshape(x, {size}, span);
}

/// Joins along an axis; None joins what is flattened.
Expected<Value> joinAlong(Call &call, Parts &parts, const std::optional<Value> &axis) {
  if (axis && axis->is<NoneValue>()) {
    auto flatten = [&](TensorValue x) { return flat(call.builder, x, call.span); };
    if (Status s = changeEach(parts, flatten); !s)
      return std::move(s.error());
    return join(call, parts, 0);
  }
  int64_t rank = call.builder.type(parts.arrays.tensors[0]).rank();
  if (rank == 0)
    return errorAt(call.builder, parts.spans[0],
                   fmt::format("{} does not join arrays without axes: use stack", call.name));
  Expected<int64_t> along =
      axis ? detail::axisArgument(*axis, rank) : Expected<int64_t>(int64_t(0));
  if (!along)
    return std::move(along.error());
  return join(call, parts, *along);
}

Expected<Value> concatenate(Call &call) {
  Expected<Parts> parts = partsOf(call, call[0], call.has(1) && call[1].is<NoneValue>());
  if (!parts)
    return std::move(parts.error());
  if (Status s = setDType(call, 2, *parts); !s)
    return std::move(s.error());
  return joinAlong(call, *parts, call.arguments[1]);
}

Expected<Value> append(Call &call) {
  Expected<Parts> parts = partsOf(call, Value(SequenceValue{{call[0], call[1]}}, call.nameSpan));
  if (!parts)
    return std::move(parts.error());
  return joinAlong(call, *parts, call.has(2) ? call.arguments[2] : Value());
}

Expected<Value> stack(Call &call) {
  Expected<Parts> parts = partsOf(call, call[0]);
  if (!parts)
    return std::move(parts.error());
  if (Status s = setDType(call, 2, *parts); !s)
    return std::move(s.error());
  const Shape first = call.builder.type(parts->arrays.tensors[0]).shape;
  for (size_t i = 1; i < parts->spans.size(); ++i)
    if (const Shape &shape = call.builder.type(parts->arrays.tensors[i]).shape; shape != first)
      return mismatch(call, *parts, i,
                      fmt::format("stack needs arrays of one shape, not {} and {}",
                                  formatShape(first), formatShape(shape)));
  Expected<int64_t> axis = int64_t(0);
  if (call.has(1))
    axis = detail::axisArgument(call[1], int64_t(first.size()) + 1);
  if (!axis)
    return std::move(axis.error());
  auto widen = [&](TensorValue x) { return detail::insertAxis(call.builder, x, *axis, call.span); };
  if (Status s = changeEach(*parts, widen); !s)
    return std::move(s.error());
  return join(call, *parts, *axis);
}

/// vstack, hstack, dstack, column_stack: as NumPy gives every part its axes.
enum class Stacking { Rows, Columns, Depth, ColumnVectors };

template <Stacking how> Expected<Value> stackLike(Call &call) {
  Expected<Parts> parts = partsOf(call, call[0]);
  if (!parts)
    return std::move(parts.error());
  if (how == Stacking::Rows || how == Stacking::Columns)
    if (Status s = setDType(call, 1, *parts); !s)
      return std::move(s.error());
  auto widen = [&](TensorValue x) {
    Shape shape = call.builder.type(x).shape;
    if (shape.empty())
      shape = {1};
    if (shape.size() == 1 && how == Stacking::ColumnVectors)
      shape = {shape[0], 1};
    else if (shape.size() == 1 && how != Stacking::Columns)
      shape = {1, shape[0]};
    if (shape.size() == 2 && how == Stacking::Depth)
      shape.push_back(1);
    return call.builder.reshape(x, shape, call.span);
  };
  if (Status s = changeEach(*parts, widen); !s)
    return std::move(s.error());
  int64_t rank = call.builder.type(parts->arrays.tensors[0]).rank();
  int64_t axis = how == Stacking::Rows || (how == Stacking::Columns && rank == 1) ? 0
                 : how == Stacking::Depth                                         ? 2
                                                                                  : 1;
  return join(call, *parts, axis);
}

//===----------------------------------------------------------------------===//
// Splitting
//===----------------------------------------------------------------------===//

/// The parts of an axis between cuts, with Python's clipping of each.
Expected<Value> cut(Call &call, TensorValue x, const std::vector<int64_t> &cuts, int64_t axis) {
  int64_t n = call.builder.type(x).shape[size_t(axis)];
  auto clipped = [&](int64_t at) { return std::clamp(at < 0 ? at + n : at, int64_t(0), n); };
  SequenceValue parts;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    int64_t begin = i ? clipped(cuts[i - 1]) : 0, end = i < cuts.size() ? clipped(cuts[i]) : n;
    Expected<TensorValue> part = detail::sliceAxis(call.builder, x, axis, begin,
                                                   std::max(end - begin, int64_t(0)), 1, call.span);
    if (!part)
      return std::move(part.error());
    parts.items.push_back(Value(*part, call.span));
  }
  return Value(std::move(parts));
}

Expected<Value> splitAlong(Call &call, TensorValue x, int64_t axis, bool equal) {
  const Value wanted = knownIntegers(call.builder, call[1]);
  if (!wanted.is<int64_t>() && !wanted.is<bool>()) {
    Expected<std::vector<int64_t>> cuts = integersArgument(call.builder, wanted, "the split");
    if (!cuts)
      return std::move(cuts.error());
    return cut(call, x, *cuts, axis);
  }
  int64_t n = call.builder.type(x).shape[size_t(axis)], sections = *integerArgument(wanted, "");
  constexpr int64_t kMost = 1 << 16; // each is a node
  if (sections <= 0 || sections > kMost)
    return errorAt(call.builder, wanted.span,
                   fmt::format("{} sections: there are from 1 to {} of them", sections, kMost));
  if (equal && n % sections)
    return errorAt(
        call.builder, wanted.span,
        fmt::format("axis {} of size {} does not divide into {} equal parts", axis, n, sections));
  std::vector<int64_t> cuts;
  int64_t at = 0;
  for (int64_t i = 0; i + 1 < sections; ++i)
    cuts.push_back(at += n / sections + (i < n % sections));
  return cut(call, x, cuts, axis);
}

template <bool equal> Expected<Value> split(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = call.builder.type(*x).rank();
  Expected<int64_t> axis =
      call.has(2) ? detail::axisArgument(call[2], rank) : normalizeAxis(0, rank, call.nameSpan);
  if (!axis)
    return std::move(axis.error());
  return splitAlong(call, *x, *axis, equal);
}

/// vsplit, hsplit, dsplit.
template <int64_t wanted> Expected<Value> splitAxis(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  int64_t rank = call.builder.type(*x).rank();
  int64_t least = wanted == 1 ? 1 : wanted + 1 + (wanted == 0);
  if (rank < least)
    return call.error(
        fmt::format("{} needs {} or more, not {}", call.name, detail::countAxes(least), rank));
  return splitAlong(call, *x, wanted == 1 && rank == 1 ? 0 : wanted, true);
}

Expected<Value> unstack(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Shape shape = call.builder.type(*x).shape;
  Expected<int64_t> axis = call.has(1) ? detail::axisArgument(call[1], int64_t(shape.size()))
                                       : normalizeAxis(0, int64_t(shape.size()), call.nameSpan);
  if (!axis)
    return std::move(axis.error());
  std::vector<int64_t> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  order.erase(order.begin() + *axis);
  order.insert(order.begin(), *axis);
  Expected<TensorValue> front = call.builder.transpose(*x, order, call.span);
  if (!front)
    return std::move(front.error());
  Expected<std::vector<Value>> items =
      detail::itemsOf(call.builder, Value(*front, call.span), call.name);
  if (!items)
    return std::move(items.error());
  return Value(SequenceValue{std::move(*items)});
}

//===----------------------------------------------------------------------===//
// Repeating
//===----------------------------------------------------------------------===//

/// Every element of the axis `count` times: a new axis after it, broadcast, merged into it.
Expected<TensorValue> repeatEach(Call &call, TensorValue x, int64_t axis, int64_t count) {
  Shape shape = call.builder.type(x).shape, wide = shape, merged = shape;
  wide.insert(wide.begin() + axis + 1, count);
  if (__builtin_mul_overflow(shape[size_t(axis)], count, &merged[size_t(axis)]))
    return call.error("the result is longer than 63 bits");
  Expected<TensorValue> y = detail::insertAxis(call.builder, x, axis + 1, call.span);
  if (y)
    y = call.builder.broadcast(*y, wide, call.span);
  return y ? call.builder.reshape(*y, merged, call.span) : y;
}

/// Counts of their own for the elements of an axis: a gather of the elements' numbers.
Expected<TensorValue> repeatBy(Call &call, TensorValue x, int64_t axis,
                               const std::vector<int64_t> &counts) {
  constexpr int64_t kMost = 1 << 20; // the indices are a constant of the program
  std::vector<int64_t> indices;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > kMost - int64_t(indices.size()))
      return errorAt(call.builder, call[1].span,
                     fmt::format("counts that differ repeat to {} elements at most", kMost));
    indices.insert(indices.end(), size_t(counts[i]), int64_t(i));
  }
  int64_t size = int64_t(indices.size());
  Expected<TensorValue> index = detail::integers(call.builder, indices, {size}, call.span);
  return index ? call.builder.gather(x, {*index}, {axis}, axis, call.span) : index;
}

Expected<Value> repeat(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Expected<std::vector<int64_t>> counts =
      integersArgument(call.builder, call[1], "the number of repeats");
  if (!counts)
    return std::move(counts.error());
  for (int64_t count : *counts)
    if (count < 0)
      return errorAt(call.builder, call[1].span,
                     fmt::format("{} repeats: a count is not negative", count));
  int64_t axis = 0;
  if (!call.has(2) || call[2].is<NoneValue>()) {
    x = flat(call.builder, *x, call.span);
  } else {
    Expected<int64_t> given = detail::axisArgument(call[2], call.builder.type(*x).rank());
    if (!given)
      return std::move(given.error());
    axis = *given;
  }
  if (!x)
    return std::move(x.error());
  if (counts->size() == 1)
    return asValue(repeatEach(call, *x, axis, counts->front()));
  int64_t n = call.builder.type(*x).shape[size_t(axis)];
  if (int64_t(counts->size()) != n)
    return errorAt(call.builder, call[1].span,
                   fmt::format("{} counts for axis {} of size {}", counts->size(), axis, n));
  return asValue(repeatBy(call, *x, axis, *counts));
}

Expected<Value> tile(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  Shape shape = call.builder.type(*x).shape;
  Expected<Shape> counts = detail::shapeArgument(call.builder, call[1], DType::b1);
  if (!counts)
    return std::move(counts.error());
  size_t rank = std::max(shape.size(), counts->size());
  shape.insert(shape.begin(), rank - shape.size(), 1);
  counts->insert(counts->begin(), rank - counts->size(), 1);
  Shape split, wide, merged;
  for (size_t axis = 0; axis < rank; ++axis) {
    int64_t size, count = (*counts)[axis];
    if (__builtin_mul_overflow(shape[axis], count, &size))
      return call.error("the result is longer than 63 bits");
    merged.push_back(size);
    if (count != 1) {
      split.push_back(1);
      wide.push_back(count);
    }
    split.push_back(shape[axis]);
    wide.push_back(shape[axis]);
  }
  x = call.builder.reshape(*x, split, call.span);
  if (x)
    x = call.builder.broadcast(*x, wide, call.span);
  return asValue(x ? call.builder.reshape(*x, merged, call.span) : std::move(x));
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// One value, a pair or a pair for every axis, as NumPy broadcasts them to (rank, 2).
Expected<std::vector<Value>> asPairs(Call &call, const Value &value, int64_t rank,
                                     std::string_view what) {
  auto wrong = [&](Span span) {
    return errorAt(call.builder, span,
                   fmt::format("{} is a number, a pair, or a pair for each of {}", what,
                               detail::countAxes(rank)));
  };
  auto pairOf = [&](const Value &of, std::vector<Value> &pairs) {
    const auto *items = of.as<SequenceValue>();
    if (!items) {
      pairs.insert(pairs.end(), 2, of);
      return true;
    }
    if (items->items.size() != 1 && items->items.size() != 2)
      return false;
    pairs.push_back(items->items.front());
    pairs.push_back(items->items.back());
    return !pairs.back().is<SequenceValue>();
  };
  std::vector<Value> pairs;
  const auto *outer = value.as<SequenceValue>();
  bool nested = outer && !outer->items.empty() && outer->items[0].is<SequenceValue>();
  if (!nested) {
    if (!pairOf(value, pairs))
      return wrong(value.span);
  } else {
    if (outer->items.size() != 1 && int64_t(outer->items.size()) != rank)
      return wrong(value.span);
    for (const Value &item : outer->items) {
      const auto *items = item.as<SequenceValue>();
      bool isAsLong =
          items && items->items.size() == outer->items[0].as<SequenceValue>()->items.size();
      if (!isAsLong || !pairOf(item, pairs))
        return wrong(item.span);
    }
    if (pairs.size() > 2)
      return pairs;
  }
  std::vector<Value> all;
  for (int64_t axis = 0; axis < rank; ++axis)
    all.insert(all.end(), pairs.begin(), pairs.end());
  return all;
}

/// Pads one axis after the other where the values differ: as in NumPy, later axes own the corners.
Expected<TensorValue> padWith(Call &call, TensorValue x, const std::vector<int64_t> &widths,
                              const std::vector<TensorValue> &values) {
  size_t rank = size_t(call.builder.type(x).rank());
  std::vector<int64_t> before(rank, 0), after(rank, 0);
  bool same = std::all_of(values.begin(), values.end(),
                          [&](TensorValue v) { return v.node == values[0].node; });
  Expected<TensorValue> padded = x;
  for (size_t i = 0; i < 2 * rank && padded; ++i) {
    (i % 2 ? after : before)[i / 2] = widths[i];
    if (same)
      continue;
    padded = call.builder.pad(*padded, values[i], before, after, call.span);
    (i % 2 ? after : before)[i / 2] = 0;
  }
  if (!same)
    return padded;
  return call.builder.pad(x, values[0], before, after, call.span);
}

Expected<Value> pad(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  if (call.has(2)) {
    const auto *mode = call[2].as<std::string>();
    if (!mode || *mode != "constant")
      return errorAt(call.builder, call[2].span, "only mode='constant' is possible");
  }
  TensorType type = call.builder.type(*x);
  int64_t rank = std::max(type.rank(), int64_t(1)); // without axes the widths are checked too
  Expected<std::vector<Value>> pairs = asPairs(call, call[1], rank, "the padding");
  if (!pairs)
    return std::move(pairs.error());
  std::vector<int64_t> widths;
  for (const Value &item : *pairs) {
    Expected<int64_t> width = integerArgument(item, "the padding");
    if (!width)
      return std::move(width.error());
    if (*width < 0)
      return errorAt(call.builder, item.span, fmt::format("a padding of {} is negative", *width));
    widths.push_back(*width);
  }
  Value fill = call.has(3) ? call[3] : Value(int64_t(0), call.span);
  Expected<std::vector<Value>> fills = asPairs(call, fill, rank, "the padding's value");
  if (!fills)
    return std::move(fills.error());
  std::vector<TensorValue> values;
  for (const Value &item : *fills) {
    Expected<TensorValue> value = detail::arrayAs(call.builder, item, type.dtype, call.span);
    if (!value)
      return std::move(value.error());
    if (!call.builder.type(*value).shape.empty())
      return errorAt(call.builder, item.span, "the padding's value is a number, not an array");
    values.push_back(*value);
  }
  return asValue(padWith(call, *x, widths, values));
}

} // namespace

std::span<const FunctionEntry> joinFunctions() {
  using E = FunctionEntry;
  static constexpr FunctionEntry kFunctions[] = {
      {"concatenate", "arrays, /, axis=, *, dtype=", E::Function, concatenate},
      {"concat", "arrays, /, axis=, *, dtype=", E::Function, concatenate},
      {"append", "arr, values, axis=", E::Function, append},
      {"stack", "arrays, axis=, *, dtype=", E::Function, stack},
      {"vstack", "tup, *, dtype=", E::Function, stackLike<Stacking::Rows>},
      {"hstack", "tup, *, dtype=", E::Function, stackLike<Stacking::Columns>},
      {"dstack", "tup", E::Function, stackLike<Stacking::Depth>},
      {"column_stack", "tup", E::Function, stackLike<Stacking::ColumnVectors>},
      {"split", "ary, indices_or_sections, axis=", E::Function, split<true>},
      {"array_split", "ary, indices_or_sections, axis=", E::Function, split<false>},
      {"vsplit", "ary, indices_or_sections", E::Function, splitAxis<0>},
      {"hsplit", "ary, indices_or_sections", E::Function, splitAxis<1>},
      {"dsplit", "ary, indices_or_sections", E::Function, splitAxis<2>},
      {"unstack", "x, /, *, axis=", E::Function, unstack},
      {"repeat", "a, repeats, axis=", E::Both, repeat},
      {"tile", "A, reps", E::Function, tile},
      {"pad", "array, pad_width, mode=, *, constant_values=", E::Function, pad},
  };
  return kFunctions;
}

} // namespace ricci
