//===- functions_cast.cpp - conversions between dtypes ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

#include <fmt/format.h>

#include <cmath>

namespace ricci {
namespace {

Expected<Value> castTo(Call &call, const Value &value, DType dtype) {
  if (value.is<std::complex<double>>() && kindOf(dtype) != DTypeKind::Complex && dtype != DType::b1)
    return call.error(
        fmt::format("a complex number is no {}; take its real part", numpyName(dtype)));
  Expected<TensorValue> x =
      value.isNumber() ? constantOf(call.builder, value, dtype) : toTensor(call.builder, value);
  if (x)
    x = call.builder.cast(*x, dtype, call.span);
  if (!x)
    return std::move(x.error());
  return Value(*x, call.span);
}

/// float32(x): a number or tensor of that dtype, no longer weak.
Expected<Value> typeFunction(Call &call) {
  for (const DTypeName &type : dtypeNames())
    if (type.name == call.name)
      return castTo(call, call[0], type.dtype);
  return call.error(fmt::format("there is no dtype '{}'", call.name));
}

Diagnostic notKnown(const Call &call, std::string_view dtype) {
  return call.error(fmt::format("{} takes a number that is known when the program is compiled; for "
                                "a tensor write x.astype({})",
                                call.name, dtype));
}

/// Python's int, float and complex on numbers: Python numbers again.
Expected<Value> pythonInt(Call &call) {
  const Value &x = call[0];
  if (const auto *real = x.as<double>()) {
    double whole = std::trunc(*real);
    if (!(whole >= -0x1p63 && whole < 0x1p63))
      return call.error(fmt::format("the float {} does not fit an integer of 64 bits", *real));
    return Value(int64_t(whole));
  }
  if (!x.is<int64_t>() && !x.is<bool>())
    return notKnown(call, "int64");
  Expected<int64_t> integer = integerArgument(x, "x");
  if (!integer)
    return std::move(integer.error());
  return Value(*integer);
}

Expected<Value> pythonFloat(Call &call) {
  const Value &x = call[0];
  if (x.is<double>())
    return x;
  if (x.is<int64_t>() || x.is<bool>())
    return Value(double(*integerArgument(x, "x")));
  return notKnown(call, "float64");
}

Expected<Value> pythonComplex(Call &call) {
  auto part = [&](size_t i) -> std::optional<std::complex<double>> {
    if (!call.has(i))
      return 0.0;
    if (const auto *z = call[i].as<std::complex<double>>())
      return *z;
    if (const auto *real = call[i].as<double>())
      return *real;
    if (call[i].isNumber())
      return double(*integerArgument(call[i], "x"));
    return std::nullopt;
  };
  std::optional<std::complex<double>> real = part(0), imaginary = part(1);
  if (!real || !imaginary)
    return notKnown(call, "complex128");
  return Value(
      std::complex<double>(real->real() - imaginary->imag(), real->imag() + imaginary->real()));
}

/// bool is Python's for a number that is known, and NumPy's for a tensor.
Expected<Value> toBool(Call &call) {
  const Value &x = call[0];
  if (const auto *z = x.as<std::complex<double>>())
    return Value(*z != 0.0);
  if (const auto *real = x.as<double>())
    return Value(*real != 0);
  if (x.isNumber())
    return Value(*integerArgument(x, "x") != 0);
  return castTo(call, x, DType::b1);
}

Expected<Value> astype(Call &call) {
  Expected<DType> dtype = dtypeArgument(call[1]);
  if (!dtype)
    return std::move(dtype.error());
  return castTo(call, call[0], *dtype);
}

std::vector<FunctionEntry> makeTable() {
  using enum FunctionEntry::Kind;
  std::vector<FunctionEntry> table = {
      {"astype", "x, dtype, copy=", Both, astype},
      {"int", "x, /", Function, pythonInt},
      {"float", "x, /", Function, pythonFloat},
      {"complex", "real=, imag=", Function, pythonComplex},
      {"bool", "x, /", Function, toBool},
  };
  for (const DTypeName &type : dtypeNames())
    table.push_back({type.name, "x, /", Function, typeFunction});
  return table;
}

} // namespace

std::span<const FunctionEntry> castFunctions() {
  static const std::vector<FunctionEntry> table = makeTable();
  return table;
}

} // namespace ricci
