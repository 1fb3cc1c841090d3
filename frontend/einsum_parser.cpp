//===- einsum_parser.cpp - the grammar of einsum strings --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   equation := term (',' term)* ('->' term)?
//   term     := (label | '...' | ' ')*          label: any Unicode letter
//
// As in NumPy, spaces stand anywhere except inside '->' and '...', no other white space is allowed,
// and an empty term is a scalar.
//
//===----------------------------------------------------------------------===//
#include "frontend/einsum_detail.h"
#include "frontend/unicode.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

namespace ricci {

using detail::syntaxError;

namespace {
class Parser {
public:
  explicit Parser(std::string_view text) : text(text) { syntax.source = std::string(text); }

  Expected<EinsumSyntax> parse() {
    do {
      if (Status s = parseTerm(syntax.operands.emplace_back()); !s)
        return std::move(s.error());
    } while (eat(","));
    size_t arrow = pos;
    if (eat("->")) {
      if (Status s = parseTerm(syntax.output.emplace()); !s)
        return std::move(s.error());
      if (atArrow())
        return error("a second '->': an equation has one output",
                     {{arrow, arrow + 2}, {pos, pos + 2}});
      if (pos < text.size())
        return error("',' in the output: an equation has one output", {{pos, pos + 1}});
    }
    if (Status s = detail::checkSyntax(syntax); !s)
      return std::move(s.error());
    return std::move(syntax);
  }

private:
  bool atArrow() const { return text.compare(pos, 2, "->") == 0; }

  bool eat(std::string_view token) {
    if (text.compare(pos, token.size(), token) != 0)
      return false;
    pos += token.size();
    return true;
  }

  Diagnostic error(std::string message, std::vector<Span> spans) const {
    return syntaxError(syntax, std::move(message), std::move(spans));
  }

  /// Stops at ',', '->' or the end.
  Status parseTerm(EinsumSyntax::Term &term) {
    while (pos < text.size() && text[pos] == ' ')
      ++pos;
    term.span = {pos, pos};
    while (pos < text.size() && text[pos] != ',' && !atArrow()) {
      if (text[pos] == ' ') {
        ++pos;
        continue;
      }
      EinsumSyntax::Axis axis;
      if (Status s = text[pos] == '.' ? parseEllipsis(axis) : parseLabel(axis); !s)
        return s;
      term.axes.push_back(axis);
      term.span.end = pos;
    }
    return success();
  }

  Status parseEllipsis(EinsumSyntax::Axis &axis) {
    size_t begin = pos;
    while (pos < text.size() && text[pos] == '.')
      ++pos;
    axis = {EinsumSyntax::kEllipsis, {begin, pos}};
    size_t dots = pos - begin;
    if (dots == 3)
      return success();
    if (dots == 1)
      return error("a lone '.': an ellipsis is three dots, '...'", {axis.span});
    return error(fmt::format("{} dots in a row: an ellipsis is three dots, '...'", dots),
                 {axis.span});
  }

  Status parseLabel(EinsumSyntax::Axis &axis) {
    Utf8Char c = decodeUtf8(text, pos);
    if (!c.valid)
      return error(fmt::format("byte 0x{:02x} at offset {} is not valid UTF-8",
                               static_cast<unsigned char>(text[pos]), pos),
                   {{pos, pos + 1}});
    Span span{pos, pos + c.bytes};
    if (c.code == '-')
      return error("'-' without '>' right after it: an arrow is '->'", {span});
    if (c.code == '>')
      return error("'>' without '-' right before it: an arrow is '->'", {span});
    if (!isLetter(c.code))
      return error(fmt::format("{} is not a label: labels are letters", quoteCharacter(c.code)),
                   {span});
    axis = {int64_t(c.code), span};
    pos = span.end;
    return success();
  }

  std::string_view text;
  size_t pos = 0;
  EinsumSyntax syntax;
};
} // namespace

Expected<EinsumSyntax> parseEinsum(std::string_view equation) { return Parser(equation).parse(); }

} // namespace ricci
