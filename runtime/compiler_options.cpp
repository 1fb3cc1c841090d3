//===- compiler_options.cpp - options of one compilation -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_interface.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ricci {

std::string CompileOptions::key() const {
  // Strings carry their length, so that no text can imitate another field.
  std::string key = fmt::format("device={} cpu={}:{} order={} seconds={}", device.str(), cpu.size(),
                                cpu, int(order.method), order.seconds);
  if (device.isCuda())
    key += fmt::format(" arch={}:{} tf32={}", arch.size(), arch, allowTf32);
  if (order.method == OrderOptions::Method::Path)
    key += fmt::format(" path={}", order.path);
  if (memoryLimit)
    key += fmt::format(" memory={}", *memoryLimit);
  key += fmt::format(" out={} accumulate={} fuse={} chain={}", outputStrides, accumulate, fuse,
                     chainBytes);
  // A compilation that prints must not be answered from a cache that one without printing filled.
  return key + fmt::format(" print={}:{}", printIrAfter.size(), printIrAfter);
}

static constexpr std::string_view kStageNames[] = {
    "ast", "tensor", "ordered", "kernels", "loops", "llvm", "asm", "obj", "cuda", "ptx", "cubin"};

std::optional<Stage> parseStage(std::string_view name) {
  for (size_t i = 0; i < std::size(kStageNames); ++i)
    if (kStageNames[i] == name)
      return Stage(i);
  return std::nullopt;
}

std::string_view stageName(Stage stage) { return kStageNames[size_t(stage)]; }

std::string stageNames() {
  constexpr size_t last = std::size(kStageNames) - 1;
  return fmt::format("{} and {}", fmt::join(kStageNames, kStageNames + last, ", "),
                     kStageNames[last]);
}

} // namespace ricci
