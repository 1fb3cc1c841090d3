//===- vector_math_log.cpp - logarithms and inverse hyperbolic functions ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = 2^e (1 + f). In f32, log(1 + f) is a minimax polynomial. In f64 it is one in s^2, s = f / (2
// + f), put together as in FDLIBM's e_log.c (Ng), so that f itself is added last.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

#include <limits>

namespace ricci::vector_math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// log(1 + f) - f.
Real logTail(MathBuilder &m, Real f) {
  if (!m.isF64())
    return f * f * m.fma(f, m.polynomial(f, tables::log), -0.5);
  Real s = f / (f + 2), z = s * s, half = f * f * 0.5;
  return m.fma(s, m.fma(z, m.polynomial(z, tables::logRatio), half), -half);
}

Real naturalLog(MathBuilder &m, Real e, Real f, Real tail) {
  return m.fma(e, ln2Hi(m), f + m.fma(e, ln2Lo(m), tail));
}

/// What a logarithm gives for an argument that is not positive and finite.
Real special(MathBuilder &m, Real x, Real whenOther) {
  Real negative = m.select(x < 0, m.real(kNaN), whenOther);
  return m.select(x == 0, m.real(-kInfinity), negative);
}

Real finish(MathBuilder &m, Real x, Real result) {
  return m.select(m.isPositiveFinite(x), result, special(m, x, x));
}

/// 1 + hi + lo = 2^e (1 + f + c), c below the last place of f; where e = 0, f = hi.
struct ReducedSum {
  Real u; ///< 1 + hi
  ReducedLog r;
  Real c;
};
ReducedSum reduceSum(MathBuilder &m, Real hi, Real lo) {
  Pair u = m.twoSum(m.real(1), hi);
  ReducedLog r = reduceLog(m, u.hi, false);
  // Where u is not halved or doubled, 1 is left out before it can round.
  Mask plain = r.e == 0;
  Real shift = m.powerOfTwo(2 * m.bias() - r.biased);
  Real rest = lo.m ? u.lo + lo : u.lo;
  Real c = m.select(u.hi < 0x1p60, rest * shift, m.real(0));
  c = m.select(plain, lo.m ? lo : m.real(0), c);
  r.f = m.select(plain, hi, r.f);
  return {u.hi, r, c};
}

/// log(1 + f + c) - f
Real sumTail(MathBuilder &m, const ReducedSum &s) {
  return logTail(m, s.r.f) + m.fma(-s.r.f, s.c, s.c);
}

/// log(1 + hi + lo) for hi > -1; where `asLog`: log(2 hi), for great hi.
Real log1pOf(MathBuilder &m, Real hi, Real lo, Mask asLog) {
  ReducedSum s = reduceSum(m, hi, lo);
  Real e = asLog.m ? m.select(asLog, s.r.e + 1, s.r.e) : s.r.e;
  Real result = naturalLog(m, e, s.r.f, sumTail(m, s));
  return m.select(m.isPositiveFinite(s.u) & (hi != 0), result, special(m, s.u, hi));
}

/// log(e^x + e^y) = high + log(1 + e^(low - high)), or the same for 2. As the two terms may cancel,
/// all that comes before the last sum is a pair.
Real logOfSum(MathBuilder &m, Real x, Real y, bool binary) {
  if (!m.isF64()) {
    MathBuilder wide = m.wide();
    return m.round(logOfSum(wide, m.extend(x, wide), m.extend(y, wide), binary));
  }
  Mask first = x > y;
  Real high = m.select(first, x, y), low = m.select(first, y, x);
  Pair d = m.twoSum(low, -high);
  d.hi = m.select(x == y, m.real(0), d.hi);          // equal infinities
  d.lo = m.select(m.abs(d.lo) < 1, d.lo, m.real(0)); // NaN for infinities
  Pair power = binary ? pairExp2(m, d.hi) : pairExp(m, d.hi);
  power.lo = m.fma(power.hi, binary ? d.lo * 0x1.62e42fefa39efp-1 : d.lo, power.lo);

  ReducedSum s = reduceSum(m, power.hi, power.lo);
  Real tail = sumTail(m, s), rest;
  Pair main;
  if (binary) {
    constexpr double hi = 0x1.71547652b82fep+0, lo = 0x1.777d0ffda0d24p-56;
    Pair scaled = m.twoProduct(s.r.f, m.real(hi));
    main = m.fastTwoSum(s.r.e, scaled.hi);
    rest = scaled.lo + m.fma(s.r.f, lo, tail * hi);
  } else {
    main = m.fastTwoSum(s.r.e * ln2Hi(m), s.r.f);
    rest = m.fma(s.r.e, ln2Lo(m), tail);
  }
  Pair sum = m.twoSum(high, main.hi);
  Real result = sum.hi + (sum.lo + (main.lo + rest));
  Mask usual = (power.hi > 0) & (m.abs(high) < kInfinity);
  result = m.select(usual, result, high + power.hi);
  return m.keepNaN(x, y, result);
}

} // namespace

