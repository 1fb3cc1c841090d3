//===- scalar.h - element types as C++ types ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NumPy's conversions, and the types that the oracle computes in: sums and products of many
// elements are made in a type with more bits than the result and rounded once.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/dtype.h"
#include "runtime/half.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace ricci::reference {

struct Bool {
  uint8_t value = 0;
};
struct Half {
  uint16_t bits = 0;
};
struct BFloat {
  uint16_t bits = 0;
};
using C64 = std::complex<float>;
using C128 = std::complex<double>;

template <typename T> struct Tag {
  using Type = T;
};

/// Calls `fn` with the Tag of the C++ type that stores the dtype.
template <typename Fn> decltype(auto) visit(DType type, Fn fn) {
  switch (type) {
  case DType::b1:
    return fn(Tag<Bool>{});
  case DType::i8:
    return fn(Tag<int8_t>{});
  case DType::i16:
    return fn(Tag<int16_t>{});
  case DType::i32:
    return fn(Tag<int32_t>{});
  case DType::i64:
    return fn(Tag<int64_t>{});
  case DType::u8:
    return fn(Tag<uint8_t>{});
  case DType::u16:
    return fn(Tag<uint16_t>{});
  case DType::u32:
    return fn(Tag<uint32_t>{});
  case DType::u64:
    return fn(Tag<uint64_t>{});
  case DType::f16:
    return fn(Tag<Half>{});
  case DType::bf16:
    return fn(Tag<BFloat>{});
  case DType::f32:
    return fn(Tag<float>{});
  case DType::f64:
    return fn(Tag<double>{});
  case DType::c64:
    return fn(Tag<C64>{});
  case DType::c128:
    break;
  }
  return fn(Tag<C128>{});
}

template <typename T> inline constexpr bool isComplex = false;
template <typename T> inline constexpr bool isComplex<std::complex<T>> = true;
template <typename T>
inline constexpr bool isSmallFloat = std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;
template <typename T> inline constexpr bool isInteger = std::is_integral_v<T>;
template <typename T>
inline constexpr bool isFloat = std::is_floating_point_v<T> || isSmallFloat<T>;

//===----------------------------------------------------------------------===//
// Conversion, as astype does
//===----------------------------------------------------------------------===//

/// The value of an element as a C++ number.
inline bool value(Bool x) { return x.value != 0; }
inline float value(Half x) { return halfToFloat(x.bits); }
inline float value(BFloat x) { return bf16ToFloat(x.bits); }
template <typename T> T value(T x) { return x; }

/// Truncates; what does not fit gives the least value, as x86's conversions do.
template <typename Int, typename Float> Int truncate(Float x) {
  constexpr Float bound = Float(uint64_t(1) << (8 * sizeof(Int) - 1));
  return x >= -bound && x < bound ? Int(x) : std::numeric_limits<Int>::min();
}

/// Values outside of the type have no defined result in NumPy; these are the ones that its x86
/// build gives: small types go through int32, uint32 through int64.
template <typename To, typename Float> To floatToInteger(Float x) {
  if constexpr (std::is_same_v<To, uint64_t>) {
    constexpr Float half = Float(uint64_t(1) << 63);
    if (x >= half)
      return uint64_t(truncate<int64_t>(x - half)) ^ (uint64_t(1) << 63);
    return uint64_t(truncate<int64_t>(x));
  } else if constexpr (sizeof(To) == 8 || std::is_same_v<To, uint32_t>) {
    return To(truncate<int64_t>(x));
  } else {
    return To(truncate<int32_t>(x));
  }
}

template <typename To, typename From> To convert(From element) {
  auto x = value(element);
  using X = decltype(x);
  if constexpr (std::is_same_v<To, From>) {
    return element;
  } else if constexpr (std::is_same_v<To, Bool>) {
    return {uint8_t(x != X(0))};
  } else if constexpr (isComplex<X> && !isComplex<To>) {
    return convert<To>(x.real());
  } else if constexpr (isComplex<To>) {
    using Part = typename To::value_type;
    if constexpr (isComplex<X>)
      return To(Part(x.real()), Part(x.imag()));
    else
      return To(Part(x), 0);
  } else if constexpr (std::is_same_v<To, Half>) {
    if constexpr (std::is_same_v<X, float>)
      return {halfFromFloat(x)};
    else
      return {halfFromDouble(double(x))};
  } else if constexpr (std::is_same_v<To, BFloat>) {
    return {bf16FromFloat(float(x))};
  } else if constexpr (isInteger<To> && std::is_floating_point_v<X>) {
    return floatToInteger<To>(x);
  } else {
    return To(x);
  }
}

//===----------------------------------------------------------------------===//
// Wide types
//===----------------------------------------------------------------------===//

template <typename T> struct WideOf {
  using Type = uint64_t; // integers wrap: the low bits of the result are right
};
template <> struct WideOf<Bool> {
  using Type = Bool;
};
template <> struct WideOf<Half> {
  using Type = double;
};
template <> struct WideOf<BFloat> {
  using Type = double;
};
template <> struct WideOf<float> {
  using Type = double;
};
template <> struct WideOf<double> {
  using Type = long double;
};
template <> struct WideOf<C64> {
  using Type = std::complex<double>;
};
template <> struct WideOf<C128> {
  using Type = std::complex<long double>;
};
template <typename T> using Wide = typename WideOf<T>::Type;

template <typename T> Wide<T> widen(T x) {
  if constexpr (std::is_same_v<T, Bool>)
    return {uint8_t(x.value != 0)};
  else if constexpr (isInteger<T>)
    return uint64_t(int64_t(x)); // sign-extends
  else
    return Wide<T>(value(x));
}

/// To odd, so that rounding once more to fewer bits gives what rounding once would have.
inline float roundToOdd(double x) {
  float nearest = float(x);
  if (double(nearest) == x || std::isnan(x) || std::isinf(nearest))
    return nearest;
  uint32_t bits;
  std::memcpy(&bits, &nearest, sizeof bits);
  if ((bits & 1) == 0) // the neighbour on the other side of x is odd
    bits += std::abs(double(nearest)) < std::abs(x) ? 1 : uint32_t(-1);
  std::memcpy(&nearest, &bits, sizeof bits);
  return nearest;
}

/// Rounds once.
template <typename T> T narrow(Wide<T> x) {
  if constexpr (std::is_same_v<T, Half>)
    return {halfFromDouble(x)};
  else if constexpr (std::is_same_v<T, BFloat>)
    return {bf16FromFloat(roundToOdd(x))};
  else
    return T(x);
}

inline Bool plus(Bool a, Bool b) { return {uint8_t(a.value | b.value)}; }
inline Bool times(Bool a, Bool b) { return {uint8_t(a.value & b.value)}; }
template <typename W> W plus(W a, W b) { return a + b; }
template <typename W> W times(W a, W b) {
  if constexpr (isComplex<W>) // as NumPy: without C++'s search for infinities
    return W(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  else
    return a * b;
}
template <typename W> W zero() { return W{}; }
template <typename W> W one() {
  if constexpr (std::is_same_v<W, Bool>)
    return {1};
  else
    return W(1);
}

} // namespace ricci::reference
