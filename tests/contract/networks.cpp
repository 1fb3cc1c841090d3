//===- networks.cpp - networks to order in tests ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/contract/networks.h"

#include <algorithm>
#include <random>
#include <set>

namespace ricci {

Network parseNetwork(const std::string &equation, const std::map<char, int64_t> &extents) {
  Network network;
  std::map<char, int32_t> labels;
  for (auto [name, extent] : extents) {
    labels[name] = int32_t(network.extents.size());
    network.extents.push_back(extent);
  }
  size_t arrow = equation.find("->");
  network.operands.emplace_back();
  for (char c : equation.substr(0, arrow))
    if (c == ',')
      network.operands.emplace_back();
    else
      network.operands.back().push_back(labels.at(c));
  for (char c : equation.substr(arrow + 2))
    network.output.push_back(labels.at(c));
  return network;
}

Network randomNetwork(const RandomNetwork &p) {
  std::mt19937_64 random(p.seed);
  auto below = [&](int64_t n) { return int64_t(random() % uint64_t(n)); };
  Network network;
  network.operands.resize(size_t(p.operands));
  for (int32_t label = 0; label < p.labels; ++label) {
    network.extents.push_back(p.minExtent + below(p.maxExtent - p.minExtent + 1));
    std::set<int64_t> carriers;
    int64_t wanted = std::min<int64_t>(p.operands, 2 + below(p.maxCarriers - 1));
    while (int64_t(carriers.size()) < wanted)
      carriers.insert(below(p.operands));
    for (int64_t carrier : carriers)
      network.operands[size_t(carrier)].push_back(label);
    if (double(below(1000)) < p.outputShare * 1000)
      network.output.push_back(label);
  }
  return network;
}

static void connect(Network &network, size_t a, size_t b, int64_t extent) {
  int32_t label = int32_t(network.extents.size());
  network.extents.push_back(extent);
  network.operands[a].push_back(label);
  network.operands[b].push_back(label);
}

Network regularNetwork(int operands, int degree, int64_t extent, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<size_t> ends;
  for (int i = 0; i < operands * degree; ++i)
    ends.push_back(size_t(i % operands));
  for (size_t i = ends.size(); i > 1; --i)
    std::swap(ends[i - 1], ends[random() % i]);
  Network network;
  network.operands.resize(size_t(operands));
  for (size_t i = 0; i + 1 < ends.size(); i += 2)
    if (ends[i] != ends[i + 1])
      connect(network, ends[i], ends[i + 1], extent);
  return network;
}

Network chainNetwork(int operands, int64_t extent) {
  Network network;
  network.extents.assign(size_t(operands) + 1, extent);
  for (int32_t i = 0; i < operands; ++i)
    network.operands.push_back({i, i + 1});
  network.output = {0, operands};
  return network;
}

Network ringNetwork(int operands, int64_t extent) {
  Network network;
  network.extents.assign(size_t(operands), extent);
  for (int32_t i = 0; i < operands; ++i)
    network.operands.push_back({i, (i + 1) % operands});
  return network;
}

Network treeNetwork(int operands, int64_t extent, uint64_t seed) {
  std::mt19937_64 random(seed);
  Network network;
  network.operands.resize(size_t(operands));
  for (size_t i = 1; i < size_t(operands);) {
    size_t parent = random() % i;
    if (network.operands[parent].size() >= 4)
      continue;
    connect(network, parent, i, extent);
    ++i;
  }
  return network;
}

Network sharedLabelNetwork(int operands, int64_t extent) {
  Network network;
  network.operands.resize(size_t(operands));
  network.extents = {extent};
  network.output = {0};
  for (auto &labels : network.operands)
    labels.push_back(0);
  for (size_t i = 0; i + 1 < size_t(operands); ++i)
    connect(network, i, i + 1, extent);
  return network;
}

static double product(const std::set<int32_t> &labels, const Network &network) {
  double size = 1;
  for (int32_t label : labels)
    size *= double(network.extents[size_t(label)]);
  return size;
}

static double bruteForce(const Network &network, const std::vector<std::set<int32_t>> &left,
                         double limit) {
  if (left.size() == 1)
    return 0;
  double best = std::numeric_limits<double>::infinity();
  for (size_t a = 0; a < left.size(); ++a)
    for (size_t b = a + 1; b < left.size(); ++b) {
      std::set<int32_t> all = left[a], kept(network.output.begin(), network.output.end());
      all.insert(left[b].begin(), left[b].end());
      std::vector<std::set<int32_t>> next;
      for (size_t i = 0; i < left.size(); ++i)
        if (i != a && i != b) {
          next.push_back(left[i]);
          kept.insert(left[i].begin(), left[i].end());
        }
      std::set<int32_t> result;
      std::set_intersection(all.begin(), all.end(), kept.begin(), kept.end(),
                            std::inserter(result, result.end()));
      if (!next.empty() && product(result, network) > limit)
        continue;
      double flops = product(all, network) * (result.size() < all.size() ? 2 : 1);
      next.push_back(std::move(result));
      best = std::min(best, flops + bruteForce(network, next, limit));
    }
  return best;
}

double bruteForceFlops(const Network &network, double limit) {
  std::vector<std::set<int32_t>> operands;
  for (const auto &labels : network.operands)
    operands.emplace_back(labels.begin(), labels.end());
  return bruteForce(network, operands, limit);
}

// clang-format off
const std::vector<NumPyCase> &numpyCases() {
  static const std::vector<NumPyCase> cases = {
    // Generated with NumPy 2.4: the path of np.einsum_path(optimize="greedy") with its flops, the flops of
    // optimize="optimal", and the naive flops.
    {"ij,jk,kl->il", {{'i', 100}, {'j', 200}, {'k', 300}, {'l', 50}}, {{1, 2}, {0, 1}}, 8000000, 8000000, 900000000},
    {"ab,bc,cd,de->ae", {{'a', 2}, {'b', 30}, {'c', 4}, {'d', 50}, {'e', 6}}, {{2, 3}, {0, 1}, {0, 1}}, 2976, 2480, 288000},
    {"bi,bij,bj->b", {{'b', 7}, {'i', 8}, {'j', 9}}, {{1, 2}, {0, 1}}, 1120, 1120, 1512},
    {"ia,ib,ic,id->abcd", {{'i', 10}, {'a', 2}, {'b', 3}, {'c', 4}, {'d', 5}}, {{0, 1}, {0, 1, 2}}, 3660, 2620, 4800},
    {"i,j,ijk->k", {{'i', 3}, {'j', 4}, {'k', 50}}, {{1, 2}, {0, 1}}, 1500, 1212, 1800},
    {"ab,cd,ef->abcdef", {{'a', 2}, {'b', 3}, {'c', 4}, {'d', 5}, {'e', 6}, {'f', 7}}, {{0, 1, 2}}, 10080, 10080, 10080},
    {"ea,fb,abcd,gc,hd->efgh", {{'a', 10}, {'b', 10}, {'c', 10}, {'d', 10}, {'e', 10}, {'f', 10}, {'g', 10}, {'h', 10}}, {{0, 2}, {0, 3}, {0, 2}, {0, 1}}, 800000, 800000, 500000000},
    {"pqrs,aq,pi,bs,rj->iajb", {{'p', 10}, {'q', 10}, {'r', 10}, {'s', 10}, {'a', 6}, {'i', 4}, {'b', 6}, {'j', 4}}, {{0, 2}, {2, 3}, {0, 2}, {0, 1}}, 142720, 142720, 28800000},
    {"ijk,jr,kr->ir", {{'i', 12}, {'j', 12}, {'k', 12}, {'r', 5}}, {{0, 1}, {0, 1}}, 18720, 18000, 25920},
    {"ab,ab,ab->", {{'a', 11}, {'b', 12}}, {{0, 1}, {0, 1}}, 396, 396, 396},
    {"ij,jk,kl->il", {{'i', 3}, {'j', 0}, {'k', 5}, {'l', 6}}, {{1, 2}, {0, 1}}, 0, 0, 0},
    {"ij,jk,kl->il", {{'i', 1}, {'j', 1}, {'k', 5}, {'l', 1}}, {{1, 2}, {0, 1}}, 12, 12, 15},
    {"abdg,bcdefgh,ch,cef,a->bcf", {{'a', 2}, {'b', 5}, {'c', 6}, {'d', 6}, {'e', 2}, {'f', 2}, {'g', 6}, {'h', 2}}, {{0, 1}, {1, 3}, {0, 2}, {0, 1}}, 36240, 18528, 86400},
    {"b,,abcd,ade,c,e->ac", {{'a', 1}, {'b', 3}, {'c', 1}, {'d', 6}, {'e', 3}}, {{2, 3}, {0, 4}, {2, 3}, {1, 2}, {0, 1}}, 134, 80, 324},
    {"a,b,ac,ac,b,->b", {{'a', 5}, {'b', 3}, {'c', 4}}, {{2, 3}, {0, 4}, {0, 1}, {0, 1}, {0, 1}}, 57, 57, 360},
    {"abcef,abcdfg,deg->g", {{'a', 6}, {'b', 5}, {'c', 3}, {'d', 3}, {'e', 4}, {'f', 6}, {'g', 4}}, {{0, 1}, {0, 1}}, 51936, 51936, 77760},
    {"c,abc,b,ac->", {{'a', 1}, {'b', 4}, {'c', 3}}, {{1, 2}, {0, 1}, {0, 1}}, 33, 33, 48},
    {"cf,abcdef,e,abcde->de", {{'a', 6}, {'b', 6}, {'c', 3}, {'d', 4}, {'e', 3}, {'f', 6}}, {{1, 3}, {0, 2}, {0, 1}}, 15996, 15996, 31104},
    {"a,de,bcde,,abcd->", {{'a', 2}, {'b', 2}, {'c', 3}, {'d', 4}, {'e', 3}}, {{2, 4}, {1, 3}, {0, 2}, {0, 1}}, 341, 245, 720},
    {"abcdefh,acfg,abcdegh->bh", {{'a', 3}, {'b', 1}, {'c', 3}, {'d', 4}, {'e', 3}, {'f', 4}, {'g', 1}, {'h', 6}}, {{0, 2}, {0, 1}}, 5616, 5616, 7776},
    {"a,,ab,c,bc->", {{'a', 6}, {'b', 5}, {'c', 3}}, {{0, 2}, {2, 3}, {1, 2}, {0, 1}}, 97, 97, 450},
    {"c,b,d,ac,abd,->b", {{'a', 4}, {'b', 2}, {'c', 4}, {'d', 3}}, {{2, 4}, {0, 2}, {2, 3}, {0, 2}, {0, 1}}, 100, 96, 576},
    {"defg,aeg,abcefh,abcdfg,,h->df", {{'a', 5}, {'b', 4}, {'c', 5}, {'d', 6}, {'e', 5}, {'f', 6}, {'g', 1}, {'h', 1}}, {{2, 3}, {1, 4}, {0, 3}, {1, 2}, {0, 1}}, 38268, 38186, 108000},
    {"cd,be,ade,abcde->d", {{'a', 6}, {'b', 2}, {'c', 3}, {'d', 4}, {'e', 1}}, {{2, 3}, {0, 2}, {0, 1}}, 352, 352, 576},
    {"bdefg,bcdghi,abcfhi,acf,ei->i", {{'a', 2}, {'b', 1}, {'c', 5}, {'d', 2}, {'e', 1}, {'f', 5}, {'g', 1}, {'h', 6}, {'i', 4}}, {{1, 2}, {1, 3}, {0, 2}, {0, 1}}, 5688, 4888, 12000},
    {"abce,bcd,acde->bd", {{'a', 5}, {'b', 2}, {'c', 3}, {'d', 3}, {'e', 5}}, {{0, 2}, {0, 1}}, 936, 936, 1350},
    {"cdfghi,abegi,abcdf,eghi->bf", {{'a', 2}, {'b', 3}, {'c', 3}, {'d', 5}, {'e', 6}, {'f', 3}, {'g', 4}, {'h', 4}, {'i', 2}}, {{0, 2}, {0, 1}, {0, 1}}, 20736, 20124, 207360},
    {"ceg,bcfgh,afh,abdefh,d->bcf", {{'a', 3}, {'b', 2}, {'c', 3}, {'d', 6}, {'e', 2}, {'f', 1}, {'g', 4}, {'h', 1}}, {{3, 4}, {0, 1}, {0, 1}, {0, 1}}, 288, 282, 4320},
    {"abdegi,bdfhi,acfi,bceg,h->gi", {{'a', 6}, {'b', 4}, {'c', 2}, {'d', 1}, {'e', 1}, {'f', 5}, {'g', 5}, {'h', 5}, {'i', 3}}, {{1, 4}, {1, 3}, {0, 2}, {0, 1}}, 3720, 3720, 90000},
    {"abcdefgh,abcdef,bdgh->ae", {{'a', 3}, {'b', 4}, {'c', 4}, {'d', 5}, {'e', 4}, {'f', 5}, {'g', 6}, {'h', 2}}, {{0, 1}, {0, 1}}, 120960, 120960, 172800},
    {"bcdefghi,acefgh,abcdfi->bg", {{'a', 6}, {'b', 6}, {'c', 1}, {'d', 6}, {'e', 1}, {'f', 6}, {'g', 4}, {'h', 3}, {'i', 1}}, {{0, 2}, {0, 1}}, 36288, 36288, 46656},
    {"acd,fg,abeg,be,f,cd->d", {{'a', 2}, {'b', 5}, {'c', 5}, {'d', 2}, {'e', 6}, {'f', 1}, {'g', 3}}, {{2, 3}, {0, 3}, {0, 2}, {1, 2}, {0, 1}}, 424, 424, 10800},
    {"defh,ab,bcdefgh,acdefgh->f", {{'a', 2}, {'b', 3}, {'c', 5}, {'d', 5}, {'e', 3}, {'f', 2}, {'g', 3}, {'h', 3}}, {{2, 3}, {0, 2}, {0, 1}}, 17304, 17304, 32400},
    {"ehi,abcdefh,gi,abcdefghi->cf", {{'a', 5}, {'b', 2}, {'c', 3}, {'d', 3}, {'e', 1}, {'f', 1}, {'g', 1}, {'h', 3}, {'i', 5}}, {{1, 3}, {0, 2}, {0, 1}}, 2820, 2805, 5400},
    {"e,ad,abd,ce,c,be->ac", {{'a', 6}, {'b', 5}, {'c', 2}, {'d', 6}, {'e', 5}}, {{1, 2}, {3, 4}, {0, 1}, {1, 2}, {0, 1}}, 802, 600, 10800},
    {"acde,bf,ab,def,cf->a", {{'a', 1}, {'b', 5}, {'c', 3}, {'d', 2}, {'e', 4}, {'f', 1}}, {{0, 3}, {0, 1}, {0, 1}, {0, 1}}, 66, 66, 600},
  };
  return cases;
}
// clang-format on

} // namespace ricci
