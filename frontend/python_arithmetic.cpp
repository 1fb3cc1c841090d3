//===- python_arithmetic.cpp - operators on numbers that are known -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/python_arithmetic.h"

#include <fmt/format.h>

#include <cmath>

namespace ricci {
namespace {

using Complex = std::complex<double>;

Diagnostic tooLarge() { return inputError("the integer does not fit 64 bits"); }
Diagnostic divisionByZero() { return inputError("division by zero"); }
Diagnostic notDefined(std::string_view op, std::string_view what) {
  return inputError(fmt::format("'{}' is not defined for {}", op, what));
}

int64_t intOf(const Value &x) { return x.is<bool>() ? *x.as<bool>() : *x.as<int64_t>(); }
double floatOf(const Value &x) { return x.is<double>() ? *x.as<double>() : double(intOf(x)); }
Complex complexOf(const Value &x) { return x.is<Complex>() ? *x.as<Complex>() : floatOf(x); }
bool isFinite(Complex x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }
bool isInt(const Value &x) { return x.is<bool>() || x.is<int64_t>(); }

template <typename T> std::optional<bool> compare(std::string_view op, const T &a, const T &b) {
  if (op == "==")
    return a == b;
  if (op == "!=")
    return a != b;
  if constexpr (!std::is_same_v<T, Complex>) {
    if (op == "<")
      return a < b;
    if (op == "<=")
      return a <= b;
    if (op == ">")
      return a > b;
    if (op == ">=")
      return a >= b;
  }
  return std::nullopt;
}

Expected<Value> intPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0)
      return divisionByZero();
    return Value(std::pow(double(base), double(exponent)));
  }
  int64_t result = 1;
  while (exponent) {
    if (exponent & 1 && __builtin_mul_overflow(result, base, &result))
      return tooLarge();
    exponent >>= 1;
    // The square is needed only where a bit is left; 0, 1 and -1 never overflow.
    if (exponent && __builtin_mul_overflow(base, base, &base))
      return tooLarge();
  }
  return Value(result);
}

Expected<Value> shift(std::string_view op, int64_t a, int64_t count) {
  if (count < 0)
    return inputError(fmt::format("the shift count {} is negative", count));
  if (op == ">>")
    return Value(a >> std::min<int64_t>(count, 63));
  if (a == 0)
    return Value(a);
  int64_t result;
  if (count > 63 || __builtin_mul_overflow(a, __int128(1) << count, &result))
    return tooLarge();
  return Value(result);
}

Expected<Value> intBinary(std::string_view op, int64_t a, int64_t b) {
  int64_t result;
  auto checked = [&](bool overflow) -> Expected<Value> {
    if (overflow)
      return tooLarge();
    return Value(result);
  };
  if (op == "+")
    return checked(__builtin_add_overflow(a, b, &result));
  if (op == "-")
    return checked(__builtin_sub_overflow(a, b, &result));
  if (op == "*")
    return checked(__builtin_mul_overflow(a, b, &result));
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0)
      return divisionByZero();
    if (op == "/")
      return Value(double((long double)(a) / (long double)(b)));
    if (b == -1) // INT64_MIN // -1 overflows
      return op == "%" ? Expected<Value>(Value(int64_t(0)))
                       : checked(__builtin_sub_overflow(int64_t(0), a, &result));
    int64_t quotient = a / b, rest = a % b;
    bool below = rest != 0 && (rest < 0) != (b < 0);
    return Value(op == "%" ? rest + (below ? b : 0) : quotient - below);
  }
  if (op == "**")
    return intPower(a, b);
  if (op == "&")
    return Value(a & b);
  if (op == "|")
    return Value(a | b);
  if (op == "^")
    return Value(a ^ b);
  return shift(op, a, b);
}

/// CPython's float_divmod.
std::pair<double, double> floatDivmod(double a, double b) {
  double rest = std::fmod(a, b), quotient = (a - rest) / b;
  if (rest != 0) {
    if ((b < 0) != (rest < 0)) {
      rest += b;
      quotient -= 1;
    }
  } else {
    rest = std::copysign(0.0, b);
  }
  if (quotient == 0)
    return {std::copysign(0.0, a / b), rest};
  double floored = std::floor(quotient);
  return {quotient - floored > 0.5 ? floored + 1 : floored, rest};
}

