//===- commands.h - the subcommands -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace ricci::driver {

/// A subcommand and what runs it once its options are parsed; `run` gives the exit code.
struct Command {
  CLI::App *app;
  std::function<int()> run;
};

Command addEinsumCommand(CLI::App &app);
Command addEvalCommand(CLI::App &app);
Command addBuildCommand(CLI::App &app);
Command addPlanCommand(CLI::App &app);
Command addShapesCommand(CLI::App &app);
Command addDevicesCommand(CLI::App &app);
Command addBenchCommand(CLI::App &app);
Command addCacheCommand(CLI::App &app);
Command addDoctorCommand(CLI::App &app);

} // namespace ricci::driver
