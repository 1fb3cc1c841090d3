//===- computed_operand.h - an operand that a contraction computes ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/contract_result.h"
#include "compiler/cpu/fused_kernel.h"

namespace ricci {

/// Computes a part of a block of the operand to a buffer that stays in the L1 cache, and that
/// packing reads like any operand. Vectors go along the rows (columns) where those are contiguous
/// in what is read, for many of them and a few steps of K; else along K, for the rows of a panel.
class ComputedOperand {
public:
  using Value = mlir::Value;
  using Values = LoopBuilder::Values;

  /// In the function that has begun. `operands`: the buffers of the prologue's accesses. Rows or
  /// columns of a block are `block` at most, steps of K `depth`.
  ComputedOperand(ContractFrame &frame, const KernelSpec &spec, const Target &target,
                  Values operands, Value block, Value depth);

  // Tables of the block for each access: of rows (columns; columns in panels: of panels), and of K.
  // That of the first access is the operand's.
  Values rows, ks;
  Values bases; ///< of the batch entry

  /// What packing finds in the buffer's tables for a block of K of this depth.
  void beginDepth(Value depth);
  /// Rows [first, first + count) of a block that begins at row `blockRow`, steps [k, k + steps) of
  /// a block of K that begins at `kBegin`.
  void compute(Value blockRow, Value first, Value count, Value kBegin, Value k, Value steps);
  /// The same of columns in panels, from the first of panel `first` on, all within one index of the
  /// dim behind the innermost.
  void computePanels(Value first, Value columns, Value kBegin, Value k, Value steps);

  // For packing: the buffer, and tables of its rows and of K with their runs.
  Value buffer, rowTable, rowRuns, kTable, kRuns;
  Value rowStride;   ///< from a row to the next
  Value rowsOfPart;  ///< at most; a whole number of panels
  Value stepsOfPart; ///< of K

private:
  bool alongRows() const { return spec_.packing[spec_.computed] == Packing::AlongRows; }
  /// Steps [k, k + steps) of K for `count` rows that are contiguous in the buffer.
  void alongK(const Values &base, Value to, Value kBegin, Value k, Value steps);
  /// Stores `count` numbers that are contiguous in the buffer from `to` on, and fetches as many
  /// from `ahead` on.
  void store(Values from, Value to, Value count, Value ahead = {});
  /// Where the operand's step after this one is, of those of a part: a short piece of a row ends
  /// before a prefetcher has seen it, and what is dear to compute hides what comes behind it.
  Value nextStep(Value k, Value step, Value steps);
  /// body(from, to) for pieces of [0, count) that stay within one index of the dim behind the
  /// innermost, where the first is number `start`.
  void pieces(Value start, Value count, llvm::function_ref<void(Value, Value)> body);
  Values moved(const Values &base, const Values &tables, Value at);

  LoopBuilder &b_;
  const KernelSpec &spec_;
  ContractFrame &frame_;
  FusedKernel kernel_;
  Value pitch_;
};

} // namespace ricci
