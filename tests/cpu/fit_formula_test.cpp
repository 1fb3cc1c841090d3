//===- fit_formula_test.cpp - formulas of a size from values ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fit_formula.h"

#include <gtest/gtest.h>

#include <functional>

using namespace ricci;

namespace {

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

constexpr int64_t kLargest = int64_t(1) << 31;

/// Fits as object_sizes.cpp does: with what shows a formula to be wrong added.
std::optional<SizeTerm> fit(const std::function<int64_t(int64_t)> &f) {
  std::vector<int64_t> sizes = fitSizes(kLargest);
  for (int round = 0; round < 40; ++round) {
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    std::vector<int64_t> values, edges;
    for (int64_t n : sizes)
      values.push_back(f(n));
    auto term = fitFormula(sizes, values);
    if (!term)
      return term;
    addEdges(*term, kLargest, edges);
    bool right = true;
    for (int64_t n : edges)
      right &= term->at(n) == f(n);
    if (right)
      return term;
    sizes.insert(sizes.end(), edges.begin(), edges.end());
  }
  return std::nullopt;
}

void expectFit(const std::function<int64_t(int64_t)> &f) {
  auto term = fit(f);
  ASSERT_TRUE(term);
  for (int64_t n = 1; n < kLargest; n = n * 9 / 8 + 1)
    ASSERT_EQ(term->at(n), f(n)) << "at " << n;
  for (int64_t n = kLargest; n > kLargest - 5000; --n)
    ASSERT_EQ(term->at(n), f(n)) << "at " << n;
}

TEST(FitFormula, ConstantsAndLines) {
  expectFit([](int64_t) { return -7; });
  expectFit([](int64_t n) { return 64 * n + 3; });
  expectFit([](int64_t n) { return 5 - 12 * n; });
}

TEST(FitFormula, Blocks) {
  for (int64_t factor : {1, 3, 33, 64, 1000})
    for (int64_t divisor : {2, 12, 14, 48, 1000, 65536}) {
      SCOPED_TRACE(std::to_string(factor) + "/" + std::to_string(divisor));
      expectFit([&](int64_t n) { return ceilDiv(factor * n, divisor); });
      expectFit([&](int64_t n) { return 192 + 704 * ceilDiv(factor * n + 5, divisor); });
    }
}

TEST(FitFormula, Caps) {
  expectFit([](int64_t n) { return std::min<int64_t>(n, 21845); });
  expectFit([](int64_t n) { return std::min<int64_t>(2 * n + 2, 21845); });
  expectFit([](int64_t n) { return std::min<int64_t>(500 * n, 501); });
  for (int64_t factor : {1, 21, 30})
    expectFit(
        [&](int64_t n) { return 192 + 704 * ceilDiv(std::min(factor * n, int64_t(1024)), 16); });
}

TEST(FitFormula, RefusesWhatHasNone) {
  EXPECT_FALSE(fit([](int64_t n) { return n * n; }));
  EXPECT_FALSE(fit([](int64_t n) { return n % 7; }));
  EXPECT_FALSE(fit([](int64_t n) { return 65536 / n; }));
  // One value that is off.
  EXPECT_FALSE(fit([](int64_t n) { return n == 900 ? 901 : n; }));
  EXPECT_FALSE(fit([](int64_t n) { return ceilDiv(3 * n, 16) + (n > 5000); }));
}

} // namespace
