//===- suggestion.cpp - the name that was perhaps meant -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace ricci {

/// Insertions, deletions, changes and swaps of neighbours that turn one word into the other.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t(0));
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + size_t(a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[b.size()];
}

std::string_view nearestName(std::string_view name, const std::vector<std::string_view> &names) {
  constexpr size_t kLongest = 64; // of a name that can be a slip of the pen
  // A short name is near to too many.
  const size_t most = name.size() < 2 ? 0 : name.size() < 5 ? 1 : 2;
  std::string_view best;
  if (name.size() > kLongest)
    return best;
  size_t bestDistance = most + 1;
  for (std::string_view candidate : names) {
    if (candidate.size() > name.size() + most || candidate.size() + most < name.size())
      continue;
    size_t distance = editDistance(name, candidate);
    if (distance < bestDistance || (distance == bestDistance && candidate < best))
      best = candidate, bestDistance = distance;
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view> &names) {
  std::string_view best = nearestName(name, names);
  return best.empty() ? "" : fmt::format("; did you mean '{}'?", best);
}

} // namespace ricci
