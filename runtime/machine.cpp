//===- machine.cpp - what this machine and its environment offer ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/machine.h"

#include "runtime/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sched.h>
#include <sys/sysinfo.h>
#include <thread>

namespace ricci {

int64_t machineMemoryBytes() {
  static const int64_t bytes = [] {
    int64_t limit = std::numeric_limits<int64_t>::max();
    struct sysinfo info;
    if (sysinfo(&info) == 0)
      limit = int64_t(info.totalram + info.totalswap) * info.mem_unit;
    // Control groups, version 2 and 1. No limit reads as "max" or as a huge number.
    for (const char *file :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
      std::ifstream stream(file);
      int64_t value = 0;
      if (stream >> value && value > 0)
        limit = std::min(limit, value);
    }
    return limit;
  }();
  return bytes;
}

int availableCpus() {
  // The set grows until the kernel's mask fits.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set)
      break;
    const size_t bytes = CPU_ALLOC_SIZE(cpus);
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known)
      return std::max(1, count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

Expected<int64_t> environmentInt(const char *name, int64_t fallback, int64_t low, int64_t high) {
  const char *text = std::getenv(name);
  if (!text || !*text)
    return fallback;
  int64_t value = 0;
  const char *end = text + std::strlen(text);
  auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc() || rest != end || value < low || value > high)
    return usageError(
        fmt::format("{} is '{}', but must be a whole number from {} to {}", name, text, low, high));
  return value;
}

Expected<int64_t> environmentBytes(const char *name, int64_t fallback) {
  const char *text = std::getenv(name);
  if (!text || !*text)
    return fallback;
  if (std::optional<int64_t> bytes = parseByteCount(text))
    return *bytes;
  return usageError(fmt::format(
      "{} is '{}', but must be a number of bytes, such as 1073741824, 512M or 2G", name, text));
}

} // namespace ricci
