//===- scalar_oracle.h - what scalar operations give, in plain C++ -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Written for being plain: branches, wide types, the C++ library. Elementary functions are not
// here.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/half.h"
#include "tests/cpu/scalar_harness.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

namespace ricci::test {

template <typename T>
inline constexpr bool isComplexType = std::is_same_v<T, C64> || std::is_same_v<T, C128>;
template <typename T>
inline constexpr bool isSmallFloat = std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;
template <typename T>
inline constexpr bool isFloatType = std::is_floating_point_v<T> || isSmallFloat<T>;

inline bool number(Bool x) { return x.value != 0; }
inline float number(Half x) { return halfToFloat(x.bits); }
inline float number(BFloat x) { return bf16ToFloat(x.bits); }
template <typename T> T number(T x) { return x; }

//===----------------------------------------------------------------------===//
// astype
//===----------------------------------------------------------------------===//

template <typename Int> Int truncateOrLeast(double x) {
  double bound = std::ldexp(1.0, int(8 * sizeof(Int)) - 1);
  x = std::trunc(x);
  return x >= -bound && x < bound ? Int(x) : std::numeric_limits<Int>::min();
}

template <typename To, typename From> To cast(From element) {
  auto x = number(element);
  using X = decltype(x);
  if constexpr (std::is_same_v<To, Bool>)
    return {uint8_t(x != X(0))};
  else if constexpr (isComplexType<X> && !isComplexType<To>)
    return cast<To>(x.real());
  else if constexpr (isComplexType<X>)
    return To(typename To::value_type(x.real()), typename To::value_type(x.imag()));
  else if constexpr (isComplexType<To>)
    return To(typename To::value_type(x), 0);
  else if constexpr (std::is_same_v<To, Half>)
    return {halfFromDouble(double(x))}; // integers of 53 and more bits are infinite
  else if constexpr (std::is_same_v<To, BFloat>)
    return {bf16FromFloat(float(x))};
  else if constexpr (std::is_floating_point_v<X> && std::is_same_v<To, uint64_t>)
    return x >= X(0x1p63) ? uint64_t(truncateOrLeast<int64_t>(x - X(0x1p63))) + (uint64_t(1) << 63)
                          : uint64_t(truncateOrLeast<int64_t>(x));
  else if constexpr (std::is_floating_point_v<X> && std::is_integral_v<To>)
    return sizeof(To) == 8 || std::is_same_v<To, uint32_t> ? To(truncateOrLeast<int64_t>(x))
                                                           : To(truncateOrLeast<int32_t>(x));
  else
    return To(x);
}

//===----------------------------------------------------------------------===//
// Comparisons, for all types
//===----------------------------------------------------------------------===//

template <typename T> bool hasNaN(T x) {
  if constexpr (isComplexType<T>)
    return std::isnan(x.real()) || std::isnan(x.imag());
  else
    return x != x;
}

template <typename T> bool isLess(T a, T b) {
  if constexpr (!isComplexType<T>)
    return a < b;
  else if (a.real() == b.real())
    return a.imag() < b.imag();
  else
    return a.real() < b.real() && !std::isnan(a.imag()) && !std::isnan(b.imag());
}

template <typename T> bool isLessEqual(T a, T b) { return isLess(a, b) || a == b; }

template <typename T> std::optional<bool> comparison(ScalarOp op, T a, T b) {
  switch (op) {
  case ScalarOp::Equal:
    return a == b;
  case ScalarOp::NotEqual:
    return !(a == b);
  case ScalarOp::Less:
    return isLess(a, b);
  case ScalarOp::LessEqual:
    return isLessEqual(a, b);
  case ScalarOp::Greater:
    return isLess(b, a);
  case ScalarOp::GreaterEqual:
    return isLessEqual(b, a);
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Integers and bool
//===----------------------------------------------------------------------===//

inline std::optional<Bool> arithmetic(ScalarOp op, Bool x, Bool y) {
  bool a = number(x), b = number(y);
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::BitwiseOr:
  case ScalarOp::Maximum:
  case ScalarOp::Fmax:
    return Bool{a || b};
  case ScalarOp::Multiply:
  case ScalarOp::BitwiseAnd:
  case ScalarOp::Minimum:
  case ScalarOp::Fmin:
    return Bool{a && b};
  case ScalarOp::BitwiseXor:
    return Bool{a != b};
  case ScalarOp::Invert:
    return Bool{!a};
  case ScalarOp::Absolute:
  case ScalarOp::Floor:
  case ScalarOp::Ceil:
  case ScalarOp::Trunc:
    return x;
  default:
    return std::nullopt;
  }
}

/// In 128 bits nothing overflows but products, which are taken modulo 2^64.
template <typename T>
std::enable_if_t<std::is_integral_v<T>, std::optional<T>> arithmetic(ScalarOp op, T x, T y) {
  using Wide = __int128;
  constexpr int bits = 8 * sizeof(T);
  Wide a = x, b = y;
  switch (op) {
  case ScalarOp::Add:
    return T(a + b);
  case ScalarOp::Subtract:
    return T(a - b);
  case ScalarOp::Multiply:
    return T(uint64_t(x) * uint64_t(y));
  case ScalarOp::FloorDivide:
    return b == 0 ? T(0) : T(a / b - ((a % b != 0) && (a < 0) != (b < 0)));
  case ScalarOp::Remainder:
    return b == 0 ? T(0) : T((a % b + b) % b);
  case ScalarOp::Fmod:
    return b == 0 ? T(0) : T(a % b);
  case ScalarOp::Power: {
    if (b < 0)
      return a == 1 ? T(1) : a == -1 ? T(b % 2 ? -1 : 1) : T(0);
    uint64_t result = 1;
    for (int bit = bits - 1; bit >= 0; --bit)
      result = result * result * ((uint64_t(b) >> bit & 1) ? uint64_t(x) : 1);
    return T(result);
  }
  case ScalarOp::Negative:
    return T(-a);
  case ScalarOp::Absolute:
    return T(a < 0 ? -a : a);
  case ScalarOp::Sign:
    return T(a < 0 ? -1 : a > 0);
  case ScalarOp::Maximum:
  case ScalarOp::Fmax:
    return a > b ? x : y;
  case ScalarOp::Minimum:
  case ScalarOp::Fmin:
    return a < b ? x : y;
  case ScalarOp::Floor:
  case ScalarOp::Ceil:
  case ScalarOp::Trunc:
    return x;
  case ScalarOp::BitwiseAnd:
    return T(x & y);
  case ScalarOp::BitwiseOr:
    return T(x | y);
  case ScalarOp::BitwiseXor:
    return T(x ^ y);
  case ScalarOp::Invert:
    return T(~x);
  case ScalarOp::LeftShift:
    return b < 0 || b >= bits ? T(0) : T(uint64_t(x) << b);
  case ScalarOp::RightShift:
    return b < 0 || b >= bits ? T(a < 0 ? -1 : 0) : T(a >> b);
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// The neighbour of a 16-bit float on the line of all of them.
inline uint16_t nextBits(uint16_t bits, bool isUp) {
  int magnitude = bits & 0x7fff, place = bits & 0x8000 ? -magnitude : magnitude;
  place += isUp ? 1 : -1;
  return uint16_t(place < 0 ? 0x8000 - place : place);
}

template <typename T>
std::enable_if_t<isFloatType<T>, std::optional<T>> arithmetic(ScalarOp op, T x, T y) {
  using F = decltype(number(x));
  F a = number(x), b = number(y);
  constexpr bool takesFirst = std::is_same_v<T, Half>; // of zeros
  auto result = [](F value) { return std::optional(cast<T>(value)); };
  switch (op) {
  case ScalarOp::Add:
    return result(a + b);
  case ScalarOp::Subtract:
    return result(a - b);
  case ScalarOp::Multiply:
    return result(a * b);
  case ScalarOp::Divide:
    return result(a / b);
  case ScalarOp::Negative:
    return result(-a);
  case ScalarOp::Absolute:
    return result(std::fabs(a));
  case ScalarOp::Sign:
    if (a == 0)
      return std::is_same_v<T, BFloat> ? x : result(0);
    return std::isnan(a) ? x : result(a > 0 ? 1 : -1);
  case ScalarOp::Maximum:
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? x : y;
    return a > b || (takesFirst && a == b) ? x : y;
  case ScalarOp::Minimum:
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? x : y;
    return a < b || (takesFirst && a == b) ? x : y;
  case ScalarOp::Fmax:
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? y : x;
    return a > b || (takesFirst && a == b) ? x : y;
  case ScalarOp::Fmin:
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? y : x;
    return a < b || (takesFirst && a == b) ? x : y;
  case ScalarOp::Floor:
    return result(std::floor(a));
  case ScalarOp::Ceil:
    return result(std::ceil(a));
  case ScalarOp::Trunc:
    return result(std::trunc(a));
  case ScalarOp::Rint:
    return result(std::nearbyint(a));
  case ScalarOp::Sqrt:
    return result(std::sqrt(a));
  case ScalarOp::Copysign:
    return result(std::copysign(a, b));
  case ScalarOp::Nextafter:
    if constexpr (isSmallFloat<T>) {
      if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) ? x : y;
      if (a == b)
        return takesFirst ? x : y;
      if (a == 0) // nextBits cannot leave -0 upwards
        return T{nextBits(0, b > 0)};
      return T{nextBits(x.bits, a < b)};
    } else {
      return std::nextafter(a, b);
    }
  case ScalarOp::Heaviside:
    return std::isnan(a) ? x : a == 0 ? y : result(a > 0 ? 1 : 0);
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Complex numbers
//===----------------------------------------------------------------------===//

template <typename T>
std::enable_if_t<isComplexType<T>, std::optional<T>> arithmetic(ScalarOp op, T x, T y) {
  using F = typename T::value_type;
  F a = x.real(), b = x.imag(), c = y.real(), d = y.imag();
  switch (op) {
  case ScalarOp::Add:
    return T(a + c, b + d);
  case ScalarOp::Subtract:
    return T(a - c, b - d);
  case ScalarOp::Multiply:
    return T(a * c - b * d, a * d + b * c);
  case ScalarOp::Divide:
    if (c == 0 && d == 0)
      return T(a / std::fabs(c), b / std::fabs(c));
    if (std::fabs(c) >= std::fabs(d)) {
      F ratio = d / c, scale = 1 / (c + d * ratio);
      return T((a + b * ratio) * scale, (b - a * ratio) * scale);
    } else {
      F ratio = c / d, scale = 1 / (d + c * ratio);
      return T((a * ratio + b) * scale, (b * ratio - a) * scale);
    }
  case ScalarOp::Negative:
    return T(-a, -b);
  case ScalarOp::Maximum:
    return hasNaN(x) || isLessEqual(y, x) ? x : y;
  case ScalarOp::Minimum:
    return hasNaN(x) || isLessEqual(x, y) ? x : y;
  case ScalarOp::Fmax:
    return hasNaN(y) || isLessEqual(y, x) ? x : y;
  case ScalarOp::Fmin:
    return hasNaN(y) || isLessEqual(x, y) ? x : y;
  case ScalarOp::Conjugate:
    return T(a, -b);
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Any operation
//===----------------------------------------------------------------------===//

template <typename T> std::optional<bool> classify(ScalarOp op, T element) {
  auto x = number(element);
  using X = decltype(x);
  bool isNaN = hasNaN(x), isInf = false;
  if constexpr (isComplexType<X>)
    isInf = std::isinf(x.real()) || std::isinf(x.imag());
  else if constexpr (std::is_floating_point_v<X>)
    isInf = std::isinf(x);
  switch (op) {
  case ScalarOp::Isnan:
    return isNaN;
  case ScalarOp::Isinf:
    return isInf;
  case ScalarOp::Isfinite:
    return !isNaN && !isInf;
  case ScalarOp::Signbit:
    if constexpr (std::is_floating_point_v<X>)
      return std::signbit(x);
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

/// The bytes of the result; nothing for an operation that is checked elsewhere.
template <typename T> std::vector<uint8_t> expected(ScalarOp op, bool condition, T x, T y) {
  auto bytes = [](auto value) {
    std::vector<uint8_t> result(sizeof value);
    std::memcpy(result.data(), &value, sizeof value);
    return result;
  };
  if (op == ScalarOp::Where)
    return bytes(condition ? x : y);
  if (auto result = classify(op, x))
    return bytes(Bool{*result});
  if (auto result = comparison(op, number(x), number(y)))
    return bytes(Bool{*result});
  if constexpr (isComplexType<T>)
    if (op == ScalarOp::Real || op == ScalarOp::Imag)
      return bytes(op == ScalarOp::Real ? x.real() : x.imag());
  if (auto result = arithmetic(op, x, y))
    return bytes(*result);
  return {};
}

} // namespace ricci::test
