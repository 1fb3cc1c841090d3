//===- c_api_tensor.cpp - the C API's tensors ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/types.h"
#include "runtime/dlpack.h"

#include <fmt/format.h>

#include <memory>

using namespace ricci;
using namespace ricci::detail;

namespace {

static_assert(int(DType::c128) == RICCI_C128 && RICCI_C128 + 1 == kNumDTypes);
static_assert(int(DType::u8) == RICCI_U8 && int(DType::f16) == RICCI_F16);

Expected<std::vector<int64_t>> list(const int64_t *values, int64_t count, const char *name) {
  if (count < 0)
    return usageError(fmt::format("the rank {} is negative", count));
  if (count > 0 && !values)
    return usageError(fmt::format("'{}' is null", name));
  return std::vector<int64_t>(values, values + count);
}

ricci_status wrap(ricci_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *strides,
                  void *data, bool readOnly, void (*release)(void *), void *context,
                  ricci_tensor **tensor, ricci_error **error, Device device = {}) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    Expected<TensorType> type = makeType(dtype, rank, shape, strides);
    if (!type)
      return std::move(type.error());
    if (Status s = notNull(data, "data"); !s && elementCount(type->shape, type->dtype).value() != 0)
      return s;
    auto handle = std::make_unique<ricci_tensor>();
    Tensor &t = handle->tensor;
    t = Tensor::share(nullptr, data, type->dtype, type->shape, type->strides, readOnly, device);
    if (release) {
      // Made by hand: a shared_ptr that cannot be made would call `release`.
      struct Owner {
        void (*release)(void *) = nullptr;
        void *context = nullptr;
        ~Owner() {
          if (release)
            release(context);
        }
      };
      auto owner = std::make_shared<Owner>();
      t = Tensor::share(owner, data, type->dtype, std::move(type->shape), std::move(type->strides),
                        readOnly, device);
      owner->release = release;
      owner->context = context;
    }
    *tensor = handle.release();
    return success();
  });
}

/// A place for tensors.
Expected<Device> memoryDevice(const char *name) {
  if (!name)
    return usageError("'device' is null");
  Expected<Device> device = parseDevice(name);
  if (device && device->kind == DeviceKind::Reference)
    return usageError(
        "the device 'reference' has no memory of its own: tensors are on cpu or cuda");
  return device;
}

} // namespace

Expected<TensorType> ricci::detail::makeType(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                             const int64_t *strides) {
  if (int(dtype) < 0 || int(dtype) >= kNumDTypes)
    return usageError(fmt::format("there is no dtype {}", int(dtype)));
  Expected<Shape> extents = list(shape, rank, "shape");
  if (!extents)
    return std::move(extents.error());
  TensorType type{DType(dtype), std::move(*extents), {}};
  if (strides && rank > 0)
    type.strides.assign(strides, strides + rank);
  if (Expected<TensorType> normal = normalizeType(type); !normal)
    return std::move(normal.error());
  return type;
}

ricci_status ricci_tensor_borrow(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                 const int64_t *strides, void *data, ricci_tensor **tensor,
                                 ricci_error **error) {
  return wrap(dtype, rank, shape, strides, data, false, nullptr, nullptr, tensor, error);
}

ricci_status ricci_tensor_borrow_const(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                       const int64_t *strides, const void *data,
                                       ricci_tensor **tensor, ricci_error **error) {
  return wrap(dtype, rank, shape, strides, const_cast<void *>(data), true, nullptr, nullptr, tensor,
              error);
}

ricci_status ricci_tensor_share(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                const int64_t *strides, void *data, void (*release)(void *context),
                                void *context, ricci_tensor **tensor, ricci_error **error) {
  return wrap(dtype, rank, shape, strides, data, false, release, context, tensor, error);
}

ricci_status ricci_tensor_share_on(const char *device, ricci_dtype dtype, int32_t rank,
                                   const int64_t *shape, const int64_t *strides, void *data,
                                   void (*release)(void *context), void *context,
                                   ricci_tensor **tensor, ricci_error **error) {
  Expected<Device> place = memoryDevice(device);
  if (!place)
    return guarded(error, [&]() -> Status { return std::move(place.error()); });
  return wrap(dtype, rank, shape, strides, data, false, release, context, tensor, error, *place);
}

ricci_status ricci_tensor_allocate(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                   ricci_tensor **tensor, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    Expected<TensorType> type = makeType(dtype, rank, shape, nullptr);
    if (!type)
      return std::move(type.error());
    return give(Tensor::allocate(type->dtype, std::move(type->shape)), tensor);
  });
}

void ricci_tensor_free(ricci_tensor *tensor) { delete tensor; }

