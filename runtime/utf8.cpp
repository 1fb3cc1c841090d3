//===- utf8.cpp - text that people see -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace ricci {

Utf8Char decodeUtf8(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80)
    return {lead, 1, true};
  const Utf8Char invalid{lead, 1, false};
  const uint32_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > text.size())
    return invalid;
  uint32_t code = lead & (0x7fu >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80)
      return invalid;
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return invalid;
  return {code, length, true};
}

static bool isUnprintable(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

std::string printableChar(std::string_view text, size_t at, Utf8Char c) {
  if (c.valid && !isUnprintable(c.code))
    return std::string(text.substr(at, c.bytes));
  std::string escaped;
  for (uint32_t i = 0; i < c.bytes; ++i)
    escaped += fmt::format("\\x{:02X}", static_cast<uint8_t>(text[at + i]));
  return escaped;
}

std::string printable(std::string_view text, bool keepLineFeeds) {
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decodeUtf8(text, at);
    if (keepLineFeeds && c.code == '\n')
      result += '\n';
    else
      result += printableChar(text, at, c);
    at += c.bytes;
  }
  return result;
}

namespace {
constexpr CodeRange kWide[] = {
#include "runtime/wide_characters.inc"
};
constexpr CodeRange kCombining[] = {
#include "runtime/combining_characters.inc"
};
} // namespace

bool isIn(std::span<const CodeRange> ranges, uint32_t code) {
  auto range = std::partition_point(ranges.begin(), ranges.end(),
                                    [&](CodeRange r) { return r.last < code; });
  return range != ranges.end() && range->first <= code;
}

int displayWidth(uint32_t code) {
  if (code < 0x300) // none below
    return 1;
  return isIn(kCombining, code) ? 0 : isIn(kWide, code) ? 2 : 1;
}

int64_t columns(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count)
    at += decodeUtf8(text, at).bytes;
  return count;
}

std::string elide(std::string_view text, int64_t limit) {
  std::vector<size_t> starts;
  for (size_t at = 0; at < text.size(); at += decodeUtf8(text, at).bytes)
    starts.push_back(at);
  const int64_t count = int64_t(starts.size());
  if (count <= limit)
    return std::string(text);
  if (limit < 1)
    return {};
  const int64_t right = (limit - 1) / 2, left = limit - 1 - right;
  std::string result(text.substr(0, starts[left]));
  result += "…";
  if (right > 0)
    result += text.substr(starts[count - right]);
  return result;
}

} // namespace ricci
