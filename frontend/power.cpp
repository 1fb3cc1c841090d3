//===- power.cpp - powers, with NumPy's short cuts ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NumPy treats an exponent that is one number apart: 2 is a product, 1/2 a square root, -1 a
// quotient. That decides more than speed: sqrt(-0.0) is -0.0, but C's pow(-0.0, 0.5) is 0.0.
// Products also give third and fourth powers of f32 and f64 within the two last places that powers
// have (at most 1.3 and 1.92), and, exactly, more powers of integers.
//
//===----------------------------------------------------------------------===//
#include "frontend/power.h"

#include <fmt/format.h>

#include <cmath>
#include <complex>

namespace ricci {
namespace {

/// Where the base is a tensor and the exponent a real number that is known.
class KnownPower {
public:
  KnownPower(ProgramBuilder &builder, Span opSpan, Span span, const Value &base,
             const Value &exponent)
      : builder_(builder), opSpan_(opSpan), span_(span), base_(base), exponent_(exponent) {}

  Expected<Value> make() {
    DType dtype = promoteForUfunc(builder_, {base_, exponent_});
    if (dtype == DType::b1)
      dtype = DType::i8;
    bool isInteger = kindOf(dtype) < DTypeKind::Float;
    double exponent = exponent_.is<bool>()      ? double(*exponent_.as<bool>())
                      : exponent_.is<int64_t>() ? double(*exponent_.as<int64_t>())
                                                : *exponent_.as<double>();
    if (isInteger && exponent < 0)
      return error(fmt::format("integers to the negative integer power {} are not allowed; write "
                               "the exponent as a float",
                               exponent));
    Expected<TensorValue> cast = builder_.cast(*base_.as<TensorValue>(), dtype, base_.span);
    if (!cast)
      return std::move(cast.error());
    if (exponent == 1)
      return Value(*cast, span_);
    Value x(*cast, base_.span);
    if (exponent == 2)
      return product(x, x);
    if (const double most = isInteger                                    ? kMostOfInteger
                            : dtype == DType::f32 || dtype == DType::f64 ? kMostOfFloat
                                                                         : 0;
        exponent > 2 && exponent <= most && exponent == std::floor(exponent))
      return products(x, int64_t(exponent));
    if (!isInteger && exponent == -1)
      return reciprocalOf(builder_, opSpan_, span_, x);
    // NumPy's loop for float16 calls powf for every element.
    if (!isInteger && exponent == 0.5 && dtype != DType::f16)
      return apply(ScalarOp::Sqrt, {x});
    return apply(ScalarOp::Power, {x, exponent_});
  }

private:
  static constexpr double kMostOfInteger = 16, kMostOfFloat = 4;

  Expected<Value> product(const Value &x, const Value &y) {
    return apply(ScalarOp::Multiply, {x, y});
  }
  /// x to the power of n > 1, by squaring.
  Expected<Value> products(const Value &x, int64_t n) {
    Expected<Value> half = n < 4 ? Expected<Value>(x) : products(x, n / 2);
    if (!half)
      return half;
    Expected<Value> even = product(*half, *half);
    return !even || n % 2 == 0 ? even : product(*even, x);
  }
  Expected<Value> apply(ScalarOp op, const std::vector<Value> &operands) {
    return applyScalarOp(builder_, op, opSpan_, span_, operands);
  }
  Diagnostic error(std::string message) {
    Diagnostic error = inputError(std::move(message));
    error.source = builder_.source();
    error.spans = {opSpan_};
    return error;
  }

  ProgramBuilder &builder_;
  Span opSpan_, span_;
  const Value &base_, &exponent_;
};

} // namespace

Expected<Value> reciprocalOf(ProgramBuilder &builder, Span opSpan, Span span, const Value &x) {
  Value one(int64_t(1), span);
  TensorValue tensor = *x.as<TensorValue>();
  DType dtype = builder.type(tensor).dtype;
  if (kindOf(dtype) != DTypeKind::Complex)
    return applyScalarOp(builder, ScalarOp::Divide, opSpan, span, {one, x});
  Value nan(std::complex<double>(NAN, NAN), span), zero(int64_t(0), span);
  Expected<Value> isZero = applyScalarOp(builder, ScalarOp::Equal, opSpan, span, {x, zero});
  Expected<TensorValue> ifZero = constantOf(builder, nan, dtype);
  Expected<TensorValue> otherwise = constantOf(builder, one, dtype);
  if (!isZero || !ifZero || !otherwise)
    return std::move(!isZero ? isZero.error() : !ifZero ? ifZero.error() : otherwise.error());
  Expected<TensorValue> dividend =
      builder.elementwise(ScalarOp::Where, {*isZero->as<TensorValue>(), *ifZero, *otherwise}, span);
  if (!dividend)
    return std::move(dividend.error());
  return applyScalarOp(builder, ScalarOp::Divide, opSpan, span, {Value(*dividend, span), x});
}

Expected<Value> powerFunction(ProgramBuilder &builder, Span opSpan, Span span, const Value &base,
                              const Value &exponent) {
  if (base.is<TensorValue>() && exponent.isNumber() && !exponent.is<std::complex<double>>())
    return KnownPower(builder, opSpan, span, base, exponent).make();
  std::vector<Value> operands = {base, exponent};
  for (Value &operand : operands)
    if (!operand.isNumber()) {
      Expected<TensorValue> tensor = toTensor(builder, operand);
      if (!tensor)
        return std::move(tensor.error());
      operand.state = *tensor;
    }
  // bool to the power of bool is int8.
  if (promoteForUfunc(builder, operands) == DType::b1)
    for (Value &operand : operands) {
      Expected<TensorValue> tensor = toTensor(builder, operand);
      if (tensor)
        tensor = builder.cast(*tensor, DType::i8, operand.span);
      if (!tensor)
        return std::move(tensor.error());
      operand.state = *tensor;
    }
  return applyScalarOp(builder, ScalarOp::Power, opSpan, span, operands);
}

Expected<Value> powerOperator(ProgramBuilder &builder, Span opSpan, Span span, const Value &base,
                              const Value &exponent) {
  const auto *tensor = base.as<TensorValue>();
  if (const auto *integer = exponent.as<int64_t>(); tensor && integer && *integer == 2) {
    // square(x), of bool too: int8.
    bool isBool = builder.type(*tensor).dtype == DType::b1;
    Expected<TensorValue> x = isBool ? builder.cast(*tensor, DType::i8, base.span) : *tensor;
    if (!x)
      return std::move(x.error());
    Value operand(*x, base.span);
    return applyScalarOp(builder, ScalarOp::Multiply, opSpan, span, {operand, operand});
  }
  if (const auto *real = exponent.as<double>();
      tensor && real && *real == 0.5 && kindOf(builder.type(*tensor).dtype) >= DTypeKind::Float)
    if (DType dtype = promoteForUfunc(builder, {base, exponent}); dtype == DType::f16)
      return applyScalarOp(builder, ScalarOp::Sqrt, opSpan, span, {base});
  return powerFunction(builder, opSpan, span, base, exponent);
}

} // namespace ricci
