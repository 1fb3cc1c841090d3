//===- operators.cpp - the operators and attributes of the language ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "frontend/power.h"
#include "frontend/python_arithmetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ricci {
namespace {

struct Operator {
  std::string_view token;
  ScalarOp op;
};

constexpr Operator kBinary[] = {
    {"+", ScalarOp::Add},        {"-", ScalarOp::Subtract},     {"*", ScalarOp::Multiply},
    {"/", ScalarOp::Divide},     {"//", ScalarOp::FloorDivide}, {"%", ScalarOp::Remainder},
    {"&", ScalarOp::BitwiseAnd}, {"|", ScalarOp::BitwiseOr},    {"^", ScalarOp::BitwiseXor},
    {"<<", ScalarOp::LeftShift}, {">>", ScalarOp::RightShift},  {"==", ScalarOp::Equal},
    {"!=", ScalarOp::NotEqual},  {"<", ScalarOp::Less},         {"<=", ScalarOp::LessEqual},
    {">", ScalarOp::Greater},    {">=", ScalarOp::GreaterEqual}};

Diagnostic errorAt(const ProgramBuilder &builder, Diagnostic error, Span span) {
  if (error.spans.empty())
    error.spans = {span};
  error.source = builder.source();
  return error;
}

Expected<Value> spanned(const ProgramBuilder &builder, Expected<Value> value, Span opSpan,
                        Span span) {
  if (!value)
    return errorAt(builder, std::move(value.error()), opSpan);
  value->span = span;
  return value;
}

/// Tuples, lists, dtypes and strings among themselves, as far as Python needs them for shapes.
std::optional<Value> binaryOfKnown(std::string_view op, const Value &left, const Value &right) {
  const auto *a = left.as<SequenceValue>(), *b = right.as<SequenceValue>();
  if (op == "+" && a && b && a->isList == b->isList) {
    SequenceValue joined = *a;
    joined.items.insert(joined.items.end(), b->items.begin(), b->items.end());
    return Value(std::move(joined));
  }
  if (op == "==" || op == "!=") {
    if (const auto *x = left.as<DType>(), *y = right.as<DType>(); x && y)
      return Value((*x == *y) == (op == "=="));
    if (const auto *x = left.as<std::string>(), *y = right.as<std::string>(); x && y)
      return Value((*x == *y) == (op == "=="));
    auto isNumber = [](const Value &item) { return item.isNumber(); };
    if (a && b && a->isList == b->isList &&
        std::all_of(a->items.begin(), a->items.end(), isNumber) &&
        std::all_of(b->items.begin(), b->items.end(), isNumber)) {
      bool equal = a->items.size() == b->items.size();
      for (size_t i = 0; equal && i < a->items.size(); ++i) {
        Expected<Value> same = pythonBinary("==", a->items[i], b->items[i]);
        equal = same && *same->as<bool>();
      }
      return Value(equal == (op == "=="));
    }
  }
  return std::nullopt;
}

Value tupleOf(const Shape &shape) {
  SequenceValue tuple;
  for (int64_t extent : shape)
    tuple.items.push_back(Value(extent));
  return Value(std::move(tuple));
}

} // namespace

Expected<Value> binaryOperator(ProgramBuilder &builder, std::string_view op, Span opSpan, Span span,
                               const Value &left, const Value &right) {
  if (left.isNumber() && right.isNumber() && op != "@")
    return spanned(builder, pythonBinary(op, left, right), opSpan, span);
  if (!left.is<TensorValue>() && !right.is<TensorValue>()) {
    if (std::optional<Value> known = binaryOfKnown(op, left, right))
      return spanned(builder, std::move(*known), opSpan, span);
    std::string message =
        fmt::format("'{}' is not defined for {} and {}", op, describe(left), describe(right));
    if (left.is<SequenceValue>() || right.is<SequenceValue>())
      message += "; array(…) makes a tensor of numbers";
    return errorAt(builder, inputError(std::move(message)), opSpan);
  }
  if (op == "@")
    return spanned(builder, matmulOperator(builder, opSpan, span, left, right), opSpan, span);
  if (op == "**")
    return spanned(builder, powerOperator(builder, opSpan, span, left, right), opSpan, span);
  const Operator *found = std::find_if(std::begin(kBinary), std::end(kBinary),
                                       [&](const Operator &row) { return row.token == op; });
  if (found == std::end(kBinary))
    return errorAt(builder, inputError(fmt::format("there is no operator '{}'", op)), opSpan);
  return spanned(builder, applyScalarOp(builder, found->op, opSpan, span, {left, right}), opSpan,
                 span);
}

