//===- greedy.cpp - a good tree of contractions, fast ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/greedy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

namespace ricci::order {
namespace {

/// A label in more operands than this does not make candidates of all their pairs, whose number is
/// quadratic: each operand gets this many partners through it.
constexpr size_t kMaxPartners = 24;

/// Differences of sizes have to stay finite to be compared.
constexpr double kHuge = 1e300;

struct Candidate {
  double score, flops; ///< less work first where the score is equal
  int a, b;
  // std::priority_queue gives the greatest: the order is reversed. Ids make it total.
  bool operator<(const Candidate &o) const {
    return std::tie(o.score, o.flops, o.a, o.b) < std::tie(score, flops, a, b);
  }
};

class Greedy {
public:
  Greedy(const Network &network, const GreedyParameters &parameters, double limit)
      : frontier_(network), parameters_(parameters), limit_(limit),
        carriers_(network.extents.size()) {}

  GreedyResult run() {
    joinEqual();
    // Candidates name tensors that may be gone when their turn comes, and a label in very many
    // operands does not give all pairs: go on in rounds until a round finds nothing to do.
    while (frontier_.numAlive() > 1) {
      smallestRefused_ = std::numeric_limits<double>::infinity();
      for (auto &carriers : carriers_)
        carriers.clear();
      for (int id = 0; id < frontier_.numIds(); ++id)
        if (frontier_.alive(id))
          offer(id);
      if (candidates_.empty())
        break;
      contractCandidates();
    }
    bool found = frontier_.numAlive() == 1 || contractOuter();
    return {found, std::move(tree_), found ? 0 : smallestRefused_};
  }

private:
  bool allowed(double size) {
    if (size <= limit_ || frontier_.numAlive() == 2)
      return true;
    smallestRefused_ = std::min(smallestRefused_, size);
    return false;
  }

  int contract(int a, int b) {
    tree_.push_back({a, b});
    return frontier_.contract({a, b});
  }

  /// Contracts a tensor with others of exactly its labels, until there are none.
  int absorbEqual(int id) {
    for (;;) {
      auto [it, inserted] = byLabels_.try_emplace(frontier_.labels(id), id);
      if (inserted)
        return id;
      int other = it->second;
      if (!frontier_.alive(other) || other == id) {
        it->second = id;
        return id;
      }
      frontier_.join(other, id, labels_, cost_);
      if (!allowed(cost_.size))
        return id;
      id = contract(other, id);
    }
  }

  void joinEqual() {
    int operands = frontier_.numIds();
    for (int id = 0; id < operands; ++id)
      absorbEqual(id);
  }

  /// Pushes candidates of this tensor and those already offered, then adds it to them.
  void offer(int id) {
    seen_.resize(size_t(frontier_.numIds()), -1);
    for (int32_t label : frontier_.labels(id)) {
      std::vector<int> &carriers = carriers_[size_t(label)];
      // Dead entries are dropped when they are the most: constant time for each in the long run.
      if (carriers.size() > 2 * size_t(frontier_.carriers(label)) + 8)
        std::erase_if(carriers, [&](int other) { return !frontier_.alive(other); });
      if (carriers.size() <= kMaxPartners) {
        for (int other : carriers)
          consider(other, id);
      } else {
        size_t left = kMaxPartners / 2;
        for (size_t i = 0; i < carriers.size() && left > 0; ++i)
          left -= consider(carriers[i], id);
        left = kMaxPartners / 2;
        for (size_t i = carriers.size(); i-- > 0 && left > 0;)
          left -= consider(carriers[i], id);
      }
      carriers.push_back(id);
    }
  }

  /// True when the partner is alive.
  bool consider(int other, int id) {
    if (!frontier_.alive(other) || other == id)
      return false;
    if (seen_[size_t(other)] == id)
      return true;
    seen_[size_t(other)] = id;
    frontier_.join(other, id, labels_, cost_);
    if (allowed(cost_.size))
      candidates_.push({score(other, id, cost_.size), cost_.flops, other, id});
    return true;
  }

  double score(int a, int b, double size) {
    double difference =
        std::min(size, kHuge) - parameters_.alpha * (std::min(frontier_.size(a), kHuge) +
                                                     std::min(frontier_.size(b), kHuge));
    if (parameters_.temperature == 0)
      return difference;
    // Gumbel noise on a logarithmic scale: costs differ by orders of magnitude.
    double uniform = (double((*parameters_.random)() >> 11) + 0.5) * 0x1p-53;
    return std::copysign(std::log1p(std::abs(difference)), difference) +
           parameters_.temperature * std::log(-std::log(uniform));
  }

  void contractCandidates() {
    while (!candidates_.empty()) {
      Candidate best = candidates_.top();
      candidates_.pop();
      if (!frontier_.alive(best.a) || !frontier_.alive(best.b))
        continue;
      offer(absorbEqual(contract(best.a, best.b)));
    }
  }

  /// No two tensors that are left may share a label and stay within the limit.
  bool contractOuter() {
    using Entry = std::pair<double, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> smallest;
    for (int id = 0; id < frontier_.numIds(); ++id)
      if (frontier_.alive(id))
        smallest.push({frontier_.size(id), id});
    while (smallest.size() > 1) {
      int a = smallest.top().second;
      smallest.pop();
      int b = smallest.top().second;
      smallest.pop();
      frontier_.join(std::min(a, b), std::max(a, b), labels_, cost_);
      if (!allowed(cost_.size))
        return false;
      int id = contract(std::min(a, b), std::max(a, b));
      smallest.push({frontier_.size(id), id});
    }
    return true;
  }

  Frontier frontier_;
  GreedyParameters parameters_;
  double limit_, smallestRefused_ = std::numeric_limits<double>::infinity();
  Tree tree_;
  std::priority_queue<Candidate> candidates_;
  std::map<Labels, int> byLabels_;
  std::vector<std::vector<int>> carriers_; ///< by label: tensors already offered
  std::vector<int> seen_;                  ///< by tensor: the last one it was considered for
  Labels labels_;
  StepCost cost_;
};

} // namespace

GreedyResult findGreedyTree(const Network &network, const GreedyParameters &parameters,
                            double limit) {
  return Greedy(network, parameters, limit).run();
}

} // namespace ricci::order
