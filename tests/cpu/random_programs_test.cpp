//===- random_programs_test.cpp - random programs, fused, against the oracle -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_harness.h"
#include "tests/cpu/level_fixture.h"
#include "tests/fuse/program_writer.h"

namespace ricci::test {
namespace {

class RandomPrograms : public OnLevel {};
INSTANTIATE_LEVELS(RandomPrograms);

TEST_P(RandomPrograms, AreRight) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::string text = ProgramWriter(seed).write(4 + int(seed % 12));
    FusedOptions options;
    options.disorder = seed % 3 == 0;
    options.seed = seed;
    expectLikeOracle(text, target(), options);
    options.fuse = false;
    if (seed % 4 == 0)
      expectLikeOracle(text, target(), options);
    if (HasFailure())
      return;
  }
}

} // namespace
} // namespace ricci::test
