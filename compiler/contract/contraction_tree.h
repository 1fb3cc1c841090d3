//===- contraction_tree.h - the einsums that carry out a path ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A path says which operands meet; a tree says what that means for labels. Pure C++ (no MLIR but
// its small vector).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/path.h"

#include "llvm/ADT/SmallVector.h"

namespace ricci {

/// Nodes in an order in which they can be computed: the operands first, the result last.
struct ContractionTree {
  struct Node {
    int left = -1, right = -1;       ///< no right: labels of one operand are summed, or axes moved
    std::vector<int32_t> labels;     ///< sorted
    llvm::SmallVector<int32_t> axes; ///< an operand's as given, others' set by orderAxes
    double flops = 0;
  };
  std::vector<Node> nodes;
};

/// A step of more than two operands becomes several, ordered as a network of its own. Labels that
/// only one operand has and the output lacks are summed before it meets another, unless their
/// extent is 1. A step of one operand with nothing to sum vanishes. The path must be valid.
Expected<ContractionTree> buildTree(const Network &network,
                                    const std::vector<std::vector<int64_t>> &path,
                                    std::optional<int64_t> memoryLimitElements);

/// Gives every node its axes, from the result down: a contraction reads an operand well when the
/// labels that both operands share with the result come first (it loops over them), then the
/// operand's own in the result's order (neighbours stay neighbours and merge into one loop), and
/// the contracted ones last, in the order that the other operand has them in (they merge too). The
/// operand that has the result's last label gives the columns: its own labels come last, so that
/// vectors run along them.
void orderAxes(ContractionTree &tree, const Network &network,
               const std::vector<llvm::SmallVector<int32_t>> &operandAxes,
               const llvm::SmallVectorImpl<int32_t> &output);

} // namespace ricci
