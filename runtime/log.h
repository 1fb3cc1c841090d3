//===- log.h - what a process is told besides results ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string_view>

namespace ricci {

enum class LogLevel : uint8_t {
  Off,
  Warning, ///< what a program can go on without
  Info,    ///< what is compiled and what is found on disk
};

/// Takes a message, one line without a line feed. May be called from any thread; may not throw.
using LogCallback = void (*)(void *context, LogLevel level, std::string_view message);

/// Hands messages up to `most` to `callback` from now on; null: to stderr.
void setLogCallback(LogCallback callback, void *context, LogLevel most = LogLevel::Warning);

/// Whether messages of this level go anywhere: to the callback, or up to RICCI_LOG (off, warning,
/// info; without it warnings) to stderr.
bool logs(LogLevel level);

/// Without a callback prints "ricci: warning: …" and a line feed on stderr, in one piece.
void warn(std::string_view message);
/// The same of level Info, "ricci: …".
void inform(std::string_view message);

/// A warning, the first time in a process, where RICCI_LOG is none of its values.
void checkLogVariable();

} // namespace ricci
