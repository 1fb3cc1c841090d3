//===- options.h - what the subcommands' options have in common -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace ricci::driver {

/// How to compile and run: options that einsum, eval and plan share.
struct CompileFlags {
  ProgramOptions options;
  std::optional<int> threads;
  uint64_t seed = 0;
  bool json = false;

  /// --optimize, --memory-limit, --cpu and --json.
  void addPlanOptions(CLI::App &app);
  /// Those, and --device, --arch, --tf32, --threads, --seed, --print-ir-after and --no-cache.
  void addRunOptions(CLI::App &app);
};

/// An equation and its operands. An equation may begin with "->", which no option does.
struct EinsumArguments {
  std::string equation;
  std::vector<std::string> operands;

  void add(CLI::App &app);
};

/// Lets an argument that begins with "->" through CLI11, which would take it for an option; of a
/// program also "-x" and a lone "-". `withoutGuards` takes the guards off again.
std::string guardText(const std::string &argument, bool mayBeProgram);
std::string withoutGuards(std::string text);

/// "tensor,loops": at least one stage, `obj` and `cubin` only alone.
std::vector<Stage> parseStages(const std::string &text);

/// "auto", "greedy", "optimal", seconds, or a path like "(0,1),(0,1)".
OrderOptions parseOrder(const std::string &text);

/// Help begins with the examples, which are kept in the footer.
std::shared_ptr<CLI::Formatter> helpFormatter();

} // namespace ricci::driver
