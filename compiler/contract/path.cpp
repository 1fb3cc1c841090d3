//===- path.cpp - the order of contractions ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/path.h"
#include "compiler/contract/dynamic_programming.h"
#include "compiler/contract/greedy.h"
#include "compiler/contract/improve.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {
using namespace order;
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// To this many operands the best order is found in well under a millisecond.
constexpr size_t kAlwaysOptimalOperands = 10;
/// Above, improving a greedy tree would take a noticeable part of a second.
constexpr size_t kMaxImprovedOperands = 4000;

std::string count(double elements) {
  return elements < 1e15 ? fmt::format("{:.0f}", elements) : fmt::format("{:.3e}", elements);
}

Diagnostic memoryError(double limit, double smallest) {
  Diagnostic error = inputError(fmt::format(
      "no order of contractions keeps every intermediate within {} elements, the memory limit",
      count(limit)));
  error.notes.push_back(fmt::format("the order that needs least has an intermediate of {} elements",
                                    count(smallest)));
  return error;
}

Diagnostic greedyMemoryError(double limit, double smallest) {
  Diagnostic error = inputError(fmt::format("found no order of contractions that keeps every "
                                            "intermediate within {} elements, the memory limit",
                                            count(limit)));
  error.notes.push_back(fmt::format(
      "where the search ended, the smallest next intermediate had {} elements", count(smallest)));
  return error;
}

/// A network whose operands have no label of their own left to sum, and how it came about.
struct Reduced {
  Network network;
  std::vector<int> summed; ///< operands that lost labels, in order
};

/// A label of one operand alone that the output lacks is summed before the operand meets another:
/// afterwards it would multiply the work. A label of extent 1 is left alone, summing it is no work.
Reduced sumPrivateLabels(const Network &network) {
  Reduced reduced{network, {}};
  Frontier frontier(network);
  std::vector<bool> kept(network.extents.size(), false);
  for (int32_t label : network.output)
    kept[size_t(label)] = true;
  for (size_t i = 0; i < network.operands.size(); ++i) {
    size_t lost = std::erase_if(reduced.network.operands[i], [&](int32_t label) {
      return !kept[size_t(label)] && frontier.carriers(label) == 1 &&
             network.extents[size_t(label)] != 1;
    });
    if (lost > 0)
      reduced.summed.push_back(int(i));
  }
  return reduced;
}

/// The tree of the reduced network as a tree of the whole one.
Tree withSums(const Reduced &reduced, const Tree &tree) {
  int operands = int(reduced.network.operands.size());
  std::vector<int> newId;
  for (int i = 0; i < operands; ++i)
    newId.push_back(i);
  Tree whole;
  for (int operand : reduced.summed) {
    whole.push_back({operand, -1});
    newId[size_t(operand)] = operands + int(whole.size()) - 1;
  }
  for (const Step &step : tree) {
    whole.push_back({newId[size_t(step.left)], newId[size_t(step.right)]});
    newId.push_back(operands + int(whole.size()) - 1);
  }
  return whole;
}

struct Found {
  Tree tree;
  std::string method;
};

Expected<Found> findOptimal(const Network &network, double limit) {
  DynamicProgrammingResult best = findOptimalTree(network, limit);
  if (!best.found)
    return memoryError(limit, best.smallestLargest);
  return Found{std::move(best.tree), "dynamic programming (optimal)"};
}

Expected<Found> findGreedy(const Network &network, double limit) {
  double smallest = kInfinity;
  // With a limit, caring for the result's size alone gets through where the usual cost does not.
  for (double alpha : {1.0, 0.5, 0.0}) {
    GreedyResult greedy = findGreedyTree(network, {alpha, 0, nullptr}, limit);
    if (greedy.found)
      return Found{std::move(greedy.tree), "greedy"};
    smallest = std::min(smallest, greedy.smallestRefused);
  }
  if (network.operands.size() <= kMaxOptimalOperands) {
    // Few enough to know whether there is an order at all.
    DynamicProgrammingResult best = findOptimalTree(network, limit);
    if (!best.found)
      return memoryError(limit, best.smallestLargest);
    return Found{std::move(best.tree), "dynamic programming (optimal)"};
  }
  return greedyMemoryError(limit, smallest);
}

