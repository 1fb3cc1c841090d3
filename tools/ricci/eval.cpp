//===- eval.cpp - ricci eval ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/plan_json.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"
#include "tools/ricci/run.h"

#include "frontend/parse_program.h"
#include "runtime/npy.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>

#include <unistd.h>

namespace ricci::driver {

static Expected<std::string> readAll(std::istream &in, const std::string &name) {
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad())
    return inputError(fmt::format("{}: cannot read", name));
  return text;
}

Expected<std::string> readProgram(const std::string &argument) {
  if (argument == "-")
    return readAll(std::cin, "standard input");
  if (!argument.starts_with('@'))
    return argument;
  std::string path = argument.substr(1);
  int64_t bytes = 0;
  Expected<int> file = detail::openRegular(path, bytes);
  if (!file)
    return std::move(file.error());
  close(*file);
  std::ifstream in(path, std::ios::binary);
  return readAll(in, path);
}

namespace {

struct Arguments {
  std::string program;               ///< the text, @FILE, or "-"
  std::vector<std::string> operands; ///< NAME=OPERAND
  CompileFlags flags;
  RunFlags run;
  bool plan = false;
};

template <typename T> Operand scalar(const std::string &text, DType dtype, T value) {
  Tensor tensor = Tensor::allocate(dtype, {}).value();
  *tensor.data<T>() = value;
  return Operand{text, tensor.type(), tensor};
}

/// "3", "-0.5", "1e-3", "inf", "True": as Python reads them, and with NumPy's default dtypes.
std::optional<Operand> parseNumber(const std::string &text) {
  if (text == "True" || text == "False")
    return scalar<bool>(text, DType::b1, text == "True");
  const char *end = text.data() + text.size();
  const char *begin = text.data() + (text.starts_with('+') ? 1 : 0);
  int64_t integer = 0;
  if (auto [rest, error] = std::from_chars(begin, end, integer);
      error == std::errc() && rest == end)
    return scalar<int64_t>(text, DType::i64, integer);
  double value = 0;
  if (auto [rest, error] = std::from_chars(begin, end, value); error == std::errc() && rest == end)
    return scalar<double>(text, DType::f64, value);
  return std::nullopt;
}

Expected<Job> makeJob(const Arguments &arguments) {
  Expected<std::string> text = readProgram(arguments.program);
  if (!text)
    return std::move(text.error());
  Job job{"program", std::move(*text), {}, {}, {}, {}};
  for (const std::string &argument : arguments.operands) {
    size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      return usageError(
          fmt::format("'{}' is not NAME=OPERAND, such as x=x.npy or x=f32[64,32]", argument));
    std::string name = argument.substr(0, equals), operand = argument.substr(equals + 1);
    if (std::find(job.names.begin(), job.names.end(), name) != job.names.end())
      return usageError(fmt::format("'{}' is given twice", name));
    if (std::optional<Operand> number = parseNumber(operand)) {
      job.operands.push_back(std::move(*number));
    } else {
      Expected<Operand> opened = openOperand(operand);
      if (!opened)
        return std::move(opened.error());
      job.operands.push_back(std::move(*opened));
    }
    job.names.push_back(std::move(name));
  }
  Expected<Program> program = parseProgram(job.text, job.parameters());
  if (!program)
    return std::move(program.error());
  job.program = std::move(*program);
  job.check = [program = job.program,
               parameters = job.parameters()](const std::vector<Tensor> &inputs,
                                              const std::vector<Tensor> &results, bool isTf32) {
    return checkProgram(program, parameters, inputs, results, isTf32);
  };
  return job;
}

int showPlan(const Job &job, const CompileFlags &flags) {
  Expected<Plan> plan = [&] {
    Progress progress("planning");
    return plan_program(job.program, flags.options);
  }();
  if (!plan)
    return report(plan.error());
  std::string text;
  if (flags.json) {
    JsonWriter json;
    writePlan(json, *plan);
    text = json.finish();
  } else {
    text = plan->str();
  }
  Status s = writeStdout(text);
  return s ? int(kFine) : report(s.error());
}

int runEval(const Arguments &arguments) {
  if (arguments.flags.threads)
    if (Status s = setNumThreads(*arguments.flags.threads); !s)
      return report(s.error());
  Expected<Job> job = makeJob(arguments);
  if (!job)
    return report(job.error());
  return arguments.plan ? showPlan(*job, arguments.flags)
                        : runJob(*job, arguments.flags, arguments.run);
}

} // namespace

Command addEvalCommand(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("eval", "Compile a program, run it, write its results");
  command->footer(R"help(Examples:
  ricci eval "softmax(q @ k.T / 8.0, axis=-1)" q=q.npy k=k.npy -o s.npy
  ricci eval "x**2 + 3*x + exp(-x*x) * tanh(x)" "x=f32[4000000]" --time --check
  ricci eval "(x.mean(axis=0), x.std(axis=0))" x=data.npz:x -o moments.npz
  ricci eval "a * x + y" a=0.5 "x=f32[8]" y=bf16:y.npy --print
  ricci eval @layer.txt x=x.npy w=w.npy --plan            the program of a file; - reads stdin
  ricci eval "gelu(x @ w)" "x=f32[64,32]" "w=f32[32,16]" --emit=kernels
)help");
  command
      ->add_option_function<std::string>(
          "PROGRAM",
          [arguments](const std::string &text) { arguments->program = withoutGuards(text); },
          "What NumPy would compute: statements, by newline or ;, the last one the result. "
          "@FILE reads a file, - standard input")
      ->required()
      ->type_name("");
  command
      ->add_option(
          "NAME=OPERAND", arguments->operands,
          "What a name of the program stands for: x.npy, x.npz:name, bf16:x.npy, a number, "
          "or a type with random data: \"x=f32[64,32]\"")
      ->type_name("");
  CLI::Option *emit = arguments->run.add(*command);
  command->add_flag("--plan", arguments->plan, "Show how it would be computed, and don't run")
      ->excludes(emit);
  arguments->flags.addRunOptions(*command);
  return {command, [arguments] { return runEval(*arguments); }};
}

} // namespace ricci::driver
