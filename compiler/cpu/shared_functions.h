//===- shared_functions.h - functions that kernels have in common ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What packs operands, fills tables and streams lines depends on types and vectors alone, and takes
// as long to compile as the rest of a contraction. For the types of most programs it is compiled
// when the project is built, by the same emitters, for each level of x86-64. A kernel's module
// loses the bodies of such functions before it is lowered, and their code is linked in (decision
// 0019). What `--emit` prints has them all.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/codegen.h"

#include <functional>

namespace ricci {

class LoopBuilder;

/// A shared function, and what writes it into a module, with those that it calls and others.
struct SharedFunction {
  std::string name;
  std::function<void(LoopBuilder &, mlir::ModuleOp, const Target &)> emit;
};

/// Those that are compiled at build time, for a target of each of these levels.
std::vector<SharedFunction> sharedFunctions(const Target &target);
inline constexpr const char *kPrebuiltLevels[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};

/// A module of one shared function and those that it calls, as it is compiled at build time.
mlir::OwningOpRef<mlir::ModuleOp> emitShared(mlir::MLIRContext &context,
                                             const SharedFunction &function, const Target &target);

/// Takes the bodies of functions that are prebuilt for the target out of the module of a kernel
/// with this entry, and what they alone called. Returns those functions.
llvm::SmallVector<PrebuiltFunction> usePrebuilt(mlir::ModuleOp module, llvm::StringRef entry,
                                                const Target &target,
                                                llvm::ArrayRef<PrebuiltFunction> prebuilt);

} // namespace ricci
