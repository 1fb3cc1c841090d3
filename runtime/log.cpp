//===- log.cpp - warnings -----------------------------------------------------------------===//
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
#include <string>
#include <unistd.h>

namespace ricci {

namespace {
/// Never destroyed: threads may still warn while the process ends.
struct Listener {
  ForkMutex mutex;
  LogCallback callback = nullptr;
  void *context = nullptr;
};
Listener &listener() {
  static auto *const instance = new Listener;
  return *instance;
}
} // namespace

void setLogCallback(LogCallback callback, void *context) {
  std::lock_guard lock(listener().mutex);
  listener().callback = callback;
  listener().context = context;
}

void warn(std::string_view message) {
  {
    std::unique_lock lock(listener().mutex);
    const LogCallback callback = listener().callback;
    void *const context = listener().context;
    lock.unlock(); // it may call into Ricci
    if (callback)
      return callback(context, printable(message));
  }
  const char *log = std::getenv("RICCI_LOG");
  if (log && std::string_view(log) == "off")
    return;
  std::string line = "ricci: warning: " + printable(message) + "\n";
  // A warning that cannot be written is lost.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void checkLogVariable() {
  static std::atomic<bool> checked{false};
  const char *log = std::getenv("RICCI_LOG");
  const std::string_view value = log ? log : "";
  if (value != "" && value != "on" && value != "off" && !checked.exchange(true))
    warn(fmt::format("RICCI_LOG is '{}', but must be on or off; warnings are printed", value));
}

} // namespace ricci
