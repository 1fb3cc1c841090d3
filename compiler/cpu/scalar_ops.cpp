//===- scalar_ops.cpp - the operations of the language on registers ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/scalar_ops_detail.h"

#include "runtime/half.h"

#include <cstring>

using namespace mlir;

namespace ricci {

Type registerType(MLIRContext *context, DType dtype, int lanes) {
  Type element;
  switch (kindOf(dtype)) {
  case DTypeKind::Bool:
    element = IntegerType::get(context, 1);
    break;
  case DTypeKind::Int:
  case DTypeKind::UInt:
    element = IntegerType::get(context, unsigned(8 * itemSize(dtype)));
    break;
  case DTypeKind::Float:
  case DTypeKind::Complex:
    element = componentDType(dtype) == DType::f64 ? Type(Float64Type::get(context))
                                                  : Type(Float32Type::get(context));
    break;
  }
  return lanes ? Type(VectorType::get({lanes}, element)) : element;
}

//===----------------------------------------------------------------------===//
// ElementBuilder
//===----------------------------------------------------------------------===//

Type ElementBuilder::typeLike(Value shape, Type element) const {
  auto vector = dyn_cast<VectorType>(shape.getType());
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

Type ElementBuilder::intTypeLike(Value shape, unsigned bits) const {
  return typeLike(shape, b_.getIntegerType(bits));
}

/// An attribute in every element of `type`.
static TypedAttr splat(Type type, TypedAttr element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? TypedAttr(DenseElementsAttr::get(vector, Attribute(element))) : element;
}

Value ElementBuilder::number(Value like, double value) {
  Type type = like.getType();
  return make<arith::ConstantOp>(splat(type, FloatAttr::get(getElementTypeOrSelf(type), value)));
}

static TypedAttr integerAttr(Type type, uint64_t value) {
  Type element = getElementTypeOrSelf(type);
  llvm::APInt bits(element.getIntOrFloatBitWidth(), value, /*isSigned=*/false,
                   /*implicitTrunc=*/true);
  return splat(type, IntegerAttr::get(element, bits));
}

Value ElementBuilder::integer(Value like, uint64_t value) {
  return make<arith::ConstantOp>(integerAttr(like.getType(), value));
}

Value ElementBuilder::boolean(Value shape, bool value) {
  return make<arith::ConstantOp>(integerAttr(typeLike(shape, b_.getI1Type()), value));
}

Value ElementBuilder::rounded(Value a, DType dtype) {
  if (dtype != DType::f16 && dtype != DType::bf16)
    return a;
  Type small = dtype == DType::f16 ? Type(b_.getF16Type()) : Type(b_.getBF16Type());
  Value narrow = make<arith::TruncFOp>(typeLike(a, small), a);
  return make<arith::ExtFOp>(a.getType(), narrow);
}

//===----------------------------------------------------------------------===//
// ScalarOps
//===----------------------------------------------------------------------===//

Number ScalarOps::apply(ScalarOp op, DType computed, llvm::ArrayRef<Number> operands) {
  assert(int(operands.size()) == info(op).arity && computeDType(op, computed) == computed);
  ElementBuilder e(b_, target_);
  if (op == ScalarOp::Where) {
    const Number &x = operands[1], &y = operands[2];
    Number result{e.select(operands[0].re, x.re, y.re), {}};
    if (x.im)
      result.im = e.select(operands[0].re, x.im, y.im);
    return result;
  }
  LoopBuilder::Values x;
  for (const Number &operand : operands)
    x.push_back(operand.re);
  switch (kindOf(computed)) {
  case DTypeKind::Bool:
    return {emitBoolOp(e, op, x), {}};
  case DTypeKind::Int:
  case DTypeKind::UInt:
    return {emitIntegerOp(e, op, computed, x), {}};
  case DTypeKind::Float:
    return {emitFloatOp(e, op, computed, x), {}};
  case DTypeKind::Complex:
    return emitComplexOp(e, op, computed, operands);
  }
  llvm_unreachable("a kind of dtype");
}

template <typename T> static T read(const void *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// One component of an element.
static Value componentConstant(LoopBuilder &b, DType dtype, const void *bytes, int lanes) {
  Type type = registerType(b.getContext(), dtype, lanes), element = getElementTypeOrSelf(type);
  auto constant = [&](TypedAttr value) -> Value {
    return b.op<arith::ConstantOp>(splat(type, value));
  };
  // By the bits, which keeps NaN as it is.
  auto ofFloat = [&](llvm::APFloat value) { return constant(FloatAttr::get(element, value)); };
  switch (dtype) {
  case DType::b1:
    return b.op<arith::ConstantOp>(integerAttr(type, read<uint8_t>(bytes) != 0));
  case DType::f16:
    return ofFloat(llvm::APFloat(halfToFloat(read<uint16_t>(bytes))));
  case DType::bf16:
    return ofFloat(llvm::APFloat(bf16ToFloat(read<uint16_t>(bytes))));
  case DType::f32:
    return ofFloat(llvm::APFloat(read<float>(bytes)));
  case DType::f64:
    return ofFloat(llvm::APFloat(read<double>(bytes)));
  default:
    uint64_t value = 0;
    std::memcpy(&value, bytes, itemSize(dtype));
    return b.op<arith::ConstantOp>(integerAttr(type, value));
  }
}

Number ScalarOps::constant(DType dtype, const void *element, int lanes) {
  DType component = componentDType(dtype);
  Number result{componentConstant(b_, component, element, lanes), {}};
  if (kindOf(dtype) == DTypeKind::Complex)
    result.im = componentConstant(b_, component,
                                  static_cast<const char *>(element) + itemSize(component), lanes);
  return result;
}

} // namespace ricci
