//===- plan.cpp - the table that plan prints -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/executable.h"
#include "runtime/format.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ricci {
namespace {

// Long equations are cut in the middle: a network of thousands of operands has as many rows.
constexpr int64_t kMaxContraction = 48;
constexpr int64_t kMaxRemaining = 64;

enum Column { Step, Contraction, KernelName, Flops, Bytes, Predicted, Remaining, kColumns };
using Row = std::array<std::string, kColumns>;

constexpr bool isLeftAligned(int column) {
  return column == Contraction || column == KernelName || column == Remaining;
}

void appendRow(std::string &out, const Row &row, const std::array<int64_t, kColumns> &widths) {
  const size_t start = out.size();
  for (int c = 0; c < kColumns; ++c) {
    const std::string padding(size_t(widths[c] - columns(row[c])), ' ');
    out += c == 0 ? "" : c == Remaining ? "   " : "  ";
    out += isLeftAligned(c) ? row[c] + padding : padding + row[c];
  }
  out.erase(std::max(start, out.find_last_not_of(' ') + 1));
  out += '\n';
}

} // namespace

std::string Plan::str() const {
  std::string out;
  auto fact = [&](std::string_view name, std::string value) {
    out += fmt::format("{:>22}:  {}\n", name, value);
  };
  if (!equation.empty()) { // a program has none
    fact("Complete contraction", printable(equation));
    fact("Naive scaling", fmt::format("{}", naiveScaling));
    fact("Optimized scaling", fmt::format("{}", optimizedScaling));
    fact("Naive FLOP count", fmt::format("{:.3e}", naiveFlops));
    fact("Optimized FLOP count", fmt::format("{:.3e}", optimizedFlops));
    if (optimizedFlops > 0)
      fact("Theoretical speedup", fmt::format("{:.4g}", naiveFlops / optimizedFlops));
    fact("Largest intermediate", fmt::format("{:.3e} elements", largestIntermediate));
  }

  std::vector<Row> rows{
      {"step", "contraction", "kernel", "flops", "bytes", "predicted", "remaining"}};
  for (size_t i = 0; i < steps.size(); ++i) {
    const PlanStep &s = steps[i];
    rows.push_back({fmt::format("{}", i + 1), elide(printable(s.contraction), kMaxContraction),
                    printable(s.kernel), formatFlops(s.flops), formatBytes(s.bytes),
                    formatSeconds(s.predictedSeconds),
                    elide(printable(s.remaining), kMaxRemaining)});
  }
  std::array<int64_t, kColumns> widths{5, 18, 22, 9, 9, 10, 10};
  for (const Row &row : rows)
    for (int c = 0; c < kColumns; ++c)
      widths[c] = std::max(widths[c], columns(row[c]));
  int64_t width = 3 + 2 * (kColumns - 2);
  for (int64_t w : widths)
    width += w;
  const std::string rule = std::string(size_t(width), '-') + '\n';

  out += rule;
  appendRow(out, rows[0], widths);
  out += rule;
  for (size_t i = 1; i < rows.size(); ++i)
    appendRow(out, rows[i], widths);
  out += rule;
  for (size_t first = 0; first < steps.size(); ++first) {
    size_t last = first;
    while (last + 1 < steps.size() && steps[last].blockRows > 0)
      ++last;
    if (last > first)
      out += fmt::format(" steps {} to {} run together, {} rows at a time\n", first + 1, last + 1,
                         steps[first].blockRows);
    first = last;
  }
  out += fmt::format(" peak memory: {} of intermediates + {} of packing buffers",
                     formatBytes(double(peakBytes)), formatBytes(double(workspaceBytes)));
  if (!orderedBy.empty() && steps.size() > 1)
    out += "; order by " + orderedBy;
  return out + '\n';
}

} // namespace ricci
