//===- outcome.h - what a run has to show -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/ricci/run.h"
#include "tools/ricci/timing.h"

namespace ricci::driver {

/// All that a run leaves to be shown.
struct Outcome {
  std::shared_ptr<const Executable> executable;
  std::vector<Tensor> results;
  std::optional<TimeReport> time;
  std::vector<CheckResult> checks; ///< one for each result, or none

  bool agrees() const;
  /// "result 2"; empty where there is only one.
  std::string resultName(size_t i) const;
};

/// Of a valid type.
int64_t bytesOf(const TensorType &type);

std::string outcomeText(const RunFlags &run, const Outcome &outcome);
/// Of an equation, which has one result, its facts stand beside the others; a program has a list.
std::string outcomeJson(const Job &job, const RunFlags &run, const Outcome &outcome);

} // namespace ricci::driver
