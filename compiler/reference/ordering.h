//===- ordering.h - NumPy's order of elements ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/reference/scalar.h"

namespace ricci::reference {

template <typename T> bool isNaN(T x) {
  if constexpr (isComplex<T>)
    return std::isnan(x.real()) || std::isnan(x.imag());
  else
    return value(x) != value(x);
}

template <typename T> bool equal(T a, T b) { return value(a) == value(b); }

/// Complex numbers are ordered by their real parts, then by their imaginary parts.
template <typename T> bool less(T a, T b) {
  if constexpr (isComplex<T>)
    return (a.real() < b.real() && !std::isnan(a.imag()) && !std::isnan(b.imag())) ||
           (a.real() == b.real() && a.imag() < b.imag());
  else
    return value(a) < value(b);
}

template <typename T> bool lessEqual(T a, T b) {
  if constexpr (isComplex<T>)
    return (a.real() < b.real() && !std::isnan(a.imag()) && !std::isnan(b.imag())) ||
           (a.real() == b.real() && a.imag() <= b.imag());
  else
    return value(a) <= value(b);
}

/// Of equal elements (zeros with different signs) the second is taken. NumPy's loops over float16
/// and complex numbers take the first.
template <typename T> inline constexpr bool takesSecond = !std::is_same_v<T, Half> && !isComplex<T>;

/// NaN when one is.
template <typename T> T maximum(T a, T b) {
  bool first = takesSecond<T> ? less(b, a) : lessEqual(b, a);
  return first || isNaN(a) ? a : b;
}
template <typename T> T minimum(T a, T b) {
  bool first = takesSecond<T> ? less(a, b) : lessEqual(a, b);
  return first || isNaN(a) ? a : b;
}

} // namespace ricci::reference
