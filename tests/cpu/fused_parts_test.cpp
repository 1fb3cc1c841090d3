//===- fused_parts_test.cpp - concatenations and pads of fused kernels --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a part holds may be computed, and what is read for it need not exist elsewhere.
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_level.h"

namespace ricci::test {
namespace {

class FusedParts : public FusedOnLevel {
protected:
  /// Extents of a first and of a second part.
  std::vector<std::pair<int64_t, int64_t>> parts(DType type) const {
    int64_t n = lanes(type);
    if (target().level == "x86-64-v2")
      return {{n + 1, n - 1}, {1, 4 * n}};
    return {{0, n},         {1, n},     {n, 0}, {n, n},  {n - 1, n + 1},
            {4 * n - 1, 1}, {2 * n, 3}, {1, 1}, {37, 5}, {n + 1, 4 * n}};
  }
  FusedOptions inEverySchedule(uint64_t seed) const {
    FusedOptions options;
    options.everySchedule = true;
    options.disorder = seed % 2 == 0;
    options.seed = seed;
    return options;
  }
};
INSTANTIATE_LEVELS(FusedParts);

TEST_P(FusedParts, Computed) {
  // concatenate(a + a, b, c - b) * d, where c is the same for all rows
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{5}>, %b: tensor<{2}x{3}x{5}>, %c: tensor<1x{3}x{5}>, %d: tensor<{4}x1x{5}>) -> tensor<{4}x{6}x{5}> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{5}>, tensor<{0}x{1}x{5}>) -> tensor<{0}x{1}x{5}>
  %1 = ricci.elementwise subtract(%c, %b) : (tensor<1x{3}x{5}>, tensor<{2}x{3}x{5}>) -> tensor<{2}x{3}x{5}>
  %2 = ricci.concatenate dim = {7} (%0, %b, %1) : (tensor<{0}x{1}x{5}>, tensor<{2}x{3}x{5}>, tensor<{2}x{3}x{5}>) -> tensor<{4}x{6}x{5}>
  %3 = ricci.elementwise multiply(%2, %d) : (tensor<{4}x{6}x{5}>, tensor<{4}x1x{5}>) -> tensor<{4}x{6}x{5}>
  return %3 : tensor<{4}x{6}x{5}>
}}
)";
  uint64_t seed = 0;
  for (auto [type, name] : {std::pair(DType::f32, "f32"),
                            {DType::i16, "i16"},
                            {DType::c128, "complex<f64>"},
                            {DType::f64, "f64"}})
    for (auto [first, second] : parts(type)) {
      ++seed;
      expectRight(program(text, 3, first, 3, second, 3, name, first + 2 * second, 1),
                  inEverySchedule(seed));
      expectRight(program(text, first, 4, second, 4, first + 2 * second, name, 4, 0),
                  inEverySchedule(seed + 1));
      if (HasFailure())
        return;
    }
}

/// Where one of two parts is empty no end says which: that is in the kernel's key.
TEST_P(FusedParts, OneOrTheOther) {
  const char *text =
      R"(func.func @main(%a: tensor<3x{0}xf32>, %b: tensor<3x{1}xf32>) -> tensor<3x{2}xf32> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<3x{0}xf32>, tensor<3x{0}xf32>) -> tensor<3x{0}xf32>
  %1 = ricci.elementwise multiply(%b, %b) : (tensor<3x{1}xf32>, tensor<3x{1}xf32>) -> tensor<3x{1}xf32>
  %2 = ricci.concatenate dim = 1 (%0, %1) : (tensor<3x{0}xf32>, tensor<3x{1}xf32>) -> tensor<3x{2}xf32>
  return %2 : tensor<3x{2}xf32>
}}
)";
  for (auto [first, second] : {std::pair(0, 20), {20, 0}, {7, 13}, {13, 7}, {0, 20}})
    expectRight(program(text, first, second, first + second), inEverySchedule(1));
}

TEST_P(FusedParts, Backwards) {
  // concatenate(a + a, b)[:, ::step] + e: ends of parts by a division
  const char *text =
      R"(func.func @main(%a: tensor<3x{0}xf32>, %b: tensor<3x{1}xf32>, %e: tensor<{2}xf32>) -> tensor<3x{2}xf32> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<3x{0}xf32>, tensor<3x{0}xf32>) -> tensor<3x{0}xf32>
  %1 = ricci.concatenate dim = 1 (%0, %b) : (tensor<3x{0}xf32>, tensor<3x{1}xf32>) -> tensor<3x{3}xf32>
  %2 = ricci.slice %1 start = [0, {4}] size = [3, {2}] step = [1, {5}] : tensor<3x{3}xf32> -> tensor<3x{2}xf32>
  %3 = ricci.elementwise add(%2, %e) : (tensor<3x{2}xf32>, tensor<{2}xf32>) -> tensor<3x{2}xf32>
  return %3 : tensor<3x{2}xf32>
}}
)";
  uint64_t seed = 0;
  for (auto [first, second] : parts(DType::f32))
    for (int64_t step : {-1, 2, -3, 5}) {
      int64_t all = first + second, distance = std::abs(step);
      int64_t count = (all + distance - 1) / distance;
      int64_t start = step < 0 ? all - 1 : 0;
      expectRight(program(text, first, second, count, all, start, step), inEverySchedule(++seed));
      if (HasFailure())
        return;
    }
}

