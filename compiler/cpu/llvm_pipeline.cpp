//===- llvm_pipeline.cpp - LLVM dialect to optimized LLVM IR -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A short pipeline: the emitters have vectorized, unrolled and tiled already. The numbers are in
// docs/decisions/0002-short-llvm-pipeline.md.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"
#include "compiler/cpu/machine_code.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/LCSSA.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"

namespace ricci {
namespace {

void setFunctionAttributes(llvm::Function &function, const Target &target) {
  function.addFnAttr(llvm::Attribute::NoUnwind); // and so no .eh_frame
  function.addFnAttr("target-cpu", target.cpu);
  function.addFnAttr("target-features", target.features);
  // Without min-legal-vector-width, 512-bit vectors stay whole also where tuning prefers 256.
  function.addFnAttr("no-trapping-math", "true");
}

void runShortPipeline(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loopAnalyses;
  llvm::FunctionAnalysisManager functionAnalyses;
  llvm::CGSCCAnalysisManager cgsccAnalyses;
  llvm::ModuleAnalysisManager moduleAnalyses;
  // Without library functions, no loop becomes a call of memset.
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functionAnalyses.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(moduleAnalyses);
  builder.registerCGSCCAnalyses(cgsccAnalyses);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loopAnalyses);
  builder.crossRegisterProxies(loopAnalyses, functionAnalyses, cgsccAnalyses, moduleAnalyses);

  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::LoopSimplifyPass());
  passes.addPass(llvm::LCSSAPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()),
                                                       /*UseMemorySSA=*/true));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::SimplifyCFGPass());
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      passes.run(function, functionAnalyses);
}

} // namespace

Expected<std::unique_ptr<llvm::Module>> translateAndOptimize(mlir::ModuleOp llvmDialectModule,
                                                             const Target &target,
                                                             llvm::LLVMContext &llvmContext) {
  mlir::MLIRContext &context = *llvmDialectModule.getContext();
  mlir::registerBuiltinDialectTranslation(context);
  mlir::registerLLVMDialectTranslation(context);

  std::unique_ptr<llvm::Module> result = mlir::translateModuleToLLVMIR(
      llvmDialectModule, llvmContext, "ricci", /*disableVerification=*/true);
  if (!result)
    return internalError("a kernel cannot be translated to LLVM IR");
  llvm::Module &module = *result;

  TargetMachineLease machine(target);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  for (llvm::GlobalVariable &global : module.globals())
    if (!global.isDeclaration())
      global.setLinkage(llvm::GlobalValue::PrivateLinkage);
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      setFunctionAttributes(function, target);

  expandOutsideCalls(module, target);
  std::string defect;
  llvm::raw_string_ostream stream(defect);
  if (llvm::verifyModule(module, &stream))
    return internalError("LLVM IR of a kernel is invalid: " + defect);
  runShortPipeline(module, *machine);
  expandHalfSigns(module);
  return result;
}

Expected<LlvmModule> translateAndOptimize(mlir::ModuleOp llvmDialectModule, const Target &target) {
  LlvmModule result;
  result.context = std::make_unique<llvm::LLVMContext>();
  auto module = translateAndOptimize(llvmDialectModule, target, *result.context);
  if (!module)
    return std::move(module.error());
  result.module = std::move(*module);
  return result;
}

std::string printLlvm(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

} // namespace ricci
