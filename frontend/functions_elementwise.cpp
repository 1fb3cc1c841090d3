//===- functions_elementwise.cpp - ufuncs and other functions of elements ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "frontend/power.h"
#include "frontend/python_arithmetic.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace ricci {
namespace {

/// NumPy's other names of ufuncs.
struct Alias {
  std::string_view name, of;
};
constexpr Alias kAliases[] = {{"abs", "absolute"},
                              {"true_divide", "divide"},
                              {"mod", "remainder"},
                              {"asin", "arcsin"},
                              {"acos", "arccos"},
                              {"atan", "arctan"},
                              {"atan2", "arctan2"},
                              {"asinh", "arcsinh"},
                              {"acosh", "arccosh"},
                              {"atanh", "arctanh"},
                              {"bitwise_not", "invert"},
                              {"bitwise_invert", "invert"},
                              {"bitwise_left_shift", "left_shift"},
                              {"bitwise_right_shift", "right_shift"},
                              {"fix", "trunc"}};

Expected<Value> apply(Call &call, ScalarOp op, const std::vector<Value> &operands) {
  return applyScalarOp(call.builder, op, call.nameSpan, call.span, operands);
}

Value valueOf(const Call &call, TensorValue x) { return Value(x, call.span); }

Expected<Value> asValue(const Call &call, Expected<TensorValue> x) {
  if (!x)
    return std::move(x.error());
  return valueOf(call, *x);
}

/// The argument as a tensor, wrapped.
Expected<Value> tensorArgument(Call &call, size_t i) {
  Expected<TensorValue> x = call.tensor(i);
  if (!x)
    return std::move(x.error());
  return Value(*x, call[i].span);
}

DType dtypeOf(const Call &call, const Value &x) {
  return call.builder.type(*x.as<TensorValue>()).dtype;
}

Expected<Value> cast(Call &call, const Value &x, DType dtype) {
  return asValue(call, call.builder.cast(*x.as<TensorValue>(), dtype, call.span));
}

Diagnostic doesNotTake(const Call &call, DType dtype) {
  return call.error(fmt::format("{} does not take {}", call.name, numpyName(dtype)));
}

std::vector<Value> allArguments(const Call &call) {
  std::vector<Value> operands;
  for (const std::optional<Value> &argument : call.arguments)
    operands.push_back(*argument);
  return operands;
}

Expected<Value> ufunc(Call &call) {
  std::string_view name = call.name;
  for (const Alias &alias : kAliases)
    if (alias.name == name)
      name = alias.of;
  return apply(call, *parseScalarOp(name), allArguments(call));
}

Expected<Value> power(Call &call) {
  return powerFunction(call.builder, call.nameSpan, call.span, call[0], call[1]);
}

/// The argument as b1: not zero.
Expected<Value> truth(Call &call, size_t i) {
  Expected<Value> x = tensorArgument(call, i);
  return x ? cast(call, *x, DType::b1) : std::move(x);
}

Expected<Value> logicalNot(Call &call) {
  Expected<Value> x = truth(call, 0);
  return x ? apply(call, ScalarOp::Invert, {*x}) : std::move(x);
}

Expected<Value> logical(Call &call) {
  Expected<Value> a = truth(call, 0);
  if (!a)
    return a;
  Expected<Value> b = truth(call, 1);
  if (!b)
    return b;
  ScalarOp op = call.name == "logical_and"  ? ScalarOp::BitwiseAnd
                : call.name == "logical_or" ? ScalarOp::BitwiseOr
                                            : ScalarOp::BitwiseXor;
  return apply(call, op, {*a, *b});
}

/// A bool counts as int8 where NumPy has no loop for it.
Expected<Value> boolAsInt8(Call &call, size_t i) {
  Expected<Value> x = tensorArgument(call, i);
  return x && dtypeOf(call, *x) == DType::b1 ? cast(call, *x, DType::i8) : std::move(x);
}

Expected<Value> square(Call &call) {
  Expected<Value> x = boolAsInt8(call, 0);
  return x ? apply(call, ScalarOp::Multiply, {*x, *x}) : std::move(x);
}

Expected<Value> reciprocal(Call &call) {
  Expected<Value> x = boolAsInt8(call, 0);
  if (!x)
    return x;
  DType dtype = dtypeOf(call, *x);
  // Integers divide as floats, and the quotient is cut.
  Expected<Value> quotient = reciprocalOf(call.builder, call.nameSpan, call.span, *x);
  return quotient ? cast(call, *quotient, dtype) : std::move(quotient);
}

Expected<Value> positive(Call &call) {
  Expected<Value> x = tensorArgument(call, 0);
  if (x && dtypeOf(call, *x) == DType::b1)
    return doesNotTake(call, DType::b1);
  return x;
}

Expected<Value> fabs(Call &call) {
  Expected<Value> x = tensorArgument(call, 0);
  if (!x)
    return x;
  std::optional<DType> dtype = computeDType(ScalarOp::Rint, dtypeOf(call, *x));
  if (!dtype)
    return doesNotTake(call, dtypeOf(call, *x));
  Expected<Value> real = cast(call, *x, *dtype);
  return real ? apply(call, ScalarOp::Absolute, {*real}) : std::move(real);
}

/// degrees, radians and their other names: a product with a constant that is rounded to the type.
Expected<Value> angleUnit(Call &call) {
  Expected<Value> x = tensorArgument(call, 0);
  if (!x)
    return x;
  std::optional<DType> dtype = computeDType(ScalarOp::Rint, dtypeOf(call, *x));
  if (!dtype)
    return doesNotTake(call, dtypeOf(call, *x));
  bool toDegrees = call.name == "degrees" || call.name == "rad2deg";
  DType computed = *dtype == DType::f64 ? DType::f64 : DType::f32;
  constexpr float pi = std::numbers::pi_v<float>;
  double factor = computed == DType::f64
                      ? (toDegrees ? 180.0 / std::numbers::pi : std::numbers::pi / 180.0)
                      : double(toDegrees ? 180.0f / pi : pi / 180.0f);
  Expected<Value> wide = cast(call, *x, computed);
  if (!wide)
    return wide;
  Expected<Value> product = apply(call, ScalarOp::Multiply, {*wide, Value(factor, call.span)});
  // degrees and radians have no loop for bfloat16, so that they give float32; the others have one.
  bool widens = *dtype == DType::bf16 && (call.name == "degrees" || call.name == "radians");
  return product && !widens ? cast(call, *product, *dtype) : std::move(product);
}

Expected<Value> part(Call &call) {
  // The parts of a Python number are Python numbers.
  const Value &argument = call[0];
  bool imaginary = call.name == "imag";
  if (const auto *z = argument.as<std::complex<double>>())
    return Value(imaginary ? z->imag() : z->real());
  if (argument.isNumber())
    return imaginary ? argument.is<double>() ? Value(0.0) : Value(int64_t(0)) : argument;
  Expected<Value> x = tensorArgument(call, 0);
  return x ? attribute(call.builder, *x, call.name, call.span) : std::move(x);
}

Expected<Value> conjugateOf(Call &call, Expected<Value> x) {
  if (!x || kindOf(dtypeOf(call, *x)) != DTypeKind::Complex)
    return x;
  return apply(call, ScalarOp::Conjugate, {*x});
}
Expected<Value> conjugate(Call &call) { return conjugateOf(call, boolAsInt8(call, 0)); }
Expected<Value> conjugateMethod(Call &call) { return conjugateOf(call, tensorArgument(call, 0)); }

Expected<Value> divmodFunction(Call &call) {
  SequenceValue pair;
  for (ScalarOp op : {ScalarOp::FloorDivide, ScalarOp::Remainder}) {
    Expected<Value> result = apply(call, op, {call[0], call[1]});
    if (!result)
      return result;
    pair.items.push_back(*result);
  }
  return Value(std::move(pair));
}

/// numpy.where takes the lowest bits of a Python integer that the other value's dtype cannot hold,
/// where a ufunc refuses it.
Expected<Value> wrapped(Call &call, size_t number, size_t other) {
  const Value &value = call[number];
  if (!value.is<int64_t>() || !call[other].is<TensorValue>())
    return value;
  DType dtype = dtypeOf(call, call[other]);
  bool isInteger = kindOf(dtype) == DTypeKind::Int || kindOf(dtype) == DTypeKind::UInt;
  if (!isInteger || encodeNumber(value, dtype))
    return value;
  Expected<TensorValue> wide = constantOf(call.builder, value, DType::i64);
  return wide ? asValue(call, call.builder.cast(*wide, dtype, call.span)) : wide.error();
}

Expected<Value> where(Call &call) {
  if (!call.has(1) && !call.has(2))
    return call.error("where with a condition alone has a shape that depends on data; give it "
                      "both values, where(condition, x, y)");
  if (!call.has(1) || !call.has(2))
    return call.error("where takes 3 arguments: where(condition, x, y)");
  Expected<Value> condition = truth(call, 0);
  if (!condition)
    return condition;
  Expected<Value> x = wrapped(call, 1, 2), y = wrapped(call, 2, 1);
  if (!x || !y)
    return x ? y : x;
  Expected<Promoted> promoted = promoteOperands(call.builder, {*x, *y});
  if (!promoted)
    return std::move(promoted.error());
  std::vector<TensorValue> operands = {*condition->as<TensorValue>()};
  for (TensorValue operand : promoted->operands) {
    Expected<TensorValue> value = call.builder.cast(operand, promoted->dtype, call.span);
    if (!value)
      return std::move(value.error());
    operands.push_back(*value);
  }
  return asValue(call, broadcastElementwise(call.builder, ScalarOp::Where, std::move(operands),
                                            call.nameSpan, call.span));
}

bool isNone(const std::optional<Value> &value) { return !value || value->is<NoneValue>(); }

/// numpy.clip, whose bounds may be out of the range of an integer array.
Expected<Value> clip(Call &call, std::optional<Value> low, std::optional<Value> high) {
  Expected<Value> x = tensorArgument(call, 0);
  if (!x)
    return x;
  DType dtype = dtypeOf(call, *x);
  bool isInteger = kindOf(dtype) == DTypeKind::Int || kindOf(dtype) == DTypeKind::UInt;
  // A bound that no element can pass is none.
  auto outside = [&](const std::optional<Value> &bound, bool below) {
    const auto *integer = bound ? bound->as<int64_t>() : nullptr;
    return isInteger && integer && !encodeNumber(*bound, dtype) && (*integer < 0) == below;
  };
  if (outside(low, true))
    low.reset();
  if (outside(high, false))
    high.reset();
  if (isNone(low) && isNone(high))
    return dtype == DType::b1 ? doesNotTake(call, dtype) : std::move(x);
  if (isNone(low))
    return apply(call, ScalarOp::Minimum, {*x, *high});
  if (isNone(high))
    return apply(call, ScalarOp::Maximum, {*x, *low});
  // One promotion for all three; there is no loop for bfloat16.
  std::vector<Value> operands = {*x, *low, *high};
  for (Value &operand : operands)
    if (!operand.isNumber()) {
      Expected<TensorValue> tensor = toTensor(call.builder, operand);
      if (!tensor)
        return std::move(tensor.error());
      operand.state = *tensor;
    }
  DType common = promoteForUfunc(call.builder, operands);
  if (common == DType::bf16)
    common = DType::f32;
  for (Value &operand : operands) {
    Expected<TensorValue> tensor =
        operand.isNumber() ? constantOf(call.builder, operand, common)
                           : call.builder.cast(*operand.as<TensorValue>(), common, operand.span);
    if (!tensor)
      return std::move(tensor.error());
    operand.state = *tensor;
  }
  Expected<Value> above = apply(call, ScalarOp::Maximum, {operands[0], operands[1]});
  return above ? apply(call, ScalarOp::Minimum, {*above, operands[2]}) : std::move(above);
}

Expected<Value> clipFunction(Call &call) {
  enum { A, AMin, AMax, Min, Max };
  bool old = call.has(AMin) || call.has(AMax);
  if (old && (call.has(Min) || call.has(Max)))
    return call.error("clip takes either a_min and a_max, or min and max");
  if (call.has(AMin) != call.has(AMax))
    return call.error("clip needs both bounds; one of them may be None");
  return old ? clip(call, call.arguments[AMin], call.arguments[AMax])
             : clip(call, call.arguments[Min], call.arguments[Max]);
}
Expected<Value> clipMethod(Call &call) { return clip(call, call.arguments[1], call.arguments[2]); }

/// Scales, rounds and scales back, as NumPy does; integers in float64.
Expected<Value> roundFunction(Call &call) {
  int64_t decimals = 0;
  if (call.has(1)) {
    Expected<int64_t> given = integerArgument(call[1], "decimals");
    if (!given)
      return std::move(given.error());
    decimals = *given;
  }
  Expected<Value> x = tensorArgument(call, 0);
  if (!x)
    return x;
  DType dtype = dtypeOf(call, *x);
  bool isInteger = kindOf(dtype) == DTypeKind::Int || kindOf(dtype) == DTypeKind::UInt;
  if (kindOf(dtype) == DTypeKind::Complex || (dtype == DType::b1 && decimals != 0))
    return doesNotTake(call, dtype);
  if (isInteger && decimals >= 0)
    return x;
  if (decimals == 0)
    return apply(call, ScalarOp::Rint, {*x});
  Value scale(std::pow(10.0, std::abs(double(decimals))), call.span);
  DType computed = isInteger ? DType::f64 : dtype;
  bool positive = decimals > 0;
  // Every step rounds to the type of the array.
  auto step = [&](Expected<Value> value, ScalarOp op, bool scaled) -> Expected<Value> {
    if (!value)
      return value;
    Expected<Value> result = scaled ? apply(call, op, {*value, scale}) : apply(call, op, {*value});
    return result ? cast(call, *result, computed) : std::move(result);
  };
  Expected<Value> result = step(x, positive ? ScalarOp::Multiply : ScalarOp::Divide, true);
  result = step(std::move(result), ScalarOp::Rint, false);
  result = step(std::move(result), positive ? ScalarOp::Divide : ScalarOp::Multiply, true);
  return result ? cast(call, *result, dtype) : std::move(result);
}

double greatestOf(DType dtype) {
  return dtype == DType::f16   ? 65504.0
         : dtype == DType::f32 ? double(std::numeric_limits<float>::max())
                               : std::numeric_limits<double>::max();
}

Expected<Value> nanToNum(Call &call) {
  enum { X, Copy, Nan, PosInf, NegInf };
  Expected<Value> x = tensorArgument(call, X);
  if (!x)
    return x;
  DType dtype = dtypeOf(call, *x);
  if (kindOf(dtype) < DTypeKind::Float)
    return x;
  if (kindOf(dtype) == DTypeKind::Complex || dtype == DType::bf16)
    return doesNotTake(call, dtype);
  double greatest = greatestOf(dtype), inf = std::numeric_limits<double>::infinity();
  auto given = [&](size_t i, double otherwise) {
    return isNone(call.arguments[i]) ? Value(otherwise, call.span) : call[i];
  };
  auto number = [&](double value) { return Value(value, call.span); };
  auto select = [&](Expected<Value> condition, const Value &yes,
                    const Value &no) -> Expected<Value> {
    if (!condition)
      return condition;
    if (!yes.isNumber() || yes.is<std::complex<double>>())
      return call.error(fmt::format("the replacements of {} are numbers", call.name));
    Expected<TensorValue> constant = constantOf(call.builder, yes, dtype);
    if (!constant)
      return std::move(constant.error());
    return asValue(call, call.builder.elementwise(
                             ScalarOp::Where,
                             {*condition->as<TensorValue>(), *constant, *no.as<TensorValue>()},
                             call.span));
  };
  Expected<Value> result = select(apply(call, ScalarOp::Isnan, {*x}), given(Nan, 0.0), *x);
  if (result)
    result =
        select(apply(call, ScalarOp::Equal, {*x, number(inf)}), given(PosInf, greatest), *result);
  if (result)
    result =
        select(apply(call, ScalarOp::Equal, {*x, number(-inf)}), given(NegInf, -greatest), *result);
  return result;
}

std::vector<FunctionEntry> makeTable() {
  using enum FunctionEntry::Kind;
  std::vector<FunctionEntry> table = {
      {"power", "x1, x2, /", Function, power},
      {"pow", "x1, x2, /", Function, power},
      {"logical_not", "x, /", Function, logicalNot},
      {"logical_and", "x1, x2, /", Function, logical},
      {"logical_or", "x1, x2, /", Function, logical},
      {"logical_xor", "x1, x2, /", Function, logical},
      {"square", "x, /", Function, square},
      {"reciprocal", "x, /", Function, reciprocal},
      {"positive", "x, /", Function, positive},
      {"fabs", "x, /", Function, fabs},
      {"degrees", "x, /", Function, angleUnit},
      {"rad2deg", "x, /", Function, angleUnit},
      {"radians", "x, /", Function, angleUnit},
      {"deg2rad", "x, /", Function, angleUnit},
      {"real", "val", Function, part},
      {"imag", "val", Function, part},
      {"conj", "x, /", Function, conjugate},
      {"conjugate", "x, /", Function, conjugate},
      {"conj", "x, /", Method, conjugateMethod},
      {"conjugate", "x, /", Method, conjugateMethod},
      {"divmod", "x1, x2, /", Function, divmodFunction},
      {"where", "condition, x=, y=, /", Function, where},
      {"clip", "a, a_min=, a_max=, *, min=, max=", Function, clipFunction},
      {"clip", "a, min=, max=", Method, clipMethod},
      {"round", "a, decimals=", Both, roundFunction},
      {"around", "a, decimals=", Function, roundFunction},
      {"nan_to_num", "x, copy=, nan=, posinf=, neginf=", Function, nanToNum},
  };
  auto ofArity = [](int arity) { return arity == 1 ? "x, /" : "x1, x2, /"; };
  auto hasOwnHandler = [](ScalarOp op) {
    return op == ScalarOp::Power || op == ScalarOp::Where || op == ScalarOp::Conjugate ||
           op == ScalarOp::Real || op == ScalarOp::Imag;
  };
  auto add = [&](std::string_view name, ScalarOp op) {
    if (!hasOwnHandler(op))
      table.push_back({name, ofArity(info(op).arity), Function, ufunc});
  };
#define RICCI_SCALAR_OP(id, name, arity, rule, cuda, derivative) add(name, ScalarOp::id);
#include "frontend/scalar_ops.def"
  for (const Alias &alias : kAliases)
    add(alias.name, *parseScalarOp(alias.of));
  return table;
}

} // namespace

std::span<const FunctionEntry> elementwiseFunctions() {
  static const std::vector<FunctionEntry> table = makeTable();
  return table;
}

} // namespace ricci
