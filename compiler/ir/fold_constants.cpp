//===- fold_constants.cpp - scalar operations on constants ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/fold_constants.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/APSInt.h"

#include <optional>

namespace ricci {

#include <cmath>

using namespace mlir;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

static TypedAttr boolean(MLIRContext *context, bool value) {
  return IntegerAttr::get(IntegerType::get(context, 1), value);
}

/// With its type's sign: bools and ui8…ui64 have none, i8…i64 have one.
static APSInt valueOf(IntegerAttr element) {
  bool isUnsigned = element.getType().isUnsignedInteger() || element.getType().isInteger(1);
  return APSInt(element.getValue(), isUnsigned);
}

template <typename T> static std::optional<bool> compare(ScalarOp op, const T &x, const T &y) {
  switch (op) {
  case ScalarOp::Equal:
    return x == y;
  case ScalarOp::NotEqual:
    return x != y;
  case ScalarOp::Less:
    return x < y;
  case ScalarOp::LessEqual:
    return x <= y;
  case ScalarOp::Greater:
    return x > y;
  case ScalarOp::GreaterEqual:
    return x >= y;
  default:
    return std::nullopt;
  }
}

/// Integers wrap. On bools, + is or, * is and.
static std::optional<APInt> foldIntegers(ScalarOp op, const APSInt &x, const APSInt &y) {
  bool isBool = x.getBitWidth() == 1;
  switch (op) {
  case ScalarOp::Add:
    return isBool ? APInt(x | y) : APInt(x + y);
  case ScalarOp::Subtract:
    return x - y;
  case ScalarOp::Multiply:
    return x * y;
  case ScalarOp::Maximum:
    return x < y ? y : x;
  case ScalarOp::Minimum:
    return x < y ? x : y;
  case ScalarOp::BitwiseAnd:
    return x & y;
  case ScalarOp::BitwiseOr:
    return x | y;
  case ScalarOp::BitwiseXor:
    return x ^ y;
  case ScalarOp::Negative:
    return -x;
  case ScalarOp::Invert:
    return ~x;
  default:
    return std::nullopt;
  }
}

/// Rounded once: a root of f64 has digits enough for that of f32.
static APFloat squareRoot(const APFloat &x) {
  APFloat wide = x;
  bool inexact;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
  APFloat root(std::sqrt(wide.convertToDouble()));
  root.convert(x.getSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return root;
}

/// Rounded once, as 16-bit floats are after f32 has done the operation.
static std::optional<APFloat> foldFloats(ScalarOp op, APFloat x, const APFloat &y) {
  constexpr auto kNearest = APFloat::rmNearestTiesToEven;
  switch (op) {
  case ScalarOp::Add:
    x.add(y, kNearest);
    return x;
  case ScalarOp::Subtract:
    x.subtract(y, kNearest);
    return x;
  case ScalarOp::Multiply:
    x.multiply(y, kNearest);
    return x;
  case ScalarOp::Divide:
    x.divide(y, kNearest);
    return x;
  case ScalarOp::Negative:
    x.changeSign();
    return x;
  case ScalarOp::Absolute:
    x.clearSign();
    return x;
  case ScalarOp::Sqrt:
    return squareRoot(x);
  default:
    return std::nullopt;
  }
}

TypedAttr foldScalar(ScalarOp op, ArrayRef<TypedAttr> operands) {
  if (operands.size() > 2)
    return nullptr;
  // A unary operation looks at the first operand alone.
  Type type = operands.front().getType();
  if (auto x = dyn_cast<IntegerAttr>(operands.front())) {
    APSInt a = valueOf(x), b = valueOf(cast<IntegerAttr>(operands.back()));
    if (std::optional<bool> result = compare(op, a, b))
      return boolean(type.getContext(), *result);
    std::optional<APInt> result = foldIntegers(op, a, b);
    return result ? IntegerAttr::get(type, *result) : TypedAttr();
  }
  if (auto x = dyn_cast<FloatAttr>(operands.front())) {
    APFloat a = x.getValue(), b = cast<FloatAttr>(operands.back()).getValue();
    if (std::optional<bool> result = compare(op, a, b))
      return boolean(type.getContext(), *result);
    std::optional<APFloat> result = foldFloats(op, a, b);
    return result && !result->isNaN() ? FloatAttr::get(type, *result) : TypedAttr();
  }
  return nullptr;
}

TypedAttr foldCast(TypedAttr element, Type to) {
  bool inexact;
  if (auto x = dyn_cast<IntegerAttr>(element)) {
    APSInt value = valueOf(x);
    if (to.isInteger(1))
      return boolean(to.getContext(), !value.isZero());
    if (auto integer = dyn_cast<IntegerType>(to))
      return IntegerAttr::get(to, value.extOrTrunc(integer.getWidth()));
    // To 16-bit floats NumPy goes by way of f32.
    auto floating = dyn_cast<FloatType>(to);
    if (!floating || floating.getWidth() == 16)
      return nullptr;
    APFloat result(floating.getFloatSemantics());
    result.convertFromAPInt(value, value.isSigned(), APFloat::rmNearestTiesToEven);
    return FloatAttr::get(to, result);
  }
  auto x = dyn_cast<FloatAttr>(element);
  if (!x || x.getValue().isNaN())
    return nullptr;
  APFloat value = x.getValue();
  if (to.isInteger(1))
    return boolean(to.getContext(), !value.isZero());
  if (auto integer = dyn_cast<IntegerType>(to)) {
    APSInt result(integer.getWidth(), integer.isUnsigned());
    APFloat::opStatus status = value.convertToInteger(result, APFloat::rmTowardZero, &inexact);
    return status & APFloat::opInvalidOp ? TypedAttr() : IntegerAttr::get(to, result);
  }
  auto floating = dyn_cast<FloatType>(to);
  // From f64 to bf16 there are two roundings.
  if (!floating || (to.isBF16() && x.getType().isF64()))
    return nullptr;
  value.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return FloatAttr::get(to, value);
}

} // namespace ricci
