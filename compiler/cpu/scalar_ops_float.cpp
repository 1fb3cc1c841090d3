//===- scalar_ops_float.cpp - operations on floats -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/scalar_ops_detail.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace ricci {
namespace {

using FloatIs = arith::CmpFPredicate;
using IntIs = arith::CmpIPredicate;

/// Whether the value is a constant, and no NaN.
bool isNumber(Value x) {
  if (auto vector = x.getDefiningOp<vector::BroadcastOp>())
    x = vector.getSource();
  APFloat value(0.0);
  return matchPattern(x, m_ConstantFloat(&value)) && !value.isNaN();
}

/// The greater (`beyond` OGT) or lesser (OLT) operand, or NaN where one is. Of equal numbers, which
/// are zeros if they differ at all, the second as x86's instructions and NumPy with them, but the
/// first for f16.
Value extremum(ElementBuilder &e, DType dtype, FloatIs beyond, ValueRange x) {
  bool first = dtype == DType::f16, greater = beyond == FloatIs::OGT;
  FloatIs orEqual = greater ? FloatIs::OGE : FloatIs::OLE;
  if (isNumber(x[1])) // relu: NaN is not beyond it
    return e.select(e.compare(first ? beyond : orEqual, x[1], x[0]), x[1], x[0]);
  if (first)
    beyond = orEqual;
  // The comparison is false for a NaN in either: one instruction, that gives the second then. A NaN
  // that were x[0] itself would be merged into the comparison, and that takes more.
  Value result = e.select(e.compare(beyond, x[0], x[1]), x[0], x[1]);
  return e.select(e.isNaN(x[0]), e.number(x[0], std::nan("")), result);
}

/// As `extremum`; NaN only where both are.
Value extremumOfNumbers(ElementBuilder &e, DType dtype, FloatIs beyond, ValueRange x) {
  if (dtype == DType::f16)
    beyond = beyond == FloatIs::OGT ? FloatIs::OGE : FloatIs::OLE;
  Value result = e.select(e.compare(beyond, x[0], x[1]), x[0], x[1]);
  return e.select(e.isNaN(x[1]), x[0], result);
}

/// NaN stays; the sign of both zeros is 0, in bf16 (which is ml_dtypes') the zero itself.
Value sign(ElementBuilder &e, DType dtype, Value x) {
  Value zero = dtype == DType::bf16 ? x : e.number(x, 0);
  Value result = e.select(e.isNaN(x), x, zero);
  result = e.select(e.compare(FloatIs::OLT, x, 0), e.number(x, -1), result);
  return e.select(e.compare(FloatIs::OGT, x, 0), e.number(x, 1), result);
}

/// 0, y or 1 where x is below, at or above 0.
Value heaviside(ElementBuilder &e, ValueRange x) {
  Value result = e.select(e.compare(FloatIs::OEQ, x[0], 0), x[1], x[0]);
  result = e.select(e.compare(FloatIs::OLT, x[0], 0), e.number(x[0], 0), result);
  return e.select(e.compare(FloatIs::OGT, x[0], 0), e.number(x[0], 1), result);
}

/// Floats of one sign are ordered as their bits: steps these by one.
Value nextAfter(ElementBuilder &e, DType dtype, Value x, Value y) {
  LoopBuilder &b = e.builder();
  unsigned bits = unsigned(8 * itemSize(dtype));
  Type small = dtype == DType::f16    ? Type(b.getF16Type())
               : dtype == DType::bf16 ? Type(b.getBF16Type())
                                      : getElementTypeOrSelf(x.getType());
  bool isSmall = bits == 16;
  Value from = isSmall ? e.make<arith::TruncFOp>(e.typeLike(x, small), x) : x;
  Value pattern = e.bitcast(from, b.getIntegerType(bits));
  Value isUp = e.compare(FloatIs::OLT, x, y), isPositive = e.compare(FloatIs::OGT, x, 0);
  Value isAway = e.complement(e.exclusive(isUp, isPositive));
  Value step = e.select(isAway, e.integer(pattern, 1), e.integer(pattern, ~uint64_t(0)));
  // From 0: the least number with y's sign.
  Value down = e.integer(pattern, (uint64_t(1) << (bits - 1)) | 1);
  Value fromZero = e.select(isUp, e.integer(pattern, 1), down);
  Value next = e.select(e.compare(FloatIs::OEQ, x, 0), fromZero, e.addi(pattern, step));
  next = e.bitcast(next, small);
  if (isSmall)
    next = e.make<arith::ExtFOp>(x.getType(), next);
  // y, like C's functions, but x in NumPy's own for f16.
  Value result = e.select(e.compare(FloatIs::OEQ, x, y), dtype == DType::f16 ? x : y, next);
  result = e.select(e.isNaN(y), y, result);
  return e.select(e.isNaN(x), x, result);
}

Value signBit(ElementBuilder &e, Value x) {
  Value bits = e.bitcast(
      x, e.builder().getIntegerType(getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth()));
  return e.compare(IntIs::slt, bits, e.integer(bits, 0));
}

} // namespace

