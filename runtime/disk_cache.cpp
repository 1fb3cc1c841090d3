//===- disk_cache.cpp - compiled programs of earlier processes ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/disk_cache.h"

#include "runtime/build_id.h"
#include "runtime/cache_entry.h"
#include "runtime/cpu_id.h"
#include "runtime/log.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>

namespace ricci {
namespace {

constexpr size_t kMaxTitle = 120;

/// For a table of entries: one line.
std::string titleOf(std::string_view text) {
  std::string line;
  for (char c : text)
    line += c == '\n' ? "; " : std::string(1, c);
  return elide(printable(line), kMaxTitle);
}

void warnOnce(const Diagnostic &why, std::string_view what) {
  static std::atomic<bool> warned{false};
  if (!warned.exchange(true))
    warn(fmt::format("{}; {}", why.message, what));
}

} // namespace

std::optional<DiskCache> DiskCache::open(std::string_view cpu) {
  CacheLocation location = cacheLocation();
  if (location.path.empty() && location.isWanted)
    warnOnce(machineError(location.whyOff), "nothing is cached on disk");
  if (location.path.empty() || buildIdentity().empty())
    return std::nullopt;
  Expected<std::optional<CacheFolder>> folder = CacheFolder::open(location.path, false);
  if (!folder) {
    warnOnce(folder.error(), "nothing is cached on disk");
    return std::nullopt;
  }
  return DiskCache(std::move(location), std::move(*folder), buildIdentity(),
                   // Which code of another CPU runs here is known for this one.
                   cpuIdentity() + (cpu == "native" ? "" : "\n" + std::string(cpu)));
}

DiskCache::DiskCache(CacheLocation location, std::optional<CacheFolder> folder, std::string build,
                     std::string cpu)
    : location_(std::move(location)), folder_(std::move(folder)), build_(std::move(build)),
      cpu_(std::move(cpu)) {}

std::string DiskCache::programKey(std::string_view key) const {
  return fmt::format("{}\n{}\n{}", build_, cpu_, key);
}

// A kernel's own key tells the CPU that it is for.
std::string DiskCache::kernelKey(std::string_view key) const {
  return fmt::format("{}\n{}", build_, key);
}

std::optional<std::string> DiskCache::read(const std::string &name, std::string_view key) const {
  if (!folder_)
    return std::nullopt;
  Expected<std::optional<std::string>> bytes = folder_->read(name);
  if (!bytes) {
    warnOnce(bytes.error(), "it is compiled again");
    return std::nullopt;
  }
  if (!*bytes)
    return std::nullopt;
  const std::optional<EntryParts> parts = partsOf(**bytes);
  if (!parts) {
    folder_->remove(name);
    return std::nullopt;
  }
  // Another program of the same hash.
  if (parts->key != key)
    return std::nullopt;
  return std::string(parts->body);
}

KernelPtr DiskCache::readKernel(const std::string &key) const {
  const std::string whole = kernelKey(key), name = entryName(whole, "kernel");
  const std::optional<std::string> body = read(name, whole);
  if (!body)
    return nullptr;
  Expected<KernelPtr> kernel = deserializeKernel(key, *body);
  if (kernel)
    return *kernel;
  // Bytes that do not read back are of no use to anyone; memory that lacks may be there later.
  if (kernel.error().kind == ErrorKind::Input)
    folder_->remove(name);
  return nullptr;
}

KernelPtr DiskCache::findKernel(const std::string &key) { return readKernel(key); }

std::shared_ptr<const Executable> DiskCache::findProgram(std::string_view key) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const std::string whole = programKey(key), name = entryName(whole, "program");
  const std::optional<std::string> body = read(name, whole);
  if (!body)
    return nullptr;
  auto executable = deserialize(*body, [this](const std::string &key) { return readKernel(key); });
  if (!executable) {
    folder_->remove(name);
    return nullptr;
  }
  const std::chrono::duration<double, std::milli> time = Clock::now() - begin;
  (*executable)->times.stages.emplace_back("disk cache", time.count());
  return *executable;
}

void DiskCache::storeProgram(std::string_view key, std::string_view title,
                             const Executable &executable) {
  Expected<std::string> body = serialize(executable);
  if (!body)
    return;
  // The kernels come first: whoever finds the program finds them too. The end of a key's first
  // line, the features of the CPU or the version of NVRTC, is nothing for a title.
  std::vector<std::pair<std::string, std::string>> files;
  for (const KernelPtr &kernel : kernelsOf(executable)) {
    Expected<std::string> code = serializeKernel(*kernel);
    if (!code)
      return;
    const std::string whole = kernelKey(kernel->key());
    const std::string line = kernel->key().substr(0, kernel->key().find('\n'));
    files.emplace_back(entryName(whole, "kernel"),
                       makeEntry(titleOf(line.substr(0, line.rfind('|'))), whole, *code));
  }
  const std::string whole = programKey(key);
  files.emplace_back(entryName(whole, "program"), makeEntry(titleOf(title), whole, *body));
  int64_t bytes = 0;
  for (const auto &[name, content] : files)
    bytes += int64_t(content.size());
  if (bytes > std::min(location_.limit, CacheFolder::kMaxFile))
    return;

  auto failed = [](const Diagnostic &why) { warnOnce(why, "nothing is cached on disk"); };
  if (!folder_) {
    Expected<std::optional<CacheFolder>> made = CacheFolder::open(location_.path, true);
    if (!made)
      return failed(made.error());
    folder_ = std::move(*made);
  }
  int64_t written = 0;
  for (const auto &[name, content] : files) {
    if (&name != &files.back().first && folder_->holds(name, content.size()))
      continue;
    if (Status s = folder_->write(name, content); !s)
      return failed(s.error());
    written += int64_t(content.size());
  }
  folder_->noteWritten(written, location_.limit);
}

CacheState inspectDiskCache() {
  CacheState state;
  state.location = cacheLocation();
  if (state.location.path.empty())
    return state;
  Expected<std::optional<CacheFolder>> folder = CacheFolder::open(state.location.path, false);
  if (!folder) {
    state.problem = folder.error();
    return state;
  }
  if (!*folder)
    return state;
  for (CacheFile &file : (*folder)->files()) {
    constexpr size_t start = 1024; // more than header and title take
    Expected<std::optional<std::string>> bytes = (*folder)->read(file.name, start);
    const bool isProgram = file.name.ends_with(".program");
    state.bytes += file.bytes;
    state.entries.push_back({std::move(file.name), bytes && *bytes ? entryTitle(**bytes) : "",
                             isProgram, file.bytes, file.lastUse});
  }
  return state;
}

Expected<std::vector<CacheFile>> clearDiskCache() {
  const CacheLocation location = cacheLocation();
  if (location.path.empty())
    return std::vector<CacheFile>();
  Expected<std::optional<CacheFolder>> folder = CacheFolder::open(location.path, false);
  if (!folder)
    return std::move(folder.error());
  return *folder ? (*folder)->clear() : std::vector<CacheFile>();
}

} // namespace ricci
