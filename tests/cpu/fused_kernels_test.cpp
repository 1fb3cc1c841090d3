//===- fused_kernels_test.cpp - fused kernels against the oracle -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_level.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ricci::test {
namespace {

class FusedKernels : public FusedOnLevel {};
INSTANTIATE_LEVELS(FusedKernels);

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

// Every few elements of an argument that ends with the last of them, and begins with the first:
// vectors that are loaded for it may reach no further.
TEST_P(FusedKernels, LoadsOfEveryFewElements) {
  const std::pair<const char *, DType> types[] = {{"f32", DType::f32},
                                                  {"f64", DType::f64},
                                                  {"bf16", DType::bf16},
                                                  {"i8", DType::i8},
                                                  {"i1", DType::u8},
                                                  {"ui16", DType::u16},
                                                  {"complex<f32>", DType::f32},
                                                  {"complex<f64>", DType::f64}};
  for (auto [name, dtype] : types)
    for (int64_t step : {2, 3, 4, 5, 7, 8, 9, -2, -3, -8, -9})
      for (int64_t n : std::vector<int64_t>{lanes(dtype) - 1, lanes(dtype), 3 * lanes(dtype) + 5}) {
        const int64_t whole = (n - 1) * std::abs(step) + 1;
        expectRight(fmt::format(R"(func.func @main(%a: {0}) -> {1} {{
  %0 = ricci.slice %a start = [{2}] size = [{3}] step = [{4}] : {0} -> {1}
  %1 = ricci.elementwise add(%0, %0) : ({1}, {1}) -> {1}
  return %1 : {1}
}}
)",
                                type({whole}, name), type({n}, name), step < 0 ? whole - 1 : 0, n,
                                step));
        if (HasFailure())
          return;
      }
}

// Operands that lie in memory the other way round: blocks of them are turned.
TEST_P(FusedKernels, OperandsTheOtherWayRound) {
  const std::pair<const char *, DType> types[] = {
      {"f32", DType::f32},  {"f64", DType::f64}, {"bf16", DType::bf16},
      {"i8", DType::i8},    {"i1", DType::u8},   {"i64", DType::i64},
      {"ui16", DType::u16}, {"f16", DType::f16}, {"complex<f32>", DType::f32}};
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{1}x{0}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.transpose %b perm = [1, 0] : tensor<{1}x{0}x{2}> -> tensor<{0}x{1}x{2}>
  %1 = ricci.elementwise multiply(%a, %0) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %2 = ricci.elementwise add(%1, %0) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  return %2 : tensor<{0}x{1}x{2}>
}}
)";
  for (auto [name, dtype] : types) {
    const int64_t n = lanes(dtype);
    const std::pair<int64_t, int64_t> sizes[] = {
        {1, n},   {n - 1, n + 1}, {n, n},    {2 * n + 1, 3 * n},
        {63, 65}, {64, 64},       {65, 130}, {200, 3}};
    for (auto [rows, columns] : sizes) {
      FusedOptions options;
      options.everySchedule = rows == n;
      expectRight(program(text, rows, columns, name), options);
      if (HasFailure())
        return;
    }
  }
  // Of three axes, along any of which the operand may be contiguous.
  for (const char *perm : {"0, 2, 1", "1, 2, 0", "2, 0, 1", "2, 1, 0", "1, 0, 2"}) {
    const int64_t extents[] = {20, 35, 67};
    std::vector<int64_t> shape(3);
    for (int i = 0; i < 3; ++i)
      shape[size_t(perm[3 * i] - '0')] = extents[i];
    expectRight(fmt::format(R"(func.func @main(%a: {0}, %b: {1}) -> {0} {{
  %0 = ricci.transpose %b perm = [{2}] : {1} -> {0}
  %1 = ricci.elementwise add(%a, %0) : ({0}, {0}) -> {0}
  return %1 : {0}
}}
)",
                            type({20, 35, 67}, "f32"), type(shape, "f32"), perm));
  }
}

/// Pairs of extents [kept, reduced] around the lanes.
std::vector<std::pair<int64_t, int64_t>> pairsOf(const std::vector<int64_t> &extents) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i < extents.size(); ++i) {
    pairs.emplace_back(extents[i], 3);
    pairs.emplace_back(3, extents[i]);
    pairs.emplace_back(extents[i], extents[(i + 2) % extents.size()]);
  }
  return pairs;
}

