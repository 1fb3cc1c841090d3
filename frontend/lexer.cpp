//===- lexer.cpp - texts of the language to tokens -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/lexer.h"

#include "frontend/lexer_literals.h"
#include "frontend/unicode.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ricci {
namespace {

constexpr std::string_view kKeywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

/// Longer ones first, so that the first that fits is the token.
constexpr std::string_view kOperators[] = {
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "<<", ">>", "<=", ">=", "==",
    "!=",  "->",  "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "@=", ":=",
    "+",   "-",   "*",   "/",   "%",   "@",  "&",  "|",  "^",  "~",  "<",  ">",
    "(",   ")",   "[",   "]",   "{",   "}",  ",",  ":",  ".",  "=",  ";"};

bool isKeyword(std::string_view text) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), text) != std::end(kKeywords);
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// The bytes of the identifier character at `at`, or 0.
size_t nameCharacter(std::string_view text, size_t at, bool first) {
  if (at >= text.size())
    return 0;
  Utf8Char c = decodeUtf8(text, at);
  if (c.code < 0x80)
    return c.code == '_' || isLetter(c.code) || (!first && isDigit(char(c.code)));
  return c.valid && (isLetter(c.code) || (!first && continuesName(c.code))) ? c.bytes : 0;
}

size_t nameEnd(std::string_view text, size_t at) {
  for (size_t bytes; (bytes = nameCharacter(text, at, false));)
    at += bytes;
  return at;
}

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}

  Expected<Tokens> run() {
    if (text.substr(0, 3) == "\xEF\xBB\xBF")
      at = 3;
    while (!failed && at < text.size())
      if (atLineStart)
        lineStart();
      else
        next();
    if (failed)
      return std::move(error);
    if (!brackets.empty()) {
      const char *close = closing(text[brackets.back()]);
      fail(fmt::format("expected '{}': this '{}' is never closed", close, text[brackets.back()]),
           {brackets.back(), brackets.back() + 1});
      return std::move(error);
    }
    newline({at, at});
    for (size_t i = 1; i < indents.size(); ++i)
      add(TokenKind::Dedent, at);
    add(TokenKind::End, at);
    return std::move(out);
  }

