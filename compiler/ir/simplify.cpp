//===- simplify.cpp - less tensor IR for the same results -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/constants.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/fold_constants.h"
#include "compiler/ir/identities.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_SIMPLIFY
#include "compiler/passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LogicalResult replaceBySplat(PatternRewriter &rewriter, Operation *op, TypedAttr element) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  rewriter.replaceOpWithNewOp<ConstantOp>(op, type, DenseElementsAttr::get(type, element));
  return mlir::success();
}

/// elementwise add(constant dense<1>, constant dense<2>)  ==>  constant dense<3>
struct FoldElementwise : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    SmallVector<TypedAttr> operands;
    for (Value input : op.getInputs()) {
      operands.push_back(splatOf(input));
      if (!operands.back())
        return rewriter.notifyMatchFailure(op, "an operand is not one constant value");
    }
    TypedAttr element = foldScalar(op.scalarOp(), operands);
    if (!element)
      return rewriter.notifyMatchFailure(op, "left to run time");
    return replaceBySplat(rewriter, op, element);
  }
};

/// elementwise where(constant dense<true>, %a, %b)  ==>  broadcast %a
struct FoldWhere : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    if (op.scalarOp() != ScalarOp::Where)
      return rewriter.notifyMatchFailure(op, "not a where");
    auto condition = dyn_cast_or_null<IntegerAttr>(splatOf(op.getInputs()[0]));
    if (!condition)
      return rewriter.notifyMatchFailure(op, "the condition is not one constant value");
    Value chosen = op.getInputs()[condition.getValue().isZero() ? 2 : 1];
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getOutput().getType(), chosen);
    return mlir::success();
  }
};

/// divide(%x, constant dense<8.0>)  ==>  multiply(%x, constant dense<0.125>)
/// where the inverse is exact, so that the quotient is rounded alike.
struct DivideByPowerOfTwo : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    if (op.scalarOp() != ScalarOp::Divide)
      return rewriter.notifyMatchFailure(op, "not a division");
    auto divisor = dyn_cast_or_null<FloatAttr>(splatOf(op.getInputs()[1]));
    APFloat inverse(0.0);
    if (!divisor || !divisor.getValue().getExactInverse(&inverse))
      return rewriter.notifyMatchFailure(op, "the divisor is no constant with an exact inverse");
    auto type = cast<RankedTensorType>(op.getInputs()[1].getType());
    Value factor =
        ConstantOp::create(rewriter, op.getLoc(), type, DenseElementsAttr::get(type, inverse));
    rewriter.replaceOpWithNewOp<ElementwiseOp>(op, op.getOutput().getType(), ScalarOp::Multiply,
                                               ValueRange{op.getInputs()[0], factor});
    return mlir::success();
  }
};

/// cast (constant dense<1> : tensor<3xi32>)  ==>  constant dense<1.0> : tensor<3xf32>
struct FoldCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    TypedAttr element = splatOf(op.getInput());
    if (!element)
      return rewriter.notifyMatchFailure(op, "the operand is not one constant value");
    TypedAttr converted = foldCast(element, op.getOutput().getType().getElementType());
    if (!converted)
      return rewriter.notifyMatchFailure(op, "left to run time");
    return replaceBySplat(rewriter, op, converted);
  }
};

/// broadcast (constant dense<1> : tensor<i32>)  ==>  constant dense<1> : tensor<3xi32>
/// and likewise for the other operations that move elements.
template <typename ShapeOp> struct FoldShape : OpRewritePattern<ShapeOp> {
  using OpRewritePattern<ShapeOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ShapeOp op, PatternRewriter &rewriter) const override {
    DenseElementsAttr elements;
    if (!matchPattern(op.getInput(), m_Constant(&elements)) || !elements.isSplat())
      return rewriter.notifyMatchFailure(op, "the operand is not one constant value");
    auto type = op.getOutput().getType();
    rewriter.replaceOpWithNewOp<ConstantOp>(op, type, elements.resizeSplat(type));
    return mlir::success();
  }
};

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

