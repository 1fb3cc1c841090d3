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
    return mayAliasItself({DType::f32, shape, strides});
  };
  EXPECT_FALSE(alias({3, 4}, {4, 1}));
  EXPECT_FALSE(alias({3, 4}, {1, 3}));
  EXPECT_FALSE(alias({3, 4}, {-8, -2}));
  EXPECT_FALSE(alias({1, 4}, {0, 1}));
  EXPECT_FALSE(alias({0, 4}, {0, 0}));
  EXPECT_FALSE(alias({}, {}));
  EXPECT_TRUE(alias({3, 4}, {0, 1}));
  EXPECT_TRUE(alias({3, 4}, {3, 1}));
}

} // namespace
