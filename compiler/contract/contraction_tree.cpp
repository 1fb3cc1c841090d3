//===- contraction_tree.cpp - the einsums that carry out a path ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/contraction_tree.h"
#include "compiler/contract/cost.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace ricci {
namespace {

class TreeBuilder {
public:
  TreeBuilder(const Network &network, std::optional<int64_t> limit)
      : network_(network), limit_(limit), inOutput_(network.extents.size(), false),
        carriers_(network.extents.size(), 0) {
    for (int32_t label : network.output)
      inOutput_[size_t(label)] = true;
    for (const std::vector<int32_t> &labels : network.operands) {
      tree_.nodes.push_back({-1, -1, labels, {}, 0});
      for (int32_t label : labels)
        ++carriers_[size_t(label)];
    }
  }

  Expected<ContractionTree> build(const std::vector<std::vector<int64_t>> &path) {
    std::vector<int> live;
    for (size_t i = 0; i < network_.operands.size(); ++i)
      live.push_back(int(i));
    if (Status status = follow(path, live); !status)
      return status.error();
    assert(live.size() == 1 && "the path was checked");
    // The result must be made by an einsum, if only to move its axes.
    if (size_t(live.front()) < network_.operands.size())
      addNode(live.front(), -1);
    return std::move(tree_);
  }

private:
  Status follow(const std::vector<std::vector<int64_t>> &path, std::vector<int> &live) {
    for (std::vector<int64_t> positions : path) {
      std::sort(positions.begin(), positions.end());
      std::vector<int> group;
      for (int64_t position : positions)
        group.push_back(live[size_t(position)]);
      // A step that vanished may have moved an operand to the end.
      std::sort(group.begin(), group.end());
      for (size_t i = positions.size(); i-- > 0;)
        live.erase(live.begin() + positions[i]);
      Expected<int> result = contract(group);
      if (!result)
        return result.error();
      live.push_back(*result);
    }
    return success();
  }

  Expected<int> contract(std::vector<int> &group) {
    if (group.size() == 1)
      return sumPrivate(group[0]);
    if (group.size() == 2) {
      int left = sumPrivate(group[0]), right = sumPrivate(group[1]);
      return addNode(left, right);
    }
    // A path of at most two operands a step: this does not come back here.
    Network part;
    part.extents = network_.extents;
    std::vector<std::pair<int32_t, int>> inside; // label, once for each of the group that has it
    for (int id : group) {
      part.operands.push_back(tree_.nodes[size_t(id)].labels);
      for (int32_t label : part.operands.back())
        inside.push_back({label, id});
    }
    std::sort(inside.begin(), inside.end());
    for (size_t i = 0, end; i < inside.size(); i = end) {
      for (end = i; end < inside.size() && inside[end].first == inside[i].first;)
        ++end;
      int32_t label = inside[i].first;
      if (inOutput_[size_t(label)] || carriers_[size_t(label)] > int(end - i))
        part.output.push_back(label);
    }
    Expected<ContractionPath> path = findPath(part, {}, limit_);
    if (!path)
      return path.error();
    if (Status status = follow(path->steps, group); !status)
      return status.error();
    return group.front();
  }

  /// The node itself where it has nothing to sum.
  int sumPrivate(int id) {
    for (int32_t label : tree_.nodes[size_t(id)].labels)
      if (!inOutput_[size_t(label)] && carriers_[size_t(label)] == 1 &&
          network_.extents[size_t(label)] != 1)
        return addNode(id, -1);
    return id;
  }

