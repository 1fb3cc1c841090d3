//===- vector_math_builder.h - arithmetic of elementary functions, as operators ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The algorithms of vector_math_*.cpp are written as formulas: their operators write arith, math
// and vector operations for scalars and for vectors alike.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/loop_builder.h"
#include "compiler/target/target.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ricci::vector_math {

class MathBuilder;

/// A value that is being computed, in every lane.
struct Lanes {
  MathBuilder *m = nullptr;
  mlir::Value v;
};
/// f32 or f64.
struct Real : Lanes {};
/// An integer of the same width.
struct Bits : Lanes {};
struct Mask : Lanes {};

/// hi + lo, where lo is below the last place of hi.
struct Pair {
  Real hi, lo;
};
/// The integer nearest to a number, as a float and as bits: the biased ones of a sum with
/// `magic()`, of which the low ones are those of the integer.
struct Rounded {
  Real whole;
  Bits raw;
};

/// Coefficients from t^0 on, for each of the two types.
struct Polynomial {
  llvm::ArrayRef<double> f32, f64;
};

class MathBuilder {
public:
  /// `like` is the type of the operands: f32 or f64, or a vector of one axis of them.
  MathBuilder(LoopBuilder &b, const Target &target, mlir::Type like);

  LoopBuilder &builder() const { return b_; }
  bool isF64() const { return isF64_; }
  const Target &target() const { return target_; }
  bool hasFma() const { return target_.fma; }
  /// One constant for each type.
  double pick(double f32, double f64) const { return isF64_ ? f64 : f32; }
  int mantissaBits() const { return isF64_ ? 52 : 23; }
  int64_t mantissaMask() const { return (int64_t(1) << mantissaBits()) - 1; }
  int64_t bias() const { return isF64_ ? 1023 : 127; }
  /// The bits of a constant.
  int64_t bitsOf(double x) const;
  /// 1.5 times the first power of two with no fraction.
  double magic() const { return isF64_ ? 0x1.8p52 : 0x1.8p23; }
  double minNormal() const { return isF64_ ? 0x1p-1022 : 0x1p-126; }

  Real wrap(mlir::Value v) { return {{this, v}}; }
  Real real(double x);
  Bits bits(int64_t x);

  /// a * b + c, rounded once where the CPU can.
  Real fma(Real a, Real b, Real c);
  Real fma(Real a, double b, Real c) { return fma(a, real(b), c); }
  Real fma(Real a, double b, double c) { return fma(a, real(b), real(c)); }
  Real fma(Real a, Real b, double c) { return fma(a, b, real(c)); }
  /// By Horner's rule.
  Real polynomial(Real t, const Polynomial &p);
  Real abs(Real x);
  Real sqrt(Real x);
  Real copysign(Real magnitude, Real sign);
  /// Smaller than 2^21, else whatever: no NaN is kept.
  Rounded roundScaled(Real x, double factor);
  Real trunc(Real x);
  Real floor(Real x);
  Real select(Mask c, Real a, Real b);
  Bits select(Mask c, Bits a, Bits b);
  /// NaN stays NaN.
  Real atMost(Real x, double limit);
  Real atLeast(Real x, double limit);

  Bits asBits(Real x);
  Real asReal(Bits x);
  /// 2^(k - bias) of an integer 0 < k < 2 bias + 1.
  Real powerOfTwo(Bits biased);
  /// p * 2^k with one rounding, k from `roundScaled` plus `extra`, whatever its size between twice
  /// the least and twice the greatest exponent.
  Real scale(Real p, Bits raw, int64_t extra = 0);
  /// The same where the power of two is a normal number.
  Real scaleNormal(Real p, Bits raw, int64_t extra = 0);

  /// a + b exactly; `fast`: where a is 0 or |a| >= |b|.
  Pair twoSum(Real a, Real b);
  Pair fastTwoSum(Real a, Real b);
  /// x without the lower half of its bits.
  Real upperHalf(Real x);
  /// a * b (exactly with FMA, else but for the last of 106 bits).
  Pair twoProduct(Real a, Real b);

  /// Whether the bits of |x| are those of a positive finite number.
  Mask isPositiveFinite(Real x);
  /// The first NaN among the operands, quiet, where there is one: which one arithmetic would keep
  /// differs between scalars and vectors.
  Real keepNaN(Real x, Real y, Real result);
  mlir::Value any(Mask c);
  /// `otherwise` where the condition holds in no lane; else what `then` gives.
  llvm::SmallVector<mlir::Value> ifAny(Mask c, llvm::ArrayRef<mlir::Value> otherwise,
                                       llvm::function_ref<LoopBuilder::Values()> then);

  /// This type as f64, and back.
  MathBuilder wide() { return MathBuilder(b_, target_, typeOf(b_.getF64Type())); }
  Real extend(Real x, MathBuilder &wide);
  Real round(Real wide);

  mlir::Type typeOf(mlir::Type element) const;
  mlir::Type realType() const { return like_; }
  mlir::Type bitsType() const { return bitsType_; }
  /// 0 for a scalar.
  int64_t lanes() const;

