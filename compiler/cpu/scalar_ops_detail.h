//===- scalar_ops_detail.h - what the files of ScalarOps share ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/scalar_ops.h"
#include "compiler/cpu/vector_math.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace ricci {

/// Writes arithmetic on scalars and on vectors alike: constants and types take the shape of a value
/// that is given.
class ElementBuilder {
public:
  using Value = mlir::Value;
  using FloatIs = mlir::arith::CmpFPredicate;
  using IntIs = mlir::arith::CmpIPredicate;

  ElementBuilder(LoopBuilder &b, const Target &target) : b_(b), target_(target) {}

  mlir::Type typeLike(Value shape, mlir::Type element) const;
  mlir::Type intTypeLike(Value shape, unsigned bits) const;
  /// A constant of the type of `like`, a float.
  Value number(Value like, double value);
  /// A constant of the type of `like`, an integer or i1, modulo 2^bits.
  Value integer(Value like, uint64_t value);
  Value boolean(Value shape, bool value);

  // Integers and i1.
  Value addi(Value a, Value b) { return make<mlir::arith::AddIOp>(a, b); }
  Value subi(Value a, Value b) { return make<mlir::arith::SubIOp>(a, b); }
  Value muli(Value a, Value b) { return make<mlir::arith::MulIOp>(a, b); }
  Value both(Value a, Value b) { return make<mlir::arith::AndIOp>(a, b); }
  Value either(Value a, Value b) { return make<mlir::arith::OrIOp>(a, b); }
  Value exclusive(Value a, Value b) { return make<mlir::arith::XOrIOp>(a, b); }
  /// All bits turned; of i1: the negation.
  Value complement(Value a) { return exclusive(a, integer(a, ~uint64_t(0))); }
  Value compare(IntIs is, Value a, Value b) { return make<mlir::arith::CmpIOp>(is, a, b); }

  // Floats.
  Value addf(Value a, Value b) { return make<mlir::arith::AddFOp>(a, b); }
  Value subf(Value a, Value b) { return make<mlir::arith::SubFOp>(a, b); }
  Value mulf(Value a, Value b) { return make<mlir::arith::MulFOp>(a, b); }
  Value divf(Value a, Value b) { return make<mlir::arith::DivFOp>(a, b); }
  Value negate(Value a) { return make<mlir::arith::NegFOp>(a); }
  Value magnitude(Value a) { return make<mlir::math::AbsFOp>(a); }
  Value withSign(Value a, Value sign) { return make<mlir::math::CopySignOp>(a, sign); }
  Value sqrt(Value a) { return make<mlir::math::SqrtOp>(a); }
  Value compare(FloatIs is, Value a, Value b) { return make<mlir::arith::CmpFOp>(is, a, b); }
  Value compare(FloatIs is, Value a, double b) { return compare(is, a, number(a, b)); }
  Value isNaN(Value a) { return compare(FloatIs::UNO, a, a); }
  Value isInfinite(Value a) { return compare(FloatIs::OEQ, magnitude(a), infinity); }
  Value isFinite(Value a) { return compare(FloatIs::OLT, magnitude(a), infinity); }
  /// f32 rounded to f16 or bf16, as f32; other types as they are.
  Value rounded(Value a, DType dtype);

  Value select(Value condition, Value a, Value b) {
    return make<mlir::arith::SelectOp>(condition, a, b);
  }
  Value bitcast(Value a, mlir::Type element) {
    return make<mlir::arith::BitcastOp>(typeLike(a, element), a);
  }
  Value math(ScalarOp op, mlir::ValueRange operands) { return emitMath(b_, target_, op, operands); }

  template <typename Op, typename... Args> Value make(Args &&...args) {
    return b_.op<Op>(std::forward<Args>(args)...);
  }
  LoopBuilder &builder() { return b_; }

  static constexpr double infinity = __builtin_huge_val();

private:
  LoopBuilder &b_;
  const Target &target_;
};

/// `op` on b1 (as i1) and on integers.
mlir::Value emitBoolOp(ElementBuilder &e, ScalarOp op, mlir::ValueRange x);
mlir::Value emitIntegerOp(ElementBuilder &e, ScalarOp op, DType dtype, mlir::ValueRange x);
/// On f32, f64, and f32 that holds f16 or bf16.
mlir::Value emitFloatOp(ElementBuilder &e, ScalarOp op, DType dtype, mlir::ValueRange x);
/// On c64 and c128.
Number emitComplexOp(ElementBuilder &e, ScalarOp op, DType dtype, llvm::ArrayRef<Number> x);

} // namespace ricci
