//===- parse_program.cpp - texts of the language to typed programs --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/parse_program.h"

#include "frontend/evaluator.h"
#include "frontend/lexer.h"
#include "frontend/parser.h"
#include "frontend/types.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <set>

namespace ricci {

Expected<Program> parseProgram(const std::string &text, const std::vector<Parameter> &parameters) {
  Expected<std::unique_ptr<const Syntax>> syntax = parseSyntax(text);
  if (!syntax)
    return std::move(syntax.error());
  ProgramBuilder builder(text);
  Evaluator evaluator(**syntax, builder);
  std::set<std::string_view> names;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter &parameter = parameters[i];
    if (!isName(parameter.name))
      return inputError(
          fmt::format("'{}' cannot be a parameter: it is no name", elide(parameter.name, 40)));
    if (!names.insert(parameter.name).second)
      return inputError(fmt::format("two parameters are called '{}'", parameter.name));
    Expected<TensorType> type = normalizeType(parameter.type);
    if (!type) {
      type.error().message = fmt::format("'{}': {}", parameter.name, type.error().message);
      return std::move(type.error());
    }
    evaluator.define(parameter.name, builder.input(int64_t(i), std::move(*type), {}));
  }
  if (Status status = evaluator.run(); !status) {
    Diagnostic &error = status.error();
    if (error.source.empty() && !error.spans.empty())
      error.source = text;
    return std::move(error);
  }
  return std::move(builder).take();
}

} // namespace ricci
