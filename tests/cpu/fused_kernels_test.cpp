//===- fused_kernels_test.cpp - fused kernels against the oracle -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_harness.h"
#include "tests/cpu/level_fixture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ricci::test {
namespace {

class FusedKernels : public OnLevel {
protected:
  int lanes(DType type) const { return target().lanes(type); }
  /// Extents around the lanes of a vector and of an unrolled loop.
  std::vector<int64_t> extents(DType type) const {
    int64_t n = lanes(type);
    return {0, 1, n - 1, n, n + 1, 4 * n - 1, 4 * n + 1, 37};
  }
  void expectRight(const std::string &text, FusedOptions options = {}) {
    expectLikeOracle(text, target(), options);
  }
};
INSTANTIATE_LEVELS(FusedKernels);

/// "tensor<3x4xf32>".
std::string type(const std::vector<int64_t> &shape, const char *element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

/// (%a) -> a * a + a
std::string mapText(const std::vector<int64_t> &shape, const char *element) {
  return fmt::format(R"(func.func @main(%a: {0}, %b: {0}) -> ({0}, {0}) {{
  %0 = ricci.elementwise multiply(%a, %b) : ({0}, {0}) -> {0}
  %1 = ricci.elementwise add(%0, %a) : ({0}, {0}) -> {0}
  return %0, %1 : {0}, {0}
}}
)",
                     type(shape, element));
}

TEST_P(FusedKernels, Maps) {
  const std::pair<const char *, DType> types[] = {
      {"f32", DType::f32},   {"f64", DType::f64}, {"f16", DType::f16},
      {"bf16", DType::bf16}, {"i8", DType::i8},   {"i64", DType::i64},
      {"ui16", DType::u16},  {"i1", DType::b1},   {"complex<f32>", DType::c64}};
  for (auto [name, dtype] : types) {
    uint64_t seed = 0;
    for (int64_t n : extents(dtype == DType::b1    ? DType::u8
                             : dtype == DType::c64 ? DType::f32
                                                   : dtype)) {
      expectRight(mapText({n}, name));
      FusedOptions options;
      options.disorder = true;
      options.seed = ++seed;
      expectRight(mapText({3, n}, name), options);
      if (HasFailure())
        return;
    }
  }
}

TEST_P(FusedKernels, ScansOfOneElement) {
  expectRight(R"(func.func @main(%a: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %0 = ricci.scan cumsum %a dim = 1 : tensor<3x1xf32> -> tensor<3x1xf32>
  return %0 : tensor<3x1xf32>
}
)");
}

TEST_P(FusedKernels, SumsOnAllAxes) {
  for (int dim : {0, 1})
    expectRight(fmt::format(R"(func.func @main(%a: tensor<5x5xf32>) -> tensor<5x5xf32> {{
  %0 = ricci.reduce sum %a dims = [{}] : tensor<5x5xf32> -> tensor<5xf32>
  %1 = ricci.broadcast %0 : tensor<5xf32> -> tensor<5x5xf32>
  return %1 : tensor<5x5xf32>
}}
)",
                            dim));
}

// What reads a result, or a view of it, finds it where the caller wants it.
TEST_P(FusedKernels, ReadersOfResults) {
  const char *programs[] = {
      R"(func.func @main(%a: tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<f32>) {
  %0 = ricci.elementwise negative(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %1 = ricci.reshape %0 : tensor<3x4xf32> -> tensor<12xf32>
  %2 = ricci.einsum "i,i->" ins(%1, %1 : tensor<12xf32>, tensor<12xf32>) -> tensor<f32>
  return %0, %2 : tensor<3x4xf32>, tensor<f32>
}
)",
      R"(func.func @main(%a: tensor<4x3xf32>) -> (tensor<3x4xf32>, tensor<f32>) {
  %0 = ricci.transpose %a perm = [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %1 = ricci.reshape %0 : tensor<3x4xf32> -> tensor<12xf32>
  %2 = ricci.einsum "i,i->" ins(%1, %1 : tensor<12xf32>, tensor<12xf32>) -> tensor<f32>
  return %0, %2 : tensor<3x4xf32>, tensor<f32>
}
)",
      R"(func.func @main(%a: tensor<12x5xf32>) -> (tensor<3x4xf32>, tensor<2x6xf32>) {
  %0 = ricci.reduce max %a dims = [1] : tensor<12x5xf32> -> tensor<12xf32>
  %1 = ricci.reshape %0 : tensor<12xf32> -> tensor<3x4xf32>
  %2 = ricci.reduce min %a dims = [1] : tensor<12x5xf32> -> tensor<12xf32>
  %3 = ricci.reshape %2 : tensor<12xf32> -> tensor<2x6xf32>
  return %1, %3 : tensor<3x4xf32>, tensor<2x6xf32>
}
)",
      R"(func.func @main(%a: tensor<3x5xi32>, %b: tensor<5x4xi32>) -> (tensor<3x4xi32>, tensor<12xi32>) {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x5xi32>, tensor<5x4xi32>) -> tensor<3x4xi32>
  %1 = ricci.reshape %0 : tensor<3x4xi32> -> tensor<12xi32>
  %2 = ricci.scan cumsum %1 dim = 0 : tensor<12xi32> -> tensor<12xi32>
  return %0, %2 : tensor<3x4xi32>, tensor<12xi32>
}
)"};
  for (const char *program : programs)
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      FusedOptions options;
      options.disorder = true;
      options.seed = seed;
      expectRight(program, options);
    }
}

} // namespace
} // namespace ricci::test
