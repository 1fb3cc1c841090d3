//===- emit.cpp - --emit ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/emit.h"

#include "runtime/json.h"
#include "tools/ricci/output.h"

#include <fmt/format.h>

#include <unistd.h>

namespace ricci::driver {

static Diagnostic cannotShow(Stage stage, const char *why) {
  return usageError(
      fmt::format("--emit={} makes binary code, {}; write it with -o FILE", stageName(stage), why));
}

int emitStages(const Program &program, const CompileFlags &flags, const std::vector<Stage> &stages,
               const std::string &output) {
  const bool binary = isBinary(stages.front());
  if (binary && flags.json)
    return report(cannotShow(stages.front(), "which JSON cannot hold"));
  if (binary && output.empty() && isTerminal(STDOUT_FILENO))
    return report(cannotShow(stages.front(), "which a terminal cannot show"));
  if (!output.empty())
    if (Status s = checkWritable(output); !s)
      return report(s.error());

  std::string text;
  JsonWriter json;
  json.beginObject();
  for (Stage stage : stages) {
    Progress progress("compiling");
    Expected<std::string> emitted = emit_program(program, flags.options, stage);
    if (!emitted)
      return report(emitted.error());
    if (!isBinary(stage) && !emitted->ends_with('\n'))
      *emitted += '\n';
    if (stages.size() > 1)
      text += fmt::format("// ----- {} -----\n", stageName(stage));
    text += *emitted;
    json.key(stageName(stage)).string(flags.json ? *emitted : "");
  }
  json.endObject();
  if (flags.json)
    text = json.finish();
  Status s = output.empty() ? writeStdout(text) : writeFile(output, {text});
  return s ? int(kFine) : report(s.error());
}

} // namespace ricci::driver
