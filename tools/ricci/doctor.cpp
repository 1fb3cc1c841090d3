//===- doctor.cpp - ricci doctor --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/cache_text.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"

#include "runtime/compiler_interface.h"
#include "runtime/cuda_device.h"
#include "runtime/format.h"
#include "runtime/machine.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

#include <dlfcn.h>
#include <fstream>
#include <gnu/libc-version.h>
#include <link.h>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace ricci::driver {
namespace {

/// What a bug report needs. A field is empty or 0 where the system does not tell.
struct Findings {
  std::string cpuModel, kernel, glibc, distribution;
  int cpus = 0;
  int64_t memoryBytes = 0, l1Bytes = 0, l2Bytes = 0, l3Bytes = 0;
  int threads = 0;
  std::string threadsError;
  std::string library, compilerLibrary, compilerVersions;
  std::optional<Diagnostic> compilerError;
  std::string nvrtc, cudaDriver; ///< or why there is none
  bool hasNvrtc = false, hasCudaDriver = false;
  std::optional<TargetInfo> target;
  CacheState cache;
  std::vector<std::pair<std::string, std::string>> environment;
};

std::string valueAfter(const char *file, const std::string &key, char separator) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with(key)) {
      size_t at = line.find(separator);
      size_t begin = at == std::string::npos ? at : line.find_first_not_of(" \t\"", at + 1);
      if (begin != std::string::npos)
        return line.substr(begin, line.find_last_not_of(" \t\"") + 1 - begin);
    }
  return "";
}

/// The path of the loaded library whose file name begins with `prefix`.
std::string loadedLibrary(const char *prefix) {
  std::pair<std::string, std::string> search{prefix, ""};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        auto &[wanted, found] = *static_cast<std::pair<std::string, std::string> *>(data);
        std::string path = info->dlpi_name ? info->dlpi_name : "";
        if (path.substr(path.rfind('/') + 1).starts_with(wanted))
          found = path;
        return found.empty() ? 0 : 1;
      },
      &search);
  return search.second;
}

Findings examine() {
  Findings f;
  f.cpuModel = valueAfter("/proc/cpuinfo", "model name", ':');
  f.cpus = availableCpus();
  f.memoryBytes = machineMemoryBytes();
  auto cache = [](int name) { return std::max<int64_t>(0, sysconf(name)); };
  f.l1Bytes = cache(_SC_LEVEL1_DCACHE_SIZE);
  f.l2Bytes = cache(_SC_LEVEL2_CACHE_SIZE);
  f.l3Bytes = cache(_SC_LEVEL3_CACHE_SIZE);
  if (utsname name; uname(&name) == 0)
    f.kernel = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  f.glibc = gnu_get_libc_version();
  f.distribution = valueAfter("/etc/os-release", "PRETTY_NAME", '=');
  if (Expected<int> threads = numThreads())
    f.threads = *threads;
  else
    f.threadsError = threads.error().message;
  f.cache = inspectDiskCache();
  for (char **variable = environ; *variable; ++variable) {
    std::string text = *variable;
    if (text.starts_with("RICCI_"))
      f.environment.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  }

  Expected<int> gpus = CudaDevice::count();
  f.hasCudaDriver = bool(gpus);
  if (gpus) {
    const int version = CudaDriver::get().value()->version;
    f.cudaDriver = fmt::format("CUDA {}.{}, {} GPU{}", version / 1000, version % 1000 / 10, *gpus,
                               *gpus == 1 ? "" : "s");
  } else {
    f.cudaDriver = gpus.error().message;
  }

  Expected<CompilerInterface *> compiler = loadCompiler();
  f.library = loadedLibrary("libricci.so");
  f.compilerLibrary = loadedLibrary("libricci_compiler.so");
  if (!compiler) {
    f.compilerError = compiler.error();
    return f;
  }
  f.compilerVersions = (*compiler)->versions();
  Expected<std::string> nvrtc = (*compiler)->describeNvrtc();
  f.hasNvrtc = bool(nvrtc);
  f.nvrtc = nvrtc ? *nvrtc : nvrtc.error().message;
  const char *cpu = std::getenv("RICCI_CPU");
  if (Expected<TargetInfo> target = (*compiler)->describeTarget(cpu && *cpu ? cpu : "native"))
    f.target = *target;
  else
    f.compilerError = target.error();
  return f;
}

