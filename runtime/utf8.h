//===- utf8.h - text that people see -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ricci {

/// One code point, or one byte that begins none.
struct Utf8Char {
  uint32_t code = 0; ///< the byte's value where the sequence is invalid
  uint32_t bytes = 1;
  bool valid = false;
};

/// Decodes the code point at `at`, which must be inside `text`. Overlong forms, surrogates and
/// values above U+10FFFF are invalid, one byte at a time.
Utf8Char decodeUtf8(std::string_view text, size_t at);

/// How a code point of `text` is shown: itself, or `\xNN` for each byte where it is invalid, a
/// control character, or one that changes the direction of the text or breaks the line.
std::string printableChar(std::string_view text, size_t at, Utf8Char c);

/// `text` as valid UTF-8 that a terminal shows as written; keeps line feeds when asked.
std::string printable(std::string_view text, bool keepLineFeeds = false);

struct CodeRange {
  uint32_t first, last;
};
/// Whether one of the ranges, which rise, has the code point.
bool isIn(std::span<const CodeRange> ranges, uint32_t code);

/// The columns of a terminal that a printable code point takes: 2 of what is wide or fullwidth in
/// East Asian texts, 0 of what combines with the character before it, else 1.
int displayWidth(uint32_t code);

/// The number of code points; an invalid byte counts as one.
int64_t columns(std::string_view text);

/// At most `limit` columns, the middle replaced by "…".
std::string elide(std::string_view text, int64_t limit);

} // namespace ricci
