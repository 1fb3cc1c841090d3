//===- emit_contract_test.cpp - contractions as CUDA C++, on the emulator -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emit_harness.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::ElementsAre;

std::string einsum(const std::string &equation, const std::string &a, const std::string &b,
                   const std::string &c, bool accumulate = false) {
  return fmt::format(R"(func.func @main(%a: tensor<{1}>, %b: tensor<{2}>) -> tensor<{3}>{4} {{
  %0 = ricci.einsum "{0}" ins(%a, %b : tensor<{1}>, tensor<{2}>) -> tensor<{3}>
  return %0 : tensor<{3}>
}}
)",
                     equation, a, b, c, accumulate ? " attributes {ricci.accumulate}" : "");
}

TEST(EmitContract, Matrices) {
  EXPECT_THAT(expectEmulated(einsum("ij,jk->ik", "70x33xf32", "33x65xf32", "70x65xf32")),
              ElementsAre("contract f32 64x64x16"));
}

} // namespace
} // namespace ricci::test