TEST_P(FusedKernels, ReductionsOfRowsAndColumns) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{3}x{2}>, tensor<{3}x{2}>) {{
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.reduce sum %0 dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{3}x{2}>
  %2 = ricci.reduce {5} %a dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{3}x{2}>
  %3 = ricci.elementwise add(%1, %2) : (tensor<{3}x{2}>, tensor<{3}x{2}>) -> tensor<{3}x{2}>
  return %1, %3 : tensor<{3}x{2}>, tensor<{3}x{2}>
}}
)";
  const std::pair<const char *, DType> types[] = {
      {"f32", DType::f32},   {"f64", DType::f64}, {"f16", DType::f16},
      {"bf16", DType::bf16}, {"i8", DType::i8},   {"i64", DType::i64},
      {"ui16", DType::u16},  {"i1", DType::b1},   {"complex<f32>", DType::f32}};
  // Rows that come from memory are read one after the other.
  Target far = target();
  far.l3Bytes = 0;
  uint64_t seed = 0;
  for (auto [name, dtype] : types)
    for (auto [kept, reduced] : pairsOf(extents(dtype == DType::b1 ? DType::u8 : dtype)))
      for (int dim : {0, 1}) {
        FusedOptions options;
        options.disorder = ++seed % 2;
        options.seed = seed;
        options.everySchedule = kept == 3 && name == std::string("f32");
        expectLikeOracle(program(text, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced, name,
                                 kept, dim, reduced == 0 ? "prod" : "max"),
                         seed % 4 < 2 ? far : target(), options);
        if (HasFailure())
          return;
      }
}

/// softmax along one axis of two: a reduction, a value that several passes want, a result on all
/// axes.
const char *kSoftmax = R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.reduce max %a dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{5}x{2}>
  %1 = ricci.reshape %0 : tensor<{5}x{2}> -> tensor<{3}x{2}>
  %2 = ricci.elementwise subtract(%a, %1) : (tensor<{0}x{1}x{2}>, tensor<{3}x{2}>) -> tensor<{0}x{1}x{2}>
  %3 = ricci.elementwise exp(%2) : (tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %4 = ricci.reduce sum %3 dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{5}x{2}>
  %5 = ricci.reshape %4 : tensor<{5}x{2}> -> tensor<{3}x{2}>
  %6 = ricci.elementwise divide(%3, %5) : (tensor<{0}x{1}x{2}>, tensor<{3}x{2}>) -> tensor<{0}x{1}x{2}>
  return %6 : tensor<{0}x{1}x{2}>
}}
)";

TEST_P(FusedKernels, Softmax) {
  const std::pair<const char *, double> types[] = {
      {"f32", 1e-6}, {"f64", 1e-14}, {"f16", 2e-3}, {"bf16", 2e-2}};
  uint64_t seed = 0;
  for (auto [name, tolerance] : types)
    for (auto [kept, reduced] :
         pairsOf(extents(name == std::string("f64") ? DType::f64 : DType::f32)))
      for (int dim : {0, 1}) {
        if (reduced == 0)
          continue; // the largest of none
        FusedOptions options;
        options.tolerance = tolerance;
        options.disorder = ++seed % 2;
        options.seed = seed;
        options.everySchedule = reduced == 3 && name[0] != 'b';
        std::string keepdims = dim == 0 ? fmt::format("1x{}", kept) : fmt::format("{}x1", kept);
        std::string text = program(kSoftmax, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced,
                                   name, keepdims, dim, kept);
        expectLikeOracle(text, target(), options);
        if (HasFailure())
          return;
      }
}

/// Vectors of two registers are taken where an axis is long: around whole ones, and what is left.
TEST_P(FusedKernels, WideVectors) {
  uint64_t seed = 0;
  for (const char *name : {"f32", "f64"})
    for (int64_t around : {4, 6, 32}) {
      int64_t n = around * lanes(name == std::string("f64") ? DType::f64 : DType::f32);
      for (int64_t columns : {n - 1, n, n + 1, n + 3})
        for (int dim : {0, 1}) {
          FusedOptions options;
          options.tolerance = name[1] == '6' ? 1e-14 : 1e-6;
          options.disorder = ++seed % 2;
          options.seed = seed;
          std::string keepdims = dim == 0 ? fmt::format("1x{}", columns) : "3x1";
          expectLikeOracle(
              program(kSoftmax, 3, columns, name, keepdims, dim, dim == 0 ? columns : 3), target(),
              options);
          if (HasFailure())
            return;
        }
    }
}

