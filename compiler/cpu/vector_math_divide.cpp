//===- vector_math_divide.cpp - exact remainders and floor division --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fmod is exact: a quotient that is at most one too great, a remainder without rounding. Where the
// quotient has more bits than that, long division of the significands, some bits a step.
// remainder and floor_divide follow from it as in NumPy's npy_divmod.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"

#include <limits>

namespace ricci::vector_math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Bits of a quotient whose product with any number, taken from another, needs no rounding.
int stepBits(const MathBuilder &m) {
  return m.hasFma() ? m.mantissaBits() - 1 : m.mantissaBits() / 2 - 1;
}

/// a - floor(a / b) b for 0 <= a < 2^stepBits b, exactly.
Real reduceOnce(MathBuilder &m, Real a, Real b) {
  Real q = m.trunc(a / b); // may be one too great: the quotient was rounded
  Real r;
  if (m.hasFma()) {
    r = m.fma(-q, b, a);
  } else { // products with halves of b are exact
    Real high = m.upperHalf(b);
    r = (a - q * high) - q * (b - high);
  }
  return m.select(r < 0, r + b, r);
}

/// The significand in [1, 2) and the exponent of a positive finite number.
struct Parts {
  Real significand;
  Bits exponent; ///< biased
};
Parts partsOf(MathBuilder &m, Real x) {
  Mask tiny = x < m.minNormal();
  Bits bits = m.asBits(m.select(tiny, x * m.pick(0x1p24, 0x1p54), x));
  Bits exponent =
      (bits >> m.mantissaBits()) - m.select(tiny, m.bits(m.isF64() ? 54 : 24), m.bits(0));
  return {m.asReal((bits & m.mantissaMask()) | m.bitsOf(1)), exponent};
}

/// |x| mod |y| by long division.
Real longDivision(MathBuilder &m, Real a, Real b, Mask needed) {
  LoopBuilder &builder = m.builder();
  Real one = m.real(1);
  Parts top = partsOf(m, m.select(needed, a, one)), bottom = partsOf(m, m.select(needed, b, one));
  Real divisor = bottom.significand;
  // 2^left times the rest is still to be divided.
  Bits left = top.exponent - bottom.exponent;
  Real rest = top.significand;
  rest = m.select(rest >= divisor, rest - divisor, rest);
  int step = stepBits(m) - 1;
  auto loop = builder.op<mlir::scf::WhileOp>(mlir::TypeRange{m.realType(), m.bitsType()},
                                             mlir::ValueRange{rest.v, left.v});
  llvm::SmallVector<mlir::Location> locations(2, builder.getLoc());
  mlir::TypeRange types = loop.getResultTypes();
  mlir::Block *before = builder.createBlock(&loop.getBefore(), {}, types, locations);
  Bits count{{&m, before->getArgument(1)}};
  builder.op<mlir::scf::ConditionOp>(m.any(count != 0), before->getArguments());
  mlir::Block *after = builder.createBlock(&loop.getAfter(), {}, types, locations);
  rest = m.wrap(after->getArgument(0));
  left = {{&m, after->getArgument(1)}};
  Bits now = m.select(left < step, left, m.bits(step));
  rest = reduceOnce(m, rest * m.powerOfTwo(now + m.bias()), divisor);
  builder.op<mlir::scf::YieldOp>(mlir::ValueRange{rest.v, (left - now).v});
  builder.setInsertionPointAfter(loop);
  // The result's last place is no lower than that of y, so neither product rounds.
  Bits twice = bottom.exponent + m.bias();
  Bits half = twice >> 1;
  Real result = m.wrap(loop.getResult(0)) * m.powerOfTwo(half) * m.powerOfTwo(twice - half);
  return result;
}

/// fmod, but for which NaN is given.
Real modulo(MathBuilder &m, Real x, Real y) {
  Real a = m.abs(x), b = m.abs(y);
  Real usual = m.select(a < b, a, reduceOnce(m, a, b));
  Mask finite = (a < kInfinity) & (b > 0);
  Mask needed = finite & (a / b >= double(int64_t(1) << stepBits(m)));
  auto result = m.ifAny(needed, {usual.v}, [&]() -> LoopBuilder::Values {
    return {m.select(needed, longDivision(m, a, b, needed), usual).v};
  });
  return m.copysign(m.wrap(result[0]), x);
}

} // namespace

Real fmod(MathBuilder &m, Real x, Real y) { return m.keepNaN(x, y, modulo(m, x, y)); }

Real remainder(MathBuilder &m, Real x, Real y) {
  Real r = modulo(m, x, y);
  // The sign of y, also for zero.
  Mask differ = ((r < 0) ^ (y < 0)) & (r != 0);
  Real result = m.select(differ, r + y, r);
  return m.keepNaN(x, y, m.select(r == 0, m.copysign(r, y), result));
}

Real floorDivide(MathBuilder &m, Real x, Real y) {
  Real r = modulo(m, x, y);
  Mask differ = ((r < 0) ^ (y < 0)) & (r != 0);
  Real quotient = (x - r) / y;
  quotient = m.select(differ, quotient - 1, quotient);
  Real floor = m.floor(quotient);
  floor = m.select(quotient - floor > 0.5, floor + 1, floor);
  Real exact = x / y;
  floor = m.select(quotient == 0, m.copysign(m.real(0), exact), floor);
  return m.keepNaN(x, y, m.select(y == 0, exact, floor));
}

} // namespace ricci::vector_math
