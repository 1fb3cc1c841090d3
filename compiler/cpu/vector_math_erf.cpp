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
  Real erfc = m.scaleNormal(m.fma(r, m.polynomial(r, tables::exp2), 1), m.asBits(sum));
  return m.select(a < m.pick(0.9375, 1), small, m.copysign(1 - erfc, x));
}

} // namespace ricci::vector_math
