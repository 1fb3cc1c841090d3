//===- caches.cpp - cache sizes by name ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/target/caches.h"

#include "llvm/TargetParser/X86TargetParser.h"

namespace ricci {
namespace {

constexpr int64_t K = 1 << 10, M = 1 << 20;

} // namespace

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
