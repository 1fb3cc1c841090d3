//===- level_fixture.h - tests on every x86-64 level that this machine has ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cpu/kernel_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ricci::test {

/// A test for each level; skipped where the CPU lacks it.
class OnLevel : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    auto runnable = runnableCpus();
    if (std::find(runnable.begin(), runnable.end(), GetParam()) == runnable.end())
      GTEST_SKIP() << "this CPU is not " << GetParam();
  }
  const Target &target() const { return targetOf(GetParam()); }
};

#define INSTANTIATE_LEVELS(suite)                                                                  \
  INSTANTIATE_TEST_SUITE_P(Levels, suite,                                                          \
                           testing::Values("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"),       \
                           [](const auto &info) {                                                  \
                             std::string name = info.param;                                        \
                             std::replace(name.begin(), name.end(), '-', '_');                     \
                             return name;                                                          \
                           })

} // namespace ricci::test
