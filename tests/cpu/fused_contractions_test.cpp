//===- fused_contractions_test.cpp - contractions with an epilogue or a prologue ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_harness.h"
#include "tests/cpu/level_fixture.h"

#include <fmt/format.h>

#include <array>

namespace ricci::test {
namespace {

class FusedContractions : public OnLevel {
protected:
  void expectRight(const std::string &text, FusedOptions options = {}) {
    expectLikeOracle(text, target(), options);
  }
};
INSTANTIATE_LEVELS(FusedContractions);

/// (x @ w + b) * r * (x @ w + b), w transposed or not.
std::string linearText(int64_t batch, int64_t m, int64_t n, int64_t k, const char *element,
                       bool transposed) {
  return program(
      R"(func.func @main(%x: {0}, %w: {1}, %b: {2}, %r: {3}) -> {4} {{
  %0 = ricci.einsum "{5}" ins(%x, %w : {0}, {1}) -> {4}
  %1 = ricci.elementwise add(%0, %b) : ({4}, {2}) -> {4}
  %2 = ricci.elementwise multiply(%1, %r) : ({4}, {3}) -> {4}
  %3 = ricci.elementwise multiply(%2, %1) : ({4}, {4}) -> {4}
  return %3 : {4}
}}
)",
      type({batch, m, k}, element),
      type(transposed ? std::vector<int64_t>{n, k} : std::vector<int64_t>{k, n}, element),
      type({n}, element), type({m, 1}, element), type({batch, m, n}, element),
      transposed ? "bmk,nk->bmn" : "bmk,kn->bmn");
}

// One kernel: what follows a contraction's sums is computed where they are, in every block of
// columns, after the last block of K, on whole tiles and cut ones; stored as usual and past the
// caches.
TEST_P(FusedContractions, Epilogues) {
  const char *types[] = {"f32", "f64", "i32", "f16", "i8", "complex<f32>"};
  for (const char *element : types)
    for (bool transposed : {false, true})
      for (auto [batch, m, n, k] : {std::array<int64_t, 4>{1, 37, 131, 60},
                                    {2, 64, 64, 33},
                                    {1, 9, 16, 2100},
                                    {3, 300, 17, 19}}) {
        if (element != types[0] && (transposed || k == 2100))
          continue; // all shapes for one type
        FusedOptions options;
        options.epilogueBytes = 0;
        for (bool streams : {false, true}) {
          options.streams = streams;
          std::string text = linearText(batch, m, n, k, element, transposed);
          EXPECT_EQ(expectLikeOracle(text, target(), options), 1u);
        }
        options.disorder = true; // perhaps without an epilogue: results have any strides
        options.seed = uint64_t(m);
        expectRight(linearText(batch, m, n, k, element, transposed), options);
        if (HasFailure())
          return;
      }
}

// Constants are no part of the code, and nobody else may read the sums.
TEST_P(FusedContractions, EpiloguesShareCodeAndKeepWhatIsRead) {
  const char *text = R"(func.func @main(%x: tensor<64x80xf32>, %w: tensor<80x64xf32>) -> ({1}) {{
  %0 = ricci.einsum "mk,kn->mn" ins(%x, %w : tensor<64x80xf32>, tensor<80x64xf32>) -> tensor<64x64xf32>
  %c = ricci.constant dense<{0}> : tensor<f32>
  %1 = ricci.elementwise multiply(%0, %c) : (tensor<64x64xf32>, tensor<f32>) -> tensor<64x64xf32>
  %2 = ricci.elementwise negative(%1) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  return {2} : {1}
}}
)";
  FusedOptions options;
  options.epilogueBytes = 0;
  auto kernels = [&](const char *constant, const char *types, const char *results) {
    return expectLikeOracle(program(text, constant, types, results), target(), options);
  };
  EXPECT_EQ(kernels("7.0", "tensor<64x64xf32>", "%2"), 1u);
  EXPECT_EQ(kernels("5.0", "tensor<64x64xf32>", "%2"), 1u);
  EXPECT_EQ(kernels("5.0", "tensor<64x64xf32>, tensor<64x64xf32>", "%0, %2"), 2u);
  EXPECT_EQ(kernels("5.0", "tensor<64x64xf32>, tensor<64x64xf32>", "%1, %2"), 2u);
}

