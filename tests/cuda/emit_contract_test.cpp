//===- emit_contract_test.cpp - contractions as CUDA C++, on the emulator -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/contractions.h"
#include "tests/cuda/emit_harness.h"
#include "tests/cuda/emulated.h"

#include <cmath>
#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

/// How a test reaches each tile: on a GPU of one processor the largest that the sizes fill.
struct TileCase {
  const char *type, *result, *tile;
  int64_t m, n, k;
  const char *arch = "sm_80";
};
void PrintTo(const TileCase &c, std::ostream *out) { *out << c.type << " " << c.tile; }

class EmitContractTile : public testing::TestWithParam<TileCase> {
protected:
  static EmitOptions options(uint64_t seed) {
    EmitOptions options;
    options.arch = GetParam().arch;
    options.seed = seed;
    options.emit.processors = 1;
    options.emit.allowTf32 = true;
    return options;
  }
  std::string type() const {
    return GetParam().type == std::string("tf32") ? "f32" : GetParam().type;
  }
  std::string title() const { return std::string("contract ") + GetParam().tile; }
};

/// Sizes that no vector divides, at addresses that are multiples of one element: element by
/// element.
TEST_P(EmitContractTile, OddSizes) {
  const TileCase &c = GetParam();
  int order = int(c.m + c.n) % 4;
  EmitOptions odd = options(uint64_t(c.m));
  odd.unaligned = true;
  EXPECT_THAT(expectEmulated(product(order, c.m, c.n, c.k, type(), c.result), odd),
              ElementsAre(title()));
}

/// Sizes and strides that vectors divide, in every order; where addresses do, and where not.
TEST_P(EmitContractTile, Vectors) {
  const TileCase &c = GetParam();
  EmitOptions aligned = options(uint64_t(c.n));
  EmitOptions unaligned = aligned;
  unaligned.unaligned = true;
  for (int order : {int(c.m + c.n + 1) % 4, int(c.m + c.n + 3) % 4})
    for (const EmitOptions &options : {aligned, unaligned})
      EXPECT_THAT(expectEmulated(product(order, (c.m + 7) / 8 * 8, (c.n + 7) / 8 * 8,
                                         (c.k + 7) / 8 * 8, type(), c.result),
                                 options),
                  ElementsAre(title()));
}

INSTANTIATE_TEST_SUITE_P(
    Scalar, EmitContractTile,
    testing::Values(TileCase{"i32", "i32", "i32 128x128x8", 249, 123, 37},
                    TileCase{"i32", "i32", "i32 128x64x8", 125, 59, 9},
                    TileCase{"i32", "i32", "i32 64x128x8", 61, 125, 8},
                    TileCase{"i32", "i32", "i32 64x64x16", 61, 62, 70},
                    TileCase{"i32", "i32", "i32 32x64x16", 29, 59, 17},
                    TileCase{"i32", "i32", "i32 64x32x16", 61, 29, 33},
                    TileCase{"i32", "i32", "i32 32x32x16", 29, 31, 17},
                    TileCase{"i32", "i32", "i32 16x64x16", 13, 61, 17},
                    TileCase{"i32", "i32", "i32 64x16x16", 61, 13, 100},
                    TileCase{"complex<f32>", "complex<f32>", "c64 64x64x8", 61, 123, 35},
                    TileCase{"complex<f32>", "complex<f32>", "c64 64x32x16", 59, 29, 35},
                    TileCase{"complex<f64>", "complex<f64>", "c128 32x32x8", 31, 59, 35}));
INSTANTIATE_TEST_SUITE_P(
    MatrixUnits, EmitContractTile,
    testing::Values(TileCase{"f16", "f32", "f16 f16 f32 128x128x32", 249, 123, 101},
                    TileCase{"bf16", "f32", "bf16 bf16 f32 128x64x32", 125, 59, 9},
                    TileCase{"f16", "f16", "f16 64x128x32", 61, 125, 41},
                    TileCase{"f16", "f16", "f16 64x64x32", 61, 62, 129},
                    TileCase{"f16", "f32", "f16 f16 f32 32x64x32", 29, 59, 65},
                    TileCase{"bf16", "bf16", "bf16 64x32x32", 61, 29, 17},
                    TileCase{"f16", "f32", "f16 f16 f32 32x32x32", 29, 31, 200},
                    TileCase{"f64", "f64", "f64 64x64x16", 125, 62, 70},
                    TileCase{"f64", "f64", "f64 32x64x16", 29, 59, 17},
                    TileCase{"f64", "f64", "f64 64x32x16", 61, 29, 33},
                    TileCase{"f64", "f64", "f64 32x32x16", 29, 31, 40},
                    TileCase{"tf32", "f32", "f32 tf32 128x128x16", 249, 123, 37},
                    TileCase{"tf32", "f32", "f32 tf32 64x64x16", 61, 62, 70},
                    TileCase{"tf32", "f32", "f32 tf32 32x64x16", 29, 59, 100},
                    TileCase{"tf32", "f32", "f32 tf32 64x32x16", 61, 29, 33}));
