//===- program_text.h - programs from texts, for tests --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/parse_program.h"
#include "frontend/spec.h"

#include <initializer_list>
#include <string>
#include <utility>

namespace ricci::test {

using Specs = std::initializer_list<std::pair<const char *, const char *>>;

/// programOf("x + 1", {{"x", "f32[3]"}}).
inline Expected<Program> programOf(const std::string &text, Specs specs = {}) {
  std::vector<Parameter> parameters;
  for (auto [name, spec] : specs)
    parameters.push_back({name, parseSpec(spec).value()});
  return parseProgram(text, parameters);
}

/// The text of the program without the lines of its inputs, or the rendered error.
inline std::string textOf(const std::string &text, Specs specs = {}) {
  Expected<Program> program = programOf(text, specs);
  if (!program)
    return program.error().render();
  std::string all = program->str(), out;
  for (size_t at = 0; at < all.size();) {
    size_t end = all.find('\n', at) + 1;
    if (std::string line = all.substr(at, end - at); line.find(" = input ") == std::string::npos)
      out += line;
    at = end;
  }
  return out;
}

} // namespace ricci::test
