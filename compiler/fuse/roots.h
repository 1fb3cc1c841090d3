//===- roots.h - which values lie in memory -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/fusion.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseSet.h"

namespace ricci {

/// Cycles of a vector that one kernel computes at most for one value: more are cut, so that no
/// kernel takes long to compile.
inline constexpr double kMaxValueCycles = 200;
/// Cycles of a vector of an operation that is computed element by element.
double cyclesOf(mlir::Operation *op);

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The values that lie in memory whatever shares a kernel: arguments, results, what is read whole,
/// and what is too long to be computed in one kernel. May add copies to the function.
class Roots {
public:
  /// An operand that an einsum computes itself (prologue.h) is none.
  Roots(mlir::func::FuncOp function, const FusionRules &rules);

  /// From now on the value, which is computed, lies in memory.
  void add(mlir::Value value);
  bool contains(mlir::Value value) const { return roots_.contains(value); }
  /// Where a value in memory, or a view of one, is; null for others.
  const StridedView *place(mlir::Value value) const;
  /// The result that is a view of this value and is stored by the kernel that computes it; null
  /// where there is none.
  mlir::Value storedAs(mlir::Value value) const { return stored_.lookup(value); }

private:
  mlir::Block &block() const;
  /// The value and, of views, what they read lie in memory from now on.
  void ensureMemory(mlir::Value value);
  /// A view of something in memory: where it is, or else a copy of its operand.
  void placeView(mlir::Value view);
  /// A result is stored where the caller wants it, through reshape and transpose where nobody else
  /// reads what they read; other views are copied.
  void markResult(mlir::Value value);
  /// What is computed and stored as this result, a view of it; null where that is not so.
  mlir::Value storedThrough(mlir::Value value);
  bool isOnlyStored(mlir::Value value, mlir::Value base);
  /// Whether the result, a view of something that lies in memory, is no view of that memory.
  bool needsCopy(mlir::Value value, mlir::Value base) const;

  mlir::func::FuncOp function_;
  llvm::DenseMap<mlir::Value, StridedView> memory_; ///< of what lies in memory, and views of it
  llvm::DenseSet<mlir::Value> roots_;
  llvm::DenseMap<mlir::Value, mlir::Value> stored_; ///< what is stored through views, the result
  llvm::DenseMap<mlir::Value, double> size_;        ///< cycles of what is computed behind a value
};

} // namespace ricci
