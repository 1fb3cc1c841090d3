//===- json_reader.h - reads JSON ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ricci::driver {

/// A JSON value; of its members only those of its kind mean something.
struct JsonValue {
  enum class Kind { Null, Boolean, Number, String, Array, Object } kind = Kind::Null;
  bool boolean = false;
  double number = 0;
  std::string string;
  std::vector<JsonValue> items;                           ///< of an array
  std::vector<std::pair<std::string, JsonValue>> members; ///< of an object, in their order

  /// The member of that name; null where there is none.
  const JsonValue *find(std::string_view name) const;
};

/// An input error tells line and column. Values may nest 64 deep; escapes beyond the basic
/// multilingual plane (\ud83d\ude00) are refused.
Expected<JsonValue> parseJson(std::string_view text);

} // namespace ricci::driver
