//===- emulator.cpp - runs CUDA C++ on the CPU --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emulator/emulator.h"

#include "tests/cuda/emulator/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <link.h>
#include <mutex>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace ricci::emulator {
namespace fs = std::filesystem;

// RICCI_EMULATOR_ROOT and RICCI_EMULATOR_CXX are the root of the repository and the host's
// compiler.
namespace {

constexpr uint32_t kMaxThreads = 1024, kMaxShared = 227 << 10;
constexpr size_t kSharedAlignment = 1024;
constexpr std::array<uint32_t, 3> kMaxBlocks = {0x7fffffff, 65535, 65535};
constexpr std::array<uint32_t, 3> kMaxBlock = {1024, 1024, 64};

std::string readFile(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What the host's compiler gets: dynamic shared memory by name, and an entry for each kernel.
std::string hostText(const std::string &text, const std::vector<std::string> &kernels) {
  static const std::regex dynamic(
      R"(extern\s+__shared__\s+(?:__align__\s*\(\s*\d+\s*\)\s+)?([\w \t]*\w)\s+(\w+)\s*\[\s*\]\s*;)");
  std::string out = "#line 1 \"kernel\"\n";
  out += std::regex_replace(text, dynamic, "RICCI_DYNAMIC_SHARED($1, $2);");
  for (const std::string &kernel : kernels)
    out += fmt::format("\nextern \"C\" __attribute__((visibility(\"default\"))) RICCI_PLAIN void "
                       "ricci_entry_{0}(void **p) {{ ricci_emulator::call({0}, p); }}\n"
                       "extern \"C\" __attribute__((visibility(\"default\"))) unsigned long "
                       "ricci_count_{0}() {{ return ricci_emulator::parameterCount({0}); }}",
                       kernel);
  return out + "\n";
}

/// What of a loaded library cannot be written: code and constants. Writable segments come last.
Region constantsOf(void *library) {
  std::pair<link_map *, Region> search{static_cast<link_map *>(library), {}};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        auto &[wanted, region] = *static_cast<std::pair<link_map *, Region> *>(data);
        if (info->dlpi_addr != wanted->l_addr)
          return 0;
        region.begin = reinterpret_cast<const void *>(info->dlpi_addr);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto &segment = info->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD && !(segment.p_flags & PF_W))
            region.bytes = std::max<size_t>(region.bytes, segment.p_vaddr + segment.p_memsz);
        }
        return 1;
      },
      &search);
  return search.second;
}

Status checkGrid(const Grid &grid) {
  uint64_t threads = 1;
  for (size_t i = 0; i < 3; ++i) {
    threads *= grid.threads[i];
    if (grid.threads[i] == 0 || grid.threads[i] > kMaxBlock[i] || grid.blocks[i] == 0 ||
        grid.blocks[i] > kMaxBlocks[i])
      return inputError(fmt::format("a launch of {} x {} x {} blocks of {} x {} x {} threads",
                                    grid.blocks[0], grid.blocks[1], grid.blocks[2], grid.threads[0],
                                    grid.threads[1], grid.threads[2]));
  }
  if (threads > kMaxThreads)
    return inputError(fmt::format("{} threads in a block", threads));
  if (grid.sharedBytes > kMaxShared)
    return inputError(fmt::format("{} bytes of shared memory", grid.sharedBytes));
  return success();
}

} // namespace

std::vector<std::string> kernelNames(const std::string &text) {
  static const std::regex kernel(
      R"(__global__\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\()");
  std::vector<std::string> names;
  for (std::sregex_iterator i(text.begin(), text.end(), kernel), end; i != end; ++i)
    names.push_back((*i)[1]);
  return names;
}

