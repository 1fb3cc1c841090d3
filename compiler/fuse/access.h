//===- access.h - where the elements of a value are -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// transpose, slice, broadcast, windows and reshape move nothing: they say where an element is read.
// Of a value in memory that is a strided view; of a value that is computed, a map of indices.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace ricci {

/// The element at index i is `offset + sum i[a] * strides[a]` elements from the base's.
struct StridedView {
  llvm::SmallVector<int64_t> shape, strides;
  int64_t offset = 0;
};

/// All elements of a value, in C order.
StridedView contiguous(mlir::Value value);
/// How a value lies in memory, or would: an argument or a result of the function as the caller
/// says, any other in C order.
StridedView memoryOf(mlir::Value value);

/// Whether the operation only says where elements are.
bool isView(mlir::Operation *op);
/// What a view op reads.
mlir::Value viewOperand(mlir::Operation *op);
/// The value behind all view ops.
mlir::Value viewBase(mlir::Value value);

/// The result of a view op of something that lies in memory so; nothing where that needs a copy
/// (some reshapes).
std::optional<StridedView> viewThrough(mlir::Operation *op, const StridedView &operand);

/// Strides for `shape` of the elements, in C order, of a view; nothing where they do not exist.
std::optional<StridedView> reshapeView(const StridedView &view, llvm::ArrayRef<int64_t> shape);

/// The operand of the kernel that a value of its block is a view of, and how; nothing where it is
/// computed.
std::optional<std::pair<unsigned, StridedView>> memoryView(KernelOp kernel, mlir::Value value);

/// One index of a value, over the axes of an iteration space: `offset + sum factors[a] * index[a]`.
struct IndexTerm {
  int64_t offset = 0;
  llvm::SmallVector<int64_t> factors;
  bool operator==(const IndexTerm &) const = default;
};

/// All indices of a value.
struct IndexMap {
  size_t rank = 0;                    ///< of the space
  llvm::SmallVector<IndexTerm> terms; ///< by axis of the value
  bool operator==(const IndexMap &) const = default;
};

/// Axis i of the value is axis i of the space.
IndexMap identityMap(size_t rank);
/// The map of the operand of a view op, given its result's; nothing for a reshape that merges axes.
std::optional<IndexMap> mapThrough(mlir::Operation *op, const IndexMap &map);
/// The map of an operand that broadcasts to a value with this map.
IndexMap broadcastMap(llvm::ArrayRef<int64_t> operandShape, const IndexMap &map);

/// The embedding of a value's axes into a kernel's space: on all axes, or on the kept ones. Axes of
/// extent 1 count for nothing. Nothing where the shapes differ.
std::optional<IndexMap> embed(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> space,
                              llvm::ArrayRef<bool> reduced, bool onKept);

/// Maps of the operands of an elementwise-like operation (elementwise, cast, pad,
/// concatenate, gather), given its
/// result's.
llvm::SmallVector<IndexMap> operandMaps(mlir::Operation *op, const IndexMap &map);

/// Reshape and transpose lose nothing: a result may be stored through them. The value that is
/// computed, and where it lies when `value` lies in `view`.
std::optional<std::pair<mlir::Value, StridedView>> storeThrough(mlir::Value value,
                                                                StridedView view);

} // namespace ricci
