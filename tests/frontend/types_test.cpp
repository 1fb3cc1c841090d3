//===- types_test.cpp - canonical operand types ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/types.h"

#include <gtest/gtest.h>

using namespace ricci;

namespace {

TEST(Types, StridesBecomeCanonical) {
  auto strides = [](Shape shape, Strides given) {
    TensorType type{DType::f32, std::move(shape), std::move(given)};
    EXPECT_TRUE(isValid(type));
    return normalizeType(type).value().strides;
  };
  EXPECT_EQ(strides({3, 1, 4}, {4, 77, 1}), (Strides{4, 4, 1}));
  EXPECT_EQ(strides({1, 1}, {0, 0}), (Strides{1, 1}));
  EXPECT_EQ(strides({3, 4}, {0, -1}), (Strides{0, -1})) << "broadcast and reversed axes stay";
  EXPECT_EQ(strides({3, 0}, {9, 9}), (Strides{1, 1}));
}

TEST(Types, WithoutStridesCOrder) {
  EXPECT_EQ(normalizeType({DType::f32, {3, 4}, {}}).value().strides, (Strides{4, 1}));
}

TEST(Types, HaveAtMost64Axes) {
  EXPECT_TRUE(normalizeType({DType::f32, Shape(64, 1), {}}));
  Expected<TensorType> type = normalizeType({DType::f32, Shape(65, 1), {}});
  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().message, "65 axes; a tensor has at most 64");
  EXPECT_FALSE(isValid({DType::f32, Shape(65, 1), Strides(65, 1)}));
}

TEST(Types, LongTypesAreCut) {
  EXPECT_EQ(describeType({DType::f32, {3, 4}, {4, 1}}), "f32[3,4]");
  TensorType longType{DType::f32, Shape(1000, 1), Strides(1000, 1)};
  EXPECT_EQ(describeType(longType), "f32[1,1,1,1,1,1,1,1,...,1,1,1,1] (1000 axes)");
}

TEST(Types, SelfAliasing) {
  auto alias = [](Shape shape, Strides strides) {
    return aliasesItself({DType::f32, shape, strides});
  };
  EXPECT_EQ(alias({3, 4}, {4, 1}), false);
  EXPECT_EQ(alias({3, 4}, {1, 3}), false);
  EXPECT_EQ(alias({3, 4}, {-8, -2}), false);
  EXPECT_EQ(alias({1, 4}, {0, 1}), false);
  EXPECT_EQ(alias({0, 4}, {0, 0}), false);
  EXPECT_EQ(alias({}, {}), false);
  EXPECT_EQ(alias({3, 4}, {0, 1}), true);
  EXPECT_EQ(alias({3, 4}, {3, 1}), true);
  // Strides that do not nest are walked.
  EXPECT_EQ(alias({2, 3}, {3, 2}), false); // 0 2 4 3 5 7
  EXPECT_EQ(alias({2, 3}, {-3, 2}), false);
  EXPECT_EQ(alias({3, 4}, {3, 2}), true); // 6 is 2 * 3 and 3 * 2
  EXPECT_EQ(alias({2, 2, 2}, {3, 2, 1}), true);
  EXPECT_EQ(alias({2, 2, 3}, {2, 7, 3}), false);
  // Below an axis that nests, the others alone.
  EXPECT_EQ(alias({int64_t(1) << 40, 2, 3}, {8, 3, 2}), false);
  EXPECT_EQ(alias({int64_t(1) << 40, 3, 4}, {13, 3, 2}), true);
  EXPECT_EQ(alias({1024, 1024}, {1025, 1024}), false);
  EXPECT_EQ(alias({1024, 1025}, {1025, 1024}), std::nullopt) << "too many";
  EXPECT_EQ(alias(Shape(62, 2), contiguousStrides(Shape(62, 2))), false) << "most axes";
}

} // namespace
