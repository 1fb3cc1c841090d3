//===- bench_cases.h - what ricci bench measures --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/ricci/run.h"

namespace ricci::driver {

/// An equation or a program, and its operands as texts.
struct BenchCase {
  std::string name, text;
  bool isEquation = false;
  std::vector<std::string> operands;
  std::vector<std::string> names; ///< of a program's operands
};

/// The one case of a command line, or those of the file @FILE.json, which has the format of
/// tests/cases/contractions.json (operands are f32) and fused.json.
Expected<std::vector<BenchCase>> benchCases(const std::string &text,
                                            const std::vector<std::string> &operands);

/// The job without a check.
Expected<Job> makeJob(const BenchCase &bench);

} // namespace ricci::driver
