//===- emulator_test.cpp - right kernels give what CUDA gives -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emulated.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

namespace ricci::test {
namespace {

void expectFine(const Status &s) { EXPECT_TRUE(s) << (s ? "" : s.error().message); }

TEST(Emulator, EachThreadHasItsIndices) {
  const char *text = R"(
extern "C" __global__ void __launch_bounds__(24) k(int *out) {
  const int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  out[block * 24 + thread] = block * 100 + thread;
}
)";
  std::vector<int> out(12 * 24, -1);
  expectFine(launchText(text, {{2, 3, 2}, {4, 3, 2}, 0}, {region(out, "out")}));
  for (int block = 0; block < 12; ++block)
    for (int thread = 0; thread < 24; ++thread)
      ASSERT_EQ(out[size_t(block * 24 + thread)], block * 100 + thread);
}

/// Transposes through shared memory, of which one array is dynamic.
TEST(Emulator, BlocksShareMemory) {
  const char *text = R"(
extern "C" __global__ void k(const float *__restrict__ in, float *__restrict__ out,
                             long long rows, long long columns) {
  __shared__ float tile[16][17];
  extern __shared__ __align__(16) unsigned char bytes[];
  float *copy = reinterpret_cast<float *>(bytes);
  const long long row = 16ll * blockIdx.y + threadIdx.y, column = 16ll * blockIdx.x + threadIdx.x;
  if (row < rows && column < columns)
    tile[threadIdx.y][threadIdx.x] = __ldg(in + row * columns + column);
  __syncthreads();
  copy[16 * threadIdx.x + threadIdx.y] = tile[threadIdx.y][threadIdx.x];
  __syncthreads();
  const long long r = 16ll * blockIdx.x + threadIdx.y, c = 16ll * blockIdx.y + threadIdx.x;
  if (r < columns && c < rows)
    out[r * rows + c] = copy[16 * threadIdx.y + threadIdx.x];
}
)";
  const size_t rows = 19, columns = 35;
  std::vector<float> in(rows * columns), out(rows * columns, -1);
  std::iota(in.begin(), in.end(), 0.0f);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    expectFine(launchText(text, {{3, 2, 1}, {16, 16, 1}, 1024},
                          {region(in, "in"), region(out, "out")}, {int64_t(rows), int64_t(columns)},
                          seed));
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c)
        ASSERT_EQ(out[c * rows + r], in[r * columns + c]);
  }
}

TEST(Emulator, WarpsShuffleAndVote) {
  const char *text = R"(
extern "C" __global__ void k(const int *in, int *out) {
  const int lane = threadIdx.x;
  const unsigned all = 0xffffffffu;
  int v = in[lane], sum = v;
  for (int d = 16; d > 0; d /= 2)
    sum += __shfl_xor_sync(all, sum, d);
  out[lane] = sum;
  out[32 + lane] = __shfl_up_sync(all, v, 1);
  out[64 + lane] = __shfl_down_sync(all, v, 2, 8);
  out[96 + lane] = __shfl_sync(all, v, 3, 4);
  out[128 + lane] = (int)__ballot_sync(all, lane % 3 == 0);
  out[160 + lane] = __any_sync(all, lane == 7) + 2 * __all_sync(all, lane < 32) + 4 * __all_sync(all, lane < 31);
  double wide = __shfl_down_sync(all, 0.5 * v, 1);
  out[192 + lane] = (int)(2 * wide);
  if (lane < 8)
    out[224 + lane] = __shfl_xor_sync(0xffu, v, 1);
}
)";
  std::vector<int> in(32), out(256, -1);
  std::iota(in.begin(), in.end(), 100);
  expectFine(launchText(text, {{1, 1, 1}, {32, 1, 1}, 0}, {region(in, "in"), region(out, "out")}));
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < 32; lane += 3)
    ballot |= 1u << lane;
  for (int i = 0; i < 32; ++i) {
    auto at = [&](int part) { return out[size_t(32 * part + i)]; };
    EXPECT_EQ(at(0), 32 * 100 + 31 * 16);
    EXPECT_EQ(at(1), 100 + (i == 0 ? 0 : i - 1));
    EXPECT_EQ(at(2), 100 + (i % 8 >= 6 ? i : i + 2));
    EXPECT_EQ(at(3), 100 + i / 4 * 4 + 3);
    EXPECT_EQ(unsigned(at(4)), ballot);
    EXPECT_EQ(at(5), 3);
    EXPECT_EQ(at(6), 100 + (i == 31 ? 31 : i + 1));
    EXPECT_EQ(at(7), i < 8 ? 100 + (i ^ 1) : -1);
  }
}

