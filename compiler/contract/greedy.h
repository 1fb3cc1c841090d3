//===- greedy.h - a good tree of contractions, fast ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/cost.h"

#include <limits>
#include <random>

namespace ricci::order {

struct GreedyParameters {
  /// A pair's cost is the size of its result less `alpha` times the sizes of the pair.
  double alpha = 1;
  /// How far random noise may change the order of costs, as a factor's logarithm; 0: not at all.
  double temperature = 0;
  std::mt19937_64 *random = nullptr; ///< set when temperature is not 0
};

struct GreedyResult {
  bool found = false;
  Tree tree;
  /// Where nothing was found: the size of the smallest intermediate that the limit forbade last.
  double smallestRefused = 0;
};

/// Contracts the cheapest pair again and again, as opt_einsum's greedy does: operands with equal
/// labels first, then pairs that share a label, then outer products, smallest first. No
/// intermediate (any result but the last) has more than `limit` elements. n log n for bounded
/// ranks.
GreedyResult findGreedyTree(const Network &network, const GreedyParameters &parameters = {},
                            double limit = std::numeric_limits<double>::infinity());

} // namespace ricci::order
