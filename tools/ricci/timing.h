//===- timing.h - --time ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"
#include "runtime/json.h"

namespace ricci::driver {

/// Seconds that runs of one executable took.
struct RunTimes {
  double first = 0;
  std::vector<double> rest; ///< ascending

  double min() const { return rest.empty() ? first : rest.front(); }
  double median() const { return rest.empty() ? first : rest[rest.size() / 2]; }
};

/// Runs once, then 50 times or for about `seconds`, whichever ends first, but at least 3 times.
Expected<RunTimes> timeRuns(const Executable &executable, const std::vector<Tensor> &inputs,
                            const std::vector<Tensor> &outputs, double seconds = 2);

/// What --time prints. `target` is "x86-64-v3 (znver3)" or "cuda:0 (…)", empty for the reference
/// device.
struct TimeReport {
  CompileTimes compile;
  RunTimes runs;
  double flops = 0, predictedSeconds = 0; ///< sums over the plan's steps
  int threads = 1;
  std::string target;

  std::string str() const;
  void write(JsonWriter &json) const;
};

/// What --time-passes prints: a line for each stage of the compilation, with its share.
std::string passTable(const CompileTimes &times);

} // namespace ricci::driver
