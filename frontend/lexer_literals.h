//===- lexer_literals.h - numbers and strings in texts -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Inside the lexer.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/lexer.h"

namespace ricci {

struct NumberLiteral {
  TokenKind kind; ///< Integer, Float or Imaginary
  uint64_t integer = 0;
  double number = 0;
  size_t end; ///< the first byte after it
};

/// The number at `at`, where a digit stands, or a '.' before a digit. Errors: Python's, and an
/// integer beyond 64 bits.
Expected<NumberLiteral> readNumber(std::string_view text, size_t at);

/// The string whose quote stands at `at`: appends its characters to `value` and gives the first
/// byte after it.
Expected<size_t> readString(std::string_view text, size_t at, bool raw, std::string &value);

} // namespace ricci
