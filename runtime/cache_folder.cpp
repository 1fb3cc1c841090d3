//===- cache_folder.cpp - the folder of the disk cache ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cache_folder.h"

#include "runtime/fork.h"
#include "runtime/format.h"
#include "runtime/log.h"
#include "runtime/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ricci {
namespace {

constexpr int64_t kDefaultLimit = int64_t(256) << 20;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kTouchAfter = 60 * kSecond;      ///< a more recent use is not noted again
constexpr int64_t kLeftoverAfter = 3600 * kSecond; ///< no writer takes that long
constexpr std::string_view kTemporary = ".new-";
/// As many bytes long as all entries have KiB, or a little more: appending to it loses nothing when
/// others do the same, and its size tells the total without a look at every file.
constexpr const char *kTotal = ".total";

/// A set-user-id program is not told by its caller where to take code from.
std::string environment(const char *name) {
  const char *value = secure_getenv(name);
  return value ? value : "";
}

bool isFolder(const std::string &path) {
  struct stat s;
  return stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

int64_t nanoseconds(const timespec &time) { return int64_t(time.tv_sec) * kSecond + time.tv_nsec; }

int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

/// Why others could have put it there; null where they could not.
const char *whyNotTrusted(const struct stat &s) {
  if (s.st_uid != geteuid())
    return "it belongs to another user";
  if (s.st_mode & (S_IWGRP | S_IWOTH))
    return "others may write to it";
  return nullptr;
}

Diagnostic cannot(std::string_view what, const std::string &path, int error) {
  return machineError(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

/// Makes the folder and those above it that are missing.
Status makeFolders(const std::string &path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string folder = path.substr(0, end);
    const int error = mkdir(folder.c_str(), 0700) == 0 ? 0 : errno;
    if (error != 0 && error != EEXIST && !isFolder(folder))
      return cannot("make the folder", folder, error);
    if (end == std::string::npos)
      return success();
  }
}

bool isEntry(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == 32 && name.find_first_not_of("0123456789abcdef") == dot &&
         (name.substr(dot) == ".program" || name.substr(dot) == ".kernel");
}

/// The file that `write` makes first: ".new-PID-COUNT-TIME", the time in hexadecimal.
bool isTemporary(std::string_view name) {
  if (!name.starts_with(kTemporary))
    return false;
  name.remove_prefix(kTemporary.size());
  auto takeNumber = [&](std::string_view digits) {
    const size_t length = std::min(name.find_first_not_of(digits), name.size());
    name.remove_prefix(length);
    return length > 0;
  };
  auto takeDash = [&] {
    const bool isThere = name.starts_with('-');
    name.remove_prefix(isThere);
    return isThere;
  };
  constexpr std::string_view kDigits = "0123456789abcdef";
  return takeNumber(kDigits.substr(0, 10)) && takeDash() && takeNumber(kDigits.substr(0, 10)) &&
         takeDash() && takeNumber(kDigits) && name.empty();
}

class Descriptor {
public:
  explicit Descriptor(int value) : value(value) {}
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() {
    if (value >= 0)
      close(value);
  }
  const int value;
};

int writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    bytes.remove_prefix(size_t(n));
  }
  return 0;
}

} // namespace

namespace {
/// Never destroyed: threads may still compile while the process ends.
struct ChosenFolder {
  ForkMutex mutex;
  std::string path;
};
ChosenFolder &chosenFolder() {
  static auto *const instance = new ChosenFolder;
  return *instance;
}
} // namespace

void chooseCacheFolder(std::string_view path) {
  std::lock_guard lock(chosenFolder().mutex);
  chosenFolder().path = path;
}

CacheLocation cacheLocation() {
  CacheLocation location;
  Expected<int64_t> limit = environmentBytes("RICCI_CACHE_LIMIT", kDefaultLimit);
  location.limit = limit ? *limit : kDefaultLimit;
  static std::atomic<bool> warned{false};
  if (!limit && !warned.exchange(true))
    warn(fmt::format("{}; the limit is {}", limit.error().message,
                     formatBytes(double(kDefaultLimit))));

  std::string given;
  {
    std::lock_guard lock(chosenFolder().mutex);
    given = chosenFolder().path;
  }
  const bool chosen = !given.empty();
  if (!chosen)
    given = environment("RICCI_CACHE_DIR");
  if (given == "off") {
    location.whyOff = chosen ? "the program has turned it off" : "RICCI_CACHE_DIR is off";
    return location;
  }
  if (!given.empty()) {
    if (given[0] != '/')
      if (char *here = getcwd(nullptr, 0)) {
        given = std::string(here) + "/" + given;
        std::free(here);
      }
    location.path = given;
    return location;
  }
  // A relative one is to be ignored (XDG Base Directory Specification).
  const std::string caches = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (caches.size() > 1 && caches[0] == '/')
    location.path = caches + "/ricci";
  else if (!home.empty() && home[0] == '/' && isFolder(home))
    location.path = home + "/.cache/ricci";
  else {
    location.whyOff = "there is no home directory";
    location.isWanted = true;
  }
  return location;
}

Expected<std::optional<CacheFolder>> CacheFolder::open(const std::string &path, bool create) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  int descriptor = ::open(path.c_str(), flags);
  if (descriptor < 0 && errno == ENOENT) {
    if (!create)
      return std::optional<CacheFolder>();
    if (Status made = makeFolders(path); !made)
      return std::move(made.error());
    descriptor = ::open(path.c_str(), flags);
  }
  if (descriptor < 0)
    return cannot("open the folder", path, errno);
  CacheFolder folder(descriptor, path);
  struct stat s;
  if (fstat(descriptor, &s) != 0)
    return cannot("look at the folder", path, errno);
  if (const char *why = whyNotTrusted(s))
    return machineError(fmt::format("the folder {} cannot be trusted: {}", path, why));
  return std::optional<CacheFolder>(std::move(folder));
}

