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

Real erf(MathBuilder &m, Real x) {
  static const Polynomial nearZero{tables::erfF32, tables::erfLongF64};
  static const Polynomial exponent{tables::erfcF32, tables::erfcLongF64};
  Real a = m.abs(x), z = x * x;
  Real small = m.fma(x, m.polynomial(z, nearZero), x);
  Real bounded = m.atMost(a, m.pick(4, 6));
  Real p = m.polynomial(bounded, exponent);
  Real sum = m.fma(p, bounded, m.magic()), k = sum - m.magic();
  Real r = m.fma(p, bounded, -k);
  // 1 - 2^k (1 + r p(r)) without rounding the last product
  Real power = m.powerOfTwo(m.asBits(sum) - (m.bitsOf(m.magic()) - m.bias()));
  Real large = m.fma(-power * r, m.polynomial(r, tables::exp2), 1 - power);
  return m.select(a < m.pick(0.9375, 1), small, m.copysign(large, x));
}

} // namespace ricci::vector_math
