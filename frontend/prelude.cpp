//===- prelude.cpp - functions that are written in the language -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/prelude.h"

#include "frontend/parser.h"

namespace ricci {

static constexpr char kText[] =
#include "frontend/prelude_text.inc" // made of prelude.ricci by the build
    ;

std::string_view preludeText() { return {kText, sizeof kText - 1}; }

const Syntax &preludeSyntax() {
  static const std::unique_ptr<const Syntax> syntax =
      parseSyntax(std::string(preludeText())).value();
  return *syntax;
}

} // namespace ricci
