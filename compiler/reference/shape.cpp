//===- shape.cpp - conversion, copies and views -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace ricci::reference {

Strides broadcastStrides(const Tensor &tensor, const Shape &shape) {
  Strides strides(shape.size(), 0);
  size_t offset = shape.size() - tensor.shape().size();
  for (size_t axis = 0; axis < tensor.shape().size(); ++axis)
    if (tensor.shape()[axis] != 1)
      strides[offset + axis] = tensor.strides()[axis];
  return strides;
}

void cast(const Tensor &input, const Tensor &out) {
  visit(input.dtype(), [&](auto tag) {
    using From = typename decltype(tag)::Type;
    visit(out.dtype(), [&](auto outTag) {
      using To = typename decltype(outTag)::Type;
      forEachOffset<2>(
          out.shape(), {broadcastStrides(input, out.shape()), out.strides()},
          [&](int64_t i, int64_t o) { out.data<To>()[o] = convert<To>(input.data<From>()[i]); });
    });
  });
}

void copy(const Tensor &input, const Tensor &out) { cast(input, out); }

void fill(const void *element, const Tensor &out) {
  visit(out.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T x;
    std::memcpy(&x, element, sizeof x);
    forEachOffset<1>(out.shape(), {out.strides()}, [&](int64_t o) { out.data<T>()[o] = x; });
  });
}

Tensor view(const Tensor &input, const std::vector<int64_t> &axes,
            const std::vector<int64_t> &start, const Shape &size,
            const std::vector<int64_t> &step) {
  Strides strides(axes.size(), 0);
  int64_t offset = 0;
  // Starts beside an empty axis, and a step that is never taken, may be any numbers.
  bool empty = std::find(size.begin(), size.end(), 0) != size.end();
  for (size_t a = 0; a < axes.size() && !empty; ++a) {
    int64_t stride = input.strides()[size_t(axes[a])];
    offset += stride * start[a];
    if (size[a] > 1)
      strides[a] = stride * step[a];
  }
  char *data = input.data<char>() + offset * int64_t(itemSize(input.dtype()));
  return Tensor::borrow(data, input.dtype(), size, std::move(strides));
}

/// The part of a tensor from `start` on.
static Tensor part(const Tensor &tensor, const std::vector<int64_t> &start, const Shape &size) {
  std::vector<int64_t> axes(start.size()), step(start.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  return view(tensor, axes, start, size, step);
}

void iota(const Tensor &out) {
  for (int64_t i = 0; i < out.size(); ++i)
    out.data<int64_t>()[i * out.strides()[0]] = i;
}

void pad(const Tensor &input, const Tensor &value, const std::vector<int64_t> &low,
         const Tensor &out) {
  fill(value.raw(), out);
  copy(input, part(out, low, input.shape()));
}

void concatenate(const std::vector<Tensor> &inputs, int64_t dim, const Tensor &out) {
  std::vector<int64_t> start(out.shape().size(), 0);
  for (const Tensor &input : inputs) {
    copy(input, part(out, start, input.shape()));
    start[size_t(dim)] += input.shape()[size_t(dim)];
  }
}

Status gather(const Tensor &input, const std::vector<Tensor> &indices,
              const std::vector<int64_t> &dims, int64_t position, const Tensor &out) {
  // The offset in the operand of each index, in C order.
  const Shape &indexShape = indices[0].shape();
  std::vector<int64_t> offsets(size_t(indices[0].size()), 0);
  for (size_t k = 0; k < dims.size(); ++k) {
    int64_t extent = input.shape()[size_t(dims[k])], stride = input.strides()[size_t(dims[k])];
    size_t at = 0;
    std::optional<int64_t> outside;
    forEachOffset<1>(indexShape, {indices[k].strides()}, [&](int64_t o) {
      int64_t index = indices[k].data<int64_t>()[o];
      if (index < -extent || index >= extent) {
        outside = outside.value_or(index);
        return;
      }
      offsets[at++] += stride * (index < 0 ? index + extent : index);
    });
    if (outside)
      return inputError(fmt::format("index {} is out of bounds for axis {} with size {}", *outside,
                                    dims[k], extent));
  }

  // The result's axes: the indices' ones move in `offsets`, the others in the operand.
  Strides inner, table = contiguousStrides(indexShape);
  for (size_t axis = 0; axis < input.shape().size(); ++axis)
    if (std::find(dims.begin(), dims.end(), int64_t(axis)) == dims.end())
      inner.push_back(input.strides()[axis]);
  Strides outer(inner.size(), 0);
  inner.insert(inner.begin() + position, indexShape.size(), 0);
  outer.insert(outer.begin() + position, table.begin(), table.end());
  visit(out.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    forEachOffset<3>(out.shape(), {inner, outer, out.strides()},
                     [&](int64_t i, int64_t entry, int64_t o) {
                       out.data<T>()[o] = input.data<T>()[offsets[size_t(entry)] + i];
                     });
  });
  return success();
}

} // namespace ricci::reference