Expected<Found> findAuto(const Network &network, double limit, double seconds) {
  auto start = std::chrono::steady_clock::now();
  size_t operands = network.operands.size();
  if (operands <= kAlwaysOptimalOperands || (seconds >= 1 && operands <= kMaxOptimalOperands))
    return findOptimal(network, limit);
  Expected<Found> found = findGreedy(network, limit);
  if (!found)
    return found;
  if (seconds > 0) {
    // Capped so that the sum stays a valid time; nobody waits for a year.
    auto budget = std::chrono::duration<double>(std::min(seconds, 3e7));
    auto deadline = start + std::chrono::duration_cast<std::chrono::steady_clock::duration>(budget);
    if (searchTree(network, found->tree, limit, deadline))
      found->method =
          fmt::format("search of {:g} s (randomized greedy and dynamic programming)", seconds);
  } else if (operands <= kMaxImprovedOperands) {
    ImproveParameters parameters;
    parameters.limit = limit;
    if (improveTree(network, found->tree, parameters))
      found->method = "greedy, improved by dynamic programming";
  }
  return found;
}

ContractionPath pathOf(const Network &network, const Tree &tree) {
  ContractionPath path;
  path.steps = linearPath(network, tree);
  Frontier frontier(network);
  for (const Step &step : tree) {
    StepCost cost;
    frontier.contract(idsOf(step), &cost);
    addStep(path, cost);
  }
  return path;
}

/// Checks an explicit path and counts its flops.
Expected<ContractionPath> checkPath(const Network &network,
                                    const std::vector<std::vector<int64_t>> &steps, double limit) {
  Frontier frontier(network);
  std::vector<int> live;
  for (int i = 0; i < frontier.numIds(); ++i)
    live.push_back(i);
  ContractionPath path;
  path.method = "given path";
  path.steps = steps;
  for (size_t s = 0; s < steps.size(); ++s) {
    auto wrong = [&](std::string why) {
      return inputError(fmt::format("the path's step {} {}", s + 1, why));
    };
    if (steps[s].empty())
      return wrong("names no operand");
    std::vector<int64_t> positions = steps[s];
    std::sort(positions.begin(), positions.end());
    if (positions.front() < 0 || positions.back() >= int64_t(live.size()))
      return wrong(fmt::format("names operand {}, but there are {} operands then (numbered from 0)",
                               positions.front() < 0 ? positions.front() : positions.back(),
                               live.size()));
    if (auto twice = std::adjacent_find(positions.begin(), positions.end());
        twice != positions.end())
      return wrong(fmt::format("names operand {} twice", *twice));
    std::vector<int> ids;
    for (size_t i = positions.size(); i-- > 0;) {
      ids.push_back(live[size_t(positions[i])]);
      live.erase(live.begin() + positions[i]);
    }
    StepCost cost;
    live.push_back(frontier.contract(ids, &cost));
    addStep(path, cost);
    if (live.size() > 1 && cost.size > limit)
      return wrong(
          fmt::format("makes an intermediate of {} elements, more than the memory limit of {}",
                      count(cost.size), count(limit)));
  }
  if (live.size() != 1)
    return inputError(
        fmt::format("the path leaves {} operands uncontracted, it must end with one", live.size()));
  return path;
}

} // namespace

Expected<ContractionPath> findPath(const Network &network, const OrderOptions &options,
                                   std::optional<int64_t> memoryLimitElements) {
  if (network.operands.empty())
    return internalError("a network needs at least one operand");
  double limit = memoryLimitElements ? double(*memoryLimitElements) : kInfinity;
  size_t operands = network.operands.size();

  ContractionPath path;
  if (options.method == OrderOptions::Method::Path) {
    Expected<ContractionPath> checked = checkPath(network, options.path, limit);
    if (!checked)
      return checked;
    path = std::move(*checked);
  } else if (operands <= 2) {
    // Nothing to choose, and a sum inside one operand is not shown as a step of its own.
    path = pathOf(network, {operands == 1 ? Step{0, -1} : Step{0, 1}});
    path.method = "one contraction";
  } else {
    Reduced reduced = sumPrivateLabels(network);
    for (int operand : reduced.summed) {
      double size = sizeOf(reduced.network.operands[size_t(operand)], network.extents);
      if (size > limit)
        return memoryError(limit, size);
    }
    Expected<Found> found = [&]() -> Expected<Found> {
      switch (options.method) {
      case OrderOptions::Method::Greedy:
        return findGreedy(reduced.network, limit);
      case OrderOptions::Method::Optimal:
        if (operands > kMaxOptimalOperands) {
          Diagnostic error = inputError(
              fmt::format("the optimal order is found for at most {} operands, not for {}",
                          kMaxOptimalOperands, operands));
          error.notes.push_back("use auto, greedy or a number of seconds to search");
          return error;
        }
        return findOptimal(reduced.network, limit);
      default:
        return findAuto(reduced.network, limit, options.seconds);
      }
    }();
    if (!found)
      return found.error();
    path = pathOf(network, withSums(reduced, found->tree));
    path.method = std::move(found->method);
  }
  countNaive(network, path);
  return path;
}

} // namespace ricci
