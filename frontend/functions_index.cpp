//===- functions_index.cpp - indexing ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x[…] in at most three steps: one Slice node for all integers and slices, a Reshape that drops the
// integers' axes and adds the new ones, and one Gather node for all index arrays. Where the index
// arrays' axes stand in the result is NumPy's rule: in place of the index arrays when these (and
// the integers, which count among them) stand side by side, else in front.
//
//===----------------------------------------------------------------------===//
#include "frontend/node_helpers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ricci {

using detail::errorAt;

namespace {

/// The start, the count and the step of what a Python slice takes of n elements.
struct Range {
  int64_t start, size, step;
};

Range clip(const SliceValue &slice, int64_t n) {
  int64_t step = slice.step.value_or(1);
  int64_t lowest = step < 0 ? -1 : 0, highest = step < 0 ? n - 1 : n;
  auto bound = [&](std::optional<int64_t> at, int64_t otherwise) {
    if (!at)
      return otherwise;
    return std::clamp(*at < 0 ? *at + n : *at, lowest, highest);
  };
  int64_t start = bound(slice.start, step < 0 ? highest : lowest);
  int64_t stop = bound(slice.stop, step < 0 ? lowest : highest);
  uint64_t distance =
      step < 0 ? uint64_t(start) - uint64_t(stop) : uint64_t(stop) - uint64_t(start);
  uint64_t stride = step < 0 ? -uint64_t(step) : uint64_t(step);
  bool empty = step < 0 ? start <= stop : stop <= start;
  int64_t size = empty ? 0 : int64_t((distance - 1) / stride + 1);
  return {size ? start : 0, size, size > 1 ? step : 1};
}

class Indexing {
public:
  Indexing(ProgramBuilder &builder, TensorValue x, Span span)
      : builder(builder), x(x), span(span), shape(builder.type(x).shape) {}

  Expected<TensorValue> apply(const std::vector<Value> &given) {
    for (const Value &value : given)
      if (Status s = addItem(value); !s)
        return std::move(s.error());
    for (Status (Indexing::*step)() : {&Indexing::expand, &Indexing::place})
      if (Status s = (this->*step)(); !s)
        return std::move(s.error());
    Expected<TensorValue> basic = builder.slice(x, starts, sizes, steps, span);
    if (basic)
      basic = builder.reshape(*basic, basicShape, span);
    return basic && !indices.empty() ? gather(*basic) : basic;
  }

private:
  struct Item {
    Value value;
    int64_t maskSize = -1; ///< of the axis of the mask that the indices come from
  };

  /// Turns sequences into tensors, and masks that are known into the indices of what is true.
  Status addItem(Value item) {
    if (item.is<bool>())
      return errorAt(builder, item.span, "a bool is no index: None makes a new axis");
    if (item.is<SequenceValue>()) {
      Expected<TensorValue> array = toTensor(builder, item);
      if (array && isEmpty(*array)) // an empty list is no list of floats here
        array = builder.cast(*array, DType::i64, item.span);
      if (!array)
        return std::move(array.error());
      item.state = *array;
    }
    const auto *tensor = item.as<TensorValue>();
    if (tensor && builder.type(*tensor).dtype == DType::b1)
      return addMask(*tensor, item.span);
    items.push_back({std::move(item)});
    return success();
  }

  bool isEmpty(TensorValue array) const {
    const Shape &of = builder.type(array).shape;
    return std::find(of.begin(), of.end(), 0) != of.end();
  }

  Diagnostic maskError(Span at) const {
    return errorAt(builder, at, "a mask index gives a shape that depends on data; use where");
  }

  Status addMask(TensorValue mask, Span at) {
    const Program::Node &node = builder.program().nodes[size_t(mask.node)];
    if (node.kind != Program::NodeKind::Constant || node.type.shape.empty())
      return maskError(at);
    Shape of = node.type.shape;
    Strides strides = contiguousStrides(of);
    std::vector<std::vector<int64_t>> taken(of.size());
    int64_t count = isEmpty(mask) ? 0 : strides[0] * of[0];
    if (node.data.size() == 1 && count > 1)
      return maskError(at); // as large as users like
    for (int64_t i = 0; i < count; ++i)
      if (node.data[size_t(i)])
        for (size_t axis = 0; axis < of.size(); ++axis)
          taken[axis].push_back(i / strides[axis] % of[axis]);
    for (size_t axis = 0; axis < of.size(); ++axis) {
      Expected<TensorValue> index =
          detail::integers(builder, taken[axis], {int64_t(taken[axis].size())}, at);
      if (!index)
        return std::move(index.error());
      items.push_back({Value(*index, at), of[axis]});
    }
    return success();
  }