Value emitFloatOp(ElementBuilder &e, ScalarOp op, DType dtype, ValueRange x) {
  auto compare = [&](FloatIs is) { return e.compare(is, x[0], x[1]); };
  switch (op) {
  case ScalarOp::Add:
    return e.rounded(e.addf(x[0], x[1]), dtype);
  case ScalarOp::Subtract:
    return e.rounded(e.subf(x[0], x[1]), dtype);
  case ScalarOp::Multiply:
    return e.rounded(e.mulf(x[0], x[1]), dtype);
  case ScalarOp::Divide:
    return e.rounded(e.divf(x[0], x[1]), dtype);
  case ScalarOp::Sqrt:
    return e.rounded(e.sqrt(x[0]), dtype);

  // Exact in every type.
  case ScalarOp::Negative:
    return e.negate(x[0]);
  case ScalarOp::Absolute:
    return e.magnitude(x[0]);
  case ScalarOp::Sign:
    return sign(e, dtype, x[0]);
  case ScalarOp::Maximum:
    return extremum(e, dtype, FloatIs::OGT, x);
  case ScalarOp::Minimum:
    return extremum(e, dtype, FloatIs::OLT, x);
  case ScalarOp::Fmax:
    return extremumOfNumbers(e, dtype, FloatIs::OGT, x);
  case ScalarOp::Fmin:
    return extremumOfNumbers(e, dtype, FloatIs::OLT, x);
  case ScalarOp::Floor:
    return e.make<math::FloorOp>(x[0]);
  case ScalarOp::Ceil:
    return e.make<math::CeilOp>(x[0]);
  case ScalarOp::Trunc:
    return e.make<math::TruncOp>(x[0]);
  case ScalarOp::Rint:
    return e.make<math::RoundEvenOp>(x[0]);
  case ScalarOp::Copysign:
    return e.withSign(x[0], x[1]);
  case ScalarOp::Nextafter:
    return nextAfter(e, dtype, x[0], x[1]);
  case ScalarOp::Heaviside:
    return heaviside(e, x);

  case ScalarOp::Signbit:
    return signBit(e, x[0]);
  case ScalarOp::Isnan:
    return e.isNaN(x[0]);
  case ScalarOp::Isinf:
    return e.isInfinite(x[0]);
  case ScalarOp::Isfinite:
    return e.isFinite(x[0]);
  case ScalarOp::Equal:
    return compare(FloatIs::OEQ);
  case ScalarOp::NotEqual:
    return compare(FloatIs::UNE);
  case ScalarOp::Less:
    return compare(FloatIs::OLT);
  case ScalarOp::LessEqual:
    return compare(FloatIs::OLE);
  case ScalarOp::Greater:
    return compare(FloatIs::OGT);
  case ScalarOp::GreaterEqual:
    return compare(FloatIs::OGE);
  default:
    return e.rounded(e.math(op, x), dtype);
  }
}

} // namespace ricci
