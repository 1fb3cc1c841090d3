//===- vector_math_exp.cpp - exponentials and hyperbolic functions ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = k ln 2 + r with ln 2 in two parts (Cody and Waite, Software Manual for the Elementary
// Functions), a minimax polynomial in r, and a product with 2^k.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

namespace ricci::vector_math {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;

/// x = whole ln 2 + r, |r| <= ln 2 / 2.
struct ReducedExp {
  Rounded k;
  Real r;
};

ReducedExp reduceExp(MathBuilder &m, Real x) {
  Rounded k = m.roundScaled(x, kLog2E);
  Real r = m.fma(k.whole, -ln2Hi(m), x);
  return {k, m.fma(k.whole, -ln2Lo(m), r)};
}

Real expOfReduced(MathBuilder &m, Real r) {
  return m.fma(r, m.fma(r, m.polynomial(r, tables::exp), 1), 1);
}

/// Below, the first factor of `scale` is 0: most CPUs are slow where a product underflows, and
/// masks of attention ask for that.
Real atLeastZero(MathBuilder &m, Real x) { return m.atLeast(x, m.pick(-176.2, -1418.3)); }
Real atLeastZero2(MathBuilder &m, Real x) { return m.atLeast(x, m.pick(-254, -2046)); }

/// e^x 2^extra; for a negative `extra` of x >= 0.
Real scaledExp(MathBuilder &m, Real x, int64_t extra) {
  x = atLeastZero(m, m.atMost(x, m.pick(90, 712)));
  ReducedExp reduced = reduceExp(m, x);
  return m.scale(expOfReduced(m, reduced.r), reduced.k.raw, extra);
}

/// (1 + r t) 2^k as a pair.
Pair scaledPair(MathBuilder &m, Real r, Real t, Bits raw) {
  Real hi = m.fma(r, t, 1);
  Real lo = m.fma(r, t, 1 - hi);
  return {m.scale(hi, raw), m.scale(lo, raw)};
}

/// tanh(a) of a >= 0 that is not large, with the error of a number near 1.
Real tanhFarFromZero(MathBuilder &m, Real a) {
  auto [k, r] = reduceExp(m, a + a);
  Real e = m.scaleNormal(expOfReduced(m, r), k.raw);
  return 1 - 2 / (e + 1);
}

} // namespace

Pair pairExp(MathBuilder &m, Real x) {
  auto [k, r] = reduceExp(m, atLeastZero(m, x));
  return scaledPair(m, r, m.fma(r, m.polynomial(r, tables::exp), 1), k.raw);
}

Pair pairExp2(MathBuilder &m, Real x) {
  x = atLeastZero2(m, x);
  Rounded k = m.roundScaled(x, 1);
  Real r = x - k.whole;
  return scaledPair(m, r, m.polynomial(r, tables::exp2), k.raw);
}

Real expOfPair(MathBuilder &m, Real hi, Real lo) {
  Rounded k = m.roundScaled(hi, kLog2E);
  Real first = m.fma(k.whole, -ln2Hi(m), hi); // exact
  Real r = m.fma(k.whole, -ln2Lo(m), first);
  Real rest = m.fma(k.whole, -ln2Lo(m), first - r) + lo;
  // 1 + r exactly, then what is small.
  Pair sum = m.fastTwoSum(m.real(1), r);
  Real tail = r * r * m.polynomial(r, tables::exp);
  tail = m.fma(rest, sum.hi + tail, tail);
  return m.scale(sum.hi + (sum.lo + tail), k.raw);
}

Real exp(MathBuilder &m, Real x) { return scaledExp(m, x, 0); }

Real exp2(MathBuilder &m, Real x) {
  x = atLeastZero2(m, m.atMost(x, m.pick(130, 1026)));
  Rounded k = m.roundScaled(x, 1);
  Real r = x - k.whole;
  return m.scale(m.fma(r, m.polynomial(r, tables::exp2), 1), k.raw);
}

Real expm1(MathBuilder &m, Real x) {
  Real bounded = m.atLeast(m.atMost(x, m.pick(89, 710)), m.pick(-20, -40));
  auto [k, r] = reduceExp(m, bounded);
  Real tail = r * r * m.polynomial(r, tables::expm1);
  // 2^(k-1) (tail + r + 1) - 1/2, doubled: 2^k alone may be too large. The sum without the tail is
  // exact where it cancels.
  Real half = m.powerOfTwo(k.raw - (m.bitsOf(m.magic()) - m.bias() + 1));
  Real result = m.fma(half, tail, m.fma(half, r, half - 0.5));
  result = result + result;
  return m.select(m.abs(x) < m.pick(0x1p-25, 0x1p-54), x, result);
}

Real sinh(MathBuilder &m, Real x) {
  Real a = m.abs(x), z = a * a;
  Real small = m.fma(a * z, m.polynomial(z, tables::sinh), a);
  Real half = scaledExp(m, a, -1);
  return m.copysign(m.select(a < 1, small, half - 0.25 / half), x);
}

Real cosh(MathBuilder &m, Real x) {
  Real half = scaledExp(m, m.abs(x), -1);
  return half + 0.25 / half;
}

Real tanh(MathBuilder &m, Real x) {
  Real a = m.atMost(m.abs(x), m.pick(10, 20)), z = a * a;
  Real small = m.fma(a * z, m.polynomial(z, tables::tanh), a);
  return m.copysign(m.select(a < 0.625, small, tanhFarFromZero(m, a)), x);
}

Real tanhForSum(MathBuilder &m, Real x) {
  return m.copysign(tanhFarFromZero(m, m.atMost(m.abs(x), m.pick(10, 20))), x);
}

} // namespace ricci::vector_math
