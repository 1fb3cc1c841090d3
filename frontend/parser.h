//===- parser.h - texts of the language to syntax trees -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/syntax.h"

#include <memory>

namespace ricci {

/// How deep parentheses, prefix operators, powers and conditionals may nest.
inline constexpr int kMaxNesting = 200;

/// The syntax tree of a text, with Python's precedence. Errors: what Python does not take, and what
/// the language has not got of it, with the place in the text.
Expected<std::unique_ptr<const Syntax>> parseSyntax(std::string text);

} // namespace ricci
