//===- emit_cuda.cpp - CUDA C++ text of a kernel ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/emit_cuda.h"

namespace ricci {

Expected<CudaKernel> emitCuda(KernelOp kernel, const CudaTarget &) {
  return internalError("no CUDA kernel for " + kernel.getLabel().value_or("it").str());
}

} // namespace ricci
