//===- cache_entry.h - the form of a file of the disk cache -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ricci {

/// 32 hexadecimal digits, a hash of the key, then "." and the kind ("program", "kernel").
std::string entryName(std::string_view key, std::string_view kind);

/// A header with a checksum of all that follows it, then title, key and body.
std::string makeEntry(std::string_view title, std::string_view key, std::string_view body);

struct EntryParts {
  std::string_view title, key, body;
};
/// Nothing unless the bytes are those of a whole entry, none of them changed.
std::optional<EntryParts> partsOf(std::string_view bytes);

/// The title alone, from an entry's first bytes and unchecked; empty where there is none.
std::string entryTitle(std::string_view start);

} // namespace ricci