  /// Writes the ellipsis out as full slices, after a check of the number of indices.
  Status expand() {
    int64_t used = 0, rank = int64_t(shape.size());
    for (size_t i = 0; i < items.size(); ++i) {
      const Value &value = items[i].value;
      if (!value.is<EllipsisValue>()) {
        used += !value.is<NoneValue>();
        continue;
      }
      if (ellipsis)
        return errorAt(builder, value.span, "an index has one '...' at most");
      ellipsis = i;
    }
    if (used > rank)
      return errorAt(builder, span,
                     fmt::format("{} {} for an array of rank {}", used,
                                 used == 1 ? "index" : "indices", rank));
    if (ellipsis)
      items.erase(items.begin() + int64_t(*ellipsis));
    items.insert(items.begin() + int64_t(ellipsis.value_or(items.size())), size_t(rank - used),
                 {Value(SliceValue{}, span)});
    return success();
  }

  /// Says for every axis of x what is taken of it, and which axes the result of that has.
  Status place() {
    for (size_t i = 0; i < items.size(); ++i) {
      const Value &value = items[i].value;
      if (ellipsis == i)
        endRun();
      if (value.is<NoneValue>()) {
        keep(1);
      } else if (const auto *slice = value.as<SliceValue>()) {
        if (slice->step == 0)
          return errorAt(builder, value.span, "the step of a slice is not 0");
        Range range = clip(*slice, shape[sizes.size()]);
        take(range.start, range.size, range.step);
        keep(range.size);
      } else if (Status s = placeIndex(items[i]); !s) {
        return s;
      }
    }
    return success();
  }

  Status placeIndex(const Item &item) {
    int64_t axis = int64_t(sizes.size()), n = shape[size_t(axis)];
    if (run == Run::After)
      apart = true;
    if (run == Run::Before)
      position = int64_t(basicShape.size() - gathered.size());
    run = Run::Inside;
    if (const auto *integer = item.value.as<int64_t>()) {
      if (*integer < -n || *integer >= n)
        return outOfBounds(*integer, axis, item.value.span);
      take(*integer < 0 ? *integer + n : *integer, 1, 1);
      return success();
    }
    const auto *tensor = item.value.as<TensorValue>();
    if (!tensor)
      return errorAt(builder, item.value.span,
                     fmt::format("an index is an integer, a slice, None, '...' or an array of "
                                 "integers, not {}",
                                 describe(item.value)));
    if (item.maskSize >= 0 && item.maskSize != n)
      return errorAt(
          builder, item.value.span,
          fmt::format("the mask has {} elements for axis {} of size {}", item.maskSize, axis, n));
    if (Status s = addIndices(*tensor, axis, item.value.span); !s)
      return s;
    take(0, n, 1);
    gathered.push_back(int64_t(basicShape.size()));
    basicShape.push_back(n);
    return success();
  }

  /// A slice, a new axis or '...' (which may stand for no axis) ends a run of index arrays.
  void endRun() {
    if (run == Run::Inside)
      run = Run::After;
  }
  void keep(int64_t size) {
    basicShape.push_back(size);
    endRun();
  }

  void take(int64_t start, int64_t size, int64_t step) {
    starts.push_back(start);
    sizes.push_back(size);
    steps.push_back(step);
  }

  Diagnostic outOfBounds(int64_t index, int64_t axis, Span at) const {
    return errorAt(builder, at,
                   fmt::format("index {} is out of bounds for axis {} of size {}", index, axis,
                               shape[size_t(axis)]));
  }

  Status addIndices(TensorValue index, int64_t axis, Span at) {
    DTypeKind kind = kindOf(builder.type(index).dtype);
    if (kind != DTypeKind::Int && kind != DTypeKind::UInt)
      return errorAt(builder, at,
                     fmt::format("an index array has integers, and this one is {}",
                                 numpyName(builder.type(index).dtype)));
    Expected<TensorValue> wide = builder.cast(index, DType::i64, at);
    if (!wide)
      return std::move(wide.error());
    indices.push_back(*wide);
    indexed.push_back({axis, at});
    return success();
  }

  /// An index that is known is checked now, the others when the program runs; of an empty axis
  /// there is none.
  Status checkBounds(TensorValue index, int64_t axis, Span at) const {
    int64_t n = shape[size_t(axis)];
    if (n == 0)
      return errorAt(builder, at,
                     fmt::format("axis {} has size 0: no index is in its bounds", axis));
    const Program::Node &node = builder.program().nodes[size_t(index.node)];
    if (node.kind != Program::NodeKind::Constant)
      return success();
    for (size_t i = 0; i < node.data.size(); i += sizeof(int64_t)) {
      int64_t value;
      std::memcpy(&value, &node.data[i], sizeof value);
      if (value < -n || value >= n)
        return outOfBounds(value, axis, at);
    }
    return success();
  }

