//===- einsum.cpp - ricci einsum --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"
#include "tools/ricci/run.h"

#include "frontend/einsum.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

namespace ricci::driver {
namespace {

struct Arguments {
  EinsumArguments einsum;
  CompileFlags flags;
  RunFlags run;
};

Expected<Job> makeJob(const EinsumArguments &einsum) {
  Job job{"equation", einsum.equation, {}, {}, {}, {}};
  Expected<std::vector<Operand>> operands = openOperands(einsum.operands);
  if (!operands)
    return std::move(operands.error());
  job.operands = std::move(*operands);
  for (size_t i = 0; i < job.operands.size(); ++i)
    job.names.push_back(fmt::format("operand {}", i + 1));
  Expected<EinsumSyntax> syntax = parseEinsum(einsum.equation);
  if (!syntax)
    return std::move(syntax.error());
  Expected<Program> program = resolveEinsum(*syntax, typesOf(job.operands));
  if (!program)
    return std::move(program.error());
  job.program = std::move(*program);
  job.check = [equation = einsum.equation](const std::vector<Tensor> &inputs,
                                           const std::vector<Tensor> &results,
                                           bool isTf32) -> Expected<std::vector<CheckResult>> {
    Expected<CheckResult> check = checkEinsum(equation, inputs, results.front(), isTf32);
    if (!check)
      return std::move(check.error());
    return std::vector<CheckResult>{std::move(*check)};
  };
  return job;
}

int runEinsum(const Arguments &arguments) {
  if (arguments.flags.threads)
    if (Status s = setNumThreads(*arguments.flags.threads); !s)
      return report(s.error());
  Expected<Job> job = makeJob(arguments.einsum);
  return job ? runJob(*job, arguments.flags, arguments.run) : report(job.error());
}

} // namespace

Command addEinsumCommand(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("einsum", "Compile an einsum, run it, write the result");
  command->footer(R"help(Examples:
  ricci einsum "ij,jk->ik" a.npy b.npy -o c.npy              multiply two matrices
  ricci einsum "bhid,bhjd->bhij" q.npy k.npy -o s.npy --time
  ricci einsum "ii->i" x.npz:weights --print                 the diagonal of an array of an .npz
  ricci einsum "ij,jk->ik" "f32[512,512]" bf16:b.npy --check random data; b.npy holds bfloat16
  ricci einsum "ij,jk->ik" "f32[64,64]" "f32[64,64]" --emit=kernels,asm
)help");
  arguments->einsum.add(*command);
  arguments->run.add(*command);
  arguments->flags.addRunOptions(*command);
  return {command, [arguments] { return runEinsum(*arguments); }};
}

} // namespace ricci::driver
