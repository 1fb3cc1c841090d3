//===- split_accumulation.cpp - large sums are computed, then added ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that moves numbers, or whose result leaves the caches, is made to write lines as a
// whole. To add to what is there it would read and write parts of them, in an order that memory
// does not like. It computes a tensor of its own instead, and another kernel adds that, in order:
//
//   %0 = ricci.einsum "ij->ji" ins(%x …)
//   return %0                                  // accumulates
//   ==>
//   %0 = ricci.einsum "ij->ji" ins(%x …)
//   %1 = ricci.einsum "ji->ji" ins(%0 …)
//   return %1
//
// A factor (an operand without axes) goes to the second.
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_SPLITACCUMULATION
#include "compiler/passes.h.inc"

namespace {

/// Elements that are worth a second kernel.
constexpr int64_t kLeastMoved = 1 << 12;

struct SplitAccumulationPass : impl::SplitAccumulationBase<SplitAccumulationPass> {
  using SplitAccumulationBase::SplitAccumulationBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(kAccumulateAttr))
      return;
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    Operation *last = getOperation().getBody().front().getTerminator();
    for (OpOperand &result : last->getOpOperands())
      if (auto op = result.get().getDefiningOp<EinsumOp>(); op && isSlowInPlace(op, **target)) {
        result.set(split(op));
        if (op->use_empty())
          op.erase();
      }
  }

private:
  static bool isFactor(Value operand) {
    return cast<RankedTensorType>(operand.getType()).getRank() == 0;
  }

  static bool isSlowInPlace(EinsumOp op, const Target &target) {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    // Rounded once, not before the addition too.
    if (type.getElementType().isF16() || type.getElementType().isBF16())
      return false;
    EinsumEquation equation = op.parsedEquation();
    const SmallVector<int32_t> *moved = nullptr;
    for (auto [operand, labels] : llvm::zip(op.getInputs(), equation.operands)) {
      if (isFactor(operand))
        continue;
      if (moved) // a product
        return leavesCaches(double(type.getNumElements()) * double(itemSize(elementDType(type))),
                            target);
      moved = &labels;
    }
    return moved && moved->size() == equation.output.size() &&
           ArrayRef(*moved) != ArrayRef(equation.output) && type.getNumElements() >= kLeastMoved;
  }

  static Value split(EinsumOp op) {
    EinsumEquation computed = op.parsedEquation(), added = computed;
    SmallVector<Value> operands, factors;
    computed.operands.clear();
    for (auto [operand, labels] : llvm::zip(op.getInputs(), added.operands))
      if (isFactor(operand)) {
        factors.push_back(operand);
      } else {
        operands.push_back(operand);
        computed.operands.push_back(labels);
      }
    added.operands.assign(1, added.output);
    added.operands.resize(1 + factors.size());
    OpBuilder b(op);
    auto type = op.getResult().getType();
    Value value = EinsumOp::create(b, op.getLoc(), type, computed.str(), operands);
    factors.insert(factors.begin(), value);
    return EinsumOp::create(b, op.getLoc(), type, added.str(), factors);
  }
};

} // namespace

} // namespace ricci
