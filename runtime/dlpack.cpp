//===- dlpack.cpp - tensors of other libraries, by DLPack ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/dlpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ricci {
namespace {

Diagnostic nullTensor() { return usageError("the DLPack tensor is a null pointer"); }

DLDataType toDLPackType(DType dtype) {
  const auto bits = uint8_t(8 * itemSize(dtype));
  if (dtype == DType::bf16)
    return {kDLBfloat, bits, 1};
  switch (kindOf(dtype)) {
  case DTypeKind::Bool:
    return {kDLBool, bits, 1};
  case DTypeKind::Int:
    return {kDLInt, bits, 1};
  case DTypeKind::UInt:
    return {kDLUInt, bits, 1};
  case DTypeKind::Float:
    return {kDLFloat, bits, 1};
  case DTypeKind::Complex:
    return {kDLComplex, bits, 1};
  }
  return {};
}

std::optional<DType> fromDLPackType(DLDataType type) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const DLDataType known = toDLPackType(DType(i));
    if (known.code == type.code && known.bits == type.bits && known.lanes == type.lanes)
      return DType(i);
  }
  return std::nullopt;
}

/// The tensor, borrowed.
Expected<Tensor> import(const DLTensor &from, bool readOnly) {
  // Of a later DLPack, it may be a value that our enumeration has not.
  int32_t type;
  static_assert(sizeof from.device.device_type == sizeof type);
  std::memcpy(&type, &from.device.device_type, sizeof type);
  if (type != int(kDLCPU) && type != int(kDLCUDAHost) && type != int(kDLCUDA))
    return inputError(fmt::format(
        "the DLPack tensor is on device type {}, not in the memory of the CPU or a GPU", type));
  const Device device =
      type == int(kDLCUDA) ? Device(DeviceKind::Cuda, from.device.device_id) : Device();
  std::optional<DType> dtype = fromDLPackType(from.dtype);
  if (!dtype)
    return inputError(fmt::format("the DLPack tensor has type code {} of {} bits and {} lanes, "
                                  "with which Ricci does not compute",
                                  from.dtype.code, from.dtype.bits, from.dtype.lanes));
  if (from.ndim < 0 || (from.ndim > 0 && !from.shape))
    return inputError(fmt::format("the DLPack tensor has {} axes{}", from.ndim,
                                  from.ndim < 0 ? "" : " without a shape"));
  Shape shape(from.shape, from.shape + from.ndim);
  Expected<int64_t> count = elementCount(shape, *dtype);
  if (!count)
    return std::move(count.error());
  Strides strides =
      from.strides ? Strides(from.strides, from.strides + from.ndim) : contiguousStrides(shape);
  char *data = static_cast<char *>(from.data) + (from.data ? from.byte_offset : 0);
  const size_t alignment = std::min<size_t>(itemSize(*dtype), 8);
  if (*count != 0 && !from.data)
    return inputError("the DLPack tensor has no data");
  if (*count != 0 && reinterpret_cast<uintptr_t>(data) % alignment != 0)
    return inputError(fmt::format("the data of the DLPack tensor are not aligned to the {} bytes "
                                  "of their type",
                                  alignment));
  return Tensor::share(nullptr, data, *dtype, std::move(shape), std::move(strides), readOnly,
                       device);
}

template <typename Managed> Expected<Tensor> adopt(Managed *managed, bool readOnly) {
  Expected<Tensor> tensor = import(managed->dl_tensor, readOnly);
  if (!tensor)
    return tensor;
  std::shared_ptr<void> owner(managed->dl_tensor.data, [managed](void *) {
    if (managed->deleter)
      managed->deleter(managed);
  });
  return Tensor::share(std::move(owner), tensor->raw(), tensor->dtype(), tensor->shape(),
                       tensor->strides(), readOnly, tensor->device());
}

/// A managed tensor and what it points into.
template <typename Managed> struct Holder {
  Managed managed{};
  Tensor tensor;
  Shape shape;
  Strides strides;
};

template <typename Managed> Managed *lend(const Tensor &tensor) {
  auto *holder = new Holder<Managed>{{}, tensor, tensor.shape(), tensor.strides()};
  DLTensor &to = holder->managed.dl_tensor;
  to.data = tensor.raw();
  to.device.device_type = tensor.device().isCuda() ? kDLCUDA : kDLCPU;
  to.device.device_id = tensor.device().index;
  to.ndim = int32_t(tensor.rank());
  to.dtype = toDLPackType(tensor.dtype());
  to.shape = holder->shape.data();
  to.strides = holder->strides.data();
  holder->managed.manager_ctx = holder;
  holder->managed.deleter = [](Managed *self) {
    delete static_cast<Holder<Managed> *>(self->manager_ctx);
  };
  return &holder->managed;
}

} // namespace

Expected<Tensor> try_from_dlpack(DLManagedTensorVersioned *managed) {
  if (!managed)
    return nullTensor();
  if (managed->version.major != DLPACK_MAJOR_VERSION)
    return inputError(fmt::format("the tensor is of DLPack {}.{}; Ricci reads version {}",
                                  managed->version.major, managed->version.minor,
                                  DLPACK_MAJOR_VERSION));
  return adopt(managed, (managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0);
}

Expected<Tensor> try_from_dlpack(DLManagedTensor *managed) {
  if (!managed)
    return nullTensor();
  return adopt(managed, false);
}

Tensor from_dlpack(DLManagedTensorVersioned *managed) { return try_from_dlpack(managed).value(); }
Tensor from_dlpack(DLManagedTensor *managed) { return try_from_dlpack(managed).value(); }

DLManagedTensorVersioned *to_dlpack(const Tensor &tensor) {
  auto *managed = lend<DLManagedTensorVersioned>(tensor);
  managed->version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
  managed->flags = tensor.readOnly() ? DLPACK_FLAG_BITMASK_READ_ONLY : 0;
  return managed;
}

Expected<DLManagedTensor *> try_to_dlpack_unversioned(const Tensor &tensor) {
  if (tensor.readOnly())
    return inputError("the tensor is read-only, which DLPack cannot say without a version");
  return lend<DLManagedTensor>(tensor);
}

} // namespace ricci
