//===- emit.h - kernel specs to loops -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/schedule.h"

#include "mlir/IR/BuiltinOps.h"

namespace ricci {

class LoopBuilder;

/// The dialects that kernels are written in.
void loadEmitterDialects(mlir::MLIRContext &context);

/// Adds the function that runs any launch of this kernel, marked `ricci.entry`: scf, arith, vector
/// and memref over flat buffers. Extents, strides and block sizes come from the launch's
/// descriptor.
void emitKernel(mlir::ModuleOp module, const KernelSpec &spec, const Target &target);

// One emitter a family. Each writes the function into `module`.
void emitContract(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                  const Target &target);
void emitContractDirect(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                        const Target &target);
void emitMap(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec, const Target &target);
void emitTranspose(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                   const Target &target);
void emitLanes(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec, const Target &target);
void emitReduceRows(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                    const Target &target);
void emitReduceColumns(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                       const Target &target);

void emitFused(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec, const Target &target);

} // namespace ricci
