//===- emulator_bugs_test.cpp - what is wrong in a kernel is found ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel, a matrix product through shared memory that ends in a sum over each row by shuffles.
// Each test plants a bug and sees what the emulator, or the result, says.
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emulated.h"

#include <cmath>
#include <gtest/gtest.h>

namespace ricci::test {
namespace {

// c = a b for (rows, depth) and (depth, columns), and sums[row] of c's first 32 columns.
const std::string kProduct = R"(
__device__ __forceinline__ float add(float x, float y) { return x + y; }
extern "C" __global__ void __launch_bounds__(256)
k(const float *__restrict__ a, const float *__restrict__ b, float *__restrict__ c,
  float *__restrict__ sums, long long rows, long long columns, long long depth) {
  __shared__ float left[8][33];
  __shared__ float right[32][32];
  const int x = threadIdx.x, y = threadIdx.y;
  const long long row = 8ll * blockIdx.y + y, column = 32ll * blockIdx.x + x;
  float sum = 0;
  for (long long begin = 0; begin < depth; begin += 32) {
    left[y][x] = row < rows && begin + x < depth ? a[row * depth + begin + x] : 0.0f;
    for (int i = y; i < 32; i += 8)
      right[i][x] = begin + i < depth && column < columns ? b[(begin + i) * columns + column] : 0.0f;
    __syncthreads(); // loaded
    for (int i = 0; i < 32; ++i)
      sum = fmaf(left[y][i], right[i][x], sum);
    __syncthreads(); // read
  }
  if (row < rows && column < columns)
    c[row * columns + column] = sum;
  for (int d = 16; d > 0; d /= 2)
    sum = add(sum, __shfl_xor_sync(0xffffffffu, sum, d));
  if (blockIdx.x == 0 && x == 0 && row < rows)
    sums[row] = sum;
}
)";

/// "" where all is right, else what the emulator says or "wrong".
std::string outcome(const std::string &text, uint64_t seed = 1) {
  const int64_t rows = 13, columns = 45, depth = 70;
  std::vector<float> a(size_t(rows * depth)), b(size_t(depth * columns)),
      c(size_t(rows * columns), NAN), sums(size_t(rows), NAN);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = float(int(i * 7 % 19) - 9);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = float(int(i * 5 % 17) - 8);
  Status s = launchText(text, {{2, 2, 1}, {32, 8, 1}, 0},
                        {region(a, "a"), region(b, "b"), region(c, "c"), region(sums, "sums")},
                        {rows, columns, depth}, seed);
  if (!s)
    return s.error().message;
  for (int64_t i = 0; i < rows; ++i) {
    float total = 0;
    for (int64_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += a[size_t(i * depth + k)] * b[size_t(k * columns + j)];
      if (c[size_t(i * columns + j)] != sum)
        return "wrong";
      total += j < 32 ? sum : 0;
    }
    if (sums[size_t(i)] != total)
      return "wrong";
  }
  return "";
}

/// The text with one piece replaced.
std::string with(const std::string &from, const std::string &to) {
  std::string text = kProduct;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void expectFound(const std::string &from, const std::string &to, const std::string &message) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const std::string found = outcome(with(from, to), seed);
    EXPECT_NE(found, "") << to;
    EXPECT_NE(found.find(message), std::string::npos) << found;
  }
}

TEST(EmulatorBugs, ThereAreNone) {
  for (uint64_t seed = 0; seed < 10; ++seed)
    EXPECT_EQ(outcome(kProduct, seed), "");
}

TEST(EmulatorBugs, NoBarrierAfterTheLoads) {
  expectFound("__syncthreads(); // loaded", "", "without a barrier between");
}

TEST(EmulatorBugs, NoBarrierBeforeTheNextLoads) {
  expectFound("__syncthreads(); // read", "", "without a barrier between");
}

TEST(EmulatorBugs, SwappedStride) {
  expectFound("b[(begin + i) * columns + column]", "b[(begin + i) + column * depth]", "wrong");
}

TEST(EmulatorBugs, NoBoundOnRows) {
  expectFound("row < rows && begin + x < depth", "begin + x < depth", "of a, which has 3640");
}

TEST(EmulatorBugs, NoBoundOnDepth) {
  expectFound("begin + i < depth && column < columns", "column < columns", "of b, which has 12600");
}

TEST(EmulatorBugs, NoBoundOnTheStore) {
  expectFound("if (row < rows && column < columns)", "if (column < columns)",
              "writes 4 bytes that belong to no buffer");
}

TEST(EmulatorBugs, NoBoundOnColumns) {
  expectFound("if (row < rows && column < columns)", "if (row < rows)", "");
}

