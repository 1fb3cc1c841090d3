//===- tensor.cpp - strided tensors over shared storage ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/tensor.h"

#include "runtime/pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace ricci {

std::string formatShape(const Shape &shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string TensorType::str() const {
  return fmt::format("{}[{}]", shortName(dtype), fmt::join(shape, ","));
}

Strides contiguousStrides(const Shape &shape) {
  Strides strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

Strides fortranStrides(const Shape &shape) {
  Strides strides = contiguousStrides(Shape(shape.rbegin(), shape.rend()));
  std::reverse(strides.begin(), strides.end());
  return strides;
}

Expected<int64_t> elementCount(const Shape &shape, DType dtype) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return inputError(
          fmt::format("shape {} has the negative extent {}", formatShape(shape), extent));
    empty |= extent == 0;
    if (extent > 0 && __builtin_mul_overflow(count, extent, &count))
      return inputError(
          fmt::format("shape {} has more than 2**63 - 1 elements", formatShape(shape)));
  }
  int64_t bytes;
  if (__builtin_mul_overflow(count, int64_t(itemSize(dtype)), &bytes))
    return inputError(fmt::format("shape {} of {} has more than 2**63 - 1 bytes",
                                  formatShape(shape), numpyName(dtype)));
  return empty ? 0 : count;
}

bool isContiguous(const Shape &shape, const Strides &strides) {
  if (shape.size() != strides.size())
    return false;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    return true;
  int64_t expected = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 1)
      continue;
    if (strides[i] != expected)
      return false;
    expected *= shape[i];
  }
  return true;
}

Expected<Tensor> Tensor::allocate(DType dtype, Shape shape) {
  Expected<int64_t> count = elementCount(shape, dtype);
  if (!count)
    return std::move(count.error());
  const int64_t bytes = *count * int64_t(itemSize(dtype));
  MemoryPool &pool = MemoryPool::global();
  Expected<void *> data = pool.allocate(bytes);
  if (!data)
    return std::move(data.error());
  std::shared_ptr<void> owner(*data, [&pool, bytes](void *p) { pool.release(p, bytes); });
  Strides strides = contiguousStrides(shape);
  return share(std::move(owner), *data, dtype, std::move(shape), std::move(strides), false);
}

Tensor Tensor::share(std::shared_ptr<void> owner, void *data, DType dtype, Shape shape,
                     Strides strides, bool readOnly, Device device) {
  Tensor t;
  if (strides.empty())
    strides = contiguousStrides(shape);
  t.type_ = {dtype, std::move(shape), std::move(strides)};
  t.data_ = data;
  t.owner_ = std::move(owner);
  t.readOnly_ = readOnly;
  t.device_ = device;
  return t;
}

Tensor Tensor::borrow(void *data, DType dtype, Shape shape, Strides strides) {
  return share(nullptr, data, dtype, std::move(shape), std::move(strides), false);
}

Tensor Tensor::borrowConst(const void *data, DType dtype, Shape shape, Strides strides) {
  return share(nullptr, const_cast<void *>(data), dtype, std::move(shape), std::move(strides),
               true);
}

int64_t Tensor::size() const {
  int64_t count = 1;
  for (int64_t extent : type_.shape) {
    if (extent == 0)
      return 0;
    count *= extent;
  }
  return count;
}

/// The bytes [first, second) that the elements of a tensor lie in.
static std::pair<__int128, __int128> byteRange(const Tensor &t) {
  __int128 low = 0, high = 0;
  for (int64_t i = 0; i < t.rank(); ++i) {
    const __int128 reach = __int128(t.shape()[i] - 1) * t.strides()[i];
    (reach < 0 ? low : high) += reach;
  }
  const __int128 base = __int128(reinterpret_cast<uintptr_t>(t.raw()));
  const __int128 item = __int128(itemSize(t.dtype()));
  return {base + low * item, base + (high + 1) * item};
}

bool mayOverlap(const Tensor &a, const Tensor &b) {
  if (a.size() == 0 || b.size() == 0)
    return false;
  auto [aBegin, aEnd] = byteRange(a);
  auto [bBegin, bEnd] = byteRange(b);
  return aBegin < bEnd && bBegin < aEnd;
}

namespace {

struct Bytes16 {
  uint64_t words[2];
};

/// Copies axes [axis, rank) of `from` to `to` in C order; returns the end of what was written.
template <typename T>
T *copyAxes(const T *from, const Shape &shape, const Strides &strides, size_t axis, T *to) {
  if (axis == shape.size()) {
    *to = *from;
    return to + 1;
  }
  const int64_t extent = shape[axis], stride = strides[axis];
  if (axis + 1 < shape.size()) {
    for (int64_t i = 0; i < extent; ++i)
      to = copyAxes(from + i * stride, shape, strides, axis + 1, to);
    return to;
  }
  if (stride == 1) {
    std::memcpy(to, from, size_t(extent) * sizeof(T));
    return to + extent;
  }
  for (int64_t i = 0; i < extent; ++i)
    to[i] = from[i * stride];
  return to + extent;
}

/// Drops axes of size 1 and merges neighbours that one stride can walk.
void coalesce(Shape &shape, Strides &strides) {
  Shape newShape;
  Strides newStrides;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1)
      continue;
    int64_t reach;
    if (!newShape.empty() && !__builtin_mul_overflow(strides[i], shape[i], &reach) &&
        newStrides.back() == reach) {
      newShape.back() *= shape[i];
      newStrides.back() = strides[i];
      continue;
    }
    newShape.push_back(shape[i]);
    newStrides.push_back(strides[i]);
  }
  shape = std::move(newShape);
  strides = std::move(newStrides);
}

template <typename T> void copyInto(const Tensor &from, const Tensor &to) {
  Shape shape = from.shape();
  Strides strides = from.strides();
  coalesce(shape, strides);
  copyAxes(from.data<const T>(), shape, strides, 0, to.data<T>());
}

} // namespace

Expected<Tensor> Tensor::contiguous() const {
  if (strides().size() != shape().size())
    return inputError(fmt::format("shape {} has {} axes, but there are {} strides",
                                  formatShape(shape()), shape().size(), strides().size()));
  Expected<Tensor> copy = allocate(dtype(), shape());
  if (!copy || size() == 0)
    return copy;
  switch (itemSize(dtype())) {
  case 1:
    copyInto<uint8_t>(*this, *copy);
    break;
  case 2:
    copyInto<uint16_t>(*this, *copy);
    break;
  case 4:
    copyInto<uint32_t>(*this, *copy);
    break;
  case 8:
    copyInto<uint64_t>(*this, *copy);
    break;
  default:
    copyInto<Bytes16>(*this, *copy);
    break;
  }
  return copy;
}

} // namespace ricci
