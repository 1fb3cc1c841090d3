//===- products.h - products for the tests of schedules -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/kernel_schedule.h"

#include <gtest/gtest.h>

namespace ricci::test {

using Axis = LabelledProduct::Axis;

inline const Target &target(const char *cpu = "x86-64-v3") { return **resolveTarget(cpu); }

inline LabelledProduct product(std::vector<Axis> axes, DType t = DType::f32) {
  LabelledProduct p;
  p.axes.assign(axes.begin(), axes.end());
  p.operands.assign(axes.front().strides.size() - 1, t);
  p.result = t;
  return p;
}

/// "mk,kn->mn" in C order.
inline LabelledProduct matmul(int64_t m, int64_t n, int64_t k, DType t = DType::f32) {
  return product({{m, {k, 0, n}, true}, {n, {0, 1, 1}, true}, {k, {1, n, 0}, false}}, t);
}

inline void expectDims(const Dims &actual, std::vector<Dim> expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(actual[i].extent == expected[i].extent && actual[i].strides == expected[i].strides)
        << "dim " << i << " of extent " << actual[i].extent;
}

} // namespace ricci::test
