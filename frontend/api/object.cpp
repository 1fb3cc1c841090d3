//===- object.cpp - programs as object files for C -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/object.h"

#include "frontend/api/object_header.h"
#include "frontend/api/session.h"
#include "frontend/spec.h"
#include "frontend/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ricci {

namespace {

/// The program at one size.
Expected<Program> programAt(std::string_view text, const std::vector<ObjectParameter> &parameters,
                            int64_t size) {
  std::vector<Parameter> at;
  for (const ObjectParameter &parameter : parameters) {
    TensorType type = parameter.type;
    if (parameter.sized)
      type.shape.front() = size;
    type.strides.clear();
    Expected<TensorType> normal = normalizeType(type);
    if (!normal)
      return std::move(normal.error());
    at.push_back({parameter.name, std::move(*normal)});
  }
  return parseProgram(std::string(text), at);
}

} // namespace

Expected<BuiltObject> try_build(std::string_view program,
                                const std::vector<ObjectParameter> &parameters,
                                const BuildOptions &options) {
  if (!isCIdentifier(options.name))
    return usageError(fmt::format("'{}' cannot be the name of a C function", options.name));
  ObjectOptions object;
  object.name = options.name;
  object.parallel = options.parallel;
  object.cpus = options.cpus;
  if (object.cpus.empty())
    object.cpus.emplace_back(detail::cpuOf(options));
  Expected<Program> parsed = programAt(program, parameters, 0);
  if (!parsed)
    return std::move(parsed.error());
  std::vector<Program> programs{std::move(*parsed)};

  Expected<CompilerInterface *> compiler = loadCompiler();
  if (!compiler)
    return std::move(compiler.error());
  Expected<ObjectFile> file = (*compiler)->build(programs, detail::compileOptions(options), object);
  if (!file)
    return std::move(file.error());

  detail::HeaderFacts facts;
  facts.source = program;
  facts.options = &options;
  for (const std::string &cpu : object.cpus) {
    Expected<TargetInfo> target = (*compiler)->describeTarget(cpu);
    if (!target)
      return std::move(target.error());
    facts.cpus.push_back(target->name == target->level
                             ? target->name
                             : fmt::format("{} ({})", target->name, target->level));
  }
  auto typeOf = [](const TensorType &type) {
    detail::SizedType result{type.dtype, {}};
    for (int64_t extent : type.shape)
      result.shape.push_back({extent, 0});
    return result;
  };
  for (const ObjectParameter &parameter : parameters) {
    facts.names.push_back(parameter.name);
    facts.parameters.push_back(typeOf(parameter.type));
  }
  for (int result : programs[0].results)
    facts.results.push_back(typeOf(programs[0].nodes[size_t(result)].type));
  facts.mayFail =
      std::any_of(programs[0].nodes.begin(), programs[0].nodes.end(),
                  [](const Program::Node &node) { return node.kind == Program::NodeKind::Gather; });
  facts.arenaBytes = file->arenaBytes;
  facts.workerBytes = file->workerBytes;
  BuiltObject built;
  built.header = detail::writeHeader(facts, built.declaration);
  built.object = std::move(file->bytes);
  built.arenaBytes = file->arenaBytes;
  built.workerBytes = file->workerBytes;
  return built;
}

BuiltObject build(std::string_view program, const std::vector<ObjectParameter> &parameters,
                  const BuildOptions &options) {
  return try_build(program, parameters, options).value();
}

Expected<ObjectParameter> parseObjectParameter(std::string name, std::string_view spec,
                                               std::optional<SizeArgument> &size) {
  Expected<TensorType> type = parseSpec(spec);
  if (!type)
    return std::move(type.error());
  return ObjectParameter{std::move(name), std::move(*type), false};
}

} // namespace ricci