/// "name       text", with the following lines of a long text indented alike.
std::string row(std::string_view name, std::string_view text) {
  constexpr size_t kIndent = 12, kWidth = 100;
  std::string out = fmt::format("{:<{}}", name, kIndent);
  size_t column = kIndent;
  std::istringstream words{std::string(text)};
  bool first = true;
  for (std::string word; words >> word; first = false) {
    if (!first && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

std::string orUnknown(const std::string &text) { return text.empty() ? "unknown" : text; }
std::string bytesText(int64_t bytes) { return bytes > 0 ? formatBytes(double(bytes)) : "unknown"; }

std::string findingsText(const Findings &f) {
  std::string out = row("ricci", RICCI_VERSION ", built by " RICCI_BUILT_BY);
  out += row("library", orUnknown(f.library));
  out += row("compiler", f.compilerLibrary.empty()
                             ? "not loaded"
                             : fmt::format("{} ({})", f.compilerLibrary, f.compilerVersions));
  out +=
      row("system", fmt::format("{}, {}, glibc {}", orUnknown(f.distribution), f.kernel, f.glibc));
  out += row("cpu", fmt::format("{}, {} usable", orUnknown(f.cpuModel), f.cpus));
  if (f.target) {
    out += row("target", fmt::format("{} ({}), vectors of {} bits", f.target->level, f.target->name,
                                     f.target->vectorBits));
    out += row("caches", fmt::format("L1 {}, L2 {}, L3 {}", bytesText(f.target->l1Bytes),
                                     bytesText(f.target->l2Bytes), bytesText(f.target->l3Bytes)));
    out += row("features", fmt::format("{}", fmt::join(f.target->features, " ")));
  } else {
    out += row("caches", fmt::format("L1 {}, L2 {}, L3 {}", bytesText(f.l1Bytes),
                                     bytesText(f.l2Bytes), bytesText(f.l3Bytes)));
    out += row("features", valueAfter("/proc/cpuinfo", "flags", ':'));
  }
  out += row("memory", bytesText(f.memoryBytes));
  out +=
      row("threads", f.threadsError.empty() ? fmt::format("{}, by {}", f.threads, parallelAdapter())
                                            : f.threadsError);
  if (!f.nvrtc.empty())
    out += row("nvrtc", f.nvrtc);
  out += row("cuda", f.cudaDriver);
  out += row("cache", cacheSummary(f.cache));
  std::string variables;
  for (auto &[name, value] : f.environment)
    variables += fmt::format("{}{}={}", variables.empty() ? "" : " ", name, value);
  out += row("environment", variables.empty() ? "no RICCI_ variable is set" : variables);
  return out;
}

std::string findingsJson(const Findings &f) {
  JsonWriter json;
  json.beginObject();
  json.key("version").string(RICCI_VERSION);
  json.key("built_by").string(RICCI_BUILT_BY);
  json.key("library").string(f.library);
  json.key("compiler_library").string(f.compilerLibrary);
  json.key("compiler_versions").string(f.compilerVersions);
  json.key("compiler_error");
  if (f.compilerError)
    json.string(f.compilerError->message);
  else
    json.null();
  json.key("distribution").string(f.distribution);
  json.key("kernel").string(f.kernel);
  json.key("glibc").string(f.glibc);
  json.key("cpu").string(f.cpuModel);
  json.key("cpus").integer(f.cpus);
  json.key("memory_bytes").integer(f.memoryBytes);
  json.key("threads").integer(f.threads);
  json.key("parallel").string(parallelAdapter());
  json.key("cache").string(cacheSummary(f.cache));
  auto found = [&](const char *name, bool has, const std::string &text) {
    json.key(name).beginObject();
    json.key("found").boolean(has);
    json.key("text").string(text);
    json.endObject();
  };
  found("nvrtc", f.hasNvrtc, f.nvrtc);
  found("cuda_driver", f.hasCudaDriver, f.cudaDriver);
  json.key("target");
  if (f.target) {
    json.beginObject();
    json.key("name").string(f.target->name);
    json.key("level").string(f.target->level);
    json.key("vector_bits").integer(f.target->vectorBits);
    json.key("l1_bytes").integer(f.target->l1Bytes);
    json.key("l2_bytes").integer(f.target->l2Bytes);
    json.key("l3_bytes").integer(f.target->l3Bytes);
    json.key("features").beginArray();
    for (const std::string &feature : f.target->features)
      json.string(feature);
    json.endArray();
    json.endObject();
  } else {
    json.null();
  }
  json.key("environment").beginObject();
  for (auto &[name, value] : f.environment)
    json.key(name).string(value);
  json.endObject();
  json.endObject();
  return json.finish();
}

int runDoctor(bool json) {
  Findings findings = examine();
  if (Status s = writeStdout(json ? findingsJson(findings) : findingsText(findings)); !s)
    return report(s.error());
  if (findings.compilerError)
    return report(*findings.compilerError);
  if (!findings.threadsError.empty())
    return report(usageError(findings.threadsError));
  return kFine;
}

} // namespace

Command addDoctorCommand(CLI::App &app) {
  auto json = std::make_shared<bool>(false);
  CLI::App *command = app.add_subcommand("doctor", "Show what a bug report needs to tell");
  command->footer(R"help(Examples:
  ricci doctor              CPU, caches, versions, libraries; exit code 3 when nothing can be compiled
  ricci doctor --json
)help");
  command->add_flag("--json", *json, "Print the same facts as JSON");
  return {command, [json] { return runDoctor(*json); }};
}

} // namespace ricci::driver
