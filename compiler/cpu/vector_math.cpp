//===- vector_math.cpp - elementary functions, inline ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/vector_math.h"

#include "compiler/cpu/vector_math_functions.h"

namespace ricci {

mlir::Value emitMath(LoopBuilder &b, const Target &target, ScalarOp op, mlir::ValueRange operands) {
  using namespace vector_math;
  MathBuilder m(b, target, operands[0].getType());
  Real x = m.wrap(operands[0]);
  auto y = [&] { return m.wrap(operands[1]); };
  auto write = [&]() -> Real {
    switch (op) {
    case ScalarOp::Exp:
      return exp(m, x);
    case ScalarOp::Exp2:
      return exp2(m, x);
    case ScalarOp::Expm1:
      return expm1(m, x);
    case ScalarOp::Log:
      return log(m, x);
    case ScalarOp::Log2:
      return log2(m, x);
    case ScalarOp::Log10:
      return log10(m, x);
    case ScalarOp::Log1p:
      return log1p(m, x);
    case ScalarOp::Cbrt:
      return cbrt(m, x);
    case ScalarOp::Sin:
      return sin(m, x);
    case ScalarOp::Cos:
      return cos(m, x);
    case ScalarOp::Tan:
      return tan(m, x);
    case ScalarOp::Arcsin:
      return arcsin(m, x);
    case ScalarOp::Arccos:
      return arccos(m, x);
    case ScalarOp::Arctan:
      return arctan(m, x);
    case ScalarOp::Arctan2:
      return arctan2(m, x, y());
    case ScalarOp::Sinh:
      return sinh(m, x);
    case ScalarOp::Cosh:
      return cosh(m, x);
    case ScalarOp::Tanh:
      return tanh(m, x);
    case ScalarOp::Arcsinh:
      return arcsinh(m, x);
    case ScalarOp::Arccosh:
      return arccosh(m, x);
    case ScalarOp::Arctanh:
      return arctanh(m, x);
    case ScalarOp::Erf:
      return erf(m, x);
    case ScalarOp::Hypot:
      return hypot(m, x, y());
    case ScalarOp::Logaddexp:
      return logaddexp(m, x, y());
    case ScalarOp::Logaddexp2:
      return logaddexp2(m, x, y());
    case ScalarOp::Power:
      return power(m, x, y());
    case ScalarOp::Fmod:
      return fmod(m, x, y());
    case ScalarOp::Remainder:
      return remainder(m, x, y());
    case ScalarOp::FloorDivide:
      return floorDivide(m, x, y());
    default:
      llvm_unreachable("not an elementary function");
    }
  };
  return write().v;
}

bool hasFormForSum(ScalarOp op, DType dtype) {
  return dtype == DType::f32 ? op == ScalarOp::Erf || op == ScalarOp::Tanh
                             : dtype == DType::f64 && op == ScalarOp::Tanh;
}

mlir::Value emitMathForSum(LoopBuilder &b, const Target &target, ScalarOp op, mlir::Value operand) {
  using namespace vector_math;
  MathBuilder m(b, target, operand.getType());
  Real x = m.wrap(operand);
  return (op == ScalarOp::Erf ? erfForSum(m, x) : tanhForSum(m, x)).v;
}

} // namespace ricci
