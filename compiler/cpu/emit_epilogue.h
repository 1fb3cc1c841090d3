//===- emit_epilogue.h - what becomes of a contraction's sums ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/fused_kernel.h"

namespace ricci {

/// Computes an epilogue on a tile of the result, in place. `baseOf(row)`: the places of the first
/// column, by access of the program.
void emitEpilogue(FusedKernel &kernel, mlir::Value rows, mlir::Value columns,
                  llvm::function_ref<FusedKernel::Values(mlir::Value)> baseOf);

/// The program's one store, for `count` numbers along its axis: whole vectors, then the rest. As
/// many numbers of the first access from `ahead` on, if that is given, are soon read.
void storeAlong(FusedKernel &kernel, const FusedKernel::Values &base, mlir::Value count,
                mlir::Value ahead = {});

} // namespace ricci
