//===- log.h - warnings on stderr ---------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string_view>

namespace ricci {

/// Prints "ricci: warning: …" and a line feed on stderr, in one piece; nothing with RICCI_LOG=off.
/// For what a program can go on without.
void warn(std::string_view message);

} // namespace ricci
