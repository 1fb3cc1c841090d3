//===- c_api.cpp - the C API ---------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/api/ricci.h"
#include "frontend/types.h"
#include "runtime/dlpack.h"

#include <fmt/format.h>

#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace ricci;
using namespace ricci::detail;

struct ricci_tensor {
  Tensor tensor;
};
struct ricci_function {
  Function function;
};

namespace {

static_assert(int(DType::c128) == RICCI_C128 && RICCI_C128 + 1 == kNumDTypes);
static_assert(int(DType::u8) == RICCI_U8 && int(DType::f16) == RICCI_F16);

/// Gives a value of type Expected<T> to the caller as a new handle.
template <typename Handle, typename T> Status give(Expected<T> value, Handle **handle) {
  if (Status s = notNull(handle, "result"); !s)
    return s;
  if (!value)
    return std::move(value.error());
  *handle = new Handle{std::move(*value)};
  return success();
}

Expected<std::vector<int64_t>> list(const int64_t *values, int64_t count, const char *name) {
  if (count < 0)
    return usageError(fmt::format("the rank {} is negative", count));
  if (count > 0 && !values)
    return usageError(fmt::format("'{}' is null", name));
  return std::vector<int64_t>(values, values + count);
}

Expected<TensorType> makeType(ricci_dtype dtype, int32_t rank, const int64_t *shape,
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

Expected<std::vector<Tensor>> tensors(const ricci_tensor *const *handles, size_t count,
                                      const char *name) {
  std::vector<Tensor> result;
  if (count > 0 && !handles)
    return usageError(fmt::format("'{}' is null", name));
  result.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (!handles[i])
      return usageError(fmt::format("'{}[{}]' is null", name, i));
    result.push_back(handles[i]->tensor);
  }
  return result;
}

/// The time for the search and the explicit path, of which there is at most one.
Status readSearch(const ricci_options &known, OrderOptions &order) {
  const bool seconds = known.search_seconds != 0, path = known.path_steps != 0;
  if (!seconds && !path)
    return success();
  if (order.method != OrderOptions::Method::Auto || (seconds && path))
    return usageError("'order', 'search_seconds' and 'path' exclude each other");
  if (seconds) {
    if (!(known.search_seconds > 0) || !std::isfinite(known.search_seconds))
      return usageError(
          fmt::format("'search_seconds' is {}, not a positive number", known.search_seconds));
    order.seconds = known.search_seconds;
    return success();
  }
  if (!known.path || !known.path_lengths)
    return usageError("'path' or 'path_lengths' is null");
  order.method = OrderOptions::Method::Path;
  const int64_t *next = known.path;
  for (size_t step = 0; step < known.path_steps; ++step) {
    order.path.emplace_back(next, next + known.path_lengths[step]);
    next += known.path_lengths[step];
  }
  return success();
}

Expected<EinsumOptions> readOptions(const ricci_options *given, bool mayAccumulate) {
  EinsumOptions options;
  if (!given)
    return options;
  if (given->struct_size < sizeof(size_t) || given->struct_size > 4096)
    return usageError(fmt::format(
        "the options have a struct_size of {}; RICCI_OPTIONS_INIT sets it", given->struct_size));
  ricci_options known = RICCI_OPTIONS_INIT; // older callers have fewer fields
  std::memcpy(&known, given, std::min(given->struct_size, sizeof known));
  Expected<Device> device = parseDevice(known.device ? known.device : "cpu");
  if (!device)
    return std::move(device.error());
  options.device = *device;
  if (known.cpu)
    options.cpu = known.cpu;
  const std::string_view order = known.order ? known.order : "auto";
  if (order == "greedy")
    options.order.method = OrderOptions::Method::Greedy;
  else if (order == "optimal")
    options.order.method = OrderOptions::Method::Optimal;
  else if (order != "auto")
    return usageError(
        fmt::format("there is no order '{}'; the orders are auto, greedy and optimal", order));
  if (known.memory_limit != 0)
    options.memoryLimit = known.memory_limit;
  if (known.accumulate && !mayAccumulate)
    return usageError("'accumulate' is for ricci_einsum_into alone");
  options.accumulate = known.accumulate != 0;
  options.diskCache = !known.no_disk_cache;
  options.fuse = !known.no_fusion;
  options.allowTf32 = known.allow_tf32 != 0;
  if (Status s = readSearch(known, options.order); !s)
    return std::move(s.error());
  return options;
}

/// A copy that ricci_text_free frees.
Status giveText(const std::string &from, char **text, size_t *size) {
  auto *copy = static_cast<char *>(std::malloc(from.size() + 1));
  if (!copy)
    throw std::bad_alloc();
  std::memcpy(copy, from.c_str(), from.size() + 1);
  *text = copy;
  if (size)
    *size = from.size();
  return success();
}

Status checkFunction(const ricci_function *function) { return notNull(function, "function"); }

} // namespace

