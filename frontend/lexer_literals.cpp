//===- lexer_literals.cpp - numbers and strings in texts -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/lexer_literals.h"

#include "frontend/unicode.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace ricci {
namespace {

Diagnostic errorAt(std::string message, size_t begin, size_t end) {
  Diagnostic d = inputError(std::move(message));
  d.spans = {{begin, end}};
  return d;
}

int digitValue(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return 16;
}

/// The value of "1.25e-3". Beyond double's range it is infinity or 0, as in Python.
double parseFloat(const std::string &text) {
  double value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc::result_out_of_range)
    return value;
  // The decimal exponent of the first digit that is not 0 tells too large from too small.
  size_t mark = text.find_first_of("eE"),
         point = std::min(text.find('.'), std::min(mark, text.size()));
  size_t digit = text.find_first_of("123456789");
  int64_t exponent = 0;
  if (mark != std::string::npos) {
    bool negative = text[mark + 1] == '-';
    size_t first = mark + 1 + (negative || text[mark + 1] == '+');
    if (std::from_chars(text.data() + first, text.data() + text.size(), exponent).ec != std::errc())
      exponent = std::numeric_limits<int32_t>::max(); // far beyond the digits that a text can have
    exponent = negative ? -exponent : exponent;
  }
  return exponent + int64_t(point) - int64_t(digit) > 0 ? INFINITY : 0.0;
}

class NumberReader {
public:
  NumberReader(std::string_view text, size_t at) : text(text), begin(at), at(at) {}

  Expected<NumberLiteral> read() {
    if (peek() == '0' && at + 1 < text.size())
      switch (text[at + 1]) {
      case 'x':
      case 'X':
        return prefixed(16, "hexadecimal");
      case 'o':
      case 'O':
        return prefixed(8, "octal");
      case 'b':
      case 'B':
        return prefixed(2, "binary");
      }
    bool ok = peek() == '.' || digits(10);
    bool isFloat = false;
    if (ok && peek() == '.') {
      isFloat = true;
      take();
      ok = digitValue(peek()) >= 10 || digits(10);
    }
    if (ok && (peek() == 'e' || peek() == 'E') && exponentFollows()) {
      isFloat = true;
      take();
      if (peek() == '+' || peek() == '-')
        take();
      ok = digits(10);
    }
    if (!ok)
      return errorAt("an underscore in a number stands between two digits", at,
                     std::min(at + 1, text.size()));
    bool imaginary = peek() == 'j' || peek() == 'J';
    if (imaginary || isFloat) {
      double value = parseFloat(spelling);
      at += imaginary;
      return NumberLiteral{imaginary ? TokenKind::Imaginary : TokenKind::Float, 0, value, at};
    }
    if (spelling[0] == '0' && spelling.find_first_not_of('0') != std::string::npos)
      return errorAt("an integer does not begin with 0 (octal is '0o17')", begin, at);
    return integer(10);
  }

private:
  char peek() const { return at < text.size() ? text[at] : '\0'; }
  void take() { spelling += text[at++]; }
  bool exponentFollows() const {
    size_t next = at + 1;
    if (next < text.size() && (text[next] == '+' || text[next] == '-'))
      ++next;
    return next < text.size() && digitValue(text[next]) < 10;
  }
  /// Digits with single underscores between them; false at an underscore elsewhere.
  bool digits(int base) {
    for (;;) {
      if (digitValue(peek()) >= base)
        return false;
      while (digitValue(peek()) < base)
        take();
      if (peek() != '_')
        return true;
      ++at;
    }
  }
  Expected<NumberLiteral> prefixed(int base, const char *what) {
    at += 2;
    at += peek() == '_';
    if (!digits(base))
      return errorAt(fmt::format("expected a digit of a {} number", what), at,
                     std::min(at + 1, text.size()));
    if (digitValue(peek()) < 10)
      return errorAt(fmt::format("'{}' is no digit of a {} number", peek(), what), at, at + 1);
    return integer(base);
  }
  Expected<NumberLiteral> integer(int base) {
    NumberLiteral literal{TokenKind::Integer, 0, 0, at};
    if (std::from_chars(spelling.data(), spelling.data() + spelling.size(), literal.integer, base)
            .ec != std::errc())
      return errorAt("this integer does not fit 64 bits", begin, at);
    return literal;
  }

  std::string_view text;
  size_t begin, at;
  std::string spelling; ///< without underscores
};

class StringReader {
public:
  StringReader(std::string_view text, size_t at, bool raw, std::string &value)
      : text(text), begin(at), at(at), raw(raw), value(value) {}

  Expected<size_t> read() {
    char quote = text[at];
    const std::string three(3, quote);
    bool tripled = text.substr(at, 3) == three;
    at += tripled ? 3 : 1;
    while (at < text.size()) {
      if (tripled ? text.substr(at, 3) == three : text[at] == quote)
        return at + (tripled ? 3 : 1);
      if (!tripled && (text[at] == '\n' || text[at] == '\r'))
        break;
      if (text[at] != '\\') {
        value += text[at++];
      } else if (raw) {
        value += text[at++];
        if (at < text.size())
          value += text[at++];
      } else if (Status status = escape(); !status) {
        return std::move(status.error());
      }
    }
    size_t end = tripled ? begin + 3 : at;
    return errorAt(
        fmt::format("this string lacks its closing {}", tripled ? three : std::string(1, quote)),
        begin, end);
  }

private:
  Status escape() {
    size_t first = at++;
    if (at >= text.size())
      return success();
    char c = text[at++];
    static constexpr std::string_view kPlain = "\\'\"abfnrtv", kMeaning = "\\'\"\a\b\f\n\r\t\v";
    if (size_t i = kPlain.find(c); i != std::string_view::npos) {
      value += kMeaning[i];
    } else if (c == '\n') {
    } else if (c == '\r') {
      at += at < text.size() && text[at] == '\n';
    } else if (digitValue(c) < 8) {
      --at;
      appendCode(8, 3);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      if (appendCode(16, count) != count)
        return errorAt(
            fmt::format("'\\{}' takes {} hexadecimal digits that name a character", c, count),
            first, at);
    } else if (c == 'N') {
      return errorAt("'\\N' is not supported: write the character itself", first, at);
    } else {
      value += '\\';
      --at;
    }
    return success();
  }
  /// Appends the character of up to `most` digits; how many there are, 0 where they name none.
  size_t appendCode(int base, size_t most) {
    char32_t code = 0;
    size_t count = 0;
    for (; count < most && at < text.size() && digitValue(text[at]) < base; ++count)
      code = code * char32_t(base) + char32_t(digitValue(text[at++]));
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return 0;
    value += encodeUtf8(code);
    return count;
  }

  std::string_view text;
  size_t begin, at;
  bool raw;
  std::string &value;
};

} // namespace

Expected<NumberLiteral> readNumber(std::string_view text, size_t at) {
  return NumberReader(text, at).read();
}

Expected<size_t> readString(std::string_view text, size_t at, bool raw, std::string &value) {
  return StringReader(text, at, raw, value).read();
}

} // namespace ricci
