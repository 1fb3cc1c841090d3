//===- output.cpp - exit codes, diagnostics and files of the driver ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/output.h"

#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace ricci::driver {

void prepareStandardStreams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (fcntl(descriptor, F_GETFD) < 0)
      if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0)
        std::_Exit(kMachineLacks);
  std::signal(SIGPIPE, SIG_IGN);
}

bool isTerminal(int descriptor) { return isatty(descriptor) == 1; }

static bool colourOn(int descriptor) {
  const char *noColor = std::getenv("NO_COLOR");
  const char *term = std::getenv("TERM");
  return isTerminal(descriptor) && !(noColor && *noColor) &&
         !(term && std::strcmp(term, "dumb") == 0);
}

static bool writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    text.remove_prefix(size_t(n));
  }
  return true;
}

int report(const Diagnostic &diagnostic) {
  std::string_view prefix = diagnostic.kind == ErrorKind::Internal ? "internal error: " : "error: ";
  std::string text;
  if (colourOn(STDERR_FILENO))
    text = fmt::format("\x1b[1;31m{}\x1b[0m", prefix);
  else
    text = prefix;
  text += printable(diagnostic.render(), /*keepLineFeeds=*/true);
  text += '\n';
  if (diagnostic.kind == ErrorKind::Internal)
    text +=
        "  this is a defect in Ricci; a report should hold this command and what `ricci doctor` "
        "prints\n";
  writeAll(STDERR_FILENO, text);
  switch (diagnostic.kind) {
  case ErrorKind::Input:
    return kInputWrong;
  case ErrorKind::Usage:
    return kUsageWrong;
  case ErrorKind::Machine:
    return kMachineLacks;
  case ErrorKind::Internal:
    return kDefect;
  }
  return kDefect;
}

Status writeStdout(std::string_view text) {
  if (writeAll(STDOUT_FILENO, text))
    return success();
  if (errno == EPIPE)
    std::_Exit(kFine);
  return inputError(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

static Diagnostic cannotWrite(const std::string &path, const char *why) {
  return inputError(fmt::format("{}: cannot write: {}", path, why));
}

/// The file that `path` names once symbolic links are followed, so that renaming replaces the file
/// and not the link.
static std::string followLinks(const std::string &path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Status checkWritable(const std::string &path) {
  if (path.empty())
    return inputError("cannot write: the name of the file is empty");
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode))
      return cannotWrite(path, "this is a directory");
    if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))
      return cannotWrite(path, "this is a pipe or a socket");
    if (access(path.c_str(), W_OK) != 0)
      return cannotWrite(path, std::strerror(errno));
    if (!S_ISREG(info.st_mode))
      return success();
  } else if (errno != ENOENT || path.back() == '/') {
    return cannotWrite(path, std::strerror(errno == ENOENT ? EISDIR : errno));
  }
  std::string folder = folderOf(followLinks(path));
  if (stat(folder.c_str(), &info) != 0)
    return cannotWrite(path, std::strerror(errno));
  if (!S_ISDIR(info.st_mode))
    return cannotWrite(path, std::strerror(ENOTDIR));
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return cannotWrite(path, std::strerror(errno));
  return success();
}

namespace {

/// The temporary files that an interrupt must take away.
char pendingFiles[2][4096];

void removePendingFiles(int signal) {
  for (const char *file : pendingFiles)
    if (*file)
      unlink(file);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

/// While it lives, a signal that ends the process takes pending files away first. Ignored signals
/// stay ignored.
class RemoveOnSignal {
public:
  RemoveOnSignal() {
    for (size_t i = 0; i < std::size(kSignals); ++i)
      if ((previous_[i] = std::signal(kSignals[i], removePendingFiles)) == SIG_IGN)
        std::signal(kSignals[i], SIG_IGN);
  }
  ~RemoveOnSignal() {
    for (size_t i = 0; i < std::size(kSignals); ++i)
      std::signal(kSignals[i], previous_[i]);
  }
  RemoveOnSignal(const RemoveOnSignal &) = delete;

private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  void (*previous_[std::size(kSignals)])(int);
};

} // namespace

using Parts = std::initializer_list<std::string_view>;

static bool writeParts(int descriptor, Parts parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return writeAll(descriptor, part); });
}

static Status writeDevice(const std::string &path, Parts parts) {
  int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0)
    return cannotWrite(path, std::strerror(errno));
  bool written = writeParts(file, parts);
  int why = errno;
  close(file);
  return written ? success() : Status(cannotWrite(path, std::strerror(why)));
}

