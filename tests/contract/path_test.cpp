//===- path_test.cpp - tests of the order of contractions -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/greedy.h"
#include "compiler/contract/improve.h"
#include "compiler/contract/path.h"
#include "tests/contract/networks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace ricci {
namespace {

using Method = OrderOptions::Method;
using Path = std::vector<std::vector<int64_t>>;

OrderOptions by(Method method, double seconds = 0) {
  OrderOptions options;
  options.method = method;
  options.seconds = seconds;
  return options;
}

OrderOptions along(Path path) {
  OrderOptions options = by(Method::Path);
  options.path = std::move(path);
  return options;
}

ContractionPath find(const Network &network, const OrderOptions &options,
                     std::optional<int64_t> limit = std::nullopt) {
  Expected<ContractionPath> path = findPath(network, options, limit);
  if (!path) {
    ADD_FAILURE() << path.error().message;
    return {};
  }
  // What was counted on the way is what the finished path costs.
  if (options.method != Method::Path) {
    Expected<ContractionPath> checked = findPath(network, along(path->steps), limit);
    if (!checked)
      ADD_FAILURE() << checked.error().message;
    else if (std::isfinite(path->flops)) {
      EXPECT_DOUBLE_EQ(path->flops, checked->flops);
      EXPECT_DOUBLE_EQ(path->largestIntermediate, checked->largestIntermediate);
    }
  }
  return *path;
}

/// The message of the error, which must be the input's.
std::string errorOf(const Network &network, const OrderOptions &options,
                    std::optional<int64_t> limit = std::nullopt) {
  Expected<ContractionPath> path = findPath(network, options, limit);
  if (path)
    return "no error";
  EXPECT_EQ(path.error().kind, ErrorKind::Input);
  std::string text = path.error().message;
  for (const std::string &note : path.error().notes)
    text += "; " + note;
  return text;
}

TEST(Path, CountsFlopsAsNumPy) {
  for (const NumPyCase &c : numpyCases()) {
    SCOPED_TRACE(c.equation);
    Network network = parseNetwork(c.equation, c.extents);
    ContractionPath path = find(network, along(c.path));
    EXPECT_EQ(path.flops, c.flops);
    EXPECT_EQ(path.naiveFlops, c.naiveFlops);
    EXPECT_EQ(path.method, "given path");
  }
}

TEST(Path, OptimalIsNumPysOptimal) {
  for (const NumPyCase &c : numpyCases()) {
    SCOPED_TRACE(c.equation);
    Network network = parseNetwork(c.equation, c.extents);
    double flops = find(network, by(Method::Optimal)).flops;
    if (c.path.size() > 1)
      EXPECT_EQ(flops, c.optimalFlops);
    else
      EXPECT_LT(flops, c.optimalFlops) << "NumPy multiplies all at once where nothing is summed";
  }
}

TEST(Path, ThePlanOfThePaper) {
  Network network = parseNetwork("ij,jk,kl->il", {{'i', 100}, {'j', 200}, {'k', 300}, {'l', 50}});
  ContractionPath path = find(network, by(Method::Auto));
  EXPECT_EQ(path.steps, (Path{{1, 2}, {0, 1}}));
  EXPECT_EQ(path.method, "dynamic programming (optimal)");
  EXPECT_EQ(path.flops, 8e6);
  EXPECT_EQ(path.naiveFlops, 9e8);
  EXPECT_EQ(path.largestIntermediate, 1e4);
  EXPECT_EQ(path.scaling, 3);
  EXPECT_EQ(path.naiveScaling, 4);
}

TEST(Path, OneAndTwoOperands) {
  EXPECT_EQ(find(parseNetwork("ij->j", {{'i', 3}, {'j', 4}}), by(Method::Auto)).steps, (Path{{0}}));
  EXPECT_EQ(find(parseNetwork("->", {}), by(Method::Optimal)).steps, (Path{{0}}));
  ContractionPath two =
      find(parseNetwork("ij,jk->k", {{'i', 3}, {'j', 4}, {'k', 5}}), by(Method::Greedy));
  EXPECT_EQ(two.steps, (Path{{0, 1}}));
  EXPECT_EQ(two.flops, 120);
}

TEST(Path, OptimalEqualsBruteForce) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Network network = randomNetwork({.operands = 3 + int(seed % 4),
                                     .labels = 3 + int(seed % 7),
                                     .maxCarriers = 3,
                                     .minExtent = 0,
                                     .maxExtent = 7,
                                     .outputShare = 0.3,
                                     .seed = seed});
    SCOPED_TRACE(seed);
    EXPECT_EQ(find(network, by(Method::Optimal)).flops, bruteForceFlops(network));
  }
}

