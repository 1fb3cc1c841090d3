//===- program.h - the typed program that the compiler takes --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The frontend's output: a flat list of typed nodes in topological order. Every node knows its
// dtype, shape and source span. Functions of the language that are no node of their own (mean,
// softmax, roll …) are made of several.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/scalar_ops.h"
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

enum class Reduction : uint8_t { Sum, Prod, Max, Min, Any, All };
enum class ArgReduction : uint8_t { Argmax, Argmin };
enum class Scan : uint8_t { Cumsum, Cumprod };

struct Program {
  /// What a node computes. Shapes and dtypes are explicit: operands of one Elementwise node have
  /// one dtype (but for `where`'s condition), converted by Cast nodes.
  enum class NodeKind : uint8_t {
    Input,
    Constant,    ///< `data`
    Iota,        ///< i64, rank 1: 0, 1, 2, …
    Elementwise, ///< `scalar` of the operands, which broadcast as in NumPy
    Cast,        ///< astype
    Reduce,      ///< `reduction` over `axes` (rising), which are dropped
    ArgReduce,   ///< `argReduction` along `axes[0]`, which is dropped; i64, the first of equals
    Scan,        ///< `scan` along `axes[0]`
    Einsum,
    Reshape,     ///< the same elements in C order
    Transpose,   ///< result axis i is operand axis `axes[i]`
    Broadcast,   ///< broadcast_to the node's shape
    Slice,       ///< result index i of axis a is operand index `start[a] + i * step[a]`
    Windows,     ///< axis `axes[0]` of n becomes n - w + 1, a last axis of w = `start[0]` is added
    Pad,         ///< `start[a]` elements before and `step[a]` after axis a, of operand 1 (a scalar)
    Concatenate, ///< along `axes[0]`
    /// Operand 0 at the indices of the other operands (i64, one shape) on its `axes` (rising); the
    /// indices' axes stand at position `start[0]` among its other axes. A negative index counts
    /// from the end; one outside is an error after the run.
    Gather,
  };
  struct Node {
    NodeKind kind = NodeKind::Input;
    TensorType type;                        ///< inputs: with the operand's strides; others: C order
    Span span;                              ///< in `source`
    int64_t input = 0;                      ///< Input: which
    std::vector<int> operands;              ///< indices of earlier nodes
    Einsum einsum;                          ///< Einsum
    ScalarOp scalar{};                      ///< Elementwise
    Reduction reduction{};                  ///< Reduce
    ArgReduction argReduction{};            ///< ArgReduce
    Scan scan{};                            ///< Scan
    std::vector<int64_t> axes, start, step; ///< as the kind says
    std::vector<uint8_t> data; ///< Constant: the elements in C order, or one element for all
  };
  std::string source; ///< the text, for diagnostics; for einsum the equation as given
  std::vector<Node> nodes;
  std::vector<int> results;  ///< indices of nodes
  bool returnsTuple = false; ///< the results are a tuple, even when there is one

  /// `--emit=ast`.
  std::string str() const;
  /// Equal strings mean the same program on the same signature: the program cache's key.
  std::string key() const;
};

} // namespace ricci
