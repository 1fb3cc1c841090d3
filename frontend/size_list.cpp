//===- size_list.cpp - comma-separated sizes in a text ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/size_list.h"

#include <fmt/format.h>

namespace ricci::detail {

Expected<Shape> parseSizes(std::string_view text, size_t pos, char close, bool trailingComma) {
  auto error = [&](std::string message, size_t begin, size_t end) {
    Diagnostic d = inputError(std::move(message));
    d.source = std::string(text);
    d.spans = {{begin, end}};
    return d;
  };
  auto skipSpaces = [&] {
    while (pos < text.size() && text[pos] == ' ')
      ++pos;
  };
  auto isDigit = [&](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  auto at = [&](char c) { return pos < text.size() && text[pos] == c; };
  Shape shape;
  skipSpaces();
  while (!at(close) || (!shape.empty() && !trailingComma)) {
    size_t begin = pos;
    if (at('-'))
      return error("a size cannot be negative", begin, begin + 1);
    if (!isDigit(pos))
      return error(
          fmt::format("expected a size{}", shape.empty() ? fmt::format(" or '{}'", close) : ""),
          begin, begin + 1);
    int64_t size = 0;
    bool overflow = false;
    for (; isDigit(pos); ++pos)
      overflow |= __builtin_mul_overflow(size, 10, &size) ||
                  __builtin_add_overflow(size, text[pos] - '0', &size);
    if (overflow)
      return error("this size does not fit 63 bits", begin, pos);
    shape.push_back(size);
    skipSpaces();
    if (at(close))
      break;
    if (!at(','))
      return error(fmt::format("expected ',' or '{}'", close), pos, pos + 1);
    ++pos;
    skipSpaces();
  }
  ++pos;
  skipSpaces();
  if (pos < text.size())
    return error(fmt::format("text after '{}'", close), pos, text.size());
  return shape;
}

} // namespace ricci::detail
