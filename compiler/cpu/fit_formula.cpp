//===- fit_formula.cpp - formulas of a size from values ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A word of a descriptor is constant, linear, a number of blocks (a linear function divided,
// rounded up), or one of these up to a cap. Values on a dense range determine which; a formula
// counts only when it has all of them.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fit_formula.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace ricci {

namespace {

using Wide = __int128;

/// A fraction between low and high (both excluded) with the least denominator: a walk down the
/// Stern-Brocot tree, many steps of one direction at once (continued fractions).
struct Fraction {
  Wide numerator, denominator;
};
Fraction simplestBetween(Fraction low, Fraction high) {
  Wide whole = low.numerator / low.denominator;
  if ((whole + 1) * high.denominator < high.numerator)
    return {whole + 1, 1};
  // Both lie in [whole, whole + 1]: invert the rests.
  Fraction lowRest{low.numerator - whole * low.denominator, low.denominator},
      highRest{high.numerator - whole * high.denominator, high.denominator};
  if (lowRest.numerator == 0) {
    // The first 1/n below the upper end.
    Wide n = highRest.denominator / highRest.numerator + 1;
    return {whole * n + 1, n};
  }
  Fraction inner = simplestBetween({highRest.denominator, highRest.numerator},
                                   {lowRest.denominator, lowRest.numerator});
  return {whole * inner.numerator + inner.denominator, inner.numerator};
}

bool hasAll(const SizeTerm &term, const std::vector<int64_t> &sizes,
            const std::vector<int64_t> &values) {
  for (size_t i = 0; i < sizes.size(); ++i)
    if (term.at(sizes[i]) != values[i])
      return false;
  return true;
}

/// What all of the first `count` values differ by multiples of.
int64_t commonStep(const std::vector<int64_t> &values, size_t count) {
  int64_t step = 0;
  for (size_t i = 1; i < count; ++i)
    step = std::gcd(step, values[i] - values[0]);
  return step;
}

/// Of the first `count` values, which never fall, in multiples of `step`:
/// add + step * ceil((factor n + offset) / divisor).
std::optional<SizeTerm> fitSteps(const std::vector<int64_t> &sizes,
                                 const std::vector<int64_t> &values, size_t count, int64_t step) {
  // Steps v from 1 on. A slope a/d and an offset b will do where d v - d < a n + b <= d v at every
  // size n, which needs all of d v - a n within d. Where two are further apart, they are a bound of
  // the slope.
  auto v = [&](size_t i) { return (values[i] - values[0]) / step + 1; };
  Fraction low{0, 1}, high{Wide(v(count - 1)) + 1, 1}, slope{};
  Wide offset = 0;
  for (int round = 0;; ++round) {
    if (round == 200 || low.numerator * high.denominator >= high.numerator * low.denominator)
      return std::nullopt;
    slope = simplestBetween(low, high);
    if (slope.numerator > INT32_MAX || slope.denominator > INT32_MAX)
      return std::nullopt;
    auto rest = [&](size_t i) { return slope.denominator * v(i) - slope.numerator * sizes[i]; };
    size_t least = 0, most = 0;
    for (size_t i = 1; i < count; ++i) {
      least = rest(i) < rest(least) ? i : least;
      most = rest(i) > rest(most) ? i : most;
    }
    Wide lowest = rest(most) - slope.denominator + 1, highest = rest(least);
    if (lowest <= highest) {
      // In the middle, so that every size which shows it to be wrong halves what is left.
      offset = lowest <= 0 && highest >= 0 ? 0 : lowest + (highest - lowest) / 2;
      break;
    }
    Wide rise = v(most) - v(least), run = sizes[most] - sizes[least];
    if (run > 0)
      low = {rise - 1, run};
    else
      high = {1 - rise, -run};
  }
  SizeTerm term;
  term.factor = int64_t(slope.numerator), term.divisor = int64_t(slope.denominator);
  // What is divided may not be negative.
  if (offset + slope.numerator * sizes[0] <= 0 || offset > INT64_MAX)
    return std::nullopt;
  term.offset = int64_t(offset);
  term.mul = step;
  term.add = values[0] - step;
  return term;
}

} // namespace

std::vector<int64_t> fitSizes(int64_t largest) {
  std::vector<int64_t> sizes;
  for (int64_t n = 1; n <= std::min<int64_t>(largest, 1100); ++n)
    sizes.push_back(n);
  for (double n = 1150; n < double(largest); n *= 1.05)
    sizes.push_back(int64_t(n));
  if (sizes.back() < largest)
    sizes.push_back(largest);
  return sizes;
}

void addEdges(const SizeTerm &term, int64_t largest, std::vector<int64_t> &sizes) {
  if (term.isConstant() || term.factor <= 0)
    return;
  auto add = [&](Wide n) {
    for (Wide each : {n - 1, n, n + 1})
      if (each >= 1 && each <= largest)
        sizes.push_back(int64_t(each));
  };
  auto edge = [&](Wide steps) { return (steps * term.divisor - term.offset) / term.factor; };
  if (term.cap != INT64_MAX)
    add(edge(term.cap));
  if (term.divisor == 1)
    return;
  // The least size at which the quotient is more than so many steps, for steps all over the range.
  Wide most = (Wide(term.factor) * largest + term.offset) / term.divisor;
  for (double steps = 1; steps < double(most); steps = steps * 1.3 + 1)
    add(edge(Wide(steps)));
}

std::optional<SizeTerm> fitFormula(const std::vector<int64_t> &sizes,
                                   const std::vector<int64_t> &values) {
  SizeTerm constant = SizeTerm::of(values[0]);
  if (hasAll(constant, sizes, values))
    return constant;
  // A line, rising or falling; values that are one for the first sizes alone may reach a cap.
  SizeTerm line;
  line.mul = 1, line.factor = values[1] - values[0];
  line.add = values[0] - line.factor * sizes[0];
  if (hasAll(line, sizes, values))
    return line;
  if (!std::is_sorted(values.begin(), values.end()))
    return std::nullopt;
  // Up to where the last value is reached; all where it goes on rising.
  size_t count =
      size_t(std::lower_bound(values.begin(), values.end(), values.back()) - values.begin()) + 1;
  bool capped = count < sizes.size();
  for (size_t known : {capped ? count - 1 : count, count}) {
    int64_t common = known < 2 ? 0 : commonStep(values, known);
    if (common == 0)
      continue;
    // A cap may lie between two steps.
    for (int64_t step : {common, int64_t(1)}) {
      auto term = fitSteps(sizes, values, known, step);
      if (!term)
        continue;
      if (capped && (values.back() - term->add) % step == 0)
        term->cap = (values.back() - term->add) / step;
      if (hasAll(*term, sizes, values))
        return term;
    }
  }
  return std::nullopt;
}

} // namespace ricci
