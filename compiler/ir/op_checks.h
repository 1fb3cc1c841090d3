//===- op_checks.h - what the verifiers of the operations share -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace ricci {

inline mlir::RankedTensorType tensorOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return tensorOf(value).getShape(); }

/// "(3, 4)", as NumPy writes shapes.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// NumPy's broadcast of a shape into another; false where an axis does not fit.
bool broadcastInto(llvm::SmallVectorImpl<int64_t> &result, llvm::ArrayRef<int64_t> shape);

/// Each emits an error where it fails.
mlir::LogicalResult verifySameElementType(mlir::Operation *op, mlir::Value a, mlir::Value b);
mlir::LogicalResult verifySameShape(mlir::Operation *op, mlir::Value input, mlir::Value output);
/// Whether `dim` is an axis of the operand.
mlir::LogicalResult verifyDim(mlir::Operation *op, int64_t dim, mlir::Value input);
/// Whether the dimensions are axes of the operand and rise.
mlir::LogicalResult verifyRisingDims(mlir::Operation *op, llvm::ArrayRef<int64_t> dims,
                                     mlir::Value input);
/// Whether the result has the shape that the operands give.
mlir::LogicalResult verifyResultShape(mlir::Operation *op, mlir::Value output,
                                      llvm::ArrayRef<int64_t> expected);

} // namespace ricci
