//===- devices.cpp - ricci devices --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/commands.h"
#include "tools/ricci/json.h"
#include "tools/ricci/output.h"

#include "runtime/compiler_interface.h"
#include "runtime/format.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <cstdlib>
#include <dlfcn.h>

namespace ricci::driver {
namespace {

/// Why no program runs on a GPU.
std::string whyNoCuda() {
  void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!driver)
    return "there is no NVIDIA driver (libcuda.so.1)";
  dlclose(driver);
  return "this version of Ricci compiles for CPUs alone";
}

struct Cpu {
  TargetInfo target;
  int threads = 0;
};

Expected<Cpu> examineCpu() {
  Cpu cpu;
  Expected<int> threads = numThreads();
  if (!threads)
    return std::move(threads.error());
  cpu.threads = *threads;
  Expected<CompilerInterface *> compiler = loadCompiler();
  if (!compiler)
    return std::move(compiler.error());
  const char *name = std::getenv("RICCI_CPU");
  Expected<TargetInfo> target = (*compiler)->describeTarget(name && *name ? name : "native");
  if (!target)
    return std::move(target.error());
  cpu.target = std::move(*target);
  return cpu;
}

std::string devicesText(const Cpu &cpu) {
  auto bytes = [](int64_t size) { return size > 0 ? formatBytes(double(size)) : "unknown"; };
  const TargetInfo &t = cpu.target;
  return fmt::format("cpu        {} ({}), vectors of {} bits, {} thread{}\n"
                     "           L1 {}, L2 {}, L3 {}\n"
                     "reference  the naive interpreter that --check compares with, 1 thread\n"
                     "cuda       none: {}\n",
                     t.level, t.name, t.vectorBits, cpu.threads, cpu.threads == 1 ? "" : "s",
                     bytes(t.l1Bytes), bytes(t.l2Bytes), bytes(t.l3Bytes), whyNoCuda());
}

std::string devicesJson(const Cpu &cpu) {
  JsonWriter json;
  json.beginObject();
  json.key("cpu").beginObject();
  json.key("name").string(cpu.target.name);
  json.key("level").string(cpu.target.level);
  json.key("vector_bits").integer(cpu.target.vectorBits);
  json.key("l1_bytes").integer(cpu.target.l1Bytes);
  json.key("l2_bytes").integer(cpu.target.l2Bytes);
  json.key("l3_bytes").integer(cpu.target.l3Bytes);
  json.key("threads").integer(cpu.threads);
  json.endObject();
  json.key("reference").beginObject();
  json.key("threads").integer(1);
  json.endObject();
  json.key("cuda").beginObject();
  json.key("devices").beginArray().endArray();
  json.key("why").string(whyNoCuda());
  json.endObject();
  json.endObject();
  return json.finish();
}

int runDevices(bool json) {
  Expected<Cpu> cpu = examineCpu();
  if (!cpu)
    return report(cpu.error());
  Status s = writeStdout(json ? devicesJson(*cpu) : devicesText(*cpu));
  return s ? int(kFine) : report(s.error());
}

} // namespace

Command addDevicesCommand(CLI::App &app) {
  auto json = std::make_shared<bool>(false);
  CLI::App *command = app.add_subcommand("devices", "Show what programs can run on");
  command->footer(R"help(Examples:
  ricci devices                          the CPU, the interpreter, GPUs or why there are none
  RICCI_CPU=x86-64-v3 ricci devices      what is compiled for instead of this CPU
  ricci devices --json
)help");
  command->add_flag("--json", *json, "Print the same facts as JSON");
  return {command, [json] { return runDevices(*json); }};
}

} // namespace ricci::driver
