//===- scalar_ops_integer.cpp - operations on bool and integers --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing here traps or is undefined: divisors and shift counts are replaced before the operation
// where LLVM leaves the result open, and the result after it.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/scalar_ops_detail.h"

using namespace mlir;

namespace ricci {
namespace {

using IntIs = arith::CmpIPredicate;

class IntegerOps {
public:
  IntegerOps(ElementBuilder &e, DType dtype)
      : e(e), isSigned_(kindOf(dtype) == DTypeKind::Int), bits_(unsigned(8 * itemSize(dtype))) {}

  Value less(Value a, Value b) { return e.compare(isSigned_ ? IntIs::slt : IntIs::ult, a, b); }
  Value lessEqual(Value a, Value b) { return e.compare(isSigned_ ? IntIs::sle : IntIs::ule, a, b); }
  Value equals(Value a, uint64_t b) { return e.compare(IntIs::eq, a, e.integer(a, b)); }
  Value isNegative(Value a) { return e.compare(IntIs::slt, a, zero(a)); }
  Value zero(Value like) { return e.integer(like, 0); }
  Value minus(Value a) { return e.subi(zero(a), a); }

  Value maximum(Value a, Value b) { return e.select(less(a, b), b, a); }
  Value minimum(Value a, Value b) { return e.select(less(a, b), a, b); }
  Value absolute(Value a) { return isSigned_ ? e.select(isNegative(a), minus(a), a) : a; }

  Value sign(Value a) {
    Value one = e.integer(a, 1), positive = e.select(equals(a, 0), zero(a), one);
    return isSigned_ ? e.select(isNegative(a), e.integer(a, ~uint64_t(0)), positive) : positive;
  }

  Value floorDivide(Value a, Value b) {
    Division d = divide(a, b);
    if (isSigned_)
      d.quotient = e.select(d.signsDiffer, e.subi(d.quotient, e.integer(a, 1)), d.quotient);
    return e.select(equals(b, 0), zero(a), d.quotient);
  }

  /// With the sign of the divisor.
  Value remainder(Value a, Value b) {
    Division d = divide(a, b);
    if (isSigned_)
      d.rest = e.select(d.signsDiffer, e.addi(d.rest, b), d.rest);
    return e.select(equals(b, 0), zero(a), d.rest);
  }

  /// With the sign of the dividend.
  Value fmod(Value a, Value b) { return e.select(equals(b, 0), zero(a), divide(a, b).rest); }

  Value leftShift(Value a, Value count) {
    Value isWithin = e.compare(IntIs::ult, count, e.integer(count, bits_));
    Value safe = e.select(isWithin, count, zero(count));
    return e.select(isWithin, e.make<arith::ShLIOp>(a, safe), zero(a));
  }

  Value rightShift(Value a, Value count) {
    Value last = e.integer(count, bits_ - 1);
    Value isWithin = e.compare(IntIs::ult, count, e.integer(count, bits_));
    Value safe = e.select(isWithin, count, last);
    if (isSigned_)
      return e.make<arith::ShRSIOp>(a, safe); // by bits - 1: 0 or -1
    return e.select(isWithin, e.make<arith::ShRUIOp>(a, safe), zero(a));
  }

  /// By squaring, until no lane has bits of its exponent left. Of a negative exponent, what the
  /// exact result truncates to, with 0 for base 0 (NumPy raises an exception).
  Value power(Value base, Value exponent) {
    LoopBuilder &b = e.builder();
    Value one = e.integer(base, 1), start = exponent;
    if (isSigned_)
      start = e.select(isNegative(exponent), zero(exponent), exponent);
    Type type = base.getType();
    Location loc = b.getLoc();
    SmallVector<Type> types(3, type);
    SmallVector<Location> locs(3, loc);
    auto loop = b.op<scf::WhileOp>(TypeRange(types), ValueRange{one, base, start});
    {
      OpBuilder::InsertionGuard guard(b);
      Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
      Value left = before->getArgument(2);
      if (isa<VectorType>(type))
        left = e.make<vector::ReductionOp>(vector::CombiningKind::OR, left);
      Value goesOn = e.compare(IntIs::ne, left, e.integer(left, 0));
      b.op<scf::ConditionOp>(goesOn, before->getArguments());
      Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
      Value result = after->getArgument(0), square = after->getArgument(1),
            rest = after->getArgument(2);
      Value isOdd = e.compare(IntIs::ne, e.both(rest, one), zero(rest));
      result = e.select(isOdd, e.muli(result, square), result);
      square = e.muli(square, square);
      rest = e.make<arith::ShRUIOp>(rest, one);
      b.op<scf::YieldOp>(ValueRange{result, square, rest});
    }
    Value result = loop.getResult(0);
    if (!isSigned_)
      return result;
    Value minusOne = e.integer(base, ~uint64_t(0));
    Value isOdd = e.compare(IntIs::ne, e.both(exponent, one), zero(base));
    Value ofMinusOne =
        e.select(equals(base, ~uint64_t(0)), e.select(isOdd, minusOne, one), zero(base));
    Value inverse = e.select(equals(base, 1), one, ofMinusOne);
    return e.select(isNegative(exponent), inverse, result);
  }

private:
  struct Division {
    Value quotient, rest; ///< truncated; of a divisor of 0: anything
    Value signsDiffer;    ///< of a rest that is not 0 and the divisor
  };

