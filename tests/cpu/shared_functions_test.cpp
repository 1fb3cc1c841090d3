//===- shared_functions_test.cpp - what is compiled at build time ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels run with prebuilt functions in contract_kernels_test.cpp, on every level that has any.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/shared_functions.h"

#include "compiler/cpu/emit.h"
#include "compiler/ir/context.h"
#include "compiler/prebuilt.h"
#include "tests/cpu/kernel_harness.h"
#include "tests/cpu/launch_harness.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::IsEmpty;

mlir::OwningOpRef<mlir::ModuleOp> moduleOf(mlir::MLIRContext &context, const KernelSpec &spec,
                                           const Target &target) {
  mlir::OwningOpRef<mlir::ModuleOp> module(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context)));
  emitKernel(*module, spec, target);
  return module;
}

/// The functions of a kernel that are still to be compiled, its entry left out.
std::vector<std::string> ownFunctions(const KernelSpec &spec, const Target &target) {
  auto context = makeContext();
  auto module = moduleOf(*context, spec, target);
  usePrebuilt(*module, spec.name(), target, prebuiltFunctions());
  std::vector<std::string> names;
  for (auto function : module->getOps<mlir::func::FuncOp>())
    if (function.isPrivate() && !function.isExternal())
      names.push_back(function.getName().str());
  return names;
}

TEST(PrebuiltFunctions, areAllThatContractionsOfFloatsShare) {
  for (const char *level : kPrebuiltLevels)
    for (DType type : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::c64, DType::c128})
      for (Packing packing :
           {Packing::AlongRows, Packing::AlongK, Packing::Across, Packing::Gather})
        for (int panels = 0; panels < 2; ++panels) {
          KernelSpec spec = contractSpec({type, type}, type, targetOf(level));
          spec.packing[0] = packing == Packing::Across ? Packing::AlongK : packing;
          spec.packing[1] = panels ? packing : spec.packing[0];
          spec.panels = panels;
          spec.streams = panels && (type == DType::f32 || type == DType::f64);
          EXPECT_THAT(ownFunctions(spec, targetOf(level)), IsEmpty()) << level << spec.name();
        }
}

TEST(PrebuiltFunctions, comeInPairsWhereTheCpuMultipliesPairs) {
  const Target &target = targetOf("znver4");
  KernelSpec spec = contractSpec({DType::bf16, DType::bf16}, DType::f32, target);
  spec.pairs = true;
  EXPECT_THAT(ownFunctions(spec, target), IsEmpty());
}

TEST(PrebuiltFunctions, areNotForOtherLevelsAndTypes) {
  KernelSpec spec = contractSpec({DType::f32, DType::f32}, DType::f32, targetOf("x86-64"));
  EXPECT_THAT(ownFunctions(spec, targetOf("x86-64")), testing::Contains("fill_runs"));
  const Target &target = targetOf("x86-64-v3");
  spec = contractSpec({DType::i8, DType::i8}, DType::i8, target);
  EXPECT_THAT(ownFunctions(spec, target), testing::ElementsAre("pack_i8_as_i16_gather"));
}

// What nothing calls any more is not linked, and a function that is missing is named.
TEST(PrebuiltFunctions, areLinkedByName) {
  const Target &target = targetOf("x86-64-v3");
  KernelSpec spec = contractSpec({DType::f32, DType::f32}, DType::f32, target);
  auto context = makeContext();
  auto module = moduleOf(*context, spec, target);
  auto prebuilt = usePrebuilt(*module, spec.name(), target, prebuiltFunctions());
  ASSERT_TRUE(succeeded(lowerLoopsToLLVM(*module, target)));
  auto optimized = translateAndOptimize(*module, target);
  ASSERT_TRUE(bool(optimized));
  auto object = emitObject(*optimized->module, target);
  ASSERT_TRUE(bool(object));
  auto image = linkImage(*object, prebuilt);
  ASSERT_TRUE(bool(image)) << image.error().render();
  auto missing = linkImage(*object, llvm::ArrayRef(prebuilt).drop_front());
  ASSERT_FALSE(bool(missing));
  EXPECT_THAT(missing.error().message, testing::HasSubstr(std::string(prebuilt[0].name)));
}

} // namespace
} // namespace ricci::test
