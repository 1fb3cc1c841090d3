//===- spec_test.cpp - operand specifications ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/spec.h"

#include <gtest/gtest.h>

using namespace ricci;

namespace {

std::string error(std::string_view text) {
  Expected<TensorType> type = parseSpec(text);
  return type ? "accepted" : type.error().render();
}

TEST(Spec, DTypeAndSizes) {
  EXPECT_EQ(parseSpec("f32[1024,768]").value(), (TensorType{DType::f32, {1024, 768}, {768, 1}}));
  EXPECT_EQ(parseSpec("bfloat16[ 3 , 4 ]").value().str(), "bf16[3,4]");
  EXPECT_EQ(parseSpec("i8[]").value().rank(), 0);
  EXPECT_EQ(parseSpec("f64[0,5]").value().shape, (Shape{0, 5}));
}

TEST(Spec, Errors) {
  EXPECT_EQ(error("f33[3]"),
            "not a dtype\n  f33[3]\n  ^~~\n"
            "  the dtypes: b1 i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 c64 c128");
  EXPECT_EQ(error("f32[3,]"), "expected a size\n  f32[3,]\n        ^");
  EXPECT_EQ(error("f32[3"), "expected ',' or ']'\n  f32[3\n       ^");
  EXPECT_NE(error("f32").find("f32[]"), std::string::npos);
  EXPECT_NE(error("f32[4294967296,4294967296]").find("2**63"), std::string::npos);
  EXPECT_NE(error("f64[2305843009213693952]").find("2**63"), std::string::npos);
  for (const char *text : {"", "[", "[]", "f32[", "f32]", "f32[-1]", "f32[3]x", "f32 [3]",
                           " f32[3]", "f32[[3]]", "f32[99999999999999999999]"})
    EXPECT_NE(error(text), "accepted") << text;
  EXPECT_LT(error("f32[" + std::string(100'000, '9') + "]").size(), 1000u);
  EXPECT_NE(error(std::string_view("f32[3\0]", 7)), "accepted");
}

} // namespace
