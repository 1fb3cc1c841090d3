//===- disk_cache.h - compiled programs of earlier processes ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two kinds of entries in one folder. A program's entry is found by everything that it depends on
// (the program, the options, the CPU, the build of Ricci) and names its kernels; a kernel's entry
// holds machine code, once for all programs that use it. Both hold their whole key, which is
// compared, and a checksum: an entry that does not read back is removed and missing from then on.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cache_folder.h"
#include "runtime/compiler_interface.h"
#include "runtime/serialize.h"

namespace ricci {

/// Never fails: what cannot be found is compiled, what cannot be stored is forgotten. The first
/// reason for that in a process is a warning, where the user can do something about it.
class DiskCache final : public KernelStore {
public:
  /// The cache that the environment names, for code for this CPU ("native" or a name). Nothing
  /// where it is off or must not be used.
  static std::optional<DiskCache> open(std::string_view cpu);
  /// The same in a folder, for a build.
  DiskCache(CacheLocation location, std::optional<CacheFolder> folder, std::string build,
            std::string cpu);

  /// Null where there is none. `key` is the program's and its options'. The compile times are those
  /// of finding it.
  std::shared_ptr<const Executable> findProgram(std::string_view key) const;
  KernelPtr findKernel(const std::string &key) override;

  /// Stores a program and those of its kernels that are not there. `title` tells people what it is.
  void storeProgram(std::string_view key, std::string_view title, const Executable &executable);

private:
  std::string programKey(std::string_view key) const;
  std::string kernelKey(std::string_view key) const;
  KernelPtr readKernel(const std::string &key) const;
  std::optional<std::string> read(const std::string &name, std::string_view key) const;

  CacheLocation location_;
  std::optional<CacheFolder> folder_; ///< absent: it does not exist yet
  std::string build_, cpu_;
};

/// An entry, for people.
struct CacheEntry {
  std::string file, title;
  bool isProgram = false;
  int64_t bytes = 0;
  int64_t lastUse = 0; ///< nanoseconds since 1970
};

/// What `ricci cache` and `ricci doctor` tell.
struct CacheState {
  CacheLocation location;
  std::optional<Diagnostic> problem; ///< why the folder is not used
  std::vector<CacheEntry> entries;   ///< the last used first
  int64_t bytes = 0;
};
CacheState inspectDiskCache();

/// Empties the folder that the environment names; what was in it. An error where it must not be
/// used.
Expected<std::vector<CacheFile>> clearDiskCache();

} // namespace ricci