TEST(EmulatorBugs, ShuffleOfTooFewLanes) {
  expectFound("int d = 16; d > 0", "int d = 8; d > 0", "wrong");
}

TEST(EmulatorBugs, ShuffleWidth) {
  expectFound("__shfl_xor_sync(0xffffffffu, sum, d)", "__shfl_down_sync(0xffffffffu, sum, d, 16)",
              "wrong");
}

TEST(EmulatorBugs, MaskWithoutTheCaller) {
  expectFound("0xffffffffu", "0xffffu", "the mask lacks the lane that calls");
}

TEST(EmulatorBugs, ShuffleOfSomeLanesOnly) {
  expectFound("sum = add(sum, __shfl_xor_sync(0xffffffffu, sum, d));",
              "if (x < 20) sum = add(sum, __shfl_xor_sync(0xffffffffu, sum, d));", "wrong");
}

TEST(EmulatorBugs, BarrierOfSomeThreadsOnly) {
  expectFound("__syncthreads(); // loaded", "if (y != 3) __syncthreads();",
              "without a barrier between");
  Status s = launchText(R"(
extern "C" __global__ void k() {
  if (threadIdx.x < 5)
    __syncthreads();
  __syncwarp();
})",
                        {{1, 1, 1}, {32, 1, 1}, 0}, {});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message,
            "k: threads of block (0,0,0) wait for each other: 5 are at a barrier, such as (0,0,0) "
            "in line 4; 27 are at a warp operation, such as (5,0,0) in line 5");
}

TEST(EmulatorBugs, ReturnBeforeABarrier) {
  expectFound("float sum = 0;", "float sum = 0; if (row >= rows) return;", "have ended, such as");
}

TEST(EmulatorBugs, BarriersInTwoBranches) {
  expectFound("__syncthreads(); // loaded", "if (y < 4)\n__syncthreads();\nelse\n__syncthreads();",
              "meet at different barriers");
}

TEST(EmulatorBugs, IndexOutsideOfASharedArray) {
  expectFound("left[8][33]", "left[8][31]", "an index is outside of its array");
}

TEST(EmulatorBugs, TooFewIterations) { expectFound("i < 32; i += 8", "i < 24; i += 8", "wrong"); }

TEST(EmulatorBugs, EveryBlockWritesTheSums) {
  expectFound("blockIdx.x == 0 && x == 0", "x == 0", "of another block");
}

TEST(EmulatorBugs, UnalignedVector) {
  expectFound("float sum = 0;", "float sum = reinterpret_cast<const float4 *>(a + 1)->x * 0;",
              "an address is not aligned to its type");
}

TEST(EmulatorBugs, WriteToAnOperand) {
  expectFound("float sum = 0;", "float sum = 0; const_cast<float *>(a)[0] = 1;",
              "writes byte 0 of a, which thread ");
  std::vector<float> a(1);
  emulator::Region operand = region(a, "a");
  operand.readOnly = true;
  Status s = launchText("extern \"C\" __global__ void k(float *a) { *a = 1; }", {}, {operand});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, "k: thread (0,0,0) of block (0,0,0) writes a, which is read-only");
}

/// A warp's lanes exchange through shared memory; `sync` stands between.
std::string warpOutcome(const std::string &sync) {
  std::vector<int> out(64, -1);
  Status s = launchText(R"(
extern "C" __global__ void k(int *out) {
  __shared__ int values[64];
  values[threadIdx.x] = threadIdx.x;
  )" + sync + R"(
  out[threadIdx.x] = values[threadIdx.x ^ 1];
}
)",
                        {{1, 1, 1}, {64, 1, 1}, 0}, {region(out, "out")});
  return s ? "" : s.error().message;
}

TEST(EmulatorBugs, NoSyncInAWarp) {
  EXPECT_EQ(warpOutcome("__syncwarp();"), "");
  EXPECT_EQ(warpOutcome("__syncthreads();"), "");
  EXPECT_NE(warpOutcome("").find("without a barrier between"), std::string::npos);
  // A shuffle brings the lanes together, but orders no memory.
  EXPECT_NE(warpOutcome("__shfl_sync(0xffffffffu, 1, 0);").find("without a barrier between"),
            std::string::npos);
}

