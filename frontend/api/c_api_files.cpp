//===- c_api_files.cpp - the C API's .npy and .npz files ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/api/files.h"

using namespace ricci;
using namespace ricci::detail;

struct ricci_npz {
  std::vector<NamedTensor> tensors;
};

static Expected<LoadOptions> readFlags(int flags) {
  constexpr int kKnown = RICCI_LOAD_BF16 | RICCI_LOAD_MAP;
  if (flags & ~kKnown)
    return usageError(fmt::format("there are no load flags {:#x}", flags & ~kKnown));
  return LoadOptions{(flags & RICCI_LOAD_BF16) != 0, (flags & RICCI_LOAD_MAP) != 0};
}

ricci_status ricci_tensor_load(const char *path, int flags, ricci_tensor **tensor,
                               ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(path, "path"); !s)
      return s;
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    Expected<LoadOptions> options = readFlags(flags);
    if (!options)
      return std::move(options.error());
    return give(try_load(path, *options), tensor);
  });
}

ricci_status ricci_tensor_save(const char *path, const ricci_tensor *tensor, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(path, "path"); !s)
      return s;
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    return try_save(path, tensor->tensor);
  });
}

ricci_status ricci_npz_load(const char *path, int flags, ricci_npz **npz, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(path, "path"); !s)
      return s;
    if (Status s = notNull(npz, "npz"); !s)
      return s;
    Expected<LoadOptions> options = readFlags(flags);
    if (!options)
      return std::move(options.error());
    return give(try_load_npz(path, *options), npz);
  });
}

size_t ricci_npz_count(const ricci_npz *npz) { return npz ? npz->tensors.size() : 0; }

const char *ricci_npz_name(const ricci_npz *npz, size_t index) {
  return index < ricci_npz_count(npz) ? npz->tensors[index].name.c_str() : nullptr;
}

ricci_status ricci_npz_tensor(const ricci_npz *npz, size_t index, ricci_tensor **tensor,
                              ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(npz, "npz"); !s)
      return s;
    if (index >= npz->tensors.size())
      return usageError(
          fmt::format("there is no array {}; there are {}", index, npz->tensors.size()));
    return give(Expected<Tensor>(npz->tensors[index].tensor), tensor);
  });
}

void ricci_npz_free(ricci_npz *npz) { delete npz; }

ricci_status ricci_tensor_load_npz(const char *path, const char *name, int flags,
                                   ricci_tensor **tensor, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(path, "path"); !s)
      return s;
    if (Status s = notNull(name, "name"); !s)
      return s;
    if (Status s = notNull(tensor, "tensor"); !s)
      return s;
    Expected<LoadOptions> options = readFlags(flags);
    if (!options)
      return std::move(options.error());
    return give(try_load_npz_member(path, name, *options), tensor);
  });
}

ricci_status ricci_tensor_save_npz(const char *path, const char *const *names,
                                   const ricci_tensor *const *tensors, size_t count,
                                   ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(path, "path"); !s)
      return s;
    if (Status s = notNull(names, "names"); !s && count > 0)
      return s;
    Expected<std::vector<Tensor>> given = detail::tensors(tensors, count, "tensors");
    if (!given)
      return std::move(given.error());
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < count; ++i) {
      if (!names[i])
        return usageError(fmt::format("'names[{}]' is null", i));
      named.push_back({names[i], std::move((*given)[i])});
    }
    return try_save_npz(path, named);
  });
}
