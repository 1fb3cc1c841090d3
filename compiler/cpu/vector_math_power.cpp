//===- vector_math_power.cpp - cube root, hypotenuse, powers ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cube root: a polynomial and a step of Halley's iteration. Powers: 2^(y log2 x) in f64 for f32
// operands; for f64 ones, e^(y log x) with the logarithm as a sum of two numbers (Dekker, A
// floating-point technique for extending the available precision, 1971).
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

#include <limits>

namespace ricci::vector_math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// (a.hi + a.lo) (b.hi + b.lo)
Pair product(MathBuilder &m, Pair a, Pair b) {
  Pair p = m.twoProduct(a.hi, b.hi);
  Real cross = m.fma(a.hi, b.lo, a.lo * b.hi);
  return m.fastTwoSum(p.hi, p.lo + cross);
}

/// log(x) of a positive finite x, to about 2^-65 of it.
Pair pairLog(MathBuilder &m, Real x) {
  ReducedLog r = reduceLog(m, x, true);
  // s = f / (2 + f) as a pair
  Pair below = m.fastTwoSum(m.real(2), r.f);
  Real s = r.f / below.hi;
  Pair back = m.twoProduct(s, below.hi);
  Real rest = (r.f - back.hi) - back.lo;
  Pair ratio{s, m.fma(-s, below.lo, rest) / below.hi};
  // log(1 + f) = 2 s + s^3 (2/3 + s^2 q(s^2))
  Pair square = product(m, ratio, ratio);
  Real tail = square.hi * m.polynomial(square.hi, tables::logRatioTail);
  Pair factor = m.fastTwoSum(m.real(0x1.5555555555555p-1), tail);
  factor.lo = factor.lo + 0x1.5555555555555p-55;
  Pair cube = product(m, product(m, square, ratio), factor);
  Pair sum = m.fastTwoSum(ratio.hi + ratio.hi, cube.hi);
  Real low = sum.lo + (cube.lo + (ratio.lo + ratio.lo));
  // e ln 2: the first part has room for e.
  Real base = r.e * 0x1.62e42fefa38p-1;
  Pair whole = m.twoSum(base, sum.hi);
  low = m.fma(r.e, 0x1.ef35793c7673p-45, whole.lo + low);
  return m.fastTwoSum(whole.hi, low);
}

/// a^y for a >= 0, whatever for a = 1 and infinite y.
Real powerOfMagnitude(MathBuilder &m, Real a, Real y) {
  // log(0) and log(inf) times y, and finite logarithms times infinite y, are infinite.
  Mask regular = m.isPositiveFinite(a) & (m.abs(y) < kInfinity);
  Real limit = y * m.select(a < 1, m.real(-kInfinity), m.real(kInfinity));
  if (!m.isF64()) {
    MathBuilder wide = m.wide();
    Real x = m.extend(a, wide), exponent = m.extend(y, wide);
    ReducedLog r = reduceLog(wide, x, false);
    Real t = exponent * wide.fma(r.f, wide.polynomial(r.f, tables::log2Short), r.e);
    t = wide.wrap(m.builder().select(regular.v, t.v, m.extend(limit, wide).v));
    t = wide.atLeast(wide.atMost(t, 130), -152);
    Rounded k = wide.roundScaled(t, 1);
    Real part = t - k.whole;
    Real p = wide.fma(part, wide.polynomial(part, tables::exp2Short), 1);
    return m.round(wide.scaleNormal(p, k.raw));
  }
  Pair log = pairLog(m, a);
  Pair t = m.twoProduct(log.hi, y);
  Real hi = m.select(regular, t.hi, limit);
  hi = m.atLeast(m.atMost(hi, 712), -748);
  Mask inside = regular & (m.abs(t.hi) < 750);
  Real lo = m.select(inside, m.fma(log.lo, y, t.lo), m.real(0));
  return expOfPair(m, hi, lo);
}

} // namespace

Real cbrt(MathBuilder &m, Real x) {
  Real a = m.abs(x);
  Mask tiny = a < m.minNormal();
  Bits bits = m.asBits(m.select(tiny, a * m.pick(0x1p24, 0x1p54), a));
  double whole = m.pick(0x1p23, 0x1p52), offset = whole + double(m.bias());
  Real e = m.asReal((bits >> m.mantissaBits()) | m.bitsOf(whole));
  e = e - m.select(tiny, m.real(offset + m.pick(24, 54)), m.real(offset));
  Real c = m.asReal((bits & m.mantissaMask()) | m.bitsOf(1));
  // e = 3 third + 0, 1 or 2
  auto [third, raw] = m.roundScaled(e - 1, 0x1.5555555555555p-2);
  Real remainder = m.fma(third, -3, e);
  Mask one = remainder == 1, two = remainder == 2;
  auto oneOf = [&](double zeroth, double first, double second) {
    return m.select(one, m.real(first), m.select(two, m.real(second), m.real(zeroth)));
  };
  Real y = m.polynomial(c, tables::cbrt) * oneOf(1, 0x1.428a2f98d728bp+0, 0x1.965fea53d6e3dp+0);
  c = c * oneOf(1, 2, 4);
  Real square = y * y, cube = square * y;
  y = y - y * m.fma(square, y, -c) / (cube + cube + c);
  y = m.copysign(m.scaleNormal(y, raw), x);
  return m.select(m.isPositiveFinite(a), y, x);
}

Real hypot(MathBuilder &m, Real x, Real y) {
  Real a = m.abs(x), b = m.abs(y), result;
  if (!m.isF64()) {
    MathBuilder wide = m.wide();
    Real wideA = m.extend(a, wide), wideB = m.extend(b, wide);
    result = m.round(wide.sqrt(wide.fma(wideA, wideA, wideB * wideB)));
  } else {
    Real high = m.select(a > b, a, b);
    Mask great = high > 0x1p500, small = high < 0x1p-500;
    auto oneOf = [&](double greatOne, double smallOne) {
      return m.select(great, m.real(greatOne), m.select(small, m.real(smallOne), m.real(1)));
    };
    Real scale = oneOf(0x1p-600, 0x1p600);
    Real p = a * scale, q = b * scale;
    result = m.sqrt(m.fma(p, p, q * q)) * oneOf(0x1p600, 0x1p-600);
  }
  return m.select((a == kInfinity) | (b == kInfinity), m.real(kInfinity), result);
}

Real power(MathBuilder &m, Real x, Real y) {
  Real a = m.abs(x), result = powerOfMagnitude(m, a, y);
  // Even numbers are those whose half is whole, as all are from 2^24 (2^53) on.
  Real half = y * 0.5;
  Mask isWhole = m.trunc(y) == y, isOdd = isWhole & (m.trunc(half) != half);
  Mask isOne = (y == 0) | (x == 1) | ((a == 1) & (m.abs(y) == kInfinity));
  result = m.select(isOdd, m.copysign(result, x), result);
  // A negative base with a fraction as exponent; infinity and zero lose their sign.
  Mask isNone = (x < 0) & (m.trunc(y) != y) & (a < kInfinity);
  result = m.select(isNone, m.real(kNaN), result);
  return m.select(isOne, m.real(1), m.keepNaN(x, y, result));
}

} // namespace ricci::vector_math
