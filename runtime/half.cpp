//===- half.cpp - 16-bit floats in plain C++ -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/half.h"

#include <cstring>

namespace ricci {
namespace {

template <typename To, typename From> To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/// Rounds a binary float, given as its bits, to binary16.
template <typename Bits, int mantissaBits, int exponentBias> uint16_t roundToHalf(Bits bits) {
  constexpr int totalBits = sizeof(Bits) * 8;
  constexpr Bits mantissaMask = (Bits(1) << mantissaBits) - 1;
  constexpr Bits exponentMask = (Bits(1) << (totalBits - 1 - mantissaBits)) - 1;
  const uint16_t sign = uint16_t(bits >> (totalBits - 16)) & 0x8000;
  const int exponent = int((bits >> mantissaBits) & exponentMask);
  Bits mantissa = bits & mantissaMask;
  if (exponent == int(exponentMask))
    return sign | 0x7c00 | (mantissa ? 0x0200 | uint16_t(mantissa >> (mantissaBits - 10)) : 0);

  int e = exponent - exponentBias + 15; // the result's biased exponent
  if (e >= 31)
    return sign | 0x7c00;
  if (e < -10) // below half of the smallest subnormal, or zero
    return sign;
  int drop = mantissaBits - 10; // mantissa bits that do not fit
  if (e <= 0) {
    mantissa |= Bits(1) << mantissaBits;
    drop += 1 - e;
    e = 0;
  }
  uint32_t half = (uint32_t(e) << 10) + uint32_t(mantissa >> drop);
  const Bits rest = mantissa & ((Bits(1) << drop) - 1), tie = Bits(1) << (drop - 1);
  // A carry out of the mantissa goes on into the exponent, up to infinity, as it should.
  if (rest > tie || (rest == tie && (half & 1)))
    ++half;
  return uint16_t(sign | half);
}

} // namespace

float halfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
  if (exponent == 31)
    return bitCast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) {
    const float magnitude = float(mantissa) * 0x1p-24f;
    return bitCast<float>(sign | bitCast<uint32_t>(magnitude));
  }
  return bitCast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t halfFromFloat(float value) {
  return roundToHalf<uint32_t, 23, 127>(bitCast<uint32_t>(value));
}
uint16_t halfFromDouble(double value) {
  return roundToHalf<uint64_t, 52, 1023>(bitCast<uint64_t>(value));
}

float bf16ToFloat(uint16_t bf16) { return bitCast<float>(uint32_t(bf16) << 16); }

uint16_t bf16FromFloat(float value) {
  const uint32_t bits = bitCast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16 | 0x0040);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

} // namespace ricci
