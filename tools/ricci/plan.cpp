//===- plan.cpp - ricci plan ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/commands.h"
#include "tools/ricci/operands.h"
#include "tools/ricci/options.h"
#include "tools/ricci/output.h"

namespace ricci::driver {
namespace {

struct PlanArguments {
  EinsumArguments einsum;
  CompileFlags flags;
};

int runPlan(const PlanArguments &arguments) {
  Expected<std::vector<Operand>> operands = openOperands(arguments.einsum.operands);
  if (!operands)
    return report(operands.error());
  Expected<Plan> plan = [&] {
    Progress progress("planning");
    return plan_einsum(arguments.einsum.equation, typesOf(*operands), {arguments.flags.options});
  }();
  if (!plan)
    return report(plan.error());
  std::string text;
  if (arguments.flags.json) {
    text = plan_json(*plan);
  } else {
    text = plan->str();
    if (!text.ends_with('\n'))
      text += '\n';
  }
  Status s = writeStdout(text);
  return s ? int(kFine) : report(s.error());
}

} // namespace

Command addPlanCommand(CLI::App &app) {
  auto arguments = std::make_shared<PlanArguments>();
  CLI::App *command = app.add_subcommand("plan", "Show how an einsum would be computed");
  command->footer(R"help(Examples:
  ricci plan "ij,jk,kl->il" "f32[100,200]" "f32[200,300]" "f32[300,50]"
  ricci plan "bhid,bhjd->bhij" q.npy k.npy               only the headers are read
  ricci plan "ij,jk,kl->il" a.npy b.npy c.npy --optimize="(0,1),(0,1)" --json
)help");
  arguments->einsum.add(*command);
  arguments->flags.addPlanOptions(*command);
  return {command, [arguments] { return runPlan(*arguments); }};
}

} // namespace ricci::driver
