//===- cuda_code.h - kernels of CUDA devices ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

namespace ricci {

/// A kernel that CUDA devices load.
std::shared_ptr<const Kernel> makeCudaKernel(std::string key, CudaCode code);

/// Keys of CUDA kernels begin with a line for people, "cuda TITLE ARCH …"; those of the CPU's do
/// not.
std::string cudaKernelKey(const std::string &title, const std::string &arch,
                          const std::string &compiler, const std::string &source);
bool isCudaKernelKey(std::string_view key);

} // namespace ricci
