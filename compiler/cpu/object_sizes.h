//===- object_sizes.h - launches as formulas of a size -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/object_entry.h"
#include "compiler/fuse/schedule.h"

namespace ricci {

/// A program's launches, whose kernels are known by name, and the schedule of each.
struct SizedLaunches {
  Executable executable;
  std::vector<Schedule> schedules;
};

/// The launches as an object has them, without the code. Of one program all numbers are constants.
Expected<ObjectVariant> describeVariant(const std::vector<SizedLaunches> &programs,
                                        const std::vector<int64_t> &sizes, const Target &target);

} // namespace ricci