  template <typename Op> Real binary(Real a, Real b) { return wrap(b_.op<Op>(a.v, b.v)); }
  template <typename Op> Bits binary(Bits a, Bits b) { return {{this, b_.op<Op>(a.v, b.v)}}; }
  Mask compare(mlir::arith::CmpFPredicate p, Real a, Real b);
  Mask compare(mlir::arith::CmpIPredicate p, Bits a, Bits b);

private:
  mlir::Value constant(mlir::Type type, mlir::TypedAttr element);

  LoopBuilder &b_;
  const Target &target_;
  mlir::Type like_, bitsType_;
  bool isF64_;
};

inline Real operator+(Real a, Real b) { return a.m->binary<mlir::arith::AddFOp>(a, b); }
inline Real operator-(Real a, Real b) { return a.m->binary<mlir::arith::SubFOp>(a, b); }
inline Real operator*(Real a, Real b) { return a.m->binary<mlir::arith::MulFOp>(a, b); }
inline Real operator/(Real a, Real b) { return a.m->binary<mlir::arith::DivFOp>(a, b); }
inline Real operator+(Real a, double b) { return a + a.m->real(b); }
inline Real operator-(Real a, double b) { return a - a.m->real(b); }
inline Real operator*(Real a, double b) { return a * a.m->real(b); }
inline Real operator-(double a, Real b) { return b.m->real(a) - b; }
inline Real operator/(double a, Real b) { return b.m->real(a) / b; }
inline Real operator-(Real a) { return a.m->wrap(a.m->builder().op<mlir::arith::NegFOp>(a.v)); }

inline Bits operator+(Bits a, Bits b) { return a.m->binary<mlir::arith::AddIOp>(a, b); }
inline Bits operator-(Bits a, Bits b) { return a.m->binary<mlir::arith::SubIOp>(a, b); }
inline Bits operator&(Bits a, Bits b) { return a.m->binary<mlir::arith::AndIOp>(a, b); }
inline Bits operator|(Bits a, Bits b) { return a.m->binary<mlir::arith::OrIOp>(a, b); }
inline Bits operator^(Bits a, Bits b) { return a.m->binary<mlir::arith::XOrIOp>(a, b); }
inline Bits operator+(Bits a, int64_t b) { return a + a.m->bits(b); }
inline Bits operator-(Bits a, int64_t b) { return a - a.m->bits(b); }
inline Bits operator-(int64_t a, Bits b) { return b.m->bits(a) - b; }
inline Bits operator&(Bits a, int64_t b) { return a & a.m->bits(b); }
inline Bits operator|(Bits a, int64_t b) { return a | a.m->bits(b); }
inline Bits operator<<(Bits a, int64_t b) {
  return a.m->binary<mlir::arith::ShLIOp>(a, a.m->bits(b));
}
/// Unsigned: AVX2 has no arithmetic shift of 64 bits.
inline Bits operator>>(Bits a, int64_t b) {
  return a.m->binary<mlir::arith::ShRUIOp>(a, a.m->bits(b));
}

inline Mask operator<(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::OLT, a, b);
}
inline Mask operator>(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::OGT, a, b);
}
inline Mask operator<=(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::OLE, a, b);
}
inline Mask operator>=(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::OGE, a, b);
}
inline Mask operator==(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::OEQ, a, b);
}
inline Mask operator!=(Real a, Real b) {
  return a.m->compare(mlir::arith::CmpFPredicate::UNE, a, b);
}
inline Mask operator<(Real a, double b) { return a < a.m->real(b); }
inline Mask operator>(Real a, double b) { return a > a.m->real(b); }
inline Mask operator<=(Real a, double b) { return a <= a.m->real(b); }
inline Mask operator>=(Real a, double b) { return a >= a.m->real(b); }
inline Mask operator==(Real a, double b) { return a == a.m->real(b); }
inline Mask operator!=(Real a, double b) { return a != a.m->real(b); }
inline Mask operator==(Bits a, int64_t b) {
  return a.m->compare(mlir::arith::CmpIPredicate::eq, a, a.m->bits(b));
}
/// Signed.
inline Mask operator<(Bits a, int64_t b) {
  return a.m->compare(mlir::arith::CmpIPredicate::slt, a, a.m->bits(b));
}
inline Mask operator!=(Bits a, int64_t b) {
  return a.m->compare(mlir::arith::CmpIPredicate::ne, a, a.m->bits(b));
}
inline Mask operator&(Mask a, Mask b) {
  return {{a.m, a.m->builder().op<mlir::arith::AndIOp>(a.v, b.v)}};
}
inline Mask operator|(Mask a, Mask b) {
  return {{a.m, a.m->builder().op<mlir::arith::OrIOp>(a.v, b.v)}};
}
inline Mask operator^(Mask a, Mask b) {
  return {{a.m, a.m->builder().op<mlir::arith::XOrIOp>(a.v, b.v)}};
}

} // namespace ricci::vector_math