  Division divide(Value a, Value b) {
    Value one = e.integer(b, 1), isUnsafe = equals(b, 0), isMinusOne;
    if (isSigned_) {
      isMinusOne = equals(b, ~uint64_t(0));
      isUnsafe = e.either(isUnsafe, isMinusOne); // the least number / -1 wraps
    }
    Division d;
    d.quotient = truncatedQuotient(a, e.select(isUnsafe, one, b), isSame(b));
    if (isSigned_)
      d.quotient = e.select(isMinusOne, minus(a), d.quotient);
    d.rest = e.subi(a, e.muli(d.quotient, b));
    if (isSigned_)
      d.signsDiffer =
          e.both(e.compare(IntIs::ne, d.rest, zero(a)), isNegative(e.exclusive(d.rest, b)));
    return d;
  }

  /// CPUs have no vector division of integers. A float division of numbers of less than half of
  /// the mantissa's digits, truncated, is exact. So is the product with the inverse of a divisor
  /// that is the same for all, which leaves the loop, where that is a little too large: a whole
  /// quotient is not missed, and any other is at least 1 / a of itself from the next whole number.
  /// 64 bits are divided lane by lane.
  Value truncatedQuotient(Value a, Value b, bool sameDivisor) {
    LoopBuilder &builder = e.builder();
    if (bits_ == 64)
      return isSigned_ ? e.make<arith::DivSIOp>(a, b) : e.make<arith::DivUIOp>(a, b);
    if (bits_ == 32) {
      Type doubles = e.typeLike(a, builder.getF64Type());
      auto wide = [&](Value v) {
        return isSigned_ ? e.make<arith::SIToFPOp>(doubles, v)
                         : e.make<arith::UIToFPOp>(doubles, v);
      };
      Value quotient =
          sameDivisor ? e.mulf(wide(a), inverseAbove(wide(b), 0x1p-51)) : e.divf(wide(a), wide(b));
      return isSigned_ ? e.make<arith::FPToSIOp>(a.getType(), quotient)
                       : e.make<arith::FPToUIOp>(a.getType(), quotient);
    }
    Type floats = e.typeLike(a, builder.getF32Type()), words = e.intTypeLike(a, 32);
    auto wide = [&](Value v) {
      Value word = isSigned_ ? e.make<arith::ExtSIOp>(words, v) : e.make<arith::ExtUIOp>(words, v);
      return e.make<arith::SIToFPOp>(floats, word);
    };
    Value quotient =
        sameDivisor ? e.mulf(wide(a), inverseAbove(wide(b), 0x1p-22)) : e.divf(wide(a), wide(b));
    quotient = e.make<arith::FPToSIOp>(words, quotient);
    return e.make<arith::TruncIOp>(a.getType(), quotient);
  }

  /// Whether all lanes are known to be the same number.
  static bool isSame(Value v) {
    return isa_and_nonnull<arith::ConstantOp, vector::BroadcastOp>(v.getDefiningOp());
  }

  /// 1 / x, further from 0 by two or three of this part of it.
  Value inverseAbove(Value x, double part) {
    return e.mulf(e.divf(e.number(x, 1), x), e.number(x, 1 + part));
  }

