//===- types.h - element types as MLIR types --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include "mlir/IR/BuiltinTypes.h"

namespace ricci {

/// i1 for bool, signless integers for signed, ui8…ui64 for unsigned ones.
mlir::Type dtypeToMlir(DType type, mlir::MLIRContext *context);
/// Empty for a type that is no dtype.
std::optional<DType> mlirToDType(mlir::Type type);

/// The tensor type without its strides, and back.
mlir::RankedTensorType tensorToMlir(const TensorType &type, mlir::MLIRContext *context);
/// The dtype of a value of the ricci dialect, whose element types are all dtypes.
DType elementDType(mlir::Type tensorType);

} // namespace ricci