/// Columns that all rows share (distances): tiles of several rows and vectors, what is left of
/// both, one and two sums a point, and operands that live on the kept axes.
TEST_P(FusedKernels, SharedColumns) {
  const char *text =
      R"(func.func @main(%a: tensor<2x{0}x{1}x1x{3}>, %b: tensor<{1}x{2}x{3}>, %g: tensor<{2}x{3}>) -> (tensor<2x{0}x{2}x{3}>{5}) {{
  %0 = ricci.elementwise subtract(%a, %b) : (tensor<2x{0}x{1}x1x{3}>, tensor<{1}x{2}x{3}>) -> tensor<2x{0}x{1}x{2}x{3}>
  %1 = ricci.elementwise add(%0, %g) : (tensor<2x{0}x{1}x{2}x{3}>, tensor<{2}x{3}>) -> tensor<2x{0}x{1}x{2}x{3}>
  %2 = ricci.elementwise multiply(%1, %1) : (tensor<2x{0}x{1}x{2}x{3}>, tensor<2x{0}x{1}x{2}x{3}>) -> tensor<2x{0}x{1}x{2}x{3}>
  %3 = ricci.reduce sum %2 dims = [2] : tensor<2x{0}x{1}x{2}x{3}> -> tensor<2x{0}x{2}x{3}>
  %4 = ricci.elementwise multiply(%3, %g) : (tensor<2x{0}x{2}x{3}>, tensor<{2}x{3}>) -> tensor<2x{0}x{2}x{3}>
  {4}
}}
)";
  const std::pair<const char *, DType> types[] = {
      {"f32", DType::f32}, {"f64", DType::f64}, {"f16", DType::f32}, {"i32", DType::i32}};
  uint64_t seed = 0;
  for (auto [name, dtype] : types)
    for (int sums : {1, 2})
      for (int64_t columns : {1, 2, 4, 5})
        for (int64_t more : {-1, 0, 1}) {
          // Vectors are those of x86-64.
          if (target().level == "x86-64-v2" && columns != 5)
            continue;
          int64_t n = columns * lanes(dtype) + more;
          int64_t rows = 1 + int64_t(seed % 9);
          int64_t terms = (seed * 5) % 4;
          std::string same = fmt::format("tensor<2x{}x{}x{}>", rows, n, name);
          std::string all = fmt::format("tensor<2x{}x{}x{}x{}>", rows, terms, n, name);
          const char *kind = terms == 0 ? "prod" : "max";
          std::string end = sums == 1
                                ? fmt::format("return %4 : {}", same)
                                : fmt::format("%5 = ricci.reduce {0} %1 dims = [2] : {2} -> {1}\n"
                                              "  return %4, %5 : {1}, {1}",
                                              kind, same, all);
          FusedOptions options;
          options.disorder = ++seed % 2;
          options.seed = seed;
          options.everySchedule = columns == 1 && more == 0;
          expectRight(program(text, rows, terms, n, name, end, sums == 1 ? "" : ", " + same),
                      options);
          if (HasFailure())
            return;
        }
}

