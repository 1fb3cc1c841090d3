//===- identities.cpp - operations that give back an operand ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/identities.h"

#include "compiler/ir/constants.h"
#include "compiler/ir/dialect.h"

using namespace mlir;

namespace ricci {

namespace {

bool isInteger(TypedAttr element, llvm::function_ref<bool(const APInt &)> is) {
  auto integer = dyn_cast<IntegerAttr>(element);
  return integer && is(integer.getValue());
}
bool isFloat(TypedAttr element, double value) {
  auto number = dyn_cast<FloatAttr>(element);
  if (!number)
    return false;
  APFloat wanted(value);
  bool inexact;
  wanted.convert(number.getValue().getSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return number.getValue().bitwiseIsEqual(wanted);
}

/// Whether the operation gives its other operand where this one is `element`. A product of complex
/// numbers with 1 is none: inf * 0 is NaN.
bool isNeutral(ScalarOp op, TypedAttr element, bool isRight) {
  auto isZero = [&] { return isInteger(element, [](const APInt &n) { return n.isZero(); }); };
  switch (op) {
  case ScalarOp::Add: // -0.0 + 0.0 is 0.0
    return isZero() || isFloat(element, -0.0);
  case ScalarOp::Subtract:
    return isRight && (isZero() || isFloat(element, 0.0));
  case ScalarOp::Multiply:
    return isInteger(element, [](const APInt &n) { return n.isOne(); }) || isFloat(element, 1.0);
  case ScalarOp::BitwiseAnd:
    return isInteger(element, [](const APInt &n) { return n.isAllOnes(); });
  case ScalarOp::BitwiseOr:
  case ScalarOp::BitwiseXor:
    return isZero();
  case ScalarOp::LeftShift:
  case ScalarOp::RightShift:
    return isRight && isZero();
  default:
    return false;
  }
}

/// multiply(%x, constant dense<1.0>)  ==>  broadcast %x
struct DropNeutral : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    if (op.getInputs().size() != 2)
      return rewriter.notifyMatchFailure(op, "not of two operands");
    for (unsigned i : {1u, 0u}) {
      TypedAttr element = splatOf(op.getInputs()[i]);
      if (!element || !isNeutral(op.scalarOp(), element, i == 1))
        continue;
      rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getOutput().getType(), op.getInputs()[1 - i]);
      return mlir::success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is neutral");
  }
};

/// negative(negative(%x))  ==>  %x
struct DropPair : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    ScalarOp kind = op.scalarOp();
    if (kind != ScalarOp::Negative && kind != ScalarOp::Invert && kind != ScalarOp::Conjugate)
      return rewriter.notifyMatchFailure(op, "not its own inverse");
    auto inner = op.getInputs()[0].getDefiningOp<ElementwiseOp>();
    if (!inner || inner.scalarOp() != kind)
      return rewriter.notifyMatchFailure(op, "not a pair");
    rewriter.replaceOp(op, inner.getInputs()[0]);
    return mlir::success();
  }
};

} // namespace

void populateIdentities(RewritePatternSet &patterns) {
  patterns.add<DropNeutral, DropPair>(patterns.getContext());
}

} // namespace ricci
