//===- chain.h - launches that run block of rows by block of rows --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

#include <cstddef>

namespace ricci {

/// Launches that run together: those of a chain, or one.
struct LaunchGroup {
  const Launch *launches = nullptr;
  size_t count = 0;

  static LaunchGroup at(const std::vector<Launch> &launches, size_t first);

  bool isChain() const { return count > 1; }
  const Launch *begin() const { return launches; }
  const Launch *end() const { return launches + count; }
  int64_t tasks() const;
  int64_t tasksPerWorker() const { return launches->tasksPerWorker; }
  int64_t partsPerWorker() const { return launches->partsPerWorker; }
  size_t buffers() const;
  /// Each worker's memory, a multiple of 64 bytes; an error where that is no number of bytes.
  Expected<int64_t> workerBytes() const;
};

/// What parallelFor needs to run a group: its pointers are those of all launches, one after the
/// other, null where one is to a block of rows.
struct GroupRun {
  LaunchGroup group;
  void *const *buffers;
  std::byte *workspace;
  int64_t workerBytes;
  int64_t first = 0; ///< of the tasks that are handed out

  /// A ParallelFn of a GroupRun.
  static void run(void *ctx, int64_t begin, int64_t end, int worker);

private:
  void runChain(std::byte *memory, int64_t begin, int64_t end) const;
};

} // namespace ricci
