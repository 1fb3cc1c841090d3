//===- lower_to_llvm.cpp - loops to the LLVM dialect ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two conversions instead of upstream's pass pipeline: scf to cf, then everything to LLVM at once.
// Vectors of more than one axis are taken apart before, where there are any.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/LoweringOptions.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace ricci {
namespace {

/// Whether VectorToLLVM's conversion has no pattern for this operation as it is.
bool needsVectorLowering(Operation *op) {
  auto rankOf = [](Type type) {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? vector.getRank() : 0;
  };
  if (isa<vector::BroadcastOp>(op))
    return rankOf(op->getOperand(0).getType()) > 0 || rankOf(op->getResult(0).getType()) > 1;
  if (isa<vector::FMAOp, vector::GatherOp>(op))
    return rankOf(op->getResult(0).getType()) > 1;
  return isa<vector::TransposeOp, vector::ShapeCastOp, vector::MultiDimReductionOp,
             vector::CreateMaskOp, vector::ConstantMaskOp, vector::StepOp, vector::InterleaveOp,
             vector::DeinterleaveOp, vector::ExtractStridedSliceOp, vector::InsertStridedSliceOp,
             vector::OuterProductOp>(op);
}

/// Bounds of a mask beyond its lanes (or below 0) are cut, so that 32-bit lane numbers are exact.
void clampMask(vector::CreateMaskOp mask) {
  OpBuilder builder(mask);
  for (auto [i, extent] : llvm::enumerate(mask.getType().getShape())) {
    Value bound = mask.getOperand(i);
    if (bound.getDefiningOp<arith::ConstantOp>())
      continue;
    Location loc = mask.getLoc();
    Value lanes = arith::ConstantIndexOp::create(builder, loc, extent);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value clamped = arith::MinSIOp::create(builder, loc, bound, lanes);
    mask.setOperand(i, arith::MaxSIOp::create(builder, loc, clamped, zero));
  }
}

LogicalResult lowerVectors(ModuleOp module) {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (needsVectorLowering(op))
      ops.push_back(op);
    if (auto mask = dyn_cast<vector::CreateMaskOp>(op))
      clampMask(mask);
  });
  if (ops.empty())
    return mlir::success();
  RewritePatternSet patterns(module.getContext());
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorMaskOpLoweringPatterns(patterns);
  vector::populateVectorMaskMaterializationPatterns(patterns, /*force32BitVectorIndices=*/true);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorInterleaveLoweringPatterns(patterns);
  vector::populateVectorInterleaveToShufflePatterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(patterns,
                                                  vector::VectorTransposeLowering::Shuffle1D);
  vector::populateVectorMultiReductionLoweringPatterns(
      patterns, vector::VectorMultiReductionLowering::InnerParallel);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
  vector::populateVectorOuterProductLoweringPatterns(patterns);
  vector::populateVectorStepLoweringPatterns(patterns);
  vector::populateVectorRankReducingFMAPattern(patterns);
  vector::populateVectorGatherLoweringPatterns(patterns);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  return applyOpPatternsGreedily(ops, std::move(patterns), config);
}

LogicalResult lowerControlFlow(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*module.getContext());
  target.addIllegalDialect<scf::SCFDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  ConversionConfig config;
  config.allowPatternRollback = false;
  return applyPartialConversion(module, target, std::move(patterns), config);
}

LogicalResult convertToLLVM(ModuleOp module) {
  MLIRContext *context = module.getContext();
  LowerToLLVMOptions options(context);
  options.overrideIndexBitwidth(64);
  LLVMTypeConverter types(context, options);
  RewritePatternSet patterns(context);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  memref::populateExpandStridedMetadataPatterns(patterns); // memref.subview and its kin
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  index::populateIndexToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  populateVectorToLLVMConversionPatterns(types, patterns, /*reassociateFPReductions=*/false,
                                         /*force32BitVectorIndices=*/true,
                                         /*useVectorAlignment=*/false);
  ub::populateUBToLLVMConversionPatterns(types, patterns);

  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  target.addIllegalDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                           index::IndexDialect, math::MathDialect, memref::MemRefDialect,
                           ub::UBDialect, vector::VectorDialect>();
  ConversionConfig config;
  config.foldingMode = DialectConversionFoldingMode::Never;
  if (failed(applyPartialConversion(module, target, std::move(patterns), config)))
    return mlir::failure();

  SmallVector<UnrealizedConversionCastOp> casts, remaining;
  module.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts, &remaining);
  if (!remaining.empty())
    return remaining.front().emitError("a cast is left after the conversion to LLVM");
  return mlir::success();
}

} // namespace

LogicalResult lowerLoopsToLLVM(ModuleOp module, const Target &target) {
  MLIRContext *context = module.getContext();
  context->loadDialect<LLVM::LLVMDialect, cf::ControlFlowDialect, arith::ArithDialect,
                       affine::AffineDialect>();
  // From here on, the entry has its C signature.
  if (failed(applyKernelAbi(module)))
    return mlir::failure();
  // From here on, vectors have one axis.
  if (failed(lowerVectors(module)))
    return mlir::failure();
  // From here on, no scf.
  if (failed(lowerControlFlow(module)))
    return mlir::failure();
  // From here on, LLVM dialect only.
  return convertToLLVM(module);
}

} // namespace ricci
