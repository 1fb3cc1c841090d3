//===- math.cpp - functions of floats, in a wider type -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/ordering.h"
#include "compiler/reference/scalar_functions.h"

namespace ricci::reference {
namespace {

/// A function of the wider type, rounded once to the element type.
template <typename T, auto Function> T rounded(T x) { return narrow<T>(Function(widen(x))); }
template <typename T, auto Function> T rounded2(T x, T y) {
  return narrow<T>(Function(widen(x), widen(y)));
}
template <typename T, auto Function> constexpr ScalarFunction wide = unary<T, rounded<T, Function>>;
template <typename T, auto Function>
constexpr ScalarFunction wide2 = binary<T, rounded2<T, Function>>;

/// log(exp(x) + exp(y)) without overflow.
template <typename W> W logaddexp(W x, W y) {
  if (x == y) // also equal infinities
    return x + std::log(W(2));
  W difference = x - y;
  if (difference > 0)
    return x + std::log1p(std::exp(-difference));
  if (difference <= 0)
    return y + std::log1p(std::exp(difference));
  return difference; // NaN
}

template <typename W> W logaddexp2(W x, W y) {
  if (x == y)
    return x + 1;
  W difference = x - y, ln2 = std::log(W(2));
  if (difference > 0)
    return x + std::log1p(std::exp2(-difference)) / ln2;
  if (difference <= 0)
    return y + std::log1p(std::exp2(difference)) / ln2;
  return difference;
}

template <typename W> W heaviside(W x, W atZero) {
  return std::isnan(x) ? x : x == 0 ? atZero : x < 0 ? W(0) : W(1);
}

template <typename T> T nextafter(T x, T y) {
  if constexpr (!isSmallFloat<T>) {
    return std::nextafter(x, y);
  } else {
    if (isNaN(x) || isNaN(y))
      return isNaN(x) ? x : y;
    if (equal(x, y))
      return std::is_same_v<T, Half> ? x : y; // zeros, as NumPy's half and ml_dtypes have it
    if (value(x) == 0)
      return {uint16_t((y.bits & 0x8000) | 1)};
    // Away from zero, the bits count up.
    bool away = (value(x) < value(y)) == (value(x) > 0);
    return {uint16_t(away ? x.bits + 1 : x.bits - 1)};
  }
}

template <typename T> T copysign(T x, T y) {
  if constexpr (isSmallFloat<T>)
    return {uint16_t((x.bits & 0x7FFF) | (y.bits & 0x8000))};
  else
    return std::copysign(x, y);
}

/// Correctly rounded; the wider type of double has too few bits more for that.
template <typename T> T squareRoot(T x) {
  if constexpr (std::is_same_v<T, double>)
    return std::sqrt(x);
  else
    return narrow<T>(std::sqrt(widen(x)));
}

template <typename T> Bool signbit(T x) { return {uint8_t(std::signbit(value(x)))}; }

template <typename T> T identity(T x) { return x; }

template <typename T> ScalarFunction findExponential(ScalarOp op) {
  switch (op) {
  case ScalarOp::Exp:
    return wide<T, [](auto x) { return std::exp(x); }>;
  case ScalarOp::Exp2:
    return wide<T, [](auto x) { return std::exp2(x); }>;
  case ScalarOp::Expm1:
    return wide<T, [](auto x) { return std::expm1(x); }>;
  case ScalarOp::Log:
    return wide<T, [](auto x) { return std::log(x); }>;
  case ScalarOp::Log2:
    return wide<T, [](auto x) { return std::log2(x); }>;
  case ScalarOp::Log10:
    return wide<T, [](auto x) { return std::log10(x); }>;
  case ScalarOp::Log1p:
    return wide<T, [](auto x) { return std::log1p(x); }>;
  case ScalarOp::Sqrt:
    return unary<T, squareRoot<T>>;
  case ScalarOp::Cbrt:
    return wide<T, [](auto x) { return std::cbrt(x); }>;
  case ScalarOp::Logaddexp:
    return wide2<T, logaddexp<Wide<T>>>;
  case ScalarOp::Logaddexp2:
    return wide2<T, logaddexp2<Wide<T>>>;
  case ScalarOp::Erf:
    return wide<T, [](auto x) { return std::erf(x); }>;
  default:
    return nullptr;
  }
}

template <typename T> ScalarFunction findTrigonometric(ScalarOp op) {
  switch (op) {
  case ScalarOp::Sin:
    return wide<T, [](auto x) { return std::sin(x); }>;
  case ScalarOp::Cos:
    return wide<T, [](auto x) { return std::cos(x); }>;
  case ScalarOp::Tan:
    return wide<T, [](auto x) { return std::tan(x); }>;
  case ScalarOp::Arcsin:
    return wide<T, [](auto x) { return std::asin(x); }>;
  case ScalarOp::Arccos:
    return wide<T, [](auto x) { return std::acos(x); }>;
  case ScalarOp::Arctan:
    return wide<T, [](auto x) { return std::atan(x); }>;
  case ScalarOp::Arctan2:
    return wide2<T, [](auto x, auto y) { return std::atan2(x, y); }>;
  case ScalarOp::Sinh:
    return wide<T, [](auto x) { return std::sinh(x); }>;
  case ScalarOp::Cosh:
    return wide<T, [](auto x) { return std::cosh(x); }>;
  case ScalarOp::Tanh:
    return wide<T, [](auto x) { return std::tanh(x); }>;
  case ScalarOp::Arcsinh:
    return wide<T, [](auto x) { return std::asinh(x); }>;
  case ScalarOp::Arccosh:
    return wide<T, [](auto x) { return std::acosh(x); }>;
  case ScalarOp::Arctanh:
    return wide<T, [](auto x) { return std::atanh(x); }>;
  case ScalarOp::Hypot:
    return wide2<T, [](auto x, auto y) { return std::hypot(x, y); }>;
  default:
    return nullptr;
  }
}

template <typename T> ScalarFunction findExact(ScalarOp op) {
  switch (op) {
  case ScalarOp::Floor:
    return wide<T, [](auto x) { return std::floor(x); }>;
  case ScalarOp::Ceil:
    return wide<T, [](auto x) { return std::ceil(x); }>;
  case ScalarOp::Trunc:
    return wide<T, [](auto x) { return std::trunc(x); }>;
  case ScalarOp::Rint:
    return wide<T, [](auto x) { return std::nearbyint(x); }>;
  case ScalarOp::Heaviside:
    return wide2<T, heaviside<Wide<T>>>;
  case ScalarOp::Copysign:
    return binary<T, copysign<T>>;
  case ScalarOp::Nextafter:
    return binary<T, nextafter<T>>;
  case ScalarOp::Signbit:
    return unary<T, signbit<T>>;
  default:
    return nullptr;
  }
}

template <typename T> ScalarFunction find(ScalarOp op) {
  if constexpr (isFloat<T>) {
    ScalarFunction exponential = findExponential<T>(op), trigonometric = findTrigonometric<T>(op);
    return exponential ? exponential : trigonometric ? trigonometric : findExact<T>(op);
  } else if constexpr (!isComplex<T>) {
    if (op == ScalarOp::Floor || op == ScalarOp::Ceil || op == ScalarOp::Trunc)
      return unary<T, identity<T>>;
  }
  return nullptr;
}

} // namespace

ScalarFunction mathFunction(ScalarOp op, DType type) {
  return visit(type, [&](auto tag) { return find<typename decltype(tag)::Type>(op); });
}

} // namespace ricci::reference
