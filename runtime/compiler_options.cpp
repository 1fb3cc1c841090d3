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
  std::string key = fmt::format("device={} cpu={}:{} order={} seconds={}", int(device), cpu.size(),
                                cpu, int(order.method), order.seconds);
  if (order.method == OrderOptions::Method::Path)
    key += fmt::format(" path={}", order.path);
  if (memoryLimit)
    key += fmt::format(" memory={}", *memoryLimit);
  key += fmt::format(" out={} accumulate={} fuse={}", outputStrides, accumulate, fuse);
  // A compilation that prints must not be answered from a cache that one without printing filled.
  return key + fmt::format(" print={}:{}", printIrAfter.size(), printIrAfter);
}

std::optional<Stage> parseStage(std::string_view name) {
  static constexpr std::string_view names[] = {"ast",   "tensor", "ordered", "kernels",
                                               "loops", "llvm",   "asm",     "obj"};
  for (size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name)
      return Stage(i);
  return std::nullopt;
}

} // namespace ricci