ricci_dtype ricci_tensor_dtype(const ricci_tensor *tensor) {
  return tensor ? ricci_dtype(tensor->tensor.dtype()) : ricci_dtype(0);
}
int32_t ricci_tensor_rank(const ricci_tensor *tensor) {
  return tensor ? int32_t(tensor->tensor.rank()) : 0;
}
const int64_t *ricci_tensor_shape(const ricci_tensor *tensor) {
  return tensor ? tensor->tensor.shape().data() : nullptr;
}
const int64_t *ricci_tensor_strides(const ricci_tensor *tensor) {
  return tensor ? tensor->tensor.strides().data() : nullptr;
}
int64_t ricci_tensor_size(const ricci_tensor *tensor) { return tensor ? tensor->tensor.size() : 0; }
void *ricci_tensor_data(const ricci_tensor *tensor) {
  return tensor ? tensor->tensor.raw() : nullptr;
}
int ricci_tensor_is_read_only(const ricci_tensor *tensor) {
  return tensor ? tensor->tensor.readOnly() : 0;
}
int32_t ricci_tensor_gpu(const ricci_tensor *tensor) {
  return tensor && tensor->tensor.device().isCuda() ? tensor->tensor.device().index : -1;
}
int ricci_tensor_is_contiguous(const ricci_tensor *tensor) {
  return tensor ? tensor->tensor.isContiguous() : 0;
}

ricci_status ricci_tensor_slice(const ricci_tensor *tensor, int64_t axis, int64_t start,
                                int64_t stop, int64_t step, ricci_tensor **view,
                                ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    auto given = [](int64_t value) {
      return value == RICCI_NONE ? std::nullopt : std::optional<int64_t>(value);
    };
    return give(tensor->tensor.try_slice(axis, {given(start), given(stop), given(step)}), view);
  });
}

ricci_status ricci_tensor_select(const ricci_tensor *tensor, int64_t axis, int64_t index,
                                 ricci_tensor **view, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    return give(tensor->tensor.try_select(axis, index), view);
  });
}

ricci_status ricci_tensor_transpose(const ricci_tensor *tensor, const int64_t *axes,
                                    ricci_tensor **view, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    const Tensor &t = tensor->tensor;
    if (!axes)
      return give(Expected<Tensor>(t.transpose()), view);
    return give(t.try_transpose(std::vector<int64_t>(axes, axes + t.rank())), view);
  });
}

ricci_status ricci_tensor_reshape(const ricci_tensor *tensor, int32_t rank, const int64_t *shape,
                                  ricci_tensor **view, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    Expected<Shape> extents = list(shape, rank, "shape");
    if (!extents)
      return std::move(extents.error());
    return give(tensor->tensor.try_reshape(*extents), view);
  });
}

ricci_status ricci_tensor_contiguous(const ricci_tensor *tensor, ricci_tensor **copy,
                                     ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    return give(tensor->tensor.contiguous(), copy);
  });
}

ricci_status ricci_tensor_to(const ricci_tensor *tensor, const char *device, ricci_tensor **result,
                             ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    Expected<Device> place = memoryDevice(device);
    if (!place)
      return std::move(place.error());
    return give(tensor->tensor.try_to(*place), result);
  });
}

// DLPack

template <typename Managed>
static ricci_status fromDLPack(Managed *managed, ricci_tensor **tensor, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(managed, "managed"); !s)
      return s;
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    auto handle = std::make_unique<ricci_tensor>();
    Expected<Tensor> taken = try_from_dlpack(managed);
    if (!taken)
      return std::move(taken.error());
    handle->tensor = std::move(*taken);
    *tensor = handle.release();
    return success();
  });
}

ricci_status ricci_tensor_from_dlpack(DLManagedTensorVersioned *managed, ricci_tensor **tensor,
                                      ricci_error **error) {
  return fromDLPack(managed, tensor, error);
}

ricci_status ricci_tensor_from_dlpack_unversioned(DLManagedTensor *managed, ricci_tensor **tensor,
                                                  ricci_error **error) {
  return fromDLPack(managed, tensor, error);
}

ricci_status ricci_tensor_to_dlpack(const ricci_tensor *tensor, DLManagedTensorVersioned **managed,
                                    ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    if (Status s = notNull(managed, "managed"); !s)
      return s;
    *managed = to_dlpack(tensor->tensor);
    return success();
  });
}

ricci_status ricci_tensor_to_dlpack_unversioned(const ricci_tensor *tensor,
                                                DLManagedTensor **managed, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    if (Status s = notNull(managed, "managed"); !s)
      return s;
    Expected<DLManagedTensor *> lent = try_to_dlpack_unversioned(tensor->tensor);
    if (!lent)
      return std::move(lent.error());
    *managed = *lent;
    return success();
  });
}