ReducedLog reduceLog(MathBuilder &m, Real x, bool subnormals) {
  double up = m.pick(0x1p24, 0x1p54);
  Mask tiny;
  if (subnormals) {
    tiny = x < m.minNormal();
    x = m.select(tiny, x * up, x);
  }
  int64_t sqrtHalf = m.bitsOf(0x1.6a09e667f3bcdp-1), one = m.bitsOf(1);
  Bits i = m.asBits(x) + (one - sqrtHalf);
  Bits biased = i >> m.mantissaBits();
  // An integer below the bits of 2^23 (2^52) is that number's fraction.
  double whole = m.pick(0x1p23, 0x1p52), offset = whole + double(m.bias());
  Real e = m.asReal(biased | m.bitsOf(whole));
  e = subnormals ? e - m.select(tiny, m.real(offset + m.pick(24, 54)), m.real(offset)) : e - offset;
  Real f = m.asReal((i & m.mantissaMask()) + sqrtHalf) - 1;
  return {e, f, biased};
}

Real log(MathBuilder &m, Real x) {
  ReducedLog r = reduceLog(m, x, true);
  return finish(m, x, naturalLog(m, r.e, r.f, logTail(m, r.f)));
}

Real log2(MathBuilder &m, Real x) {
  ReducedLog r = reduceLog(m, x, true);
  if (!m.isF64())
    return finish(m, x, r.e + m.fma(r.f, m.polynomial(r.f, tables::log2), r.f));
  // log2(e) = hi + lo
  constexpr double hi = 0x1.71547652b82fep+0, lo = 0x1.777d0ffda0d24p-56;
  Real tail = m.fma(r.f, lo, logTail(m, r.f) * hi);
  return finish(m, x, r.e + m.fma(r.f, hi, tail));
}

Real log10(MathBuilder &m, Real x) {
  ReducedLog r = reduceLog(m, x, true);
  // log10(e) = hi + lo; log10(2) = scaleHi + scaleLo, scaleHi with room for an exponent
  double hi = m.pick(0x1.bcb7b2p-2, 0x1.bcb7b1526e50ep-2);
  double lo = m.pick(-0x1.5b235ep-27, 0x1.95355baaafad3p-57);
  double scaleHi = m.pick(0x1.344p-2, 0x1.34413508p-2);
  double scaleLo = m.pick(0x1.3509f79fef312p-18, 0x1.f79fef311f12bp-34);
  Real tail = m.fma(r.e, scaleLo, m.fma(r.f, lo, logTail(m, r.f) * hi));
  return finish(m, x, m.fma(r.e, scaleHi, m.fma(r.f, hi, tail)));
}

Real log1p(MathBuilder &m, Real x) { return log1pOf(m, x, Real(), Mask()); }

Real arcsinh(MathBuilder &m, Real x) {
  // a + (sqrt(a^2 + 1) - 1), without a difference
  Real a = m.abs(x), z = a * a;
  Pair sum = m.fastTwoSum(a, z / (m.sqrt(m.fma(a, a, 1)) + 1));
  Mask large = a > m.pick(0x1p28, 0x1p60);
  Real hi = m.select(large, a, sum.hi), lo = m.select(large, m.real(0), sum.lo);
  return m.copysign(log1pOf(m, hi, lo, large), x);
}

Real arccosh(MathBuilder &m, Real x) {
  Real t = x - 1;
  Pair sum = m.fastTwoSum(m.sqrt(m.fma(t, t, t + t)), t);
  Mask large = x > m.pick(0x1p28, 0x1p60);
  Real hi = m.select(large, x, sum.hi), lo = m.select(large, m.real(0), sum.lo);
  return m.select(x < 1, m.real(kNaN), log1pOf(m, hi, lo, large));
}

Real arctanh(MathBuilder &m, Real x) {
  // 2a / (1 - a) = 2a + 2a a / (1 - a)
  Real a = m.abs(x), twice = a + a;
  Mask small = a < 0.5;
  Real quotient = m.select(small, twice * a, twice) / (1 - a);
  Pair sum = m.fastTwoSum(m.select(small, twice, m.real(0)), quotient);
  Real lo = m.select(small, sum.lo, m.real(0));
  return m.copysign(log1pOf(m, sum.hi, lo, Mask()) * 0.5, x);
}

Real logaddexp(MathBuilder &m, Real x, Real y) { return logOfSum(m, x, y, false); }
Real logaddexp2(MathBuilder &m, Real x, Real y) { return logOfSum(m, x, y, true); }

} // namespace ricci::vector_math
