//===- ricci-opt.cpp - runs passes on the text of any MLIR stage ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/context.h"
#include "compiler/passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace ricci {
#define GEN_PASS_REGISTRATION
#include "compiler/passes.h.inc"
} // namespace ricci

static void registerUpstreamPasses() {
  using PassFactory = std::unique_ptr<mlir::Pass> (*)();
  PassFactory factories[] = {
      [] { return mlir::createCanonicalizerPass(); },
      [] { return mlir::createCSEPass(); },
      [] { return mlir::createConvertVectorToSCFPass(); },
      [] { return mlir::createSCFToControlFlowPass(); },
      [] { return mlir::createConvertVectorToLLVMPass(); },
      [] { return mlir::createFinalizeMemRefToLLVMConversionPass(); },
      [] { return mlir::createArithToLLVMConversionPass(); },
      [] { return mlir::createConvertIndexToLLVMPass(); },
      [] { return mlir::createConvertMathToLLVMPass(); },
      [] { return mlir::createConvertControlFlowToLLVMPass(); },
      [] { return mlir::createConvertFuncToLLVMPass(); },
      [] { return mlir::createReconcileUnrealizedCastsPass(); },
  };
  for (PassFactory factory : factories)
    mlir::registerPass(factory);
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ricci::registerDialects(registry);
  ricci::registerRicciPasses();
  registerUpstreamPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Ricci's pass driver\n", registry));
}