TEST(Emulator, BarriersCountAndAtomicsAdd) {
  const char *text = R"(
extern "C" __global__ void k(int *sum, unsigned long long *most, float *total) {
  const int n = __syncthreads_count(threadIdx.x % 5 == 0);
  if (__syncthreads_or(threadIdx.x == 77) && !__syncthreads_and(threadIdx.x < 77)) {
    atomicAdd(sum, n);
    atomicMax(most, (unsigned long long)threadIdx.x);
    atomicAdd(total, 0.5f);
  }
}
)";
  std::vector<int> sum(1, 0);
  std::vector<unsigned long long> most(1, 0);
  std::vector<float> total(1, 0);
  expectFine(launchText(text, {{3, 1, 1}, {100, 1, 1}, 0},
                        {region(sum, "sum"), region(most, "most"), region(total, "total")}));
  EXPECT_EQ(sum[0], 3 * 100 * 20);
  EXPECT_EQ(most[0], 99u);
  EXPECT_EQ(total[0], 150.0f);
}

TEST(Emulator, CopiesArriveWhenWaitedFor) {
  const char *text = R"(
extern "C" __global__ void k(const float4 *in, float *out) {
  __shared__ __align__(16) float tile[2][128];
  for (int i = 0; i < 2; ++i) {
    ricciEmulatorCopyAsync(&tile[i][4 * threadIdx.x], in + 32 * i + threadIdx.x, 16, i ? 8 : 16);
    ricciEmulatorCommitCopies();
  }
  ricciEmulatorWaitForCopies(1);
  __syncthreads();
  for (int i = 0; i < 4; ++i)
    out[4 * threadIdx.x + i] = tile[0][127 - 4 * threadIdx.x - i];
  ricciEmulatorWaitForCopies(0);
  __syncthreads();
  for (int i = 0; i < 4; ++i)
    out[128 + 4 * threadIdx.x + i] = tile[1][127 - 4 * threadIdx.x - i];
}
)";
  std::vector<float> in(256), out(256, -1);
  std::iota(in.begin(), in.end(), 1.0f);
  expectFine(launchText(text, {{1, 1, 1}, {32, 1, 1}, 0}, {region(in, "in"), region(out, "out")}));
  for (size_t i = 0; i < 128; ++i) {
    EXPECT_EQ(out[i], in[127 - i]);
    EXPECT_EQ(out[128 + i], (127 - i) % 4 < 2 ? in[255 - i] : 0);
  }
}

