//===- run.h - what einsum and eval do alike --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/ricci/check.h"
#include "tools/ricci/operands.h"
#include "tools/ricci/options.h"

#include <functional>

namespace ricci::driver {

/// A computation and what it computes with.
struct Job {
  std::string kind; ///< "equation" or "program": what JSON calls the text
  std::string text;
  Program program;
  std::vector<Operand> operands;
  std::vector<std::string> names; ///< of the operands
  /// One comparison for each result; `isTf32`: contractions of f32 round their operands to TF32.
  std::function<Expected<std::vector<CheckResult>>(const std::vector<Tensor> &operands,
                                                   const std::vector<Tensor> &results, bool isTf32)>
      check;

  std::vector<Parameter> parameters() const;
};

/// The text of a PROGRAM argument, which may be @FILE, or - for standard input.
Expected<std::string> readProgram(const std::string &argument);

/// What is asked for besides the results.
struct RunFlags {
  std::string output;
  std::vector<Stage> emit;
  bool print = false, time = false, timePasses = false, check = false;

  /// -o, --emit, --print, --time, --time-passes and --check; gives --emit.
  CLI::Option *add(CLI::App &app);
};

/// Compiles, runs and shows; nothing is written unless all went well. Gives the exit code.
int runJob(const Job &job, const CompileFlags &flags, const RunFlags &run);

} // namespace ricci::driver