Expected<Value> unaryOperator(ProgramBuilder &builder, std::string_view op, Span opSpan, Span span,
                              const Value &operand) {
  if (operand.isNumber())
    return spanned(builder, pythonUnary(op, operand), opSpan, span);
  const auto *tensor = operand.as<TensorValue>();
  if (!tensor)
    return errorAt(
        builder, inputError(fmt::format("unary '{}' is not defined for {}", op, describe(operand))),
        opSpan);
  if (op == "+") {
    if (builder.type(*tensor).dtype == DType::b1)
      return errorAt(builder, inputError("positive does not take bool"), opSpan);
    return Value(*tensor, span);
  }
  return spanned(builder,
                 applyScalarOp(builder, op == "~" ? ScalarOp::Invert : ScalarOp::Negative, opSpan,
                               span, {operand}),
                 opSpan, span);
}

Expected<Value> attribute(ProgramBuilder &builder, const Value &object, std::string_view name,
                          Span span) {
  auto unknown = [&]() {
    return errorAt(
        builder, inputError(fmt::format("{} has no attribute '{}'", describe(object), name)), span);
  };
  if (const auto *dtype = object.as<DType>()) {
    if (name == "itemsize")
      return Value(int64_t(itemSize(*dtype)), span);
    if (name == "name")
      return Value(std::string(numpyName(*dtype)), span);
    return unknown();
  }
  if (!object.is<TensorValue>())
    return unknown();
  TensorValue x = *object.as<TensorValue>();
  TensorType type = builder.type(x);
  Expected<int64_t> size = elementCount(type.shape, type.dtype);
  if (!size)
    return errorAt(builder, std::move(size.error()), span);
  auto asValue = [&](Expected<TensorValue> tensor) -> Expected<Value> {
    if (!tensor)
      return errorAt(builder, std::move(tensor.error()), span);
    return Value(*tensor, span);
  };
  if (name == "shape")
    return spanned(builder, tupleOf(type.shape), span, span);
  if (name == "ndim")
    return Value(type.rank(), span);
  if (name == "size")
    return Value(*size, span);
  if (name == "dtype")
    return Value(type.dtype, span);
  if (name == "itemsize")
    return Value(int64_t(itemSize(type.dtype)), span);
  if (name == "nbytes")
    return Value(*size * int64_t(itemSize(type.dtype)), span);
  if (name == "T" || name == "mT") {
    if (name == "mT" && type.rank() < 2)
      return errorAt(builder,
                     inputError(fmt::format("mT needs at least 2 dimensions, not shape {}",
                                            formatShape(type.shape))),
                     span);
    std::vector<int64_t> axes(size_t(type.rank()));
    std::iota(axes.begin(), axes.end(), int64_t(0));
    std::reverse(name == "T" ? axes.begin() : axes.end() - 2, axes.end());
    return asValue(builder.transpose(x, std::move(axes), span));
  }
  bool isComplex = kindOf(type.dtype) == DTypeKind::Complex;
  if (name == "real")
    return isComplex ? asValue(builder.elementwise(ScalarOp::Real, {x}, span)) : Value(x, span);
  if (name == "imag") {
    if (isComplex)
      return asValue(builder.elementwise(ScalarOp::Imag, {x}, span));
    return asValue(constantOf(builder, Value(int64_t(0), span), type.dtype, type.shape));
  }
  if (isMethod(name))
    return errorAt(builder,
                   inputError(fmt::format("'{}' is a method: call it, x.{}(…)", name, name)), span);
  return unknown();
}

} // namespace ricci
