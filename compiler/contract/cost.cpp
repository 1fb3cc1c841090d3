//===- cost.cpp - what a contraction costs -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/cost.h"

#include <algorithm>
#include <cassert>

namespace ricci::order {

double sizeOf(const Labels &labels, const std::vector<int64_t> &extents) {
  double size = 1;
  for (int32_t label : labels) {
    if (extents[size_t(label)] == 0)
      return 0;
    size *= double(extents[size_t(label)]);
  }
  return size;
}

double flopCount(double points, size_t terms, bool summed) {
  return points * (double(std::max<size_t>(terms, 2) - 1) + (summed ? 1 : 0));
}

void countNaive(const Network &network, ContractionPath &path) {
  Labels all;
  size_t total = 0;
  for (const Labels &operand : network.operands) {
    all.insert(all.end(), operand.begin(), operand.end());
    total += operand.size();
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  path.naiveFlops =
      flopCount(sizeOf(all, network.extents), network.operands.size(), total > all.size());
  path.naiveScaling = int64_t(all.size());
}

//===----------------------------------------------------------------------===//
// Frontier
//===----------------------------------------------------------------------===//

Frontier::Frontier(const Network &network)
    : network_(network), tensors_(network.operands), alive_(network.operands.size(), true),
      inOutput_(network.extents.size(), false), counts_(network.extents.size(), 0),
      numAlive_(int(network.operands.size())) {
  for (int32_t label : network.output)
    inOutput_[size_t(label)] = true;
  for (Labels &labels : tensors_) {
    std::sort(labels.begin(), labels.end());
    sizes_.push_back(sizeOf(labels, network.extents));
    for (int32_t label : labels)
      ++counts_[size_t(label)];
  }
}

void Frontier::join(int a, int b, Labels &result, StepCost &cost) const {
  const Labels &left = labels(a), &right = labels(b);
  result.clear();
  bool empty = false, summed = false;
  double points = 1;
  cost.size = 1;
  size_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    bool fromLeft = j == right.size() || (i < left.size() && left[i] <= right[j]);
    bool fromRight = i == left.size() || (j < right.size() && right[j] <= left[i]);
    int32_t label = fromLeft ? left[i] : right[j];
    i += fromLeft;
    j += fromRight;
    double extent = double(network_.extents[size_t(label)]);
    empty |= extent == 0;
    points *= extent == 0 ? 1 : extent;
    if (!inOutput_[size_t(label)] && counts_[size_t(label)] == int(fromLeft) + int(fromRight)) {
      summed = true;
      continue;
    }
    result.push_back(label);
    if (extent == 0)
      cost.size = 0;
    else if (cost.size != 0)
      cost.size *= extent;
  }
  cost.points = empty ? 0 : points;
  cost.flops = flopCount(cost.points, 2, summed);
}

int Frontier::contract(const std::vector<int> &ids, StepCost *costOut) {
  Labels all, result;
  for (int id : ids) {
    assert(alive_[size_t(id)] && "contracted twice");
    alive_[size_t(id)] = false;
    for (int32_t label : labels(id)) {
      --counts_[size_t(label)];
      all.push_back(label);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (int32_t label : all)
    if (inOutput_[size_t(label)] || counts_[size_t(label)] > 0) {
      result.push_back(label);
      ++counts_[size_t(label)];
    }
  double size = sizeOf(result, network_.extents);
  if (costOut) {
    costOut->points = sizeOf(all, network_.extents);
    costOut->flops = flopCount(costOut->points, ids.size(), result.size() < all.size());
    costOut->size = size;
    costOut->labels = all.size();
  }
  tensors_.push_back(std::move(result));
  sizes_.push_back(size);
  alive_.push_back(true);
  numAlive_ -= int(ids.size()) - 1;
  return numIds() - 1;
}

//===----------------------------------------------------------------------===//
// Trees
//===----------------------------------------------------------------------===//

std::vector<int> idsOf(const Step &step) {
  return step.right < 0 ? std::vector<int>{step.left} : std::vector<int>{step.left, step.right};
}

double treeFlops(const Network &network, const Tree &tree) {
  Frontier frontier(network);
  double flops = 0;
  for (const Step &step : tree) {
    StepCost cost;
    frontier.contract(idsOf(step), &cost);
    flops += cost.flops;
  }
  return flops;
}

void addStep(ContractionPath &path, const StepCost &cost) {
  path.flops += cost.flops;
  path.scaling = std::max(path.scaling, int64_t(cost.labels));
  path.largestIntermediate = std::max(path.largestIntermediate, cost.size);
}

std::vector<std::vector<int64_t>> linearPath(const Network &network, const Tree &tree) {
  int operands = int(network.operands.size());
  // Memory that a subtree needs beside the operands, and what is left of it when it is done.
  Frontier frontier(network);
  size_t ids = size_t(operands) + tree.size();
  std::vector<double> peak(ids, 0), size(ids, 0);
  std::vector<bool> rightFirst(ids, false);
  for (const Step &step : tree) {
    StepCost cost;
    size_t id = size_t(frontier.contract(idsOf(step), &cost)), left = size_t(step.left);
    size[id] = cost.size;
    if (step.right < 0) {
      peak[id] = std::max(peak[left], size[left] + cost.size);
      continue;
    }
    size_t right = size_t(step.right);
    double leftFirstPeak = std::max(peak[left], size[left] + peak[right]);
    double rightFirstPeak = std::max(peak[right], size[right] + peak[left]);
    rightFirst[id] = rightFirstPeak < leftFirstPeak;
    peak[id] =
        std::max(std::min(leftFirstPeak, rightFirstPeak), size[left] + size[right] + cost.size);
  }

  // Post-order without recursion: a chain of contractions is as deep as it is long.
  std::vector<std::vector<int64_t>> path;
  path.reserve(tree.size());
  // Ids in the order of their positions: new numbers are given as results are made, so it is
  // sorted.
  std::vector<int> live, numberOf(ids, -1);
  for (int i = 0; i < operands; ++i) {
    live.push_back(i);
    numberOf[size_t(i)] = i;
  }
  int next = operands;
  std::vector<std::pair<int, bool>> stack;
  if (!tree.empty())
    stack.push_back({operands + int(tree.size()) - 1, false});
  while (!stack.empty()) {
    auto [id, childrenDone] = stack.back();
    stack.pop_back();
    if (id < operands)
      continue;
    const Step &step = tree[size_t(id - operands)];
    if (!childrenDone) {
      stack.push_back({id, true});
      int first = step.left, second = step.right;
      if (rightFirst[size_t(id)])
        std::swap(first, second);
      if (second >= 0)
        stack.push_back({second, false});
      stack.push_back({first, false});
      continue;
    }
    std::vector<int64_t> positions;
    for (int child : idsOf(step)) {
      auto it = std::lower_bound(live.begin(), live.end(), numberOf[size_t(child)]);
      positions.push_back(it - live.begin());
    }
    std::sort(positions.begin(), positions.end());
    for (size_t i = positions.size(); i-- > 0;)
      live.erase(live.begin() + positions[i]);
    numberOf[size_t(id)] = next;
    live.push_back(next++);
    path.push_back(std::move(positions));
  }
  return path;
}

} // namespace ricci::order
