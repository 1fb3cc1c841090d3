//===- programs.h - short forms for tests of program texts ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/parse_program.h"
#include "tests/frontend/helpers.h"

namespace ricci::test {

/// The listing of a program without its inputs, or the rendered error.
inline std::string listing(const std::string &text, const std::vector<Parameter> &parameters) {
  Expected<Program> program = parseProgram(text, parameters);
  if (!program)
    return program.error().render();
  std::string lines = program->str();
  for (size_t i = 0; i < parameters.size(); ++i)
    lines.erase(0, lines.find('\n') + 1);
  return lines;
}

/// On parameters of several ranks and dtypes, which are the nodes %0 to %7.
inline std::string listingOf(const std::string &text) {
  static const std::vector<Parameter> kParameters = {
      {"x", typeOf({3, 4})},
      {"y", typeOf({2, 3, 4, 5})},
      {"b", typeOf({4, 5}, DType::f64)},
      {"i", typeOf({7}, DType::i64)},
      {"j", typeOf({2, 1}, DType::u8)},
      {"m", typeOf({3, 4}, DType::b1)},
      {"k", typeOf({}, DType::i32)},
      {"c", typeOf({3}, DType::c64)},
  };
  return listing(text, kParameters);
}

} // namespace ricci::test