TEST(Path, OptimalWithinALimitEqualsBruteForce) {
  int possible = 0, impossible = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Network network = randomNetwork({.operands = 4 + int(seed % 3),
                                     .labels = 4 + int(seed % 5),
                                     .maxCarriers = 2,
                                     .minExtent = 2,
                                     .maxExtent = 6,
                                     .outputShare = 0.2,
                                     .seed = seed});
    SCOPED_TRACE(seed);
    double expected = bruteForceFlops(network, 20);
    for (Method method : {Method::Optimal, Method::Greedy, Method::Auto}) {
      if (std::isinf(expected)) {
        ++impossible;
        EXPECT_NE(errorOf(network, by(method), 20).find("within 20 elements"), std::string::npos);
        continue;
      }
      ++possible;
      ContractionPath path = find(network, by(method), 20);
      if (method == Method::Greedy)
        EXPECT_GE(path.flops, expected);
      else
        EXPECT_EQ(path.flops, expected);
    }
  }
  EXPECT_GT(possible, 100);
  EXPECT_GT(impossible, 100);
}

TEST(Path, LimitErrorNamesWhatIsNeeded) {
  // Whatever comes first, the intermediate has two free labels of 10 or more.
  Network network = parseNetwork("ia,ja,ka->ijk", {{'i', 10}, {'j', 20}, {'k', 30}, {'a', 4}});
  EXPECT_EQ(errorOf(network, by(Method::Auto), 799),
            "no order of contractions keeps every intermediate within 799 elements, the memory "
            "limit; the order that needs least has an intermediate of 800 elements");
  EXPECT_EQ(find(network, by(Method::Auto), 800).steps, (Path{{0, 1}, {0, 1}}));
  EXPECT_EQ(errorOf(network, along({{1, 2}, {0, 1}}), 800),
            "the path's step 1 makes an intermediate of 2400 elements, more than the memory limit "
            "of 800");
  // Three at once make no intermediate.
  EXPECT_EQ(find(network, along({{0, 1, 2}}), 1).flops, 10 * 20 * 30 * 4 * 3);
}

TEST(Path, DynamicProgrammingIsNeverWorseThanGreedy) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Network network = randomNetwork({.operands = 3 + int(seed % 10),
                                     .labels = 4 + int(seed % 14),
                                     .maxCarriers = 4,
                                     .minExtent = 1,
                                     .maxExtent = 9,
                                     .outputShare = 0.2,
                                     .seed = seed});
    SCOPED_TRACE(seed);
    double optimal = find(network, by(Method::Optimal)).flops;
    double greedy = find(network, by(Method::Greedy)).flops;
    double automatic = find(network, by(Method::Auto)).flops;
    EXPECT_LE(optimal, automatic);
    EXPECT_LE(automatic, greedy);
  }
}

TEST(Path, SixteenOperandsAreOptimalSeventeenRefused) {
  Network network = regularNetwork(16, 3, 2, 1);
  auto start = std::chrono::steady_clock::now();
  double optimal = find(network, by(Method::Optimal)).flops;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_LE(optimal, find(network, by(Method::Greedy)).flops);
  EXPECT_EQ(errorOf(chainNetwork(17, 3), by(Method::Optimal)),
            "the optimal order is found for at most 16 operands, not for 17; use auto, greedy or a "
            "number of seconds to search");
}