const char *ricci_version(void) { return RICCI_VERSION; }

// Errors

ricci_status ricci_error_status(const ricci_error *error) {
  return error ? statusOf(error->diagnostic.kind) : RICCI_OK;
}
const char *ricci_error_message(const ricci_error *error) {
  return error ? error->diagnostic.message.c_str() : "";
}
const char *ricci_error_text(const ricci_error *error) { return error ? error->text.c_str() : ""; }
const char *ricci_error_source(const ricci_error *error) {
  return error ? error->diagnostic.source.c_str() : "";
}
size_t ricci_error_span_count(const ricci_error *error) {
  return error ? error->diagnostic.spans.size() : 0;
}
void ricci_error_span(const ricci_error *error, size_t index, size_t *begin, size_t *end) {
  Span span;
  if (index < ricci_error_span_count(error))
    span = error->diagnostic.spans[index];
  if (begin)
    *begin = span.begin;
  if (end)
    *end = span.end;
}
void ricci_error_free(ricci_error *error) { delete error; }

// Tensors

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

/// A place for tensors.
static Expected<Device> memoryDevice(const char *name) {
  if (!name)
    return usageError("'device' is null");
  Expected<Device> device = parseDevice(name);
  if (device && device->kind == DeviceKind::Reference)
    return usageError(
        "the device 'reference' has no memory of its own: tensors are on cpu or cuda");
  return device;
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
  return ricci_dtype(tensor->tensor.dtype());
}
int32_t ricci_tensor_rank(const ricci_tensor *tensor) { return int32_t(tensor->tensor.rank()); }
const int64_t *ricci_tensor_shape(const ricci_tensor *tensor) {
  return tensor->tensor.shape().data();
}
const int64_t *ricci_tensor_strides(const ricci_tensor *tensor) {
  return tensor->tensor.strides().data();
}
int64_t ricci_tensor_size(const ricci_tensor *tensor) { return tensor->tensor.size(); }
int32_t ricci_tensor_gpu(const ricci_tensor *tensor) {
  const Device device = tensor->tensor.device();
  return device.isCuda() ? int32_t(device.index) : -1;
}
void *ricci_tensor_data(const ricci_tensor *tensor) { return tensor->tensor.raw(); }
int ricci_tensor_is_read_only(const ricci_tensor *tensor) { return tensor->tensor.readOnly(); }
int ricci_tensor_is_contiguous(const ricci_tensor *tensor) { return tensor->tensor.isContiguous(); }

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

// Compiling and running

ricci_status ricci_einsum(const char *equation, const ricci_tensor *const *operands, size_t count,
                          const ricci_options *options, ricci_tensor **result,
                          ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(equation, "equation"); !s)
      return s;
    if (Status s = notNull(result, "result"); !s)
      return s;
    Expected<std::vector<Tensor>> inputs = tensors(operands, count, "operands");
    if (!inputs)
      return std::move(inputs.error());
    Expected<EinsumOptions> read = readOptions(options, false);
    if (!read)
      return std::move(read.error());
    return give(try_einsum(equation, *inputs, *read), result);
  });
}

ricci_status ricci_einsum_into(const char *equation, const ricci_tensor *const *operands,
                               size_t count, const ricci_options *options, const ricci_tensor *out,
                               ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(equation, "equation"); !s)
      return s;
    if (Status s = notNull(out, "out"); !s)
      return s;
    Expected<std::vector<Tensor>> inputs = tensors(operands, count, "operands");
    if (!inputs)
      return std::move(inputs.error());
    Expected<EinsumOptions> read = readOptions(options, true);
    if (!read)
      return std::move(read.error());
    Tensor output = out->tensor;
    return try_einsum_into(equation, *inputs, output, *read);
  });
}

