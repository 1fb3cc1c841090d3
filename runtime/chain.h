//===- chain.h - launches that run block of rows by block of rows --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

#include <cstddef>
#include <iterator>
#include <mutex>
#include <vector>

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

/// Pointers to buffers; on the stack unless there are very many.
class BufferTable {
public:
  void **resize(size_t count) {
    if (count <= std::size(inline_))
      return inline_;
    many_.resize(count);
    return many_.data();
  }

private:
  void *inline_[64];
  std::vector<void *> many_;
};

/// A group while it runs: what parallelFor needs. Its pointers are those of all launches, one after
/// the other, null where each part of the tasks has one of its own.
class GroupRun {
public:
  GroupRun(const LaunchGroup &group, void *const *buffers, std::byte *workspace,
           int64_t workerBytes);

  /// A ParallelFn of a GroupRun.
  static void run(void *ctx, int64_t begin, int64_t end, int worker);
  /// What was reported in the first part of the tasks that did: no thread's speed decides.
  const LaunchStatus &status() const { return status_; }

  int64_t first = 0; ///< of the tasks that are handed out

private:
  void runPart(void *const *buffers, std::byte *memory, int64_t begin, int64_t end) const;
  void runChain(void *const *buffers, std::byte *memory, int64_t begin, int64_t end) const;

  LaunchGroup group_;
  void *const *buffers_;
  std::byte *workspace_;
  int64_t workerBytes_;
  bool reports_;
  LaunchStatus status_;
  int64_t reported_ = INT64_MAX; ///< the first task of the part that `status_` is of
  std::mutex mutex_;             ///< of the two
};

} // namespace ricci
