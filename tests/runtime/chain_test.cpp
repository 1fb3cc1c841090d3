//===- chain_test.cpp - launches that run block of rows by block of rows -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/chain.h"

#include "runtime/parallel.h"
#include "runtime/pool.h"

#include "tests/runtime/function_kernel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

using namespace ricci;

namespace {

constexpr int64_t kColumns = 3;
std::atomic<int64_t> freshWorkers;
std::mutex mutex;
std::set<void *> blocks;

/// A task is a block of descriptor[0] rows, of descriptor[1] in an entry: rows of buffers[1] are
/// twice those of buffers[0].
void twice(void *const *buffers, const int64_t *descriptor, void *workspace, int64_t begin,
           int64_t end) {
  auto &kept = *static_cast<int64_t *>(workspace);
  freshWorkers += kept == kNothingKept;
  kept = 1;
  const int64_t perEntry = (descriptor[1] + descriptor[0] - 1) / descriptor[0];
  for (int64_t task = begin; task < end; ++task) {
    const int64_t entry = task / perEntry, first = task % perEntry * descriptor[0];
    for (int64_t row = first; row < std::min(first + descriptor[0], descriptor[1]); ++row)
      for (int64_t c = 0; c < kColumns; ++c) {
        const int64_t at = (entry * descriptor[1] + row) * kColumns + c;
        static_cast<float *>(buffers[1])[at] = 2 * static_cast<const float *>(buffers[0])[at];
      }
    std::lock_guard lock(mutex);
    blocks.insert(static_cast<float *>(buffers[1]) + (entry * descriptor[1] + first) * kColumns);
  }
}

/// The same, a task is a row.
void addOne(void *const *buffers, const int64_t *, void *, int64_t begin, int64_t end) {
  for (int64_t at = begin * kColumns; at < end * kColumns; ++at)
    static_cast<float *>(buffers[1])[at] = 1 + static_cast<const float *>(buffers[0])[at];
}

/// out = 2 * in + 1 by way of blocks.
Executable chain(int64_t entries, int64_t rows, int64_t blockRows) {
  Executable e;
  const Shape shape{entries, rows, kColumns};
  e.inputs = {{DType::f32, shape, contiguousStrides(shape)}};
  e.outputs = e.inputs;
  using Kind = BufferRef::Kind;
  const int64_t rowBytes = kColumns * 4;
  Launch first, second;
  first.kernel = std::make_shared<FunctionKernel>(twice);
  first.buffers = {{Kind::Input, 0, 0}, {Kind::Block, rowBytes, 64}};
  first.descriptor = {blockRows, rows};
  first.tasks = entries * ((rows + blockRows - 1) / blockRows);
  first.chain = {2, entries, rows, blockRows, 64 + blockRows * rowBytes};
  second.kernel = std::make_shared<FunctionKernel>(addOne);
  second.buffers = {{Kind::Block, rowBytes, 64}, {Kind::Output, 0, 0}};
  second.tasks = entries * rows;
  second.tasksPerBlock = blockRows;
  e.launches = {first, second};
  return e;
}

} // namespace

TEST(Chain, RunsBlockByBlock) {
  const int before = *numThreads();
  for (int threads : {1, 3})
    for (auto [entries, rows, blockRows] : {std::array<int64_t, 3>{1, 1, 1},
                                            {1, 7, 3},
                                            {5, 7, 3},
                                            {5, 6, 3},
                                            {4, 5, 5},
                                            {1, 1000, 7}}) {
      ASSERT_TRUE(setNumThreads(threads));
      const Executable e = chain(entries, rows, blockRows);
      const size_t n = size_t(entries * rows * kColumns);
      std::vector<float> in(n), out(n, -1.0f);
      for (size_t i = 0; i < n; ++i)
        in[i] = float(i);
      freshWorkers = 0;
      blocks.clear();
      const Shape shape{entries, rows, kColumns};
      ASSERT_TRUE(e.run({Tensor::borrow(in.data(), shape)}, {Tensor::borrow(out.data(), shape)}));
      for (size_t i = 0; i < n; ++i)
        ASSERT_EQ(out[i], 2 * float(i) + 1) << i;
      // Each worker has one place for all of its blocks, and begins with nothing kept.
      EXPECT_LE(blocks.size(), size_t(threads));
      EXPECT_GE(freshWorkers, 1);
      if (threads == 1) {
        EXPECT_EQ(freshWorkers, 1);
      }
    }
  ASSERT_TRUE(setNumThreads(before));
}

TEST(Chain, TakesTheMemoryOfOneBlock) {
  const Executable e = chain(100, 1000, 10);
  const LaunchGroup group = LaunchGroup::at(e.launches, 0);
  EXPECT_TRUE(group.isChain());
  EXPECT_EQ(group.tasks(), 100 * 100);
  EXPECT_EQ(group.buffers(), 4u);
  // Pointers, the block, and a line of each launch.
  EXPECT_EQ(*group.workerBytes(), 64 + 192 + 2 * 64);
}

TEST(Chain, WithoutElements) {
  const Executable e = chain(2, 5, 2);
  Executable empty = e;
  for (Launch &launch : empty.launches)
    launch.tasks = 0;
  std::vector<float> in(30, 1.0f), out(30, -1.0f);
  const Shape shape{2, 5, kColumns};
  ASSERT_TRUE(empty.run({Tensor::borrow(in.data(), shape)}, {Tensor::borrow(out.data(), shape)}));
  EXPECT_EQ(out, std::vector<float>(30, -1.0f));
}
