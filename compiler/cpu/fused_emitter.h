//===- fused_emitter.h - the loops of a fused kernel ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the files that write these loops share: emit_fused.cpp (tasks, and loops that rows and
// columns have in common), emit_fused_rows.cpp, emit_fused_columns.cpp.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/reduction_states.h"

namespace ricci {

/// Vectors of a light body that rows take at once, so that sums do not wait for each other.
inline constexpr int kUnroll = 4;

/// Of a program in Mode::Entries.
void emitFusedEntries(LoopBuilder &b, mlir::ModuleOp module, const std::string &name,
                      const LoopProgram &program, const Target &target);

/// Writes the function of any other fused kernel.
class FusedEmitter {
public:
  using Value = mlir::Value;
  using Values = FusedKernel::Values;
  using Point = FusedKernel::Point;
  using Word = FusedLayout::Word;
  using State = ReductionState;

  FusedEmitter(LoopBuilder &b, mlir::ModuleOp module, const std::string &name,
               const LoopProgram &program, const Target &target);

  void emit();

private:
  template <typename T> using SmallVector = llvm::SmallVector<T>;
  template <typename T> using ArrayRef = llvm::ArrayRef<T>;
  template <typename T> using MutableArrayRef = llvm::MutableArrayRef<T>;
  using Body = llvm::function_ref<SmallVector<State>(Value i, Value length, ArrayRef<State>)>;
  /// What is known of each of several rows.
  using Known = SmallVector<FusedKernel::Known>;

  const LoopProgram::Node &node(int i) const { return program.nodes[size_t(i)]; }
  /// Nodes on the kept axes that a pass reads. They are computed before it.
  SmallVector<int> readFromOutside(const LoopProgram::Pass &pass) const;
  /// Whether a body of these nodes is written once.
  bool isHeavy(ArrayRef<int> nodes) const;
  /// The same of all that a pass computes on all axes, where guards hold alone too.
  bool isHeavy(const LoopProgram::Pass &pass) const;
  /// Loops along the vector axis, at what `base` has of the other axes.
  struct Line {
    Values base;
    Value count;
    bool heavy = false;
    int unroll = 1;
  };
  /// body(i, length, states) over a line in vectors; returns the last states. A light body has
  /// `unroll` sets of states, of which it gets one at a time.
  SmallVector<State> alongVectors(const Line &line, ArrayRef<int> reductions,
                                  ArrayRef<State> states, Body body);
  /// The same from one index to another.
  SmallVector<State> alongVectors(const Line &line, Value from, Value to, ArrayRef<int> reductions,
                                  ArrayRef<State> states, Body body);
  /// The same of a program `inParts`.
  SmallVector<State> alongParts(const Line &line, ArrayRef<int> reductions, ArrayRef<State> states,
                                Body body);
  /// Whether a guard ends along the vectors. They go from one end to the next, so that it holds for
  /// all of a vector or for none of it.
  bool hasEnds() const;
  /// The nested loops over the reduced axes from `axis` on, up to (not with) `last`, of several
  /// rows at once; `linear` counts their indices.
  SmallVector<State> alongReduced(
      int axis, int last, ArrayRef<Values> bases, Value linear, ArrayRef<int> reductions,
      SmallVector<State> states,
      llvm::function_ref<SmallVector<State>(ArrayRef<Values>, Value, ArrayRef<State>)> body);
  /// Of a reduction, or of a scan, which may go on from something.
  State initial(int i, const Point &point);
  /// The state of a reduction after one more element in each lane that exists.
  State reduced(int reduction, const State &state, const Point &point, Value index, Value mask);
  Number finished(int reduction, const State &total) {
    return states_.finished(node(reduction), total);
  }
  /// Does `body` for each row, with what is known of it. What is the same for all rows is known of
  /// the others once it is of the first.
  void eachRow(Known &known, llvm::function_ref<void(size_t)> body);

  //===--- emit_fused_rows.cpp -----------------------------------------===//

  void emitRows(ArrayRef<Values> bases);
  /// The results of the pass's reductions, scalars, are known from here on.
  void finishRows(const LoopProgram::Pass &pass, ArrayRef<State> states, Known &known);
  /// Rows that go together, from `first` on: `start` is at the first of all.
  void emitGroup(const Values &start, Value first, Value count);
  /// Numbers of a slot from one row of a group to the next; null where no pass keeps any.
  Value slotPitch();
  Value inSlots(Value linear) { return rowInSlots_ ? b.add(rowInSlots_, linear) : linear; }
  /// The states of the pass's reductions, of each of several rows.
  SmallVector<State> rowPass(const LoopProgram::Pass &pass, ArrayRef<Values> bases, Known &known);
  /// One vector of every row.
  SmallVector<State> rowsStep(const LoopProgram::Pass &pass, ArrayRef<Values> rows, Known known,
                              Value i, Value length, Value linear, ArrayRef<State> states);
  /// A scan along the row, element by element.
  void scanRow(const LoopProgram::Pass &pass, const Values &base);
  /// The same where what is scanned is worth computing by vectors: the scan's result takes the
  /// place of its operand, in the L1 cache.
  void scanVectors(const LoopProgram::Pass &pass, const Values &base, ArrayRef<int> scans,
                   ArrayRef<State> states);

  //===--- emit_fused_columns.cpp --------------------------------------===//

  void emitColumns(const Values &base, Value count);
  /// What is known before a pass, for all columns of the block, and its accumulators.
  void knownColumns(const LoopProgram::Pass &pass, const Values &base, Value count);
  void storeState(int n, const State &state, Value i);
  State loadState(int n, Value i);
  void columnPass(const LoopProgram::Pass &pass, const Values &base, Value count);
  /// Of columns that share what they load: tiles of several rows and vectors, of which all sums are
  /// in registers; what follows from them is stored at once.
  void emitShared(ArrayRef<Values> bases, Value count);
  void sharedTile(ArrayRef<Values> bases, Value first, Value length, int vectors);
  /// Some rows, which are added to the accumulators in their order while these are in registers.
  void columnRows(const LoopProgram::Pass &pass, ArrayRef<Values> rows, ArrayRef<Value> linears,
                  Value count, bool once);
  void columnStep(const LoopProgram::Pass &pass, const Point &point, Value linear, Value first,
                  MutableArrayRef<State> states);

  FusedKernel k;
  ReductionStates states_;
  LoopBuilder &b;
  const LoopProgram &program;
  std::vector<LoopProgram::Pass> passes;
  int kept, rowsAtOnce = 1, vectorsAtOnce = 1;
  Values columns_;   ///< the walkers at the first column of the block, in no row
  Value rowInSlots_; ///< of a group: where its numbers begin
};

} // namespace ricci
