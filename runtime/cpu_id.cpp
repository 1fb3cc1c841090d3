//===- cpu_id.cpp - which CPU this is, by CPUID -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cpu_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cpuid.h>
#include <unistd.h>

namespace ricci {
namespace {

constexpr unsigned kExtended = 0x80000000;

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// All 0 for a leaf that the CPU does not have.
Registers cpuid(unsigned leaf, unsigned subleaf = 0) {
  static const unsigned last = __get_cpuid_max(0, nullptr);
  static const unsigned lastExtended = __get_cpuid_max(kExtended, nullptr);
  Registers r;
  if (leaf <= (leaf < kExtended ? last : lastExtended))
    __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
  return r;
}

/// Leaf 4 (Intel) and leaf 0x8000001D (AMD) describe one cache per subleaf in the same layout.
void readCacheLeaf(unsigned leaf, CacheSizes &sizes) {
  for (unsigned subleaf = 0; subleaf < 16; ++subleaf) {
    const Registers r = cpuid(leaf, subleaf);
    unsigned type = r.eax & 0x1f;
    if (type == 0)
      return;
    if (type == 2) // instructions only
      continue;
    int64_t ways = (r.ebx >> 22) + 1, partitions = ((r.ebx >> 12) & 0x3ff) + 1;
    int64_t line = (r.ebx & 0xfff) + 1, sets = int64_t(r.ecx) + 1;
    int64_t bytes = ways * partitions * line * sets;
    switch ((r.eax >> 5) & 7) {
    case 1:
      sizes.l1 = bytes;
      break;
    case 2:
      sizes.l2 = bytes;
      break;
    case 3:
      sizes.l3 = bytes;
      break;
    }
  }
}

int64_t orElse(int64_t bytes, int name) {
  return bytes > 0 ? bytes : std::max<int64_t>(0, sysconf(name));
}

/// Which registers the operating system saves.
uint64_t savedRegisters() {
  constexpr unsigned osxsave = 1u << 27;
  if (!(cpuid(1).ecx & osxsave))
    return 0;
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

std::string makeIdentity() {
  const Registers vendor = cpuid(0), model = cpuid(1);
  // Of leaf 1, EBX tells which core this is.
  std::string id = fmt::format("{:x}.{:x}.{:x} {:x} {:x}.{:x}", vendor.ebx, vendor.ecx, vendor.edx,
                               model.eax, model.ecx, model.edx);
  // The leaves that tell features; the first subleaf of some is the number of the last.
  const std::pair<unsigned, unsigned> leaves[] = {{7, 0},    {7, 1},    {0xd, 1}, {0x14, 0},
                                                  {0x19, 0}, {0x1e, 1}, {0x24, 0}};
  for (auto [leaf, subleaf] : leaves) {
    const Registers r = cpuid(leaf, subleaf);
    // Leaf 0xD counts in EBX the bytes that the thread's state takes now.
    id += fmt::format(" {:x}.{:x}.{:x}.{:x}", r.eax, leaf == 0xd ? 0 : r.ebx, r.ecx, r.edx);
  }
  const Registers extended = cpuid(kExtended + 1);
  const CacheSizes caches = hostCaches();
  return id + fmt::format(" {:x}.{:x} {:x} {:x} caches {} {} {}", extended.ecx, extended.edx,
                          cpuid(kExtended + 8).ebx, savedRegisters(), caches.l1, caches.l2,
                          caches.l3);
}

} // namespace

CacheSizes hostCaches() {
  CacheSizes sizes;
  constexpr unsigned topologyExtensions = 1u << 22;
  constexpr unsigned amdCaches = kExtended + 0x1d;
  if ((cpuid(kExtended + 1).ecx & topologyExtensions) && cpuid(kExtended).eax >= amdCaches)
    readCacheLeaf(amdCaches, sizes);
  else
    readCacheLeaf(4, sizes);
  sizes.l1 = orElse(sizes.l1, _SC_LEVEL1_DCACHE_SIZE);
  sizes.l2 = orElse(sizes.l2, _SC_LEVEL2_CACHE_SIZE);
  sizes.l3 = orElse(sizes.l3, _SC_LEVEL3_CACHE_SIZE);
  return sizes;
}

std::string cpuName() {
  std::string name;
  for (unsigned leaf = 2; leaf <= 4; ++leaf) {
    const Registers r = cpuid(kExtended + leaf);
    for (unsigned word : {r.eax, r.ebx, r.ecx, r.edx})
      name.append(reinterpret_cast<const char *>(&word), sizeof word);
  }
  name.erase(std::min(name.find('\0'), name.size())); // padded on both sides
  const size_t begin = name.find_first_not_of(' '), end = name.find_last_not_of(' ');
  return begin == std::string::npos ? "a CPU" : name.substr(begin, end - begin + 1);
}

const std::string &cpuIdentity() {
  static const auto &identity = *new std::string(makeIdentity());
  return identity;
}

} // namespace ricci
