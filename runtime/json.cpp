//===- json.cpp - writes JSON -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"

#include "runtime/utf8.h"

#include <fmt/format.h>

#include <cmath>

namespace ricci {

std::string jsonString(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    Utf8Char point = decodeUtf8(text, i);
    if (!point.valid) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    char c = text[i];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if ((unsigned char)c < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", (unsigned)(unsigned char)c);
    else
      out += text.substr(i, point.bytes);
    i += point.bytes;
  }
  return out += '"';
}

void JsonWriter::newline() {
  text_ += '\n';
  text_.append(2 * levels_.size(), ' ');
}

void JsonWriter::separate() {
  if (afterKey_) {
    afterKey_ = false;
    return;
  }
  if (levels_.empty())
    return;
  if (!levels_.back().empty)
    text_ += ',';
  levels_.back().empty = false;
  newline();
}

JsonWriter &JsonWriter::beginObject() {
  separate();
  text_ += '{';
  levels_.push_back({true});
  return *this;
}

JsonWriter &JsonWriter::endObject() {
  bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty)
    newline();
  text_ += '}';
  return *this;
}

JsonWriter &JsonWriter::beginArray() {
  separate();
  text_ += '[';
  levels_.push_back({false});
  return *this;
}

JsonWriter &JsonWriter::endArray() {
  bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty)
    newline();
  text_ += ']';
  return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  separate();
  text_ += jsonString(name);
  text_ += ": ";
  afterKey_ = true;
  return *this;
}

JsonWriter &JsonWriter::raw(std::string_view value) {
  separate();
  text_ += value;
  return *this;
}

JsonWriter &JsonWriter::string(std::string_view text) { return raw(jsonString(text)); }
JsonWriter &JsonWriter::integer(int64_t value) { return raw(fmt::format("{}", value)); }
JsonWriter &JsonWriter::unsignedInteger(uint64_t value) { return raw(fmt::format("{}", value)); }
JsonWriter &JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter &JsonWriter::null() { return raw("null"); }

JsonWriter &JsonWriter::number(double value) {
  return std::isfinite(value) ? raw(fmt::format("{}", value)) : null();
}

JsonWriter &JsonWriter::integers(const std::vector<int64_t> &values) {
  return raw(fmt::format("[{}]", fmt::join(values, ", ")));
}

std::string JsonWriter::finish() {
  text_ += '\n';
  return std::move(text_);
}

} // namespace ricci
