//===- dynamic_programming.cpp - the best tree of contractions ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/dynamic_programming.h"

#include "runtime/interrupt.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace ricci::order {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Subsets of operands are bit masks; sets of labels are rows of `words` 64-bit words.
class Search {
public:
  Search(const Network &network)
      : operands_(network.operands.size()), subsets_(size_t(1) << operands_) {
    for (const Labels &labels : network.operands)
      for (int32_t label : labels)
        names_.push_back(label);
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    for (int32_t name : names_)
      extents_.push_back(double(network.extents[size_t(name)]));
    words_ = std::max<size_t>(1, (names_.size() + 63) / 64);

    // `kept_` first holds all labels of each subset, then only those that its result has.
    kept_.assign(subsets_ * words_, 0);
    for (size_t i = 0; i < operands_; ++i)
      setLabels(row(size_t(1) << i), network.operands[i]);
    for (size_t s = 1; s < subsets_; ++s)
      for (size_t w = 0; w < words_; ++w)
        row(s)[w] = row(s & (s - 1))[w] | row(s & -s)[w];
    std::vector<uint64_t> output(words_, 0);
    setLabels(output.data(), network.output);
    // A subset and its complement come in pairs: both are still whole when either is cut.
    for (size_t s = 0; s < subsets_ / 2; ++s) {
      uint64_t *a = row(s), *b = row(subsets_ - 1 - s);
      for (size_t w = 0; w < words_; ++w) {
        uint64_t both = a[w] & b[w];
        a[w] = both | (a[w] & output[w]);
        b[w] = both | (b[w] & output[w]);
      }
    }
    for (size_t i = 0; i < operands_; ++i) // an operand is not cut: a contraction reads it whole
      setLabels(row(size_t(1) << i), network.operands[i]);
    sizes_.resize(subsets_);
    for (size_t s = 0; s < subsets_; ++s)
      sizes_[s] = product(row(s), row(s));
  }

  /// Fewest flops, then least written.
  void minimizeFlops(double limit, double bound) {
    flops_.assign(subsets_, kInfinity);
    written_.assign(subsets_, kInfinity);
    split_.assign(subsets_, 0);
    for (size_t s = 1; s < subsets_; ++s) {
      if (s % 256 == 0 && interrupted())
        return; // nothing is found
      if (std::has_single_bit(s)) {
        flops_[s] = written_[s] = 0;
        continue;
      }
      if (s != subsets_ - 1 && sizes_[s] > limit)
        continue;
      size_t low = s & -s, rest = s ^ low;
      // `right` runs over the non-empty subsets without the lowest operand.
      for (size_t right = rest; right != 0; right = (right - 1) & rest) {
        size_t left = s ^ right;
        double before = flops_[left] + flops_[right];
        // The iteration space holds both operands and the result.
        double least = before + std::max(sizes_[s], std::max(sizes_[left], sizes_[right]));
        if (before > bound || least > flops_[s] || before == kInfinity)
          continue;
        double points = product(row(left), row(right));
        double flops = before + flopCount(points, 2, sums(left, right, s));
        double written = written_[left] + written_[right] + sizes_[s];
        if (flops < flops_[s] ||
            (flops == flops_[s] && (written < written_[s] || split_[s] == 0))) {
          flops_[s] = flops;
          written_[s] = written;
          split_[s] = uint32_t(right);
        }
      }
    }
  }

  /// The least that the largest intermediate can be.
  double leastLargest() const {
    std::vector<double> largest(subsets_, kInfinity);
    for (size_t s = 1; s < subsets_; ++s) {
      if (std::has_single_bit(s)) {
        largest[s] = 0;
        continue;
      }
      double own = s == subsets_ - 1 ? 0 : sizes_[s];
      size_t rest = s & (s - 1);
      for (size_t right = rest; right != 0; right = (right - 1) & rest)
        largest[s] = std::min(largest[s], std::max({own, largest[s ^ right], largest[right]}));
    }
    return largest.back();
  }

  bool found() const { return operands_ == 1 || split_.back() != 0; }
  double flops() const { return flops_.back(); }

  Tree tree() const {
    Tree tree;
    if (operands_ > 1)
      build(subsets_ - 1, tree);
    return tree;
  }

private:
  /// At most kMaxOptimalOperands deep.
  int build(size_t s, Tree &tree) const {
    if (std::has_single_bit(s))
      return std::countr_zero(s);
    int left = build(s ^ split_[s], tree), right = build(split_[s], tree);
    tree.push_back({left, right});
    return int(operands_ + tree.size()) - 1;
  }

  uint64_t *row(size_t subset) { return &kept_[subset * words_]; }
  const uint64_t *row(size_t subset) const { return &kept_[subset * words_]; }

  void setLabels(uint64_t *bits, const std::vector<int32_t> &labels) const {
    for (int32_t label : labels) {
      auto it = std::lower_bound(names_.begin(), names_.end(), label);
      if (it != names_.end() && *it == label)
        bits[(it - names_.begin()) / 64] |= uint64_t(1) << ((it - names_.begin()) % 64);
    }
  }

  double product(const uint64_t *a, const uint64_t *b) const {
    double size = 1;
    for (size_t w = 0; w < words_; ++w)
      for (uint64_t bits = a[w] | b[w]; bits != 0; bits &= bits - 1) {
        double extent = extents_[w * 64 + size_t(std::countr_zero(bits))];
        if (extent == 0)
          return 0;
        size *= extent;
      }
    return size;
  }

  bool sums(size_t left, size_t right, size_t result) const {
    for (size_t w = 0; w < words_; ++w)
      if ((row(left)[w] | row(right)[w]) != row(result)[w])
        return true;
    return false;
  }

  size_t operands_, subsets_, words_ = 1;
  std::vector<int32_t> names_;
  std::vector<double> extents_;
  std::vector<uint64_t> kept_;
  std::vector<double> sizes_, flops_, written_;
  std::vector<uint32_t> split_; ///< the right part; 0 where there is no tree
};

} // namespace

DynamicProgrammingResult findOptimalTree(const Network &network, double limit, double bound) {
  assert(!network.operands.empty() && network.operands.size() <= kMaxOptimalOperands);
  Search search(network);
  search.minimizeFlops(limit, bound);
  DynamicProgrammingResult result;
  result.found = search.found();
  if (result.found) {
    result.tree = search.tree();
    result.flops = network.operands.size() == 1 ? 0 : search.flops();
  } else {
    result.smallestLargest = search.leastLargest();
  }
  return result;
}

} // namespace ricci::order
