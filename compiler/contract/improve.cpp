//===- improve.cpp - better trees from good ones ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/improve.h"
#include "compiler/contract/dynamic_programming.h"
#include "compiler/contract/greedy.h"

#include "runtime/interrupt.h"

#include <algorithm>

namespace ricci::order {
namespace {

class Improver {
public:
  Improver(const Network &network, const Tree &tree, const ImproveParameters &parameters)
      : network_(network), parameters_(parameters), operands_(network.operands.size()) {
    Frontier frontier(network);
    children_.assign(operands_, Step{-1, -1});
    for (const Step &step : tree) {
      StepCost cost;
      frontier.contract({step.left, step.right}, &cost);
      children_.push_back(step);
      flops_.push_back(cost.flops);
    }
    flops_.insert(flops_.begin(), operands_, 0);
    for (int id = 0; id < frontier.numIds(); ++id) {
      labels_.push_back(frontier.labels(id));
      sizes_.push_back(frontier.size(id));
    }
    carried_.resize(network.extents.size());
  }

  bool run() {
    bool changed = false;
    for (int round = 0; round < parameters_.rounds; ++round) {
      bool better = false;
      for (int node : postOrder()) {
        if (std::chrono::steady_clock::now() > parameters_.deadline)
          return changed | better;
        better |= improve(node);
      }
      changed |= better;
      if (!better)
        break;
    }
    return changed;
  }

  /// Ids are given anew: a replaced subtree's need not rise towards the root.
  Tree tree() const {
    std::vector<int> newId(children_.size());
    for (size_t i = 0; i < operands_; ++i)
      newId[i] = int(i);
    Tree tree;
    for (int node : postOrder()) {
      const Step &step = children_[size_t(node)];
      tree.push_back({newId[size_t(step.left)], newId[size_t(step.right)]});
      newId[size_t(node)] = int(operands_ + tree.size()) - 1;
    }
    return tree;
  }

private:
  bool isOperand(int id) const { return size_t(id) < operands_; }

  std::vector<int> postOrder() const {
    // Reversed, "node, right, left" is "left, right, node".
    std::vector<int> order, stack;
    if (children_.size() > operands_)
      stack.push_back(int(children_.size()) - 1); // the root keeps its id
    while (!stack.empty()) {
      int node = stack.back();
      stack.pop_back();
      if (isOperand(node))
        continue;
      order.push_back(node);
      stack.push_back(children_[size_t(node)].left);
      stack.push_back(children_[size_t(node)].right);
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  bool improve(int root) {
    std::vector<int> inputs{root}, inner;
    while (inputs.size() < parameters_.frontier) {
      auto largest = inputs.end();
      for (auto it = inputs.begin(); it != inputs.end(); ++it)
        if (!isOperand(*it) &&
            (largest == inputs.end() || sizes_[size_t(*it)] > sizes_[size_t(*largest)]))
          largest = it;
      if (largest == inputs.end())
        break;
      int node = *largest;
      inner.push_back(node);
      *largest = children_[size_t(node)].left;
      inputs.push_back(children_[size_t(node)].right);
    }
    if (inputs.size() < 3)
      return false;
    double flops = 0;
    for (int node : inner)
      flops += flops_[size_t(node)];

    // Dense labels keep the sub-network's tables small.
    Network sub;
    std::vector<int32_t> names;
    auto localize = [&](const Labels &labels) {
      Labels local;
      for (int32_t label : labels) {
        int32_t &slot = carried_[size_t(label)];
        if (slot == 0) {
          names.push_back(label);
          sub.extents.push_back(network_.extents[size_t(label)]);
          slot = int32_t(names.size());
        }
        local.push_back(slot - 1);
      }
      return local;
    };
    for (int input : inputs)
      sub.operands.push_back(localize(labels_[size_t(input)]));
    sub.output = localize(labels_[size_t(root)]);
    for (int32_t label : names)
      carried_[size_t(label)] = 0;

    DynamicProgrammingResult best = findOptimalTree(sub, parameters_.limit, flops);
    if (!best.found || !(best.flops < flops))
      return false;

    // The new inner nodes take the ids of the old ones, the root its own.
    std::vector<int> ids = inputs;
    std::vector<int> spare(inner.begin() + 1, inner.end());
    Frontier frontier(sub);
    for (size_t k = 0; k < best.tree.size(); ++k) {
      int node = k + 1 == best.tree.size() ? root : spare[k];
      const Step &step = best.tree[k];
      StepCost cost;
      int local = frontier.contract({step.left, step.right}, &cost);
      children_[size_t(node)] = {ids[size_t(step.left)], ids[size_t(step.right)]};
      flops_[size_t(node)] = cost.flops;
      sizes_[size_t(node)] = cost.size;
      Labels &labels = labels_[size_t(node)];
      labels.clear();
      for (int32_t label : frontier.labels(local))
        labels.push_back(names[size_t(label)]);
      std::sort(labels.begin(), labels.end());
      ids.push_back(node);
    }
    return true;
  }

  const Network &network_;
  ImproveParameters parameters_;
  size_t operands_;
  std::vector<Step> children_; ///< by id
  std::vector<double> flops_, sizes_;
  std::vector<Labels> labels_;
  std::vector<int32_t> carried_; ///< by label: its local number + 1 while a subtree is looked at
};

} // namespace

bool improveTree(const Network &network, Tree &tree, const ImproveParameters &parameters) {
  Improver improver(network, tree, parameters);
  if (!improver.run())
    return false;
  tree = improver.tree();
  return true;
}

bool searchTree(const Network &network, Tree &best, double limit, Deadline deadline) {
  constexpr uint64_t kSeed = 0x5269636369; // equal calls try equal trees
  std::mt19937_64 random(kSeed);
  ImproveParameters improve{8, 4, deadline, limit};
  bool changed = improveTree(network, best, improve);
  double bestFlops = treeFlops(network, best);
  for (uint64_t trial = 0; std::chrono::steady_clock::now() < deadline && !interrupted(); ++trial) {
    GreedyParameters parameters;
    parameters.alpha = double(trial % 5) / 4;
    parameters.temperature = 0.05 * double(1 + trial % 7) * double(1 + trial % 3);
    parameters.random = &random;
    GreedyResult greedy = findGreedyTree(network, parameters, limit);
    if (!greedy.found)
      continue;
    // Improvement takes longer than the greedy search: only where it may win.
    if (treeFlops(network, greedy.tree) > 16 * bestFlops)
      continue;
    improveTree(network, greedy.tree, improve);
    double flops = treeFlops(network, greedy.tree);
    if (flops < bestFlops) {
      bestFlops = flops;
      best = std::move(greedy.tree);
      changed = true;
    }
  }
  return changed;
}

} // namespace ricci::order