ricci_status ricci_compile(const char *program, const ricci_parameter *parameters, size_t count,
                           const ricci_options *options, ricci_function **function,
                           ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(program, "program"); !s)
      return s;
    if (Status s = notNull(function, "function"); !s)
      return s;
    if (Status s = notNull(parameters, "parameters"); !s && count > 0)
      return s;
    std::vector<Parameter> list;
    for (size_t i = 0; i < count; ++i) {
      const ricci_parameter &given = parameters[i];
      if (!given.name)
        return usageError(fmt::format("the name of parameter {} is null", i + 1));
      Expected<TensorType> type = makeType(given.dtype, given.rank, given.shape, given.strides);
      if (!type) {
        type.error().message = fmt::format("argument '{}': {}", given.name, type.error().message);
        return std::move(type.error());
      }
      list.push_back({given.name, std::move(*type)});
    }
    Expected<EinsumOptions> read = readOptions(options, false);
    if (!read)
      return std::move(read.error());
    return give(try_compile(program, list, *read), function);
  });
}

void ricci_function_free(ricci_function *function) { delete function; }

size_t ricci_function_parameter_count(const ricci_function *function) {
  return function->function.parameters().size();
}
size_t ricci_function_result_count(const ricci_function *function) {
  return function->function.results().size();
}

ricci_status ricci_function_result_type(const ricci_function *function, size_t index,
                                        ricci_dtype *dtype, int32_t *rank, const int64_t **shape,
                                        ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    const std::vector<TensorType> &results = function->function.results();
    if (index >= results.size())
      return usageError(
          fmt::format("there is no result {}; the function has {}", index, results.size()));
    if (dtype)
      *dtype = ricci_dtype(results[index].dtype);
    if (rank)
      *rank = int32_t(results[index].rank());
    if (shape)
      *shape = results[index].shape.data();
    return success();
  });
}

ricci_status ricci_function_call(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 ricci_tensor **results, size_t result_count, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    if (Status s = notNull(results, "results"); !s)
      return s;
    const size_t count = function->function.results().size();
    if (result_count != count)
      return usageError(fmt::format("there is room for {} result{}; the function has {}",
                                    result_count, result_count == 1 ? "" : "s", count));
    Expected<std::vector<Tensor>> inputs = tensors(arguments, argument_count, "arguments");
    if (!inputs)
      return std::move(inputs.error());
    Expected<std::vector<Tensor>> outputs = function->function.try_call(*inputs);
    if (!outputs)
      return std::move(outputs.error());
    std::vector<std::unique_ptr<ricci_tensor>> handles;
    for (Tensor &output : *outputs)
      handles.push_back(std::make_unique<ricci_tensor>(ricci_tensor{std::move(output)}));
    for (size_t i = 0; i < count; ++i)
      results[i] = handles[i].release();
    return success();
  });
}

ricci_status ricci_function_into(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 const ricci_tensor *const *outputs, size_t output_count,
                                 ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    Expected<std::vector<Tensor>> inputs = tensors(arguments, argument_count, "arguments");
    if (!inputs)
      return std::move(inputs.error());
    Expected<std::vector<Tensor>> written = tensors(outputs, output_count, "outputs");
    if (!written)
      return std::move(written.error());
    return function->function.try_into(*inputs, *written);
  });
}

ricci_status ricci_function_emit(const ricci_function *function, const char *stage, char **text,
                                 size_t *size, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    if (Status s = notNull(stage, "stage"); !s)
      return s;
    if (Status s = notNull(text, "text"); !s)
      return s;
    return giveText(function->function.emit(stage), text, size);
  });
}

ricci_status ricci_function_plan(const ricci_function *function, char **text, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    if (Status s = notNull(text, "text"); !s)
      return s;
    Expected<Plan> plan = function->function.try_plan();
    if (!plan)
      return std::move(plan.error());
    return giveText(plan->str(), text, nullptr);
  });
}

void ricci_text_free(char *text) { std::free(text); }
