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

/// Every type, the labels in one order or another, in sizes that are no multiples of tiles.
TEST(EmitContract, MatricesOfEveryType) {
  const char *equations[] = {"ij,jk->ik", "ji,kj->ik", "ij,kj->ki"};
  uint64_t seed = 0;
  for (const char *type : {"i1", "i8", "i16", "i32", "i64", "ui8", "ui16", "ui32", "ui64", "f16",
                           "bf16", "f32", "f64", "complex<f32>", "complex<f64>"})
    for (bool disorder : {false, true}) {
      const char *equation = equations[++seed % 3];
      EmitOptions options;
      options.seed = seed;
      options.disorder = disorder;
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

/// 16-bit floats on matrix units: every tile, runs of elements along either side and none, at any
/// address.
TEST(EmitContract, MatrixUnits) {
  struct Case {
    int64_t m, n, k;
    const char *tile;
  };
  const Case cases[] = {
      {1408, 1536, 8, "128x128x32"}, {1536, 704, 8, "128x64x32"}, {704, 1536, 8, "64x128x32"},
      {700, 700, 40, "64x64x32"},    {384, 704, 17, "32x64x32"},  {640, 416, 72, "64x32x32"},
      {200, 104, 48, "32x32x32"},
  };
  uint64_t seed = 0;
  for (const Case &c : cases)
    for (const char *equation : {"ij,jk->ik", "ji,kj->ik"}) {
      bool turned = equation[0] == 'j';
      if (turned == (c.m > c.n) && c.m * c.n > 500 * 700)
        continue; // large ones once
      EmitOptions options;
      options.seed = ++seed;
      options.unaligned = seed % 3 == 0;
      EXPECT_THAT(expectEmulated(einsum(equation,
                                        turned ? matrix(c.k, c.m, "f16") : matrix(c.m, c.k, "f16"),
                                        turned ? matrix(c.n, c.k, "f16") : matrix(c.k, c.n, "f16"),
                                        matrix(c.m, c.n, "f32")),
                                 options),
                  ElementsAre("contract f16 f16 f32 " + std::string(c.tile)));
      if (HasFailure())
        return;
    }
  EmitOptions options;
  options.tolerance = 2e-2;
  for (const char *type : {"f16", "bf16"}) {
    expectEmulated(
        einsum("ij,jk->ik", matrix(70, 90, type), matrix(90, 60, type), matrix(70, 60, type)),
        options);
    expectEmulated(einsum("bhid,bhjd->bhij", fmt::format("2x3x24x16x{}", type),
                          fmt::format("2x3x32x16x{}", type), fmt::format("2x3x24x32x{}", type)),
                   options);
  }
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

/// Parts of a sum first, then their sum.
TEST(EmitContract, LongSums) {
  EXPECT_THAT(expectEmulated(einsum("ij,jk->ik", "6x4096xi32", "4096x7xi32", "6x7xi32")),
              ElementsAre("contract i32 32x32x16", HasSubstr("fused")));
  EXPECT_THAT(expectEmulated(einsum("i,i->", "150000xf16", "150000xf16", "f16")),
              ElementsAre("fused rows f32", HasSubstr("fused")));
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
