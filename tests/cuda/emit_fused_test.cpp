//===- emit_fused_test.cpp - fused kernels as CUDA C++, on the emulator -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emit_harness.h"
#include "tests/fuse/program_writer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char *kTypes[] = {"i1",   "i8",   "i16",  "i32",          "i64",
                                  "ui8",  "ui16", "ui32", "ui64",         "f16",
                                  "bf16", "f32",  "f64",  "complex<f32>", "complex<f64>"};

/// A program with every {0} … replaced; `{{` are braces.
template <typename... Args> std::string program(const char *text, Args &&...args) {
  return fmt::format(fmt::runtime(text), std::forward<Args>(args)...);
}

EmitOptions disordered(uint64_t seed) {
  EmitOptions options;
  options.disorder = true;
  options.seed = seed;
  return options;
}

TEST(EmitFused, MapsOfEveryType) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}>, %b: tensor<5x{1}>) -> (tensor<{0}x{1}>, tensor<{0}x{1}>) {{
  %0 = ricci.elementwise multiply(%a, %b) : (tensor<{0}x{1}>, tensor<5x{1}>) -> tensor<{0}x{1}>
  %1 = ricci.elementwise add(%0, %a) : (tensor<{0}x{1}>, tensor<{0}x{1}>) -> tensor<{0}x{1}>
  return %0, %1 : tensor<{0}x{1}>, tensor<{0}x{1}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : kTypes) {
    expectEmulated(program(text, "37x5", type));
    expectEmulated(program(text, "3x7x5", type), disordered(++seed));
    if (HasFailure())
      return;
  }
}

/// A reduction of a product along one of two axes, another beside it, and something on what is
/// kept.
TEST(EmitFused, ReductionsOfRowsAndColumns) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{3}x{2}>, tensor<{3}x{2}>) {{
  %0 = ricci.elementwise multiply(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.reduce sum %0 dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{3}x{2}>
  %2 = ricci.reduce {5} %a dims = [{4}] : tensor<{0}x{1}x{2}> -> tensor<{3}x{2}>
  %3 = ricci.elementwise add(%1, %2) : (tensor<{3}x{2}>, tensor<{3}x{2}>) -> tensor<{3}x{2}>
  return %1, %3 : tensor<{3}x{2}>, tensor<{3}x{2}>
}}
)";
  const std::pair<int, int> shapes[] = {{3, 1}, {5, 37}, {33, 3}, {2, 1100}, {1, 129}};
  uint64_t seed = 0;
  for (const char *type : kTypes)
    for (int dim : {0, 1}) {
      auto [kept, reduced] = shapes[seed % 5];
      EmitOptions options = disordered(++seed);
      options.disorder = seed % 3 == 0;
      expectEmulated(program(text, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced, type, kept,
                             dim, seed % 3 == 0 ? "min" : "max"),
                     options);
      if (HasFailure())
        return;
    }
}

TEST(EmitFused, ReductionsOfNothing) {
  const char *text =
      R"(func.func @main(%a: tensor<3x0xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<0xf32>) {
  %0 = ricci.reduce sum %a dims = [1] : tensor<3x0xf32> -> tensor<3xf32>
  %1 = ricci.reduce prod %a dims = [1] : tensor<3x0xf32> -> tensor<3xf32>
  %2 = ricci.reduce sum %a dims = [0] : tensor<3x0xf32> -> tensor<0xf32>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xf32>, tensor<0xf32>
}
)";
  expectEmulated(text);
}

