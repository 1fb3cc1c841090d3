//===- form_kernels.cpp - groups operations into kernels ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_FORMKERNELS
#include "compiler/passes.h.inc"

namespace {

/// Strides of a value: an argument's and a result's are the caller's, others are C order.
class Layouts {
public:
  explicit Layouts(func::FuncOp function) {
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      set(argument, function.getArgAttrOfType<DenseI64ArrayAttr>(i, kStridesAttr));
    Operation *end = function.getBody().front().getTerminator();
    for (auto [i, value] : llvm::enumerate(end->getOperands()))
      if (!isa<BlockArgument>(value))
        set(value, function.getResultAttrOfType<DenseI64ArrayAttr>(i, kStridesAttr));
  }

  DenseI64ArrayAttr of(Value value) {
    if (auto known = known_.find(value); known != known_.end())
      return known->second;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    return DenseI64ArrayAttr::get(value.getContext(),
                                  contiguousStrides(Shape(shape.begin(), shape.end())));
  }

  /// `to` takes the place of `from`, which goes away: what comes to its address is another value.
  void replace(Value from, Value to) {
    if (auto known = known_.find(from); known != known_.end()) {
      DenseI64ArrayAttr strides = known->second;
      known_.erase(known);
      known_[to] = strides;
    }
  }

private:
  void set(Value value, DenseI64ArrayAttr strides) {
    if (strides)
      known_[value] = strides;
  }
  llvm::DenseMap<Value, DenseI64ArrayAttr> known_;
};

struct FormKernelsPass : impl::FormKernelsBase<FormKernelsPass> {
  /// %r = ricci.einsum "…" ins(%a, %b) -> …
  ///   becomes
  /// %r = ricci.kernel "…" ins(%x = %a, %y = %b) -> … layouts(…) { einsum; yield }
  void runOnOperation() override {
    Layouts layouts(getOperation());
    IRRewriter rewriter(&getContext());
    for (Operation &op :
         llvm::make_early_inc_range(getOperation().getBody().front().without_terminator())) {
      if (isa<KernelOp>(op))
        continue;
      auto einsum = dyn_cast<EinsumOp>(op);
      if (!einsum) {
        op.emitError("no kernel can be formed of this operation yet");
        return signalPassFailure();
      }
      if (einsum.getInputs().size() > 2) {
        op.emitError("an einsum of more than two operands must be ordered first");
        return signalPassFailure();
      }
      rewriter.setInsertionPoint(einsum);
      auto kernel =
          KernelOp::create(rewriter, einsum.getLoc(), einsum->getResultTypes(), einsum.getInputs());
      kernel.setLabelAttr(einsum.getEquationAttr());
      SmallVector<Attribute> strides;
      for (Value input : einsum.getInputs())
        strides.push_back(layouts.of(input));
      strides.push_back(layouts.of(einsum.getOutput()));
      kernel.setLayoutsAttr(rewriter.getArrayAttr(strides));
      layouts.replace(einsum.getOutput(), kernel.getResult(0));
      rewriter.replaceAllUsesWith(einsum.getOutput(), kernel.getResult(0));
      rewriter.setInsertionPointToStart(&kernel.block());
      auto body =
          EinsumOp::create(rewriter, einsum.getLoc(), einsum.getOutput().getType(),
                           einsum.getEquationAttr(), ValueRange(kernel.block().getArguments()));
      YieldOp::create(rewriter, einsum.getLoc(), ValueRange{body.getOutput()});
      rewriter.eraseOp(einsum);
    }
  }
};

} // namespace

} // namespace ricci
