//===- emit_harness.h - runs emitted kernels on the emulator beside the oracle ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/emit_cuda.h"

#include <map>
#include <string>
#include <vector>

namespace ricci::test {

/// How a test runs a function.
struct EmitOptions {
  CudaEmitOptions emit;
  const char *arch = "sm_80";
  bool fuse = true;
  /// Arguments and results have any strides (permuted, negative, with gaps; arguments also 0).
  bool disorder = false;
  /// Floats are fractions in [-4, 4) and may differ from the oracle by this share of the largest
  /// element; 0: floats are small integers, and equal.
  double tolerance = 0;
  double scale = 1; ///< of these fractions
  /// Arguments hold NaNs, infinities, zeros of both signs and extreme integers; floats may differ
  /// from the oracle by this share of each element.
  bool special = false;
  /// Buffers start at addresses that are multiples of nothing but their element.
  bool unaligned = false;
  /// Integer arguments that hold indices of an axis of this extent, by number.
  std::map<int, int64_t> indices;
  /// Other integers are below this, and not negative; 0: any.
  uint64_t integersBelow = 0;
  uint64_t seed = 1;
};

/// Compiles `func.func @main` (stage tensor) to CUDA kernels, runs them on the emulator in the
/// places that memory is planned in, and compares the results with the oracle's. Returns the titles
/// of the kernels.
std::vector<std::string> expectEmulated(const std::string &text, const EmitOptions &options = {});

/// The kernels alone.
std::vector<CudaKernel> emittedKernels(const std::string &text, const EmitOptions &options = {});

/// Runs on these elements (C order, one list an argument) and returns what the kernels report.
LaunchStatus emulatedStatus(const std::string &text,
                            const std::vector<std::vector<int64_t>> &arguments);

} // namespace ricci::test
