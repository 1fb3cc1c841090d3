//===- object.cpp - programs as object files for C -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/object.h"

#include "frontend/api/object_header.h"
#include "frontend/api/session.h"
#include "frontend/api/size_lines.h"
#include "frontend/spec.h"
#include "frontend/types.h"
#include "runtime/file_replacement.h"

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

namespace {

/// Sizes to look at the program at: primes, so that none of them is a multiple of what the code
/// works in, and too large for an extent of another axis to be a multiple of one by chance.
std::vector<int64_t> probeSizes(int64_t typical) {
  constexpr int64_t kLeast = 257;
  constexpr size_t kProbes = 4; ///< two determine a line; the others must lie on it
  auto isPrime = [](int64_t n) {
    for (int64_t d = 2; d * d <= n; ++d)
      if (n % d == 0)
        return false;
    return true;
  };
  std::vector<int64_t> sizes;
  for (int64_t n = std::max(typical, kLeast); sizes.size() < kProbes; ++n)
    if (isPrime(n))
      sizes.push_back(n);
  return sizes;
}

} // namespace

Expected<BuiltObject> try_build(std::string_view program,
                                const std::vector<ObjectParameter> &parameters,
                                const BuildOptions &options) {
  if (Status s = checkFunctionName(options.name); !s)
    return std::move(s.error());
  ObjectOptions object;
  object.name = options.name;
  object.parallel = options.parallel;
  object.cpus = options.cpus;
  if (object.cpus.empty())
    object.cpus.emplace_back(detail::cpuOf(options));
  if (options.size)
    object.sizes = probeSizes(options.size->typical);
  std::vector<Program> programs;
  for (size_t i = 0; i < std::max<size_t>(1, object.sizes.size()); ++i) {
    Expected<Program> at =
        programAt(program, parameters, object.sizes.empty() ? 0 : object.sizes[i]);
    if (!at)
      return std::move(at.error());
    programs.push_back(std::move(*at));
  }
  std::optional<detail::SizedProgram> sized;
  if (options.size) {
    auto made = detail::SizedProgram::make(programs, object.sizes);
    if (!made)
      return std::move(made.error());
    sized = std::move(*made);
    auto least =
        sized->leastSize([&](int64_t size) { return programAt(program, parameters, size); });
    if (!least)
      return std::move(least.error());
    object.leastSize = *least;
  }

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
  for (const ObjectParameter &parameter : parameters) {
    detail::SizedType type{parameter.type.dtype, {}};
    for (int64_t extent : parameter.type.shape)
      type.shape.push_back({extent, 0});
    if (parameter.sized)
      type.shape.front() = {0, 1};
    facts.names.push_back(parameter.name);
    facts.parameters.push_back(std::move(type));
  }
  for (size_t r = 0; r < programs[0].results.size(); ++r) {
    const TensorType &type = programs[0].nodes[size_t(programs[0].results[r])].type;
    detail::SizedType result{type.dtype, {}};
    for (int64_t extent : type.shape)
      result.shape.push_back({extent, 0});
    if (sized)
      result.shape = sized->shapeOf(r);
    facts.results.push_back(std::move(result));
  }
  facts.leastSize = object.leastSize;
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

Status try_save_object(const std::string &prefix, const BuiltObject &object) {
  return writeWhole({{prefix + ".o", object.object}, {prefix + ".h", object.header}});
}

void save_object(const std::string &prefix, const BuiltObject &object) {
  try_save_object(prefix, object).value();
}

Expected<std::string> objectName(std::string_view prefix) {
  std::string name(prefix.substr(prefix.rfind('/') + 1));
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  if (Status s = checkFunctionName(name); !s)
    return std::move(s.error());
  return name;
}

Expected<ObjectParameter> parseObjectParameter(std::string name, std::string_view spec,
                                               std::optional<SizeArgument> &size) {
  auto isLetter = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  size_t open = spec.find('['), end = spec.find_first_of(",]", open);
  bool sized = open != std::string_view::npos && end != std::string_view::npos &&
               isLetter(spec[spec.find_first_not_of(' ', open + 1)]);
  std::string fixed(spec);
  if (sized) {
    std::string_view extent = spec.substr(open + 1, end - open - 1);
    auto wrong = [&](std::string message) {
      Diagnostic error = inputError(std::move(message));
      error.source = std::string(spec);
      error.spans = {{open + 1, end}};
      return error;
    };
    auto trim = [](std::string_view text) {
      while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
      while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
      return std::string(text);
    };
    size_t equals = extent.find('=');
    SizeArgument given{trim(extent.substr(0, equals))};
    if (!isCIdentifier(given.name))
      return wrong(fmt::format("'{}' cannot be the name of an argument in C", given.name));
    if (size && size->name != given.name)
      return wrong(fmt::format("there is one size, '{}', so '{}' cannot be another", size->name,
                               given.name));
    if (equals != std::string_view::npos) {
      std::string number = trim(extent.substr(equals + 1));
      constexpr int64_t kMost = int64_t(1) << 31;
      auto [rest, error] =
          std::from_chars(number.data(), number.data() + number.size(), given.typical);
      if (error != std::errc() || rest != number.data() + number.size() || given.typical < 1 ||
          given.typical > kMost)
        return wrong(fmt::format("'{}' is not a whole number from 1 to {}", number, kMost));
    }
    if (!size || equals != std::string_view::npos)
      size = std::move(given);
    // Any extent will do until the program is looked at.
    fixed.replace(open + 1, end - open - 1, "1");
  }
  Expected<TensorType> type = parseSpec(fixed);
  if (!type)
    return std::move(type.error());
  return ObjectParameter{std::move(name), std::move(*type), sized};
}

} // namespace ricci
