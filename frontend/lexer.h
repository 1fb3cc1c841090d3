//===- lexer.h - texts of the language to tokens -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace ricci {

enum class TokenKind : uint8_t {
  Name,
  Keyword, ///< Python's, whether the language has it or not
  Integer,
  Float,
  Imaginary,
  String,
  Operator, ///< brackets and punctuation, too
  Newline,  ///< ends a statement; also a ';'
  Indent,
  Dedent,
  End
};

struct Token {
  TokenKind kind = TokenKind::End;
  Span span;
  uint64_t integer = 0; ///< Integer: the value; String: the index into Tokens::strings
  double number = 0;    ///< Float, Imaginary
  bool startsLine = false;
};

struct Tokens {
  std::vector<Token> tokens; ///< the last one is End
  std::vector<std::string> strings;
};

/// Python's tokens. The first statement's indentation is that of the whole text, so that a text may
/// stand indented in a program around it. Errors: a malformed number or string, brackets that do
/// not match, indentation that fits no line above, characters that no token has.
Expected<Tokens> tokenize(std::string_view text);

/// Whether this is a name (and no keyword).
bool isName(std::string_view text);

} // namespace ricci
