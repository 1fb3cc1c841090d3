//===- dynamic_programming.h - the best tree of contractions --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/cost.h"

#include <limits>

namespace ricci::order {

/// Above this many operands 3^n/2 divisions take too long: 16 take well under a second.
inline constexpr size_t kMaxOptimalOperands = 16;

struct DynamicProgrammingResult {
  bool found = false;
  Tree tree;
  double flops = 0;
  /// Where nothing was found: the least "largest intermediate" that any order has.
  double smallestLargest = 0;
};

/// Looks at every way to divide every subset of the operands in two, outer products included. Of
/// the trees whose intermediates (all but the last result) have at most `limit` elements it gives
/// one of fewest flops, and among those one that writes least. Trees that need more flops than
/// `bound` may be left out. Takes at most kMaxOptimalOperands operands.
DynamicProgrammingResult findOptimalTree(const Network &network,
                                         double limit = std::numeric_limits<double>::infinity(),
                                         double bound = std::numeric_limits<double>::infinity());

} // namespace ricci::order
