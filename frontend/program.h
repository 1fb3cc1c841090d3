//===- program.h - the typed program that the compiler takes --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The frontend's output: a flat list of typed nodes in topological order. Every node knows its
// dtype, shape and source span. Today a program is one einsum over its inputs.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string>
#include <vector>

namespace ricci {

/// A label of an einsum: small dense integers from 0 in order of first appearance in the operands
/// (ellipsis axes among them). `Einsum::labelNames` has their spelling.
using Label = int32_t;

/// A resolved einsum: no ellipsis, explicit output, every label with one extent.
struct Einsum {
  std::vector<std::vector<Label>> operands; ///< labels of each operand's axes; a label may repeat
  std::vector<Label> output;                ///< distinct, each in some operand
  std::vector<int64_t> extents;             ///< by label; an operand axis is this or 1 (broadcast)
  /// By label: the user's spelling ("i", "β"; an ellipsis axis "…0", numbered from the left of the
  /// broadcast shape; an integer label "#57").
  std::vector<std::string> labelNames;

  /// "ij,jk->ik" over some labels, for plans and messages.
  std::string equation() const;
};

struct Program {
  enum class NodeKind : uint8_t { Input, Einsum };
  struct Node {
    NodeKind kind = NodeKind::Input;
    TensorType type;           ///< inputs: with the operand's strides; others: C order
    Span span;                 ///< in `source`
    int64_t input = 0;         ///< Input: which
    std::vector<int> operands; ///< indices of earlier nodes
    Einsum einsum;             ///< Einsum
  };
  std::string source; ///< the text, for diagnostics; for einsum the equation as given
  std::vector<Node> nodes;
  std::vector<int> results; ///< indices of nodes

  /// `--emit=ast`.
  std::string str() const;
  /// Equal strings mean the same program on the same signature: the program cache's key.
  std::string key() const;
};

} // namespace ricci
