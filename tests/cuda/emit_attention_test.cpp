//===- emit_attention_test.cpp - attention as CUDA C++, on the emulator -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/attentions.h"
#include "tests/cuda/emit_harness.h"
#include "tests/cuda/emulated.h"

#include <cmath>
#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// The oracle rounds to the type after each operation, the kernel does not.
double toleranceOf(const std::string &type) {
  return type == "f32" ? 2e-6 : type == "f16" ? 4e-3 : 3e-2;
}

EmitOptions optionsFor(const AttentionCase &c, uint64_t seed = 1) {
  EmitOptions options;
  options.seed = seed;
  options.tolerance = toleranceOf(c.type);
  options.scale = 0.5;
  return options;
}

/// By warps, and of 16-bit floats also by groups of four.
void expectAttention(const AttentionCase &c, EmitOptions options) {
  for (const char *arch : {"sm_80", "sm_90a"}) {
    options.arch = arch;
    EXPECT_THAT(expectEmulated(attention(c), options), ElementsAre(StartsWith("attention ")));
    if (c.type == "f32")
      return;
  }
}

/// Sizes that are multiples of tiles, or of nothing.
TEST(EmitAttention, Sizes) {
  const AttentionCase cases[] = {
      {"f16", 2, 64, 128, 64, 64}, {"bf16", 1, 70, 100, 40, 33}, {"f16", 1, 16, 16, 5, 7},
      {"f16", 3, 33, 65, 80, 128}, {"bf16", 1, 130, 17, 128, 1}, {"f16", 1, 17, 130, 33, 20},
      {"f16", 1, 20, 70, 1, 16},   {"f32", 2, 64, 64, 64, 64},   {"f32", 1, 70, 100, 40, 33},
      {"f32", 1, 16, 16, 5, 7},    {"f32", 2, 33, 65, 80, 128},  {"f32", 1, 20, 70, 1, 32},
  };
  uint64_t seed = 0;
  for (const AttentionCase &c : cases) {
    expectAttention(c, optionsFor(c, ++seed));
    EmitOptions unaligned = optionsFor(c, ++seed);
    unaligned.unaligned = true;
    expectAttention(c, unaligned);
    if (HasFailure())
      return;
  }
}

/// On a GPU of one processor tiles are as large as they can be.
TEST(EmitAttention, LargeTiles) {
  for (AttentionCase c :
       {AttentionCase{"f16", 1, 150, 140, 64, 64}, AttentionCase{"bf16", 1, 128, 300, 96, 64}}) {
    EmitOptions options = optionsFor(c);
    options.emit.processors = 1;
    EXPECT_THAT(expectEmulated(attention(c), options),
                ElementsAre(fmt::format("attention {} 128x64", c.type)));
    options.arch = "sm_90a";
    EXPECT_THAT(expectEmulated(attention(c), options),
                ElementsAre(fmt::format("attention {} 128x{}", c.type, c.depth > 64 ? 128 : 64)));
    options.emit.wideIndices = true;
    expectAttention(c, options);
  }
}

/// Groups of four warps: rings of three and four tiles that go round, K and V contiguous along the
/// keys in lines of several pieces, and logits that need other tiles.
TEST(EmitAttention, LargeTilesOfGroups) {
  EmitOptions options = optionsFor({"f16"});
  options.emit.processors = 1;
  options.arch = "sm_90a";
  auto expectTitle = [&](const AttentionCase &c, const char *tile) {
    EXPECT_THAT(expectEmulated(attention(c), options),
                ElementsAre(fmt::format("attention {} {}", c.type, tile)));
  };
  expectTitle({"f16", 1, 128, 330, 48, 32}, "128x64");
  expectTitle({"f16", 1, 130, 650, 128, 80}, "128x128");
  expectTitle({"f16", 1, 128, 128, 96, 128}, "128x128");
  AttentionCase alongKeys{"f16", 1, 128, 392, 112, 128};
  alongKeys.first = "bid,bdj->bij", alongKeys.second = "bij,bcj->bic";
  expectTitle(alongKeys, "128x128");
  AttentionCase masked{"f16", 1, 128, 330, 128, 128};
  masked.arguments = ", %bias: tensor<330xT>";
  masked.logits = "%t = ricci.elementwise add(%s, %bias) : (S, tensor<330xT>) -> S\n";
  options.scale = 0.2;
  expectTitle(masked, "128x64");
}

