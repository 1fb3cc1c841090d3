//===- prelude.h - functions that are written in the language -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/syntax.h"

namespace ricci {

/// The syntax tree of frontend/prelude.ricci: definitions alone. Read once, by the first call;
/// thread-safe.
const Syntax &preludeSyntax();

/// The text itself.
std::string_view preludeText();

} // namespace ricci
