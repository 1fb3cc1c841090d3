//===- unicode.cpp - which characters are labels ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/unicode.h"

#include "runtime/utf8.h"

#include <fmt/format.h>

namespace ricci {

namespace {
constexpr CodeRange kLetters[] = {
#include "frontend/unicode_letters.inc"
};
constexpr CodeRange kMarks[] = {
#include "frontend/unicode_marks.inc"
};
} // namespace

std::string encodeUtf8(char32_t value) {
  std::string out;
  if (value < 0x80)
    return std::string(1, char(value));
  if (value < 0x800) {
    out += char(0xC0 | value >> 6);
  } else {
    if (value < 0x10000) {
      out += char(0xE0 | value >> 12);
    } else {
      out += char(0xF0 | value >> 18);
      out += char(0x80 | (value >> 12 & 0x3F));
    }
    out += char(0x80 | (value >> 6 & 0x3F));
  }
  out += char(0x80 | (value & 0x3F));
  return out;
}

bool isLetter(char32_t value) { return isIn(kLetters, value); }
bool continuesName(char32_t value) { return isIn(kMarks, value); }

std::string quoteCharacter(char32_t value) {
  switch (value) {
  case '\t':
    return "'\\t'";
  case '\n':
    return "'\\n'";
  case '\r':
    return "'\\r'";
  case '\0':
    return "'\\0'";
  default:
    if (value < 0x20 || value == 0x7F)
      return fmt::format("'\\x{:02x}'", uint32_t(value));
    if (value < 0x80)
      return fmt::format("'{}'", char(value));
    return fmt::format("U+{:04X}", uint32_t(value));
  }
}

} // namespace ricci
