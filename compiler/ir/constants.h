//===- constants.h - the elements of constants as bytes ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"

#include <vector>

namespace ricci {

/// The elements as tensors have them in memory, in C order: either all of them or one that all are
/// equal to (a bool is one byte). The number of bytes must be one of the two.
mlir::DenseElementsAttr constantFromBytes(mlir::RankedTensorType type,
                                          llvm::ArrayRef<uint8_t> bytes);

/// The element that all elements of a value are known to be; null when it is none.
mlir::TypedAttr splatOf(mlir::Value value);

/// Back to bytes: those of one element when the attribute is a splat.
std::vector<uint8_t> constantToBytes(mlir::DenseElementsAttr elements);

} // namespace ricci
