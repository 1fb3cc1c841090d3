//===- shapes.cpp - broadcasting of two shapes, axis by axis -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/shapes.h"
#include "frontend/size_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ricci {

bool BroadcastReport::broadcasts() const {
  return std::find(axes.begin(), axes.end(), Axis::Conflict) == axes.end();
}

BroadcastReport broadcastShapes(const Shape &left, const Shape &right) {
  BroadcastReport report{left.size(), right.size(), left, right, {}, {}};
  size_t rank = std::max(left.size(), right.size());
  report.left.insert(report.left.begin(), rank - left.size(), 1);
  report.right.insert(report.right.begin(), rank - right.size(), 1);
  for (size_t i = 0; i < rank; ++i) {
    int64_t l = report.left[i], r = report.right[i];
    using Axis = BroadcastReport::Axis;
    Axis axis = l == r ? Axis::Equal : l == 1 || r == 1 ? Axis::Stretch : Axis::Conflict;
    report.axes.push_back(axis);
    report.result.push_back(axis == Axis::Conflict ? -1 : l == 1 ? r : l);
  }
  return report;
}

std::string BroadcastReport::str() const {
  std::string text;
  size_t rank = axes.size();
  std::vector<std::vector<std::string>> rows(5);
  for (size_t i = 0; i < rank; ++i) {
    rows[0].push_back(std::to_string(i));
    rows[1].push_back(std::to_string(left[i]));
    rows[2].push_back(std::to_string(right[i]));
    rows[3].push_back(result[i] < 0 ? "?" : std::to_string(result[i]));
    rows[4].push_back(axes[i] == Axis::Equal     ? "equal"
                      : axes[i] == Axis::Stretch ? "stretch"
                                                 : "conflict");
  }
  auto print = [&](std::string_view name, const std::vector<std::string> &cells,
                   std::string_view remark) {
    std::string line = fmt::format("{:>13}", name);
    for (size_t i = 0; i < rank; ++i) {
      size_t width = 0;
      for (const auto &row : rows)
        width = std::max(width, row[i].size());
      line += fmt::format("  {:>{}}", cells[i], width);
    }
    line += remark;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  constexpr std::string_view padded = "   padded on the left";
  print("axis", rows[0], "");
  print("left", rows[1], leftRank < rank ? padded : "");
  print("right", rows[2], rightRank < rank ? padded : "");
  print("result", rows[3], "");
  print("", rows[4], "");
  return text;
}

Diagnostic BroadcastReport::error() const {
  size_t axis = size_t(std::find(axes.begin(), axes.end(), Axis::Conflict) - axes.begin());
  Shape l(left.end() - int64_t(leftRank), left.end()),
      r(right.end() - int64_t(rightRank), right.end());
  return inputError(fmt::format(
      "shapes {} and {} do not broadcast: axis {} is {} on the left and {} on the right",
      formatShape(l), formatShape(r), axis, left[axis], right[axis]));
}

Expected<Shape> parseShape(std::string_view text) {
  size_t open = text.find_first_not_of(' ');
  if (open == std::string_view::npos || text[open] != '(') {
    Diagnostic d = inputError("a shape is written as in Python: (32, 512), (512,) or ()");
    d.source = std::string(text);
    size_t at = open == std::string_view::npos ? 0 : open;
    d.spans = {{at, at + 1}};
    return d;
  }
  return detail::parseSizes(text, open + 1, ')', true);
}

} // namespace ricci
