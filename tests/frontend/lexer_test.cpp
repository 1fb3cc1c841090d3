//===- lexer_test.cpp - texts of the language to tokens -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/lexer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace ricci;

namespace {

/// The tokens with their texts: "Name:a Operator:+ Newline End", or the rendered error.
std::string tokensOf(std::string_view text) {
  static constexpr const char *kinds[] = {"Name",      "Keyword", "Integer",  "Float",
                                          "Imaginary", "String",  "Operator", "Newline",
                                          "Indent",    "Dedent",  "End"};
  Expected<Tokens> tokens = tokenize(text);
  if (!tokens)
    return tokens.error().render();
  std::string out;
  for (const Token &token : tokens->tokens) {
    out += (out.empty() ? "" : " ") + std::string(kinds[size_t(token.kind)]);
    if (token.kind < TokenKind::Newline)
      out += ":" + std::string(text.substr(token.span.begin, token.span.end - token.span.begin));
  }
  return out;
}

Token tokenOf(std::string_view text) { return tokenize(text).value().tokens[0]; }
std::string stringOf(std::string_view text) {
  Expected<Tokens> tokens = tokenize(text);
  return tokens ? tokens->strings.at(0) : tokens.error().render();
}

TEST(Lexer, SplitsTexts) {
  EXPECT_EQ(tokensOf("a+_b1**=β.c"), "Name:a Operator:+ Name:_b1 Operator:**= Name:β Operator:. "
                                     "Name:c Newline End");
  EXPECT_EQ(tokensOf("def x is ...//1.5j"), "Keyword:def Name:x Keyword:is Operator:... "
                                            "Operator:// Imaginary:1.5j Newline End");
  EXPECT_EQ(tokensOf("1.e5.real"), "Float:1.e5 Operator:. Name:real Newline End");
  EXPECT_EQ(tokensOf("x\u0304\u0967"), "Name:x\u0304\u0967 Newline End"); // a mark, a digit
  EXPECT_EQ(tokensOf(""), "End");
  EXPECT_EQ(tokensOf(" # nothing\n\n"), "End");
  EXPECT_EQ(tokensOf("\xEF\xBB\xBF"
                     "a"),
            "Name:a Newline End");
}

TEST(Lexer, LinesEndOutsideBrackets) {
  EXPECT_EQ(tokensOf("a\nb\r\nc\rd # e\n"),
            "Name:a Newline Name:b Newline Name:c Newline Name:d Newline End");
  EXPECT_EQ(tokensOf("(a\n  # b\n,[\nc])"), "Operator:( Name:a Operator:, Operator:[ Name:c "
                                            "Operator:] Operator:) Newline End");
  EXPECT_EQ(tokensOf("a \\\n b"), "Name:a Name:b Newline End");
  EXPECT_EQ(tokensOf("a; b;\nc"), "Name:a Newline Name:b Newline Name:c Newline End");
}

TEST(Lexer, Indents) {
  EXPECT_EQ(tokensOf("a\n  b\n\n # c\n  d\n    e\nf"),
            "Name:a Newline Indent Name:b Newline Name:d Newline Indent Name:e Newline Dedent "
            "Dedent Name:f Newline End");
  EXPECT_EQ(tokensOf("  a\n  b"), "Name:a Newline Name:b Newline End");
  EXPECT_EQ(tokensOf("a\n   b\n  c"), "this line's indentation fits no line above it\n    c\n  ^~");
  EXPECT_EQ(tokensOf("a\n\tb\n        c"),
            "this line and the one above mix tabs and spaces in their indentation\n"
            "          c\n  ^~~~~~~~");
}

TEST(Lexer, ReadsNumbers) {
  const std::pair<const char *, uint64_t> integers[] = {
      {"0", 0},      {"00_0", 0},  {"1_000", 1000}, {"0xfF", 255},
      {"0X_1f", 31}, {"0b101", 5}, {"0o17", 15},    {"18446744073709551615", UINT64_MAX},
  };
  for (auto [text, value] : integers) {
    EXPECT_EQ(tokenOf(text).kind, TokenKind::Integer) << text;
    EXPECT_EQ(tokenOf(text).integer, value) << text;
  }
  const std::pair<const char *, double> floats[] = {
      {"1.", 1},
      {".5", 0.5},
      {"09.5", 9.5},
      {"1_0.0_1e1_0", 10.01e10},
      {"1E+2", 100},
      {"0.1", 0.1},
      {"4.9e-324", 4.9e-324},
      {"1e309", INFINITY},
      {"1e-400", 0},
      {"0.000001e400", INFINITY},
      {"1000000e-400", 0},
      {"1e99999999999999999999", INFINITY},
      {"1e-99999999999999999999", 0},
      {"0e99999999999999999999", 0},
  };
  for (auto [text, value] : floats) {
    EXPECT_EQ(tokenOf(text).kind, TokenKind::Float) << text;
    EXPECT_EQ(tokenOf(text).number, value) << text;
    EXPECT_EQ(tokenOf(text + std::string("j")).kind, TokenKind::Imaginary) << text;
    EXPECT_EQ(tokenOf(text + std::string("J")).number, value) << text;
  }
}

TEST(Lexer, ReadsStrings) {
  EXPECT_EQ(stringOf("'i,j->ij'"), "i,j->ij");
  EXPECT_EQ(stringOf("\"a'b\" 'c'\n"), "a'bc");
  EXPECT_EQ(stringOf("'''a\n'b\"'''"), "a\n'b\"");
  EXPECT_EQ(stringOf(R"('\n\t\\\'\x41\101\u03b1\U0001F600\q')"), "\n\t\\'AA\u03b1\U0001F600\\q");
  EXPECT_EQ(stringOf("'a\\\nb'"), "ab");
  EXPECT_EQ(stringOf(R"(r'\n\'')"), R"(\n\')");
}

TEST(Lexer, ErrorsShowThePlace) {
  const std::pair<const char *, const char *> rows[] = {
      {"1__0", "an underscore in a number stands between two digits\n  1__0\n    ^"},
      {"1_", "an underscore in a number stands between two digits\n  1_\n    ^"},
      {"012", "an integer does not begin with 0 (octal is '0o17')\n  012\n  ^~~"},
      {"0b12", "'2' is no digit of a binary number\n  0b12\n     ^"},
      {"0x", "expected a digit of a hexadecimal number\n  0x\n    ^"},
      {"18446744073709551616", "this integer does not fit 64 bits\n"
                               "  18446744073709551616\n  ^~~~~~~~~~~~~~~~~~~~"},
      {"2x + 1", "'2x' is neither a number nor a name\n  2x + 1\n  ^~"},
      {"1.5abc", "'1.5abc' is neither a number nor a name\n  1.5abc\n  ^~~~~~"},
      {"a + 'b", "this string lacks its closing '\n  a + 'b\n      ^~"},
      {"'a\nb'", "this string lacks its closing '\n  'a\n  ^~"},
      {"'''a\nb", "this string lacks its closing '''\n  '''a\n  ^~~"},
      {"'\\xZ'", "'\\x' takes 2 hexadecimal digits that name a character\n  '\\xZ'\n   ^~"},
      {"'\\ud800'",
       "'\\u' takes 4 hexadecimal digits that name a character\n  '\\ud800'\n   ^~~~~~"},
      {"'\\N{DOT}'", "'\\N' is not supported: write the character itself\n  '\\N{DOT}'\n   ^~"},
      {"f'x'", "strings with the prefix 'f' are not supported\n  f'x'\n  ^"},
      {"a $ b", "'$' has no meaning here\n  a $ b\n    ^"},
      {"a ! b", "'!' has no meaning here\n  a ! b\n    ^"},
      {"a → b", "U+2192 has no meaning here\n  a → b\n    ^"},
      {"a \xff b", "the byte '\\xff' has no meaning here\n  a \\xFF b\n    ^~~~"},
      {"a \\ b", "a backslash that does not end its line\n  a \\ b\n    ^"},
      {"a \\\n", "the text ends after a backslash\n  a \\\n    ^"},
      {"; a", "expected a statement before ';'\n  ; a\n  ^"},
  };
  for (auto [text, message] : rows)
    EXPECT_EQ(tokensOf(text), message);
}

TEST(Lexer, SpansLieInTheText) {
  for (std::string_view text : {"1_", "0x", "(", "'a", "a \\", "1__", "$"}) {
    Expected<Tokens> tokens = tokenize(text);
    ASSERT_FALSE(bool(tokens)) << text;
    for (Span span : tokens.error().spans)
      EXPECT_TRUE(span.begin <= span.end && span.end <= text.size()) << text;
  }
}

TEST(Lexer, KnowsNames) {
  for (const char *text : {"a", "_", "x1", "αβ", "ñ"})
    EXPECT_TRUE(isName(text)) << text;
  for (const char *text : {"", "1x", "a b", "lambda", "a.b", "→", "\xff", "\u0304x"})
    EXPECT_FALSE(isName(text)) << text;
}

} // namespace
