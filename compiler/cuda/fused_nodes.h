//===- fused_nodes.h - the nodes of a fused kernel in CUDA C++
//----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/choose_fused.h"
#include "compiler/cuda/text.h"

#include "llvm/ADT/DenseMap.h"

#include <string>
#include <vector>

namespace ricci {

/// Writes the statements that compute nodes at the point that the variables i0, i1 … (one for each
/// axis) say; a node's value is the variable v and its number.
class FusedNodes {
public:
  FusedNodes(CudaText &text, const FusedGrid &grid, unsigned inputs);

  /// The kernel's parameters, in the order of the accesses.
  std::vector<std::string> parameters() const;
  /// The type of indices: int, or i64 where they need it.
  const char *indexType() const { return grid_.isWide ? "i64" : "int"; }
  /// `const int i0 = …` of each, outermost first, given the linear index over them.
  struct Named {
    std::string name;
    int64_t extent;
  };
  void indices(llvm::ArrayRef<Named> axes, const std::string &linear);

  /// The node's value: known, or computed here from its operands.
  std::string get(int node);
  bool isKnown(int node) const { return known_.count(node) != 0; }
  /// The node's value is this expression, up to the end of the scope.
  void set(int node, const std::string &value) { known_[node] = value; }
  /// The same, in a variable.
  void define(int node, const std::string &value);
  /// What is computed inside is forgotten afterwards: its variables live in a block.
  void scope(llvm::function_ref<void()> body);
  /// The scope of a block of text.
  void block(const std::string &head, llvm::function_ref<void()> body) {
    scope([&] { text_.block(head, body); });
  }
  void store(const LoopProgram::Store &store);
  /// The element of an access at the point.
  std::string element(int access) const;
  std::string pointer(int access) const { return names_[size_t(access)]; }
  /// `offset` + sum of the axes' indices times factors.
  std::string sum(const LoopProgram::Numbers &factors, int64_t offset, bool isWide) const;
  static std::string variable(int node) { return "v" + std::to_string(node); }

private:
  const LoopProgram::Node &node(int i) const { return grid_.loops.nodes[size_t(i)]; }
  void pad(int index);
  void gather(int index);

  CudaText &text_;
  const FusedGrid &grid_;
  std::vector<std::string> names_;
  llvm::DenseMap<int, std::string> known_;
};

} // namespace ricci
