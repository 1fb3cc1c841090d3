//===- emit.cpp - kernel specs to loops -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit.h"

#include "compiler/cpu/loop_builder.h"
#include "compiler/ir/dialect.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ricci {

void loadEmitterDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                      memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
}

void emitKernel(ModuleOp module, const KernelSpec &spec, const Target &target) {
  loadEmitterDialects(*module.getContext());
  LoopBuilder b(module.getContext());
  switch (spec.family) {
  case Family::Contract:
    emitContract(b, module, spec, target);
    break;
  case Family::ContractDirect:
    emitContractDirect(b, module, spec, target);
    break;
  case Family::Map:
    emitMap(b, module, spec, target);
    break;
  case Family::Transpose:
    emitTranspose(b, module, spec, target);
    break;
  case Family::Lanes:
    emitLanes(b, module, spec, target);
    break;
  case Family::ReduceRows:
    emitReduceRows(b, module, spec, target);
    break;
  case Family::ReduceColumns:
    emitReduceColumns(b, module, spec, target);
    break;
  case Family::Fused:
    emitFused(b, module, spec, target);
    break;
  }
  module.lookupSymbol(spec.name())->setAttr(kEntryAttr, b.getUnitAttr());
}

} // namespace ricci
