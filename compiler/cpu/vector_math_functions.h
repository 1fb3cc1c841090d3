//===- vector_math_functions.h - one function for each elementary function -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/vector_math_builder.h"

namespace ricci::vector_math {

// vector_math_exp.cpp
Real exp(MathBuilder &m, Real x);
Real exp2(MathBuilder &m, Real x);
Real expm1(MathBuilder &m, Real x);
Real sinh(MathBuilder &m, Real x);
Real cosh(MathBuilder &m, Real x);
Real tanh(MathBuilder &m, Real x);
/// With the error of values near 1 everywhere.
Real tanhForSum(MathBuilder &m, Real x);

// vector_math_log.cpp
Real log(MathBuilder &m, Real x);
Real log2(MathBuilder &m, Real x);
Real log10(MathBuilder &m, Real x);
Real log1p(MathBuilder &m, Real x);
Real arcsinh(MathBuilder &m, Real x);
Real arccosh(MathBuilder &m, Real x);
Real arctanh(MathBuilder &m, Real x);
Real logaddexp(MathBuilder &m, Real x, Real y);
Real logaddexp2(MathBuilder &m, Real x, Real y);

// vector_math_trigonometric.cpp
Real sin(MathBuilder &m, Real x);
Real cos(MathBuilder &m, Real x);
Real tan(MathBuilder &m, Real x);

// vector_math_arc.cpp
Real arcsin(MathBuilder &m, Real x);
Real arccos(MathBuilder &m, Real x);
Real arctan(MathBuilder &m, Real x);
Real arctan2(MathBuilder &m, Real y, Real x);

// vector_math_erf.cpp
Real erf(MathBuilder &m, Real x);
/// Of f32, with the error of values near 1 everywhere.
Real erfForSum(MathBuilder &m, Real x);

// vector_math_power.cpp
Real cbrt(MathBuilder &m, Real x);
Real hypot(MathBuilder &m, Real x, Real y);
Real power(MathBuilder &m, Real x, Real y);

// vector_math_divide.cpp
Real fmod(MathBuilder &m, Real x, Real y);
Real remainder(MathBuilder &m, Real x, Real y);
Real floorDivide(MathBuilder &m, Real x, Real y);

// Shared by several of them.

/// x = 2^e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), for a normal x > 0; for a subnormal one where
/// `subnormals`.
struct ReducedLog {
  Real e, f;
  Bits biased; ///< e + bias, where x is normal
};
ReducedLog reduceLog(MathBuilder &m, Real x, bool subnormals);

/// e^x and 2^x for x <= 0, with what the last addition rounds off.
Pair pairExp(MathBuilder &m, Real x);
Pair pairExp2(MathBuilder &m, Real x);

/// e^(hi + lo) in f64 to little more than half a unit in the last place, for -748 <= hi <= 712.
Real expOfPair(MathBuilder &m, Real hi, Real lo);

/// ln 2 = hi + lo, where hi has room for products with an exponent.
inline double ln2Hi(const MathBuilder &m) { return m.pick(0x1.63p-1, 0x1.62e42feep-1); }
inline double ln2Lo(const MathBuilder &m) {
  return m.pick(-0x1.bd0105c610ca8p-13, 0x1.a39ef35793c76p-33);
}

} // namespace ricci::vector_math