TEST(Path, LabelsOfOneOperandAreSummedFirst) {
  Network network = parseNetwork("ip,ij,jk->k", {{'i', 10}, {'p', 1000}, {'j', 20}, {'k', 3}});
  ContractionPath path = find(network, by(Method::Auto));
  EXPECT_EQ(path.flops, 2 * 10000 + 2 * 200 + 2 * 60);
  // Counting them where they meet another operand would let nothing else be contracted first.
  EXPECT_EQ(path.steps, (Path{{0}, {0, 2}, {0, 1}}));
}

TEST(Path, ChainsAreContractedFromTheVector) {
  // A matrix chain that ends in a vector: 2 n m^2 flops from that end, and nothing else is as good.
  for (int operands : {5, 15, 60, 1000}) {
    SCOPED_TRACE(operands);
    Network network = chainNetwork(operands, 8);
    network.output.pop_back();          // the last label ...
    network.operands.back().pop_back(); // ... and its axis: a vector
    ContractionPath path = find(network, by(Method::Auto));
    EXPECT_EQ(path.flops, 2.0 * 64 * (operands - 1));
    EXPECT_EQ(path.largestIntermediate, 8);
  }
}

TEST(Path, LargeNetworksInBoundedTime) {
  auto timed = [](const char *what, const Network &network, double flopsBound) {
    SCOPED_TRACE(what);
    for (Method method : {Method::Greedy, Method::Auto}) {
      auto start = std::chrono::steady_clock::now();
      ContractionPath path = find(network, by(method));
      double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      EXPECT_LT(seconds, 20) << "a bound against blow-up, far above what it takes";
      EXPECT_EQ(path.steps.size(), network.operands.size() - 1);
      EXPECT_LE(path.flops, flopsBound);
      RecordProperty(std::string(what), std::to_string(seconds));
    }
  };
  for (int operands : {60, 1000}) {
    double n = operands;
    timed("chain", chainNetwork(operands, 4), 2 * 64 * n);
    timed("ring", ringNetwork(operands, 4), 2 * 256 * n);
    timed("tree", treeNetwork(operands, 4, 7), 2 * 4096 * n);
    timed("hyperedge", sharedLabelNetwork(operands, 4), 2 * 256 * n);
  }
  timed("regular", regularNetwork(60, 3, 2, 3), 1e9);
  timed("regular", regularNetwork(1000, 3, 2, 3), INFINITY);
  timed("chain of 10000", chainNetwork(10000, 4), 2 * 64 * 1e4);
  timed("hyperedge of 10000", sharedLabelNetwork(10000, 4), 2 * 256 * 1e4);
  timed("scalars", Network{std::vector<std::vector<int32_t>>(1000), {}, {}}, 999);
}

TEST(Path, Hyperedges) {
  // i must stay until the last operand that has it: no step may sum it early.
  Network network =
      parseNetwork("ia,ib,ic,id->abcd", {{'i', 9}, {'a', 2}, {'b', 3}, {'c', 4}, {'d', 5}});
  for (Method method : {Method::Greedy, Method::Optimal}) {
    ContractionPath path = find(network, by(method));
    EXPECT_EQ(path.steps.size(), 3u);
    EXPECT_GE(path.flops, 2 * 9 * 120);
  }
  EXPECT_EQ(find(network, by(Method::Optimal)).flops, bruteForceFlops(network));
}

TEST(Path, LabelsInVeryManyOperands) {
  // Two parts, each of all combinations of six labels: every label is in 32 operands. Within a part
  // intermediates have 3^6 elements at most, a mixture of both would have up to 3^12.
  Network network;
  network.extents.assign(12, 3);
  for (int32_t part : {0, 6})
    for (int32_t set = 1; set < 64; ++set) {
      network.operands.emplace_back();
      for (int32_t label = 0; label < 6; ++label)
        if (set >> label & 1)
          network.operands.back().push_back(part + label);
    }
  ContractionPath path = find(network, by(Method::Greedy));
  EXPECT_LE(path.largestIntermediate, 729);
}

