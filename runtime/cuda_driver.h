//===- cuda_driver.h - the functions of libcuda -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of cuda.h, as far as it is used. The driver is loaded by its name, libcuda.so.1, the first time
// that a GPU is asked for; nothing of CUDA is needed to build Ricci or to run without a GPU.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <cstddef>
#include <cstdint>

namespace ricci {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = uint64_t;
using CUcontext = struct CUctx_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUmemoryPool = struct CUmemPoolHandle_st *;

// Values of cuda.h's enumerations.
inline constexpr CUresult kCudaOutOfMemory = 2, kCudaDeinitialized = 4;
inline constexpr int kCudaClock = 13, kCudaMultiprocessors = 16, kCudaMemoryClock = 36,
                     kCudaMemoryBusBits = 37, kCudaCapabilityMajor = 75, kCudaCapabilityMinor = 76,
                     kCudaMemoryPools = 115;
inline constexpr int kCudaFunctionSharedBytes = 8; ///< most dynamic shared memory of a launch
inline constexpr int kCudaPoolKeeps = 4;           ///< bytes that a pool keeps when they are free
inline constexpr int kCudaJitErrorLog = 5, kCudaJitErrorLogBytes = 6;
inline constexpr unsigned kCudaEventWithoutTime = 2;

/// Every function that is used: its name in libcuda and its parameters.
#define RICCI_CUDA_FUNCTIONS(F)                                                                    \
  F(cuInit, (unsigned flags))                                                                      \
  F(cuDriverGetVersion, (int *version))                                                            \
  F(cuGetErrorName, (CUresult, const char **))                                                     \
  F(cuGetErrorString, (CUresult, const char **))                                                   \
  F(cuDeviceGetCount, (int *))                                                                     \
  F(cuDeviceGet, (CUdevice *, int index))                                                          \
  F(cuDeviceGetName, (char *, int bytes, CUdevice))                                                \
  F(cuDeviceTotalMem_v2, (size_t *, CUdevice))                                                     \
  F(cuDeviceGetAttribute, (int *, int attribute, CUdevice))                                        \
  F(cuDeviceGetDefaultMemPool, (CUmemoryPool *, CUdevice))                                         \
  F(cuMemPoolSetAttribute, (CUmemoryPool, int attribute, void *value))                             \
  F(cuDevicePrimaryCtxRetain, (CUcontext *, CUdevice))                                             \
  F(cuCtxPushCurrent_v2, (CUcontext))                                                              \
  F(cuCtxPopCurrent_v2, (CUcontext *))                                                             \
  F(cuStreamCreate, (CUstream *, unsigned flags))                                                  \
  F(cuStreamDestroy_v2, (CUstream))                                                                \
  F(cuStreamSynchronize, (CUstream))                                                               \
  F(cuEventCreate, (CUevent *, unsigned flags))                                                    \
  F(cuEventDestroy_v2, (CUevent))                                                                  \
  F(cuEventRecord, (CUevent, CUstream))                                                            \
  F(cuEventSynchronize, (CUevent))                                                                 \
  F(cuMemAllocAsync, (CUdeviceptr *, size_t bytes, CUstream))                                      \
  F(cuMemFreeAsync, (CUdeviceptr, CUstream))                                                       \
  F(cuMemAllocHost_v2, (void **, size_t bytes))                                                    \
  F(cuMemFreeHost, (void *))                                                                       \
  F(cuMemcpyHtoDAsync_v2, (CUdeviceptr, const void *, size_t bytes, CUstream))                     \
  F(cuMemcpyDtoHAsync_v2, (void *, CUdeviceptr, size_t bytes, CUstream))                           \
  F(cuMemcpyDtoDAsync_v2, (CUdeviceptr, CUdeviceptr, size_t bytes, CUstream))                      \
  F(cuMemsetD8Async, (CUdeviceptr, unsigned char, size_t bytes, CUstream))                         \
  F(cuModuleLoadDataEx, (CUmodule *, const void *, unsigned count, int *options, void **values))   \
  F(cuModuleUnload, (CUmodule))                                                                    \
  F(cuModuleGetFunction, (CUfunction *, CUmodule, const char *name))                               \
  F(cuFuncSetAttribute, (CUfunction, int attribute, int value))                                    \
  F(cuLaunchKernel,                                                                                \
    (CUfunction, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, \
     unsigned blockZ, unsigned sharedBytes, CUstream, void **parameters, void **extra))

struct CudaDriver {
#define RICCI_CUDA_MEMBER(name, parameters) CUresult(*name) parameters = nullptr;
  RICCI_CUDA_FUNCTIONS(RICCI_CUDA_MEMBER)
#undef RICCI_CUDA_MEMBER
  int version = 0;    ///< 1000 * major + 10 * minor, of the CUDA that the driver knows
  uint64_t forks = 0; ///< forkCount() of the process that it works in

  /// Loaded and initialized once for each process. A machine error that says what lacks.
  static Expected<const CudaDriver *> get();
  /// Whether this process was forked from the one that it works in: then nothing of it may be used.
  bool isAbandoned() const;

  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  std::string errorText(CUresult result) const;
};

} // namespace ricci
