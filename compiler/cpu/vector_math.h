//===- vector_math.h - elementary functions, inline ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/loop_builder.h"
#include "compiler/target/target.h"
#include "frontend/scalar_ops.h"

namespace ricci {

/// Writes an elementary function of f32 or f64 operands (scalars or vectors) without any call: exp,
/// exp2, expm1, log, log2, log10, log1p, cbrt, the trigonometric and hyperbolic functions and their
/// inverses, erf, hypot, logaddexp, logaddexp2, power, fmod, remainder and floor_divide. Special
/// values as NumPy; errors and algorithms are in docs/vector_math.md. The bits of a result depend
/// on whether the CPU has FMA, not on the number of lanes.
mlir::Value emitMath(LoopBuilder &b, const Target &target, ScalarOp op, mlir::ValueRange operands);

/// Whether the function has a shorter form for sums: erf of f32, tanh.
bool hasFormForSum(ScalarOp op, DType dtype);
/// The same function where its result is only added to a number of at least 1: near 0, its error is
/// one of values near 1.
mlir::Value emitMathForSum(LoopBuilder &b, const Target &target, ScalarOp op, mlir::Value operand);

} // namespace ricci
