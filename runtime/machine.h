//===- machine.h - what this machine and its environment offer -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <cstdint>

namespace ricci {

/// Bytes of memory that this process may use at all: physical memory and swap, or less where a
/// control group says so. What exceeds it can be mapped but never be filled.
int64_t machineMemoryBytes();

/// CPUs that this process may run on.
int availableCpus();

/// An environment variable as an integer in [low, high]; `fallback` when unset or empty.
Expected<int64_t> environmentInt(const char *name, int64_t fallback, int64_t low, int64_t high);

/// An environment variable as a byte count ("512M"); `fallback` when unset or empty.
Expected<int64_t> environmentBytes(const char *name, int64_t fallback);

} // namespace ricci