/// The dynamic shared memory is what the launch says, to the byte.
TEST(EmulatorBugs, TooLittleDynamicSharedMemory) {
  const char *text = R"(
extern "C" __global__ void k(float *out) {
  extern __shared__ float values[];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = values[31 - threadIdx.x];
}
)";
  std::vector<float> out(32);
  EXPECT_TRUE(launchText(text, {{1, 1, 1}, {32, 1, 1}, 128}, {region(out, "out")}));
  Status s = launchText(text, {{1, 1, 1}, {32, 1, 1}, 124}, {region(out, "out")});
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("at byte 124 of dynamic shared memory, which has 124"),
            std::string::npos)
      << s.error().message;
}

/// Sums tiles of 64 numbers that are copied one ahead of those that are summed.
const std::string kPipeline = R"(
extern "C" __global__ void k(const float *in, float *out) {
  __shared__ __align__(16) float tile[2][64];
  float sum = 0;
  ricciEmulatorCopyAsync(&tile[0][threadIdx.x], in + threadIdx.x, 4, 4);
  ricciEmulatorCommitCopies();
  for (int i = 0; i < 5; ++i) {
    ricciEmulatorWaitForCopies(0);
    __syncthreads(); // come
    if (i < 4)
      ricciEmulatorCopyAsync(&tile[(i + 1) % 2][threadIdx.x], in + 64 * (i + 1) + threadIdx.x, 4, 4);
    ricciEmulatorCommitCopies();
    sum += tile[i % 2][63 - threadIdx.x];
  }
  out[threadIdx.x] = sum;
}
)";

std::string pipelineOutcome(const std::string &from, const std::string &to, uint64_t seed) {
  std::string text = kPipeline;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  std::vector<float> in(320), out(64);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = float(i % 64);
  Status s = launchText(text, {{1, 1, 1}, {64, 1, 1}, 0}, {region(in, "in"), region(out, "out")},
                        {}, seed);
  if (!s)
    return s.error().message;
  for (size_t i = 0; i < out.size(); ++i)
    if (out[i] != 5.0f * float(63 - i))
      return std::isnan(out[i]) ? "NaN" : "wrong";
  return "";
}

TEST(EmulatorBugs, CopiesAhead) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const auto outcome = [&](const std::string &from, const std::string &to) {
      return pipelineOutcome(from, to, seed);
    };
    EXPECT_EQ(outcome("float sum = 0;", "float sum = 0;"), "");
    // A copy that nobody waits for, or of which too many may be under way, has not come.
    EXPECT_EQ(outcome("ricciEmulatorWaitForCopies(0);", ""), "NaN");
    EXPECT_NE(outcome("ricciEmulatorWaitForCopies(0);", "ricciEmulatorWaitForCopies(1);")
                  .find("without a barrier between"),
              std::string::npos);
    // What is not committed is in no group.
    EXPECT_EQ(outcome("    ricciEmulatorCommitCopies();", ""), "NaN");
    // Others do not see what a thread has waited for, and copies overtake those who still read.
    EXPECT_NE(outcome("__syncthreads(); // come", "").find("without a barrier between"),
              std::string::npos);
    EXPECT_NE(outcome("tile[(i + 1) % 2][threadIdx.x]", "tile[i % 2][threadIdx.x]"), "");
    EXPECT_NE(outcome("in + 64 * (i + 1) + threadIdx.x, 4, 4", "in + 320 + threadIdx.x, 4, 4")
                  .find("reads 4 bytes that belong to no buffer"),
              std::string::npos);
    EXPECT_NE(outcome("threadIdx.x, 4, 4", "threadIdx.x, 8, 8").find("not aligned"),
              std::string::npos);
  }
}

TEST(EmulatorBugs, MatrixRowsThatAreNotAligned) {
  std::vector<uint32_t> out(32);
  Status s = launchText(R"(
extern "C" __global__ void k(unsigned *out) {
  __shared__ __align__(16) unsigned short tile[32][12];
  unsigned words[4];
  ricciEmulatorLoadMatrices(words, &tile[threadIdx.x][0]);
  out[threadIdx.x] = words[0];
}
)",
                        {{1, 1, 1}, {32, 1, 1}, 0}, {region(out, "out")});
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("is not aligned to 16 bytes (line 5)"), std::string::npos)
      << s.error().message;
}

TEST(EmulatorBugs, GridsThatNoDeviceRuns) {
  for (const Grid &grid : {Grid{{1, 1, 1}, {32, 33, 1}, 0}, Grid{{1, 65536, 1}, {1, 1, 1}, 0},
                           Grid{{0, 1, 1}, {1, 1, 1}, 0}, Grid{{1, 1, 1}, {1, 1, 1}, 300000}})
    EXPECT_FALSE(launchText("extern \"C\" __global__ void k() {}", grid, {}));
}

} // namespace
} // namespace ricci::test