namespace {

/// A whole file in the making, beside the one whose place it takes.
class Replacement {
public:
  /// `slot`: of pendingFiles.
  Replacement(std::string path, size_t slot)
      : path_(std::move(path)), pending_(pendingFiles[slot]) {}
  Replacement(const Replacement &) = delete;
  ~Replacement() {
    if (*pending_)
      unlink(temporary_.c_str());
    *pending_ = 0;
  }

  /// Lets `write` fill the temporary file; it gives 0 or an errno.
  template <typename Write> Status prepare(Write write) {
    struct stat info;
    const bool exists = stat(path_.c_str(), &info) == 0;
    target_ = followLinks(path_);
    temporary_ = target_ + ".XXXXXX";
    if (temporary_.size() >= sizeof pendingFiles[0])
      return cannotWrite(path_, std::strerror(ENAMETOOLONG));
    int file = mkostemp(temporary_.data(), O_CLOEXEC);
    if (file < 0)
      return cannotWrite(path_, std::strerror(errno));
    std::memcpy(pending_, temporary_.c_str(), temporary_.size() + 1);
    mode_t mask = umask(0);
    umask(mask);
    int why = write(file, temporary_);
    if (why == 0 && fchmod(file, exists ? info.st_mode & 0777 : 0666 & ~mask) != 0)
      why = errno;
    if (close(file) != 0 && why == 0)
      why = errno;
    return why == 0 ? success() : Status(cannotWrite(path_, std::strerror(why)));
  }
  Status commit() {
    if (rename(temporary_.c_str(), target_.c_str()) != 0)
      return cannotWrite(path_, std::strerror(errno));
    *pending_ = 0;
    return success();
  }

private:
  std::string path_, target_, temporary_;
  char *pending_; ///< the temporary file's name, while there is one
};

} // namespace

template <typename Write> static Status replaceFile(const std::string &path, Write write) {
  RemoveOnSignal guard;
  Replacement file(path, 0);
  if (Status s = file.prepare(write); !s)
    return s;
  return file.commit();
}

static bool isDevice(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
}

Status writeFile(const std::string &path, Parts parts) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path))
    return writeDevice(path, parts);
  return replaceFile(
      path, [&](int file, const std::string &) { return writeParts(file, parts) ? 0 : errno; });
}

Status writeFiles(const std::vector<std::pair<std::string, std::string_view>> &files) {
  for (const auto &[path, text] : files) {
    if (Status s = checkWritable(path); !s)
      return s;
    if (isDevice(path))
      return cannotWrite(path, "this is a device");
  }
  RemoveOnSignal guard;
  std::vector<std::unique_ptr<Replacement>> replacements;
  for (const auto &[path, text] : files) {
    replacements.push_back(std::make_unique<Replacement>(path, replacements.size()));
    Status s = replacements.back()->prepare(
        [text = text](int file, const std::string &) { return writeAll(file, text) ? 0 : errno; });
    if (!s)
      return s;
  }
  for (auto &replacement : replacements)
    if (Status s = replacement->commit(); !s)
      return s;
  return success();
}

Status writeArchive(const std::string &path, const std::vector<NpzMember> &members) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path))
    return cannotWrite(path, "an .npz cannot be written to a device");
  return replaceFile(path, [&](int, const std::string &temporary) {
    errno = 0;
    return writeNpz(temporary, members) ? 0 : errno ? errno : EIO;
  });
}

struct Progress::State {
  std::string what;
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  bool shown = false;
  std::thread thread;
};

Progress::Progress(std::string what) {
  if (!isTerminal(STDERR_FILENO))
    return;
  state_ = new State;
  state_->what = std::move(what);
  state_->thread = std::thread([state = state_] {
    std::unique_lock lock(state->mutex);
    for (int seconds = 1;; ++seconds) {
      if (state->done.wait_for(lock, std::chrono::seconds(1), [&] { return state->finished; }))
        return;
      state->shown = true;
      writeAll(STDERR_FILENO, fmt::format("\r{} … {} s", state->what, seconds));
    }
  });
}

Progress::~Progress() {
  if (!state_)
    return;
  {
    std::lock_guard lock(state_->mutex);
    state_->finished = true;
  }
  state_->done.notify_one();
  state_->thread.join();
  if (state_->shown)
    writeAll(STDERR_FILENO, "\r\x1b[K");
  delete state_;
}

} // namespace ricci::driver
