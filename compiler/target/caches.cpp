//===- caches.cpp - cache sizes by CPUID or by name ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/target/caches.h"

#include "llvm/TargetParser/X86TargetParser.h"

#include <cpuid.h>
#include <unistd.h>

namespace ricci {
namespace {

/// Leaf 4 (Intel) and leaf 0x8000001D (AMD) describe one cache per subleaf in the same layout.
void readCacheLeaf(unsigned leaf, CacheSizes &sizes) {
  for (unsigned subleaf = 0; subleaf < 16; ++subleaf) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid_count(leaf, subleaf, eax, ebx, ecx, edx);
    unsigned type = eax & 0x1f;
    if (type == 0)
      return;
    if (type == 2) // instructions only
      continue;
    int64_t ways = (ebx >> 22) + 1, partitions = ((ebx >> 12) & 0x3ff) + 1;
    int64_t line = (ebx & 0xfff) + 1, sets = int64_t(ecx) + 1;
    int64_t bytes = ways * partitions * line * sets;
    switch ((eax >> 5) & 7) {
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

constexpr int64_t K = 1 << 10, M = 1 << 20;

} // namespace

CacheSizes hostCaches() {
  CacheSizes sizes;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned topologyExtensions = 1u << 22;
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (ecx & topologyExtensions) &&
      __get_cpuid_max(0x80000000, nullptr) >= 0x8000001D)
    readCacheLeaf(0x8000001D, sizes);
  else if (__get_cpuid_max(0, nullptr) >= 4)
    readCacheLeaf(4, sizes);
  sizes.l1 = orElse(sizes.l1, _SC_LEVEL1_DCACHE_SIZE);
  sizes.l2 = orElse(sizes.l2, _SC_LEVEL2_CACHE_SIZE);
  sizes.l3 = orElse(sizes.l3, _SC_LEVEL3_CACHE_SIZE);
  return sizes;
}

CacheSizes cachesOf(std::string_view cpu) {
  using namespace llvm::X86;
  switch (parseArchX86(llvm::StringRef(cpu.data(), cpu.size()), /*Only64Bit=*/true)) {
  case CK_x86_64:
  case CK_x86_64_v2:
    return {32 * K, 256 * K, 8 * M};
  case CK_x86_64_v3:
    return {32 * K, 256 * K, 16 * M};
  case CK_x86_64_v4:
    return {32 * K, 1 * M, 16 * M};
  case CK_Nehalem:
  case CK_Westmere:
  case CK_SandyBridge:
  case CK_IvyBridge:
  case CK_Haswell:
  case CK_Broadwell:
  case CK_SkylakeClient:
  case CK_Cannonlake:
    return {32 * K, 256 * K, 8 * M};
  case CK_SkylakeServer:
  case CK_Cascadelake:
  case CK_Cooperlake:
    return {32 * K, 1 * M, 24 * M};
  case CK_IcelakeClient:
  case CK_Rocketlake:
    return {48 * K, 512 * K, 8 * M};
  case CK_Tigerlake:
  case CK_Alderlake:
    return {48 * K, 1280 * K, 12 * M};
  case CK_IcelakeServer:
    return {48 * K, 1280 * K, 36 * M};
  case CK_Raptorlake:
  case CK_Meteorlake:
  case CK_Arrowlake:
  case CK_ArrowlakeS:
  case CK_Lunarlake:
  case CK_Pantherlake:
    return {48 * K, 2 * M, 24 * M};
  case CK_SapphireRapids:
  case CK_Emeraldrapids:
  case CK_Graniterapids:
  case CK_GraniterapidsD:
  case CK_Diamondrapids:
    return {48 * K, 2 * M, 60 * M};
  case CK_KNL:
  case CK_KNM:
    return {32 * K, 512 * K, 0};
  case CK_ZNVER1:
    return {32 * K, 512 * K, 8 * M};
  case CK_ZNVER2:
    return {32 * K, 512 * K, 16 * M};
  case CK_ZNVER3:
    return {32 * K, 512 * K, 32 * M};
  case CK_ZNVER4:
    return {32 * K, 1 * M, 32 * M};
  case CK_ZNVER5:
    return {48 * K, 1 * M, 32 * M};
  default:
    return {};
  }
}

} // namespace ricci
