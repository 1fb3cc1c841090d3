//===- scalar_casts.cpp - astype on registers ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As NumPy on x86-64 (and ml_dtypes for bf16, to which all numbers go by way of f32). Of a float
// that an integer type does not hold, C leaves the result open; NumPy has that of the instructions
// its compiler chooses, and so it is here:
//   i8 i16 i32 u8 u16: cvttss2si or cvttsd2si to 32 bits (the least number where it does not fit or
//   is NaN), then the low bits
//   i64 u32: the same with 64 bits
//   u64: below 2^63 as i64; from there on, x - 2^63 as i64 with its highest bit turned
// (NumPy's vector loops have another result for some floats beyond u32, which depends on where in
// the array they are.)
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/scalar_ops_detail.h"

using namespace mlir;

namespace ricci {
namespace {

using FloatIs = arith::CmpFPredicate;
using IntIs = arith::CmpIPredicate;

bool isFloat(DType dtype) { return kindOf(dtype) == DTypeKind::Float; }
unsigned bitsOf(DType dtype) { return dtype == DType::b1 ? 1 : unsigned(8 * itemSize(dtype)); }

Value isNonZero(ElementBuilder &e, Value x, DType dtype) {
  if (isFloat(dtype))
    return e.compare(FloatIs::UNE, x, 0);
  return e.compare(IntIs::ne, x, e.integer(x, 0));
}

/// What cvttss2si and cvttsd2si do; arith.fptosi is poison where the number does not fit.
Value truncateAsInstruction(ElementBuilder &e, Value x, unsigned bits) {
  double bound = bits == 64 ? 0x1p63 : 0x1p31;
  Type type = e.intTypeLike(x, bits);
  // Of f64, numbers between -2^31 - 1 and -2^31 truncate to what the others get too.
  Value fits = e.both(e.compare(FloatIs::OGE, x, -bound), e.compare(FloatIs::OLT, x, bound));
  Value safe = e.select(fits, x, e.number(x, 0));
  Value result = e.make<arith::FPToSIOp>(type, safe);
  return e.select(fits, result, e.integer(result, uint64_t(1) << (bits - 1)));
}

Value floatToInteger(ElementBuilder &e, Value x, DType to) {
  unsigned bits = bitsOf(to);
  if (to == DType::u64) {
    Value isHigh = e.compare(FloatIs::OGE, x, 0x1p63);
    Value low = e.select(isHigh, e.subf(x, e.number(x, 0x1p63)), x);
    Value result = truncateAsInstruction(e, low, 64);
    Value turned = e.exclusive(result, e.integer(result, uint64_t(1) << 63));
    return e.select(isHigh, turned, result);
  }
  unsigned through = bits == 64 || to == DType::u32 ? 64 : 32;
  Value result = truncateAsInstruction(e, x, through);
  return bits == through ? result : e.make<arith::TruncIOp>(e.intTypeLike(x, bits), result);
}

Value integerToFloat(ElementBuilder &e, Value x, DType from, DType to) {
  LoopBuilder &b = e.builder();
  Type type = e.typeLike(x, to == DType::f64 ? Type(b.getF64Type()) : Type(b.getF32Type()));
  if (from == DType::b1) {
    Value one = b.op<arith::ConstantOp>(cast<TypedAttr>(b.getOneAttr(type)));
    return e.select(x, one, e.number(one, 0));
  }
  Value wide = kindOf(from) == DTypeKind::Int ? e.make<arith::SIToFPOp>(type, x)
                                              : e.make<arith::UIToFPOp>(type, x);
  // Rounds once to f16 too: f32 holds every integer up to its greatest number.
  return e.rounded(wide, to);
}

Value floatToFloat(ElementBuilder &e, Value x, DType from, DType to) {
  LoopBuilder &b = e.builder();
  Type f32 = e.typeLike(x, b.getF32Type());
  if (from == DType::f64 && to == DType::f16) // once
    return e.make<arith::ExtFOp>(f32, e.make<arith::TruncFOp>(e.typeLike(x, b.getF16Type()), x));
  if (from == DType::f64)
    return e.rounded(e.make<arith::TruncFOp>(f32, x), to);
  if (to == DType::f64)
    return e.make<arith::ExtFOp>(e.typeLike(x, b.getF64Type()), x);
  return e.rounded(x, to);
}

Value castComponent(ElementBuilder &e, Value x, DType from, DType to) {
  if (from == to)
    return x;
  if (to == DType::b1)
    return isNonZero(e, x, from);
  if (isFloat(from))
    return isFloat(to) ? floatToFloat(e, x, from, to) : floatToInteger(e, x, to);
  if (isFloat(to))
    return integerToFloat(e, x, from, to);
  unsigned fromBits = bitsOf(from), toBits = bitsOf(to);
  Type type = e.intTypeLike(x, toBits);
  if (toBits < fromBits)
    return e.make<arith::TruncIOp>(type, x);
  if (toBits == fromBits)
    return x;
  return kindOf(from) == DTypeKind::Int ? e.make<arith::ExtSIOp>(type, x)
                                        : e.make<arith::ExtUIOp>(type, x);
}

} // namespace

Number ScalarOps::cast(Number value, DType from, DType to) {
  ElementBuilder e(b_, target_);
  DType fromPart = componentDType(from), toPart = componentDType(to);
  bool fromComplex = kindOf(from) == DTypeKind::Complex;
  if (fromComplex && to == DType::b1)
    return {e.either(isNonZero(e, value.re, fromPart), isNonZero(e, value.im, fromPart)), {}};
  Number result{castComponent(e, value.re, fromPart, toPart), {}};
  if (kindOf(to) == DTypeKind::Complex)
    result.im = fromComplex ? castComponent(e, value.im, fromPart, toPart) : e.number(result.re, 0);
  return result;
}

} // namespace ricci
