//===- log.cpp - what a process is told besides results -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/log.h"

#include "runtime/fork.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>
#include <unistd.h>

namespace ricci {

namespace {

struct Listener {
  LogCallback callback = nullptr;
  void *context = nullptr;
  LogLevel most = LogLevel::Warning;
};
/// Never destroyed: threads may still warn while the process ends.
struct Listening {
  ForkMutex mutex;
  Listener listener;
};
Listening &listening() {
  static auto *const instance = new Listening;
  return *instance;
}
Listener listener() {
  std::lock_guard lock(listening().mutex);
  return listening().listener;
}

/// Of RICCI_LOG: nothing for a value that it cannot have.
std::optional<LogLevel> levelOfVariable() {
  const char *variable = std::getenv("RICCI_LOG");
  const std::string_view value = variable ? variable : "";
  if (value == "off")
    return LogLevel::Off;
  if (value == "info")
    return LogLevel::Info;
  if (value == "" || value == "on" || value == "warning")
    return LogLevel::Warning;
  return std::nullopt;
}

/// The callback runs outside the lock: it may call into Ricci.
void log(LogLevel level, std::string_view message) {
  const Listener to = listener();
  if (to.callback) {
    if (level <= to.most)
      to.callback(to.context, level, printable(message));
    return;
  }
  if (level > levelOfVariable().value_or(LogLevel::Warning))
    return;
  const std::string line = fmt::format(
      "ricci: {}{}\n", level == LogLevel::Warning ? "warning: " : "", printable(message));
  // What cannot be written is lost.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

void setLogCallback(LogCallback callback, void *context, LogLevel most) {
  std::lock_guard lock(listening().mutex);
  listening().listener = {callback, context, most};
}

bool logs(LogLevel level) {
  const Listener to = listener();
  return level <= (to.callback ? to.most : levelOfVariable().value_or(LogLevel::Warning));
}

void warn(std::string_view message) { log(LogLevel::Warning, message); }
void inform(std::string_view message) { log(LogLevel::Info, message); }

void checkLogVariable() {
  static std::atomic<bool> checked{false};
  if (!levelOfVariable() && !checked.exchange(true))
    warn(fmt::format("RICCI_LOG is '{}', but must be off, warning or info; warnings are printed",
                     std::getenv("RICCI_LOG")));
}

} // namespace ricci