/// Fragments by the layouts that the PTX ISA gives.
TEST(Emulator, MatrixInstructions) {
  const char *text = R"(
extern "C" __global__ void k(const float *a, const float *b, float *c, double *d) {
  const int group = threadIdx.x / 4, in = threadIdx.x % 4;
  unsigned fa[4], fb[2];
  for (int i = 0; i < 4; ++i) {
    const float *p = a + 16 * (group + 8 * (i % 2)) + 2 * in + 8 * (i / 2);
    fa[i] = ricciEmulatorFloatToHalf(p[0]) | ricciEmulatorFloatToHalf(p[1]) << 16;
  }
  for (int i = 0; i < 2; ++i) {
    const float *p = b + 8 * (2 * in + 8 * i) + group;
    fb[i] = ricciEmulatorFloatToHalf(p[0]) | ricciEmulatorFloatToHalf(p[8]) << 16;
  }
  float sums[4] = {0.5f, 0.5f, 0.5f, 0.5f};
  ricciEmulatorMmaF16(sums, fa, fb, sums);
  for (int i = 0; i < 4; ++i)
    c[8 * (group + 8 * (i / 2)) + 2 * in + i % 2] = sums[i];
  // 8 x 4 times 4 x 8 of the same numbers.
  double wide[2] = {0, 0};
  ricciEmulatorMmaF64(wide, (double)a[16 * group + in], (double)b[8 * in + group], wide);
  d[8 * group + 2 * in] = wide[0];
  d[8 * group + 2 * in + 1] = wide[1];
}
)";
  std::vector<float> a(256), b(128), c(128, -1);
  std::vector<double> d(64, -1);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = float(int(i * 7 % 11) - 5);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = float(int(i * 5 % 13) - 6);
  expectFine(launchText(text, {{1, 1, 1}, {32, 1, 1}, 0},
                        {region(a, "a"), region(b, "b"), region(c, "c"), region(d, "d")}));
  for (size_t i = 0; i < 16; ++i)
    for (size_t j = 0; j < 8; ++j) {
      float sum = 0.5f;
      for (size_t x = 0; x < 16; ++x)
        sum += a[16 * i + x] * b[8 * x + j];
      EXPECT_EQ(c[8 * i + j], sum) << i << " " << j;
      double wide = 0;
      for (size_t x = 0; x < 4; ++x)
        wide += double(a[16 * i + x]) * double(b[8 * x + j]);
      if (i < 8) {
        EXPECT_EQ(d[8 * i + j], wide) << i << " " << j;
      }
    }
}

/// Each lane gets its two elements of four matrices whose rows lie anywhere.
TEST(Emulator, LoadsOfMatrices) {
  const char *text = R"(
extern "C" __global__ void k(const unsigned short *in, unsigned *rows, unsigned *columns) {
  __shared__ __align__(16) unsigned short tile[32][24];
  for (int i = 0; i < 8; ++i)
    tile[31 - threadIdx.x][8 + i] = in[8 * threadIdx.x + i];
  __syncthreads();
  unsigned words[4];
  ricciEmulatorLoadMatrices(words, &tile[31 - threadIdx.x][8]);
  for (int i = 0; i < 4; ++i)
    rows[4 * threadIdx.x + i] = words[i];
  ricciEmulatorLoadMatricesTransposed(words, &tile[31 - threadIdx.x][8]);
  for (int i = 0; i < 4; ++i)
    columns[4 * threadIdx.x + i] = words[i];
}
)";
  std::vector<uint16_t> in(256);
  std::iota(in.begin(), in.end(), uint16_t(1));
  std::vector<uint32_t> rows(128), columns(128);
  expectFine(launchText(text, {{1, 1, 1}, {32, 1, 1}, 0},
                        {region(in, "in"), region(rows, "rows"), region(columns, "columns")}));
  for (size_t lane = 0; lane < 32; ++lane)
    for (size_t matrix = 0; matrix < 4; ++matrix)
      for (size_t i = 0; i < 2; ++i) {
        const size_t along = lane / 4, across = 2 * (lane % 4) + i;
        EXPECT_EQ(rows[4 * lane + matrix] >> 16 * i & 0xffff, in[64 * matrix + 8 * along + across]);
        EXPECT_EQ(columns[4 * lane + matrix] >> 16 * i & 0xffff,
                  in[64 * matrix + 8 * across + along]);
      }
}

TEST(Emulator, NamesOfKernels) {
  EXPECT_EQ(emulator::kernelNames("extern \"C\" __global__ void a(int);\n"
                                  "extern \"C\" __global__ void __launch_bounds__(1, 2)\nb_2(int)"),
            (std::vector<std::string>{"a", "b_2"}));
}

TEST(Emulator, TellsWhatTheCompilerSays) {
  Status s = launchText("extern \"C\" __global__ void k() { nothing(); }", {}, {});
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("kernel:1"), std::string::npos) << s.error().message;
}

} // namespace
} // namespace ricci::test
