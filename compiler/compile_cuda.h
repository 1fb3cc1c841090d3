//===- compile_cuda.h - programs for CUDA devices -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/cuda_target.h"
#include "runtime/cache.h"
#include "runtime/compiler_interface.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ricci {

/// A launch for every kernel of a function at the stage `kernels`, its code made by NVRTC where
/// neither `kernels` nor `options.kernels` has it.
Status linkCuda(mlir::func::FuncOp function, const CudaTarget &target,
                const CompileOptions &options, LruCache<Kernel> &kernels, CompileTimes &times,
                Executable &executable);

/// The stages `Cuda`, `Ptx` and `Cubin` of such a function. All its kernels are in one text then,
/// each in a namespace of its own where there are several.
Expected<std::string> emitCudaStage(mlir::func::FuncOp function, const CudaTarget &target,
                                    const CompileOptions &options, Stage stage);

} // namespace ricci
