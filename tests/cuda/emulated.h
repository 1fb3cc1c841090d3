//===- emulated.h - kernels of a test on the emulator -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cpu/guarded_memory.h"
#include "tests/cuda/emulator/emulator.h"

#include <memory>
#include <string>
#include <vector>

namespace ricci::test {

/// A buffer of a launch.
template <typename T> emulator::Region region(std::vector<T> &data, const char *name) {
  return {data.data(), data.size() * sizeof(T), name, false, false};
}

/// Compiles the text and launches its kernel `k`; the parameters are the buffers, then the numbers.
/// Meanwhile each buffer lies between pages that may not be touched, far from the others.
inline Status launchText(const std::string &text, const Grid &grid,
                         std::vector<emulator::Region> buffers, std::vector<int64_t> numbers = {},
                         uint64_t seed = 1) {
  auto module = emulator::Module::load(text, {"k"}, RICCI_EMULATED_KERNELS);
  if (!module)
    return std::move(module.error());
  std::vector<std::unique_ptr<GuardedMemory>> copies;
  std::vector<void *> pointers;
  const std::vector<emulator::Region> given = buffers;
  for (emulator::Region &buffer : buffers) {
    copies.push_back(std::make_unique<GuardedMemory>(buffer.bytes, 16, true, 0));
    std::memcpy(copies.back()->data(), buffer.begin, buffer.bytes);
    buffer.begin = copies.back()->data();
    pointers.push_back(copies.back()->data());
  }
  std::vector<void *> parameters;
  for (void *&pointer : pointers)
    parameters.push_back(&pointer);
  for (int64_t &number : numbers)
    parameters.push_back(&number);
  Status s = (*module)->launch("k", grid, parameters.data(), buffers, seed);
  for (size_t i = 0; i < given.size(); ++i)
    std::memcpy(const_cast<void *>(given[i].begin), pointers[i], given[i].bytes);
  return s;
}

} // namespace ricci::test
