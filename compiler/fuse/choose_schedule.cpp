//===- choose_schedule.cpp - decides how a kernel runs --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/expand_products.h"
#include "compiler/fuse/fusion.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_CHOOSESCHEDULE
#include "compiler/passes.h.inc"

/// A fused kernel that only copies or sums an operand has emitters of its own.
static std::optional<LabelledProduct> productOf(const LoopProgram &program) {
  if (program.stores.size() != 1 || program.accesses.size() != 2 || program.nodes.size() > 2)
    return std::nullopt;
  const LoopProgram::Node &load = program.nodes[0], &stored = program.nodes.back();
  bool sums = stored.kind == LoopProgram::Kind::Reduce && stored.reduce == ReduceKind::Sum &&
              !program.stores[0].full;
  if (load.kind != LoopProgram::Kind::Load || (program.nodes.size() == 2 && !sums))
    return std::nullopt;
  LabelledProduct product;
  product.operands = {load.type};
  product.result = stored.type;
  for (auto [i, axis] : llvm::enumerate(program.axes))
    product.axes.push_back({axis.extent,
                            {program.accesses[0].strides[i], program.accesses[1].strides[i]},
                            !axis.reduced});
  return product;
}

namespace {

/// Takes a schedule as a program of loops, which loads vectors of any stride, where that is faster.
/// An einsum is written as one then.
void considerFused(KernelOp kernel, std::optional<LoopProgram> loops, const Target &target,
                   Schedule &schedule) {
  KernelOp expanded;
  if (!loops) {
    OpBuilder b(kernel);
    expanded = cast<KernelOp>(b.clone(*kernel));
    EinsumOp einsum = einsumOf(expanded);
    b.setInsertionPoint(einsum);
    if (Value product = expandProduct(b, einsum)) {
      einsum.getResult().replaceAllUsesWith(product);
      einsum.erase();
      loops = buildLoopProgram(expanded);
    }
  }
  if (loops) {
    Schedule fused = chooseFusedSchedule(std::move(*loops), target);
    // Entries read pieces of lines where loops, it is predicted, read all of them as fast.
    // Pieces are read as they lie, which loops do not do.
    const double least = schedule.spec.inPieces                  ? 0.5
                         : schedule.spec.family == Family::Lanes ? 0.9
                                                                 : 1;
    if (fused.predictedSeconds < least * schedule.predictedSeconds) {
      schedule = std::move(fused);
      if (expanded)
        kernel.getBody().takeBody(expanded.getBody());
    }
  }
  if (expanded)
    expanded.erase();
}

struct ChooseSchedulePass : impl::ChooseScheduleBase<ChooseSchedulePass> {
  using ChooseScheduleBase::ChooseScheduleBase;

  void runOnOperation() override {
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    auto results = getOperation().getBody().front().getTerminator()->getOperands();
    llvm::DenseSet<Value> isResult(results.begin(), results.end());
    bool accumulate = getOperation()->hasAttr(kAccumulateAttr);
    llvm::StringSet<> known = knownKernels(getOperation());
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      std::optional<LabelledProduct> product;
      std::optional<LoopProgram> loops;
      if (EinsumOp einsum = einsumOf(kernel))
        product = productOf(einsum, kernel, accumulate && isResult.contains(kernel.getResult(0)));
      else if ((loops = buildLoopProgram(kernel)))
        product = productOf(*loops);
      if (!product && !loops) {
        kernel.emitError("no emitter takes this kernel: it is neither one einsum nor fused loops");
        return signalPassFailure();
      }
      const llvm::StringSet<> *existing = known.empty() ? nullptr : &known;
      if (product) {
        product->size = size;
        product->known = existing;
      }
      Schedule schedule = product ? chooseSchedule(*product, **target)
                                  : chooseFusedSchedule(*loops, **target, size, existing);
      if (product && mayBeLoops(schedule, **target) && !product->accumulate && size == 0)
        considerFused(kernel, std::move(loops), **target, schedule);
      schedule.streams &= size == 0;
      if (schedule.takesKnown)
        getOperation()->setAttr(kTakesKnownAttr, UnitAttr::get(&getContext()));
      kernel.setScheduleAttr(toAttribute(schedule, &getContext()));
    }
  }
};

} // namespace

} // namespace ricci