/// A reduction, a value that several passes want, a result on all axes.
TEST(EmitFused, Softmax) {
  const char *text = R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}> {{
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
  const std::pair<const char *, double> types[] = {
      {"f32", 1e-6}, {"f64", 1e-14}, {"f16", 2e-3}, {"bf16", 2e-2}};
  uint64_t seed = 0;
  for (auto [type, tolerance] : types)
    for (auto [kept, reduced] : {std::pair(5, 40), {130, 9}, {3, 1500}, {2, 9000}})
      for (int dim : {0, 1}) {
        if (++seed % 3 != 0 && type != std::string("f32"))
          continue;
        EmitOptions options;
        options.tolerance = tolerance;
        options.disorder = seed % 2;
        options.seed = seed;
        std::string keepdims = dim == 0 ? fmt::format("1x{}", kept) : fmt::format("{}x1", kept);
        expectEmulated(program(text, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced, type,
                               keepdims, dim, kept),
                       options);
        if (HasFailure())
          return;
      }
}

TEST(EmitFused, ArgReductions) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{3}xi64>, tensor<{3}xi64>) {{
  %0 = ricci.arg_reduce argmax %a dim = {4} : tensor<{0}x{1}x{2}> -> tensor<{3}xi64>
  %1 = ricci.arg_reduce argmin %a dim = {4} : tensor<{0}x{1}x{2}> -> tensor<{3}xi64>
  return %0, %1 : tensor<{3}xi64>, tensor<{3}xi64>
}}
)";
  const std::pair<int, int> shapes[] = {{3, 1}, {7, 70}, {40, 5}, {1, 1100}, {70, 7}};
  uint64_t seed = 0;
  for (const char *type : kTypes)
    for (int dim : {0, 1}) {
      auto [kept, reduced] = shapes[seed % 5];
      EmitOptions options = disordered(++seed);
      options.special = seed % 2;
      expectEmulated(
          program(text, dim == 0 ? reduced : kept, dim == 0 ? kept : reduced, type, kept, dim),
          options);
      if (HasFailure())
        return;
    }
}

/// Shared memory is enough for the parts of many of them.
TEST(EmitFused, ManyReductions) {
  std::string body, results, types;
  for (int i = 0; i < 12; ++i) {
    body += fmt::format("  %{0} = ricci.elementwise add(%a, %{1}) : (tensor<300x40xcomplex<f64>>, "
                        "tensor<300x40xcomplex<f64>>) -> tensor<300x40xcomplex<f64>>\n"
                        "  %r{0} = ricci.arg_reduce argmax %{0} dim = {{dim}} : "
                        "tensor<300x40xcomplex<f64>> -> tensor<{{kept}}xi64>\n",
                        i, i == 0 ? "a" : std::to_string(i - 1));
    results += fmt::format("{}%r{}", i ? ", " : "", i);
    types += fmt::format("{}tensor<{{kept}}xi64>", i ? ", " : "");
  }
  std::string text = fmt::format("func.func @main(%a: tensor<300x40xcomplex<f64>>) -> ({1}) {{{{\n"
                                 "{0}  return {2} : {1}\n}}}}\n",
                                 body, types, results);
  for (int dim : {0, 1})
    expectEmulated(program(text.c_str(), fmt::arg("dim", dim), fmt::arg("kept", dim ? 300 : 40)));
}

TEST(EmitFused, Scans) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %1 = ricci.scan cumsum %0 dim = {3} : tensor<{0}x{1}x{2}> -> tensor<{0}x{1}x{2}>
  %2 = ricci.scan cumprod %0 dim = {3} : tensor<{0}x{1}x{2}> -> tensor<{0}x{1}x{2}>
  return %1, %2 : tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : {"i1", "i8", "f16", "f32", "complex<f32>"})
    for (auto [rows, columns] : {std::pair(3, 5), {40, 2}})
      for (int dim : {0, 1}) {
        expectEmulated(program(text, rows, columns, type, dim), disordered(++seed));
        if (HasFailure())
          return;
      }
}

/// From a number for each line, in the order of threads and shared.
TEST(EmitFused, ScansFromANumber) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{4}x{2}>) -> tensor<{0}x{1}x{2}> {{
  %0 = ricci.scan {5} %a from %b dim = {3} : tensor<{0}x{1}x{2}>, tensor<{4}x{2}> -> tensor<{0}x{1}x{2}>
  return %0 : tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : {"i1", "i8", "f16", "f32", "complex<f32>"})
    for (auto [rows, columns] : {std::pair(3, 5), {40, 2}, {3, 400}})
      for (int dim : {0, 1}) {
        const char *kind = type[0] == 'i' && (rows + dim) % 2 ? "cumprod" : "cumsum";
        expectEmulated(program(text, rows, columns, type, dim, dim == 0 ? columns : rows, kind),
                       disordered(++seed));
        if (HasFailure())
          return;
      }
}

