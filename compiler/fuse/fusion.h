//===- fusion.h - which operations share a kernel -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An einsum is a kernel, with its epilogue, or with what computes an operand (prologue.h). All else
// is fused. A fused kernel has one space of
// axes, some of them reduced; what it computes lives on all axes or on the kept ones. An
// elementwise operation belongs to no kernel: it is computed wherever its result is wanted, unless
// it is a root.
//
// - A reduction joins the kernel of a reduction that it depends on, over the same axes of the same
//   space (softmax: max, then sum), or one that reads the same memory.
// - A root, a value that lies in memory, joins the kernel of the reductions that it depends on, on
// all
//   axes (softmax's quotient) or on the kept ones (the logarithm of a log-sum-exp), or a kernel on
//   the same space that reads the same memory.
// - A root of an einsum's result alone, and of less that lies in memory before, joins the einsum
//   where the result is gone from the caches before another kernel reads it: a contraction computes
//   it where its sums are.
// - Roots are results, what einsum and gather read, what a reshape merges axes of;
//   further what costs more to compute again, in several kernels or for every index of axes that it
//   does not have, than to read.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/access.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/SetVector.h"

namespace ricci {

/// Operations of one launch.
struct KernelGroup {
  /// Set: the group is this einsum, and perhaps what computes an operand, or what becomes of its
  /// result, element by element.
  mlir::Operation *single = nullptr;
  bool hasPrologue = false, hasEpilogue = false;
  llvm::SmallVector<int64_t> space; ///< extents
  llvm::SmallVector<bool> reduced;  ///< by axis
  bool scans = false;               ///< the one reduced axis is scanned
  /// What lies in memory afterwards, in the order of the program.
  llvm::SetVector<mlir::Value> roots;
  llvm::SmallPtrSet<mlir::Value, 8> leaves; ///< what is read from memory
};

struct FusionRules {
  bool fuse = true;          ///< else every operation but views is a kernel
  int64_t epilogueBytes = 0; ///< an einsum with a smaller result has no epilogue
  bool anyEpilogue = false;  ///< an einsum has one wherever it can: for a GPU
  /// A smaller operand of an einsum lies in memory before; 0: all do.
  int64_t prologueBytes = 0;
};

/// Groups in an order in which they can run.
std::vector<KernelGroup> planFusion(mlir::func::FuncOp function, const FusionRules &rules);

/// Whether the operation is computed element by element wherever it is wanted.
bool isInlined(mlir::Operation *op);

} // namespace ricci
