//===- einsum_syntax.cpp - checks that need no operand types ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/einsum_detail.h"
#include "frontend/unicode.h"

#include <fmt/format.h>

namespace ricci::detail {

std::string labelName(const EinsumSyntax &syntax, int64_t label) {
  return syntax.integerLabels ? fmt::format("#{}", label) : encodeUtf8(char32_t(label));
}

std::string quoteLabel(const EinsumSyntax &syntax, int64_t label) {
  return syntax.integerLabels ? fmt::format("{}", label)
                              : fmt::format("'{}'", encodeUtf8(char32_t(label)));
}

Diagnostic syntaxError(const EinsumSyntax &syntax, std::string message, std::vector<Span> spans) {
  Diagnostic error = inputError(std::move(message));
  error.source = syntax.source;
  error.spans = std::move(spans);
  return error;
}

static Status checkEllipses(const EinsumSyntax &syntax, const EinsumSyntax::Term &term,
                            const std::string &where) {
  const EinsumSyntax::Axis *first = nullptr;
  for (const EinsumSyntax::Axis &axis : term.axes) {
    if (axis.label != EinsumSyntax::kEllipsis)
      continue;
    if (first)
      return syntaxError(syntax, fmt::format("'...' appears twice in {}", where),
                         {first->span, axis.span});
    first = &axis;
  }
  return success();
}

Status checkSyntax(const EinsumSyntax &syntax) {
  LabelMap<std::monostate> known;
  for (size_t i = 0; i < syntax.operands.size(); ++i) {
    if (Status s = checkEllipses(syntax, syntax.operands[i], fmt::format("operand {}", i + 1)); !s)
      return s;
    for (const EinsumSyntax::Axis &axis : syntax.operands[i].axes)
      known.try_emplace(axis.label);
  }
  if (!syntax.output)
    return success();
  if (Status s = checkEllipses(syntax, *syntax.output, "the output"); !s)
    return s;
  LabelMap<Span> seen;
  for (const EinsumSyntax::Axis &axis : syntax.output->axes) {
    if (axis.label == EinsumSyntax::kEllipsis)
      continue;
    if (!known.count(axis.label))
      return syntaxError(
          syntax, fmt::format("output label {} is in no operand", quoteLabel(syntax, axis.label)),
          {axis.span});
    auto [it, isNew] = seen.try_emplace(axis.label, axis.span);
    if (!isNew)
      return syntaxError(
          syntax,
          fmt::format("label {} appears twice in the output", quoteLabel(syntax, axis.label)),
          {it->second, axis.span});
  }
  return success();
}

} // namespace ricci::detail