/// Parts of a line are blocks, and so is what they leave.
TEST(EmitFused, ScansAndArgReductionsInParts) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}xi16>) -> (tensor<{0}xi16>, tensor<i64>) {{
  %0 = ricci.scan cumsum %a dim = 0 : tensor<{0}xi16> -> tensor<{0}xi16>
  %1 = ricci.arg_reduce argmin %a dim = 0 : tensor<{0}xi16> -> tensor<i64>
  return %0, %1 : tensor<{0}xi16>, tensor<i64>
}}
)";
  for (int extent : {1 << 17, 262147})
    expectEmulated(program(text, extent));
}

/// Threads share long ones: of a warp, and of a block.
TEST(EmitFused, LongScans) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) {{
  %0 = ricci.scan cumsum %a dim = 1 : tensor<{0}x{1}x{2}> -> tensor<{0}x{1}x{2}>
  %1 = ricci.elementwise add(%0, %a) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  %2 = ricci.scan cumprod %1 dim = 1 : tensor<{0}x{1}x{2}> -> tensor<{0}x{1}x{2}>
  %3 = ricci.elementwise add(%2, %0) : (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) -> tensor<{0}x{1}x{2}>
  return %0, %3 : tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : {"i8", "ui64"})
    for (auto [rows, columns] : {std::pair(7, 70), {2, 1000}, {1, 5000}}) {
      expectEmulated(program(text, rows, columns, type), disordered(++seed));
      if (HasFailure())
        return;
    }
  const char *sums = R"(func.func @main(%a: tensor<3x400x{0}>) -> tensor<3x400x{0}> {{
  %0 = ricci.scan cumsum %a dim = 1 : tensor<3x400x{0}> -> tensor<3x400x{0}>
  return %0 : tensor<3x400x{0}>
}}
)";
  for (const char *type : {"f32", "f64", "complex<f32>"})
    expectEmulated(program(sums, type), disordered(++seed));
}

TEST(EmitFused, PadsAndConcatenations) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x6x{1}>, %b: tensor<{0}x3x{1}>, %v: tensor<{1}>) -> (tensor<{2}x9x{1}>, tensor<{0}x9x{1}>) {{
  %0 = ricci.pad %a, %v low = [1, 2] high = [2, 1] : tensor<{0}x6x{1}>, tensor<{1}> -> tensor<{2}x9x{1}>
  %1 = ricci.concatenate dim = 1 (%b, %a) : (tensor<{0}x3x{1}>, tensor<{0}x6x{1}>) -> tensor<{0}x9x{1}>
  %2 = ricci.elementwise add(%1, %1) : (tensor<{0}x9x{1}>, tensor<{0}x9x{1}>) -> tensor<{0}x9x{1}>
  return %0, %2 : tensor<{2}x9x{1}>, tensor<{0}x9x{1}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : {"f32", "f16", "i8", "i1", "complex<f64>"}) {
    expectEmulated(program(text, 4, type, 7));
    expectEmulated(program(text, 40, type, 43), disordered(++seed));
  }
}