CacheFolder::CacheFolder(CacheFolder &&other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

CacheFolder &CacheFolder::operator=(CacheFolder &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

CacheFolder::~CacheFolder() {
  if (descriptor_ >= 0)
    close(descriptor_);
}

Expected<std::optional<std::string>> CacheFolder::read(const std::string &name, size_t most) const {
  const std::string path = path_ + "/" + name;
  // Opening a pipe that somebody left there must not wait for a writer.
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const Descriptor file(openat(descriptor_, name.c_str(), flags));
  if (file.value < 0 && errno == ENOENT)
    return std::optional<std::string>();
  struct stat s;
  if (file.value < 0 || fstat(file.value, &s) != 0)
    return cannot("open", path, errno);
  const char *why = whyNotTrusted(s);
  if (!S_ISREG(s.st_mode) || s.st_size > kMaxFile)
    why = "it is no file of the cache";
  if (why)
    return machineError(fmt::format("the file {} cannot be trusted: {}", path, why));
  std::string bytes(std::min(size_t(s.st_size), most), '\0');
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::read(file.value, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return cannot("read", path, errno);
    if (n == 0)
      bytes.resize(at);
    at += size_t(n);
  }
  if (most == SIZE_MAX && now() - nanoseconds(s.st_mtim) > kTouchAfter)
    futimens(file.value, nullptr);
  return std::optional<std::string>(std::move(bytes));
}

bool CacheFolder::holds(const std::string &name, size_t bytes) const {
  struct stat s;
  if (fstatat(descriptor_, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode) ||
      size_t(s.st_size) != bytes || whyNotTrusted(s))
    return false;
  utimensat(descriptor_, name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return true;
}

Status CacheFolder::write(const std::string &name, std::string_view bytes) const {
  static std::atomic<uint64_t> count{0};
  const std::string temporary =
      fmt::format("{}{}-{}-{:x}", kTemporary, getpid(), count++, uint64_t(now()));
  auto failure = [&](int error) {
    unlinkat(descriptor_, temporary.c_str(), 0);
    return cannot("write to", path_, error);
  };
  const int file =
      openat(descriptor_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return failure(errno);
  int error = writeAll(file, bytes);
  if (close(file) != 0 && error == 0)
    error = errno;
  if (error == 0 && renameat(descriptor_, temporary.c_str(), descriptor_, name.c_str()) != 0)
    error = errno;
  return error == 0 ? success() : Status(failure(error));
}

void CacheFolder::remove(const std::string &name) const { unlinkat(descriptor_, name.c_str(), 0); }

template <typename F> void CacheFolder::each(F visit) const {
  // The copy of a descriptor would share its place in the folder with other threads.
  const int copy = openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? nullptr : fdopendir(copy);
  if (!stream) {
    if (copy >= 0)
      close(copy);
    return;
  }
  while (const dirent *entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    struct stat s;
    if ((isEntry(name) || isTemporary(name)) &&
        fstatat(descriptor_, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0)
      visit(CacheFile{entry->d_name, int64_t(s.st_size), nanoseconds(s.st_mtim)});
  }
  closedir(stream);
}

void CacheFolder::noteWritten(int64_t bytes, int64_t limit) const {
  const Descriptor file(
      openat(descriptor_, kTotal, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat s;
  if (file.value < 0 || fstat(file.value, &s) != 0)
    return;
  const int64_t written = (bytes + 1023) / 1024;
  if (s.st_size > 0 && s.st_size + written <= limit / 1024)
    writeAll(file.value, std::string(size_t(written), '\0'));
  else
    prune(limit);
}

std::vector<CacheFile> CacheFolder::files() const {
  std::vector<CacheFile> files;
  each([&](CacheFile file) {
    if (isEntry(file.name))
      files.push_back(std::move(file));
  });
  std::sort(files.begin(), files.end(),
            [](const CacheFile &a, const CacheFile &b) { return a.lastUse > b.lastUse; });
  return files;
}

void CacheFolder::prune(int64_t limit) const {
  std::vector<CacheFile> files;
  int64_t total = 0;
  each([&](CacheFile file) {
    if (isEntry(file.name)) {
      total += file.bytes;
      files.push_back(std::move(file));
    } else if (now() - file.lastUse > kLeftoverAfter) {
      remove(file.name);
    }
  });
  // Room for the next ones, so that not each of them prunes again.
  const int64_t wanted = total <= limit ? limit : limit - limit / 8;
  std::sort(files.begin(), files.end(),
            [](const CacheFile &a, const CacheFile &b) { return a.lastUse < b.lastUse; });
  for (auto file = files.begin(); file != files.end() && total > wanted; ++file) {
    remove(file->name);
    total -= file->bytes;
  }
  // In place: whoever appends meanwhile is counted, or was seen above.
  const Descriptor file(
      openat(descriptor_, kTotal, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.value >= 0 && ftruncate(file.value, 1 + total / 1024) != 0)
    remove(kTotal);
}

std::vector<CacheFile> CacheFolder::clear() const {
  std::vector<CacheFile> removed;
  each([&](CacheFile file) {
    remove(file.name);
    removed.push_back(std::move(file));
  });
  remove(kTotal);
  return removed;
}

} // namespace ricci