  ElementBuilder &e;
  bool isSigned_;
  unsigned bits_;
};

} // namespace

Value emitBoolOp(ElementBuilder &e, ScalarOp op, ValueRange x) {
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Maximum:
  case ScalarOp::Fmax:
  case ScalarOp::BitwiseOr:
    return e.either(x[0], x[1]);
  case ScalarOp::Multiply:
  case ScalarOp::Minimum:
  case ScalarOp::Fmin:
  case ScalarOp::BitwiseAnd:
    return e.both(x[0], x[1]);
  case ScalarOp::NotEqual:
  case ScalarOp::BitwiseXor:
    return e.exclusive(x[0], x[1]);
  case ScalarOp::Equal:
    return e.complement(e.exclusive(x[0], x[1]));
  case ScalarOp::Less:
    return e.both(e.complement(x[0]), x[1]);
  case ScalarOp::LessEqual:
    return e.either(e.complement(x[0]), x[1]);
  case ScalarOp::Greater:
    return e.both(x[0], e.complement(x[1]));
  case ScalarOp::GreaterEqual:
    return e.either(x[0], e.complement(x[1]));
  case ScalarOp::Invert:
    return e.complement(x[0]);
  case ScalarOp::Absolute:
  case ScalarOp::Floor:
  case ScalarOp::Ceil:
  case ScalarOp::Trunc:
    return x[0];
  case ScalarOp::Isnan:
  case ScalarOp::Isinf:
    return e.boolean(x[0], false);
  case ScalarOp::Isfinite:
    return e.boolean(x[0], true);
  default:
    llvm_unreachable("not an operation on bool");
  }
}

Value emitIntegerOp(ElementBuilder &e, ScalarOp op, DType dtype, ValueRange x) {
  IntegerOps ops(e, dtype);
  switch (op) {
  case ScalarOp::Add:
    return e.addi(x[0], x[1]);
  case ScalarOp::Subtract:
    return e.subi(x[0], x[1]);
  case ScalarOp::Multiply:
    return e.muli(x[0], x[1]);
  case ScalarOp::FloorDivide:
    return ops.floorDivide(x[0], x[1]);
  case ScalarOp::Remainder:
    return ops.remainder(x[0], x[1]);
  case ScalarOp::Fmod:
    return ops.fmod(x[0], x[1]);
  case ScalarOp::Power:
    return ops.power(x[0], x[1]);
  case ScalarOp::Negative:
    return ops.minus(x[0]);
  case ScalarOp::Absolute:
    return ops.absolute(x[0]);
  case ScalarOp::Sign:
    return ops.sign(x[0]);
  case ScalarOp::Maximum:
  case ScalarOp::Fmax:
    return ops.maximum(x[0], x[1]);
  case ScalarOp::Minimum:
  case ScalarOp::Fmin:
    return ops.minimum(x[0], x[1]);
  case ScalarOp::Floor:
  case ScalarOp::Ceil:
  case ScalarOp::Trunc:
    return x[0];
  case ScalarOp::Isnan:
  case ScalarOp::Isinf:
    return e.boolean(x[0], false);
  case ScalarOp::Isfinite:
    return e.boolean(x[0], true);
  case ScalarOp::Equal:
    return e.compare(IntIs::eq, x[0], x[1]);
  case ScalarOp::NotEqual:
    return e.compare(IntIs::ne, x[0], x[1]);
  case ScalarOp::Less:
    return ops.less(x[0], x[1]);
  case ScalarOp::LessEqual:
    return ops.lessEqual(x[0], x[1]);
  case ScalarOp::Greater:
    return ops.less(x[1], x[0]);
  case ScalarOp::GreaterEqual:
    return ops.lessEqual(x[1], x[0]);
  case ScalarOp::BitwiseAnd:
    return e.both(x[0], x[1]);
  case ScalarOp::BitwiseOr:
    return e.either(x[0], x[1]);
  case ScalarOp::BitwiseXor:
    return e.exclusive(x[0], x[1]);
  case ScalarOp::Invert:
    return e.complement(x[0]);
  case ScalarOp::LeftShift:
    return ops.leftShift(x[0], x[1]);
  case ScalarOp::RightShift:
    return ops.rightShift(x[0], x[1]);
  default:
    llvm_unreachable("not an operation on integers");
  }
}

} // namespace ricci
