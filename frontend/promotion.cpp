//===- promotion.cpp - dtypes of numbers and of operands that meet -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "frontend/shapes.h"
#include "runtime/half.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace ricci {
namespace {

template <typename T> std::vector<uint8_t> bytesOf(T x) {
  std::vector<uint8_t> bytes(sizeof x);
  std::memcpy(bytes.data(), &x, sizeof x);
  return bytes;
}

Diagnostic outOfBounds(const Value &number, DType dtype) {
  Diagnostic error =
      inputError(fmt::format("{} is out of bounds for {}", describe(number), numpyName(dtype)));
  error.spans = {number.span};
  return error;
}

template <typename T>
Expected<std::vector<uint8_t>> encodeInteger(const Value &number, DType dtype) {
  // A float or complex number is cut to an integer, as int(x) does.
  if (!number.is<int64_t>() && !number.is<bool>()) {
    const auto *z = number.as<std::complex<double>>();
    double x = std::trunc(z ? z->real() : *number.as<double>());
    // The least float above the greatest T: 2**(its bits).
    double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (!(x >= double(std::numeric_limits<T>::min()) && x < end))
      return outOfBounds(number, dtype);
    return bytesOf(T(x));
  }
  int64_t x = number.is<bool>() ? *number.as<bool>() : *number.as<int64_t>();
  if (!std::in_range<T>(x))
    return outOfBounds(number, dtype);
  return bytesOf(T(x));
}

std::complex<double> complexOf(const Value &number) {
  if (const auto *x = number.as<bool>())
    return double(*x);
  if (const auto *x = number.as<int64_t>())
    return double(*x);
  if (const auto *x = number.as<double>())
    return *x;
  return *number.as<std::complex<double>>();
}

} // namespace

DType dtypeOfNumber(const Value &number) {
  return number.is<bool>()      ? DType::b1
         : number.is<int64_t>() ? DType::i64
         : number.is<double>()  ? DType::f64
                                : DType::c128;
}

Expected<std::vector<uint8_t>> encodeNumber(const Value &number, DType dtype) {
  std::complex<double> z = complexOf(number);
  double x = z.real();
  switch (dtype) {
  case DType::b1:
    return bytesOf(uint8_t(z != 0.0));
  case DType::i8:
    return encodeInteger<int8_t>(number, dtype);
  case DType::i16:
    return encodeInteger<int16_t>(number, dtype);
  case DType::i32:
    return encodeInteger<int32_t>(number, dtype);
  case DType::i64:
    return encodeInteger<int64_t>(number, dtype);
  case DType::u8:
    return encodeInteger<uint8_t>(number, dtype);
  case DType::u16:
    return encodeInteger<uint16_t>(number, dtype);
  case DType::u32:
    return encodeInteger<uint32_t>(number, dtype);
  case DType::u64:
    return encodeInteger<uint64_t>(number, dtype);
  case DType::f16:
    return bytesOf(halfFromDouble(x));
  case DType::bf16:
    return bytesOf(bf16FromFloat(float(x)));
  case DType::f32:
    return bytesOf(float(x));
  case DType::f64:
    return bytesOf(x);
  case DType::c64:
    return bytesOf(std::complex<float>(z));
  case DType::c128:
    return bytesOf(z);
  }
  return inputError("unknown dtype");
}

Expected<TensorValue> constantOf(ProgramBuilder &builder, const Value &number, DType dtype,
                                 Shape shape) {
  Expected<std::vector<uint8_t>> data = encodeNumber(number, dtype);
  if (!data) {
    data.error().source = builder.source();
    return std::move(data.error());
  }
  return builder.constant(dtype, std::move(shape), std::move(*data), number.span);
}

