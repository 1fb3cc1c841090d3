//===- json_reader.cpp - reads JSON -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ricci::driver {
namespace {

constexpr int kMaxDepth = 64;

class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}

  Expected<JsonValue> readAll() {
    std::optional<JsonValue> value = readValue(0);
    skipSpace();
    if (value && at_ != text_.size())
      fail("the text goes on after the value");
    if (value && why_.empty())
      return std::move(*value);
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t begin = before.rfind('\n'); // npos + 1 is 0
    return inputError(fmt::format("line {}, column {}: {}", line, at_ - (begin + 1) + 1, why_));
  }

private:
  std::nullopt_t fail(std::string why) {
    if (why_.empty())
      why_ = std::move(why);
    return std::nullopt;
  }

  void skipSpace() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool take(std::string_view token) {
    skipSpace();
    if (!text_.substr(at_).starts_with(token))
      return false;
    at_ += token.size();
    return true;
  }

  std::optional<JsonValue> readValue(int depth) {
    using Kind = JsonValue::Kind;
    JsonValue value;
    if (depth > kMaxDepth)
      return fail("values nest too deep");
    if (take("null"))
      return value;
    if (bool isTrue = take("true"); isTrue || take("false")) {
      value.kind = Kind::Boolean;
      value.boolean = isTrue;
      return value;
    }
    if (take("[")) {
      value.kind = Kind::Array;
      if (take("]"))
        return value;
      do {
        std::optional<JsonValue> item = readValue(depth + 1);
        if (!item)
          return std::nullopt;
        value.items.push_back(std::move(*item));
      } while (take(","));
      return take("]") ? std::optional(std::move(value)) : fail("',' or ']' is missing");
    }
    if (take("{")) {
      value.kind = Kind::Object;
      if (take("}"))
        return value;
      do {
        std::optional<std::string> name = readString();
        if (!name)
          return std::nullopt;
        if (!take(":"))
          return fail("':' is missing");
        std::optional<JsonValue> member = readValue(depth + 1);
        if (!member)
          return std::nullopt;
        value.members.emplace_back(std::move(*name), std::move(*member));
      } while (take(","));
      return take("}") ? std::optional(std::move(value)) : fail("',' or '}' is missing");
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      std::optional<std::string> string = readString();
      if (!string)
        return std::nullopt;
      value.kind = Kind::String;
      value.string = std::move(*string);
      return value;
    }
    const char *end = text_.data() + text_.size();
    auto [rest, error] = std::from_chars(text_.data() + at_, end, value.number);
    if (error != std::errc())
      return fail("no value begins here");
    value.kind = Kind::Number;
    at_ = size_t(rest - text_.data());
    return value;
  }

  std::optional<std::string> readString() {
    if (!take("\""))
      return fail("a string is missing");
    std::string string;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        string += text_[at_];
        continue;
      }
      constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
      const char escape = ++at_ < text_.size() ? text_[at_] : '\0';
      if (size_t i = kEscapes.find(escape); escape && i != std::string_view::npos) {
        string += kMeanings[i];
        continue;
      }
      unsigned code = 0;
      const char *digits = text_.data() + at_ + 1;
      if (escape != 'u' || text_.size() - at_ < 5 ||
          std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4 ||
          (code >= 0xd800 && code < 0xe000))
        return fail("this escape is not known");
      at_ += 4;
      if (code < 0x80) {
        string += char(code);
      } else {
        string += code < 0x800 ? char(0xc0 | code >> 6) : char(0xe0 | code >> 12);
        if (code >= 0x800)
          string += char(0x80 | (code >> 6 & 0x3f));
        string += char(0x80 | (code & 0x3f));
      }
    }
    if (!take("\""))
      return fail("the string does not end");
    return string;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string why_;
};

} // namespace

const JsonValue *JsonValue::find(std::string_view name) const {
  for (const auto &[key, value] : members)
    if (key == name)
      return &value;
  return nullptr;
}

Expected<JsonValue> parseJson(std::string_view text) { return Reader(text).readAll(); }

} // namespace ricci::driver
