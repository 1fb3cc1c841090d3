//===- target.h - what the CPU offers -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/compiler_interface.h"

namespace ricci {

/// A CPU that code is generated for. Every cost model and emitter reads it; nothing is timed.
struct Target {
  std::string cpu;   ///< LLVM's name, resolved ("native" becomes "znver4")
  std::string level; ///< the highest x86-64 level it covers: "x86-64", "x86-64-v2", … "x86-64-v4"
  std::string features; ///< LLVM feature string: "+avx2,+fma,…" (what the CPUID shows for native)
  int vectorBytes = 16; ///< of one register: 16, 32 or 64
  int vectorRegisters = 16;
  bool fma = false, avx512 = false, f16c = false, avx512bf16 = false;
  int64_t l1Bytes = 32 << 10, l2Bytes = 512 << 10, l3Bytes = 8 << 20; ///< data caches, L3 shared

  int lanes(DType type) const { return int(vectorBytes / itemSize(type)); }
  /// Equal keys mean equal code: part of every kernel's key.
  std::string key() const { return cpu + "|" + features; }
};

/// "native" (by CPUID), "x86-64", "x86-64-v2" … "x86-64-v4" or any CPU name that LLVM knows. For
/// other than native, cache sizes come from a table. Cached: the second call costs a look-up.
Expected<const Target *> resolveTarget(const std::string &cpu);

TargetInfo describe(const Target &target);

} // namespace ricci
