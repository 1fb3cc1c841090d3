//===- cache_entry.cpp - the form of a file of the disk cache -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cache_entry.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ricci {
namespace {

struct Header {
  char magic[8];
  uint64_t checksum[2]; ///< XXH3 of all that follows
  uint64_t titleBytes, keyBytes, bodyBytes;
};
/// The last byte is the version of this form.
constexpr char kMagic[8] = {'r', 'i', 'c', 'c', 'i', '\0', '\0', '\1'};
constexpr size_t kUnchecked = offsetof(Header, titleBytes);

XXH128_hash_t hashOf(std::string_view bytes) { return XXH3_128bits(bytes.data(), bytes.size()); }

/// Where the bytes are long enough and begin like an entry.
std::optional<Header> headerOf(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header)
    return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return std::nullopt;
  return header;
}

} // namespace

std::string entryName(std::string_view key, std::string_view kind) {
  const XXH128_hash_t hash = hashOf(key);
  return fmt::format("{:016x}{:016x}.{}", hash.high64, hash.low64, kind);
}

std::string makeEntry(std::string_view title, std::string_view key, std::string_view body) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.titleBytes = title.size();
  header.keyBytes = key.size();
  header.bodyBytes = body.size();
  std::string bytes(reinterpret_cast<const char *>(&header), sizeof header);
  bytes.append(title).append(key).append(body);
  const XXH128_hash_t hash = hashOf(std::string_view(bytes).substr(kUnchecked));
  const uint64_t checksum[2] = {hash.low64, hash.high64};
  std::memcpy(bytes.data() + offsetof(Header, checksum), checksum, sizeof checksum);
  return bytes;
}

std::optional<EntryParts> partsOf(std::string_view bytes) {
  const std::optional<Header> header = headerOf(bytes);
  if (!header)
    return std::nullopt;
  const XXH128_hash_t hash = hashOf(bytes.substr(kUnchecked));
  if (header->checksum[0] != hash.low64 || header->checksum[1] != hash.high64)
    return std::nullopt;
  std::string_view rest = bytes.substr(sizeof(Header));
  bool good = true;
  auto take = [&](uint64_t size) {
    good = good && size <= rest.size();
    std::string_view part = good ? rest.substr(0, size) : std::string_view();
    rest.remove_prefix(part.size());
    return part;
  };
  EntryParts parts;
  parts.title = take(header->titleBytes);
  parts.key = take(header->keyBytes);
  parts.body = take(header->bodyBytes);
  if (!good || !rest.empty())
    return std::nullopt;
  return parts;
}

std::string entryTitle(std::string_view start) {
  const std::optional<Header> header = headerOf(start);
  if (!header || header->titleBytes > start.size() - sizeof(Header))
    return "";
  return std::string(start.substr(sizeof(Header), header->titleBytes));
}

} // namespace ricci
