//===- fused_entries_test.cpp - fused kernels of many small entries -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_harness.h"
#include "tests/cpu/level_fixture.h"

#include <fmt/format.h>

namespace ricci::test {
namespace {

/// Every program in every schedule that it may have, entries of each length among them.
class FusedEntries : public OnLevel {
protected:
  void expectRight(const std::string &text, uint64_t seed, double tolerance = 0) {
    FusedOptions options;
    options.everySchedule = true;
    options.disorder = seed % 2;
    options.seed = seed;
    options.tolerance = tolerance;
    expectLikeOracle(text, target(), options);
  }
  /// Vectors of every type, and an entry more.
  static constexpr int64_t kCounts[] = {33};
};
INSTANTIATE_LEVELS(FusedEntries);

TEST_P(FusedEntries, Maps) {
  // A number of each entry, one of each place, and both ways round.
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{1}x{2}>, %s: tensor<{0}x1x1x{2}>, %g: tensor<{1}x{2}>) -> (tensor<{0}x{1}x{1}x{2}>, tensor<{0}x{1}x{1}x{2}>) {{
  %0 = ricci.elementwise multiply(%a, %s) : (tensor<{0}x{1}x{1}x{2}>, tensor<{0}x1x1x{2}>) -> tensor<{0}x{1}x{1}x{2}>
  %1 = ricci.elementwise add(%0, %g) : (tensor<{0}x{1}x{1}x{2}>, tensor<{1}x{2}>) -> tensor<{0}x{1}x{1}x{2}>
  %2 = ricci.transpose %a perm = [0, 2, 1] : tensor<{0}x{1}x{1}x{2}> -> tensor<{0}x{1}x{1}x{2}>
  %3 = ricci.elementwise add(%1, %2) : (tensor<{0}x{1}x{1}x{2}>, tensor<{0}x{1}x{1}x{2}>) -> tensor<{0}x{1}x{1}x{2}>
  return %1, %3 : tensor<{0}x{1}x{1}x{2}>, tensor<{0}x{1}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f64", "f16", "bf16", "i8", "ui16", "i64", "i1", "complex<f32>"})
    for (int64_t n : kCounts)
      for (int64_t d : {3}) {
        expectRight(program(text, n, d, name), ++seed);
        if (HasFailure())
          return;
      }
}

TEST_P(FusedEntries, ReductionsAndWhatFollows) {
  const char *text =
      R"(func.func @main(%a: tensor<2x{0}x{1}x{2}>, %b: tensor<2x{0}x{1}x{2}>) -> (tensor<2x{0}x{2}>, tensor<2x{0}x{1}x{2}>) {{
  %0 = ricci.elementwise multiply(%a, %b) : (tensor<2x{0}x{1}x{2}>, tensor<2x{0}x{1}x{2}>) -> tensor<2x{0}x{1}x{2}>
  %1 = ricci.reduce sum %0 dims = [2] : tensor<2x{0}x{1}x{2}> -> tensor<2x{0}x{2}>
  %2 = ricci.reduce max %a dims = [2] : tensor<2x{0}x{1}x{2}> -> tensor<2x{0}x{2}>
  %3 = ricci.elementwise add(%1, %2) : (tensor<2x{0}x{2}>, tensor<2x{0}x{2}>) -> tensor<2x{0}x{2}>
  %4 = ricci.reshape %3 : tensor<2x{0}x{2}> -> tensor<2x{0}x1x{2}>
  %5 = ricci.elementwise subtract(%a, %4) : (tensor<2x{0}x{1}x{2}>, tensor<2x{0}x1x{2}>) -> tensor<2x{0}x{1}x{2}>
  return %3, %5 : tensor<2x{0}x{2}>, tensor<2x{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f64", "bf16", "i8", "i64"})
    for (int64_t n : kCounts)
      for (int64_t d : {3, 6}) {
        expectRight(program(text, n, d, name), ++seed);
        if (HasFailure())
          return;
      }
}

TEST_P(FusedEntries, ArgReductions) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{0}xi64>, tensor<{0}xi64>) {{
  %0 = ricci.arg_reduce argmax %a dim = 1 : tensor<{0}x{1}x{2}> -> tensor<{0}xi64>
  %1 = ricci.arg_reduce argmin %a dim = 1 : tensor<{0}x{1}x{2}> -> tensor<{0}xi64>
  return %0, %1 : tensor<{0}xi64>, tensor<{0}xi64>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f64", "bf16", "i8", "i1"})
    for (int64_t n : kCounts) {
      expectRight(program(text, n, 5, name), ++seed);
      if (HasFailure())
        return;
    }
}

// Where elements do not exist is known while the code is written.
TEST_P(FusedEntries, PadsAndConcatenations) {
  const char *pad =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %v: tensor<{2}>) -> tensor<{0}x{3}x{2}> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.pad %0, %v low = [0, 2] high = [0, 1] : tensor<{0}x{1}x{2}>, tensor<{2}> -> tensor<{0}x{3}x{2}>
  return %1 : tensor<{0}x{3}x{2}>
}}
)";
  const char *join =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{0}x2x{2}>) -> tensor<{0}x{3}x{2}> {{
  %0 = ricci.concatenate dim = 1 (%a, %b, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x2x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{3}x{2}>
  %1 = ricci.elementwise multiply(%0, %0) : (tensor<{0}x{3}x{2}>, tensor<{0}x{3}x{2}>) -> tensor<{0}x{3}x{2}>
  return %1 : tensor<{0}x{3}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f16", "i8", "i64", "i1", "complex<f32>"})
    for (int64_t n : kCounts) {
      expectRight(program(pad, n, 3, name, 6), ++seed);
      expectRight(program(join, n, 3, name, 8), seed);
      if (HasFailure())
        return;
    }
}

TEST_P(FusedEntries, Functions) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.elementwise exp(%a) : (tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.reduce sum %0 dims = [1] : tensor<{0}x{1}x{2}> -> tensor<{0}x{2}>
  %2 = ricci.reshape %1 : tensor<{0}x{2}> -> tensor<{0}x1x{2}>
  %3 = ricci.elementwise divide(%0, %2) : (tensor<{0}x{1}x{2}>, tensor<{0}x1x{2}>) -> tensor<{0}x{1}x{2}>
  return %3 : tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (auto [name, tolerance] : {std::pair("f32", 1e-6), {"f64", 1e-14}})
    for (int64_t n : kCounts) {
      expectRight(program(text, n, 4, name), ++seed, tolerance);
      if (HasFailure())
        return;
    }
}

} // namespace
} // namespace ricci::test