TEST_P(FusedParts, Reduced) {
  // x = concatenate(a * a, b): its sum, the largest and where, and x less its largest: two passes
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{8}>, %b: tensor<{2}x{3}x{8}>) -> (tensor<{6}x{8}>, tensor<{6}xi64>, tensor<{4}x{5}x{8}>) {{
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<{0}x{1}x{8}>, tensor<{0}x{1}x{8}>) -> tensor<{0}x{1}x{8}>
  %1 = ricci.concatenate dim = {9} (%0, %b) : (tensor<{0}x{1}x{8}>, tensor<{2}x{3}x{8}>) -> tensor<{4}x{5}x{8}>
  %2 = ricci.reduce sum %1 dims = [{7}] : tensor<{4}x{5}x{8}> -> tensor<{6}x{8}>
  %3 = ricci.reduce max %1 dims = [{7}] : tensor<{4}x{5}x{8}> -> tensor<{6}x{8}>
  %4 = ricci.arg_reduce argmax %1 dim = {7} : tensor<{4}x{5}x{8}> -> tensor<{6}xi64>
  %5 = ricci.reshape %3 : tensor<{6}x{8}> -> tensor<{10}x{8}>
  %6 = ricci.elementwise subtract(%1, %5) : (tensor<{4}x{5}x{8}>, tensor<{10}x{8}>) -> tensor<{4}x{5}x{8}>
  return %2, %4, %6 : tensor<{6}x{8}>, tensor<{6}xi64>, tensor<{4}x{5}x{8}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "i32", "f64"})
    for (auto [first, second] : parts(DType::f32))
      for (int dim : {0, 1})
        for (int reduced : {0, 1}) {
          int64_t rows[3] = {3, 3, 3}, columns[3] = {3, 3, 3};
          int64_t *along = dim ? columns : rows;
          along[0] = first, along[1] = second, along[2] = first + second;
          int64_t kept = reduced ? rows[2] : columns[2];
          std::string keptText = std::to_string(kept);
          if (++seed % 3 != 0 || (reduced ? columns[2] : rows[2]) == 0)
            continue; // some of them; the largest of nothing is none
          expectRight(program(text, rows[0], columns[0], rows[1], columns[1], rows[2], columns[2],
                              keptText, reduced, name, dim,
                              reduced ? keptText + "x1" : "1x" + keptText),
                      inEverySchedule(seed));
          if (HasFailure())
            return;
        }
}

/// What is computed from a reduction in a part alone, in the pass after the next.
TEST_P(FusedParts, LaterPasses) {
  const char *text =
      R"(func.func @main(%a: tensor<37x{0}xf32>, %b: tensor<37x{1}xf32>) -> tensor<37x{0}xf32> {{
  %0 = ricci.reduce max %a dims = [1] : tensor<37x{0}xf32> -> tensor<37xf32>
  %1 = ricci.reshape %0 : tensor<37xf32> -> tensor<37x1xf32>
  %2 = ricci.elementwise subtract(%a, %1) : (tensor<37x{0}xf32>, tensor<37x1xf32>) -> tensor<37x{0}xf32>
  %3 = ricci.reduce sum %2 dims = [1] : tensor<37x{0}xf32> -> tensor<37xf32>
  %4 = ricci.reshape %3 : tensor<37xf32> -> tensor<37x1xf32>
  %5 = ricci.elementwise add(%1, %1) : (tensor<37x1xf32>, tensor<37x1xf32>) -> tensor<37x1xf32>
  %6 = ricci.slice %a start = [0, 0] size = [37, 3] step = [1, 1] : tensor<37x{0}xf32> -> tensor<37x3xf32>
  %7 = ricci.elementwise add(%5, %6) : (tensor<37x1xf32>, tensor<37x3xf32>) -> tensor<37x3xf32>
  %8 = ricci.slice %a start = [0, 3] size = [37, {1}] step = [1, 1] : tensor<37x{0}xf32> -> tensor<37x{1}xf32>
  %9 = ricci.elementwise multiply(%8, %4) : (tensor<37x{1}xf32>, tensor<37x1xf32>) -> tensor<37x{1}xf32>
  %10 = ricci.elementwise add(%9, %b) : (tensor<37x{1}xf32>, tensor<37x{1}xf32>) -> tensor<37x{1}xf32>
  %11 = ricci.concatenate dim = 1 (%7, %10) : (tensor<37x3xf32>, tensor<37x{1}xf32>) -> tensor<37x{0}xf32>
  return %11 : tensor<37x{0}xf32>
}}
)";
  for (int64_t n : {4, 16, 37, 150})
    expectRight(program(text, n, n - 3), inEverySchedule(uint64_t(n)));
}

