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

} // namespace ricci