/// The labels in any order, operands that others share, and any strides.
TEST(EmitAttention, Layouts) {
  uint64_t seed = 0;
  for (const char *first : {"bid,bjd->bij", "bid,bdj->bij", "jbd,bdi->bij", "bid,jd->bij"})
    for (const char *second : {"bij,bjc->bic", "bij,bcj->bci", "bij,jbc->icb"}) {
      const char *types[] = {"f16", "f32", "bf16", "f32"};
      AttentionCase c{types[seed % 4], 2, 24, 40, 16, 24};
      c.first = first, c.second = second;
      EmitOptions options = optionsFor(c, ++seed);
      expectAttention(c, options);
      options.disorder = true;
      // An operand may be the same along its keys or be read backwards: then there is no attention.
      options.arch = seed % 3 == 0 ? "sm_90a" : "sm_80";
      expectEmulated(attention(c), options);
      if (HasFailure())
        return;
    }
}

/// Of f16 the result in f32.
TEST(EmitAttention, WideResult) {
  AttentionCase c{"f16", 2, 20, 30, 16, 16};
  c.result = "f32";
  EXPECT_THAT(expectEmulated(attention(c), optionsFor(c)),
              ElementsAre("attention f16 f16 f32 64x64"));
}

/// A bias by keys, a factor by rows, a mask of all, positions.
AttentionCase withLogits(const std::string &type) {
  AttentionCase c{type, 2, 40, 70, 16, 24};
  c.arguments = fmt::format(", %bias: tensor<{1}xT>, %f: tensor<{0}x1xT>, %mask: "
                            "tensor<2x{0}x{1}xi1>",
                            c.rows, c.keys);
  c.logits = fmt::format(R"(%1 = ricci.elementwise multiply(%s, %f) : (S, tensor<{0}x1xT>) -> S
  %2 = ricci.elementwise add(%1, %bias) : (S, tensor<{1}xT>) -> S
  %i = ricci.iota : tensor<{0}xi64>
  %i1 = ricci.reshape %i : tensor<{0}xi64> -> tensor<{0}x1xi64>
  %j = ricci.iota : tensor<{1}xi64>
  %3 = ricci.elementwise greater_equal(%i1, %j) : (tensor<{0}x1xi64>, tensor<{1}xi64>) -> tensor<{0}x{1}xi1>
  %4 = ricci.elementwise maximum(%3, %mask) : (tensor<{0}x{1}xi1>, tensor<2x{0}x{1}xi1>) -> tensor<2x{0}x{1}xi1>
  %inf = ricci.constant dense<{2}> : tensor<T>
  %t = ricci.elementwise where(%4, %2, %inf) : (tensor<2x{0}x{1}xi1>, S, tensor<T>) -> S
)",
                         c.rows, c.keys,
                         type == "f16"    ? "0xFC00"
                         : type == "bf16" ? "0xFF80"
                                          : "0xFF800000");
  return c;
}

TEST(EmitAttention, Logits) {
  uint64_t seed = 0;
  for (const char *type : {"f16", "bf16", "f32"}) {
    AttentionCase c = withLogits(type);
    EmitOptions options = optionsFor(c, ++seed);
    options.scale = 0.2; // what is rounded of larger logits shows
    expectAttention(c, options);
    options.disorder = options.emit.wideIndices = true;
    expectEmulated(attention(c), options);
    options.arch = "sm_90a";
    expectEmulated(attention(c), options);
  }
}

/// NaNs and infinities of the operands go where they go in steps.
TEST(EmitAttention, SpecialNumbers) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    AttentionCase c{seed == 2 ? "f32" : "bf16", 1, 16, 80, 1, 16};
    EmitOptions options = optionsFor(c, seed);
    options.special = true;
    options.tolerance = 0.1;
    expectAttention(c, options);
  }
}

