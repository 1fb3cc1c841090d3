//===- file_replacement.cpp - files that appear whole or not at all -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/file_replacement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ricci {

Diagnostic cannotWrite(const std::string &path, int error) {
  return inputError(fmt::format("{}: cannot write: {}", path, std::strerror(error)));
}

bool writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::write(descriptor, bytes.data(), std::min<size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes.remove_prefix(size_t(written));
  }
  return true;
}

/// The file that `path` names once symbolic links are followed, so that renaming replaces the file
/// and not the link.
static std::string followLinks(const std::string &path) {
  std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

static std::string folderOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

bool isDevice(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISCHR(info.st_mode);
}

Status checkWritable(const std::string &path) {
  if (path.empty())
    return inputError("cannot write: the name of the file is empty");
  if (path.find('\0') != std::string::npos)
    return inputError("cannot write: the name of the file has a zero byte");
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    auto refuse = [&](const char *what) {
      return inputError(fmt::format("{}: cannot write: this is {}", path, what));
    };
    if (S_ISDIR(info.st_mode))
      return refuse("a directory");
    if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))
      return refuse("a pipe or a socket");
    if (S_ISBLK(info.st_mode))
      return refuse("a block device");
    if (access(path.c_str(), W_OK) != 0)
      return cannotWrite(path, errno);
    if (!S_ISREG(info.st_mode))
      return success();
  } else if (errno != ENOENT || path.back() == '/') {
    return cannotWrite(path, errno == ENOENT ? EISDIR : errno);
  }
  const std::string folder = folderOf(followLinks(path));
  if (stat(folder.c_str(), &info) != 0)
    return cannotWrite(path, errno);
  if (!S_ISDIR(info.st_mode))
    return cannotWrite(path, ENOTDIR);
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return cannotWrite(path, errno);
  return success();
}

FileReplacement::~FileReplacement() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!temporary_.empty())
    unlink(temporary_.c_str());
}

Status FileReplacement::create() {
  struct stat info;
  exists_ = stat(path_.c_str(), &info) == 0;
  mode_ = exists_ ? info.st_mode & 0777 : 0;
  target_ = followLinks(path_);
  for (int attempt = 0; attempt < 16; ++attempt) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != ssize_t(sizeof random))
      break;
    // Short, whatever the file's own name is, which may be as long as names can be.
    std::string name =
        fmt::format("{}.ricci-{:016x}.tmp", target_.substr(0, target_.rfind('/') + 1), random);
    descriptor_ = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      temporary_ = std::move(name);
      return success();
    }
    if (errno != EEXIST)
      break;
  }
  return cannotWrite(path_, errno);
}

Status FileReplacement::write(std::initializer_list<std::string_view> parts) {
  for (std::string_view part : parts)
    if (!writeAll(descriptor_, part))
      return cannotWrite(path_, errno);
  return success();
}

Status FileReplacement::close() {
  int error = exists_ && fchmod(descriptor_, mode_) != 0 ? errno : 0;
  if (::close(descriptor_) != 0 && error == 0)
    error = errno;
  descriptor_ = -1;
  return error == 0 ? success() : Status(cannotWrite(path_, error));
}

Status FileReplacement::commit() {
  if (rename(temporary_.c_str(), target_.c_str()) != 0)
    return cannotWrite(path_, errno);
  temporary_.clear();
  return success();
}

Status writeWhole(const std::string &path, std::initializer_list<std::string_view> parts) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path)) {
    const int device = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (device < 0)
      return cannotWrite(path, errno);
    const bool written = std::all_of(parts.begin(), parts.end(),
                                     [&](std::string_view part) { return writeAll(device, part); });
    const int error = errno;
    close(device);
    return written ? success() : Status(cannotWrite(path, error));
  }
  FileReplacement file(path);
  if (Status s = file.create(); !s)
    return s;
  if (Status s = file.write(parts); !s)
    return s;
  if (Status s = file.close(); !s)
    return s;
  return file.commit();
}

Status writeWhole(const std::vector<std::pair<std::string, std::string_view>> &files) {
  std::vector<std::unique_ptr<FileReplacement>> pending;
  for (const auto &[path, text] : files) {
    if (Status s = checkWritable(path); !s)
      return s;
    if (isDevice(path))
      return inputError(path + ": cannot write: this is a device");
    pending.push_back(std::make_unique<FileReplacement>(path));
    if (Status s = pending.back()->create(); !s)
      return s;
    if (Status s = pending.back()->write({text}); !s)
      return s;
    if (Status s = pending.back()->close(); !s)
      return s;
  }
  for (auto &file : pending)
    if (Status s = file->commit(); !s)
      return s;
  return success();
}

} // namespace ricci
