//===- codegen.h - loops to LLVM IR to a relocation-free image ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"
#include "runtime/image.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/IR/Module.h"

namespace ricci {

/// Gives the functions marked `ricci.entry` the signature of KernelFn (runtime/executable.h). Does
/// nothing where that has been done.
mlir::LogicalResult applyKernelAbi(mlir::ModuleOp module);

/// Lowers a module at the `loops` stage (func, scf, arith, vector, memref, index) to the LLVM
/// dialect, in place. A function marked `ricci.entry` becomes a kernel's entry (see
/// kernel_abi.cpp); all others become private.
mlir::LogicalResult lowerLoopsToLLVM(mlir::ModuleOp module, const Target &target);

/// An LLVM context with its module, optimized by the short pipeline for the target.
struct LlvmModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// Rewrites what the target's code generator would call a library for: casts from and to f16 and
/// bf16, and rounding to an integer without SSE4.1.
void expandOutsideCalls(llvm::Module &module, const Target &target);

/// Writes copysign on bits where a function has f16 or bf16 numbers. The code generator looks
/// through a sign's casts, may find it in an f64, and then calls a library to narrow that. Runs
/// after the optimizer, which would make a copysign of the bits again.
void expandHalfSigns(llvm::Module &module);

Expected<LlvmModule> translateAndOptimize(mlir::ModuleOp llvmDialectModule, const Target &target);
/// The same in a context of the caller.
Expected<std::unique_ptr<llvm::Module>> translateAndOptimize(mlir::ModuleOp llvmDialectModule,
                                                             const Target &target,
                                                             llvm::LLVMContext &context);

/// Textual forms of the same module, for --emit.
std::string printLlvm(const llvm::Module &module);
Expected<std::string> emitAssembly(llvm::Module &module, const Target &target);
Expected<std::string> emitObject(llvm::Module &module, const Target &target);

/// A function that kernels share, compiled when the project was built (shared_functions.h): an
/// image's bytes.
struct PrebuiltFunction {
  std::string_view name, level;
  llvm::ArrayRef<char> code;
  uint64_t entry;
};

/// Links one object to an image with the prebuilt functions that it calls; an internal error names
/// any other outside symbol.
Expected<Image> linkImage(const std::string &object,
                          llvm::ArrayRef<PrebuiltFunction> prebuilt = {});

} // namespace ricci
