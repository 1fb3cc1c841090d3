//===- improve.h - better trees from good ones ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/cost.h"

#include <chrono>
#include <limits>

namespace ricci::order {

using Deadline = std::chrono::steady_clock::time_point;

struct ImproveParameters {
  size_t frontier = 6; ///< inputs of the subtrees, at most kMaxOptimalOperands
  int rounds = 2;      ///< over the whole tree
  Deadline deadline = Deadline::max();
  double limit = std::numeric_limits<double>::infinity(); ///< elements of an intermediate
};

/// Replaces subtrees of few inputs by the best ones for them, as long as that saves flops. The
/// inputs of a subtree are chosen by opening its largest input again and again. True when the tree
/// changed.
bool improveTree(const Network &network, Tree &tree, const ImproveParameters &parameters);

/// Randomized greedy search with a fixed seed, each promising tree improved, until the deadline.
/// `best` is the tree to start from and gets the best one seen. True when the tree changed.
bool searchTree(const Network &network, Tree &best, double limit, Deadline deadline);

} // namespace ricci::order
