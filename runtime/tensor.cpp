//===- tensor.cpp - strided tensors over shared storage ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/tensor.h"

#include "runtime/byte_range.h"
#include "runtime/device_interface.h"
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

Expected<Tensor> Tensor::allocate(DType dtype, Shape shape, Device device) {
  Expected<int64_t> count = elementCount(shape, dtype);
  if (!count)
    return std::move(count.error());
  Expected<DeviceInterface *> where = DeviceInterface::of(device);
  if (!where)
    return std::move(where.error());
  // An empty tensor has a place too.
  const int64_t bytes = std::max<int64_t>(*count * int64_t(itemSize(dtype)), 1);
  Expected<std::shared_ptr<void>> memory = (*where)->allocate(bytes);
  if (!memory)
    return std::move(memory.error());
  void *data = memory->get();
  Strides strides = contiguousStrides(shape);
  const Device of = device.isCuda() ? device : Device();
  return share(std::move(*memory), data, dtype, std::move(shape), std::move(strides), false, of);
}

/// Never destroyed: tensors may outlive main.
const TensorType &Tensor::emptyType() {
  static const auto *type = new TensorType;
  return *type;
}

/// Of a pointer to elements: there is something there, and loads may assume its alignment.
static Status checkData(const void *data, const TensorType &type) {
  if (std::find(type.shape.begin(), type.shape.end(), 0) != type.shape.end())
    return success();
  if (!data)
    return usageError(fmt::format("the data of {} are a null pointer", type.str()));
  const size_t parts = kindOf(type.dtype) == DTypeKind::Complex ? 2 : 1;
  const size_t alignment = itemSize(type.dtype) / parts;
  if (reinterpret_cast<uintptr_t>(data) % alignment != 0)
    return usageError(fmt::format("the data of {} are not aligned to the {} bytes of their type",
                                  type.str(), alignment));
  return success();
}

Tensor Tensor::share(std::shared_ptr<void> owner, void *data, DType dtype, Shape shape,
                     Strides strides, bool readOnly, Device device) {
  Tensor t;
  if (strides.empty())
    strides = contiguousStrides(shape);
  t.type_ =
      std::make_shared<const TensorType>(TensorType{dtype, std::move(shape), std::move(strides)});
  checkData(data, *t.type_).value();
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
  for (int64_t extent : shape()) {
    if (extent == 0)
      return 0;
    count *= extent;
  }
  return count;
}

std::pair<__int128, __int128> byteRange(const Tensor &t) {
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
  if (Status s = checkData(data_, type()); !s)
    return std::move(s.error());
  if (device_.isCuda()) {
    Expected<Tensor> here = try_to(Device());
    return here ? here->try_to(device_) : here;
  }
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

Tensor Tensor::to(Device device) const { return try_to(device).value(); }

Expected<Tensor> Tensor::try_to(Device device) const {
  const bool toCuda = device.isCuda(), fromCuda = device_.isCuda();
  if (toCuda ? device_ == device : !fromCuda)
    return *this;
  if (toCuda && fromCuda) {
    Expected<Tensor> here = try_to(Device());
    return here ? here->try_to(device) : here;
  }
  Expected<DeviceInterface *> gpu = DeviceInterface::of(toCuda ? device : device_);
  if (!gpu)
    return std::move(gpu.error());
  const int64_t item = int64_t(itemSize(dtype()));
  if (toCuda) {
    Expected<Tensor> packed = isContiguous() ? *this : contiguous();
    if (!packed)
      return packed;
    Expected<Tensor> copy = allocate(dtype(), shape(), device);
    if (copy)
      if (Status s = (*gpu)->copyIn(copy->raw(), packed->raw(), size() * item); !s)
        return std::move(s.error());
    return copy;
  }
  // All bytes from the first element in memory to the last, then the elements alone.
  if (size() == 0)
    return allocate(dtype(), shape());
  auto [begin, end] = byteRange(*this);
  Expected<PoolBlock> block = PoolBlock::allocate(int64_t(end - begin));
  if (!block)
    return std::move(block.error());
  const auto base = reinterpret_cast<uintptr_t>(raw());
  if (Status s = (*gpu)->copyOut(block->data(), reinterpret_cast<const void *>(uintptr_t(begin)),
                                 int64_t(end - begin));
      !s)
    return std::move(s.error());
  return borrowConst(block->data() + int64_t(__int128(base) - begin), dtype(), shape(), strides())
      .contiguous();
}

} // namespace ricci
