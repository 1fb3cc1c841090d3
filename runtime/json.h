//===- json.h - writes JSON -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

/// Builds one JSON document, indented by two spaces; arrays of numbers stay on one line.
///
///     JsonWriter json;
///     json.beginObject();
///     json.key("flops").number(2e6);
///     json.endObject();
class JsonWriter {
public:
  JsonWriter &beginObject();
  JsonWriter &endObject();
  JsonWriter &beginArray();
  JsonWriter &endArray();
  JsonWriter &key(std::string_view name);
  JsonWriter &string(std::string_view text);
  JsonWriter &number(double value); ///< NaN and infinities, which JSON lacks, become null
  JsonWriter &integer(int64_t value);
  JsonWriter &unsignedInteger(uint64_t value);
  JsonWriter &boolean(bool value);
  JsonWriter &null();
  JsonWriter &integers(const std::vector<int64_t> &values);
  /// Text that is already a JSON value.
  JsonWriter &raw(std::string_view value);

  /// The document with a newline at its end.
  std::string finish();

private:
  struct Level {
    bool object;
    bool empty = true;
  };
  void separate();
  void newline();

  std::string text_;
  std::vector<Level> levels_;
  bool afterKey_ = false;
};

/// A JSON string literal. Bytes that are not UTF-8 become U+FFFD.
std::string jsonString(std::string_view text);

} // namespace ricci