/// Whether `to` has every value of `from`.
bool isExact(DType from, DType to) {
  auto digits = [](DType type) { // of an integer's magnitude, of a float's significand
    switch (type) {
    case DType::b1:
      return 1;
    case DType::f16:
      return 11;
    case DType::bf16:
      return 8;
    case DType::f32:
    case DType::c64:
      return 24;
    case DType::f64:
    case DType::c128:
      return 53;
    default:
      return int(8 * itemSize(type)) - (kindOf(type) == DTypeKind::Int ? 1 : 0);
    }
  };
  if (from == to)
    return true;
  bool fits = digits(from) <= digits(to);
  DTypeKind source = kindOf(from);
  switch (kindOf(to)) {
  case DTypeKind::Bool:
    return false;
  case DTypeKind::UInt:
    return fits && (source == DTypeKind::Bool || source == DTypeKind::UInt);
  case DTypeKind::Int:
    return fits && source != DTypeKind::Float && source != DTypeKind::Complex;
  case DTypeKind::Float: // f16 has fewer exponents than bf16
    return fits && source != DTypeKind::Complex && !(from == DType::bf16 && to == DType::f16);
  case DTypeKind::Complex:
    return fits;
  }
  llvm_unreachable("unknown kind");
}

bool isInteger(DType type) {
  return kindOf(type) == DTypeKind::Int || kindOf(type) == DTypeKind::UInt;
}

/// cast (cast %x : i8 -> i32) : i32 -> f32  ==>  cast %x : i8 -> f32
/// where the inner type has every value of the first.
struct MergeCasts : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<CastOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a cast of a cast");
    DType from = elementDType(inner.getInput().getType()), middle = elementDType(inner.getType());
    DType to = elementDType(op.getType());
    if (!isExact(from, middle))
      return rewriter.notifyMatchFailure(op, "the inner cast may change values");
    // Integers wrap, floats outside of an integer type do not.
    if (isInteger(from) && !isInteger(middle) && isInteger(to) && !isExact(from, to))
      return rewriter.notifyMatchFailure(op, "an integer may not fit");
    rewriter.replaceOpWithNewOp<CastOp>(op, op.getType(), inner.getInput());
    return mlir::success();
  }
};

/// transpose (transpose %x perm = [1, 2, 0]) perm = [1, 0, 2]  ==>  transpose %x perm = [2, 1, 0]
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a transpose of a transpose");
    SmallVector<int64_t> perm;
    for (int64_t axis : op.getPerm())
      perm.push_back(inner.getPerm()[axis]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(), perm);
    return mlir::success();
  }
};

/// reshape (reshape %x)  ==>  reshape %x
/// broadcast (broadcast %x)  ==>  broadcast %x
template <typename ShapeOp> struct MergePair : OpRewritePattern<ShapeOp> {
  using OpRewritePattern<ShapeOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ShapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().template getDefiningOp<ShapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a pair");
    rewriter.replaceOpWithNewOp<ShapeOp>(op, op.getType(), inner.getInput());
    return mlir::success();
  }
};

/// slice (slice %x start = [1] size = [4] step = [2]) start = [1] size = [2] step = [2]
///   ==>  slice %x start = [3] size = [2] step = [4]
struct MergeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a slice of a slice");
    SmallVector<int64_t> start, step;
    for (auto [axis, size] : llvm::enumerate(op.getSize())) {
      // What is never taken may be any number, which need not fit.
      int64_t first = size == 0 ? 0 : op.getStart()[axis], by = size <= 1 ? 1 : op.getStep()[axis];
      start.push_back(size == 0 ? 0 : inner.getStart()[axis] + first * inner.getStep()[axis]);
      step.push_back(size <= 1 ? 1 : by * inner.getStep()[axis]);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), inner.getInput(), start, op.getSize(),
                                         step);
    return mlir::success();
  }
};

struct SimplifyPass : impl::SimplifyBase<SimplifyPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldElementwise, FoldWhere, DivideByPowerOfTwo, FoldCast, FoldShape<BroadcastOp>,
                 FoldShape<ReshapeOp>, FoldShape<TransposeOp>, FoldShape<SliceOp>,
                 FoldShape<WindowsOp>, MergeCasts, MergeTransposes, MergePair<ReshapeOp>,
                 MergePair<BroadcastOp>, MergeSlices>(&getContext());
    populateIdentities(patterns);
    GreedyRewriteConfig config;
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    config.setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
} // namespace ricci
