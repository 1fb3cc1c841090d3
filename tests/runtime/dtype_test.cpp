//===- dtype_test.cpp - element types ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/dtype.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

using namespace ricci;

// numpy.promote_types of NumPy 2.4 with ml_dtypes 0.5; for bfloat16 with float16 and with integers
// of 16 bits and more, where it has no answer, the dtype of numpy.multiply.
static const char *const kPromotion = R"(
b1    b1   i8   i16  i32  i64  u8   u16  u32  u64  f16  bf16 f32  f64  c64  c128
i8    i8   i8   i16  i32  i64  i16  i32  i64  f64  f16  bf16 f32  f64  c64  c128
i16   i16  i16  i16  i32  i64  i16  i32  i64  f64  f32  f32  f32  f64  c64  c128
i32   i32  i32  i32  i32  i64  i32  i32  i64  f64  f64  f64  f64  f64  c128 c128
i64   i64  i64  i64  i64  i64  i64  i64  i64  f64  f64  f64  f64  f64  c128 c128
u8    u8   i16  i16  i32  i64  u8   u16  u32  u64  f16  bf16 f32  f64  c64  c128
u16   u16  i32  i32  i32  i64  u16  u16  u32  u64  f32  f32  f32  f64  c64  c128
u32   u32  i64  i64  i64  i64  u32  u32  u32  u64  f64  f64  f64  f64  c128 c128
u64   u64  f64  f64  f64  f64  u64  u64  u64  u64  f64  f64  f64  f64  c128 c128
f16   f16  f16  f32  f64  f64  f16  f32  f64  f64  f16  f32  f32  f64  c64  c128
bf16  bf16 bf16 f32  f64  f64  bf16 f32  f64  f64  f32  bf16 f32  f64  c64  c128
f32   f32  f32  f32  f64  f64  f32  f32  f64  f64  f32  f32  f32  f64  c64  c128
f64   f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  c128 c128
c64   c64  c64  c64  c128 c128 c64  c64  c128 c128 c64  c64  c64  c128 c64  c128
c128  c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128
)";

TEST(DType, PromotesEveryPairAsNumPy) {
  std::istringstream table(kPromotion);
  for (int a = 0; a < kNumDTypes; ++a) {
    std::string name;
    table >> name;
    ASSERT_EQ(name, shortName(DType(a)));
    for (int b = 0; b < kNumDTypes; ++b) {
      table >> name;
      EXPECT_EQ(shortName(promote(DType(a), DType(b))), name)
          << shortName(DType(a)) << " with " << shortName(DType(b));
    }
  }
}

TEST(DType, NamesAndSizes) {
  const std::map<std::string, size_t> bytes = {
      {"bool", 1},    {"int8", 1},     {"int16", 2},   {"int32", 4},     {"int64", 8},
      {"uint8", 1},   {"uint16", 2},   {"uint32", 4},  {"uint64", 8},    {"float16", 2},
      {"float32", 4}, {"bfloat16", 2}, {"float64", 8}, {"complex64", 8}, {"complex128", 16}};
  ASSERT_EQ(bytes.size(), size_t(kNumDTypes));
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType type = DType(i);
    EXPECT_EQ(itemSize(type), bytes.at(std::string(numpyName(type))));
    EXPECT_EQ(parseDType(shortName(type)), type);
    EXPECT_EQ(parseDType(numpyName(type)), type);
  }
  EXPECT_EQ(kindOf(DType::u16), DTypeKind::UInt);
  EXPECT_EQ(kindOf(DType::bf16), DTypeKind::Float);
  for (const char *wrong : {"", "f", "f128", "F32", " f32", "float", "f32 "})
    EXPECT_FALSE(parseDType(wrong)) << wrong;
}
