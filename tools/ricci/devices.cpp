//===- devices.cpp - ricci devices --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"

#include "runtime/compiler_interface.h"
#include "runtime/cuda_device.h"
#include "runtime/format.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <cstdlib>

namespace ricci::driver {
namespace {

/// The GPUs, or why there are none.
struct Gpus {
  std::vector<CudaDevice *> devices;
  std::string why;
};

Gpus examineGpus() {
  Gpus gpus;
  Expected<int> count = CudaDevice::count();
  if (!count)
    gpus.why = count.error().message;
  else if (*count == 0)
    gpus.why = "the driver knows no GPU";
  for (int i = 0; count && i < *count; ++i) {
    Expected<CudaDevice *> device = CudaDevice::get(i);
    if (device)
      gpus.devices.push_back(*device);
    else
      gpus.why = device.error().message;
  }
  return gpus;
}

std::string gpusText(const Gpus &gpus) {
  std::string text;
  for (const CudaDevice *gpu : gpus.devices)
    text +=
        fmt::format("{:<10} {}, {} ({} multiprocessors), {}\n", gpu->device().str(), gpu->name(),
                    gpu->arch(), gpu->multiprocessors(), formatBytes(double(gpu->memoryBytes())));
  if (!gpus.why.empty())
    text += fmt::format("{:<10} {}{}\n", "cuda", gpus.devices.empty() ? "none: " : "", gpus.why);
  return text;
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

std::string devicesText(const Cpu &cpu, const Gpus &gpus) {
  auto bytes = [](int64_t size) { return size > 0 ? formatBytes(double(size)) : "unknown"; };
  const TargetInfo &t = cpu.target;
  return fmt::format("cpu        {} ({}), vectors of {} bits, {} thread{}\n"
                     "           L1 {}, L2 {}, L3 {}\n"
                     "reference  the naive interpreter that --check compares with, 1 thread\n"
                     "{}",
                     t.level, t.name, t.vectorBits, cpu.threads, cpu.threads == 1 ? "" : "s",
                     bytes(t.l1Bytes), bytes(t.l2Bytes), bytes(t.l3Bytes), gpusText(gpus));
}

std::string devicesJson(const Cpu &cpu, const Gpus &gpus) {
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
  json.key("devices").beginArray();
  for (const CudaDevice *gpu : gpus.devices) {
    json.beginObject();
    json.key("device").string(gpu->device().str());
    json.key("name").string(gpu->name());
    json.key("arch").string(gpu->arch());
    json.key("multiprocessors").integer(gpu->multiprocessors());
    json.key("memory_bytes").integer(gpu->memoryBytes());
    json.endObject();
  }
  json.endArray();
  json.key("why").string(gpus.why);
  json.endObject();
  json.endObject();
  return json.finish();
}

int runDevices(bool json) {
  Expected<Cpu> cpu = examineCpu();
  if (!cpu)
    return report(cpu.error());
  const Gpus gpus = examineGpus();
  Status s = writeStdout(json ? devicesJson(*cpu, gpus) : devicesText(*cpu, gpus));
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
