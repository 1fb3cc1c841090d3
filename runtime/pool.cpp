//===- pool.cpp - memory for tensors, arenas and workspaces --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/pool.h"

#include "runtime/format.h"
#include "runtime/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace ricci {

struct MemoryPool::FreeBlock {
  FreeBlock *classNext, *classPrevious; ///< neighbours in the list of its size class
  FreeBlock *newer, *older;             ///< neighbours in the order of release
  int64_t bytes;                        ///< of its size class
};

namespace {

constexpr int64_t kLarge = int64_t(2) << 20;
/// No request above this is tried; below it, rounding up cannot overflow.
constexpr int64_t kLargestRequest = int64_t(1) << 62;

/// Classes: multiples of 64 up to 512, then 8 in each power of two.
int classOf(int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  if (bytes <= 512)
    return int((bytes - 1) / 64);
  const int power = std::bit_width(uint64_t(bytes - 1)) - 1; // 2^power < bytes <= 2^(power+1)
  const int64_t step = int64_t(1) << (power - 3);
  const int64_t part = (bytes - (int64_t(1) << power) + step - 1) / step; // 1 to 8
  return int(8 + (power - 9) * 8 + part - 1);
}

int64_t classBytes(int index) {
  if (index < 8)
    return (index + 1) * 64;
  const int power = 9 + (index - 8) / 8, part = (index - 8) % 8 + 1;
  return (int64_t(1) << power) + part * (int64_t(1) << (power - 3));
}

/// Null on failure, with errno set.
void *systemAllocate(int64_t bytes) {
  if (bytes < kLarge) {
    const size_t alignment = bytes < 16384 ? 64 : 4096;
    return std::aligned_alloc(alignment, (size_t(bytes) + alignment - 1) & ~(alignment - 1));
  }
  // Maps more than needed and gives back what lies outside the aligned part.
  const size_t size = size_t(bytes), mapped = size + size_t(kLarge);
  void *map = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return nullptr;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(map);
  const uintptr_t aligned = (begin + kLarge - 1) & ~uintptr_t(kLarge - 1);
  if (aligned != begin)
    munmap(map, aligned - begin);
  if (const size_t tail = begin + mapped - (aligned + size))
    munmap(reinterpret_cast<void *>(aligned + size), tail);
  void *block = reinterpret_cast<void *>(aligned);
  madvise(block, size, MADV_HUGEPAGE); // only a hint: fails where huge pages are not built in
  return block;
}

void systemFree(void *block, int64_t bytes) noexcept {
  if (bytes < kLarge)
    std::free(block);
  else
    munmap(block, size_t(bytes));
}

} // namespace

MemoryPool::MemoryPool(int64_t keepLimit) : keepLimit_(keepLimit) {
  assert(classOf(kLargestRequest) < kClasses);
}

MemoryPool::~MemoryPool() { trim(); }

MemoryPool &MemoryPool::global() {
  static MemoryPool *pool = [] {
    Expected<int64_t> limit = environmentBytes("RICCI_POOL_LIMIT", int64_t(1) << 30);
    auto *made = new MemoryPool(limit ? *limit : 0);
    if (!limit)
      made->configError_ = std::make_unique<Diagnostic>(limit.error());
    return made;
  }();
  return *pool;
}

int64_t MemoryPool::blockBytes(int64_t bytes) { return classBytes(classOf(bytes)); }

Expected<void *> MemoryPool::allocate(int64_t bytes) {
  assert(bytes >= 0);
  if (configError_)
    return *configError_;
  auto failure = [&](std::string_view why) {
    return machineError(
        fmt::format("cannot allocate {} ({} bytes): {}", formatBytes(double(bytes)), bytes, why));
  };
  if (bytes > std::min(machineMemoryBytes(), kLargestRequest))
    return failure(fmt::format("this machine has {} of memory for this process",
                               formatBytes(double(machineMemoryBytes()))));
  const int index = classOf(bytes);
  const int64_t size = classBytes(index);
  {
    std::lock_guard lock(mutex_);
    if (FreeBlock *block = heads_[index]) {
      unlink(block);
      used_ += size;
      return static_cast<void *>(block);
    }
  }
  void *block = systemAllocate(size);
  if (!block) {
    // What is kept may be just what is missing.
    trim();
    block = systemAllocate(size);
  }
  if (!block)
    return failure(std::strerror(errno));
  std::lock_guard lock(mutex_);
  used_ += size;
  return block;
}

void MemoryPool::release(void *memory, int64_t bytes) noexcept {
  const int index = classOf(bytes);
  const int64_t size = classBytes(index);
  FreeBlock *evicted = nullptr;
  {
    std::lock_guard lock(mutex_);
    used_ -= size;
    auto *block = ::new (memory) FreeBlock{heads_[index], nullptr, nullptr, newest_, size};
    if (block->classNext)
      block->classNext->classPrevious = block;
    heads_[index] = block;
    if (newest_)
      newest_->newer = block;
    newest_ = block;
    if (!oldest_)
      oldest_ = block;
    kept_ += size;
    evicted = evict(keepLimit_);
  }
  freeAll(evicted); // system calls outside the lock
}

void MemoryPool::unlink(FreeBlock *block) {
  if (block->classPrevious)
    block->classPrevious->classNext = block->classNext;
  else
    heads_[classOf(block->bytes)] = block->classNext;
  if (block->classNext)
    block->classNext->classPrevious = block->classPrevious;
  (block->newer ? block->newer->older : newest_) = block->older;
  (block->older ? block->older->newer : oldest_) = block->newer;
  kept_ -= block->bytes;
}

MemoryPool::FreeBlock *MemoryPool::evict(int64_t limit) {
  FreeBlock *chain = nullptr;
  while (kept_ > limit) {
    FreeBlock *block = oldest_;
    unlink(block);
    block->classNext = chain;
    chain = block;
  }
  return chain;
}

void MemoryPool::freeAll(FreeBlock *chain) noexcept {
  while (chain) {
    FreeBlock *next = chain->classNext;
    systemFree(chain, chain->bytes);
    chain = next;
  }
}

void MemoryPool::trim() noexcept {
  FreeBlock *chain;
  {
    std::lock_guard lock(mutex_);
    chain = evict(0);
  }
  freeAll(chain);
}

int64_t MemoryPool::keptBytes() const {
  std::lock_guard lock(mutex_);
  return kept_;
}

int64_t MemoryPool::usedBytes() const {
  std::lock_guard lock(mutex_);
  return used_;
}

Expected<PoolBlock> PoolBlock::allocate(int64_t bytes, MemoryPool &pool) {
  Expected<void *> data = pool.allocate(bytes);
  if (!data)
    return std::move(data.error());
  PoolBlock block;
  block.pool_ = &pool;
  block.data_ = *data;
  block.bytes_ = bytes;
  return block;
}

} // namespace ricci