/// Parts are computed where they are, with what need not exist elsewhere: alone, in reductions, by
/// packs of elements and in tiles.
TEST(EmitFused, ComputedParts) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{6}>, %b: tensor<{2}x{3}x{6}>, %c: tensor<1x{3}x{6}>) -> ({9}tensor<{4}x{5}x{6}>) {{
  %0 = ricci.elementwise add(%a, %a) : (tensor<{0}x{1}x{6}>, tensor<{0}x{1}x{6}>) -> tensor<{0}x{1}x{6}>
  %1 = ricci.elementwise multiply(%b, %c) : (tensor<{2}x{3}x{6}>, tensor<1x{3}x{6}>) -> tensor<{2}x{3}x{6}>
  %2 = ricci.concatenate dim = {7} (%0, %1) : (tensor<{0}x{1}x{6}>, tensor<{2}x{3}x{6}>) -> tensor<{4}x{5}x{6}>
  %3 = ricci.elementwise add(%2, %2) : (tensor<{4}x{5}x{6}>, tensor<{4}x{5}x{6}>) -> tensor<{4}x{5}x{6}>
  %4 = ricci.reduce sum %2 dims = [1] : tensor<{4}x{5}x{6}> -> tensor<{4}x{6}>
  return {8}%3 : {9}tensor<{4}x{5}x{6}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : {"f32", "f16", "i1", "complex<f64>"})
    for (bool isReduced : {false, true}) {
      const char *sum = isReduced ? "%4, " : "";
      auto sumType = [&](int rows) {
        return isReduced ? fmt::format("tensor<{}x{}>, ", rows, type) : std::string();
      };
      expectEmulated(program(text, 7, 6, 7, 9, 7, 15, type, 1, sum, sumType(7)));
      expectEmulated(program(text, 4, 9, 8, 9, 12, 9, type, 0, sum, sumType(12)),
                     disordered(++seed));
      expectEmulated(program(text, 40, 1024, 480, 1024, 520, 1024, type, 0, sum, sumType(520)));
      if (HasFailure())
        return;
    }
  const char *across =
      R"(func.func @main(%a: tensor<35x40xf32>, %b: tensor<20x35xf32>) -> tensor<60x35xf32> {
  %0 = ricci.transpose %a perm = [1, 0] : tensor<35x40xf32> -> tensor<40x35xf32>
  %1 = ricci.elementwise multiply(%0, %0) : (tensor<40x35xf32>, tensor<40x35xf32>) -> tensor<40x35xf32>
  %2 = ricci.concatenate dim = 0 (%1, %b) : (tensor<40x35xf32>, tensor<20x35xf32>) -> tensor<60x35xf32>
  return %2 : tensor<60x35xf32>
}
)";
  expectEmulated(across);
  const char *gathered =
      R"(func.func @main(%a: tensor<7x5xf32>, %i: tensor<4xi64>, %b: tensor<9x5xf32>) -> tensor<13x5xf32> {
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<7x5xf32>, tensor<4xi64>) -> tensor<4x5xf32>
  %1 = ricci.concatenate dim = 0 (%0, %b) : (tensor<4x5xf32>, tensor<9x5xf32>) -> tensor<13x5xf32>
  return %1 : tensor<13x5xf32>
}
)";
  EmitOptions options = disordered(1);
  options.indices = {{1, 7}};
  expectEmulated(gathered, options);
}

const char *kGather =
    R"(func.func @main(%a: tensor<7x5xf32>, %i: tensor<2x3xi64>, %j: tensor<3xi64>) -> (tensor<2x3x5xf32>, tensor<7x3xf32>, tensor<2x3xf32>) {
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<7x5xf32>, tensor<2x3xi64>) -> tensor<2x3x5xf32>
  %1 = ricci.gather %a[%j] dims = [1] position = 1 : (tensor<7x5xf32>, tensor<3xi64>) -> tensor<7x3xf32>
  %2 = ricci.broadcast %j : tensor<3xi64> -> tensor<2x3xi64>
  %3 = ricci.gather %a[%i, %2] dims = [0, 1] position = 0 : (tensor<7x5xf32>, tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return %0, %1, %3 : tensor<2x3x5xf32>, tensor<7x3xf32>, tensor<2x3xf32>
}
)";

TEST(EmitFused, Gathers) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    EmitOptions options = disordered(seed);
    options.indices = {{1, 7}, {2, 5}};
    expectEmulated(kGather, options);
  }
}

