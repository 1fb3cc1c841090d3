//===- launches.h - what launches of all devices have in common ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"
#include "runtime/executable.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ricci {

/// Numbers the gathers, so that a kernel can say which has found an index out of range, and keeps
/// where `source` has them. Before loops are made of the function.
void numberGathers(mlir::func::FuncOp function, const std::string &source, Executable &executable);

/// Where the values of a function of kernels are. Adds its constants and arena to the executable.
class ValuePlaces {
public:
  ValuePlaces(mlir::func::FuncOp function, Executable &executable);

  /// Of the kernel's results, before any kernel that reads them.
  void addResults(KernelOp kernel);
  /// The element at index 0 of an operand or, after those, a result, moved by `offset` elements.
  BufferRef operator()(KernelOp kernel, unsigned buffer, int64_t offset) const;
  /// What a worker needs for the blocks of rows of the kernels since the last call.
  int64_t takeBlockBytes() { return std::exchange(blockBytes_, 0); }

private:
  Executable &executable_;
  int64_t blockBytes_ = 0;
  llvm::DenseMap<mlir::Value, BufferRef> places_;
};

/// The rows of the plan's table, kernel by kernel: the path finder has made those of einsums.
class PlanRows {
public:
  explicit PlanRows(Plan &plan) : plan_(plan) {}
  PlanRows(const PlanRows &) = delete;
  ~PlanRows() { plan_.steps = std::move(rows_); }

  /// `estimate` has the kernel's title, bytes and predicted seconds; of what is no einsum also the
  /// flops.
  void add(KernelOp kernel, const PlanStep &estimate);
  /// Of a kernel that the path finder knows nothing of.
  void insert(KernelOp kernel, PlanStep estimate);

private:
  Plan &plan_;
  std::vector<PlanStep> rows_;
};

} // namespace ricci
