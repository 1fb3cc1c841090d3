//===- random_test.cpp - seeded random operands --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/random.h"

#include "runtime/half.h"
#include "runtime/parallel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

using namespace ricci;

TEST(Random, SameSeedSameData) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType dtype = DType(i);
    Tensor a = *randomTensor(dtype, {100, 10}, 1), b = *randomTensor(dtype, {1000}, 1);
    Tensor c = *randomTensor(dtype, {1000}, 2);
    const size_t bytes = 1000 * itemSize(dtype);
    EXPECT_EQ(std::memcmp(a.raw(), b.raw(), bytes), 0) << shortName(dtype);
    EXPECT_NE(std::memcmp(a.raw(), c.raw(), bytes), 0) << shortName(dtype);
  }
}

TEST(Random, SameForAnyNumberOfThreads) {
  const int before = *numThreads();
  ASSERT_TRUE(setNumThreads(1));
  Tensor a = *randomTensor(DType::f32, {1000003}, 7);
  ASSERT_TRUE(setNumThreads(3));
  Tensor b = *randomTensor(DType::f32, {1000003}, 7);
  ASSERT_TRUE(setNumThreads(before));
  EXPECT_EQ(std::memcmp(a.raw(), b.raw(), 4000012), 0);
}

TEST(Random, FloatsAreNearNormal) {
  auto check = [](auto get, int64_t count) {
    double sum = 0, squares = 0, fourth = 0;
    for (int64_t i = 0; i < count; ++i) {
      const double x = get(i);
      sum += x, squares += x * x, fourth += x * x * x * x;
    }
    EXPECT_NEAR(sum / count, 0, 0.01);
    EXPECT_NEAR(std::sqrt(squares / count), 0.5, 0.01);
    EXPECT_NEAR(fourth * count / (squares * squares), 2.7, 0.1); // 3 for a normal distribution
  };
  const int64_t n = 100000;
  Tensor f32 = *randomTensor(DType::f32, {n}, 3), f64 = *randomTensor(DType::f64, {n}, 3);
  Tensor f16 = *randomTensor(DType::f16, {n}, 3), bf16 = *randomTensor(DType::bf16, {n}, 3);
  Tensor c64 = *randomTensor(DType::c64, {n}, 3);
  check([&](int64_t i) { return f32.data<float>()[i]; }, n);
  check([&](int64_t i) { return f64.data<double>()[i]; }, n);
  check([&](int64_t i) { return halfToFloat(f16.data<uint16_t>()[i]); }, n);
  check([&](int64_t i) { return bf16ToFloat(bf16.data<uint16_t>()[i]); }, n);
  check([&](int64_t i) { return c64.data<float>()[2 * i]; }, n);
  check([&](int64_t i) { return c64.data<float>()[2 * i + 1]; }, n);
}

TEST(Random, IntegersTakeTheirRange) {
  auto values = [](const Tensor &t, auto zero) {
    std::set<int64_t> seen;
    for (int64_t i = 0; i < t.size(); ++i)
      seen.insert(int64_t(t.data<decltype(zero)>()[i]));
    return seen;
  };
  const std::set<int64_t> ints = values(*randomTensor(DType::i8, {5000}, 1), int8_t());
  EXPECT_EQ(*ints.begin(), -9);
  EXPECT_EQ(*ints.rbegin(), 9);
  EXPECT_EQ(ints.size(), 19u);
  EXPECT_EQ(values(*randomTensor(DType::i64, {5000}, 1), int64_t()), ints);
  const std::set<int64_t> unsignedInts = values(*randomTensor(DType::u32, {5000}, 1), uint32_t());
  EXPECT_EQ(*unsignedInts.begin(), 0);
  EXPECT_EQ(*unsignedInts.rbegin(), 9);
  EXPECT_EQ(values(*randomTensor(DType::b1, {500}, 1), uint8_t()), (std::set<int64_t>{0, 1}));
}

TEST(Random, ShapesAreChecked) {
  EXPECT_EQ(randomTensor(DType::f32, {0, 5}, 1)->size(), 0);
  EXPECT_EQ(randomTensor(DType::f32, {}, 1)->size(), 1);
  EXPECT_FALSE(randomTensor(DType::f32, {int64_t(1) << 40, int64_t(1) << 40}, 1));
  EXPECT_FALSE(randomTensor(DType::f32, {-1}, 1));
}
