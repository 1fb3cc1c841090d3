//===- cpu_id.h - which CPU this is, by CPUID ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>

namespace ricci {

/// Data cache sizes in bytes; 0 where unknown. L3 is the size of one shared L3.
struct CacheSizes {
  int64_t l1 = 0, l2 = 0, l3 = 0;
};

/// By CPUID, then by sysconf.
CacheSizes hostCaches();

/// What the maker calls it: "AMD EPYC 9B45 128-Core Processor"; "a CPU" where it does not tell.
std::string cpuName();

/// Equal strings mean CPUs for which code for "native" is the same: vendor, model, features, the
/// registers that the operating system saves, cache sizes. Costs some microseconds, so it is kept.
const std::string &cpuIdentity();

} // namespace ricci