TEST(Path, ImprovementEndsWhereNoSubtreeGetsBetter) {
  int improved = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Network network = regularNetwork(50, 3, 2, seed);
    order::Tree tree = order::findGreedyTree(network).tree;
    double greedy = order::treeFlops(network, tree);
    order::ImproveParameters parameters;
    parameters.rounds = 1000;
    if (!order::improveTree(network, tree, parameters))
      continue;
    ++improved;
    EXPECT_LT(order::treeFlops(network, tree), greedy);
    EXPECT_FALSE(order::improveTree(network, tree, parameters));

    ContractionPath path = find(network, by(Method::Auto));
    EXPECT_LT(path.flops, greedy);
    EXPECT_EQ(path.method, "greedy, improved by dynamic programming");
  }
  EXPECT_GE(improved, 5);
}

TEST(Path, DisconnectedPartsMeetLastSmallestFirst) {
  Network network = parseNetwork(
      "ab,bc,de,ef,gh,hi->acdfgi",
      {{'a', 9}, {'b', 8}, {'c', 9}, {'d', 2}, {'e', 8}, {'f', 2}, {'g', 3}, {'h', 8}, {'i', 3}});
  ContractionPath path = find(network, by(Method::Greedy));
  double inner = 2 * 8 * (81 + 4 + 9);
  EXPECT_EQ(path.flops, inner + 4 * 9 + 4 * 9 * 81);
}

TEST(Path, EmptyAndHugeExtents) {
  Network empty = parseNetwork("ij,jk,kl,lm->im",
                               {{'i', 3}, {'j', 1 << 30}, {'k', 0}, {'l', 1 << 30}, {'m', 4}});
  for (Method method : {Method::Auto, Method::Greedy, Method::Optimal})
    EXPECT_EQ(find(empty, by(method)).flops, 0);
  // Nothing overflows to NaN where sizes leave the range of double.
  Network huge = regularNetwork(200, 4, int64_t(1) << 40, 11);
  EXPECT_EQ(find(huge, by(Method::Auto)).steps.size(), 199u);
  EXPECT_EQ(find(huge, by(Method::Auto)).steps, find(huge, by(Method::Auto)).steps);
}

TEST(Path, SearchIsNoWorseAndKeepsItsTime) {
  Network network = regularNetwork(40, 3, 3, 5);
  double automatic = find(network, by(Method::Auto)).flops;
  auto start = std::chrono::steady_clock::now();
  ContractionPath searched = find(network, by(Method::Auto, 0.3));
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GE(seconds, 0.3);
  EXPECT_LT(seconds, 10);
  EXPECT_LT(searched.flops, automatic) << searched.method;
}

TEST(Path, GivenPathsAreChecked) {
  Network network =
      parseNetwork("ij,jk,kl,lm->im", {{'i', 2}, {'j', 3}, {'k', 4}, {'l', 5}, {'m', 6}});
  EXPECT_EQ(find(network, along({{1, 0}, {2, 0}, {0, 1}})).steps, (Path{{1, 0}, {2, 0}, {0, 1}}));
  EXPECT_EQ(find(network, along({{0, 1, 3, 2}})).flops, 2 * 3 * 4 * 5 * 6 * 4);
  EXPECT_EQ(find(network, along({{3}, {0, 1}, {0, 1, 2}})).method, "given path");
  EXPECT_EQ(errorOf(network, along({{0, 1}, {0, 3}})),
            "the path's step 2 names operand 3, but there are 3 operands then (numbered from 0)");
  EXPECT_EQ(errorOf(network, along({{0, -1}})),
            "the path's step 1 names operand -1, but there are 4 operands then (numbered from 0)");
  EXPECT_EQ(errorOf(network, along({{2, 2}})), "the path's step 1 names operand 2 twice");
  EXPECT_EQ(errorOf(network, along({{0, 1}, {}})), "the path's step 2 names no operand");
  EXPECT_EQ(errorOf(network, along({{0, 1}})),
            "the path leaves 3 operands uncontracted, it must end with one");
  EXPECT_EQ(errorOf(network, along({})),
            "the path leaves 4 operands uncontracted, it must end with one");
  EXPECT_EQ(errorOf(network, along({{0, 1, 2, 3}, {0, 1}})),
            "the path's step 2 names operand 1, but there are 1 operands then (numbered from 0)");
}

} // namespace
} // namespace ricci