/// Blocks that are turned, and columns that begin anywhere.
TEST_P(FusedParts, Turned) {
  const char *text =
      R"(func.func @main(%a: tensor<96x37xf32>, %b: tensor<96x59xf32>, %c: tensor<96x96xf32>) -> tensor<96x96xf32> {
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<96x37xf32>, tensor<96x37xf32>) -> tensor<96x37xf32>
  %1 = ricci.concatenate dim = 1 (%0, %b) : (tensor<96x37xf32>, tensor<96x59xf32>) -> tensor<96x96xf32>
  %2 = ricci.transpose %c perm = [1, 0] : tensor<96x96xf32> -> tensor<96x96xf32>
  %3 = ricci.elementwise add(%1, %2) : (tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<96x96xf32>
  return %3 : tensor<96x96xf32>
}
)";
  expectRight(text, inEverySchedule(1));
}

TEST_P(FusedParts, Scanned) {
  const char *text =
      R"(func.func @main(%a: tensor<3x{0}xi32>, %b: tensor<3x{1}xi32>) -> tensor<3x{2}xi32> {{
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<3x{0}xi32>, tensor<3x{0}xi32>) -> tensor<3x{0}xi32>
  %1 = ricci.elementwise floor_divide(%b, %b) : (tensor<3x{1}xi32>, tensor<3x{1}xi32>) -> tensor<3x{1}xi32>
  %2 = ricci.concatenate dim = 1 (%0, %1) : (tensor<3x{0}xi32>, tensor<3x{1}xi32>) -> tensor<3x{2}xi32>
  %3 = ricci.scan cumsum %2 dim = {3} : tensor<3x{2}xi32> -> tensor<3x{2}xi32>
  return %3 : tensor<3x{2}xi32>
}}
)";
  uint64_t seed = 0;
  for (auto [first, second] : parts(DType::i32))
    for (int dim : {0, 1}) {
      expectRight(program(text, first, second, first + second, dim), inEverySchedule(++seed));
      if (HasFailure())
        return;
    }
}

/// Windows of what is padded: the index of a guard is a sum of two axes'.
TEST_P(FusedParts, Windows) {
  const char *text =
      R"(func.func @main(%a: tensor<3x{0}xf32>, %v: tensor<f32>) -> tensor<3x{0}xf32> {{
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<3x{0}xf32>, tensor<3x{0}xf32>) -> tensor<3x{0}xf32>
  %1 = ricci.pad %0, %v low = [0, 1] high = [0, 1] : tensor<3x{0}xf32>, tensor<f32> -> tensor<3x{1}xf32>
  %2 = ricci.windows %1 dim = 1 size = 3 : tensor<3x{1}xf32> -> tensor<3x{0}x3xf32>
  %3 = ricci.reduce sum %2 dims = [2] : tensor<3x{0}x3xf32> -> tensor<3x{0}xf32>
  return %3 : tensor<3x{0}xf32>
}}
)";
  uint64_t seed = 0;
  for (auto [first, second] : parts(DType::f32)) {
    if (first == 0)
      continue;
    expectRight(program(text, first, first + 2), inEverySchedule(++seed));
    if (HasFailure())
      return;
  }
}

/// An index that is in range where the part is need not be elsewhere.
TEST_P(FusedParts, GathersInside) {
  const char *text =
      R"(func.func @main(%a: tensor<5x3xi64>, %i: tensor<4xi64>, %b: tensor<{0}x3xi64>) -> tensor<{1}x3xi64> {{
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<5x3xi64>, tensor<4xi64>) -> tensor<4x3xi64>
  %1 = ricci.concatenate dim = 0 (%0, %b) : (tensor<4x3xi64>, tensor<{0}x3xi64>) -> tensor<{1}x3xi64>
  return %1 : tensor<{1}x3xi64>
}}
)";
  for (int64_t rows : {0, 1, 37}) {
    FusedOptions options = inEverySchedule(uint64_t(rows));
    options.indices[1] = 5;
    expectRight(program(text, rows, rows + 4), options);
  }
  std::vector<int64_t> a(15, 1), b(3, 2);
  EXPECT_FALSE(statusOf(program(text, 1, 5), target(), {a, {0, 4, -5, 1}, b}).failed);
  EXPECT_TRUE(statusOf(program(text, 1, 5), target(), {a, {0, 4, 5, 1}, b}).failed);
}

} // namespace
} // namespace ricci::test
