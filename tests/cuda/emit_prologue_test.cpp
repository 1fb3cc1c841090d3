//===- emit_prologue_test.cpp - operands that a contraction computes -----------------------===//
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

using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

/// Every unit: A or B, in both orders, in sizes that vectors and tiles divide and others. Past the
/// edges 0 is multiplied, not what the operations make of it (a maximum with more).
TEST(EmitPrologue, OfEveryUnit) {
  struct Case {
    const char *stored, *type, *title;
    bool tf32;
    const char *arch = "sm_80";
  };
  EmitOptions options;
  options.emit.processors = 1;
  for (const Case &c : {Case{"i8", "f32", "contract f32 64x64x16 + prologue", false},
                        Case{"f32", "f32", "contract f32 64x64x16 + prologue", false},
                        Case{"i1", "f32", "contract f32 tf32 64x64x16 + prologue", true},
                        Case{"f32", "f64", "contract f64 64x64x16 + prologue", false},
                        Case{"i16", "f64", "contract f64 64x64x16 + prologue", false, "sm_90a"},
                        Case{"i8", "f16", "contract f16 64x64x64 + prologue", false, "sm_90a"},
                        Case{"i1", "f32", "contract f32 tf32 64x64x32 + prologue", true, "sm_90a"},
                        Case{"i8", "f16", "contract f16 64x64x32 + prologue", false},
                        Case{"ui8", "bf16", "contract bf16 64x64x32 + prologue", false}})
    for (int order : {0, 1, 2, 3})
      for (bool second : {false, true}) {
        bool isFirst = c.type != std::string("f64") && !c.tf32 && c.stored == std::string("i8");
        if (!isFirst && order % 3 != 0)
          continue; // all orders for some types
        options.seed += 1;
        options.arch = c.arch;
        options.emit.allowTf32 = c.tf32;
        options.unaligned = options.seed % 3 == 0;
        bool isOdd = options.seed % 2;
        std::string text = isOdd ? computedProduct(order, second, 61, 63, 71, c.stored, c.type)
                                 : computedProduct(order, second, 64, 64, 64, c.stored, c.type);
        EXPECT_THAT(expectEmulated(text, options), ElementsAre(c.title)) << text;
        options.disorder = true; // perhaps without a prologue: operands have any strides
        if (isFirst && isOdd)
          expectEmulated(text, options);
        options.disorder = false;
        if (HasFailure())
          return;
      }
}

TEST(EmitPrologue, WithAnEpilogue) {
  for (const char *type : {"f32", "f16"})
    for (bool second : {false, true})
      EXPECT_THAT(expectEmulated(computedProduct(0, second, 61, 63, 71, "i8", type, true)),
                  ElementsAre(EndsWith(" + epilogue + prologue")));
}

/// What has no tiles computes its operand too; an element that many products share is stored.
TEST(EmitPrologue, OfNarrowProducts) {
  EXPECT_THAT(expectEmulated(computedProduct(0, true, 4, 300, 300, "i8", "f32")),
              ElementsAre(EndsWith("+ prologue")));
  EXPECT_THAT(expectEmulated(computedProduct(0, true, 3, 300, 300, "i8", "f32")),
              ElementsAre(StartsWith("fused"), StartsWith("fused")));
  EXPECT_THAT(expectEmulated(computedProduct(0, true, 300, 30, 40, "i8", "f32")),
              ElementsAre(StartsWith("fused"), StartsWith("contract")));
}

} // namespace
} // namespace ricci::test
