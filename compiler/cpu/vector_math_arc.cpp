//===- vector_math_arc.cpp - inverse trigonometric functions ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Polynomials for arguments up to 1/2, to which the others are reduced by arctan(t) = pi/4 +
// arctan((t - 1) / (t + 1)) and arcsin(a) = pi/2 - 2 arcsin(sqrt((1 - a) / 2)) (Cody and Waite).
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

#include <limits>

namespace ricci::vector_math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct HalfPi {
  double hi, lo;
};
HalfPi halfPi(const MathBuilder &m) {
  return m.isF64() ? HalfPi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54}
                   : HalfPi{0x1.921fb6p+0, -0x1.777a5cp-25};
}

/// arcsin(a) = s + tail for a <= 1/2, of sqrt((1 - a) / 2) for greater ones.
struct Arcsin {
  Mask small;
  Real s, tail;
};
Arcsin arcsinOf(MathBuilder &m, Real a) {
  Mask small = a <= 0.5;
  Real z = m.select(small, a * a, m.fma(a, -0.5, 0.5));
  Real s = m.select(small, a, m.sqrt(z));
  return {small, s, s * z * m.polynomial(z, tables::asin)};
}

/// arctan(low / high) for 0 <= low <= high, added to or taken from (where `minus`) a multiple of
/// pi/2.
Real arctanOf(MathBuilder &m, Real low, Real high, Real quarters, Mask minus, const Polynomial &p) {
  Mask large = low > high * 0.5;
  Real t = m.select(large, low - high, low) / m.select(large, low + high, high);
  Real z = t * t;
  // Of pi/4 = hi + lo, products of hi with 0 to 4 are exact.
  double hi = m.pick(0x1.921fbp-1, 0x1.921fb54442d18p-1);
  double lo = m.pick(0x1.5110b4611a626p-23, 0x1.1a62633145c07p-55);
  Real sign = m.select(minus, m.real(-1), m.real(1));
  Real eighths = m.fma(quarters, 2, m.select(large, sign, m.real(0)));
  Real tail = sign * (t * z) * m.polynomial(z, p);
  Pair sum = m.fastTwoSum(eighths * hi, sign * t);
  return sum.hi + (sum.lo + m.fma(eighths, lo, tail));
}

} // namespace

Real arcsin(MathBuilder &m, Real x) {
  Real a = m.abs(x);
  Arcsin p = arcsinOf(m, a);
  auto [hi, lo] = halfPi(m);
  Real small = p.s + p.tail;
  // The difference keeps what it rounds off.
  Pair rest = m.fastTwoSum(m.real(hi), p.s * -2);
  Real large = rest.hi + m.fma(p.tail, -2, rest.lo + lo);
  return m.copysign(m.select(p.small, small, large), x);
}

Real arccos(MathBuilder &m, Real x) {
  Real a = m.abs(x);
  Arcsin p = arcsinOf(m, a);
  auto [hi, lo] = halfPi(m);
  // x small: pi/2 - arcsin(x); x near 1: 2 arcsin(s); x near -1: pi - 2 arcsin(s)
  Mask negative = x < 0;
  Real sum = p.s + p.tail;
  Real signedSum = m.copysign(sum, x);
  Real small = hi - (signedSum - lo);
  Real near = sum + sum;
  Real far = 2 * hi - (near - 2 * lo);
  return m.select(p.small, small, m.select(negative, far, near));
}

Real arctan(MathBuilder &m, Real x) {
  Real a = m.abs(x), one = m.real(1);
  Mask steep = a > 1;
  Real low = m.select(steep, one, a), high = m.select(steep, a, one);
  Real quarters = m.select(steep, one, m.real(0));
  return m.copysign(arctanOf(m, low, high, quarters, steep, tables::atan), x);
}

Real arctan2(MathBuilder &m, Real y, Real x) {
  const Polynomial *p = &tables::atan;
  static const Polynomial shortOne{tables::atanF32, tables::atanF32};
  MathBuilder wide = m.wide();
  if (!m.isF64()) {
    y = m.extend(y, wide);
    x = m.extend(x, wide);
    p = &shortOne;
  }
  Real a = wide.abs(y), b = wide.abs(x);
  Mask steep = a > b;
  Real low = wide.select(steep, b, a), high = wide.select(steep, a, b);
  if (m.isF64()) { // no overflow of their sum
    Real shrink = wide.select(high > 0x1p1000, wide.real(0.25), wide.real(1));
    low = low * shrink;
    high = high * shrink;
  }
  // Neither 0 / 0 nor a quotient of infinities.
  Real one = wide.real(1);
  Mask infinite = low == kInfinity;
  low = wide.select(infinite, one, low);
  high = wide.select(infinite | (high == 0), one, high);
  Mask left = wide.asBits(x) < 0;
  Real quarters = wide.select(steep, one, wide.select(left, wide.real(2), wide.real(0)));
  Real result = wide.copysign(arctanOf(wide, low, high, quarters, steep ^ left, *p), y);
  result = wide.select(wide.isNaN(x, y), wide.nanOf(x, y), result);
  return m.isF64() ? m.wrap(result.v) : m.round(result);
}

} // namespace ricci::vector_math