/// The einsum of (x * s + r) * c and y, or of y and that: s is along the last axis, c along the
/// first.
std::string prologueText(const char *equation, const std::vector<int64_t> &x,
                         const std::vector<int64_t> &y, const std::vector<int64_t> &result,
                         const char *element, bool second) {
  std::vector<int64_t> last(x.size(), 1), first(x.size(), 1);
  last.back() = x.back(), first[0] = x[0];
  std::string tx = type(x, element), ty = type(y, element);
  return program(
      R"(func.func @main(%x: {0}, %s: {1}, %r: {0}, %c: {2}, %y: {3}) -> {4} {{
  %0 = ricci.elementwise multiply(%x, %s) : ({0}, {1}) -> {0}
  %1 = ricci.elementwise add(%0, %r) : ({0}, {0}) -> {0}
  %2 = ricci.elementwise multiply(%1, %c) : ({0}, {2}) -> {0}
  %3 = ricci.einsum "{5}" ins({6} : {7}, {8}) -> {4}
  return %3 : {4}
}}
)",
      tx, type(last, element), type(first, element), ty, type(result, element), equation,
      second ? "%y, %2" : "%2, %y", second ? ty : tx, second ? tx : ty);
}

// One kernel: an operand is computed panel by panel before it is packed, be it that of rows or of
// columns, along rows or along K, of one dim or several, with columns in panels or not, whole tiles
// and cut ones, in one block of K or several.
TEST_P(FusedContractions, Prologues) {
  struct Case {
    const char *equation; // of the computed operand first
    std::vector<int64_t> x, y, result;
    bool allTypes = false;
  } cases[] = {
      {"mk,kn->mn", {37, 131}, {131, 70}, {37, 70}, true},
      {"km,kn->mn", {131, 37}, {131, 70}, {37, 70}, true},
      {"kn,mk->mn", {131, 70}, {37, 131}, {37, 70}, true},
      {"nk,mk->mn", {70, 131}, {37, 131}, {37, 70}, true},
      {"mk,nk->mn", {9, 2100}, {16, 2100}, {9, 16}},
      {"nk,mk->mn", {16, 2100}, {9, 2100}, {9, 16}},
      {"kn,km->mn", {600, 33}, {600, 15}, {15, 33}},
      {"bmk,bkn->bmn", {3, 40, 50}, {3, 50, 64}, {3, 40, 64}},
      {"kmb,bkn->bmn", {50, 40, 3}, {3, 50, 64}, {3, 40, 64}}, // contiguous along a batch label
      {"acbk,kd->abcd", {5, 7, 6, 40}, {40, 33}, {5, 6, 7, 33}},
      {"kab,cdk->abcd", {40, 5, 17}, {6, 20, 40}, {5, 17, 6, 20}},
      {"kcd,abk->abcd", {40, 6, 20}, {5, 17, 40}, {5, 17, 6, 20}},
      {"dck,abk->acbd", {20, 6, 40}, {5, 17, 40}, {5, 6, 17, 20}},
      {"akbl,lkc->abc", {20, 11, 9, 13}, {13, 11, 30}, {20, 9, 30}},
      {"lkc,akbl->abc", {13, 11, 30}, {20, 11, 9, 13}, {20, 9, 30}},
  };
  for (const Case &c : cases)
    for (const char *element : {"f32", "f64", "i32", "f16", "bf16", "i8", "i1", "complex<f32>"})
      for (bool second : {false, true}) {
        if ((element != std::string("f32") && !c.allTypes) || (second && element[0] == 'i'))
          continue;
        std::string equation = c.equation;
        if (second) {
          size_t comma = equation.find(','), arrow = equation.find("->");
          equation = equation.substr(comma + 1, arrow - comma - 1) + "," +
                     equation.substr(0, comma) + equation.substr(arrow);
        }
        FusedOptions options;
        options.prologueBytes = 1;
        std::string text = prologueText(equation.c_str(), c.x, c.y, c.result, element, second);
        bool isRead = c.equation != std::string("kmb,bkn->bmn");
        EXPECT_EQ(expectLikeOracle(text, target(), options), isRead ? 1u : 2u) << text;
        options.disorder = true; // perhaps without a prologue: operands have any strides
        options.seed = uint64_t(c.x[0]);
        expectRight(text, options);
        if (HasFailure())
          return;
      }
}

} // namespace
} // namespace ricci::test
