//===- half_test.cpp - 16-bit floats -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace ricci;

/// The value of a 16-bit float by its definition.
static double define(uint16_t bits, int exponentBits) {
  const int mantissaBits = 15 - exponentBits, bias = (1 << (exponentBits - 1)) - 1;
  const int exponent = bits >> mantissaBits & ((1 << exponentBits) - 1);
  const int mantissa = bits & ((1 << mantissaBits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponentBits) - 1)
    return mantissa ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0)
    return sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
  return sign * std::ldexp(mantissa + (1 << mantissaBits), exponent - bias - mantissaBits);
}

template <typename ToFloat, typename FromFloat>
static void roundTrip(ToFloat toFloat, FromFloat fromFloat, int exponentBits) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = toFloat(uint16_t(bits));
    const double defined = define(uint16_t(bits), exponentBits);
    if (std::isnan(defined)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      const uint16_t back = fromFloat(value);
      EXPECT_TRUE(std::isnan(toFloat(back))) << bits;
      EXPECT_EQ(back & 0x8000u, bits & 0x8000u);
      continue;
    }
    ASSERT_EQ(double(value), defined) << bits;
    ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0);
    ASSERT_EQ(fromFloat(value), bits);
  }
}

TEST(Half, RoundTripsAllValues) {
  roundTrip(halfToFloat, halfFromFloat, 5);
  roundTrip(halfToFloat, halfFromDouble, 5);
}
TEST(BFloat16, RoundTripsAllValues) { roundTrip(bf16ToFloat, bf16FromFloat, 8); }

/// Between every two neighbours: the tie goes to even, its float neighbours to the nearer one.
template <typename T, typename FromValue>
static void roundsToNearestEven(FromValue from, int exponentBits) {
  const uint32_t infinity = ((1u << exponentBits) - 1) << (15 - exponentBits);
  for (uint32_t low = 0; low + 1 < infinity; ++low) {
    const T tie =
        T((define(uint16_t(low), exponentBits) + define(uint16_t(low + 1), exponentBits)) / 2);
    const T below = std::nextafter(tie, T(0));
    const T above = std::nextafter(tie, std::numeric_limits<T>::infinity());
    const uint32_t even = low & 1 ? low + 1 : low;
    ASSERT_EQ(from(tie), even) << low;
    ASSERT_EQ(from(below), low) << low;
    ASSERT_EQ(from(above), low + 1) << low;
    ASSERT_EQ(from(-tie), even | 0x8000) << low;
  }
}

TEST(Half, RoundsToNearestEven) {
  roundsToNearestEven<float>(halfFromFloat, 5);
  roundsToNearestEven<double>(halfFromDouble, 5);
  EXPECT_EQ(halfFromFloat(65519.996f), 0x7bff);
  EXPECT_EQ(halfFromFloat(65520.0f), 0x7c00);
  EXPECT_EQ(halfFromFloat(-1e30f), 0xfc00);
  EXPECT_EQ(halfFromFloat(0x1p-25f), 0);
  EXPECT_EQ(halfFromFloat(0x1.000002p-25f), 1);
  EXPECT_EQ(halfFromDouble(1e300), 0x7c00);
  EXPECT_EQ(halfFromDouble(5e-324), 0);
  // Through float this would round twice, to the even neighbour.
  EXPECT_EQ(halfFromDouble(1 + 0x1p-11 + 0x1p-40), 0x3c01);
}

TEST(BFloat16, RoundsToNearestEven) {
  roundsToNearestEven<float>(bf16FromFloat, 8);
  EXPECT_EQ(bf16FromFloat(std::numeric_limits<float>::max()), 0x7f80);
  // A NaN whose payload lies in the dropped bits only must not become infinity.
  const uint32_t bits = 0x7f800001;
  float nan;
  std::memcpy(&nan, &bits, 4);
  EXPECT_TRUE(std::isnan(bf16ToFloat(bf16FromFloat(nan))));
  EXPECT_TRUE(std::isnan(halfToFloat(halfFromFloat(nan))));
}
