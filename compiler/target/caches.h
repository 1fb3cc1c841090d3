//===- caches.h - cache sizes by CPUID or by name -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string_view>

namespace ricci {

/// Data cache sizes in bytes; 0 where unknown. L3 is the size of one shared L3.
struct CacheSizes {
  int64_t l1 = 0, l2 = 0, l3 = 0;
};

/// By CPUID, then by sysconf.
CacheSizes hostCaches();
/// From a table of LLVM's CPU names; all 0 for a name that is not in it.
CacheSizes cachesOf(std::string_view cpu);

} // namespace ricci
