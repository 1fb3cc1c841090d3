//===- log.h - warnings ---------------------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string_view>

namespace ricci {

/// Takes a warning, one line without a line feed. May be called from any thread; may not throw.
using LogCallback = void (*)(void *context, std::string_view message);

/// Hands warnings to `callback` from now on; null: to stderr.
void setLogCallback(LogCallback callback, void *context);

/// For what a program can go on without. Without a callback prints "ricci: warning: …" and a line
/// feed on stderr, in one piece; nothing with RICCI_LOG=off.
void warn(std::string_view message);

/// A warning, the first time in a process, where RICCI_LOG is neither on nor off.
void checkLogVariable();

} // namespace ricci
