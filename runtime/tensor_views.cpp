//===- tensor_views.cpp - views of tensors ------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace ricci {
namespace {

/// The tensor can be viewed: a stride for each axis, a size that can be counted.
Status checkType(const Tensor &t) {
  if (t.strides().size() != t.shape().size())
    return inputError(fmt::format("shape {} has {} axes, but there are {} strides",
                                  formatShape(t.shape()), t.shape().size(), t.strides().size()));
  if (Expected<int64_t> count = elementCount(t.shape(), t.dtype()); !count)
    return std::move(count.error());
  return success();
}

/// The axis from 0, of a tensor that passes `checkType`.
Expected<size_t> findAxis(const Tensor &t, int64_t axis) {
  if (Status s = checkType(t); !s)
    return std::move(s.error());
  if (axis < -t.rank() || axis >= t.rank())
    return inputError(fmt::format("there is no axis {} in shape {}", axis, formatShape(t.shape())));
  return size_t(axis < 0 ? axis + t.rank() : axis);
}

/// index * stride, which is below 2**63 for every valid tensor.
Expected<int64_t> stepped(int64_t index, int64_t stride) {
  int64_t offset;
  if (__builtin_mul_overflow(index, stride, &offset))
    return inputError(fmt::format("index {} along an axis of stride {} is more than 2**63 - 1 "
                                  "elements away",
                                  index, stride));
  return offset;
}

Diagnostic cannotView(const Tensor &t, const Shape &shape) {
  return inputError(fmt::format(
      "shape {} with strides [{}] cannot be viewed as shape {}; contiguous() makes a copy that can",
      formatShape(t.shape()), fmt::join(t.strides(), ","), formatShape(shape)));
}

/// Replaces an extent of -1; both shapes then have equally many elements.
Expected<Shape> completeShape(const Tensor &t, Shape shape) {
  Shape known = shape;
  auto unknown = std::find(known.begin(), known.end(), -1);
  const size_t at = size_t(unknown - known.begin());
  const bool isLeft = unknown != known.end();
  if (isLeft)
    *unknown = 1;
  Expected<int64_t> count = elementCount(known, t.dtype());
  if (!count)
    return std::move(count.error());
  if (isLeft && *count != 0 && t.size() % *count == 0)
    shape[at] = t.size() / *count;
  else if (isLeft || *count != t.size())
    return inputError(fmt::format("shape {} has {} elements, which shape {} cannot hold",
                                  formatShape(t.shape()), t.size(), formatShape(shape)));
  return shape;
}

} // namespace

Tensor Tensor::view(int64_t offset, Shape shape, Strides strides) const {
  Tensor t;
  t.type_ =
      std::make_shared<const TensorType>(TensorType{dtype(), std::move(shape), std::move(strides)});
  t.data_ = data_;
  if (data_ && t.size() != 0)
    t.data_ = static_cast<char *>(data_) + offset * int64_t(itemSize(dtype()));
  t.owner_ = owner_;
  t.readOnly_ = readOnly_;
  t.device_ = device_;
  return t;
}

Expected<Tensor> Tensor::try_slice(int64_t axis, const Slice &range) const {
  Expected<size_t> at = findAxis(*this, axis);
  if (!at)
    return std::move(at.error());
  const int64_t extent = shape()[*at], step = range.step.value_or(1);
  if (step == 0)
    return inputError("the step of a slice is 0");
  const bool forward = step > 0;
  // A position before the axis or behind it is moved to where the walk would begin or end.
  auto clip = [&](std::optional<int64_t> position, int64_t otherwise) {
    const int64_t low = forward ? 0 : -1, high = forward ? extent : extent - 1;
    if (!position)
      return otherwise;
    return std::clamp(*position < 0 ? *position + extent : *position, low, high);
  };
  const int64_t start = clip(range.start, forward ? 0 : extent - 1);
  const int64_t stop = clip(range.stop, forward ? extent : -1);
  const int64_t distance = forward ? stop - start : start - stop;
  const uint64_t size = forward ? uint64_t(step) : -uint64_t(step);
  const int64_t count = distance <= 0 ? 0 : int64_t(uint64_t(distance - 1) / size) + 1;

  Shape newShape = shape();
  Strides newStrides = strides();
  newShape[*at] = count;
  if (count == 0)
    return view(0, std::move(newShape), std::move(newStrides));
  Expected<int64_t> offset = stepped(start, strides()[*at]);
  Expected<int64_t> stride = count == 1 ? strides()[*at] : stepped(step, strides()[*at]);
  if (!offset || !stride)
    return std::move(offset ? stride.error() : offset.error());
  newStrides[*at] = *stride;
  return view(*offset, std::move(newShape), std::move(newStrides));
}