private:
  struct Column {
    int64_t wide, narrow; ///< with tabs to multiples of 8, and as one column
  };

  static const char *closing(char open) { return open == '(' ? ")" : open == '[' ? "]" : "}"; }
  void fail(std::string message, Span span) {
    failed = true;
    error = inputError(std::move(message));
    error.spans = {span};
  }
  void fail(Diagnostic d) {
    failed = true;
    error = std::move(d);
  }
  Token &add(TokenKind kind, size_t begin) {
    out.tokens.push_back({kind, {begin, at}});
    out.tokens.back().startsLine = std::exchange(lineStarted, false);
    return out.tokens.back();
  }
  /// Ends the statement, if there is one.
  void newline(Span span) {
    if (!out.tokens.empty() && out.tokens.back().kind < TokenKind::Newline)
      out.tokens.push_back({TokenKind::Newline, span});
  }
  size_t lineBreak(size_t i) const {
    if (i >= text.size())
      return 0;
    return text[i] == '\n' ? 1 : text[i] == '\r' ? 1 + (text.substr(i, 2) == "\r\n") : 0;
  }
  void skipComment() {
    while (at < text.size() && !lineBreak(at))
      ++at;
  }

  /// Measures the indentation; lines without a statement have none.
  void lineStart() {
    size_t begin = at;
    Column column{0, 0};
    for (; at < text.size(); ++at) {
      if (text[at] == ' ') {
        ++column.wide;
        ++column.narrow;
      } else if (text[at] == '\t') {
        column.wide = (column.wide / 8 + 1) * 8;
        ++column.narrow;
      } else if (text[at] == '\f') {
        column = {0, 0};
      } else {
        break;
      }
    }
    if (at < text.size() && text[at] == '#')
      skipComment();
    if (at >= text.size())
      return;
    if (size_t bytes = lineBreak(at)) {
      at += bytes;
      return;
    }
    atLineStart = false;
    lineStarted = true;
    if (indents.empty())
      indents.push_back(column);
    auto same = [&](Column o) { return o.wide == column.wide && o.narrow == column.narrow; };
    if (same(indents.back()))
      return;
    if (column.wide > indents.back().wide && column.narrow > indents.back().narrow) {
      if (indents.size() >= kMaxIndents)
        return fail(fmt::format("the text is indented more than {} levels deep", kMaxIndents),
                    {begin, at});
      indents.push_back(column);
      add(TokenKind::Indent, begin);
      return;
    }
    if (column.wide >= indents.back().wide || column.narrow >= indents.back().narrow)
      return fail("this line and the one above mix tabs and spaces in their indentation",
                  {begin, at});
    while (indents.size() > 1 && indents.back().wide > column.wide) {
      indents.pop_back();
      add(TokenKind::Dedent, at);
    }
    if (!same(indents.back()))
      fail("this line's indentation fits no line above it", {begin, at});
  }

  void next() {
    char c = text[at];
    if (size_t bytes = lineBreak(at)) {
      if (brackets.empty()) {
        newline({at, at});
        atLineStart = true;
      }
      at += bytes;
    } else if (c == ' ' || c == '\t' || c == '\f') {
      ++at;
    } else if (c == '#') {
      skipComment();
    } else if (c == '\\') {
      size_t bytes = lineBreak(at + 1);
      if (!bytes)
        return fail("a backslash that does not end its line", {at, at + 1});
      if (at + 1 + bytes >= text.size())
        return fail("the text ends after a backslash", {at, at + 1});
      at += 1 + bytes;
    } else if (isDigit(c) || (c == '.' && at + 1 < text.size() && isDigit(text[at + 1]))) {
      number();
    } else if (c == '"' || c == '\'') {
      string(at, false);
    } else if (nameCharacter(text, at, true)) {
      name();
    } else {
      punctuation();
    }
  }

  void number() {
    size_t begin = at;
    Expected<NumberLiteral> literal = readNumber(text, at);
    if (!literal)
      return fail(std::move(literal.error()));
    at = literal->end;
    if (nameCharacter(text, at, false))
      return fail(fmt::format("'{}' is neither a number nor a name",
                              elide(text.substr(begin, nameEnd(text, at) - begin), 40)),
                  {begin, nameEnd(text, at)});
    Token &token = add(literal->kind, begin);
    token.integer = literal->integer;
    token.number = literal->number;
  }

  void string(size_t begin, bool raw) {
    std::string value;
    Expected<size_t> end = readString(text, at, raw, value);
    if (!end)
      return fail(std::move(end.error()));
    at = *end;
    // Strings side by side are one.
    if (!out.tokens.empty() && out.tokens.back().kind == TokenKind::String) {
      out.tokens.back().span.end = at;
      out.strings.back() += value;
      return;
    }
    out.strings.push_back(std::move(value));
    add(TokenKind::String, begin).integer = out.strings.size() - 1;
  }

  void name() {
    size_t begin = at;
    at = nameEnd(text, at);
    std::string_view word = text.substr(begin, at - begin);
    if (at < text.size() && (text[at] == '"' || text[at] == '\'') && !isKeyword(word)) {
      if (word == "r" || word == "R" || word == "u" || word == "U")
        return string(begin, word == "r" || word == "R");
      return fail(fmt::format("strings with the prefix '{}' are not supported", printable(word)),
                  {begin, at});
    }
    add(isKeyword(word) ? TokenKind::Keyword : TokenKind::Name, begin);
  }

  void punctuation() {
    size_t begin = at;
    auto fits = [&](std::string_view o) { return text.substr(at, o.size()) == o; };
    auto found = std::find_if(std::begin(kOperators), std::end(kOperators), fits);
    if (found == std::end(kOperators)) {
      Utf8Char c = decodeUtf8(text, at);
      return fail(fmt::format("{} has no meaning here",
                              c.valid ? quoteCharacter(c.code)
                                      : fmt::format("the byte '\\x{:02x}'", c.code)),
                  {at, at + c.bytes});
    }
    at += found->size();
    char c = (*found)[0];
    if (*found == ";" && brackets.empty()) {
      if (out.tokens.empty() || out.tokens.back().kind >= TokenKind::Newline)
        return fail("expected a statement before ';'", {begin, at});
      return newline({begin, at});
    }
    if (c == '(' || c == '[' || c == '{')
      brackets.push_back(begin);
    if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty())
        return fail(fmt::format("'{}' closes nothing", c), {begin, at});
      char open = text[brackets.back()];
      if (*closing(open) != c) {
        fail(fmt::format("expected '{}' to close the '{}', not '{}'", closing(open), open, c),
             {begin, at});
        error.spans.push_back({brackets.back(), brackets.back() + 1});
        return;
      }
      brackets.pop_back();
    }
    add(TokenKind::Operator, begin);
  }

  static constexpr size_t kMaxIndents = 100;

  std::string_view text;
  size_t at = 0;
  bool atLineStart = true;
  bool lineStarted = false; ///< and has no token yet
  std::vector<Column> indents;
  std::vector<size_t> brackets; ///< where the open ones stand
  Tokens out;
  bool failed = false;
  Diagnostic error;
};

} // namespace

Expected<Tokens> tokenize(std::string_view text) {
  Expected<Tokens> tokens = Lexer(text).run();
  if (!tokens)
    tokens.error().source = std::string(text);
  return tokens;
}

bool isName(std::string_view text) {
  return nameCharacter(text, 0, true) && nameEnd(text, 0) == text.size() && !isKeyword(text);
}

} // namespace ricci
