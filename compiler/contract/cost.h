//===- cost.h - what a contraction costs ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes are doubles: a network that is never run as it stands may have 1e500 multiplications in its
// naive form. Flops are counted as np.einsum_path does.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/path.h"

namespace ricci::order {

using Labels = std::vector<int32_t>; ///< sorted and distinct

/// Product of the labels' extents. 0 when any extent is 0, whatever the others are; infinite when
/// it leaves the range of double; never NaN.
double sizeOf(const Labels &labels, const std::vector<int64_t> &extents);

/// opt_einsum's flop_count: one multiplication less than there are terms for every point of the
/// iteration space, and one addition when a label is summed.
double flopCount(double points, size_t terms, bool summed);

/// Sets np.einsum_path's naive count and scaling: one loop nest over all labels.
void countNaive(const Network &network, ContractionPath &path);

/// One step of a tree in single-assignment form: ids below the number of operands are operands, the
/// k-th step makes id operands + k. `right` is negative in a step that only sums.
struct Step {
  int left, right = -1;
};
using Tree = std::vector<Step>;
std::vector<int> idsOf(const Step &step);

struct StepCost {
  double points = 0; ///< of the iteration space
  double flops = 0;
  double size = 0; ///< of the result
  size_t labels = 0;
};

/// The tensors that are left while a network is contracted step by step.
class Frontier {
public:
  explicit Frontier(const Network &network);

  /// Replaces the tensors by their contraction and returns its id.
  int contract(const std::vector<int> &ids, StepCost *cost = nullptr);
  /// What `contract({a, b})` would make, without doing it.
  void join(int a, int b, Labels &result, StepCost &cost) const;

  const Labels &labels(int id) const { return tensors_[size_t(id)]; }
  double size(int id) const { return sizes_[size_t(id)]; }
  bool alive(int id) const { return alive_[size_t(id)]; }
  int numIds() const { return int(tensors_.size()); }
  int numAlive() const { return numAlive_; }
  /// How many of the tensors that are left carry the label.
  int carriers(int32_t label) const { return counts_[size_t(label)]; }

private:
  const Network &network_;
  std::vector<Labels> tensors_;
  std::vector<double> sizes_;
  std::vector<bool> alive_;
  std::vector<bool> inOutput_; ///< by label
  std::vector<int> counts_;    ///< by label
  int numAlive_ = 0;
};

double treeFlops(const Network &network, const Tree &tree);

/// Adds a step to the path's totals; the last result counts as an intermediate, as in NumPy.
void addStep(ContractionPath &path, const StepCost &cost);

/// The steps in an order that keeps few large results alive at once (each subtree as a whole, the
/// one that needs more memory first), in opt_einsum form.
std::vector<std::vector<int64_t>> linearPath(const Network &network, const Tree &tree);

} // namespace ricci::order
