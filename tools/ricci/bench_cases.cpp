//===- bench_cases.cpp - what ricci bench measures ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/bench_cases.h"
#include "tools/ricci/json_reader.h"

#include "frontend/einsum.h"
#include "frontend/parse_program.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ricci::driver {
namespace {

using Kind = JsonValue::Kind;

/// "f32[2,3]" of [2, 3].
Expected<std::string> spec(const std::string &dtype, const JsonValue &shape) {
  std::string sizes;
  if (shape.kind != Kind::Array)
    return inputError("a shape is no array");
  for (const JsonValue &extent : shape.items) {
    if (extent.kind != Kind::Number || extent.number != std::floor(extent.number) ||
        extent.number < 0 || extent.number > 9e15)
      return inputError("a shape holds something else than sizes");
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ",", int64_t(extent.number));
  }
  return fmt::format("{}[{}]", dtype, sizes);
}

Expected<BenchCase> readCase(const JsonValue &value) {
  BenchCase bench;
  const JsonValue *name = value.find("name"), *equation = value.find("equation"),
                  *shapes = value.find("shapes"), *program = value.find("program"),
                  *params = value.find("params");
  const bool isEquation =
      equation && shapes && equation->kind == Kind::String && shapes->kind == Kind::Array;
  const bool isProgram =
      program && params && program->kind == Kind::String && params->kind == Kind::Object;
  if (isEquation == isProgram)
    return inputError("a case has \"equation\" and \"shapes\", or \"program\" and \"params\"");
  bench.isEquation = isEquation;
  bench.text = isEquation ? equation->string : program->string;
  bench.name = name && name->kind == Kind::String ? name->string : bench.text;
  if (isEquation) {
    for (const JsonValue &shape : shapes->items) {
      Expected<std::string> operand = spec("f32", shape);
      if (!operand)
        return std::move(operand.error());
      bench.operands.push_back(std::move(*operand));
    }
    return bench;
  }
  for (const auto &[parameter, type] : params->members) {
    if (type.kind != Kind::Array || type.items.size() != 2 || type.items[0].kind != Kind::String)
      return inputError(fmt::format("the type of '{}' is not [\"f32\", [2, 3]]", parameter));
    Expected<std::string> operand = spec(type.items[0].string, type.items[1]);
    if (!operand)
      return std::move(operand.error());
    bench.names.push_back(parameter);
    bench.operands.push_back(std::move(*operand));
  }
  return bench;
}

Expected<std::vector<BenchCase>> readFile(const std::string &path) {
  auto inFile = [&](Diagnostic error) {
    error.message = fmt::format("{}: {}", path, error.message);
    return error;
  };
  // A stream of a folder opens, and throws when it is read.
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    return inputError(fmt::format("{}: cannot read: it is a directory", path));
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream)
    return inputError(fmt::format("{}: cannot read", path));
  Expected<JsonValue> json = parseJson(text);
  if (!json)
    return inFile(std::move(json.error()));
  if (json->kind != Kind::Array || json->items.empty())
    return inFile(inputError("the file is no list of cases"));
  std::vector<BenchCase> cases;
  for (size_t i = 0; i < json->items.size(); ++i) {
    Expected<BenchCase> bench = readCase(json->items[i]);
    if (!bench) {
      bench.error().message = fmt::format("case {}: {}", i + 1, bench.error().message);
      return inFile(std::move(bench.error()));
    }
    cases.push_back(std::move(*bench));
  }
  return cases;
}

/// "x=f32[3]", as opposed to "f32[3]" or "my=file.npy" after an equation.
bool isNamed(const std::string &operand) {
  const size_t equals = operand.find('=');
  return equals != std::string::npos && equals != 0 &&
         operand.substr(0, equals).find_first_of("./:[") == std::string::npos;
}

} // namespace

Expected<std::vector<BenchCase>> benchCases(const std::string &text,
                                            const std::vector<std::string> &operands) {
  if (text.starts_with('@')) {
    if (!operands.empty())
      return usageError("a file of cases names its operands itself");
    return readFile(text.substr(1));
  }
  BenchCase bench{text, text, false, {}, {}};
  size_t named = 0;
  for (const std::string &operand : operands)
    named += isNamed(operand);
  if (named != 0 && named != operands.size())
    return usageError("the operands of a program are NAME=OPERAND, all of them; those of an "
                      "equation have no names");
  bench.isEquation = !operands.empty() && named == 0;
  for (const std::string &operand : operands) {
    const size_t equals = bench.isEquation ? std::string::npos : operand.find('=');
    if (!bench.isEquation)
      bench.names.push_back(operand.substr(0, equals));
    bench.operands.push_back(bench.isEquation ? operand : operand.substr(equals + 1));
  }
  return std::vector<BenchCase>{std::move(bench)};
}

Expected<Job> makeJob(const BenchCase &bench) {
  Job job{bench.isEquation ? "equation" : "program", bench.text, {}, {}, bench.names, {}};
  Expected<std::vector<Operand>> operands = openOperands(bench.operands);
  if (!operands)
    return std::move(operands.error());
  job.operands = std::move(*operands);
  Expected<Program> program = [&]() -> Expected<Program> {
    if (!bench.isEquation)
      return parseProgram(bench.text, job.parameters());
    for (size_t i = 0; i < job.operands.size(); ++i)
      job.names.push_back(fmt::format("operand {}", i + 1));
    Expected<EinsumSyntax> syntax = parseEinsum(bench.text);
    if (!syntax)
      return std::move(syntax.error());
    return resolveEinsum(*syntax, typesOf(job.operands));
  }();
  if (!program)
    return std::move(program.error());
  job.program = std::move(*program);
  return job;
}

} // namespace ricci::driver
