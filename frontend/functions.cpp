//===- functions.cpp - looks functions up and binds their arguments ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "frontend/suggestion.h"
#include "frontend/unsupported_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace ricci {
namespace {

struct FunctionParameter {
  std::string_view name;
  bool optional = false, positionalOnly = false, keywordOnly = false, rest = false;
};

struct Function {
  const FunctionEntry *entry;
  std::vector<FunctionParameter> parameters;
};

std::vector<FunctionParameter> parseSignature(std::string_view text) {
  std::vector<FunctionParameter> parameters;
  bool keywordOnly = false;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(',', at), text.size());
    std::string_view word = text.substr(at, end - at);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    word = word.substr(0, word.find_last_not_of(' ') + 1);
    at = end + 1;
    if (word == "/") {
      for (FunctionParameter &parameter : parameters)
        parameter.positionalOnly = true;
    } else if (word == "*") {
      keywordOnly = true;
    } else if (word.starts_with('*')) {
      parameters.push_back({word.substr(1), true, false, false, true});
      keywordOnly = true;
    } else {
      bool optional = word.ends_with('=');
      if (optional)
        word.remove_suffix(1);
      parameters.push_back({word, optional, false, keywordOnly, false});
    }
  }
  return parameters;
}

struct Tables {
  std::unordered_map<std::string_view, Function> functions, methods;

  Tables() {
    for (std::span<const FunctionEntry> table :
         {elementwiseFunctions(), reductionFunctions(), shapeFunctions(), joinFunctions(),
          creationFunctions(), contractionFunctions(), castFunctions(), inspectionFunctions()})
      for (const FunctionEntry &entry : table) {
        Function function{&entry, parseSignature(entry.signature)};
        if (entry.kind & FunctionEntry::Function) {
          [[maybe_unused]] bool added = functions.emplace(entry.name, function).second;
          assert(added && "two functions of one name");
        }
        if (entry.kind & FunctionEntry::Method) {
          [[maybe_unused]] bool added = methods.emplace(entry.name, function).second;
          assert(added && "two methods of one name");
        }
      }
  }
};

const Tables &tables() {
  static const Tables all;
  return all;
}

std::vector<std::string_view>
namesOf(const std::unordered_map<std::string_view, Function> &functions) {
  std::vector<std::string_view> names;
  for (const auto &[name, function] : functions)
    names.push_back(name);
  return names;
}

std::string countOf(size_t least, size_t most) {
  std::string count = least == most ? std::to_string(most) : fmt::format("{} to {}", least, most);
  return fmt::format("{} argument{}", count, least == 1 && most == 1 ? "" : "s");
}

/// Binds as Python does. `hidden` is 1 for a method, whose object users do not count.
Status bind(const Function &function, std::vector<Argument> arguments, size_t hidden, Call &call) {
  const std::vector<FunctionParameter> &parameters = function.parameters;
  call.arguments.resize(parameters.size());
  size_t positional = 0, least = 0, most = 0;
  bool takesRest = false;
  for (const FunctionParameter &parameter : parameters) {
    takesRest |= parameter.rest;
    most += !parameter.rest && !parameter.keywordOnly;
    least += !parameter.optional && !parameter.keywordOnly;
  }
  size_t given = size_t(std::count_if(arguments.begin(), arguments.end(),
                                      [](const Argument &a) { return a.keyword.empty(); }));
  if (given > most && !takesRest) {
    Diagnostic error = call.error(fmt::format(
        "{} takes {}, not {}", call.name, countOf(least - hidden, most - hidden), given - hidden));
    error.spans = {arguments[most].value.span};
    return error;
  }
  for (Argument &argument : arguments) {
    auto fail = [&](std::string message) {
      Diagnostic error = call.error(std::move(message));
      error.spans = {argument.value.span};
      return error;
    };
    if (argument.keyword.empty()) {
      if (positional < most)
        call.arguments[positional] = std::move(argument.value);
      else
        call.rest.push_back(std::move(argument.value));
      ++positional;
      continue;
    }
    auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto &parameter) {
      return parameter.name == argument.keyword && !parameter.rest && !parameter.positionalOnly;
    });
    if (found == parameters.end()) {
      std::vector<std::string_view> names;
      for (const FunctionParameter &parameter : parameters)
        if (!parameter.rest && !parameter.positionalOnly)
          names.push_back(parameter.name);
      return fail(fmt::format("{} has no argument '{}'{}", call.name, argument.keyword,
                              suggestion(argument.keyword, names)));
    }
    std::optional<Value> &slot = call.arguments[size_t(found - parameters.begin())];
    if (slot)
      return fail(fmt::format("{} has two values for '{}'", call.name, argument.keyword));
    slot = std::move(argument.value);
  }
  for (size_t i = 0; i < parameters.size(); ++i)
    if (!parameters[i].optional && !call.arguments[i])
      return call.error(fmt::format("{} needs the argument '{}'", call.name, parameters[i].name));
  return success();
}

