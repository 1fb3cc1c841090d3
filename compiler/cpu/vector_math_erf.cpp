//===- vector_math_erf.cpp - the error function ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An odd polynomial near 0; beyond, 1 - 2^(a p(a)), where p approximates log2(erfc(a)) / a (the
// idea is Juffa's). As erfc is small there, its errors count little.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

namespace ricci::vector_math {
namespace {

/// erf(a) of a >= 0 where the exponent holds, with the error of a number near 1.
Real oneMinusErfc(MathBuilder &m, Real a, const Polynomial &exponent) {
  Real bounded = m.atMost(a, m.pick(4, 6));
  Real p = m.polynomial(bounded, exponent);
  Real sum = m.fma(p, bounded, m.magic()), k = sum - m.magic();
  Real r = m.fma(p, bounded, -k);
  // 1 - 2^k (1 + r p(r)) without rounding the last product
  Real power = m.powerOfTwo(m.asBits(sum) - (m.bitsOf(m.magic()) - m.bias()));
  return m.fma(-power * r, m.polynomial(r, tables::exp2), 1 - power);
}

} // namespace

Real erf(MathBuilder &m, Real x) {
  static const Polynomial nearZero{tables::erfF32, tables::erfLongF64},
      exponent{tables::erfcF32, tables::erfcLongF64};
  Real a = m.abs(x), z = x * x;
  Real small = m.fma(x, m.polynomial(z, nearZero), x);
  Real large = m.copysign(oneMinusErfc(m, a, exponent), x);
  return m.select(a < m.pick(0.9375, 1), small, large);
}

Real erfForSum(MathBuilder &m, Real x) {
  return m.copysign(oneMinusErfc(m, m.abs(x), tables::erfcFromZero), x);
}

} // namespace ricci::vector_math