INSTANTIATE_TEST_SUITE_P(
    Hopper, EmitContractTile,
    testing::Values(TileCase{"f64", "f64", "f64 64x64x16", 125, 61, 37, "sm_90a"},
                    TileCase{"f64", "f64", "f64 32x64x16", 29, 59, 17, "sm_90a"},
                    TileCase{"f16", "f32", "f16 f16 f32 128x128x64", 249, 125, 301, "sm_90a"},
                    TileCase{"bf16", "bf16", "bf16 128x128x64", 121, 123, 300, "sm_90a"},
                    TileCase{"f16", "f16", "f16 64x128x64", 61, 125, 41, "sm_90a"},
                    TileCase{"bf16", "f32", "bf16 bf16 f32 128x64x64", 127, 61, 127, "sm_90a"},
                    TileCase{"f16", "f16", "f16 64x64x64", 29, 31, 400, "sm_90a"},
                    TileCase{"tf32", "f32", "f32 tf32 256x128x32", 253, 125, 301, "sm_90a"},
                    TileCase{"tf32", "f32", "f32 tf32 128x128x32", 121, 123, 70, "sm_90a"},
                    TileCase{"tf32", "f32", "f32 tf32 64x64x32", 61, 62, 100, "sm_90a"}));

/// A and B are contiguous along different labels that are summed, B and C along different ones that
/// are kept: both in pieces, if these divide them.
TEST(EmitContract, PiecesOfTwoLabels) {
  auto run = [](const char *equation, int64_t n, const char *type) {
    EmitOptions options;
    options.seed = uint64_t(n);
    std::string tensor = fmt::format("{0}x{0}x{0}x{0}x{1}", n, type);
    expectEmulated(einsum(equation, tensor, tensor, tensor), options);
    auto kernels = emittedKernels(einsum(equation, tensor, tensor, tensor), options);
    return kernels.at(0).source.find("step / 4 % 4 + step % 4 * 4") != std::string::npos;
  };
  for (const char *type : {"f32", "i32", "f64", "complex<f32>"})
    for (const char *equation : {"aebf,dfce->abcd", "aebf,fdec->abcd", "efab,cfed->abcd"}) {
      // In the last one A and B are contiguous along their rows and columns.
      EXPECT_EQ(run(equation, 8, type), equation[0] == 'a') << equation << " " << type;
      EXPECT_FALSE(run(equation, 7, type)) << equation;
    }
}

/// What a kernel gives whose text lacks a piece, on ones: "" where all is right.
std::string outcomeWithout(CudaKernel kernel, const std::string &piece,
                           const std::string &instead) {
  size_t at = kernel.source.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  kernel.source.replace(at, piece.size(), instead);
  kernel.source.replace(kernel.source.find(kernel.name + "("), kernel.name.size(), "k");
  std::vector<float> a(64 * 100, 1), b(100 * 64, 1), c(64 * 64, -1);
  Status s =
      launchText(kernel.source, kernel.grid, {region(a, "a"), region(b, "b"), region(c, "c")});
  if (!s)
    return s.error().message;
  for (float sum : c)
    if (sum != 100)
      return std::isnan(sum) ? "NaN" : "wrong";
  return "";
}

/// The tests see a wait or a barrier that is missing.
TEST(EmitContract, DroppedWaitsAreSeen) {
  EmitOptions options;
  options.emit.processors = 1;
  CudaKernel kernel = emittedKernels(product(0, 64, 64, 100, "f32", "f32"), options).at(0);
  const std::string wait = "waitForCopies<2>();", barrier = "__syncthreads();";
  EXPECT_EQ(outcomeWithout(kernel, wait, wait), "");
  EXPECT_NE(outcomeWithout(kernel, wait, ""), "");
  EXPECT_NE(outcomeWithout(kernel, wait, "waitForCopies<3>();"), "");
  EXPECT_THAT(outcomeWithout(kernel, barrier, ""), HasSubstr("without a barrier between"));
  EXPECT_NE(outcomeWithout(kernel, "else commitCopies();", ""), "");
  EXPECT_NE(outcomeWithout(kernel, "now == 0 ? 3 : now - 1", "now"), "");
}

