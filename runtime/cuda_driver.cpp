//===- cuda_driver.cpp - the functions of libcuda -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_driver.h"

#include "runtime/fork.h"

#include <fmt/format.h>

#include <dlfcn.h>
#include <type_traits>

namespace ricci {

static Expected<CudaDriver> loadDriver() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return machineError("there is no NVIDIA driver (libcuda.so.1)");
  CudaDriver driver;
  const char *missing = nullptr;
  auto get = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
    if (!function && !missing)
      missing = name;
  };
#define RICCI_CUDA_GET(name, parameters) get(driver.name, #name);
  RICCI_CUDA_FUNCTIONS(RICCI_CUDA_GET)
#undef RICCI_CUDA_GET
  if (missing)
    return machineError(
        fmt::format("the NVIDIA driver is too old: libcuda.so.1 lacks {}", missing));
  if (CUresult result = driver.cuInit(0))
    return machineError(
        fmt::format("the NVIDIA driver does not start: {}", driver.errorText(result)));
  driver.cuDriverGetVersion(&driver.version);
  driver.forks = forkCount();
  return driver;
}

Expected<const CudaDriver *> CudaDriver::get() {
  static const Expected<CudaDriver> driver = loadDriver();
  if (!driver)
    return driver.error();
  if (driver->isAbandoned())
    return machineError("this process was forked from one that has used a GPU, and cannot use any: "
                        "fork earlier, or start a new process");
  return &*driver;
}

bool CudaDriver::isAbandoned() const { return forks != forkCount(); }

std::string CudaDriver::errorText(CUresult result) const {
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(result, &name) != 0 || !name)
    return fmt::format("error {}", result);
  if (cuGetErrorString(result, &text) != 0 || !text)
    return name;
  return fmt::format("{} ({})", name, text);
}

} // namespace ricci
