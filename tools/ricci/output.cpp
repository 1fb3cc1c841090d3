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
#include <memory>
#include <mutex>
#include <optional>
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

namespace {

/// A file in the making that an interrupt takes away.
class PendingFile {
public:
  /// `slot`: of pendingFiles.
  PendingFile(const std::string &path, size_t slot)
      : file_(std::in_place, path), pending_(pendingFiles[slot]) {}
  PendingFile(const PendingFile &) = delete;
  ~PendingFile() {
    file_.reset(); // is gone before its name is
    *pending_ = 0;
  }

  /// Lets `fill` write the file.
  template <typename Fill> Status prepare(Fill fill) {
    if (Status s = file_->create(); !s)
      return s;
    // Names that are longer than what the system opens do not get here.
    const std::string &name = file_->temporary();
    if (name.size() < sizeof pendingFiles[0])
      std::memcpy(pending_, name.c_str(), name.size() + 1);
    if (Status s = fill(*file_); !s)
      return s;
    return file_->close();
  }
  Status commit() { return file_->commit(); }

private:
  std::optional<FileReplacement> file_;
  char *pending_; ///< the temporary file's name, while there may be one
};

} // namespace

template <typename Fill> static Status replaceFile(const std::string &path, Fill fill) {
  RemoveOnSignal guard;
  PendingFile file(path, 0);
  if (Status s = file.prepare(fill); !s)
    return s;
  return file.commit();
}

Status writeFile(const std::string &path, std::initializer_list<std::string_view> parts) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path))
    return writeWhole(path, parts);
  return replaceFile(path, [&](FileReplacement &file) { return file.write(parts); });
}

Status writeFiles(const std::vector<std::pair<std::string, std::string_view>> &files) {
  for (const auto &[path, text] : files) {
    if (Status s = checkWritable(path); !s)
      return s;
    if (isDevice(path))
      return inputError(path + ": cannot write: this is a device");
  }
  RemoveOnSignal guard;
  std::vector<std::unique_ptr<PendingFile>> pending;
  for (const auto &[path, text] : files) {
    pending.push_back(std::make_unique<PendingFile>(path, pending.size()));
    Status s = pending.back()->prepare(
        [text = text](FileReplacement &file) { return file.write({text}); });
    if (!s)
      return s;
  }
  for (auto &file : pending)
    if (Status s = file->commit(); !s)
      return s;
  return success();
}

Status writeArchive(const std::string &path, const std::vector<NpzMember> &members) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path))
    return writeNpz(path, members); // says why not
  return replaceFile(path, [&](FileReplacement &file) { return writeNpz(file, path, members); });
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
