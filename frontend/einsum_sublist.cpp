//===- einsum_sublist.cpp - einsum from lists of integer labels --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/einsum_detail.h"

#include <fmt/format.h>

#include <iterator>

namespace ricci {

namespace {
/// Writes the lists as a text for messages, "[0, 1], [1, 2] -> [0, 2]", and makes the terms that
/// point into it.
class SublistReader {
public:
  explicit SublistReader(EinsumSyntax &syntax) : syntax(syntax) {}

  void read(EinsumSyntax::Term &term, const std::vector<int64_t> &labels) {
    std::string &text = syntax.source;
    term.span.begin = text.size();
    text += '[';
    for (size_t i = 0; i < labels.size(); ++i) {
      text += i ? ", " : "";
      size_t begin = text.size();
      if (labels[i] == EinsumSyntax::kEllipsis)
        text += "...";
      else
        fmt::format_to(std::back_inserter(text), "{}", labels[i]);
      term.axes.push_back({labels[i], {begin, text.size()}});
      if (labels[i] < EinsumSyntax::kEllipsis && !negative)
        negative = term.axes.back();
    }
    text += ']';
    term.span.end = text.size();
  }

  EinsumSyntax &syntax;
  std::optional<EinsumSyntax::Axis> negative; ///< the first that is no label
};
} // namespace

Expected<EinsumSyntax> einsumFromLabels(const std::vector<std::vector<int64_t>> &operands,
                                        const std::optional<std::vector<int64_t>> &output) {
  EinsumSyntax syntax;
  syntax.integerLabels = true;
  SublistReader reader(syntax);
  for (const std::vector<int64_t> &labels : operands) {
    syntax.source += syntax.operands.empty() ? "" : ", ";
    reader.read(syntax.operands.emplace_back(), labels);
  }
  if (output) {
    syntax.source += " -> ";
    reader.read(syntax.output.emplace(), *output);
  }
  if (reader.negative)
    return detail::syntaxError(
        syntax, fmt::format("{} is not a label: labels are not negative", reader.negative->label),
        {reader.negative->span});
  if (Status s = detail::checkSyntax(syntax); !s)
    return std::move(s.error());
  return syntax;
}

} // namespace ricci
