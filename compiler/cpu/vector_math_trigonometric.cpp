//===- vector_math_trigonometric.cpp - sine, cosine, tangent ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = k pi/2 + hi + lo. Usual arguments: pi/2 in parts whose products with k are exact or fused
// (Cody and Waite). Great ones, each by itself: the bits of 2/pi that matter, times the significand
// (Payne and Hanek, Radian reduction for trigonometric functions, 1983).
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_functions.h"
#include "compiler/cpu/vector_math_tables.h"

#include <cmath>
#include <limits>

namespace ricci::vector_math {
namespace {

using mlir::Value;

constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

/// 64 zeros, then the bits of 2/pi.
constexpr uint64_t kTwoOverPiBits[] = {0,
                                       0xa2f9836e4e441529,
                                       0xfc2757d1f534ddc0,
                                       0xdb6295993c439041,
                                       0xfe5163abdebbc561,
                                       0xb7246e3a424dd2e0,
                                       0x06492eea09d1921c,
                                       0xfe1deb1cb129a73e,
                                       0xe88235f52ebb4484,
                                       0xe99c7026b45f7e41,
                                       0x3991d639835339f4,
                                       0x9c845f8bbdf9283b,
                                       0x1ff897ffde05980f,
                                       0xef2f118b5a0a6d1f,
                                       0x6d367ecf27cb09b7,
                                       0x4f463f669e5fea2d,
                                       0x7527bac7ebe5f17b,
                                       0x3d0739f78a5292ea,
                                       0x6bfb5fb11f8d5d08,
                                       0x56033046fc7b6bab};

struct ReducedAngle {
  Real hi, lo;
  Bits quadrant; ///< its two low bits
};

struct ReducedScalar {
  Value hi, lo, quadrant;
};

/// Of one finite f64 number from 1 on, with as many words of the table as its size may need.
ReducedScalar reduceByBits(LoopBuilder &b, const Target &target, Value x, int64_t words) {
  MathBuilder m(b, target, b.getF64Type());
  auto shiftLeft = [&](Bits a, Bits s) { return m.binary<mlir::arith::ShLIOp>(a, s); };
  auto shiftRight = [&](Bits a, Bits s) { return m.binary<mlir::arith::ShRUIOp>(a, s); };
  Bits bits = m.asBits(m.wrap(x));
  Bits significand = (bits & 0xfffffffffffff) | (int64_t(1) << 52);
  // x = significand 2^e. What lies before bit e - 2 of 2/pi adds multiples of 4 to x 2/pi.
  Bits from = ((bits >> 52) & 0x7ff) - (1075 + 2 - 64);
  Value index = b.op<mlir::arith::IndexCastOp>(b.getIndexType(), (from >> 6).v);
  Bits shift = from & 63;

  llvm::ArrayRef<int64_t> bitsOfTable(reinterpret_cast<const int64_t *>(kTwoOverPiBits), words);
  auto tableType = mlir::VectorType::get({words}, b.getI64Type());
  Value table = b.op<mlir::arith::ConstantOp>(mlir::DenseElementsAttr::get(tableType, bitsOfTable));
  Bits word[4], window[3];
  for (int i = 0; i < 4; ++i)
    word[i] = {{&m, b.op<mlir::vector::ExtractOp>(table, mlir::OpFoldResult(b.add(index, i)))}};
  for (int i = 0; i < 3; ++i) // in two shifts: one by 64 would be undefined
    window[i] = shiftLeft(word[i], shift) | shiftRight(word[i + 1] >> 1, 63 - shift);

  // The product modulo 2^192: its top two bits count quarter turns modulo 4.
  auto multiply = [&](Bits a, Bits c, Bits &high) {
    auto op = b.op<mlir::arith::MulUIExtendedOp>(a.v, c.v);
    high = {{&m, op.getHigh()}};
    return Bits{{&m, op.getLow()}};
  };
  auto carry = [&](Bits sum, Bits term) {
    Mask wrapped = m.compare(mlir::arith::CmpIPredicate::ult, sum, term);
    return Bits{{&m, b.op<mlir::arith::ExtUIOp>(b.getI64Type(), wrapped.v)}};
  };
  Bits high1, high2, ignored;
  Bits p2 = multiply(significand, window[2], high2);
  Bits low1 = multiply(significand, window[1], high1);
  Bits p1 = low1 + high2;
  Bits p0 = multiply(significand, window[0], ignored) + high1 + carry(p1, high2);

  Bits quadrant = (p0 + (int64_t(1) << 61)) >> 62;
  Bits top = (p0 << 2) | (p1 >> 62), next = (p1 << 2) | (p2 >> 62);
  // top as a signed number, and what is left of it, in units of 2^-64 quarter turns.
  auto toReal = [&](Bits a) { return m.wrap(b.op<mlir::arith::SIToFPOp>(b.getF64Type(), a.v)); };
  Real hi = toReal(top);
  // 2^63 does not fit: the sign is right modulo 2^64.
  Mask tooGreat = hi >= 0x1p63;
  Real back = m.select(tooGreat, m.real(-0x1p63), hi);
  Bits whole{{&m, b.op<mlir::arith::FPToSIOp>(b.getI64Type(), back.v)}};
  Real lo = m.fma(toReal(next >> 1), 0x1p-63, toReal(top - whole));
  Pair fraction = m.fastTwoSum(hi, lo);
  constexpr double scale = 0x1p-64, piHi = 0x1.921fb54442d18p+0, piLo = 0x1.1a62633145c07p-54;
  Pair r = m.twoProduct(fraction.hi * scale, m.real(piHi));
  Real rest = m.fma(fraction.hi * scale, piLo, m.fma(fraction.lo * scale, piHi, r.lo));
  Pair result = m.fastTwoSum(r.hi, rest);
  return {result.hi.v, result.lo.v, quadrant.v};
}

/// Puts what the reduction by bits gives into the lanes that need it, if perhaps one does.
ReducedAngle reduceGreat(MathBuilder &m, Real a, Mask perhaps, Mask great, ReducedAngle usual) {
  LoopBuilder &b = m.builder();
  using Values = LoopBuilder::Values;
  MathBuilder scalar(b, m.target(), mlir::getElementTypeOrSelf(m.realType()));
  auto reduceOne = [&](Value x) -> Values {
    if (m.isF64()) {
      ReducedScalar r = reduceByBits(b, m.target(), x, std::size(kTwoOverPiBits));
      return {r.hi, r.lo, r.quadrant};
    }
    MathBuilder wide = scalar.wide();
    ReducedScalar r = reduceByBits(b, m.target(), scalar.extend(scalar.wrap(x), wide).v, 8);
    Real hi = scalar.round(wide.wrap(r.hi));
    Real lo = scalar.round(wide.wrap(r.hi) - scalar.extend(hi, wide));
    return {hi.v, lo.v, b.op<mlir::arith::TruncIOp>(b.getI32Type(), r.quadrant)};
  };
  auto reduceLane = [&](Value lane, LoopBuilder::ValueRange vectors) -> Values {
    mlir::OpFoldResult at = lane;
    auto reduced = [&] {
      Values parts = reduceOne(b.op<mlir::vector::ExtractOp>(a.v, at));
      for (auto [part, vector] : llvm::zip(parts, vectors))
        part = b.op<mlir::vector::InsertOp>(part, vector, at);
      return parts;
    };
    Value isGreat = b.op<mlir::vector::ExtractOp>(great.v, at);
    return b.ifYield(isGreat, reduced, [&] { return Values(vectors.begin(), vectors.end()); });
  };
  Values start = {usual.hi.v, usual.lo.v, usual.quadrant.v};
  Values results = m.ifAny(m.lanes() ? perhaps : great, start, [&] {
    return m.lanes() ? b.forIter(b.idx(0), b.idx(m.lanes()), b.idx(1), start, reduceLane)
                     : reduceOne(a.v);
  });
  return {m.wrap(results[0]), m.wrap(results[1]), {{&m, results[2]}}};
}

ReducedAngle reduceF64(MathBuilder &m, Real a) {
  auto [k, raw] = m.roundScaled(a, kTwoOverPi);
  Real r1 = m.fma(k, -0x1.921fb544p+0, a); // exact
  Real hi = m.fma(k, -0x1.0b4611a6p-34, r1);
  Real lo = m.fma(k, -0x1.0b4611a6p-34, r1 - hi);
  lo = m.fma(k, -0x1.3198a2ep-69, lo);
  // Near a multiple of pi/2, lo may have become the greater one.
  Pair r = m.fastTwoSum(hi, lo);
  return {r.hi, m.fma(k, -0x1.b839a252049c1p-104, r.lo), raw};
}

ReducedAngle reduceF32(MathBuilder &m, Real a) {
  auto [k, raw] = m.roundScaled(a, kTwoOverPi);
  Real r1 = m.fma(k, -0x1.921fb6p+0, a); // exact
  Real hi = m.fma(k, 0x1.777a5cp-25, r1);
  Real lo = m.fma(k, 0x1.777a5cp-25, r1 - hi);
  return {hi, m.fma(k, 0x1.ee59dap-50, lo), raw};
}

/// Without FMA, f64 has the room that f32 lacks.
ReducedAngle reduceF32InF64(MathBuilder &m, Real a) {
  MathBuilder wide = m.wide();
  Real x = m.extend(a, wide);
  auto [k, raw] = wide.roundScaled(x, kTwoOverPi);
  Real r = wide.fma(k, -0x1.0b4611a626331p-34, wide.fma(k, -0x1.921fb544p+0, x));
  Real hi = m.round(r), lo = m.round(r - m.extend(hi, wide));
  return {hi, lo, {{&m, m.builder().op<mlir::arith::TruncIOp>(m.bitsType(), raw.v)}}};
}

ReducedAngle reduce(MathBuilder &m, Real a) {
  ReducedAngle usual = m.isF64()    ? reduceF64(m, a)
                       : m.hasFma() ? reduceF32(m, a)
                                    : reduceF32InF64(m, a);
  const double least = m.pick(0x1p15, 0x1p20);
  Mask great = a >= least;
  // What is not below the least number, by its sign: NaN may have one.
  Bits signs = m.asBits(m.real(std::nexttoward(float(least), 0)) - a);
  // Near a multiple of pi/2, the difference r1 - hi of reduceF32 may round.
  if (!m.isF64() && m.hasFma()) {
    great = great | (m.abs(usual.hi) < a * 0x1p-23);
    signs = signs | m.asBits(m.fma(a, -0x1p-23, m.abs(usual.hi)));
  }
  // Infinity has become NaN.
  great = great & (a < std::numeric_limits<double>::infinity());
  return reduceGreat(m, a, signs < 0, great, usual);
}

struct SinCos {
  Real sin, cos;
};
SinCos sinCosOf(MathBuilder &m, const ReducedAngle &r) {
  Real z = r.hi * r.hi;
  Real sin = r.hi + m.fma(r.hi * z, m.polynomial(z, tables::sin), r.lo);
  // 1 - z / 2 and what its rounding loses, as in FDLIBM's k_cos.c
  Real head = m.fma(z, -0.5, 1);
  Real lost = m.fma(z, -0.5, 1 - head);
  Real tail = m.fma(z * z, m.polynomial(z, tables::cos), m.fma(-r.hi, r.lo, lost));
  return {sin, head + tail};
}

/// A bit of a quadrant where the sign is.
Bits atSign(MathBuilder &m, Bits quadrant, int bit) {
  int width = m.isF64() ? 64 : 32;
  return quadrant << (width - 1 - bit);
}
Mask isOdd(MathBuilder &m, Bits quadrant) { return atSign(m, quadrant, 0) < 0; }
/// x with its sign changed where `bits` have one.
Real negatedBy(MathBuilder &m, Real x, Bits bits) {
  return m.asReal(m.asBits(x) ^ (bits & m.bitsOf(-0.0)));
}

} // namespace

Real sin(MathBuilder &m, Real x) {
  ReducedAngle r = reduce(m, m.abs(x));
  auto [s, c] = sinCosOf(m, r);
  Real result = m.select(isOdd(m, r.quadrant), c, s);
  return negatedBy(m, result, atSign(m, r.quadrant, 1) ^ m.asBits(x));
}

Real cos(MathBuilder &m, Real x) {
  ReducedAngle r = reduce(m, m.abs(x));
  auto [s, c] = sinCosOf(m, r);
  Real result = m.select(isOdd(m, r.quadrant), s, c);
  return negatedBy(m, result, atSign(m, r.quadrant + 1, 1));
}

Real tan(MathBuilder &m, Real x) {
  ReducedAngle r = reduce(m, m.abs(x));
  Real z = r.hi * r.hi;
  // tan(hi + lo) = tan(hi) + lo (1 + tan(hi)^2)
  Real slope = m.fma(z, m.fma(z, 0x1.5555555555555p-1, 1), 1);
  Real t = r.hi + m.fma(r.hi * z, m.polynomial(z, tables::tan), r.lo * slope);
  Real result = m.select(isOdd(m, r.quadrant), 1 / t, t);
  return negatedBy(m, result, atSign(m, r.quadrant, 0) ^ m.asBits(x));
}

} // namespace ricci::vector_math
