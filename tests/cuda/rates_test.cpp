//===- rates_test.cpp - predicted times of kernels on GPUs ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/target/cuda_rates.h"

#include <gtest/gtest.h>

namespace ricci::test {
namespace {

TEST(CudaRates, BytesOrArithmeticBoundTheTime) {
  const CudaProperties given{90, 100, 1e9, 1e12};
  CudaWork work;
  const double launch = predictedSeconds(work, 0, given);
  EXPECT_GT(launch, 0);
  EXPECT_DOUBLE_EQ(predictedSeconds(work, 1e12, given) - launch, 1);
  // 256 operations of f32 in a cycle of each of 100 multiprocessors.
  work.blocks = 1000;
  work.flopsOfBlock = 25.6e9;
  EXPECT_DOUBLE_EQ(predictedSeconds(work, 0, given) - launch, 1);
  EXPECT_DOUBLE_EQ(predictedSeconds(work, 0.5e12, given) - launch, 1);
  work.efficiency = 0.5;
  EXPECT_DOUBLE_EQ(predictedSeconds(work, 0, given) - launch, 2);
  // Of large blocks the last one of a round takes as long as a round.
  work.blocks = 1001;
  work.isLarge = true;
  EXPECT_DOUBLE_EQ(predictedSeconds(work, 0, given) - launch, 2.2);
}

TEST(CudaRates, OfTheArchitectureWhereTheGpuIsNotKnown) {
  CudaWork work;
  work.blocks = 1 << 20;
  work.flopsOfBlock = 1e6;
  auto seconds = [&](int capability, CudaUnit unit) {
    work.unit = unit;
    return predictedSeconds(work, 0, {capability, 0, 0, 0});
  };
  EXPECT_LT(seconds(90, CudaUnit::Scalar32), seconds(80, CudaUnit::Scalar32));
  EXPECT_LT(seconds(90, CudaUnit::MatrixHalf), seconds(90, CudaUnit::MatrixTf32));
  EXPECT_LT(seconds(90, CudaUnit::MatrixTf32), seconds(90, CudaUnit::Scalar32));
  EXPECT_GT(seconds(89, CudaUnit::MatrixF64), 10 * seconds(80, CudaUnit::MatrixF64));
  EXPECT_EQ(seconds(103, CudaUnit::Scalar64), seconds(100, CudaUnit::Scalar64));
}

} // namespace
} // namespace ricci::test
