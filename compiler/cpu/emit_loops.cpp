//===- emit_loops.cpp - kernels to loops, as a pass -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_EMITLOOPS
#include "compiler/passes.h.inc"

namespace {

struct EmitLoopsPass : impl::EmitLoopsBase<EmitLoopsPass> {
  using EmitLoopsBase::EmitLoopsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = resolveTarget(cpu);
    if (!target) {
      module.emitError(target.error().message);
      return signalPassFailure();
    }
    SmallVector<KernelSpec> specs;
    bool failed = false;
    module.walk([&](KernelOp kernel) {
      if (!kernel.getSchedule()) {
        kernel.emitError("a kernel without a schedule");
        failed = true;
        return;
      }
      auto schedule = fromAttribute(*kernel.getSchedule(), kernel);
      failed |= mlir::failed(schedule);
      if (failed)
        return;
      if (schedule->spec.pairs && !(*target)->avx512bf16) {
        kernel.emitError("'") << (*target)->cpu << "' does not multiply bf16 in pairs";
        failed = true;
      }
      specs.push_back(schedule->spec);
    });
    if (failed)
      return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      op.erase();
    for (const KernelSpec &spec : specs)
      if (!module.lookupSymbol(spec.name()))
        emitKernel(module, spec, **target);
  }
};

} // namespace

} // namespace ricci