  Expected<TensorValue> gather(TensorValue basic) {
    Expected<Shape> common = detail::commonShape(builder, indices, span);
    if (!common)
      return errorAt(builder, span, "the index arrays: " + common.error().message);
    bool empty = std::find(common->begin(), common->end(), 0) != common->end();
    for (size_t i = 0; i < indices.size(); ++i) {
      TensorValue &index = indices[i];
      if (Status s = empty ? success() : checkBounds(index, indexed[i].first, indexed[i].second);
          !s)
        return std::move(s.error());
      Expected<TensorValue> wide = builder.broadcast(index, *common, span);
      if (!wide)
        return wide;
      index = *wide;
    }
    // Where an error of the run points to.
    Span at = indexed.size() == 1 ? indexed[0].second : span;
    return builder.gather(basic, indices, gathered, apart ? 0 : position, at);
  }

  ProgramBuilder &builder;
  TensorValue x;
  Span span;
  Shape shape;
  std::vector<Item> items;
  std::optional<size_t> ellipsis; ///< the item that it stood before
  std::vector<int64_t> starts, steps;
  Shape sizes, basicShape; ///< of the slice, and after it without the integers' axes
  std::vector<TensorValue> indices;
  std::vector<std::pair<int64_t, Span>> indexed; ///< the axis of each, and where it is written
  std::vector<int64_t> gathered; ///< the axes of `basicShape` that the index arrays replace
  enum class Run { Before, Inside, After } run = Run::Before; ///< of index arrays and integers
  int64_t position = 0; ///< of the index arrays' axes among the others
  bool apart = false;   ///< something stands between index arrays
};

/// "shape" where the text says so, else "the tuple", "the list".
std::string_view nameOfSequence(const ProgramBuilder &builder, const Value &object) {
  const auto &[begin, end] = object.span;
  std::string_view source = builder.source();
  if (begin <= end && end <= source.size() && source.substr(begin, end - begin).ends_with(".shape"))
    return "shape";
  return object.as<SequenceValue>()->isList ? "the list" : "the tuple";
}

/// x.shape[-1], x.shape[:-2].
Expected<Value> indexSequence(ProgramBuilder &builder, const Value &object,
                              const std::vector<Value> &items, Span span) {
  const SequenceValue &sequence = *object.as<SequenceValue>();
  std::string_view name = nameOfSequence(builder, object);
  int64_t n = int64_t(sequence.items.size());
  if (items.size() != 1)
    return errorAt(builder, span, fmt::format("{} takes one index, not {}", name, items.size()));
  const Value &item = items[0];
  if (const auto *slice = item.as<SliceValue>()) {
    if (slice->step == 0)
      return errorAt(builder, item.span, "the step of a slice is not 0");
    SequenceValue part{{}, sequence.isList};
    Range range = clip(*slice, n);
    for (int64_t i = 0; i < range.size; ++i)
      part.items.push_back(sequence.items[size_t(range.start + i * range.step)]);
    return Value(std::move(part), span);
  }
  Expected<int64_t> index = integerArgument(item, fmt::format("an index of {}", name));
  if (!index)
    return errorAt(builder, item.span, index.error().message);
  if (*index < -n || *index >= n)
    return errorAt(builder, item.span,
                   fmt::format("index {} is out of range: {} has {} {}", *index, name, n,
                               n == 1 ? "entry" : "entries"));
  Value value = sequence.items[size_t(*index < 0 ? *index + n : *index)];
  value.span = span;
  return value;
}

/// Whether the text between the item and the end of the index has a comma: x[(0, 1),] has one item,
/// x[(0, 1)] is x[0, 1].
bool commaFollows(const std::string &source, Span item, Span index) {
  for (size_t i = item.end; i < std::min(index.end, source.size()); ++i)
    if (!std::strchr(" \t\r\n)", source[i]))
      return source[i] == ',';
  return false;
}

} // namespace

Expected<Value> indexInto(ProgramBuilder &builder, const Value &object,
                          const std::vector<Value> &items, Span span) {
  if (object.is<SequenceValue>())
    return indexSequence(builder, object, items, span);
  const auto *tensor = object.as<TensorValue>();
  if (!tensor)
    return errorAt(builder, object.span, fmt::format("{} has no indices", describe(object)));
  const auto *tuple = items.size() == 1 ? items[0].as<SequenceValue>() : nullptr;
  bool isTuple = tuple && !tuple->isList && !commaFollows(builder.source(), items[0].span, span);
  Expected<TensorValue> result =
      Indexing(builder, *tensor, span).apply(isTuple ? tuple->items : items);
  if (!result)
    return std::move(result.error());
  return Value(*result, span);
}

} // namespace ricci
