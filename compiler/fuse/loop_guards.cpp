//===- loop_guards.cpp - what loop programs compute in places alone ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/loop_program.h"

#include <algorithm>

namespace ricci {

void LoopProgram::findGuarded() {
  guarded_.assign(nodes.size(), true);
  for (const Store &store : stores)
    guarded_[size_t(store.node)] = false;
  for (size_t i = nodes.size(); i-- > 0;) {
    // A reduction goes over all indices, whoever reads it.
    if (isReduction(int(i)) || nodes[i].kind == Kind::Scan)
      guarded_[i] = false;
    for (auto [position, operand] : llvm::enumerate(nodes[i].operands))
      if (!guarded_[i] && readsAlways(nodes[i], position))
        guarded_[size_t(operand)] = false;
  }
}

std::vector<bool> LoopProgram::wantedInside(llvm::ArrayRef<int64_t> indices) const {
  std::vector<bool> wanted(nodes.size());
  for (size_t i = nodes.size(); i-- > 0;) {
    wanted[i] = wanted[i] || !isGuarded(int(i));
    for (auto [position, operand] : llvm::enumerate(nodes[i].operands))
      if (wanted[i] && (readsAlways(nodes[i], position) || holdsInside(nodes[i], indices)))
        wanted[size_t(operand)] = true;
  }
  return wanted;
}

std::vector<LoopProgram::Cut> LoopProgram::cuts() const {
  std::vector<Cut> cuts;
  for (auto [i, node] : llvm::enumerate(nodes))
    for (auto [g, guard] : llvm::enumerate(node.guards))
      if (endsAlong(guard)) {
        cuts.push_back({-guard.index.offset, i, g, false});
        cuts.push_back({guard.extent - guard.index.offset, i, g, true});
      }
  llvm::erase_if(cuts, [&](const Cut &cut) {
    return cut.at <= 0 || cut.at >= axes[size_t(vectorAxis)].extent;
  });
  llvm::stable_sort(cuts, [](const Cut &x, const Cut &y) { return x.at < y.at; });
  auto same = [](const Cut &x, const Cut &y) { return x.at == y.at; };
  cuts.erase(std::unique(cuts.begin(), cuts.end(), same), cuts.end());
  return cuts;
}

bool LoopProgram::holdsFrom(const Guard &guard, int64_t at) const {
  return guard.index.offset + at >= 0 && guard.index.offset + at < guard.extent;
}

bool LoopProgram::hasParts() const {
  /// The code of each is written.
  constexpr size_t kMostCuts = 3;
  bool any = false;
  for (const Node &node : nodes)
    for (const Guard &guard : node.guards) {
      if (!endsAlong(guard))
        continue;
      any = true;
      for (auto [axis, factor] : llvm::enumerate(guard.index.factors))
        if (factor != (int(axis) == vectorAxis ? 1 : 0))
          return false;
    }
  return any && mode != Mode::Entries && cuts().size() <= kMostCuts;
}

bool LoopProgram::holdsInside(const Node &node, llvm::ArrayRef<int64_t> indices) const {
  return llvm::all_of(node.guards, [&](const Guard &guard) {
    int64_t at = guard.index.offset;
    for (auto [i, index] : llvm::enumerate(indices))
      at += index * guard.index.factors[size_t(vectorAxis) + 1 + i];
    return at >= 0 && at < guard.extent;
  });
}

} // namespace ricci
