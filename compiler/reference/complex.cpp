//===- complex.cpp - functions of complex numbers ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/ordering.h"
#include "compiler/reference/scalar_functions.h"

#include <optional>

namespace ricci::reference {
namespace {

/// Smith's algorithm, as NumPy divides.
template <typename T> T divide(T a, T b) {
  auto br = std::abs(b.real()), bi = std::abs(b.imag());
  if (br >= bi) {
    if (br == 0 && bi == 0)
      return T(a.real() / br, a.imag() / br);
    auto ratio = b.imag() / b.real(), scale = 1 / (b.real() + b.imag() * ratio);
    return T((a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale);
  }
  auto ratio = b.real() / b.imag(), scale = 1 / (b.imag() + b.real() * ratio);
  return T((a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale);
}

template <typename T> typename T::value_type absolute(T x) {
  using Part = typename T::value_type;
  return narrow<Part>(std::hypot(widen(x.real()), widen(x.imag())));
}

/// x / |x|, with a limit at infinity along an axis.
template <typename T> T sign(T x) {
  using Part = typename T::value_type;
  Part length = absolute(x), nan = std::numeric_limits<Part>::quiet_NaN();
  if (std::isnan(length))
    return T(nan, nan);
  if (std::isinf(length)) {
    if (!std::isinf(x.real()))
      return T(0, x.imag() > 0 ? 1 : -1);
    return std::isinf(x.imag()) ? T(nan, nan) : T(x.real() > 0 ? 1 : -1, 0);
  }
  return length == 0 ? T(0, 0) : T(x.real() / length, x.imag() / length);
}

/// A power to a small integer, by multiplication.
template <typename T> T integerPower(T base, int exponent) {
  T result(1, 0);
  for (unsigned rest = unsigned(std::abs(exponent));;) {
    if (rest & 1)
      result = times(result, base);
    rest >>= 1;
    if (rest == 0)
      break;
    base = times(base, base);
  }
  return exponent < 0 ? divide(T(1, 0), result) : result;
}

/// NumPy's nc_pow.
template <typename T> T power(T a, T b) {
  using Part = typename T::value_type;
  Part nan = std::numeric_limits<Part>::quiet_NaN();
  if (b == T(0, 0))
    return T(1, 0);
  if (a == T(0, 0))
    return b.real() > 0 ? T(0, 0) : T(nan, nan);
  if (b.imag() == 0 && std::abs(b.real()) < 100 && b.real() == std::trunc(b.real())) {
    int exponent = int(b.real());
    if (exponent == 1)
      return a;
    if (exponent == 2)
      return times(a, a);
    if (exponent == 3)
      return times(a, times(a, a));
    return integerPower(a, exponent);
  }
  return narrow<T>(std::pow(widen(a), widen(b)));
}

/// The one without a NaN; NumPy has the first of two that have one.
template <typename T> T fmax(T a, T b) { return isNaN(b) || lessEqual(b, a) ? a : b; }
template <typename T> T fmin(T a, T b) { return isNaN(b) || lessEqual(a, b) ? a : b; }

template <typename T> ScalarFunction find(ScalarOp op) {
  switch (op) {
  case ScalarOp::Divide:
    return binary<T, divide<T>>;
  case ScalarOp::Power:
    return binary<T, power<T>>;
  case ScalarOp::Absolute:
    return unary<T, absolute<T>>;
  case ScalarOp::Sign:
    return unary<T, sign<T>>;
  case ScalarOp::Fmax:
    return binary<T, fmax<T>>;
  case ScalarOp::Fmin:
    return binary<T, fmin<T>>;
  case ScalarOp::Exp:
    return unary<T, [](T x) { return narrow<T>(std::exp(widen(x))); }>;
  case ScalarOp::Sqrt:
    return unary<T, [](T x) { return narrow<T>(std::sqrt(widen(x))); }>;
  case ScalarOp::Conjugate:
    return unary<T, [](T x) { return T(x.real(), -x.imag()); }>;
  case ScalarOp::Real:
    return unary<T, [](T x) { return x.real(); }>;
  case ScalarOp::Imag:
    return unary<T, [](T x) { return x.imag(); }>;
  default:
    return nullptr;
  }
}

} // namespace

ScalarFunction complexFunction(ScalarOp op, DType type) {
  switch (type) {
  case DType::c64:
    return find<C64>(op);
  case DType::c128:
    return find<C128>(op);
  default:
    return nullptr;
  }
}

} // namespace ricci::reference