Expected<Value> complexBinary(std::string_view op, Complex a, Complex b);

Expected<Value> floatBinary(std::string_view op, double a, double b) {
  if (op == "+")
    return Value(a + b);
  if (op == "-")
    return Value(a - b);
  if (op == "*")
    return Value(a * b);
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0)
      return divisionByZero();
    if (op == "/")
      return Value(a / b);
    auto [quotient, rest] = floatDivmod(a, b);
    return Value(op == "%" ? rest : quotient);
  }
  if (op == "**") {
    if (a == 0 && b < 0)
      return divisionByZero();
    if (a < 0 && std::isfinite(a) && std::isfinite(b) && b != std::floor(b))
      return complexBinary(op, a, b);
    double result = std::pow(a, b);
    if (std::isinf(result) && std::isfinite(a) && std::isfinite(b))
      return inputError("the power is too large for a float");
    return Value(result);
  }
  return notDefined(op, "floats");
}

/// CPython's c_powi: by squaring.
Complex complexPower(Complex base, int64_t exponent) {
  Complex result = 1.0, square = base;
  for (uint64_t left = uint64_t(std::abs(exponent)); left; left >>= 1) {
    if (left & 1)
      result *= square;
    square *= square;
  }
  return exponent < 0 ? 1.0 / result : result;
}

Expected<Value> complexBinary(std::string_view op, Complex a, Complex b) {
  if (op == "+")
    return Value(a + b);
  if (op == "-")
    return Value(a - b);
  if (op == "*")
    return Value(a * b);
  if (op == "/") {
    if (b == 0.0)
      return divisionByZero();
    return Value(a / b);
  }
  if (op == "**") {
    if (a == 0.0 && (b.real() < 0 || b.imag() != 0))
      return divisionByZero();
    if (a == 0.0)
      return Value(Complex(b == 0.0));
    bool byInteger = b.imag() == 0 && b.real() == std::floor(b.real()) && std::abs(b.real()) <= 100;
    Complex result = byInteger ? complexPower(a, int64_t(b.real())) : std::pow(a, b);
    if (isFinite(a) && isFinite(b) && !isFinite(result))
      return inputError("the power is too large for a complex number");
    return Value(result);
  }
  return notDefined(op, "complex numbers");
}

} // namespace

Expected<Value> pythonBinary(std::string_view op, const Value &left, const Value &right) {
  bool isComparison = op == "==" || op == "!=" || op[0] == '<' || op[0] == '>';
  if (op == "<<" || op == ">>")
    isComparison = false;
  if (left.is<Complex>() || right.is<Complex>()) {
    if (!isComparison)
      return complexBinary(op, complexOf(left), complexOf(right));
    if (auto answer = compare(op, complexOf(left), complexOf(right)))
      return Value(*answer);
    return notDefined(op, "complex numbers");
  }
  // 64 bits of mantissa hold every integer and every float.
  auto wide = [](const Value &x) {
    return x.is<double>() ? (long double)(*x.as<double>()) : (long double)(intOf(x));
  };
  if (isComparison)
    return Value(*compare(op, wide(left), wide(right)));
  if (!isInt(left) || !isInt(right))
    return floatBinary(op, floatOf(left), floatOf(right));
  if (left.is<bool>() && right.is<bool>() && (op == "&" || op == "|" || op == "^")) {
    bool a = *left.as<bool>(), b = *right.as<bool>();
    return Value(op == "&" ? a && b : op == "|" ? a || b : a != b);
  }
  return intBinary(op, intOf(left), intOf(right));
}

Expected<Value> pythonUnary(std::string_view op, const Value &operand) {
  if (op == "~") {
    if (!isInt(operand))
      return notDefined(op, operand.is<double>() ? "floats" : "complex numbers");
    return Value(~intOf(operand));
  }
  if (op == "+")
    return operand.is<bool>() ? Value(intOf(operand)) : Value(operand.state);
  if (operand.is<Complex>())
    return Value(-*operand.as<Complex>());
  if (operand.is<double>())
    return Value(-*operand.as<double>());
  int64_t result;
  if (__builtin_sub_overflow(int64_t(0), intOf(operand), &result))
    return tooLarge();
  return Value(result);
}

} // namespace ricci