Expected<Tensor> Tensor::try_select(int64_t axis, int64_t index) const {
  Expected<size_t> at = findAxis(*this, axis);
  if (!at)
    return std::move(at.error());
  const int64_t extent = shape()[*at];
  if (index < -extent || index >= extent)
    return inputError(fmt::format("index {} is out of range for axis {} of size {}", index,
                                  int64_t(*at), extent));
  Expected<int64_t> offset = stepped(index < 0 ? index + extent : index, strides()[*at]);
  if (!offset)
    return std::move(offset.error());
  Shape newShape = shape();
  Strides newStrides = strides();
  newShape.erase(newShape.begin() + int64_t(*at));
  newStrides.erase(newStrides.begin() + int64_t(*at));
  return view(*offset, std::move(newShape), std::move(newStrides));
}

Expected<Tensor> Tensor::try_transpose(const std::vector<int64_t> &axes) const {
  if (Status s = checkType(*this); !s)
    return std::move(s.error());
  if (int64_t(axes.size()) != rank())
    return inputError(fmt::format("{} axes are given for shape {}, which has {}", axes.size(),
                                  formatShape(shape()), rank()));
  Shape newShape;
  Strides newStrides;
  std::vector<bool> seen(axes.size());
  for (int64_t axis : axes) {
    Expected<size_t> at = findAxis(*this, axis);
    if (!at)
      return std::move(at.error());
    if (seen[*at])
      return inputError(fmt::format("axis {} is given twice", *at));
    seen[*at] = true;
    newShape.push_back(shape()[*at]);
    newStrides.push_back(strides()[*at]);
  }
  return view(0, std::move(newShape), std::move(newStrides));
}

Expected<Tensor> Tensor::try_reshape(const Shape &wanted) const {
  if (Status s = checkType(*this); !s)
    return std::move(s.error());
  Expected<Shape> completed = completeShape(*this, wanted);
  if (!completed)
    return std::move(completed.error());
  Shape newShape = std::move(*completed);
  Strides newStrides = contiguousStrides(newShape);
  if (ricci::isContiguous(shape(), strides()))
    return view(0, std::move(newShape), std::move(newStrides));

  // Axes of size 1 have no place of their own. Of the others, runs on both sides with equally many
  // elements belong together, and a run of the tensor must be one walk of constant stride.
  std::vector<size_t> from;
  for (size_t axis = 0; axis < shape().size(); ++axis)
    if (shape()[axis] != 1)
      from.push_back(axis);
  size_t i = 0, j = 0;
  while (i < from.size()) {
    const size_t fromBegin = i, toBegin = j;
    int64_t fromCount = shape()[from[i++]];
    int64_t toCount = newShape[j++];
    while (fromCount != toCount)
      if (fromCount < toCount)
        fromCount *= shape()[from[i++]];
      else
        toCount *= newShape[j++];
    for (size_t k = fromBegin; k + 1 < i; ++k) {
      Expected<int64_t> reach = stepped(shape()[from[k + 1]], strides()[from[k + 1]]);
      if (!reach || strides()[from[k]] != *reach)
        return cannotView(*this, newShape);
    }
    int64_t stride = strides()[from[i - 1]];
    for (size_t k = j; k-- > toBegin;) {
      newStrides[k] = stride;
      stride = int64_t(uint64_t(stride) * uint64_t(newShape[k])); // the last one is not used
    }
  }
  return view(0, std::move(newShape), std::move(newStrides));
}

Tensor Tensor::slice(int64_t axis, const Slice &range) const {
  return try_slice(axis, range).value();
}

Tensor Tensor::select(int64_t axis, int64_t index) const { return try_select(axis, index).value(); }

Tensor Tensor::transpose(const std::vector<int64_t> &axes) const {
  return try_transpose(axes).value();
}

Tensor Tensor::transpose() const {
  std::vector<int64_t> axes(shape().size());
  std::iota(axes.rbegin(), axes.rend(), 0);
  return transpose(axes);
}

Tensor Tensor::reshape(const Shape &shape) const { return try_reshape(shape).value(); }

Tensor Tensor::asReadOnly() const {
  Tensor t = *this;
  t.readOnly_ = true;
  return t;
}

} // namespace ricci
