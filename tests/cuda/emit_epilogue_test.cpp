//===- emit_epilogue_test.cpp - what follows a contraction in its kernel -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/contractions.h"
#include "tests/cuda/emit_harness.h"

#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// Every unit and type: sizes that vectors divide and others, operands of rows, columns and both.
TEST(EmitEpilogue, OfEveryUnit) {
  struct Case {
    const char *type, *title;
    bool tf32;
    const char *arch = "sm_80";
  };
  EmitOptions options;
  options.emit.processors = 1;
  for (const Case &c : {Case{"f32", "contract f32 64x64x16 + epilogue", false},
                        Case{"f32", "contract f32 tf32 64x64x16 + epilogue", true},
                        Case{"f64", "contract f64 64x64x16 + epilogue", false},
                        Case{"f64", "contract f64 64x64x16 + epilogue", false, "sm_90a"},
                        Case{"f16", "contract f16 64x64x64 + epilogue", false, "sm_90a"},
                        Case{"f32", "contract f32 tf32 64x64x32 + epilogue", true, "sm_90a"},
                        Case{"f16", "contract f16 64x64x32 + epilogue", false},
                        Case{"bf16", "contract bf16 64x64x32 + epilogue", false},
                        Case{"i16", "contract i16 64x64x16 + epilogue", false},
                        Case{"ui64", "contract u64 64x64x8 + epilogue", false}})
    for (bool isOdd : {false, true}) {
      options.seed += 1;
      options.arch = c.arch;
      options.emit.allowTf32 = c.tf32;
      options.unaligned = options.seed % 3 == 0;
      std::string text =
          isOdd ? productAndEpilogue(61, 63, 37, c.type) : productAndEpilogue(56, 64, 40, c.type);
      EXPECT_THAT(expectEmulated(text, options), ElementsAre(c.title));
      options.disorder = isOdd;
      expectEmulated(text, options);
      options.disorder = false;
    }
}

/// The same numbers as by two kernels: sums are rounded to the type before what follows, which
/// shows from 256 on in bf16.
TEST(EmitEpilogue, RoundsAsTwoKernelsDo) {
  for (int64_t depth : {480, 501})
    EXPECT_THAT(expectEmulated(productAndEpilogue(40, 48, depth, "bf16")),
                ElementsAre(EndsWith("+ epilogue")));
}

/// What has no tiles has its epilogue too.
TEST(EmitEpilogue, OfSmallProducts) {
  for (const char *type : {"f32", "f16", "i32", "complex<f64>"}) {
    std::string t = type;
    EXPECT_THAT(expectEmulated(fmt::format(R"(func.func @main(
    %a: tensor<9x50x{0}>, %b: tensor<50x{0}>, %c: tensor<9x{0}>) -> tensor<9x{0}> {{
  %0 = ricci.einsum "ij,j->i" ins(%a, %b : tensor<9x50x{0}>, tensor<50x{0}>) -> tensor<9x{0}>
  %1 = ricci.elementwise multiply(%0, %c) : (tensor<9x{0}>, tensor<9x{0}>) -> tensor<9x{0}>
  %2 = ricci.elementwise add(%1, %0) : (tensor<9x{0}>, tensor<9x{0}>) -> tensor<9x{0}>
  return %2 : tensor<9x{0}>
}})",
                                           t)),
                ElementsAre(StartsWith("fused")));
    EXPECT_THAT(expectEmulated(fmt::format(R"(func.func @main(
    %a: tensor<9x{0}>, %b: tensor<5x{0}>, %c: tensor<9x5x{0}>) -> tensor<9x5x{0}> {{
  %0 = ricci.einsum "i,j->ij" ins(%a, %b : tensor<9x{0}>, tensor<5x{0}>) -> tensor<9x5x{0}>
  %1 = ricci.elementwise subtract(%c, %0) : (tensor<9x5x{0}>, tensor<9x5x{0}>) -> tensor<9x5x{0}>
  return %1 : tensor<9x5x{0}>
}})",
                                           t)),
                ElementsAre(StartsWith("fused")));
  }
}

/// In batches, of operands that lack the batch's axis or the rows'; the operands of the product
/// again.
TEST(EmitEpilogue, InBatches) {
  const char *text = R"(func.func @main(
    %a: tensor<3x24x24xf32>, %b: tensor<3x24x24xf32>, %c: tensor<24xf32>, %d: tensor<3x1x1xf32>)
    -> tensor<3x24x24xf32> {
  %0 = ricci.einsum "bij,bjk->bik" ins(%a, %b : tensor<3x24x24xf32>, tensor<3x24x24xf32>)
      -> tensor<3x24x24xf32>
  %1 = ricci.elementwise add(%0, %a)
      : (tensor<3x24x24xf32>, tensor<3x24x24xf32>) -> tensor<3x24x24xf32>
  %2 = ricci.elementwise multiply(%1, %c)
      : (tensor<3x24x24xf32>, tensor<24xf32>) -> tensor<3x24x24xf32>
  %3 = ricci.elementwise subtract(%2, %d)
      : (tensor<3x24x24xf32>, tensor<3x1x1xf32>) -> tensor<3x24x24xf32>
  return %3 : tensor<3x24x24xf32>
})";
  EXPECT_THAT(expectEmulated(text), ElementsAre(EndsWith("+ epilogue")));
  // An operand may be the same along a label then.
  EmitOptions options;
  options.disorder = true;
  EXPECT_THAT(expectEmulated(text, options), testing::SizeIs(1));
}

/// Sums that someone else reads, at another place or besides, are stored.
TEST(EmitEpilogue, NotWhereTheSumsAreNeeded) {
  EXPECT_THAT(expectEmulated(R"(func.func @main(%a: tensor<30x30xf32>)
    -> (tensor<30x30xf32>, tensor<30xf32>) {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %a : tensor<30x30xf32>, tensor<30x30xf32>) -> tensor<30x30xf32>
  %1 = ricci.elementwise add(%0, %a) : (tensor<30x30xf32>, tensor<30x30xf32>) -> tensor<30x30xf32>
  %2 = ricci.reduce sum %0 dims = [0] : tensor<30x30xf32> -> tensor<30xf32>
  return %1, %2 : tensor<30x30xf32>, tensor<30xf32>
})"),
              testing::Contains(AllOf(HasSubstr("contract"), testing::Not(HasSubstr("epilogue")))));
}

} // namespace
} // namespace ricci::test