/// Short rows, and what depends on one kept axis or the other.
TEST_P(FusedKernels, KeptPositionsOfGroupedRows) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x9xf32>, %b: tensor<{2}xf32>) -> tensor<{0}x{1}xf32> {{
  %0 = ricci.reduce sum %a dims = [2] : tensor<{0}x{1}x9xf32> -> tensor<{0}x{1}xf32>
  %1 = ricci.iota : tensor<{3}xi64>
  %2 = ricci.cast %1 : tensor<{3}xi64> -> tensor<{3}xf32>
  %3 = ricci.reshape %2 : tensor<{3}xf32> -> tensor<{4}xf32>
  %4 = ricci.elementwise multiply(%0, %3) : (tensor<{0}x{1}xf32>, tensor<{4}xf32>) -> tensor<{0}x{1}xf32>
  %5 = ricci.constant dense<3.0> : tensor<f32>
  %6 = ricci.pad %b, %5 low = [{5}] high = [{6}] : tensor<{2}xf32>, tensor<f32> -> tensor<{4}xf32>
  %7 = ricci.elementwise add(%4, %6) : (tensor<{0}x{1}xf32>, tensor<{4}xf32>) -> tensor<{0}x{1}xf32>
  return %7 : tensor<{0}x{1}xf32>
}}
)";
  for (bool first : {true, false}) { // along the first kept axis, or the last
    FusedOptions options;
    options.everySchedule = true;
    expectRight(program(text, 21, 19, first ? "19x1" : "1x17", first ? 21 : 19,
                        first ? "21x1" : "1x19", first ? "1, 0" : "0, 1", first ? "1, 0" : "0, 1"),
                options);
  }
}

/// Functions whose small values vanish in a sum, and such whose sum is not the only reader.
TEST_P(FusedKernels, FunctionsInSums) {
  const char *text = R"(func.func @main(%a: {0}) -> ({0}{4}) {{
  %0 = ricci.constant dense<{3}> : tensor<{1}>
  %1 = ricci.elementwise {2}(%a) : ({0}) -> {0}
  %2 = ricci.elementwise add(%0, %1) : (tensor<{1}>, {0}) -> {0}
  {5}
}}
)";
  uint64_t seed = 0;
  for (const char *element : {"f32", "f64", "f16"})
    for (const char *function : {"erf", "tanh"})
      for (const char *number : {"1.0", "-2.0", "0.5"})
        for (bool other : {false, true}) {
          std::string t = type({3, 37}, element);
          FusedOptions options;
          options.seed = ++seed;
          options.tolerance = element[1] == '3' ? 1.5e-7 : element[1] == '6' ? 3e-16 : 1e-3;
          expectLikeOracle(
              program(text, t, element, function, number, other ? ", " + t : "",
                      other ? fmt::format("return %2, %1 : {0}, {0}", t) : "return %2 : " + t),
              target(), options);
          if (HasFailure())
            return;
        }
}