Expected<std::shared_ptr<Module>> Module::load(const std::string &text,
                                               const std::vector<std::string> &kernels,
                                               const std::string &cacheFolder) {
  const std::string source = hostText(text, kernels);
  const fs::path sources = fs::path(RICCI_EMULATOR_ROOT) / "tests/cuda/emulator";
  // What the library depends on; its name is a hash of all.
  const std::string headers = readFile(sources / "abi.h") + readFile(sources / "device.h") +
                              readFile(sources / "device_mma.h");
  const fs::path folder = cacheFolder;
  std::error_code code;
  fs::create_directories(folder, code);
  const std::string name = fmt::format("{:016x}{:016x}", std::hash<std::string>()(source),
                                       std::hash<std::string>()(headers + "2" + source));
  const fs::path library = folder / (name + ".so");
  if (!fs::exists(library)) {
    const std::string own = fmt::format("{}.{}", name, getpid());
    const fs::path cpp = folder / (own + ".cpp"), log = folder / (own + ".log"),
                   made = folder / (own + ".so");
    std::ofstream(cpp, std::ios::binary) << source;
    // Hooks by -fsanitize=thread, whose library is left out; no fused multiply-add but fmaf.
    const std::string command = fmt::format(
        "{} -std=c++17 -O1 -w -shared -fPIC -fvisibility=hidden -fno-exceptions "
        "-fno-rtti -fno-strict-aliasing -ffp-contract=off -fsanitize=thread,bounds,"
        "alignment -nodefaultlibs -I '{}' -include '{}' -o '{}' '{}' -lm -lc > '{}' 2>&1",
        RICCI_EMULATOR_CXX, RICCI_EMULATOR_ROOT, (sources / "device.h").string(), made.string(),
        cpp.string(), log.string());
    const int status = std::system(command.c_str());
    if (status != 0) {
      Diagnostic error = inputError("the host's compiler refuses the kernel:\n" + readFile(log));
      fs::remove(cpp, code);
      fs::remove(log, code);
      return error;
    }
    fs::rename(made, library, code);
    fs::remove(cpp, code);
    fs::remove(log, code);
  }
  std::shared_ptr<Module> module(new Module);
  module->library_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module->library_)
    return machineError(fmt::format("{}", dlerror()));
  return module;
}

Module::~Module() {
  if (library_)
    dlclose(library_);
}

size_t Module::parameterCount(const std::string &kernel) const {
  auto count = reinterpret_cast<unsigned long (*)()>(
      dlsym(library_, fmt::format("ricci_count_{}", kernel).c_str()));
  return count ? count() : 0;
}

Status Module::launch(const std::string &kernel, const Grid &grid, void **parameters,
                      std::vector<Region> regions, uint64_t seed) {
  // The blocks of one launch after another: a module has one place for each shared array.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  auto entry =
      reinterpret_cast<KernelEntry>(dlsym(library_, fmt::format("ricci_entry_{}", kernel).c_str()));
  auto *slot = static_cast<ricci_emulator::Services **>(dlsym(library_, "ricci_emulator_services"));
  auto sharedOf =
      reinterpret_cast<void (*)(char **, char **)>(dlsym(library_, "ricci_emulator_shared"));
  if (!entry || !slot || !sharedOf)
    return inputError(fmt::format("there is no kernel {}", kernel));
  if (Status s = checkGrid(grid); !s)
    return s;

  char *begin = nullptr, *end = nullptr;
  sharedOf(&begin, &end);
  const size_t dynamicBytes = grid.sharedBytes;
  const size_t roomBytes = dynamicBytes / kSharedAlignment * kSharedAlignment + kSharedAlignment;
  std::unique_ptr<void, decltype(&std::free)> dynamic(
      std::aligned_alloc(kSharedAlignment, roomBytes), std::free);
  ricci_emulator::Services services{};
  *slot = &services;
  MemoryChecker memory(std::move(regions));
  const Region constants = constantsOf(library_);
  memory.setIgnored(constants.begin, static_cast<const char *>(constants.begin) + constants.bytes);
  const size_t staticBytes = size_t(end - begin);
  memory.setShared({staticBytes ? begin : nullptr, staticBytes, "shared memory"},
                   {dynamicBytes ? dynamic.get() : nullptr, dynamicBytes, "dynamic shared memory"});
  BlockRunner runner(services, memory, grid, seed);
  services.dynamicShared = dynamic.get();

  // Blocks are independent; their order is random too.
  const auto [x, y, z] = grid.blocks;
  std::vector<uint64_t> order(uint64_t(x) * y * z);
  for (uint64_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
  for (uint64_t i : order) {
    poison(begin, staticBytes);
    poison(dynamic.get(), roomBytes);
    const std::array<uint32_t, 3> block = {uint32_t(i % x), uint32_t(i / x % y),
                                           uint32_t(i / x / y)};
    if (Status s = runner.run(entry, parameters, block); !s)
      return inputError(fmt::format("{}: {}", kernel, s.error().message));
  }
  return success();
}

} // namespace ricci::emulator
