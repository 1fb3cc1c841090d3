//===- scalar_ops.h - the operations of the language on registers -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a value of a dtype is held while a kernel computes it (its register form), scalar or vector:
//   b1: i1 · integers: signless iN · f32, f64: themselves · f16, bf16: f32 that holds a value of
//   that type exactly · complex: two numbers of its component type
// Results are bitwise the same for a scalar and for every lane of a vector, of any length (but for
// which NaN comes out where two went in).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"
#include "frontend/scalar_ops.h"

namespace ricci {

/// The type of one component of a register; `lanes` 0: scalar.
mlir::Type registerType(mlir::MLIRContext *context, DType dtype, int lanes);

/// Writes scalar operations as NumPy defines them: integers wrap, x // 0 is 0, no signal is raised,
/// NaN, infinities and signed zeros as there; f16 and bf16 are computed in f32 and rounded after
/// every operation. No call to a library, no multiply-add across operations.
class ScalarOps {
public:
  ScalarOps(LoopBuilder &b, const Target &target) : b_(b), target_(target) {}

  /// `op` on operands in the register form of `computed` (frontend/scalar_ops.h: computeDType;
  /// operand 0 of `where` is b1); the result is in the form of resultDType(op, computed).
  Number apply(ScalarOp op, DType computed, llvm::ArrayRef<Number> operands);
  /// astype.
  Number cast(Number value, DType from, DType to);
  /// One element as it lies in memory, in every lane.
  Number constant(DType dtype, const void *element, int lanes);

private:
  LoopBuilder &b_;
  const Target &target_;
};

} // namespace ricci
