//===- emulator.h - runs CUDA C++ on the CPU ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "runtime/executable.h"
#include "tests/cuda/emulator/memory.h"

#include <memory>
#include <string>
#include <vector>

namespace ricci::emulator {

/// The text of kernels, compiled by the host's compiler and loaded.
class Module {
public:
  /// `kernels` are the names of the `extern "C" __global__` functions. Compiled once for each text:
  /// what comes out is kept in `cacheFolder`. An input error holds the compiler's log.
  static Expected<std::shared_ptr<Module>> load(const std::string &text,
                                                const std::vector<std::string> &kernels,
                                                const std::string &cacheFolder);
  Module(const Module &) = delete;
  ~Module();

  /// Runs a launch to its end or to the first error, which says which thread did what. The
  /// parameters are as cuLaunchKernel takes them; the kernel may touch `regions` and nothing else.
  /// Shared memory starts full of NaNs.
  Status launch(const std::string &kernel, const Grid &grid, void **parameters,
                std::vector<Region> regions, uint64_t seed);

private:
  Module() = default;

  void *library_ = nullptr;
};

/// The names of the `extern "C" __global__` functions in a text.
std::vector<std::string> kernelNames(const std::string &text);

} // namespace ricci::emulator
