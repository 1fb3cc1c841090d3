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
using testing::HasSubstr;

std::string einsum(const std::string &equation, const std::string &a, const std::string &b,
                   const std::string &c, bool accumulate = false) {
  return fmt::format(R"(func.func @main(%a: tensor<{1}>, %b: tensor<{2}>) -> tensor<{3}>{4} {{
  %0 = ricci.einsum "{0}" ins(%a, %b : tensor<{1}>, tensor<{2}>) -> tensor<{3}>
  return %0 : tensor<{3}>
}}
)",
                     equation, a, b, c, accumulate ? " attributes {ricci.accumulate}" : "");
}

std::string matrix(int64_t rows, int64_t columns, const std::string &type) {
  return fmt::format("{}x{}x{}", rows, columns, type);
}

/// Every type, along every order of labels, in sizes that are no multiples of tiles.
TEST(EmitContract, MatricesOfEveryType) {
  uint64_t seed = 0;
  for (const char *type : {"i1", "i8", "i16", "i32", "i64", "ui8", "ui16", "ui32", "ui64", "f16",
                           "bf16", "f32", "f64", "complex<f32>", "complex<f64>"})
    for (const char *equation : {"ij,jk->ik", "ji,kj->ik", "ij,kj->ki"}) {
      EmitOptions options;
      options.seed = ++seed;
      options.disorder = seed % 2;
      bool turnedA = equation[0] == 'j', turnedB = equation[3] == 'k';
      auto titles =
          expectEmulated(einsum(equation, turnedA ? matrix(33, 37, type) : matrix(37, 33, type),
                                turnedB ? matrix(41, 33, type) : matrix(33, 41, type),
                                equation[7] == 'k' ? matrix(41, 37, type) : matrix(37, 41, type)),
                         options);
      // In disorder an operand may be the same along a label.
      EXPECT_TRUE(options.disorder || titles[0].starts_with("contract")) << titles[0];
      if (HasFailure())
        return;
    }
}

/// Each tile once: shapes that choose it.
TEST(EmitContract, EveryTile) {
  struct Case {
    const char *type;
    int64_t m, n, k;
    const char *title;
  };
  const Case cases[] = {
      {"f32", 1408, 1536, 9, "contract f32 128x128x8"},
      {"f32", 1536, 704, 8, "contract f32 128x64x8"},
      {"f32", 704, 1536, 8, "contract f32 64x128x8"},
      {"f32", 700, 700, 17, "contract f32 64x64x16"},
      {"f32", 384, 700, 17, "contract f32 32x64x16"},
      {"f32", 640, 416, 17, "contract f32 64x32x16"},
      {"f32", 200, 200, 17, "contract f32 32x32x16"},
      {"f32", 16, 2000, 17, "contract f32 16x64x16"},
      {"f32", 2000, 16, 17, "contract f32 64x16x16"},
      {"f64", 700, 700, 9, "contract f64 64x64x8"},
  };
  for (const Case &c : cases)
    EXPECT_THAT(expectEmulated(einsum("ij,jk->ik", matrix(c.m, c.k, c.type),
                                      matrix(c.k, c.n, c.type), matrix(c.m, c.n, c.type))),
                ElementsAre(c.title));
}

/// Batches, groups of several labels, broadcast axes, operands of other types.
TEST(EmitContract, Labels) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    EmitOptions options;
    options.seed = seed;
    options.disorder = true;
    expectEmulated(einsum("bhid,bhjd->bhij", "2x3x9x8xf32", "2x3x11x8xf32", "2x3x9x11xf32"),
                   options);
    expectEmulated(einsum("aebf,dfce->abcd", "5x3x6x7xf32", "4x7x5x3xf32", "5x6x5x4xf32"), options);
    expectEmulated(einsum("ij,jk->ik", "40x21xf16", "21x30xf32", "40x30xf32"), options);
    expectEmulated(einsum("ij,jk->ik", "40x21xf32", "21x30xf32", "40x30xf16"), options);
    expectEmulated(einsum("ij,jk->ik", "40x21xi8", "21x30xi16", "40x30xf64"), options);
    expectEmulated(einsum("ij,jk->ik", "40x21xi32", "21x30xcomplex<f32>", "40x30xcomplex<f64>"),
                   options);
  }
}

TEST(EmitContract, Accumulates) {
  for (const char *type : {"f32", "f16", "complex<f64>"}) {
    EXPECT_THAT(expectEmulated(einsum("ij,jk->ik", matrix(40, 21, type), matrix(21, 30, type),
                                      matrix(40, 30, type), true)),
                ElementsAre(HasSubstr("contract")));
    EXPECT_THAT(expectEmulated(einsum("ij,j->i", matrix(40, 21, type), fmt::format("21x{}", type),
                                      fmt::format("40x{}", type), true)),
                ElementsAre(HasSubstr("fused")));
  }
}

/// What is no contraction: sums, diagonals, products without sums, vectors.
TEST(EmitContract, OtherProducts) {
  for (const char *type : {"f32", "i8", "bf16", "i1"}) {
    auto one = [&](const char *extent) { return fmt::format("{}x{}", extent, type); };
    expectEmulated(einsum("ij,ij->i", matrix(9, 50, type), matrix(9, 50, type), one("9")));
    expectEmulated(einsum("ij,ij->j", matrix(50, 9, type), matrix(50, 9, type), one("9")));
    expectEmulated(einsum("ii,i->i", matrix(9, 9, type), one("9"), one("9")));
    expectEmulated(einsum("i,j->ji", one("9"), one("40"), matrix(40, 9, type)));
    expectEmulated(einsum("i,i->", one("700"), one("700"), type));
    expectEmulated(einsum("ij,jk->ik", matrix(0, 5, type), matrix(5, 7, type), matrix(0, 7, type)));
    expectEmulated(
        einsum("ij,jk->ik", matrix(20, 0, type), matrix(0, 30, type), matrix(20, 30, type)));
  }
}

} // namespace
} // namespace ricci::test
