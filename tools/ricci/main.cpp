//===- main.cpp - the driver ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/commands.h"
#include "tools/ricci/options.h"
#include "tools/ricci/output.h"

#include <fmt/format.h>

#include <new>

using namespace ricci;
using namespace ricci::driver;

static constexpr const char *kExamples = R"help(Examples:
  ricci einsum "ij,jk->ik" a.npy b.npy -o c.npy          multiply two matrices
  ricci einsum "ij,jk->ik" "f32[512,512]" "f32[512,512]" --time --check
  ricci einsum "ij,jk->ik" "f32[64,64]" "f32[64,64]" --emit=kernels
  ricci eval "softmax(q @ k.T / 8.0, axis=-1)" q=q.npy k=k.npy -o s.npy
  ricci build "gelu(x @ w)" "x=f32[N,64]" "w=f32[64,32]" -o layer    an object file and its C header
  ricci plan "ij,jk,kl->il" "f32[100,200]" "f32[200,300]" "f32[300,50]"
  ricci shapes "(32,512)" "(512,)"                       how two shapes broadcast
  ricci bench "softmax(x, axis=-1)" "x=f32[1000,1000]"   how fast, and how near to the machine's best
  ricci devices                                          what programs can run on
  ricci cache                                            what is compiled and kept on disk
  ricci doctor                                           what a bug report needs
)help";

static int usageFailure(const CLI::App &app, const std::string &message) {
  const CLI::App *command = &app;
  for (const CLI::App *chosen : app.get_subcommands())
    command = chosen;
  Diagnostic error = usageError(message);
  error.notes.push_back("`" +
                        std::string(command == &app ? "ricci" : "ricci " + command->get_name()) +
                        " --help` shows examples and every option");
  return report(error);
}

static bool takesProgram(std::string_view command) {
  return command == "eval" || command == "build";
}

static int run(int argc, char **argv) {
  CLI::App app("Compiles tensor expressions to native code and runs them", "ricci");
  app.footer(kExamples);
  app.formatter(helpFormatter());
  app.require_subcommand(1);
  app.set_version_flag("--version", "ricci " RICCI_VERSION);
  app.set_help_flag("-h,--help", "Print this text");
  Command commands[] = {addEinsumCommand(app), addEvalCommand(app),   addBuildCommand(app),
                        addPlanCommand(app),   addShapesCommand(app), addDevicesCommand(app),
                        addBenchCommand(app),  addCacheCommand(app),  addDoctorCommand(app)};

  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) // CLI11 takes them last first
    arguments.push_back(guardText(argv[i], i == 2 && takesProgram(argv[1])));
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp &) {
    const CLI::App *command = &app;
    for (const CLI::App *chosen : app.get_subcommands())
      command = chosen;
    Status s = writeStdout(command->help(command == &app ? "" : "ricci"));
    return s ? int(kFine) : report(s.error());
  } catch (const CLI::CallForVersion &) {
    Status s = writeStdout("ricci " RICCI_VERSION "\n");
    return s ? int(kFine) : report(s.error());
  } catch (const CLI::ParseError &error) {
    bool unknown = argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty();
    return usageFailure(app, unknown ? fmt::format("there is no subcommand '{}'", argv[1])
                                     : withoutGuards(error.what()));
  }
  for (const Command &command : commands)
    if (command.app->parsed())
      return command.run();
  return kUsageWrong;
}

int main(int argc, char **argv) {
  prepareStandardStreams();
  try {
    return run(argc, argv);
  } catch (const Error &error) {
    return report(error.diagnostic());
  } catch (const std::bad_alloc &) {
    return report(machineError("there is not enough memory"));
  } catch (const std::exception &error) {
    return report(internalError(error.what()));
  }
}
