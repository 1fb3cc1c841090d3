//===- reduction_states.h - what a reduction is while it runs -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/fused_kernel.h"

namespace ricci {

/// What a reduction is while it runs: the sum; of an arg-reduction the best element so far and
/// its index, which is the largest i64 before the first.
struct ReductionState {
  Number value;
  mlir::Value index;
};

/// Writes the steps of a fused kernel's reductions and scans.
class ReductionStates {
public:
  using Value = mlir::Value;
  using Values = FusedKernel::Values;
  using State = ReductionState;

  explicit ReductionStates(FusedKernel &kernel) : k(kernel), b(kernel.b) {}

  /// A scan's value at an index of its axis, given the one before.
  Number scanned(const LoopProgram::Node &node, Number before, Number element, Value index);
  State initial(const LoopProgram::Node &node, int lanes);
  /// The state after one more element in each lane that exists.
  State step(const LoopProgram::Node &node, State state, Number next, Value index, Value mask);
  /// The same of a sum of products of floats, which are not rounded before they are added.
  State stepOfProduct(const LoopProgram::Node &node, State state, Number x, Number y, Value mask);
  /// Whether a sum of `term` is one.
  static bool addsProducts(const LoopProgram::Node &node, const LoopProgram::Node &term);
  /// The result of a reduction.
  Number finished(const LoopProgram::Node &node, const State &total);
  /// Two states of different elements as one.
  State merge(const LoopProgram::Node &node, State x, State y);
  /// All lanes as one: halves meet, in a fixed order.
  State horizontal(const LoopProgram::Node &node, State state);
  /// Lane r: all lanes of the state r of as many as there are lanes. Halves of two of them meet in
  /// one vector, then quarters.
  State transposed(const LoopProgram::Node &node, llvm::SmallVector<State> states);
  Number select(Value condition, Number x, Number y);
  void flatten(const State &s, Values &values);
  Values flatten(llvm::ArrayRef<State> states);
  /// `count` states of each node.
  llvm::SmallVector<State> unflatten(llvm::ArrayRef<int> nodes, mlir::ValueRange values);

private:
  const LoopProgram::Node &node(int i) const { return k.program.nodes[size_t(i)]; }
  /// The neutral element of a reduction, of the accumulator's type.
  Number identity(const LoopProgram::Node &node, int lanes);
  Value splat(mlir::TypedAttr number, int lanes);
  Number boolean(bool value, int lanes);
  Number combine(const LoopProgram::Node &node, Number sum, Number next);
  /// Whether an element comes before the best one: larger (smaller), or the first NaN.
  Value isBetter(const LoopProgram::Node &node, Number next, Number best);
  Value negated(Value bit);
  Value noIndex(Value like);

  FusedKernel &k;
  LoopBuilder &b;
};

} // namespace ricci
