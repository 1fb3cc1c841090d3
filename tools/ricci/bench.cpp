//===- bench.cpp - ricci bench ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A case's share of the roofline is what its arithmetic would take at the speed of our own large
// matmul of the type that it computes in, or its operands and results once at the speed of a large
// copy, whichever is longer, divided by its time. All speeds are measured first, in the same
// process. What fits into caches can be faster than the copy, and its share above 1.
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/bench_cases.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/options.h"
#include "tools/ricci/outcome.h"
#include "tools/ricci/output.h"
#include "tools/ricci/timing.h"

#include "runtime/format.h"
#include "runtime/machine.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

namespace ricci::driver {
namespace {

struct Arguments {
  std::string text;
  std::vector<std::string> operands;
  CompileFlags flags;
  double seconds = 1;
};

struct Measurement {
  std::string name;
  RunTimes times;
  double flops = 0, bytes = 0; ///< of a run; bytes: operands and results once
  DType dtype = DType::f32;    ///< that it computes in
  double share = 0;            ///< of the roofline; 0 where it was not measured
};

struct Roofline {
  std::map<DType, double> flopsPerSecond; ///< by the type of the numbers
  double bytesPerSecond = 0;
};

/// The type that most of the program's work is done in.
DType computedIn(const Program &program) {
  DType dtype = DType::f32;
  double most = -1;
  for (const Program::Node &node : program.nodes) {
    if (node.operands.empty())
      continue;
    // A comparison computes in its operands' type, a reduction goes over all of its operand.
    const TensorType &operand = program.nodes[size_t(node.operands.front())].type;
    const bool answers = node.type.dtype == DType::b1;
    auto product = [](const std::vector<int64_t> &extents) {
      return std::accumulate(extents.begin(), extents.end(), 1.0, std::multiplies<>());
    };
    const double work = node.kind == Program::NodeKind::Einsum
                            ? product(node.einsum.extents)
                            : std::max(product(node.type.shape), product(operand.shape));
    if (work > most) {
      most = work;
      dtype = answers ? operand.dtype : node.type.dtype;
    }
  }
  // What has 16 bits is summed in f32.
  return dtype == DType::f16 || dtype == DType::bf16 ? DType::f32 : dtype;
}

Expected<Measurement> measure(const BenchCase &bench, const CompileFlags &flags, double seconds) {
  Expected<Job> made = makeJob(bench);
  if (!made)
    return std::move(made.error());
  const Job &job = *made;
  Measurement result;
  result.name = bench.name;
  result.dtype = computedIn(job.program);
  for (const Operand &operand : job.operands)
    result.bytes += double(bytesOf(operand.type));
  for (int output : job.program.results)
    result.bytes += double(bytesOf(job.program.nodes[size_t(output)].type));
  if (result.bytes > double(machineMemoryBytes()))
    return machineError(fmt::format("this needs {} of memory; the machine has {}",
                                    formatBytes(result.bytes),
                                    formatBytes(double(machineMemoryBytes()))));

  Expected<Function> compiled = try_compile(job.program, job.parameters(), flags.options);
  if (!compiled)
    return std::move(compiled.error());
  const Executable &executable = *compiled->executable();
  for (const PlanStep &step : executable.plan.steps)
    result.flops += step.flops;

  std::vector<Tensor> data, inputs, outputs;
  for (size_t i = 0; i < job.operands.size(); ++i) {
    Expected<Tensor> tensor = job.operands[i].load(flags.seed, i);
    if (!tensor)
      return std::move(tensor.error());
    data.push_back(*tensor);
    inputs.push_back(Tensor::borrowConst(tensor->raw(), tensor->dtype(), tensor->shape(),
                                         executable.inputs[i].strides));
  }
  for (const TensorType &type : executable.outputs) {
    Expected<Tensor> output = Tensor::allocate(type.dtype, type.shape);
    if (!output)
      return std::move(output.error());
    outputs.push_back(std::move(*output));
  }
  Expected<RunTimes> times = timeRuns(executable, inputs, outputs, seconds);
  if (!times)
    return std::move(times.error());
  result.times = std::move(*times);
  return result;
}

/// On the CPU, as many threads as the cases have.
Expected<Roofline> measureRoofline(const std::set<DType> &dtypes, const CompileFlags &flags,
                                   double seconds) {
  CompileFlags own = flags;
  own.options.order = {};
  own.options.memoryLimit.reset();
  Roofline roofline;
  for (DType dtype : dtypes) {
    // The slow types need less to be at their speed.
    const int64_t size = dtype == DType::f32 || dtype == DType::f64 ? 1024 : 512;
    const std::string type = fmt::format("{}[{},{}]", shortName(dtype), size, size);
    Expected<Measurement> matmul =
        measure({"matmul", "ij,jk->ik", true, {type, type}, {}}, own, seconds);
    if (!matmul)
      return std::move(matmul.error());
    roofline.flopsPerSecond[dtype] = matmul->flops / matmul->times.min();
  }
  const BenchCase copy{"copy", "ij->ij", true, {"f32[4096,4096]"}, {}};
  Expected<Measurement> traffic = measure(copy, own, seconds);
  if (!traffic)
    return std::move(traffic.error());
  roofline.bytesPerSecond = traffic->bytes / traffic->times.min();
  return roofline;
}

std::string cut(const std::string &name, size_t width) {
  if (name.size() <= width)
    return name;
  size_t at = width - 3;
  while (at > 0 && (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80) // inside a character
    --at;
  return name.substr(0, at) + "...";
}

std::string header(const Roofline &roofline, int threads) {
  std::string text;
  if (roofline.bytesPerSecond > 0) {
    text = fmt::format("roofline, {} thread{}:", threads, threads == 1 ? "" : "s");
    for (auto [dtype, rate] : roofline.flopsPerSecond)
      text += fmt::format(" matmul {} {:.3g} Gflop/s,", shortName(dtype), rate * 1e-9);
    text += fmt::format(" copy {:.3g} GB/s\n", roofline.bytesPerSecond * 1e-9);
  }
  return text + fmt::format("{:<40} {:>8} {:>8} {:>9} {:>7} {:>9}\n", "case", "min", "median",
                            "Gflop/s", "GB/s", "roofline");
}

std::string row(const Measurement &m) {
  const double seconds = std::max(m.times.min(), 1e-9);
  std::string share = m.share > 0 ? fmt::format("{:.0f} %", 100 * m.share) : "-";
  return fmt::format("{:<40} {:>8} {:>8} {:>9.4g} {:>7.3g} {:>9}\n", cut(m.name, 40),
                     formatSeconds(m.times.min(), 3), formatSeconds(m.times.median(), 3),
                     m.flops / seconds * 1e-9, m.bytes / seconds * 1e-9, share);
}

std::string allJson(const Roofline &roofline, int threads, const std::vector<Measurement> &all) {
  JsonWriter json;
  json.beginObject();
  json.key("threads").integer(threads);
  json.key("roofline").beginObject();
  json.key("flops_per_second").beginObject();
  for (auto [dtype, rate] : roofline.flopsPerSecond)
    json.key(shortName(dtype)).number(rate);
  json.endObject();
  json.key("bytes_per_second").number(roofline.bytesPerSecond);
  json.endObject();
  json.key("cases").beginArray();
  for (const Measurement &m : all) {
    json.beginObject();
    json.key("name").string(m.name);
    json.key("first_run_seconds").number(m.times.first);
    json.key("min_seconds").number(m.times.min());
    json.key("median_seconds").number(m.times.median());
    json.key("runs").integer(int64_t(m.times.rest.size()));
    json.key("flops").number(m.flops);
    json.key("bytes").number(m.bytes);
    json.key("computed_in").string(shortName(m.dtype));
    json.key("roofline_share").number(m.share);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.finish();
}

Status bench(const Arguments &arguments) {
  const CompileFlags &flags = arguments.flags;
  if (flags.threads)
    if (Status s = setNumThreads(*flags.threads); !s)
      return s;
  Expected<int> threads = numThreads();
  if (!threads)
    return std::move(threads.error());
  Expected<std::vector<BenchCase>> cases = benchCases(arguments.text, arguments.operands);
  if (!cases)
    return std::move(cases.error());
  std::set<DType> dtypes;
  for (const BenchCase &bench : *cases) { // what is wrong is found before anything is measured
    Expected<Job> job = makeJob(bench);
    if (!job)
      return std::move(job.error());
    dtypes.insert(computedIn(job->program));
  }

  // What is measured for comparison is what this CPU can do.
  const bool hasRoofline = flags.options.device.kind == DeviceKind::Cpu;
  Roofline roofline;
  if (hasRoofline) {
    Expected<Roofline> measured = measureRoofline(dtypes, flags, std::min(arguments.seconds, 1.0));
    if (!measured)
      return std::move(measured.error());
    roofline = *measured;
  }
  if (!flags.json)
    if (Status s = writeStdout(header(roofline, *threads)); !s)
      return s;
  std::vector<Measurement> all;
  for (const BenchCase &bench : *cases) {
    Expected<Measurement> m = measure(bench, flags, arguments.seconds);
    if (!m) {
      m.error().notes.push_back("in the case '" + bench.name + "'");
      return std::move(m.error());
    }
    if (hasRoofline)
      m->share = std::max(m->flops / roofline.flopsPerSecond[m->dtype],
                          m->bytes / roofline.bytesPerSecond) /
                 std::max(m->times.min(), 1e-9);
    if (!flags.json)
      if (Status s = writeStdout(row(*m)); !s)
        return s;
    all.push_back(std::move(*m));
  }
  return flags.json ? writeStdout(allJson(roofline, *threads, all)) : success();
}

} // namespace

Command addBenchCommand(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("bench", "Time an einsum, a program, or a file of them");
  command->footer(R"help(Examples:
  ricci bench "ij,jk->ik" "f32[1024,1024]" "f32[1024,1024]"
  ricci bench "softmax(x, axis=-1)" "x=f32[1000,1000]" --threads=1
  ricci bench @tests/cases/fused.json --seconds=0.5        a list of cases
  ricci bench @tests/cases/contractions.json --json > times.json
The roofline is the longer of two times: the arithmetic at the speed of a large matmul of the type that
most of the case is computed in (f64 for f64; f32 for f16 and bf16, which are summed in it), and operands
and results once at the speed of a large copy. Both speeds are measured first. The column is the share of
it that is reached, and may be above 100 % where caches serve.
)help");
  command
      ->add_option_function<std::string>(
          "TEXT", [arguments](const std::string &text) { arguments->text = withoutGuards(text); },
          "An equation; a program; or @FILE.json, a list of objects with \"name\" and \"equation\" "
          "and \"shapes\" [[2,3],...], or \"program\" and \"params\" {\"x\": [\"f32\", [2,3]],...}")
      ->required()
      ->type_name("");
  command
      ->add_option("OPERAND", arguments->operands,
                   "x.npy, x.npz:name, or a type with random data: \"f32[64,32]\"; of a program "
                   "NAME=OPERAND")
      ->type_name("");
  command
      ->add_option("--seconds", arguments->seconds,
                   "How long a case runs after its first run: so long or 50 times, but at least 3 "
                   "times (default 1)")
      ->type_name("S")
      ->check([](const std::string &text) {
        double seconds = 0;
        const bool isNumber = CLI::detail::lexical_cast(text, seconds);
        // A range of CLI11 lets nan through.
        return isNumber && seconds >= 0 && seconds <= 3600
                   ? std::string()
                   : fmt::format("'{}' is not a number of seconds from 0 to 3600", text);
      });
  arguments->flags.addRunOptions(*command);
  return {command, [arguments] {
            Status s = bench(*arguments);
            return s ? int(kFine) : report(s.error());
          }};
}

} // namespace ricci::driver
