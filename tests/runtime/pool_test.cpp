//===- pool_test.cpp - the memory pool -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <thread>
#include <vector>

using namespace ricci;

TEST(Pool, SizeClasses) {
  int64_t previous = 0;
  for (int64_t bytes = 1; bytes < 300000; bytes += 37) {
    const int64_t block = MemoryPool::blockBytes(bytes);
    EXPECT_GE(block, bytes);
    EXPECT_LE(block, bytes + std::max<int64_t>(63, bytes / 8)) << bytes;
    EXPECT_EQ(MemoryPool::blockBytes(block), block);
    EXPECT_GE(block, previous);
    previous = block;
  }
  for (int power = 6; power < 62; ++power)
    EXPECT_EQ(MemoryPool::blockBytes(int64_t(1) << power), int64_t(1) << power);
  EXPECT_EQ(MemoryPool::blockBytes(0), 64);
}

TEST(Pool, AlignsAndKeepsContents) {
  MemoryPool pool(1 << 30);
  std::vector<std::pair<unsigned char *, int64_t>> blocks;
  for (int64_t bytes : {0, 1, 64, 100, 513, 16384, 100000, 2 << 20, (2 << 20) + 1, 5000000}) {
    Expected<void *> block = pool.allocate(bytes);
    ASSERT_TRUE(block);
    const uintptr_t alignment = bytes >= 2 << 20 ? 2 << 20 : bytes >= 16384 ? 4096 : 64;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(*block) % alignment, 0u) << bytes;
    std::memset(*block, int(blocks.size() + 1), size_t(bytes));
    blocks.push_back({static_cast<unsigned char *>(*block), bytes});
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    auto [block, bytes] = blocks[i];
    for (int64_t b = 0; b < bytes; ++b)
      ASSERT_EQ(block[b], i + 1);
    pool.release(block, bytes);
  }
  EXPECT_EQ(pool.usedBytes(), 0);
  EXPECT_GT(pool.keptBytes(), 9 << 20);
  pool.trim();
  EXPECT_EQ(pool.keptBytes(), 0);
}

TEST(Pool, ReusesTheSameBlock) {
  MemoryPool pool(1 << 20);
  void *first = *pool.allocate(1000);
  void *second = *pool.allocate(1000);
  pool.release(first, 1000);
  EXPECT_EQ(pool.keptBytes(), 1024);
  EXPECT_EQ(*pool.allocate(990), first); // the same class
  EXPECT_EQ(pool.keptBytes(), 0);
  pool.release(first, 990);
  pool.release(second, 1000);
  EXPECT_EQ(*pool.allocate(1000), second); // the most recent
  pool.release(second, 1000);
}

TEST(Pool, BoundsWhatItKeeps) {
  MemoryPool pool(10 * 1024);
  std::vector<void *> blocks;
  for (int i = 0; i < 20; ++i)
    blocks.push_back(*pool.allocate(1024));
  for (void *block : blocks)
    pool.release(block, 1024);
  EXPECT_EQ(pool.keptBytes(), 10 * 1024);
  // A bigger block pushes out the oldest, one above the limit is not kept.
  pool.release(*pool.allocate(4096), 4096);
  EXPECT_EQ(pool.keptBytes(), 10 * 1024);
  EXPECT_EQ(*pool.allocate(1024), blocks.back());
  pool.release(blocks.back(), 1024);
  pool.release(*pool.allocate(100000), 100000);
  EXPECT_LE(pool.keptBytes(), 10 * 1024);
  EXPECT_EQ(pool.usedBytes(), 0);
}

TEST(Pool, HugeRequestsFailCleanly) {
  MemoryPool pool(1 << 20);
  for (int64_t bytes : {std::numeric_limits<int64_t>::max(), int64_t(1) << 62, int64_t(1) << 46}) {
    Expected<void *> block = pool.allocate(bytes);
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error().kind, ErrorKind::Machine);
    EXPECT_NE(block.error().message.find(std::to_string(bytes) + " bytes"), std::string::npos)
        << block.error().message;
  }
  EXPECT_EQ(pool.usedBytes(), 0);
  EXPECT_FALSE(PoolBlock::allocate(int64_t(1) << 60, pool));
}

TEST(Pool, BlocksReleaseThemselves) {
  MemoryPool pool(1 << 20);
  {
    PoolBlock a = std::move(*PoolBlock::allocate(100, pool)),
              b = std::move(*PoolBlock::allocate(200, pool));
    EXPECT_EQ(pool.usedBytes(), 128 + 256);
    a = std::move(b);
    EXPECT_EQ(a.bytes(), 200);
  }
  EXPECT_EQ(pool.usedBytes(), 0);
}

TEST(Pool, ManyThreads) {
  MemoryPool pool(1 << 18);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&pool, t] {
      std::vector<std::pair<uint64_t *, int64_t>> mine;
      for (int i = 0; i < 3000; ++i) {
        const int64_t bytes = 64 + (i * 7919 + t * 104729) % 60000;
        auto *block = static_cast<uint64_t *>(*pool.allocate(bytes));
        block[0] = block[bytes / 8 - 1] = uint64_t(t) << 32 | uint64_t(i);
        mine.push_back({block, bytes});
        if (mine.size() > 20) {
          auto [old, size] = mine[i % 20];
          if (old[0] != old[size / 8 - 1] || old[0] >> 32 != uint64_t(t))
            ADD_FAILURE() << "a block was handed out twice";
          pool.release(old, size);
          mine[i % 20] = mine.back();
          mine.pop_back();
        }
        if (i % 1000 == 0)
          pool.trim();
      }
      for (auto [block, bytes] : mine)
        pool.release(block, bytes);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(pool.usedBytes(), 0);
  EXPECT_LE(pool.keptBytes(), 1 << 18);
}
