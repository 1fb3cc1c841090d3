//===- c_api_detail.h - what the C API's functions share ---------------- -===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/c_api.h"

#include "frontend/api/ricci.h"
#include "runtime/error.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <vector>

struct ricci_error {
  ricci::Diagnostic diagnostic;
  std::string text;
};

struct ricci_tensor {
  ricci::Tensor tensor;
};

namespace ricci::detail {

constexpr ricci_status statusOf(ErrorKind kind) { return ricci_status(int(kind) + 1); }
static_assert(statusOf(ErrorKind::Input) == RICCI_ERROR_INPUT);
static_assert(statusOf(ErrorKind::Internal) == RICCI_ERROR_INTERNAL);

inline ricci_status fail(Diagnostic diagnostic, ricci_error **error) {
  const ricci_status status = statusOf(diagnostic.kind);
  if (error) {
    std::string text = diagnostic.render();
    *error = new ricci_error{std::move(diagnostic), std::move(text)};
  }
  return status;
}

/// Runs `fn`, which returns a Status; nothing is thrown to the caller.
template <typename Fn> ricci_status guarded(ricci_error **error, Fn fn) noexcept {
  if (error)
    *error = nullptr;
  ricci_status status = RICCI_ERROR_INTERNAL;
  try {
    try {
      Status result = fn();
      if (result)
        return RICCI_OK;
      status = statusOf(result.error().kind);
      return fail(std::move(result.error()), error);
    } catch (const Error &e) {
      status = statusOf(e.diagnostic().kind);
      return fail(e.diagnostic(), error);
    } catch (const std::bad_alloc &) {
      status = RICCI_ERROR_MACHINE;
      return fail(machineError("there is not enough memory"), error);
    } catch (const std::exception &e) {
      return fail(internalError(e.what()), error);
    }
  } catch (...) { // no memory for the error
    return status;
  }
}

inline Status notNull(const void *pointer, const char *name) {
  return pointer ? success() : Status(usageError(fmt::format("'{}' is null", name)));
}

/// Before memory is sought for so many, or entries that cannot be there are read.
inline Status checkCount(size_t count, const char *what) {
  if (count <= INT32_MAX)
    return success();
  return usageError(fmt::format("{} {} are more than can be given", count, what));
}

inline Expected<std::vector<Tensor>> tensors(const ricci_tensor *const *handles, size_t count,
                                             const char *name) {
  std::vector<Tensor> result;
  if (count > 0 && !handles)
    return usageError(fmt::format("'{}' is null", name));
  if (Status s = checkCount(count, name); !s)
    return std::move(s.error());
  result.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (!handles[i])
      return usageError(fmt::format("'{}[{}]' is null", name, i));
    result.push_back(handles[i]->tensor);
  }
  return result;
}

/// Gives a value of type Expected<T> to the caller as a new handle.
template <typename Handle, typename T> Status give(Expected<T> value, Handle **handle) {
  if (Status s = notNull(handle, "result"); !s)
    return s;
  if (!value)
    return std::move(value.error());
  *handle = new Handle{std::move(*value)};
  return success();
}

/// A copy that ricci_text_free frees.
inline Status giveText(const std::string &from, char **text, size_t *size) {
  auto *copy = static_cast<char *>(std::malloc(from.size() + 1));
  if (!copy)
    throw std::bad_alloc();
  std::memcpy(copy, from.c_str(), from.size() + 1);
  *text = copy;
  if (size)
    *size = from.size();
  return success();
}

/// The type of these words of a caller, checked; null strides are C order.
Expected<TensorType> makeType(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                              const int64_t *strides);

/// What a caller of any version has given.
Expected<EinsumOptions> readOptions(const ricci_options *given, bool mayAccumulate);

} // namespace ricci::detail
