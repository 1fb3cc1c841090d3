//===- offsets.h - address tables and odometers over dim lists ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/loop_builder.h"

namespace ricci {

/// Strides of every buffer at a fixed place of the descriptor.
llvm::SmallVector<mlir::Value> loadStrides(LoopBuilder &b, mlir::Value descriptor, int64_t at,
                                           int buffers);

/// The offset of every buffer at a linear index into a dim list.
llvm::SmallVector<mlir::Value> offsetsAt(LoopBuilder &b, mlir::Value descriptor, mlir::Value list,
                                         mlir::Value linear, int buffers);

/// The private function of contractions that writes `table[i]` = offset of index `start + i` in one
/// buffer (`column`) for i < count, made once a module:
///   (descriptor, list, start, count, column, table)
mlir::func::FuncOp emitFillOffsets(LoopBuilder &b, mlir::ModuleOp module);

/// The private function that writes `runs[i]` = of how many of the entries i, i + distance, i + 2
/// distance … each is `step` above the one before:
///   (table, count, distance, step, runs)
mlir::func::FuncOp emitFillRuns(LoopBuilder &b, mlir::ModuleOp module);

} // namespace ricci