/// What a kernel gives whose text lacks a piece, where all of v are ones: "" where all are ones.
std::string outcomeWithout(CudaKernel kernel, const std::string &piece,
                           const std::string &instead) {
  size_t at = kernel.source.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  kernel.source.replace(at, piece.size(), instead);
  kernel.source.replace(kernel.source.find(kernel.name + "("), kernel.name.size(), "k");
  constexpr uint16_t one = 0x3c00;
  std::vector<uint16_t> q(64 * 16, one), k(200 * 16, one), v(200 * 16, one), o(64 * 16, 0);
  Status s = launchText(kernel.source, kernel.grid,
                        {region(q, "q"), region(k, "k"), region(v, "v"), region(o, "o")});
  if (!s)
    return s.error().message;
  return std::count(o.begin(), o.end(), one) == std::ptrdiff_t(o.size()) ? "" : "wrong";
}

/// The tests see a wait, a barrier, a step of the running maximum that is missing.
TEST(EmitAttention, DroppedStepsAreSeen) {
  CudaKernel kernel = emittedKernels(attention({"f16", 1, 64, 200, 16, 16}), EmitOptions()).at(0);
  const std::string wait = "waitForCopies<0>();", barrier = "__syncthreads();";
  EXPECT_EQ(outcomeWithout(kernel, wait, wait), "");
  EXPECT_NE(outcomeWithout(kernel, wait, ""), "");
  EXPECT_THAT(outcomeWithout(kernel, barrier, ""), HasSubstr("without a barrier between"));
  EXPECT_NE(outcomeWithout(kernel, "total[i][half] *= rescale;", "total[i][half] *= 2;"), "");
  EXPECT_NE(outcomeWithout(kernel, "if (key >= 200) scores[i][j][part] = -kInfinity;", ""), "");
  EXPECT_NE(outcomeWithout(kernel, "sum += shuffled(sum, 2);", ""), "");
}

/// The same of groups, whose products are waited for too.
TEST(EmitAttention, DroppedStepsOfGroupsAreSeen) {
  EmitOptions options;
  options.arch = "sm_90a";
  CudaKernel kernel = emittedKernels(attention({"f16", 1, 64, 200, 16, 16}), options).at(0);
  const std::string wait = "waitForCopies<0>();", barrier = "__syncthreads();";
  EXPECT_EQ(outcomeWithout(kernel, wait, wait), "");
  EXPECT_NE(outcomeWithout(kernel, wait, ""), "");
  EXPECT_THAT(outcomeWithout(kernel, barrier, ""), HasSubstr("without a barrier between"));
  EXPECT_NE(outcomeWithout(kernel, "waitForProducts<1>();", ""), "");
  EXPECT_NE(outcomeWithout(kernel, "waitForProducts<0>();\n    settle(sums[0]);", ""), "");
  EXPECT_NE(outcomeWithout(kernel,
                           "waitForProducts<1>();\n    settle(scores[0]);\n    weigh(key0);",
                           "waitForProducts<1>();\n    weigh(key0); round();"),
            "");
  EXPECT_NE(outcomeWithout(kernel, "sums[i][j][part] *= rescales[i][part / 2];",
                           "sums[i][j][part] *= 2;"),
            "");
  EXPECT_NE(outcomeWithout(kernel, "const int next = now == 2 ? 0 : now + 1;",
                           "const int next = 1 - now;"),
            "");
}

/// What is no attention, or none that pays, stays several kernels.
TEST(EmitAttention, NotFormed) {
  auto kernelsOf = [](const AttentionCase &c) {
    auto kernels = emittedKernels(attention(c));
    EXPECT_EQ(kernels.size() == 1, kernels.front().title.starts_with("attention"));
    return kernels.size();
  };
  EXPECT_EQ(kernelsOf({"f16", 2, 16, 16, 128, 128}), 1u);
  EXPECT_EQ(kernelsOf({"f16", 2, 15, 16, 32, 32}), 3u);
  EXPECT_EQ(kernelsOf({"f16", 2, 16, 15, 32, 32}), 3u);
  EXPECT_EQ(kernelsOf({"f16", 2, 64, 64, 129, 32}), 3u);
  EXPECT_EQ(kernelsOf({"f16", 2, 64, 64, 32, 129}), 3u);
  EXPECT_EQ(kernelsOf({"f16", 32, 64, 1025, 32, 32}), 3u); // too few blocks for so many keys
  EXPECT_EQ(kernelsOf({"f16", 33, 64, 1025, 32, 32}), 1u);
  EXPECT_EQ(kernelsOf({"f64", 2, 64, 64, 32, 32}), 3u);
}

} // namespace
} // namespace ricci::test
