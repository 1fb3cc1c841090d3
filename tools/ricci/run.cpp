//===- run.cpp - what einsum and eval do alike ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/run.h"

#include "tools/ricci/emit.h"
#include "tools/ricci/outcome.h"
#include "tools/ricci/output.h"

#include "runtime/cuda_device.h"
#include "runtime/format.h"
#include "runtime/machine.h"
#include "runtime/npy_header.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <cstdlib>

namespace ricci::driver {
namespace {

int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t bytesOfResults(const Program &program) {
  int64_t bytes = 0;
  for (int result : program.results)
    bytes = saturatingAdd(bytes, bytesOf(program.nodes[size_t(result)].type));
  return bytes;
}

/// Refuses what the limit or the machine can't hold, before anything is allocated.
Status checkMemory(const CompileFlags &flags, int64_t generated, const Program &program,
                   int64_t intermediates) {
  const int64_t results = bytesOfResults(program);
  if (const std::optional<int64_t> &limit = flags.options.memoryLimit) {
    const char *what = program.results.size() == 1 ? "result" : "results";
    const char *need = program.results.size() == 1 ? "needs" : "need";
    auto over = [&](const std::string &needed, int64_t bytes) {
      return inputError(fmt::format("{} {} of memory; the limit is {}", needed,
                                    formatBytes(double(bytes)), formatBytes(double(*limit))));
    };
    if (generated > *limit)
      return over("the random operands need", generated);
    if (results > *limit)
      return over(fmt::format("the {} {}", what, need), results);
    if (int64_t both = saturatingAdd(results, intermediates); both > *limit)
      return over(fmt::format("the {} and the intermediates need", what), both);
  }
  int64_t total = saturatingAdd(saturatingAdd(generated, results), intermediates);
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

Expected<TimeReport> timeReport(const CompileFlags &flags, const Executable &executable,
                                const std::vector<Tensor> &inputs,
                                const std::vector<Tensor> &results) {
  TimeReport report;
  Progress progress("running");
  Expected<RunTimes> runs = timeRuns(executable, inputs, results);
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
  if (flags.options.device == DeviceKind::Reference) {
    report.threads = 1;
    return report;
  }
  if (flags.options.device.isCuda()) {
    Expected<CudaDevice *> gpu = CudaDevice::get(flags.options.device.index);
    if (!gpu)
      return gpu.error();
    report.threads = 1;
    report.target =
        fmt::format("{} ({}, {})", (*gpu)->device().str(), (*gpu)->name(), (*gpu)->arch());
    return report;
  }
  Expected<CompilerInterface *> compiler = loadCompiler();
  if (!compiler)
    return compiler.error();
  Expected<TargetInfo> target = (*compiler)->describeTarget(targetCpu(flags.options.cpu));
  if (!target)
    return target.error();
  report.target = fmt::format("{} ({})", target->level, target->name);
  return report;
}

bool isArchive(const std::string &path) { return path.ends_with(".npz"); }

/// Fails early where the results can't be written to `path`.
Status checkOutput(const std::string &path, const Program &program) {
  if (path.empty())
    return success();
  if (program.results.size() > 1 && !isArchive(path))
    return usageError(fmt::format("the program has {} results, which one file holds as an .npz: "
                                  "-o FILE.npz",
                                  program.results.size()));
  return checkWritable(path);
}

Expected<Outcome> compute(const Job &job, const CompileFlags &flags, const RunFlags &run) {
  Expected<int64_t> generated = generatedBytes(job.operands);
  if (!generated)
    return generated.error();
  if (Status s = checkMemory(flags, *generated, job.program, 0); !s)
    return s.error();
  if (Status s = checkOutput(run.output, job.program); !s)
    return s.error();

  Outcome outcome;
  {
    Progress progress("compiling");
    ProgramOptions options = flags.options;
    options.diskCache = options.diskCache && !run.timePasses;
    Expected<Function> compiled = try_compile(job.program, job.parameters(), options);
    if (!compiled)
      return compiled.error();
    outcome.executable = compiled->executable();
  }
  const Executable &executable = *outcome.executable;
  if (Status s = checkMemory(flags, *generated, job.program, executable.arenaBytes); !s)
    return s.error();

  std::vector<Tensor> data, inputs;
  for (size_t i = 0; i < job.operands.size(); ++i) {
    Expected<Tensor> tensor = job.operands[i].load(flags.seed, i);
    if (!tensor)
      return tensor.error();
    data.push_back(*tensor);
    // The executable wants canonical strides of axes that have one element.
    inputs.push_back(Tensor::borrowConst(tensor->raw(), tensor->dtype(), tensor->shape(),
                                         executable.inputs[i].strides));
  }
  for (const TensorType &type : executable.outputs) {
    Expected<Tensor> result = Tensor::allocate(type.dtype, type.shape);
    if (!result)
      return result.error();
    outcome.results.push_back(std::move(*result));
  }
  if (run.time) {
    Expected<TimeReport> time = timeReport(flags, executable, inputs, outcome.results);
    if (!time)
      return time.error();
    outcome.time = std::move(*time);
  } else {
    Progress progress("running");
    if (Status s = executable.run(inputs, outcome.results); !s)
      return s.error();
  }
  if (run.check) {
    Progress progress("running the reference interpreter");
    const bool isTf32 = flags.options.allowTf32 && flags.options.device.isCuda();
    Expected<std::vector<CheckResult>> checks = job.check(data, outcome.results, isTf32);
    if (!checks)
      return checks.error();
    outcome.checks = std::move(*checks);
  }
  return outcome;
}

Status writeResults(const std::string &path, const std::vector<Tensor> &results) {
  if (isArchive(path)) {
    std::vector<NpzMember> members;
    for (size_t i = 0; i < results.size(); ++i)
      members.push_back({fmt::format("arr_{}", i), results[i]}); // as np.savez names them
    return writeArchive(path, members);
  }
  const Tensor &result = results.front();
  std::string header = makeNpyHeader(result.dtype(), result.shape());
  std::string_view data(static_cast<const char *>(result.raw()), size_t(bytesOf(result.type())));
  return writeFile(path, {header, data});
}

} // namespace

std::vector<Parameter> Job::parameters() const {
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < operands.size(); ++i)
    parameters.push_back({names[i], operands[i].type});
  return parameters;
}

CLI::Option *RunFlags::add(CLI::App &app) {
  app.add_option("-o,--output", output, "Write the result, or what --emit makes, here")
      ->type_name("FILE")
      ->check([](const std::string &path) { return path.empty() ? "the name is empty" : ""; });
  CLI::Option *stages =
      app.add_option_function<std::string>(
             "--emit", [this](const std::string &text) { emit = parseStages(text); },
             "Print stages and don't run: ast, tensor, ordered, kernels, loops, llvm, asm, obj, "
             "or of a GPU cuda, ptx or cubin")
          ->type_name("STAGE,...");
  app.add_flag("--print", print, "Print the result as NumPy does")->excludes(stages);
  app.add_flag("--time", time, "Time compilation and runs")->excludes(stages);
  app.add_flag("--time-passes", timePasses, "Compile anew and print how long each stage of it took")
      ->excludes(stages);
  app.add_flag("--check", check,
               "Compare with the reference interpreter; exit code 4 when they differ")
      ->excludes(stages);
  return stages;
}

int runJob(const Job &job, const CompileFlags &flags, const RunFlags &run) {
  if (!run.emit.empty())
    return emitStages(job.program, flags, run.emit, run.output);
  Expected<Outcome> outcome = compute(job, flags, run);
  if (!outcome)
    return report(outcome.error());
  const bool agrees = outcome->agrees();
  // A result that --check refutes is not written.
  if (!run.output.empty() && agrees)
    if (Status s = writeResults(run.output, outcome->results); !s)
      return report(s.error());
  if (flags.json || agrees) {
    std::string text = flags.json ? outcomeJson(job, run, *outcome) : outcomeText(run, *outcome);
    if (Status s = writeStdout(text); !s)
      return report(s.error());
  }
  if (agrees)
    return kFine;
  for (size_t i = 0; i < outcome->checks.size(); ++i)
    if (!outcome->checks[i].agrees())
      report(outcome->checks[i].error(outcome->resultName(i)));
  return kCheckDiffers;
}

} // namespace ricci::driver
