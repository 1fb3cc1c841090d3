//===- cache_folder.h - the folder of the disk cache --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

/// Where the disk cache is to be: what chooseCacheFolder says, else RICCI_CACHE_DIR, else
/// $XDG_CACHE_HOME/ricci, else $HOME/.cache/ricci.
struct CacheLocation {
  std::string path;      ///< absolute; empty: there is no cache
  std::string whyOff;    ///< then: "RICCI_CACHE_DIR is off"
  int64_t limit = 0;     ///< bytes of all files; RICCI_CACHE_LIMIT, else 256 MiB
  bool isWanted = false; ///< without a path: nobody has turned it off
};
CacheLocation cacheLocation();
/// For this process, in place of RICCI_CACHE_DIR: a folder, or "off"; "" takes that back.
void chooseCacheFolder(std::string_view path);

struct CacheFile {
  std::string name;
  int64_t bytes = 0;
  int64_t lastUse = 0; ///< nanoseconds since 1970
};

/// An open folder of files that hold machine code, so of files that nobody else can have written:
/// the folder and each file in it must belong to the user of this process and be writable by nobody
/// else. A file's time of modification is that of its last use. Any number of processes may work in
/// one folder; a file appears whole or not at all. Every method may be called from any thread.
class CacheFolder {
public:
  /// Nothing where there is no such folder, unless `create` is set: then it is made, and what is
  /// missing above it, open to its user alone. A machine error where it cannot be used.
  static Expected<std::optional<CacheFolder>> open(const std::string &path, bool create);
  CacheFolder(CacheFolder &&other) noexcept;
  CacheFolder &operator=(CacheFolder &&other) noexcept;
  ~CacheFolder();

  static constexpr int64_t kMaxFile = int64_t(1) << 30; ///< larger files are not read

  /// The file's bytes, at most the first `most`; nothing where there is none. Reading all of it is
  /// a use. A machine error where the file is not to be trusted or cannot be read.
  Expected<std::optional<std::string>> read(const std::string &name, size_t most = SIZE_MAX) const;
  /// Whether there is a file of this size that can be trusted. If so, this is a use of it.
  bool holds(const std::string &name, size_t bytes) const;
  Status write(const std::string &name, std::string_view bytes) const;
  void remove(const std::string &name) const;

  /// Entries: files that have the name of one (32 hexadecimal digits and a kind).
  std::vector<CacheFile> files() const;
  /// Removes those used longest ago until all are well below `limit`, and what writers that were
  /// killed have left behind. Looks at every file.
  void prune(int64_t limit) const;
  /// Notes that files of so many bytes were written, and prunes where all may exceed `limit`.
  void noteWritten(int64_t bytes, int64_t limit) const;
  /// Removes all entries and leftovers; what that was.
  std::vector<CacheFile> clear() const;

private:
  explicit CacheFolder(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  template <typename F> void each(F visit) const;

  int descriptor_;
  std::string path_;
};

} // namespace ricci
