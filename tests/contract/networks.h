//===- networks.h - networks to order in tests ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/path.h"

#include <limits>
#include <map>

namespace ricci {

/// "ij,jk->ik" with one ASCII letter a label.
Network parseNetwork(const std::string &equation, const std::map<char, int64_t> &extents);

struct RandomNetwork {
  int operands, labels, maxCarriers;
  int64_t minExtent, maxExtent;
  double outputShare; ///< of the labels
  uint64_t seed;
};
/// Each label is in two to maxCarriers random operands.
Network randomNetwork(const RandomNetwork &parameters);
/// Random graph with `degree` edges at (nearly) every operand.
Network regularNetwork(int operands, int degree, int64_t extent, uint64_t seed);
/// Matrix product; both end labels are in the output.
Network chainNetwork(int operands, int64_t extent);
/// Trace of a matrix product.
Network ringNetwork(int operands, int64_t extent);
/// A random tree of operands with at most four neighbours.
Network treeNetwork(int operands, int64_t extent, uint64_t seed);
/// A vector chain in which every operand also carries one label that the output keeps.
Network sharedLabelNetwork(int operands, int64_t extent);

/// Fewest flops over all orders of pairs, by trying them all; infinite when each has an
/// intermediate above the limit.
double bruteForceFlops(const Network &network,
                       double limit = std::numeric_limits<double>::infinity());

struct NumPyCase {
  std::string equation;
  std::map<char, int64_t> extents;
  std::vector<std::vector<int64_t>> path; ///< np.einsum_path's greedy one
  double flops, optimalFlops, naiveFlops;
};
const std::vector<NumPyCase> &numpyCases();

} // namespace ricci