TEST(EmitFused, IndicesOutOfRangeAreReported) {
  const char *text = R"(func.func @main(%a: tensor<7x5xi64>, %i: tensor<4xi64>) -> tensor<7x4xi64> {
  %0 = ricci.gather %a[%i] dims = [1] position = 1 : (tensor<7x5xi64>, tensor<4xi64>) -> tensor<7x4xi64>
  return %0 : tensor<7x4xi64>
}
)";
  LaunchStatus good = emulatedStatus(text, {{}, {0, -5, 4, 2}});
  EXPECT_EQ(good.failed, 0);
  for (int64_t outside : {int64_t(5), int64_t(-6), INT64_MAX, INT64_MIN}) {
    LaunchStatus status = emulatedStatus(text, {{}, {0, -5, outside, 2}});
    EXPECT_EQ(status.failed, 1);
    EXPECT_EQ(status.index, outside);
    EXPECT_EQ(status.extent, 5);
    EXPECT_EQ(status.axis, 1);
  }
}

TEST(EmitFused, PositionsAndScalars) {
  const char *text =
      R"(func.func @main(%a: tensor<6x9xf64>, %s: tensor<f64>) -> (tensor<6x9xf64>, tensor<f64>) {
  %0 = ricci.iota : tensor<9xi64>
  %1 = ricci.cast %0 : tensor<9xi64> -> tensor<9xf64>
  %2 = ricci.elementwise multiply(%a, %1) : (tensor<6x9xf64>, tensor<9xf64>) -> tensor<6x9xf64>
  %3 = ricci.elementwise add(%2, %s) : (tensor<6x9xf64>, tensor<f64>) -> tensor<6x9xf64>
  %4 = ricci.elementwise add(%s, %s) : (tensor<f64>, tensor<f64>) -> tensor<f64>
  return %3, %4 : tensor<6x9xf64>, tensor<f64>
}
)";
  expectEmulated(text);
  expectEmulated(text, disordered(3));
}

/// Enough elements that a thread takes several.
TEST(EmitFused, Packs) {
  const char *text =
      R"(func.func @main(%a: tensor<520x1024xf16>, %b: tensor<1024xf16>, %c: tensor<520x1xf16>) -> tensor<520x1024xi1> {
  %0 = ricci.elementwise multiply(%a, %b) : (tensor<520x1024xf16>, tensor<1024xf16>) -> tensor<520x1024xf16>
  %1 = ricci.elementwise less(%0, %c) : (tensor<520x1024xf16>, tensor<520x1xf16>) -> tensor<520x1024xi1>
  return %1 : tensor<520x1024xi1>
}
)";
  for (bool unaligned : {false, true}) {
    EmitOptions options;
    options.unaligned = unaligned;
    EXPECT_THAT(expectEmulated(text, options), ElementsAre("fused elements b1"));
  }
}

TEST(EmitFused, Tiles) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}x{2}>, %b: tensor<{1}x2x{0}x{2}>) -> tensor<2x{1}x{0}x{2}> {{
  %0 = ricci.transpose %a perm = [1, 0] : tensor<{0}x{1}x{2}> -> tensor<{1}x{0}x{2}>
  %1 = ricci.transpose %b perm = [1, 0, 2] : tensor<{1}x2x{0}x{2}> -> tensor<2x{1}x{0}x{2}>
  %2 = ricci.elementwise add(%0, %1) : (tensor<{1}x{0}x{2}>, tensor<2x{1}x{0}x{2}>) -> tensor<2x{1}x{0}x{2}>
  return %2 : tensor<2x{1}x{0}x{2}>
}}
)";
  for (const char *type : {"f32", "i1", "f16", "complex<f64>"})
    EXPECT_THAT(expectEmulated(program(text, 40, 35, type)), ElementsAre(HasSubstr("fused tiled")));
}

TEST(EmitFused, RandomPrograms) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    EmitOptions options;
    options.disorder = seed % 3 == 0;
    options.seed = seed;
    options.fuse = seed % 8 != 0;
    options.emit.wideIndices = seed % 4 == 1;
    expectEmulated(ProgramWriter(seed).write(4 + int(seed % 12)), options);
    if (HasFailure())
      return;
  }
}

} // namespace
} // namespace ricci::test
