//===- fused_harness.h - runs the kernels of a function beside the oracle ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every argument, intermediate, result and workspace lies between pages that may not be touched;
// the memory between a result's elements is compared too, and workspaces start full of NaNs.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"
#include "runtime/executable.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

namespace ricci::test {

/// How a test runs a function.
struct FusedOptions {
  bool fuse = true;
  /// Arguments and results have any strides (permuted, negative, with gaps; arguments also 0).
  bool disorder = false;
  /// Floats are fractions in [-4, 4) and may differ from the oracle by this share of the largest
  /// element; 0: floats are small integers, and equal.
  double tolerance = 0;
  /// Integer arguments that hold indices of an axis of this extent, by number.
  std::map<int, int64_t> indices;
  /// Every order of every fused kernel's axes in rows and in columns, with what is cached, in wide
  /// vectors and with neither, not only the schedule that is chosen.
  bool everySchedule = false;
  /// Contractions have the epilogue of a result of at least so many bytes.
  int64_t epilogueBytes = INT64_MAX;
  int64_t prologueBytes = 0; ///< an operand of at least so many is computed in its einsum's kernel
  /// Results are stored past the caches, whatever their size.
  bool streams = false;
  uint64_t seed = 1;
};

/// Compiles `func.func @main` (stage tensor) for the target and compares its results with the
/// oracle's: all tasks at once, one by one and in pieces, which must give equal bits. Returns the
/// number of kernels.
size_t expectLikeOracle(const std::string &text, const Target &target,
                        const FusedOptions &options = {});

/// Runs on these elements (C order, one list an argument) and returns what the kernels report.
LaunchStatus statusOf(const std::string &text, const Target &target,
                      const std::vector<std::vector<int64_t>> &arguments);

/// "tensor<3x4xf32>".
inline std::string type(const std::vector<int64_t> &shape, const char *element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

/// A function of one program with every {0} … replaced; `{{` are braces.
template <typename... Args> std::string program(const char *text, Args &&...args) {
  return fmt::format(fmt::runtime(text), std::forward<Args>(args)...);
}

} // namespace ricci::test