Expected<Value> call(ProgramBuilder &builder, const Function &function, Span nameSpan,
                     Span callSpan, std::vector<Argument> arguments, size_t hidden) {
  Call call{builder, function.entry->name, nameSpan, callSpan, {}, {}};
  auto located = [&](Diagnostic error) {
    if (error.spans.empty())
      error.spans = {nameSpan};
    error.source = builder.source();
    return error;
  };
  if (Status bound = bind(function, std::move(arguments), hidden, call); !bound)
    return located(std::move(bound.error()));
  Expected<Value> result = function.entry->handler(call);
  if (!result)
    return located(std::move(result.error()));
  result->span = callSpan;
  return result;
}

Diagnostic unknown(const ProgramBuilder &builder, std::string message, Span span) {
  Diagnostic error = inputError(std::move(message));
  error.source = builder.source();
  error.spans = {span};
  return error;
}

} // namespace

Diagnostic Call::error(std::string message) const {
  Diagnostic error = inputError(std::move(message));
  error.source = builder.source();
  error.spans = {nameSpan};
  return error;
}

bool isFunction(std::string_view name) { return tables().functions.contains(name); }
bool isMethod(std::string_view name) { return tables().methods.contains(name); }

Expected<Value> callFunction(ProgramBuilder &builder, std::string_view name, Span nameSpan,
                             Span callSpan, std::vector<Argument> arguments) {
  const auto &functions = tables().functions;
  if (auto found = functions.find(name); found != functions.end())
    return call(builder, found->second, nameSpan, callSpan, std::move(arguments), 0);
  if (std::optional<std::string> why = whyUnsupported(name))
    return unknown(builder, fmt::format("'{}' is not in the language: {}", name, *why), nameSpan);
  return unknown(
      builder,
      fmt::format("there is no function '{}'{}", name, suggestion(name, namesOf(functions))),
      nameSpan);
}

Expected<Value> callMethod(ProgramBuilder &builder, std::string_view name, Span nameSpan,
                           Span callSpan, std::vector<Argument> arguments) {
  const auto &methods = tables().methods;
  if (const Value &object = arguments.at(0).value; !object.is<TensorValue>())
    return unknown(builder, fmt::format("{} has no method '{}'", describe(object), name), nameSpan);
  if (auto found = methods.find(name); found != methods.end())
    return call(builder, found->second, nameSpan, callSpan, std::move(arguments), 1);
  if (isFunction(name))
    return unknown(builder,
                   fmt::format("'{}' is a function, not a method: write {}(x)", name, name),
                   nameSpan);
  if (std::optional<std::string> why = whyUnsupported(name))
    return unknown(builder, fmt::format("'{}' is not in the language: {}", name, *why), nameSpan);
  return unknown(builder,
                 fmt::format("there is no method '{}'{}", name, suggestion(name, namesOf(methods))),
                 nameSpan);
}

} // namespace ricci