TEST_P(FusedKernels, ArgReductions) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{3}xi64>, tensor<{3}xi64>) {{
  %0 = ricci.arg_reduce argmax %a dim = {4} : tensor<{0}x{1}x{2}> -> tensor<{3}xi64>
  %1 = ricci.arg_reduce argmin %a dim = {4} : tensor<{0}x{1}x{2}> -> tensor<{3}xi64>
  return %0, %1 : tensor<{3}xi64>, tensor<{3}xi64>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f64", "bf16", "i8", "ui16", "i1", "complex<f32>"})
    for (auto [kept, reduced] : pairsOf(extents(DType::i64)))
      for (int dim : {0, 1}) {
        if (reduced == 0)
          continue;
        FusedOptions options;
        options.disorder = ++seed % 2;
        options.seed = seed;
        options.everySchedule = kept == 3 && name[0] == 'f';
        expectRight(
            program(text, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced, name, kept, dim),
            options);
        if (HasFailure())
          return;
      }
}

TEST_P(FusedKernels, Scans) {
  const char *text = R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.scan {3} %0 dim = {4} : tensor<{0}x{1}x{2}> -> tensor<{0}x{1}x{2}>
  return %1 : tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f16", "i8", "i64", "i1", "complex<f32>"})
    for (auto [kept, scanned] : pairsOf(extents(DType::f32)))
      for (int dim : {0, 1}) {
        FusedOptions options;
        options.disorder = ++seed % 2;
        options.seed = seed;
        options.everySchedule = kept == 3;
        bool isProduct = name[0] == 'i' && seed % 2 == 0;
        expectRight(program(text, dim == 0 ? scanned : kept, dim == 0 ? kept : scanned, name,
                            isProduct ? "cumprod" : "cumsum", dim),
                    options);
        if (HasFailure())
          return;
      }
}

TEST_P(FusedKernels, ScansFromANumber) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{5}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.elementwise {6}(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.scan {3} %0 from %b dim = {4} : tensor<{0}x{1}x{2}>, tensor<{5}x{2}> -> tensor<{0}x{1}x{2}>
  return %1 : tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f16", "i8", "i64", "i1", "complex<f32>"})
    for (auto [kept, scanned] : pairsOf(extents(DType::f32)))
      for (int dim : {0, 1}) {
        FusedOptions options;
        options.disorder = ++seed % 2;
        options.seed = seed;
        options.everySchedule = kept == 3;
        bool isProduct = name[0] == 'i' && seed % 2 == 0;
        // What is dear is computed by vectors.
        bool isDear = name[0] == 'i' && name[1] != '1' && seed % 3 != 0;
        expectRight(program(text, dim == 0 ? scanned : kept, dim == 0 ? kept : scanned, name,
                            isProduct ? "cumprod" : "cumsum", dim, kept,
                            isDear ? "floor_divide" : "add"),
                    options);
        if (HasFailure())
          return;
      }
}

TEST_P(FusedKernels, PadsAndConcatenations) {
  const char *pad =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %v: tensor<{2}>) -> tensor<{3}x{4}x{2}> {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.pad %0, %v low = [{5}, {6}] high = [{7}, {8}] : tensor<{0}x{1}x{2}>, tensor<{2}> -> tensor<{3}x{4}x{2}>
  return %1 : tensor<{3}x{4}x{2}>
}}
)";
  const char *join =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{3}x{4}x{2}>) -> tensor<{5}x{6}x{2}> {{
  %0 = ricci.concatenate dim = {7} (%a, %b, %a) : (tensor<{0}x{1}x{2}>, tensor<{3}x{4}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{5}x{6}x{2}>
  %1 = ricci.elementwise multiply(%0, %0) : (tensor<{5}x{6}x{2}>, tensor<{5}x{6}x{2}>) -> tensor<{5}x{6}x{2}>
  return %1 : tensor<{5}x{6}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "f16", "i8", "i64", "i1", "complex<f32>"})
    for (auto [n, m] : pairsOf(extents(DType::f32))) {
      if (++seed % 2)
        continue;
      FusedOptions options;
      options.disorder = seed % 4 == 0;
      options.seed = seed;
      options.everySchedule = n == 3 && seed % 3 == 0;
      int64_t low0 = seed % 3, high0 = seed / 2 % 2, low1 = seed % 5, high1 = seed / 2 % 4;
      expectRight(
          program(pad, n, m, name, n + low0 + high0, m + low1 + high1, low0, low1, high0, high1),
          options);
      expectRight(program(join, n, m, name, n, m + 2, n, 3 * m + 2, 1), options);
      expectRight(program(join, n, m, name, n + 2, m, 3 * n + 2, m, 0), options);
      if (HasFailure())
        return;
    }
}

TEST_P(FusedKernels, PositionsAndScalars) {
  uint64_t seed = 0;
  for (int64_t n : extents(DType::i64)) {
    FusedOptions options;
    options.disorder = true;
    options.seed = ++seed;
    options.everySchedule = true;
    // arange(n)[::-1][:, None] * 2 + arange(3), and a scalar of it.
    expectRight(program(R"(func.func @main(%s: tensor<i64>) -> (tensor<{0}x3xi64>, tensor<i64>) {{
  %0 = ricci.iota : tensor<{0}xi64>
  %1 = ricci.slice %0 start = [{1}] size = [{0}] step = [-1] : tensor<{0}xi64> -> tensor<{0}xi64>
  %2 = ricci.reshape %1 : tensor<{0}xi64> -> tensor<{0}x1xi64>
  %3 = ricci.iota : tensor<3xi64>
  %c = ricci.constant dense<2> : tensor<i64>
  %4 = ricci.elementwise multiply(%2, %c) : (tensor<{0}x1xi64>, tensor<i64>) -> tensor<{0}x1xi64>
  %5 = ricci.elementwise add(%4, %3) : (tensor<{0}x1xi64>, tensor<3xi64>) -> tensor<{0}x3xi64>
  %6 = ricci.elementwise multiply(%5, %s) : (tensor<{0}x3xi64>, tensor<i64>) -> tensor<{0}x3xi64>
  %7 = ricci.elementwise add(%s, %c) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %6, %7 : tensor<{0}x3xi64>, tensor<i64>
}}
)",
                        n, std::max<int64_t>(n - 1, 0)),
                options);
  }
}