namespace {

Diagnostic located(const ProgramBuilder &builder, Diagnostic error, Span span) {
  if (error.spans.empty())
    error.spans = {span};
  error.source = builder.source();
  return error;
}

/// What NumPy makes of bfloat16 and a Python float: the loop that a ufunc finds is float32's, and
/// result_type, which everything else asks, gives float64.
enum class Asks : uint8_t { Ufunc, ResultType };

/// NEP 50: the dtypes of tensors promote; a Python number only raises the kind.
DType promoteAll(const ProgramBuilder &builder, const std::vector<Value> &operands, Asks asks) {
  std::optional<DType> strong;
  DTypeKind weak = DTypeKind::Bool;
  for (const Value &operand : operands) {
    if (operand.isNumber() && !operand.is<bool>()) {
      weak = std::max(weak, kindOf(dtypeOfNumber(operand)));
      continue;
    }
    DType dtype = operand.is<bool>() ? DType::b1 : builder.type(*operand.as<TensorValue>()).dtype;
    strong = strong ? promote(*strong, dtype) : dtype;
  }
  DType dtype = strong.value_or(DType::b1);
  DTypeKind kind = kindOf(dtype);
  switch (weak) {
  case DTypeKind::Int:
    return kind == DTypeKind::Bool ? DType::i64 : dtype;
  case DTypeKind::Float:
    if (kind < DTypeKind::Float)
      return DType::f64;
    if (dtype == DType::bf16)
      return asks == Asks::Ufunc ? DType::f32 : DType::f64;
    return dtype;
  case DTypeKind::Complex:
    return kind < DTypeKind::Float ? DType::c128 : promote(dtype, DType::c64);
  default:
    return dtype;
  }
}

/// Lists as tensors; tensors and numbers stay.
Expected<std::vector<Value>> tensorsAndNumbers(ProgramBuilder &builder,
                                               std::vector<Value> operands) {
  for (Value &operand : operands)
    if (!operand.isNumber()) {
      Expected<TensorValue> tensor = toTensor(builder, operand);
      if (!tensor)
        return std::move(tensor.error());
      operand.state = *tensor;
    }
  return operands;
}

bool isComparison(ScalarOp op) { return info(op).rule == TypeRule::Compare; }

/// a < b as b > a, and so on.
ScalarOp swapped(ScalarOp op) {
  switch (op) {
  case ScalarOp::Less:
    return ScalarOp::Greater;
  case ScalarOp::LessEqual:
    return ScalarOp::GreaterEqual;
  case ScalarOp::Greater:
    return ScalarOp::Less;
  case ScalarOp::GreaterEqual:
    return ScalarOp::LessEqual;
  default:
    return op;
  }
}

/// Whether `small op large` holds where every small is less than every large.
bool holdsBelow(ScalarOp op) {
  return op == ScalarOp::Less || op == ScalarOp::LessEqual || op == ScalarOp::NotEqual;
}

/// Integers of a tensor compared with a Python integer that their dtype cannot hold: one answer for
/// all, as in NumPy. Nothing for other operands.
std::optional<Expected<Value>> compareOutOfRange(ProgramBuilder &builder, ScalarOp op, Span span,
                                                 const std::vector<Value> &operands, DType dtype) {
  if (kindOf(dtype) != DTypeKind::Int && kindOf(dtype) != DTypeKind::UInt)
    return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    const auto *number = operands[i].as<int64_t>();
    const auto *tensor = operands[1 - i].as<TensorValue>();
    if (!number || !tensor || encodeNumber(operands[i], dtype))
      continue;
    bool numberIsLeft = i == 0, numberIsSmall = *number < 0;
    bool answer = holdsBelow(numberIsLeft == numberIsSmall ? op : swapped(op));
    Expected<TensorValue> all =
        builder.constant(DType::b1, builder.type(*tensor).shape, {uint8_t(answer)}, span);
    if (!all)
      return Expected<Value>(std::move(all.error()));
    return Expected<Value>(Value(*all, span));
  }
  return std::nullopt;
}

/// Signed and unsigned 64-bit integers compare exactly, though their promotion is float64: a
/// negative number is less than all unsigned ones, and any other is one.
Expected<Value> compareSigns(ProgramBuilder &builder, ScalarOp op, Span opSpan, Span span,
                             Value left, Value right) {
  if (kindOf(builder.type(*left.as<TensorValue>()).dtype) == DTypeKind::UInt) {
    std::swap(left, right);
    op = swapped(op);
  }
  Expected<TensorValue> cast = builder.cast(*left.as<TensorValue>(), DType::u64, span);
  if (!cast)
    return std::move(cast.error());
  Expected<Value> asUnsigned =
      applyScalarOp(builder, op, opSpan, span, {Value(*cast, left.span), right});
  if (!asUnsigned)
    return asUnsigned;
  bool below = holdsBelow(op);
  Expected<Value> sign = applyScalarOp(builder, below ? ScalarOp::Less : ScalarOp::GreaterEqual,
                                       opSpan, span, {left, Value(int64_t(0), left.span)});
  if (!sign)
    return sign;
  return applyScalarOp(builder, below ? ScalarOp::BitwiseOr : ScalarOp::BitwiseAnd, opSpan, span,
                       {*sign, *asUnsigned});
}

