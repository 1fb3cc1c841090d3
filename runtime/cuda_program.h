//===- cuda_program.h - runs programs on GPUs ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cuda_device.h"

namespace ricci {

/// What a program keeps on its device between runs.
class CudaProgram {
public:
  static Expected<std::shared_ptr<const CudaProgram>> load(const Executable &executable,
                                                           CudaDevice &device);

  /// Arguments fit the executable. Those in the CPU's memory are copied; everything has happened
  /// when it returns.
  Status run(const Executable &executable, TensorList inputs, TensorList outputs) const;

private:
  explicit CudaProgram(CudaDevice &device) : device_(device) {}

  CudaDevice &device_;
  std::vector<std::shared_ptr<const CudaModule>> modules_; ///< of each launch
  std::vector<std::shared_ptr<void>> constants_;
};

} // namespace ricci
