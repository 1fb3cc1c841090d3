//===- make_ops.h - operations that passes make --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"

#include "mlir/IR/Builders.h"

namespace ricci {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// The value with this element type, and in this shape; itself where it has them.
mlir::Value converted(mlir::OpBuilder &b, mlir::Value value, mlir::Type element);
mlir::Value reshaped(mlir::OpBuilder &b, mlir::Value value, llvm::ArrayRef<int64_t> shape);
/// An axis as `parts` of equal length.
mlir::Value inParts(mlir::OpBuilder &b, mlir::Value value, size_t axis, int64_t parts);
/// `size` indices of an axis, from `start` on, `step` apart; itself where these are all.
mlir::Value sliced(mlir::OpBuilder &b, mlir::Value value, size_t axis, int64_t start, int64_t size,
                   int64_t step = 1);

} // namespace ricci
