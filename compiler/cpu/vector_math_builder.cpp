//===- vector_math_builder.cpp - arithmetic of elementary functions, as operators --------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math_builder.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <bit>

using namespace mlir;

namespace ricci::vector_math {

MathBuilder::MathBuilder(LoopBuilder &b, const Target &target, Type like)
    : b_(b), target_(target), like_(like), isF64_(getElementTypeOrSelf(like).isF64()) {
  bitsType_ = typeOf(b.getIntegerType(isF64_ ? 64 : 32));
}

Type MathBuilder::typeOf(Type element) const {
  auto vector = dyn_cast<VectorType>(like_);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

int64_t MathBuilder::lanes() const {
  auto vector = dyn_cast<VectorType>(like_);
  return vector ? vector.getNumElements() : 0;
}

int64_t MathBuilder::bitsOf(double x) const {
  if (isF64_)
    return std::bit_cast<int64_t>(x);
  return std::bit_cast<int32_t>(float(x));
}

Value MathBuilder::constant(Type type, TypedAttr element) {
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, Attribute(element));
  return b_.op<arith::ConstantOp>(element);
}

Real MathBuilder::real(double x) {
  Type element = getElementTypeOrSelf(like_);
  return wrap(constant(like_, isF64_ ? b_.getFloatAttr(element, x)
                                     : FloatAttr::get(element, llvm::APFloat(float(x)))));
}

Bits MathBuilder::bits(int64_t x) {
  return {{this, constant(bitsType_, b_.getIntegerAttr(getElementTypeOrSelf(bitsType_), x))}};
}

Real MathBuilder::fma(Real a, Real b, Real c) {
  return hasFma() ? wrap(b_.op<math::FmaOp>(a.v, b.v, c.v)) : a * b + c;
}

Real MathBuilder::polynomial(Real t, const Polynomial &p) {
  llvm::ArrayRef<double> c = isF64_ ? p.f64 : p.f32;
  Real sum = real(c.back());
  for (double next : llvm::reverse(c.drop_back()))
    sum = fma(sum, t, next);
  return sum;
}

Real MathBuilder::abs(Real x) { return wrap(b_.op<math::AbsFOp>(x.v)); }
Real MathBuilder::sqrt(Real x) { return wrap(b_.op<math::SqrtOp>(x.v)); }
Real MathBuilder::copysign(Real magnitude, Real sign) {
  return wrap(b_.op<math::CopySignOp>(magnitude.v, sign.v));
}

Rounded MathBuilder::roundScaled(Real x, double factor) {
  Real sum = factor == 1 ? x + magic() : fma(x, factor, magic());
  return {sum - magic(), asBits(sum)};
}

Real MathBuilder::trunc(Real x) { return wrap(b_.op<math::TruncOp>(x.v)); }
Real MathBuilder::floor(Real x) { return wrap(b_.op<math::FloorOp>(x.v)); }

Real MathBuilder::select(Mask c, Real a, Real b) { return wrap(b_.select(c.v, a.v, b.v)); }
Bits MathBuilder::select(Mask c, Bits a, Bits b) { return {{this, b_.select(c.v, a.v, b.v)}}; }

Real MathBuilder::atMost(Real x, double limit) {
  Real l = real(limit);
  return select(l < x, l, x);
}

Real MathBuilder::atLeast(Real x, double limit) {
  Real l = real(limit);
  return select(l > x, l, x);
}

Bits MathBuilder::asBits(Real x) { return {{this, b_.op<arith::BitcastOp>(bitsType_, x.v)}}; }
Real MathBuilder::asReal(Bits x) { return wrap(b_.op<arith::BitcastOp>(like_, x.v)); }

Real MathBuilder::powerOfTwo(Bits biased) { return asReal(biased << mantissaBits()); }

Real MathBuilder::scale(Real p, Bits raw, int64_t extra) {
  // Two factors, the first exact, so that subnormal results are rounded once.
  Bits twice = raw - (bitsOf(magic()) - 2 * bias() - extra);
  Bits half = twice >> 1;
  return p * powerOfTwo(half) * powerOfTwo(twice - half);
}

Real MathBuilder::scaleNormal(Real p, Bits raw, int64_t extra) {
  return p * powerOfTwo(raw - (bitsOf(magic()) - bias() - extra));
}

Pair MathBuilder::twoSum(Real a, Real b) { // Knuth
  Real sum = a + b;
  Real second = sum - a;
  return {sum, (a - (sum - second)) + (b - second)};
}

Pair MathBuilder::fastTwoSum(Real a, Real b) { // Dekker
  Real sum = a + b;
  return {sum, (a - sum) + b};
}

Real MathBuilder::upperHalf(Real x) {
  return asReal(asBits(x) & -(int64_t(1) << (isF64_ ? 27 : 12)));
}

Pair MathBuilder::twoProduct(Real a, Real b) {
  Real product = a * b;
  if (hasFma())
    return {product, fma(a, b, -product)};
  // Dekker's product; halves are split off by a mask.
  Real aHigh = upperHalf(a), bHigh = upperHalf(b);
  Real aLow = a - aHigh, bLow = b - bHigh;
  return {product, ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow};
}

Mask MathBuilder::isPositiveFinite(Real x) {
  return compare(arith::CmpIPredicate::ult, asBits(x) - 1,
                 bits(bitsOf(std::numeric_limits<double>::infinity()) - 1));
}

Real MathBuilder::keepNaN(Real x, Real y, Real result) {
  Real nan = select(x != x, x, y);
  return select(compare(arith::CmpFPredicate::UNO, x, y), nan + nan, result);
}

Value MathBuilder::any(Mask c) {
  if (!lanes())
    return c.v;
  return b_.op<vector::ReductionOp>(vector::CombiningKind::OR, c.v);
}

llvm::SmallVector<Value> MathBuilder::ifAny(Mask c, llvm::ArrayRef<Value> otherwise,
                                            llvm::function_ref<LoopBuilder::Values()> then) {
  return b_.ifYield(any(c), then,
                    [&] { return LoopBuilder::Values(otherwise.begin(), otherwise.end()); });
}

Real MathBuilder::extend(Real x, MathBuilder &wide) {
  return wide.wrap(b_.op<arith::ExtFOp>(wide.realType(), x.v));
}
Real MathBuilder::round(Real wide) { return wrap(b_.op<arith::TruncFOp>(like_, wide.v)); }

Mask MathBuilder::compare(arith::CmpFPredicate p, Real a, Real b) {
  return {{this, b_.op<arith::CmpFOp>(p, a.v, b.v)}};
}
Mask MathBuilder::compare(arith::CmpIPredicate p, Bits a, Bits b) {
  return {{this, b_.op<arith::CmpIOp>(p, a.v, b.v)}};
}

} // namespace ricci::vector_math