// Reductions over several axes, of values that are the same along some, several results.
TEST_P(FusedKernels, ManyAxes) {
  const char *text =
      R"(func.func @main(%a: tensor<2x{0}x3x{1}xf32>, %b: tensor<{0}x1x1xf32>) -> (tensor<{0}xf32>, tensor<2x{0}x3x{1}xf32>, tensor<{0}xf32>) {{
  %0 = ricci.elementwise subtract(%a, %b) : (tensor<2x{0}x3x{1}xf32>, tensor<{0}x1x1xf32>) -> tensor<2x{0}x3x{1}xf32>
  %1 = ricci.reduce sum %0 dims = [0, 2, 3] : tensor<2x{0}x3x{1}xf32> -> tensor<{0}xf32>
  %2 = ricci.reshape %1 : tensor<{0}xf32> -> tensor<{0}x1x1xf32>
  %3 = ricci.elementwise add(%0, %2) : (tensor<2x{0}x3x{1}xf32>, tensor<{0}x1x1xf32>) -> tensor<2x{0}x3x{1}xf32>
  %4 = ricci.reduce {2} %3 dims = [0, 2, 3] : tensor<2x{0}x3x{1}xf32> -> tensor<{0}xf32>
  return %1, %3, %4 : tensor<{0}xf32>, tensor<2x{0}x3x{1}xf32>, tensor<{0}xf32>
}}
)";
  uint64_t seed = 0;
  for (auto [kept, reduced] : pairsOf(extents(DType::f32))) {
    FusedOptions options;
    options.disorder = ++seed % 2;
    options.seed = seed;
    options.everySchedule = kept == 3 || reduced == 3;
    expectRight(program(text, kept, reduced, reduced == 0 ? "sum" : "min"), options);
    if (HasFailure())
      return;
  }
}

TEST_P(FusedKernels, ScansOfOneElement) {
  for (int dim : {0, 1}) {
    FusedOptions options;
    options.everySchedule = true;
    expectRight(program(R"(func.func @main(%a: tensor<3x1xf32>) -> tensor<3x1xf32> {{
  %0 = ricci.scan cumsum %a dim = {} : tensor<3x1xf32> -> tensor<3x1xf32>
  return %0 : tensor<3x1xf32>
}}
)",
                        dim),
                options);
  }
}

// A pad cannot read what its own kernel computes.
TEST_P(FusedKernels, PadsOfWhatTheSameMemoryGives) {
  expectRight(
      R"(func.func @main(%a: tensor<4x1xi64>, %v: tensor<i64>) -> (tensor<4xi64>, tensor<4x1xi64>) {
  %0 = ricci.reduce max %a dims = [0] : tensor<4x1xi64> -> tensor<1xi64>
  %1 = ricci.pad %0, %v low = [1] high = [2] : tensor<1xi64>, tensor<i64> -> tensor<4xi64>
  %2 = ricci.elementwise negative(%a) : (tensor<4x1xi64>) -> tensor<4x1xi64>
  %3 = ricci.slice %2 start = [1, 0] size = [3, 1] step = [1, 1] : tensor<4x1xi64> -> tensor<3x1xi64>
  %4 = ricci.pad %3, %v low = [1, 0] high = [0, 0] : tensor<3x1xi64>, tensor<i64> -> tensor<4x1xi64>
  %5 = ricci.elementwise add(%4, %a) : (tensor<4x1xi64>, tensor<4x1xi64>) -> tensor<4x1xi64>
  return %1, %5 : tensor<4xi64>, tensor<4x1xi64>
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

// Stores past the caches, of whole vectors on their lines and of others.
TEST_P(FusedKernels, Streams) {
  for (const char *element : {"f32", "f64", "i8", "complex<f64>", "i1"})
    for (int64_t n : {int64_t(64), int64_t(200), int64_t(67)}) {
      FusedOptions options;
      options.streams = true;
      expectRight(mapText({5, n}, element), options);
      options.disorder = true;
      options.seed = uint64_t(n);
      expectRight(mapText({5, n}, element), options);
    }
}

} // namespace
} // namespace ricci::test