/// The largest tile of 16-bit floats is of vectors alone; in every order, also at odd addresses.
TEST(EmitContract, LargestTileOfHopper) {
  for (int order : {0, 1, 2, 3})
    for (bool unaligned : {false, true}) {
      EmitOptions options;
      options.arch = "sm_90a";
      options.seed = uint64_t(order);
      options.unaligned = unaligned;
      options.emit.processors = 1;
      EXPECT_THAT(expectEmulated(product(order, 120, 504, 296, "f16", "f16"), options),
                  ElementsAre("contract f16 128x256x64"));
    }
}

/// Also those of products that are on their way.
TEST(EmitContract, DroppedWaitsForProductsAreSeen) {
  EmitOptions options;
  options.emit.processors = 1;
  options.arch = "sm_90a";
  CudaKernel kernel = emittedKernels(product(0, 64, 64, 320, "f16", "f32"), options).at(0);
  auto outcome = [&](const std::string &piece, const std::string &instead) {
    std::string text = kernel.source;
    size_t at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    text.replace(at, piece.size(), instead);
    text.replace(text.find(kernel.name + "("), kernel.name.size(), "k");
    constexpr uint16_t kOne = 0x3c00;
    std::vector<uint16_t> a(64 * 320, kOne), b(320 * 64, kOne);
    std::vector<float> c(64 * 64, -1);
    Status s = launchText(text, kernel.grid, {region(a, "a"), region(b, "b"), region(c, "c")});
    return !s ? s.error().message : c == std::vector<float>(64 * 64, 320) ? "" : "wrong";
  };
  const std::string wait = "waitForProducts<1>();", all = "waitForProducts<0>();",
                    barrier = "__syncthreads();";
  EXPECT_EQ(outcome(wait, wait), "");
  EXPECT_NE(outcome(wait, "waitForProducts<2>();"), "");
  EXPECT_THAT(outcome(all, ""), HasSubstr("never waited for"));
  EXPECT_NE(outcome("commitProducts();", ""), "");
  EXPECT_THAT(outcome(barrier, ""), HasSubstr("without a barrier between"));
  EXPECT_NE(outcome("now + 2 : now - 2", "now + 1 : now - 2"), "");
  EXPECT_THAT(outcome("extern __shared__ __align__(1024) char shared[];",
                      "extern __shared__ __align__(1024) char bytes[]; char *shared = bytes + 16;"),
              HasSubstr("where its rows"));
}

/// On a large GPU small results have small tiles.
TEST(EmitContract, TilesFillTheGpu) {
  EXPECT_THAT(expectEmulated(product(0, 200, 200, 17, "f32", "f32")),
              ElementsAre("contract f32 32x32x16"));
  EXPECT_THAT(expectEmulated(product(0, 300, 640, 17, "f32", "f32")),
              ElementsAre("contract f32 32x64x16"));
}

/// f32 on matrix units only where that is asked for, with what it costs.
TEST(EmitContract, Tf32IsAskedFor) {
  EmitOptions options;
  options.tolerance = 1e-5;
  std::string text = product(0, 70, 90, 60, "f32", "f32");
  EXPECT_THAT(expectEmulated(text, options), ElementsAre("contract f32 32x32x16"));
  options.emit.allowTf32 = true;
  options.tolerance = 2e-3;
  EXPECT_THAT(expectEmulated(text, options), ElementsAre("contract f32 tf32 32x32x16"));
}

/// Fractions in 16 bits, in batches.
TEST(EmitContract, HalfFractions) {
  EmitOptions options;
  options.tolerance = 2e-2;
  for (const char *type : {"f16", "bf16"}) {
    expectEmulated(product(0, 70, 60, 90, type, type), options);
    expectEmulated(einsum("bhid,bhjd->bhij", fmt::format("2x3x24x16x{}", type),
                          fmt::format("2x3x32x16x{}", type), fmt::format("2x3x24x32x{}", type)),
                   options);
  }
}

/// Indices of 64 bits, which large tensors need.
TEST(EmitContract, WideIndices) {
  EmitOptions options;
  options.emit.wideIndices = true;
  for (const char *type : {"f32", "f64", "f16", "i8"}) {
    options.seed += 1;
    expectEmulated(product(int(options.seed % 4), 70, 40, 56, type, type), options);
    expectEmulated(einsum("aebf,dfce->abcd", fmt::format("5x3x6x7x{}", type),
                          fmt::format("4x7x5x3x{}", type), fmt::format("5x6x5x4x{}", type)),
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
  // No length divides a prime.
  EXPECT_THAT(expectEmulated(einsum("ij,jk->ik", "6x4099xi32", "4099x7xi32", "6x7xi32")),
              ElementsAre(HasSubstr("fused"), "contract i32 32x32x16", HasSubstr("fused")));
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
