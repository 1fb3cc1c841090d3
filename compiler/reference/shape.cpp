//===- shape.cpp - conversion, copies and views -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar.h"

#include <algorithm>

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
  return Tensor::borrowConst(data, input.dtype(), size, std::move(strides));
}

} // namespace ricci::reference
