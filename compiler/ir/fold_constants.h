//===- fold_constants.h - scalar operations on constants --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/scalar_ops.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace ricci {

/// The operation on elements: integers, floats and bools, of which all but bools are typed. Null
/// for what is left to run time: functions that round more than once, complex numbers, and results
/// that are NaN (whose sign the machine decides).
mlir::TypedAttr foldScalar(ScalarOp op, llvm::ArrayRef<mlir::TypedAttr> operands);

/// The conversion of an element; null for complex numbers and for floats outside of an integer
/// type.
mlir::TypedAttr foldCast(mlir::TypedAttr element, mlir::Type to);

} // namespace ricci