/// The dtype that a ufunc computes in. Loops over floats are found for each integer by itself: int8
/// and uint8 both fit float16, though their promotion is int16.
std::optional<DType> computeDTypeOf(const ProgramBuilder &builder, ScalarOp op, DType promoted,
                                    const std::vector<Value> &operands) {
  std::optional<DType> computed = computeDType(op, promoted);
  if (info(op).rule != TypeRule::Float || !computed || operands.size() != 2)
    return computed;
  const auto *left = operands[0].as<TensorValue>(), *right = operands[1].as<TensorValue>();
  if (!left || !right)
    return computed;
  DType l = builder.type(*left).dtype, r = builder.type(*right).dtype;
  if (kindOf(l) == DTypeKind::Float || kindOf(r) == DTypeKind::Float)
    return computed;
  return promote(*computeDType(op, l), *computeDType(op, r));
}

Diagnostic wrongDType(ScalarOp op, DType promoted, const std::vector<Value> &operands) {
  std::string message = fmt::format("{} does not take {}", nameOf(op), numpyName(promoted));
  if (promoted == DType::b1 && op == ScalarOp::Subtract)
    message += "; use '^' or logical_xor";
  else if (promoted == DType::b1 && op == ScalarOp::Negative)
    message += "; use '~' or logical_not";
  else if (operands.size() > 1)
    message += ", the promotion of its operands' dtypes";
  return inputError(std::move(message));
}

} // namespace

DType promoteForUfunc(const ProgramBuilder &builder, const std::vector<Value> &operands) {
  return promoteAll(builder, operands, Asks::Ufunc);
}

Expected<Promoted> promoteOperands(ProgramBuilder &builder, const std::vector<Value> &operands) {
  Expected<std::vector<Value>> values = tensorsAndNumbers(builder, operands);
  if (!values)
    return std::move(values.error());
  Promoted result{promoteAll(builder, *values, Asks::ResultType), {}};
  for (const Value &value : *values) {
    const auto *tensor = value.as<TensorValue>();
    Expected<TensorValue> operand =
        tensor ? Expected(*tensor) : constantOf(builder, value, result.dtype);
    if (!operand)
      return std::move(operand.error());
    result.operands.push_back(*operand);
  }
  return result;
}

Expected<TensorValue> broadcastElementwise(ProgramBuilder &builder, ScalarOp op,
                                           std::vector<TensorValue> operands, Span opSpan,
                                           Span span) {
  Shape shape = builder.type(operands[0]).shape;
  for (size_t i = 1; i < operands.size(); ++i) {
    BroadcastReport report = broadcastShapes(shape, builder.type(operands[i]).shape);
    if (!report.broadcasts())
      return located(builder, report.error(), opSpan);
    shape = std::move(report.result);
  }
  return builder.elementwise(op, std::move(operands), span);
}

Expected<Value> applyScalarOp(ProgramBuilder &builder, ScalarOp op, Span opSpan, Span span,
                              const std::vector<Value> &operands) {
  Expected<std::vector<Value>> values = tensorsAndNumbers(builder, operands);
  if (!values)
    return std::move(values.error());
  DType promoted = promoteAll(builder, *values, Asks::Ufunc);
  if (isComparison(op)) {
    if (auto answer = compareOutOfRange(builder, op, span, *values, promoted))
      return std::move(*answer);
    const auto *left = (*values)[0].as<TensorValue>(), *right = (*values)[1].as<TensorValue>();
    if (left && right && promoted == DType::f64 &&
        kindOf(builder.type(*left).dtype) < DTypeKind::Float &&
        kindOf(builder.type(*right).dtype) < DTypeKind::Float)
      return compareSigns(builder, op, opSpan, span, (*values)[0], (*values)[1]);
  }
  std::optional<DType> computed = computeDTypeOf(builder, op, promoted, *values);
  if (!computed)
    return located(builder, wrongDType(op, promoted, operands), opSpan);
  std::vector<TensorValue> tensors;
  for (const Value &value : *values) {
    const auto *tensor = value.as<TensorValue>();
    Expected<TensorValue> operand = tensor ? builder.cast(*tensor, *computed, value.span)
                                           : constantOf(builder, value, *computed);
    if (!operand)
      return std::move(operand.error());
    tensors.push_back(*operand);
  }
  Expected<TensorValue> result =
      broadcastElementwise(builder, op, std::move(tensors), opSpan, span);
  if (!result)
    return std::move(result.error());
  return Value(*result, span);
}

} // namespace ricci
