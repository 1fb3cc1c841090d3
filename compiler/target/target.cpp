//===- target.cpp - what the CPU offers ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/target/target.h"

#include "compiler/target/caches.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace ricci {
namespace {

using FeatureSet = std::set<std::string, std::less<>>;

FeatureSet featuresOf(llvm::StringRef cpu) {
  llvm::SmallVector<llvm::StringRef, 64> names;
  llvm::X86::getFeaturesForCPU(cpu, names);
  llvm::StringMap<bool> closure; // sse4.2 stands for all SSE before it
  for (llvm::StringRef name : names) {
    closure[name] = true;
    llvm::X86::updateImpliedFeatures(name, /*Enabled=*/true, closure);
  }
  FeatureSet features;
  for (const auto &feature : closure)
    if (feature.second)
      features.insert(feature.first().str());
  return features;
}

bool hasAll(const FeatureSet &features, std::initializer_list<std::string_view> names) {
  return std::all_of(names.begin(), names.end(),
                     [&](std::string_view name) { return features.count(name) != 0; });
}

/// The psABI's levels, as far as they matter to generated code.
std::string levelOf(const FeatureSet &features) {
  if (!hasAll(features, {"cx16", "popcnt", "sse3", "ssse3", "sse4.1", "sse4.2"}))
    return "x86-64";
  if (!hasAll(features, {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}))
    return "x86-64-v2";
  if (!hasAll(features, {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}))
    return "x86-64-v3";
  return "x86-64-v4";
}

Target makeTarget(std::string cpu, const FeatureSet &features, CacheSizes caches) {
  Target target;
  target.cpu = std::move(cpu);
  target.level = levelOf(features);
  for (const std::string &name : features)
    target.features += (target.features.empty() ? "+" : ",+") + name;
  target.avx512 = hasAll(features, {"avx512f", "avx512dq", "avx512bw", "avx512vl"});
  target.vectorBytes = target.avx512 ? 64 : features.count("avx2") ? 32 : 16;
  target.vectorRegisters = target.avx512 ? 32 : 16;
  target.fma = features.count("fma");
  target.f16c = features.count("f16c");
  target.avx512bf16 = target.avx512 && features.count("avx512bf16");
  if (caches.l1 > 0)
    target.l1Bytes = caches.l1;
  if (caches.l2 > 0)
    target.l2Bytes = caches.l2;
  // Without an L3, the L2 is the last level.
  if (caches.l3 > 0)
    target.l3Bytes = caches.l3;
  else if (caches.l2 > 0)
    target.l3Bytes = caches.l2;
  return target;
}

Target hostTarget() {
  FeatureSet features;
  // LLVM's detection leaves out what the operating system does not save (XGETBV).
  llvm::StringMap<bool> detected = llvm::sys::getHostCPUFeatures();
  for (const auto &feature : detected)
    if (feature.second)
      features.insert(feature.first().str());
  std::string cpu = llvm::sys::getHostCPUName().str();
  if (llvm::X86::parseArchX86(cpu, /*Only64Bit=*/true) == llvm::X86::CK_None)
    cpu = levelOf(features);
  Target target = makeTarget(cpu, features, hostCaches());
  // The CPU's name implies these to LLVM; a hypervisor or the operating system has taken them away.
  for (const std::string &name : featuresOf(cpu))
    if (auto found = detected.find(name); found != detected.end() && !found->second)
      target.features += ",-" + name;
  return target;
}

Diagnostic unknownCpu(llvm::StringRef cpu) {
  llvm::SmallVector<llvm::StringRef, 128> names;
  llvm::X86::fillValidCPUArchList(names, /*Only64Bit=*/true);
  names.push_back("native");
  std::vector<std::pair<unsigned, llvm::StringRef>> ranked;
  for (llvm::StringRef name : names)
    ranked.emplace_back(cpu.edit_distance_insensitive(name), name);
  std::sort(ranked.begin(), ranked.end());
  std::string close;
  for (const auto &[distance, name] : ranked) {
    bool isClose = distance <= std::max<size_t>(2, cpu.size() / 3) && distance < cpu.size();
    if (isClose && std::count(close.begin(), close.end(), ',') < 4)
      close += (close.empty() ? "" : ", ") + name.str();
  }
  Diagnostic error = usageError(fmt::format("unknown CPU '{}'", cpu.str()));
  if (!close.empty())
    error.notes.push_back("close names: " + close);
  error.notes.push_back("use native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or an x86-64 CPU name "
                        "that LLVM knows");
  return error;
}

Expected<Target> makeTarget(const std::string &cpu) {
  if (cpu == "native")
    return hostTarget();
  // A long name cannot be valid, and the distances to it would take long.
  if (cpu.size() > 64)
    return unknownCpu(llvm::StringRef(cpu).take_front(64));
  if (llvm::X86::parseArchX86(cpu, /*Only64Bit=*/true) == llvm::X86::CK_None)
    return unknownCpu(cpu);
  return makeTarget(cpu, featuresOf(cpu), cachesOf(cpu));
}

} // namespace

Expected<const Target *> resolveTarget(const std::string &cpu) {
  static std::mutex mutex;
  static auto &known = *new std::map<std::string, Target>; // outlives every user
  std::lock_guard lock(mutex);
  auto found = known.find(cpu);
  if (found == known.end()) {
    Expected<Target> made = makeTarget(cpu);
    if (!made)
      return std::move(made.error());
    found = known.emplace(cpu, std::move(*made)).first;
  }
  return &found->second;
}

TargetInfo describe(const Target &target) {
  TargetInfo info;
  info.name = target.cpu;
  info.level = target.level;
  llvm::SmallVector<llvm::StringRef, 64> names;
  llvm::StringRef(target.features).split(names, ',');
  for (llvm::StringRef name : names)
    if (name.consume_front("+"))
      info.features.push_back(name.str());
  info.l1Bytes = target.l1Bytes;
  info.l2Bytes = target.l2Bytes;
  info.l3Bytes = target.l3Bytes;
  info.vectorBits = target.vectorBytes * 8;
  return info;
}

} // namespace ricci
