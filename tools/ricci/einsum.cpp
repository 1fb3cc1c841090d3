//===- einsum.cpp - ricci einsum --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/array_json.h"
#include "tools/ricci/array_text.h"
#include "tools/ricci/check.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/emit.h"
#include "tools/ricci/operands.h"
#include "tools/ricci/options.h"
#include "tools/ricci/output.h"
#include "tools/ricci/plan_json.h"
#include "tools/ricci/timing.h"

#include "frontend/einsum.h"
#include "runtime/format.h"
#include "runtime/machine.h"
#include "runtime/npy_header.h"
#include "runtime/parallel.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <cstdlib>

namespace ricci::driver {
namespace {

struct Arguments {
  EinsumArguments einsum;
  CompileFlags flags;
  std::string output;
  std::vector<Stage> emit;
  bool print = false, time = false, check = false;
};

int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

Expected<TensorType> resultType(const std::string &equation, const std::vector<TensorType> &types) {
  Expected<EinsumSyntax> syntax = parseEinsum(equation);
  if (!syntax)
    return syntax.error();
  Expected<Program> program = resolveEinsum(*syntax, types);
  if (!program)
    return program.error();
  return program->nodes[size_t(program->results[0])].type;
}

int64_t bytesOf(const TensorType &type) {
  int64_t elements = 1;
  for (int64_t extent : type.shape)
    elements *= extent; // the frontend has checked that the bytes fit
  return elements * int64_t(itemSize(type.dtype));
}

/// Refuses what the limit or the machine can't hold, before anything is allocated.
Status checkMemory(const Arguments &arguments, int64_t generated, int64_t result,
                   int64_t intermediates) {
  if (const std::optional<int64_t> &limit = arguments.flags.einsum.memoryLimit) {
    auto over = [&](const char *what, int64_t bytes) {
      return inputError(fmt::format("{} {} of memory; the limit is {}", what,
                                    formatBytes(double(bytes)), formatBytes(double(*limit))));
    };
    if (generated > *limit)
      return over("the random operands need", generated);
    if (result > *limit)
      return over("the result needs", result);
    if (int64_t both = saturatingAdd(result, intermediates); both > *limit)
      return over("the result and the intermediates need", both);
  }
  int64_t total = saturatingAdd(saturatingAdd(generated, result), intermediates);
  if (total > machineMemoryBytes())
    return machineError(fmt::format("this needs {} of memory; the machine has {}",
                                    formatBytes(double(total)),
                                    formatBytes(double(machineMemoryBytes()))));
  return success();
}

/// The CPU that the library compiles for: RICCI_CPU takes the place of the default.
std::string targetCpu(const std::string &option) {
  const char *fromEnvironment = std::getenv("RICCI_CPU");
  bool isDefault = option.empty() || option == "native";
  return isDefault && fromEnvironment && *fromEnvironment ? fromEnvironment : option;
}

/// All that a run leaves to be shown.
struct Outcome {
  std::shared_ptr<const Executable> executable;
  Tensor result;
  std::optional<TimeReport> time;
  std::optional<CheckResult> check;
};

Expected<TimeReport> timeReport(const Arguments &arguments, const Executable &executable,
                                const std::vector<Tensor> &inputs, const Tensor &result) {
  TimeReport report;
  Progress progress("running");
  Expected<RunTimes> runs = timeRuns(executable, inputs, {result});
  if (!runs)
    return runs.error();
  report.runs = std::move(*runs);
  report.compile = executable.times;
  for (const PlanStep &step : executable.plan.steps) {
    report.flops += step.flops;
    report.predictedSeconds += step.predictedSeconds;
  }
  Expected<int> threads = numThreads();
  if (!threads)
    return threads.error();
  report.threads = *threads;
  if (arguments.flags.einsum.device == DeviceKind::Reference) {
    report.threads = 1;
    return report;
  }
  Expected<CompilerInterface *> compiler = loadCompiler();
  if (!compiler)
    return compiler.error();
  Expected<TargetInfo> target = (*compiler)->describeTarget(targetCpu(arguments.flags.einsum.cpu));
  if (!target)
    return target.error();
  report.target = fmt::format("{} ({})", target->level, target->name);
  return report;
}

Expected<Outcome> compute(const Arguments &arguments, const std::vector<Operand> &operands) {
  std::vector<TensorType> types = typesOf(operands);
  Expected<TensorType> type = resultType(arguments.einsum.equation, types);
  if (!type)
    return type.error();
  Expected<int64_t> generated = generatedBytes(operands);
  if (!generated)
    return generated.error();
  if (Status s = checkMemory(arguments, *generated, bytesOf(*type), 0); !s)
    return s.error();
  if (!arguments.output.empty())
    if (Status s = checkWritable(arguments.output); !s)
      return s.error();

  Outcome outcome;
  {
    Progress progress("compiling");
    auto compiled =
        try_compile_einsum(arguments.einsum.equation, types, arguments.flags.einsum, nullptr);
    if (!compiled)
      return compiled.error();
    outcome.executable = *compiled;
  }
  const Executable &executable = *outcome.executable;
  if (Status s = checkMemory(arguments, *generated, bytesOf(*type), executable.arenaBytes); !s)
    return s.error();

  std::vector<Tensor> data, inputs;
  for (size_t i = 0; i < operands.size(); ++i) {
    Expected<Tensor> tensor = operands[i].load(arguments.flags.seed, i);
    if (!tensor)
      return tensor.error();
    data.push_back(*tensor);
    // The executable wants canonical strides of axes that have one element.
    inputs.push_back(Tensor::borrowConst(tensor->raw(), tensor->dtype(), tensor->shape(),
                                         executable.inputs[i].strides));
  }
  Expected<Tensor> result = Tensor::allocate(type->dtype, type->shape);
  if (!result)
    return result.error();
  outcome.result = *result;
  if (arguments.time) {
    Expected<TimeReport> time = timeReport(arguments, executable, inputs, *result);
    if (!time)
      return time.error();
    outcome.time = std::move(*time);
  } else {
    Progress progress("running");
    if (Status s = executable.run(inputs, {*result}); !s)
      return s.error();
  }
  if (arguments.check) {
    Progress progress("running the reference interpreter");
    Expected<CheckResult> check = checkEinsum(arguments.einsum.equation, data, *result);
    if (!check)
      return check.error();
    outcome.check = std::move(*check);
  }
  return outcome;
}

std::string outcomeText(const Arguments &arguments, const Outcome &outcome) {
  std::string text;
  const TensorType &type = outcome.result.type();
  if (!arguments.output.empty())
    text += printable(arguments.output) + ": ";
  if (!arguments.output.empty() || !arguments.print)
    text += fmt::format("{}, C order, {}\n", type.str(), formatBytes(double(bytesOf(type))));
  if (arguments.print)
    text += arrayText(outcome.result) + "\n";
  if (outcome.time)
    text += outcome.time->str();
  if (outcome.check && outcome.check->agrees())
    text += outcome.check->summary() + "\n";
  return text;
}

void writeCheck(JsonWriter &json, const CheckResult &check) {
  json.beginObject();
  json.key("agrees").boolean(check.agrees());
  json.key("exact").boolean(check.exact);
  json.key("elements").integer(check.elements);
  json.key("wrong").integer(check.wrong);
  json.key("worst_index").integers(check.index);
  json.key("worst_value").string(check.got);
  json.key("worst_expected").string(check.expected);
  json.key("worst_difference").number(check.difference);
  json.key("worst_bound").number(check.bound);
  json.endObject();
}

std::string outcomeJson(const Arguments &arguments, const Outcome &outcome) {
  const TensorType &type = outcome.result.type();
  JsonWriter json;
  json.beginObject();
  json.key("equation").string(arguments.einsum.equation);
  json.key("output");
  if (arguments.output.empty())
    json.null();
  else
    json.string(arguments.output);
  json.key("dtype").string(shortName(type.dtype));
  json.key("shape").integers(type.shape);
  json.key("order").string("C");
  json.key("bytes").integer(bytesOf(type));
  if (arguments.print)
    json.key("data").raw(arrayJson(outcome.result));
  if (outcome.time) {
    json.key("time");
    outcome.time->write(json);
  }
  if (outcome.check) {
    json.key("check");
    writeCheck(json, *outcome.check);
  }
  json.key("plan");
  writePlan(json, outcome.executable->plan);
  json.endObject();
  return json.finish();
}

Status writeResult(const std::string &path, const Tensor &result) {
  std::string header = makeNpyHeader(result.dtype(), result.shape());
  std::string_view data(static_cast<const char *>(result.raw()), size_t(bytesOf(result.type())));
  return writeFile(path, {header, data});
}

int runEinsum(const Arguments &arguments) {
  if (arguments.flags.threads)
    if (Status s = setNumThreads(*arguments.flags.threads); !s)
      return report(s.error());
  Expected<std::vector<Operand>> operands = openOperands(arguments.einsum.operands);
  if (!operands)
    return report(operands.error());
  if (!arguments.emit.empty())
    return emitStages(arguments.einsum, arguments.flags, *operands, arguments.emit,
                      arguments.output);
  Expected<Outcome> outcome = compute(arguments, *operands);
  if (!outcome)
    return report(outcome.error());
  bool agrees = !outcome->check || outcome->check->agrees();
  // A result that --check refutes is not written.
  if (!arguments.output.empty() && agrees)
    if (Status s = writeResult(arguments.output, outcome->result); !s)
      return report(s.error());
  if (arguments.flags.json || agrees) {
    std::string text =
        arguments.flags.json ? outcomeJson(arguments, *outcome) : outcomeText(arguments, *outcome);
    if (Status s = writeStdout(text); !s)
      return report(s.error());
  }
  if (agrees)
    return kFine;
  report(outcome->check->error());
  return kCheckDiffers;
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
  command
      ->add_option("-o,--output", arguments->output, "Write the result, or what --emit makes, here")
      ->type_name("FILE")
      ->check([](const std::string &path) { return path.empty() ? "the name is empty" : ""; });
  CLI::Option *emit =
      command
          ->add_option_function<std::string>(
              "--emit",
              [arguments](const std::string &text) { arguments->emit = parseStages(text); },
              "Print stages and don't run: ast, tensor, ordered, kernels, loops, llvm, asm or obj")
          ->type_name("STAGE,...");
  command->add_flag("--print", arguments->print, "Print the result as NumPy does")->excludes(emit);
  command->add_flag("--time", arguments->time, "Time compilation and runs")->excludes(emit);
  command
      ->add_flag("--check", arguments->check,
                 "Compare with the reference interpreter; exit code 4 when they differ")
      ->excludes(emit);
  arguments->flags.addRunOptions(*command);
  return {command, [arguments] { return runEinsum(*arguments); }};
}

} // namespace ricci::driver