  int addNode(int left, int right) {
    order::Labels all = tree_.nodes[size_t(left)].labels;
    for (int32_t label : all)
      --carriers_[size_t(label)];
    if (right >= 0) {
      const std::vector<int32_t> &other = tree_.nodes[size_t(right)].labels;
      for (int32_t label : other)
        --carriers_[size_t(label)];
      order::Labels both;
      std::set_union(all.begin(), all.end(), other.begin(), other.end(), std::back_inserter(both));
      all = std::move(both);
    }
    ContractionTree::Node node{left, right, {}, {}, 0};
    for (int32_t label : all)
      if (inOutput_[size_t(label)] || carriers_[size_t(label)] > 0) {
        node.labels.push_back(label);
        ++carriers_[size_t(label)];
      }
    node.flops = order::flopCount(order::sizeOf(all, network_.extents), right >= 0 ? 2 : 1,
                                  node.labels.size() < all.size());
    tree_.nodes.push_back(std::move(node));
    return int(tree_.nodes.size()) - 1;
  }

  const Network &network_;
  std::optional<int64_t> limit_;
  std::vector<bool> inOutput_; ///< by label
  std::vector<int> carriers_;  ///< by label: nodes not yet used
  ContractionTree tree_;
};

} // namespace

Expected<ContractionTree> buildTree(const Network &network,
                                    const std::vector<std::vector<int64_t>> &path,
                                    std::optional<int64_t> memoryLimitElements) {
  return TreeBuilder(network, memoryLimitElements).build(path);
}

void orderAxes(ContractionTree &tree, const Network &network,
               const std::vector<llvm::SmallVector<int32_t>> &operandAxes,
               const llvm::SmallVectorImpl<int32_t> &output) {
  size_t operands = operandAxes.size();
  for (size_t i = 0; i < operands; ++i)
    tree.nodes[i].axes.assign(operandAxes[i].begin(), operandAxes[i].end());
  tree.nodes.back().axes.assign(output.begin(), output.end());

  constexpr int kAbsent = -1;
  std::vector<int> inResult(network.extents.size(), kAbsent), inPartner(inResult); // by label
  // A node comes after those it is made of: from the back, each finds its axes set.
  for (size_t id = tree.nodes.size(); id-- > operands;) {
    const ContractionTree::Node &node = tree.nodes[id];
    for (size_t i = 0; i < node.axes.size(); ++i)
      inResult[size_t(node.axes[i])] = int(i);
    for (bool isLeft : {true, false}) {
      int child = isLeft ? node.left : node.right, partner = isLeft ? node.right : node.left;
      if (child < 0 || size_t(child) < operands)
        continue;
      if (partner >= 0) {
        // Two intermediates take the order of the labels' numbers, so that they agree.
        for (int32_t label : tree.nodes[size_t(partner)].labels)
          inPartner[size_t(label)] = label;
        if (size_t(partner) < operands)
          for (size_t i = 0; i < operandAxes[size_t(partner)].size(); ++i) {
            int &position = inPartner[size_t(operandAxes[size_t(partner)][i])];
            if (position != kAbsent)
              position = int(i);
          }
      }
      ContractionTree::Node &operand = tree.nodes[size_t(child)];
      const auto &result = node.axes;
      bool ownsColumns =
          !result.empty() && inPartner[size_t(result.back())] == kAbsent &&
          std::binary_search(operand.labels.begin(), operand.labels.end(), result.back());
      auto key = [&](int32_t label) {
        int inRes = inResult[size_t(label)], other = inPartner[size_t(label)];
        bool contracted = inRes == kAbsent, own = !contracted && other == kAbsent;
        int group = contracted ? (ownsColumns ? 1 : 2) : own ? (ownsColumns ? 2 : 1) : 0;
        return std::tuple(group, contracted ? other : inRes, label);
      };
      operand.axes.assign(operand.labels.begin(), operand.labels.end());
      std::sort(operand.axes.begin(), operand.axes.end(),
                [&](int32_t a, int32_t b) { return key(a) < key(b); });
      if (partner >= 0)
        for (int32_t label : tree.nodes[size_t(partner)].labels)
          inPartner[size_t(label)] = kAbsent;
    }
    for (int32_t label : node.axes)
      inResult[size_t(label)] = kAbsent;
  }
}

} // namespace ricci
