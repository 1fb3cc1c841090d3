//===- fused_level.h - tests of fused kernels at every level ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cpu/fused_harness.h"
#include "tests/cpu/level_fixture.h"

namespace ricci::test {

class FusedOnLevel : public OnLevel {
protected:
  int lanes(DType type) const { return target().lanes(type); }
  /// Extents around the lanes of a vector and of an unrolled loop.
  std::vector<int64_t> extents(DType type) const {
    int64_t n = lanes(type);
    // Vectors are those of x86-64.
    if (target().level == "x86-64-v2")
      return {0, n + 1, 4 * n - 1};
    return {0, 1, n - 1, n, n + 1, 4 * n - 1, 4 * n + 1, 37};
  }
  void expectRight(const std::string &text, FusedOptions options = {}) {
    expectLikeOracle(text, target(), options);
  }
};

} // namespace ricci::test
