//===- math_kernel.cpp - an elementary function as a kernel ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/math_kernel.h"

#include "compiler/cpu/values.h"
#include "compiler/cpu/vector_math.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace ricci::test {

const std::vector<ScalarOp> &elementaryFunctions() {
  static const std::vector<ScalarOp> all = {
      ScalarOp::Exp,        ScalarOp::Exp2,    ScalarOp::Expm1,   ScalarOp::Log,
      ScalarOp::Log2,       ScalarOp::Log10,   ScalarOp::Log1p,   ScalarOp::Cbrt,
      ScalarOp::Sin,        ScalarOp::Cos,     ScalarOp::Tan,     ScalarOp::Arcsin,
      ScalarOp::Arccos,     ScalarOp::Arctan,  ScalarOp::Sinh,    ScalarOp::Cosh,
      ScalarOp::Tanh,       ScalarOp::Arcsinh, ScalarOp::Arccosh, ScalarOp::Arctanh,
      ScalarOp::Erf,        ScalarOp::Arctan2, ScalarOp::Hypot,   ScalarOp::Logaddexp,
      ScalarOp::Logaddexp2, ScalarOp::Power,   ScalarOp::Fmod,    ScalarOp::Remainder,
      ScalarOp::FloorDivide};
  return all;
}

