//===- pool.h - memory for tensors, arenas and workspaces ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "runtime/fork.h"

#include <array>
#include <cstddef>
#include <memory>

namespace ricci {

/// Keeps freed blocks for reuse, because a first touch of fresh memory costs more than most
/// kernels. Blocks come in size classes at most 1/8 apart, are 64-byte aligned (4 KiB from 16 KiB
/// on, 2 MiB with huge pages from 2 MiB on) and uninitialized. Freed memory above the limit goes
/// back to the system, least recently used first. Thread-safe.
class MemoryPool {
public:
  /// `keepLimit`: bytes of free memory that are kept.
  explicit MemoryPool(int64_t keepLimit);
  ~MemoryPool();
  MemoryPool(const MemoryPool &) = delete;
  MemoryPool &operator=(const MemoryPool &) = delete;

  /// The process's pool. RICCI_POOL_LIMIT sets its limit (default 1 GiB); where that cannot be
  /// parsed, every allocation fails and says so. Never destroyed: tensors may outlive main.
  static MemoryPool &global();

  /// A block of at least `bytes` (never null, also for 0 bytes), or an error of kind Machine that
  /// tells the bytes.
  Expected<void *> allocate(int64_t bytes);
  /// `bytes` as given to `allocate`.
  void release(void *block, int64_t bytes) noexcept;
  /// Gives all free memory back to the system.
  void trim() noexcept;

  int64_t keptBytes() const; ///< free blocks
  int64_t usedBytes() const; ///< blocks that are out
  /// The size that a request is rounded up to.
  static int64_t blockBytes(int64_t bytes);

private:
  /// Written into free blocks themselves, so that releasing never allocates.
  struct FreeBlock;
  static constexpr int kClasses = 512;

  void unlink(FreeBlock *block);
  /// Takes blocks off the lists, oldest first, until `limit` bytes are left.
  FreeBlock *evict(int64_t limit);
  static void freeAll(FreeBlock *chain) noexcept;

  mutable ForkMutex mutex_;
  std::array<FreeBlock *, kClasses> heads_{}; ///< most recently released first
  FreeBlock *newest_ = nullptr, *oldest_ = nullptr;
  int64_t keepLimit_, kept_ = 0, used_ = 0;
  std::unique_ptr<Diagnostic> configError_;
};

/// A block that is released on destruction.
class PoolBlock {
public:
  PoolBlock() = default;
  static Expected<PoolBlock> allocate(int64_t bytes, MemoryPool &pool = MemoryPool::global());
  PoolBlock(PoolBlock &&o) noexcept
      : pool_(o.pool_), data_(std::exchange(o.data_, nullptr)), bytes_(o.bytes_) {}
  PoolBlock &operator=(PoolBlock &&o) noexcept {
    std::swap(pool_, o.pool_);
    std::swap(data_, o.data_);
    std::swap(bytes_, o.bytes_);
    return *this;
  }
  ~PoolBlock() {
    if (data_)
      pool_->release(data_, bytes_);
  }
  std::byte *data() const { return static_cast<std::byte *>(data_); }
  int64_t bytes() const { return bytes_; }

private:
  MemoryPool *pool_ = nullptr;
  void *data_ = nullptr;
  int64_t bytes_ = 0;
};

} // namespace ricci
