//===- warm_start_test.cpp - what the disk cache has needs no compiler ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <ricci/ricci.h>

#include "tests/mappings.h"
#include "tests/runtime/temp_dir.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

using namespace ricci;

using WarmStart = TempDir;

constexpr int kMapped = 10, kNotMapped = 11, kWrong = 12;

/// The program that is run twice: an einsum and a program.
TEST(WarmStartChild, DISABLED_Run) {
  std::vector<float> x(64 * 64, 1.0f);
  Tensor a = Tensor::borrow(x.data(), {64, 64});
  const bool right = einsum("ij,jk->ik", {a, a}).data<float>()[0] == 64 &&
                     evaluate("x.sum(axis=0) * 2", {{"x", a}})[0].data<float>()[5] == 128 &&
                     writableCode().empty();
  std::_Exit(!right ? kWrong : mapsCompiler() ? kMapped : kNotMapped);
}

TEST_F(WarmStart, MapsNoCompiler) {
  char self[4096] = {};
  ASSERT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
  auto run = [&] {
    const pid_t child = fork();
    if (child == 0) {
      setenv("RICCI_CACHE_DIR", path("cache").c_str(), 1);
      execl(self, self, "--gtest_filter=WarmStartChild.DISABLED_Run",
            "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
      std::_Exit(127);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  EXPECT_EQ(run(), kMapped) << "the first process compiles";
  EXPECT_EQ(run(), kNotMapped) << "the second finds all of it on the disk";
}
