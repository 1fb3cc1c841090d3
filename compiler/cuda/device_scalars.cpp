//===- device_scalars.cpp - operations on elements on the device
//--------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What C++ and CUDA have no operator or function for, or another one. compiler/reference says what
// each does.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    //===--- order -------------------------------------------------------===//
    {"isNaN", R"(
template <class T> FN bool isNaN(T x) { return x != x; }
)"},
    {"isInfinite", R"(
FN bool isInfinite(float x) { return fabsf(x) == kInfinity; }
FN bool isInfinite(double x) { return fabs(x) == kInfinityF64; }
)"},
    {"isFinite", R"(
FN bool isFinite(float x) { return fabsf(x) < kInfinity; }
FN bool isFinite(double x) { return fabs(x) < kInfinityF64; }
)"},
    // NaN where one is; of equal numbers the second.
    {"maximum", R"(
template <class T> FN T maximum(T x, T y) { return x > y || x != x ? x : y; }
)"},
    {"minimum", R"(
template <class T> FN T minimum(T x, T y) { return x < y || x != x ? x : y; }
)"},
    {"firstMaximum firstMinimum", R"(
template <class T> FN T firstMaximum(T x, T y) { return x >= y || x != x ? x : y; }
template <class T> FN T firstMinimum(T x, T y) { return x <= y || x != x ? x : y; }
)"},
    // The one that is no NaN.
    {"maximumNumber minimumNumber", R"(
template <class T> FN T maximumNumber(T x, T y) { return x != x || !(x > y || y != y) ? y : x; }
template <class T> FN T minimumNumber(T x, T y) { return x != x || !(x < y || y != y) ? y : x; }
)"},
    {"firstMaximumNumber firstMinimumNumber", R"(
template <class T> FN T firstMaximumNumber(T x, T y) { return x != x || !(x >= y || y != y) ? y : x; }
template <class T> FN T firstMinimumNumber(T x, T y) { return x != x || !(x <= y || y != y) ? y : x; }
)"},

    //===--- integers ----------------------------------------------------===//
    // Python's quotient; nothing is 0 after a division by 0.
    {"floorQuotient", R"(
template <class T> FN T floorQuotient(T x, T y) {
  if (y == 0)
    return 0;
  if ((T)-1 < 0 && y == (T)-1)
    return (T)(0 - (u64)x);
  const T quotient = (T)(x / y), rest = (T)(x % y);
  return rest != 0 && (rest < 0) != (y < 0) ? (T)(quotient - 1) : quotient;
}
)"},
    {"floorRemainder", R"(
template <class T> FN T floorRemainder(T x, T y) {
  if (y == 0 || ((T)-1 < 0 && y == (T)-1))
    return 0;
  const T rest = (T)(x % y);
  return rest != 0 && (rest < 0) != (y < 0) ? (T)(rest + y) : rest;
}
)"},
    {"truncatedRemainder", R"(
template <class T> FN T truncatedRemainder(T x, T y) {
  return y == 0 || ((T)-1 < 0 && y == (T)-1) ? (T)0 : (T)(x % y);
}
)"},
    {"integerPower", R"(
template <class T> FN T integerPower(T x, T y) {
  if (y < 0)
    return x == 1 ? (T)1 : x == (T)-1 ? (T)(y % 2 == 0 ? 1 : -1) : (T)0;
  u64 result = 1, square = (u64)x;
  for (u64 exponent = (u64)y; exponent != 0; exponent >>= 1) {
    result *= exponent & 1 ? square : 1;
    square *= square;
  }
  return (T)result;
}
)"},
    // A count that is negative or no less than the width shifts everything out.
    {"shiftedLeft", R"(
template <class T> FN T shiftedLeft(T x, T count) {
  return (u64)count < 8 * sizeof(T) ? (T)((u64)x << (int)count) : (T)0;
}
)"},
    {"shiftedRight", R"(
template <class T> FN T shiftedRight(T x, T count) {
  return (u64)count < 8 * sizeof(T) ? (T)(x >> (int)count) : x < 0 ? (T)-1 : (T)0;
}
)"},

    //===--- floats ------------------------------------------------------===//
    // NumPy's npy_divmod.
    {"floorDivide modulo", R"(
template <class F> struct FloatQuotient { F floor, remainder; };
template <class F> FN FloatQuotient<F> floatQuotient(F x, F y) {
  F rest = fmod(x, y);
  if (y == 0)
    return {x / y, rest};
  F quotient = (x - rest) / y; // very nearly an integer
  if (rest != 0) {
    if ((y < 0) != (rest < 0)) {
      rest += y;
      quotient -= 1;
    }
  } else {
    rest = copysign((F)0, y);
  }
  if (quotient == 0)
    return {copysign((F)0, x / y), rest};
  const F whole = floor(quotient);
  return {quotient - whole > (F)0.5 ? whole + 1 : whole, rest};
}
template <class F> FN F floorDivide(F x, F y) { return floatQuotient(x, y).floor; }
template <class F> FN F modulo(F x, F y) { return floatQuotient(x, y).remainder; }
)"},
    {"signOf", R"(
template <class F> FN F signOf(F x) { return x > 0 ? (F)1 : x < 0 ? (F)-1 : x == 0 ? (F)0 : x; }
)"},
    // ml_dtypes gives back a zero as it is.
    {"signOfBf16", R"(
FN float signOfBf16(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; }
)"},
    {"hasSign", R"(
template <class F> FN bool hasSign(F x) { return copysign((F)1, x) < 0; }
)"},
    {"heaviside", R"(
template <class F> FN F heaviside(F x, F atZero) {
  return x > 0 ? (F)1 : x < 0 ? (F)0 : x == 0 ? atZero : x;
}
)"},
    {"logAddExp", R"(
template <class F> FN F logAddExp(F x, F y) {
  const F difference = x - y, ln2 = (F)0.693147180559945309417;
  return x == y           ? x + ln2
         : difference > 0  ? x + log1p(exp(-difference))
         : difference <= 0 ? y + log1p(exp(difference))
                           : difference;
}
)"},
    {"logAddExp2", R"(
template <class F> FN F logAddExp2(F x, F y) {
  const F difference = x - y, log2e = (F)1.442695040888963407360;
  return x == y           ? x + 1
         : difference > 0  ? x + log1p(exp2(-difference)) * log2e
         : difference <= 0 ? y + log1p(exp2(difference)) * log2e
                           : difference;
}
)"},
    // Away from 0, the bits count up. Of equal zeros NumPy gives x, ml_dtypes y.
    {"nextF16", R"(
FN float nextF16(float x, float y) {
  if (x != x || x == y)
    return x;
  if (y != y)
    return y;
  f16 bits = toF16(x);
  if (x == 0)
    bits.bits = (u16)((toF16(y).bits & 0x8000) | 1);
  else
    bits.bits = (u16)(bits.bits + ((x < y) == (x > 0) ? 1 : -1));
  return fromF16(bits);
}
)"},
    {"nextBf16", R"(
FN float nextBf16(float x, float y) {
  if (x != x)
    return x;
  if (y != y || x == y)
    return y;
  bf16 bits = toBf16(x);
  if (x == 0)
    bits.bits = (u16)((toBf16(y).bits & 0x8000) | 1);
  else
    bits.bits = (u16)(bits.bits + ((x < y) == (x > 0) ? 1 : -1));
  return fromBf16(bits);
}
)"},
};

llvm::ArrayRef<DeviceChunk> scalarChunks() { return kChunks; }

} // namespace ricci
