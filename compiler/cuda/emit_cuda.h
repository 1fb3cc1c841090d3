//===- emit_cuda.h - CUDA C++ text of a kernel ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/kernel_schedule.h"
#include "compiler/target/cuda_rates.h"
#include "compiler/target/cuda_target.h"
#include "runtime/error.h"
#include "runtime/executable.h"

namespace ricci {

/// A kernel as CUDA C++, with what its launch needs.
struct CudaKernel {
  std::string name;   ///< of its `extern "C" __global__` function
  std::string source; ///< a whole translation unit: equal sources are the same kernel
  std::string title;  ///< for people: "contract f32 128x128x16"
  Grid grid;
  std::vector<int64_t> descriptor; ///< parameters after the pointers
  /// The pointers of the launch, in order.
  llvm::SmallVector<BufferUse> buffers;
  CudaWork work;
  bool reportsStatus = false; ///< one more pointer, the last: to the run's LaunchStatus
};

/// What a caller may ask for.
struct CudaEmitOptions {
  bool allowTf32 = false;   ///< contractions of f32 may round their operands to 11 bits
  bool wideIndices = false; ///< indices have 64 bits, be the tensors ever so small
  int processors = 132;     ///< of the GPU, which tiles of contractions are to fill
};

/// Shared memory of a block that need not be asked for at the launch.
inline constexpr int kStaticSharedBytes = 48 << 10;
/// Bytes of a row of the tiles that groups of warps read.
inline constexpr int kGroupRowBytes = 128;

/// Of a `ricci.kernel` that ricci-form-kernels made.
Expected<CudaKernel> emitCuda(KernelOp kernel, const CudaTarget &target,
                              const CudaEmitOptions &options = {});

} // namespace ricci
