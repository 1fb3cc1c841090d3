//===- arithmetic.cpp - arithmetic as NumPy does it ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/ordering.h"
#include "compiler/reference/scalar_functions.h"

namespace ricci::reference {
namespace {

/// The type that one operation is done in: the element type itself, float for 16-bit floats, 64
/// wrapping bits for integers.
template <typename T>
using Exact =
    std::conditional_t<isSmallFloat<T>, float, std::conditional_t<isInteger<T>, uint64_t, T>>;

template <typename T> Exact<T> exact(T x) {
  if constexpr (isInteger<T>)
    return widen(x);
  else if constexpr (std::is_same_v<T, Bool>)
    return x;
  else
    return value(x);
}

template <typename T> T element(Exact<T> x) {
  if constexpr (isInteger<T>)
    return T(x);
  else
    return convert<T>(x);
}

template <typename T> T add(T a, T b) { return element<T>(plus(exact(a), exact(b))); }
template <typename T> T multiply(T a, T b) { return element<T>(times(exact(a), exact(b))); }
template <typename T> T subtract(T a, T b) { return element<T>(exact(a) - exact(b)); }
template <typename T> T negative(T a) {
  if constexpr (isInteger<T>)
    return element<T>(0 - exact(a));
  else
    return element<T>(-exact(a));
}
template <typename T> T divide(T a, T b) { return element<T>(exact(a) / exact(b)); }

//===----------------------------------------------------------------------===//
// Division with a remainder: Python's, which has the divisor's sign
//===----------------------------------------------------------------------===//

template <typename F> struct Quotient {
  F floor, remainder;
};

/// NumPy's npy_divmod.
template <typename F> Quotient<F> divideFloats(F a, F b) {
  F remainder = std::fmod(a, b);
  if (b == 0)
    return {a / b, remainder};
  F quotient = (a - remainder) / b; // very nearly an integer
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) {
      remainder += b;
      quotient -= 1;
    }
  } else {
    remainder = std::copysign(F(0), b);
  }
  if (quotient == 0)
    return {std::copysign(F(0), a / b), remainder};
  F floor = std::floor(quotient);
  return {quotient - floor > F(0.5) ? floor + 1 : floor, remainder};
}

/// Nothing is 0 after a division by 0. The least integer by -1 wraps.
template <typename T> Quotient<T> divideIntegers(T a, T b) {
  if (b == 0)
    return {0, 0};
  if constexpr (std::is_signed_v<T>)
    if (b == -1)
      return {negative(a), 0};
  T quotient = T(a / b), remainder = T(a % b);
  if (remainder != 0 && (remainder < 0) != (b < 0))
    return {T(quotient - 1), T(remainder + b)};
  return {quotient, remainder};
}

template <typename T> T floorDivide(T a, T b) {
  if constexpr (isInteger<T>)
    return divideIntegers(a, b).floor;
  else
    return element<T>(divideFloats(exact(a), exact(b)).floor);
}

template <typename T> T remainder(T a, T b) {
  if constexpr (isInteger<T>)
    return divideIntegers(a, b).remainder;
  else
    return element<T>(divideFloats(exact(a), exact(b)).remainder);
}

/// C's remainder, which has the dividend's sign.
template <typename T> T fmod(T a, T b) {
  if constexpr (!isInteger<T>)
    return element<T>(std::fmod(exact(a), exact(b)));
  else if (b == 0 || (std::is_signed_v<T> && b == T(-1)))
    return 0;
  else
    return T(a % b);
}

//===----------------------------------------------------------------------===//
// Powers, signs, the greater and the less
//===----------------------------------------------------------------------===//

/// Integers wrap; a negative exponent gives the reciprocal, truncated (NumPy refuses it).
template <typename T> T power(T a, T b) {
  if constexpr (!isInteger<T>) {
    return narrow<T>(std::pow(widen(a), widen(b)));
  } else {
    if (b < 0)
      return a == 1 ? T(1) : a == T(-1) ? T(b % 2 == 0 ? 1 : -1) : T(0);
    uint64_t result = 1, square = widen(a);
    for (uint64_t exponent = uint64_t(b); exponent != 0; exponent >>= 1) {
      if (exponent & 1)
        result *= square;
      square *= square;
    }
    return T(result);
  }
}

template <typename T> T absolute(T a) {
  if constexpr (std::is_same_v<T, Bool> || std::is_unsigned_v<T>)
    return a;
  else if constexpr (isInteger<T>)
    return a < 0 ? negative(a) : a;
  else
    return element<T>(std::abs(exact(a)));
}

/// Of -0, 0; but ml_dtypes gives it back.
template <typename T> T sign(T a) {
  if constexpr (isInteger<T>)
    return T(a > 0) - T(a < 0);
  else if (isNaN(a) || (std::is_same_v<T, BFloat> && value(a) == 0))
    return a;
  else
    return element<T>(Exact<T>(value(a) > 0) - Exact<T>(value(a) < 0));
}

/// The one that is no NaN.
template <typename T> T fmax(T a, T b) { return isNaN(a) ? b : isNaN(b) ? a : maximum(a, b); }
template <typename T> T fmin(T a, T b) { return isNaN(a) ? b : isNaN(b) ? a : minimum(a, b); }

template <typename T> ScalarFunction find(ScalarOp op) {
  constexpr bool isBool = std::is_same_v<T, Bool>;
  switch (op) {
  case ScalarOp::Add:
    return binary<T, add<T>>;
  case ScalarOp::Multiply:
    return binary<T, multiply<T>>;
  case ScalarOp::Maximum:
    return binary<T, maximum<T>>;
  case ScalarOp::Minimum:
    return binary<T, minimum<T>>;
  default:
    break;
  }
  if constexpr (!isBool) {
    if (op == ScalarOp::Subtract)
      return binary<T, subtract<T>>;
    if (op == ScalarOp::Negative)
      return unary<T, negative<T>>;
  }
  if constexpr (isFloat<T>)
    if (op == ScalarOp::Divide)
      return binary<T, divide<T>>;
  if constexpr (!isComplex<T>) {
    switch (op) {
    case ScalarOp::Absolute:
      return unary<T, absolute<T>>;
    case ScalarOp::Fmax:
      return binary<T, fmax<T>>;
    case ScalarOp::Fmin:
      return binary<T, fmin<T>>;
    default:
      break;
    }
  }
  if constexpr (!isComplex<T> && !isBool) {
    switch (op) {
    case ScalarOp::FloorDivide:
      return binary<T, floorDivide<T>>;
    case ScalarOp::Remainder:
      return binary<T, remainder<T>>;
    case ScalarOp::Fmod:
      return binary<T, fmod<T>>;
    case ScalarOp::Power:
      return binary<T, power<T>>;
    case ScalarOp::Sign:
      return unary<T, sign<T>>;
    default:
      break;
    }
  }
  return nullptr;
}

} // namespace

ScalarFunction arithmeticFunction(ScalarOp op, DType type) {
  return visit(type, [&](auto tag) { return find<typename decltype(tag)::Type>(op); });
}

} // namespace ricci::reference
