//===- scalar_elementary_test.cpp - elementary functions of 16-bit floats and complex -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Beside the C library in a wider type. The functions of f32 and f64 have tests of their own.
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/level_fixture.h"
#include "tests/cpu/scalar_operands.h"

namespace ricci::test {
namespace {

class ScalarElementary : public OnLevel {};
INSTANTIATE_LEVELS(ScalarElementary);

ScalarPrograms elementaryPrograms(DType dtype, int arity) {
  ScalarPrograms programs{dtype, {}, {}, {}};
  for (int i = 0; i < kNumScalarOps; ++i) {
    auto op = ScalarOp(i);
    if (info(op).arity == arity && computeDType(op, dtype) == dtype && isElementary(op, dtype))
      programs.ops.push_back(op);
  }
  return programs;
}

//===----------------------------------------------------------------------===//
// f16 and bf16
//===----------------------------------------------------------------------===//

double pythonRemainder(double x, double y) {
  double rest = std::fmod(x, y);
  if (rest == 0)
    return std::copysign(0.0, y);
  return (rest < 0) != (y < 0) ? rest + y : rest;
}

double floorDivide(double x, double y) {
  if (y == 0)
    return x / y;
  if (std::isinf(x) || std::isnan(x) || std::isnan(y))
    return std::nan("");
  if (std::isinf(y))
    return x == 0 || (x < 0) == (y < 0) ? std::copysign(0.0, x / y) : -1;
  double quotient = (x - pythonRemainder(x, y)) / y;
  return quotient == 0 ? std::copysign(0.0, x / y) : std::nearbyint(quotient);
}

double logOfSum(double x, double y, double base) {
  double greater = std::fmax(x, y), lesser = std::fmin(x, y);
  if (std::isnan(x) || std::isnan(y))
    return std::nan("");
  if (std::isinf(greater))
    return greater;
  return greater + std::log1p(std::pow(base, lesser - greater)) / std::log(base);
}

double exactly(ScalarOp op, double x, double y) {
  switch (op) {
  case ScalarOp::FloorDivide:
    return floorDivide(x, y);
  case ScalarOp::Remainder:
    return pythonRemainder(x, y);
  case ScalarOp::Fmod:
    return std::fmod(x, y);
  case ScalarOp::Power:
    return std::pow(x, y);
  case ScalarOp::Exp:
    return std::exp(x);
  case ScalarOp::Exp2:
    return std::exp2(x);
  case ScalarOp::Expm1:
    return std::expm1(x);
  case ScalarOp::Log:
    return std::log(x);
  case ScalarOp::Log2:
    return std::log2(x);
  case ScalarOp::Log10:
    return std::log10(x);
  case ScalarOp::Log1p:
    return std::log1p(x);
  case ScalarOp::Cbrt:
    return std::cbrt(x);
  case ScalarOp::Sin:
    return std::sin(x);
  case ScalarOp::Cos:
    return std::cos(x);
  case ScalarOp::Tan:
    return std::tan(x);
  case ScalarOp::Arcsin:
    return std::asin(x);
  case ScalarOp::Arccos:
    return std::acos(x);
  case ScalarOp::Arctan:
    return std::atan(x);
  case ScalarOp::Arctan2:
    return std::atan2(x, y);
  case ScalarOp::Sinh:
    return std::sinh(x);
  case ScalarOp::Cosh:
    return std::cosh(x);
  case ScalarOp::Tanh:
    return std::tanh(x);
  case ScalarOp::Arcsinh:
    return std::asinh(x);
  case ScalarOp::Arccosh:
    return std::acosh(x);
  case ScalarOp::Arctanh:
    return std::atanh(x);
  case ScalarOp::Erf:
    return std::erf(x);
  case ScalarOp::Hypot:
    return std::hypot(x, y);
  case ScalarOp::Logaddexp:
    return logOfSum(x, y, M_E);
  case ScalarOp::Logaddexp2:
    return logOfSum(x, y, 2);
  default:
    ADD_FAILURE() << "no oracle for " << nameOf(op);
    return 0;
  }
}

/// The next number at most; zeros by their sign.
template <typename T> bool isNear(T got, T want) {
  if (hasNaN(number(want)) || hasNaN(number(got)))
    return hasNaN(number(want)) && hasNaN(number(got));
  return (got.bits & 0x8000) == (want.bits & 0x8000) && std::abs(got.bits - want.bits) <= 1;
}

template <typename T>
void checkSmall(DType dtype, int arity, const Target &target, const Operands<T> &operands) {
  ScalarPrograms programs = elementaryPrograms(dtype, arity);
  std::vector<Bool> condition(operands.x.size());
  auto results = runScalarPrograms(programs, target, Elements(dtype, operands.x),
                                   Elements(dtype, operands.y), Elements(DType::b1, condition));
  for (size_t p = 0; p < results.size(); ++p)
    for (size_t i = 0; i < operands.x.size(); ++i) {
      double x = number(operands.x[i]), y = number(operands.y[i]);
      T got = results[p].at<T>(i), want = cast<T>(exactly(programs.ops[p], x, y));
      // Where the terms of these cancel, what is left has their errors in f32.
      bool cancels =
          programs.ops[p] == ScalarOp::Logaddexp || programs.ops[p] == ScalarOp::Logaddexp2;
      double bound = cancels ? 4 * 0x1p-24 * (std::fabs(x) + std::fabs(y)) : 0;
      if (!isNear(got, want) && !(std::fabs(double(number(got)) - number(want)) <= bound)) {
        ADD_FAILURE() << nameOf(programs.ops[p]) << " of " << shortName(dtype) << " at " << x
                      << ", " << y << ": " << number(got) << " and not " << number(want);
        break;
      }
    }
}

TEST_P(ScalarElementary, smallFloatsRoundToNeighbours) {
  for (DType dtype : {DType::f16, DType::bf16})
    visit(dtype, [&](auto tag) {
      using T = typename decltype(tag)::Type;
      if constexpr (isSmallFloat<T>) {
        Operands<T> all;
        for (int bits = 0; bits < 65536; ++bits)
          all.x.push_back(T{uint16_t(bits)});
        all.y = all.x;
        checkSmall(dtype, 1, target(), all);
        checkSmall(dtype, 2, target(), operandPairs<T>());
      }
    });
}

//===----------------------------------------------------------------------===//
// Complex
//===----------------------------------------------------------------------===//

/// NumPy's, for finite operands.
template <typename T> T power(T x, T y) {
  if (y == T(0))
    return 1;
  if (x == T(0))
    return y.real() > 0 ? T(0) : T(NAN, NAN);
  if (y.imag() == 0 && y.real() == std::trunc(y.real()) && std::fabs(y.real()) < 100) {
    T result = 1;
    for (int i = 0; i < int(std::fabs(y.real())); ++i)
      result *= x;
    return y.real() < 0 ? T(1) / result : result;
  }
  return std::exp(y * std::log(x));
}

template <typename T> T sign(T x) {
  using F = typename T::value_type;
  F re = x.real(), im = x.imag(), size = std::hypot(re, im);
  if (size == 0)
    return 0;
  if (std::isnan(size) || (std::isinf(re) && std::isinf(im)))
    return T(NAN, NAN);
  if (!std::isinf(size))
    return T(re / size, im / size);
  return std::isinf(re) ? T(std::copysign(F(1), re), 0) : T(0, im > 0 ? 1 : -1);
}

/// Within some last places; the signs of zeros are right.
template <typename F> bool isClose(F got, F want, int places) {
  if (std::isnan(got) || std::isnan(want))
    return std::isnan(got) && std::isnan(want);
  using Bits = std::conditional_t<sizeof(F) == 4, int32_t, int64_t>;
  return std::signbit(got) == std::signbit(want) &&
         std::abs(std::bit_cast<Bits>(std::fabs(got)) - std::bit_cast<Bits>(std::fabs(want))) <=
             places;
}

template <typename T> void checkComplex(DType dtype, const Target &target) {
  using F = typename T::value_type;
  std::vector<T> list = specialElements<T>();
  F most = std::numeric_limits<F>::max(), least = std::numeric_limits<F>::min();
  for (F re : {F(0), least / 8, least, F(1), F(sizeof(F) == 4 ? 90 : 712), most / 2, most})
    for (F im : {F(0), least / 16, 3 * least, F(0.7), F(3), F(1000), most / 3})
      list.insert(list.end(), {T(re, im), T(-re, im), T(re, -im), T(-re, -im)});
  Random random(5);
  while (list.size() < 1000 || list.size() % 64 == 0)
    list.push_back(randomElement<T>(random));
  ScalarPrograms programs = elementaryPrograms(dtype, 1);
  ASSERT_EQ(programs.ops.size(), 4u);
  Elements x(dtype, list), condition(DType::b1, std::vector<Bool>(list.size()));
  auto results = runScalarPrograms(programs, target, x, x, condition);
  for (size_t p = 0; p < results.size(); ++p)
    for (size_t i = 0; i < list.size(); ++i) {
      T got, want;
      switch (programs.ops[p]) {
      case ScalarOp::Absolute:
        got = results[p].at<F>(i), want = std::hypot(list[i].real(), list[i].imag());
        break;
      case ScalarOp::Sign:
        got = results[p].at<T>(i), want = sign(list[i]);
        break;
      case ScalarOp::Sqrt:
        got = results[p].at<T>(i), want = std::sqrt(list[i]);
        break;
      default:
        got = results[p].at<T>(i), want = std::exp(list[i]);
        break;
      }
      if (!isClose(got.real(), want.real(), 6) || !isClose(got.imag(), want.imag(), 6)) {
        ADD_FAILURE() << nameOf(programs.ops[p]) << " of " << shortName(dtype) << " at " << list[i]
                      << ": " << got << " and not " << want;
        break;
      }
    }
}

TEST_P(ScalarElementary, complexFunctions) {
  checkComplex<C64>(DType::c64, target());
  checkComplex<C128>(DType::c128, target());
}

template <typename T> void checkPower(DType dtype, const Target &target) {
  using F = typename T::value_type;
  Operands<T> operands;
  Random random(5);
  auto part = [&] { return F(std::ldexp(double(int64_t(random())), -62)); };
  for (int i = 0; i < 500; ++i) {
    T x(part(), part());
    for (T y : {T(part(), part()), T(F(i % 11 - 5), 0), T(F(0.5), 0), T(0, F(-1))}) {
      operands.x.push_back(x);
      operands.y.push_back(y);
    }
  }
  auto fixed = {T(0), T(1), T(2), T(3), T(-1), T(0, 1), T(F(1), F(-1)), T(F(-0.5), F(2)), T(7)};
  for (T x : fixed)
    for (T y : fixed) {
      operands.x.push_back(x);
      operands.y.push_back(y);
    }
  ScalarPrograms programs = elementaryPrograms(dtype, 2);
  ASSERT_EQ(programs.ops, std::vector{ScalarOp::Power});
  Elements condition(DType::b1, std::vector<Bool>(operands.x.size()));
  auto results = runScalarPrograms(programs, target, Elements(dtype, operands.x),
                                   Elements(dtype, operands.y), condition);
  ASSERT_EQ(results.size(), 1u);
  using Wide = std::complex<long double>;
  for (size_t i = 0; i < operands.x.size(); ++i) {
    T x = operands.x[i], y = operands.y[i], got = results[0].at<T>(i);
    Wide want = power(Wide(x), Wide(y));
    if (std::isnan(want.real())) {
      EXPECT_TRUE(std::isnan(got.real()) && std::isnan(got.imag())) << x << " ** " << y;
      continue;
    }
    // The error of the exponent, y * log(x), is some last places of it.
    long double exponent = x == T(0) ? 0 : std::abs(Wide(y) * std::log(Wide(x)));
    long double bound = (20 + 4 * exponent) * std::numeric_limits<F>::epsilon() * std::abs(want);
    EXPECT_LE(std::abs(Wide(got) - want), bound) << x << " ** " << y << " = " << got;
  }
}

TEST_P(ScalarElementary, complexPower) {
  checkPower<C64>(DType::c64, target());
  checkPower<C128>(DType::c128, target());
}

} // namespace
} // namespace ricci::test
