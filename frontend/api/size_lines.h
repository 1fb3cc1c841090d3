//===- size_lines.h - a program at every size ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "runtime/compiler_interface.h"

#include <functional>
#include <string>
#include <vector>

namespace ricci::detail {

/// What a program does, apart from its numbers: extents, starts and steps of slices.
struct ProgramForm {
  std::string form;
  std::vector<int64_t> numbers;

  explicit ProgramForm(const Program &program);
};

/// A program whose numbers are linear functions of a size.
class SizedProgram {
public:
  /// An error where the programs, which are one at these sizes, differ otherwise.
  static Expected<SizedProgram> make(const std::vector<Program> &programs,
                                     const std::vector<int64_t> &sizes);

  /// The least size from which on it is the program that `programAt` gives, at every size that is
  /// looked at: all up to the first of `sizes`, and some up to 2^24. An error where it is not at a
  /// larger one.
  Expected<int64_t>
  leastSize(const std::function<Expected<Program>(int64_t size)> &programAt) const;

  /// The shape of a result.
  std::vector<SizeFormula> shapeOf(size_t result) const;

private:
  bool isAt(const Program &program, int64_t size) const;

  std::string form_;
  std::vector<SizeFormula> numbers_;
  std::vector<std::vector<SizeFormula>> results_;
  int64_t first_ = 1;
};

} // namespace ricci::detail
