//===- fused_gathers_test.cpp - gathers of fused kernels ----------------------------------===//
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

class FusedGathers : public FusedOnLevel {};
INSTANTIATE_LEVELS(FusedGathers);

TEST_P(FusedGathers, Gathers) {
  const char *rows =
      R"(func.func @main(%a: tensor<5x{0}x{1}>, %i: tensor<7xi64>) -> tensor<7x{0}x{1}> {{
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<5x{0}x{1}>, tensor<7xi64>) -> tensor<7x{0}x{1}>
  %1 = ricci.elementwise add(%0, %0) : (tensor<7x{0}x{1}>, tensor<7x{0}x{1}>) -> tensor<7x{0}x{1}>
  return %1 : tensor<7x{0}x{1}>
}}
)";
  const char *columns =
      R"(func.func @main(%a: tensor<3x5x{1}>, %i: tensor<{0}xi64>) -> tensor<3x{0}x{1}> {{
  %0 = ricci.gather %a[%i] dims = [1] position = 1 : (tensor<3x5x{1}>, tensor<{0}xi64>) -> tensor<3x{0}x{1}>
  return %0 : tensor<3x{0}x{1}>
}}
)";
  const char *points =
      R"(func.func @main(%a: tensor<5x4x3x{1}>, %i: tensor<{0}xi64>, %j: tensor<{0}xi64>) -> tensor<{0}x4x{1}> {{
  %0 = ricci.gather %a[%i, %j] dims = [0, 2] position = 0 : (tensor<5x4x3x{1}>, tensor<{0}xi64>, tensor<{0}xi64>) -> tensor<{0}x4x{1}>
  return %0 : tensor<{0}x4x{1}>
}}
)";
  const char *sums =
      R"(func.func @main(%a: tensor<3x5x{1}>, %i: tensor<{0}xi64>) -> tensor<3x{1}> {{
  %0 = ricci.gather %a[%i] dims = [1] position = 1 : (tensor<3x5x{1}>, tensor<{0}xi64>) -> tensor<3x{0}x{1}>
  %1 = ricci.reduce max %0 dims = [1] : tensor<3x{0}x{1}> -> tensor<3x{1}>
  return %1 : tensor<3x{1}>
}}
)";
  uint64_t seed = 0;
  for (const char *name : {"f32", "i8", "f64", "i1", "complex<f32>"})
    for (int64_t n : extents(DType::f32)) {
      FusedOptions options;
      options.disorder = ++seed % 2;
      options.seed = seed;
      options.everySchedule = n < 20;
      options.indices = {{1, 5}};
      expectRight(program(rows, n, name), options);
      expectRight(program(columns, n, name), options);
      if (n > 0)
        expectRight(program(sums, n, name), options);
      options.indices = {{1, 5}, {2, 3}};
      expectRight(program(points, n, name), options);
      if (HasFailure())
        return;
    }
}

TEST_P(FusedGathers, IndicesOutOfRange) {
  const char *rows = R"(func.func @main(%a: tensor<5x9xi64>, %i: tensor<3xi64>) -> tensor<3x9xi64> {
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<5x9xi64>, tensor<3xi64>) -> tensor<3x9xi64>
  return %0 : tensor<3x9xi64>
}
)";
  const char *columns =
      R"(func.func @main(%a: tensor<3x5xi64>, %i: tensor<9xi64>) -> tensor<3x9xi64> {
  %0 = ricci.gather %a[%i] dims = [1] position = 1 : (tensor<3x5xi64>, tensor<9xi64>) -> tensor<3x9xi64>
  return %0 : tensor<3x9xi64>
}
)";
  for (int64_t bad : {int64_t(5), int64_t(-6), INT64_MAX, INT64_MIN}) {
    LaunchStatus status = statusOf(rows, target(), {std::vector<int64_t>(45, 7), {0, bad, -5}});
    EXPECT_EQ(status.failed, 1);
    EXPECT_EQ(status.index, bad);
    EXPECT_EQ(status.extent, 5);
    EXPECT_EQ(status.axis, 0);
    // The first of several, as in NumPy.
    status = statusOf(rows, target(), {std::vector<int64_t>(45, 7), {-5, bad, 1234}});
    EXPECT_EQ(status.index, bad);
    status =
        statusOf(columns, target(), {std::vector<int64_t>(15, 7), {0, 1, 2, 3, 4, -1, -5, 1, bad}});
    EXPECT_EQ(status.failed, 1);
    EXPECT_EQ(status.index, bad);
    EXPECT_EQ(status.extent, 5);
    EXPECT_EQ(status.axis, 1);
  }
  LaunchStatus status =
      statusOf(columns, target(), {std::vector<int64_t>(15, 7), {0, 1, 2, 3, 4, -1, -2, -3, -5}});
  EXPECT_EQ(status.failed, 0);
}

} // namespace
} // namespace ricci::test