std::string mathLoops(ScalarOp op, DType dtype, int lanes, const Target &target) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::math::MathDialect,
                      mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                      mlir::vector::VectorDialect>();
  LoopBuilder b(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(b.getLoc());
  auto memrefOf = [](mlir::Type type) -> mlir::Type {
    return mlir::MemRefType::get({mlir::ShapedType::kDynamic}, type);
  };
  mlir::Type element = ValueBuilder::storageType(&context, dtype), index = b.getIndexType();
  int arity = info(op).arity;
  llvm::SmallVector<mlir::Type> arguments(size_t(arity) + 1, memrefOf(element));
  arguments.append({memrefOf(index), memrefOf(b.getI8Type()), index, index});
  auto function = b.beginFunction(*module, "kernel", arguments, /*isPrivate=*/false);
  function->setAttr("ricci.entry", b.getUnitAttr());
  ValueBuilder values(b, target, dtype);
  auto argument = [&](int i) { return function.getArgument(unsigned(i)); };
  b.forLoop(
      argument(arity + 3), argument(arity + 4), b.idx(std::max(lanes, 1)), [&](mlir::Value i) {
        llvm::SmallVector<mlir::Value> operands;
        for (int k = 0; k < arity; ++k)
          operands.push_back(values.load(argument(k), dtype, i, lanes).re);
        values.store({emitMath(b, target, op, operands), {}}, argument(arity), dtype, i, lanes);
      });
  b.endFunction();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

std::shared_ptr<const Kernel> mathKernel(ScalarOp op, DType dtype, int lanes,
                                         const Target &target) {
  auto kernel = compileKernel(mathLoops(op, dtype, lanes, target), target);
  if (kernel)
    return *kernel;
  fmt::print(stderr, "{}: {}\n", nameOf(op), kernel.error().render());
  std::exit(1);
}

namespace {

/// As NumPy's npy_divmod defines it.
template <typename T> T floorDivide(T x, T y, T *modulus) {
  T rest = std::fmod(x, y);
  if (y == 0) {
    *modulus = rest;
    return x / y;
  }
  T quotient = (x - rest) / y;
  if (rest != 0) {
    if ((y < 0) != (rest < 0)) {
      rest += y;
      quotient -= 1;
    }
  } else {
    rest = std::copysign(T(0), y);
  }
  T floor;
  if (quotient != 0) {
    floor = std::floor(quotient);
    if (quotient - floor > T(0.5))
      floor += 1;
  } else {
    floor = std::copysign(T(0), x / y);
  }
  *modulus = rest;
  return floor;
}

template <typename T> T logOfSum(T x, T y, bool binary) {
  if (x == y)
    return x + (binary ? T(1) : std::log(T(2)));
  if (std::isnan(x) || std::isnan(y))
    return x + y;
  T high = std::max(x, y), low = std::min(x, y), d = low - high;
  return high + (binary ? std::log1p(std::exp2(d)) / std::log(T(2)) : std::log1p(std::exp(d)));
}

template <typename Wide, typename T> Wide referenceIn(ScalarOp op, T operand, T second) {
  Wide x = operand, y = second;
  T modulus;
  switch (op) {
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
    return logOfSum(x, y, false);
  case ScalarOp::Logaddexp2:
    return logOfSum(x, y, true);
  case ScalarOp::Power:
    return std::pow(x, y);
  case ScalarOp::Fmod:
    return std::fmod(operand, second);
  case ScalarOp::Remainder:
    floorDivide(operand, second, &modulus);
    return modulus;
  case ScalarOp::FloorDivide:
    return floorDivide(operand, second, &modulus);
  default:
    std::abort();
  }
}

/// `least` bounds the unit from below: that of its own last place.
template <typename T, typename Wide> double ulps(T result, Wide exact, Wide least) {
  if constexpr (sizeof(Wide) == 8) { // the usual case, quickly
    int exponent = int(std::bit_cast<uint64_t>(exact) >> 52 & 0x7ff) - 1023;
    if (exponent > -1000 && exponent < 127 && std::fabs(result) < std::numeric_limits<T>::max() &&
        result != 0)
      return std::fabs(result - exact) *
             std::bit_cast<double>(uint64_t(1023 + 23 - std::max(exponent, -126)) << 52);
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (std::isnan(result) || std::isnan(exact))
    return std::isnan(result) && std::isnan(exact) ? 0 : infinity;
  if (std::isinf(T(exact)) || std::isinf(result)) {
    if (result == T(exact))
      return 0;
    // A result beside the greatest number may be infinite, and the other way round.
    Wide greatest = std::numeric_limits<T>::max();
    Wide ulp = greatest - std::nextafter(std::numeric_limits<T>::max(), T(0));
    if (std::isinf(exact) || std::signbit(result) != std::signbit(exact))
      return infinity;
    Wide value = std::isinf(result) ? greatest + ulp : Wide(std::fabs(result));
    return double(std::fabs(value - std::fabs(exact)) / ulp);
  }
  if (exact == 0 && least == 0)
    return result == 0 && std::signbit(result) == std::signbit(exact) ? 0 : infinity;
  if (result == 0 && least == 0 && std::signbit(result) != std::signbit(exact))
    return infinity;
  Wide size = std::max(std::fabs(exact), least);
  int exponent = std::max(std::ilogb(size), std::numeric_limits<T>::min_exponent - 1);
  Wide ulp = std::ldexp(Wide(1), exponent + 1 - std::numeric_limits<T>::digits);
  return double(std::fabs(Wide(result) - exact) / ulp);
}

/// Whether a result must be the very number.
bool isExact(ScalarOp op) {
  return op == ScalarOp::Fmod || op == ScalarOp::Remainder || op == ScalarOp::FloorDivide;
}

template <typename T> double exactError(ScalarOp op, T x, T y, T result) {
  T exact = referenceIn<T>(op, x, y);
  bool same = std::isnan(exact) ? std::isnan(result)
                                : exact == result && std::signbit(exact) == std::signbit(result);
  return same ? 0 : std::numeric_limits<double>::infinity();
}

template <typename T>
void errorsOf(ScalarOp op, T x, T y, llvm::ArrayRef<T> results,
              llvm::MutableArrayRef<double> errors) {
  if (isExact(op)) {
    for (size_t i = 0; i < results.size(); ++i)
      errors[i] = exactError(op, x, y, results[i]);
    return;
  }
  if (sizeof(T) == 4 && info(op).arity == 1) {
    double exact = referenceIn<double>(op, x, y);
    for (size_t i = 0; i < results.size(); ++i)
      errors[i] = ulps<T, double>(results[i], exact, 0);
    return;
  }
  long double exact = referenceIn<long double>(op, x, y), least = 0;
  if (sizeof(T) == 8 && (op == ScalarOp::Logaddexp || op == ScalarOp::Logaddexp2)) {
    long double high = std::max(x, y);
    least = std::max(std::fabs(high), std::fabs(exact - high));
  }
  for (size_t i = 0; i < results.size(); ++i)
    errors[i] = ulps<T, long double>(results[i], exact, least);
}

} // namespace

void mathErrors(ScalarOp op, llvm::ArrayRef<float> operands, llvm::ArrayRef<float> results,
                llvm::MutableArrayRef<double> errors) {
  errorsOf<float>(op, operands[0], operands[1], results, errors);
}
void mathErrors(ScalarOp op, llvm::ArrayRef<double> operands, llvm::ArrayRef<double> results,
                llvm::MutableArrayRef<double> errors) {
  errorsOf<double>(op, operands[0], operands[1], results, errors);
}

double bound(ScalarOp op, DType dtype, bool fma) {
  double factor = fma ? 1 : 2;
  switch (op) {
  case ScalarOp::Fmod:
  case ScalarOp::Remainder:
  case ScalarOp::FloorDivide:
    return 0;
  case ScalarOp::Exp:
  case ScalarOp::Exp2:
  case ScalarOp::Log:
  case ScalarOp::Log2:
  case ScalarOp::Sin:
  case ScalarOp::Cos:
  case ScalarOp::Erf:
    return factor * (dtype == DType::f32 ? 1 : 2);
  case ScalarOp::Log1p:
  case ScalarOp::Expm1:
  case ScalarOp::Tanh:
  case ScalarOp::Power:
    return factor * 2;
  default:
    return factor * (dtype == DType::f32 ? 4 : 2);
  }
}

} // namespace ricci::test
