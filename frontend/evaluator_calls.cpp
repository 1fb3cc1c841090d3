//===- evaluator_calls.cpp - calls of functions, methods and definitions --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/evaluator.h"

#include "frontend/names.h"
#include "frontend/suggestion.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ricci {

static constexpr size_t kMaxCalls = 100; ///< of definitions, one in the other

Expected<std::vector<Evaluator::BoundArgument>> Evaluator::evaluateArguments(const Expr &call) {
  std::vector<BoundArgument> arguments;
  for (ExprId id : syntax().childrenOf(call).subspan(1)) {
    const Expr &e = expr(id);
    bool keyword = e.kind == ExprKind::Keyword;
    size_t mark = storage_.mark();
    Expected<Value> value = evaluate(keyword ? syntax().childrenOf(e)[0] : id);
    if (!value)
      return std::move(value.error());
    StorageId storage = storage_.of(*value, mark);
    arguments.push_back(
        {{keyword ? std::string(text(e.token)) : std::string(), std::move(*value)}, storage});
  }
  return arguments;
}

Expected<std::vector<Argument>> Evaluator::plainArguments(const Expr &call) {
  Expected<std::vector<BoundArgument>> bound = evaluateArguments(call);
  if (!bound)
    return std::move(bound.error());
  std::vector<Argument> arguments;
  for (BoundArgument &argument : *bound)
    arguments.push_back(std::move(argument.argument));
  return arguments;
}

Expected<Value> Evaluator::evaluateCall(const Expr &e) {
  ExprId calleeId = syntax().childrenOf(e)[0];
  const Expr &callee = expr(calleeId);
  if (callee.kind == ExprKind::Attribute) {
    Dotted name = dotted(calleeId);
    return callNamed(e, name.name, name.inNumpy);
  }
  if (callee.kind != ExprKind::Name)
    return errorAt("this is not a function", at(callee.span));
  Expected<const Binding *> binding = lookup(callee);
  if (!binding)
    return std::move(binding.error());
  std::string_view name = text(callee.token);
  if (!*binding)
    return callNamed(e, name, false);
  if ((*binding)->function)
    return callDefined(*(*binding)->function, e);
  Diagnostic d =
      errorAt(fmt::format("'{}' is a value here, not a function", name), at(callee.span));
  if (isFunction(name) || prelude_.globals.contains(name))
    d.notes = {fmt::format("the program hides the function '{}' behind it", name)};
  else if ((*binding)->value.is<DType>())
    d.notes = {fmt::format("to convert x, write x.astype({})", name)};
  return d;
}

/// A function of functions.h.
Expected<Value> Evaluator::callNamed(const Expr &e, std::string_view name, bool inNumpy) {
  const Expr &callee = expr(syntax().childrenOf(e)[0]);
  std::string_view type = typeFunction(name, inNumpy);
  if (type.empty() && knownValue(name, inNumpy))
    return errorAt(fmt::format("'{}' is a constant, not a function", name), at(callee.span));
  if (type.empty() && inNumpy && knownValue(name, false))
    return errorAt(fmt::format("there is no 'np.{}': write {} without 'np.'", name, name),
                   at(callee.span));
  if (type.empty() && !isFunction(name)) {
    if (inNumpy && prelude_.globals.contains(name))
      return errorAt(fmt::format("'{}' is not NumPy's: write it without 'np.'", name),
                     at(callee.span));
    if (std::string nearest = hint(name, true); !inNumpy && !nearest.empty())
      return errorAt(fmt::format("there is no function '{}'{}", name, nearest), at(callee.span));
  }
  std::vector<Argument> arguments;
  if (!type.empty() || isFunction(name)) {
    Expected<std::vector<Argument>> given = plainArguments(e);
    if (!given)
      return std::move(given.error());
    arguments = std::move(*given);
  }
  return callFunction(builder_, type.empty() ? name : type, at(callee.span), at(e.span),
                      std::move(arguments));
}

Expected<Value> Evaluator::evaluateMethod(const Expr &e, const Value &object) {
  const Expr &callee = expr(syntax().childrenOf(e)[0]);
  std::string_view name = text(callee.token);
  std::vector<Argument> arguments = {{"", object}};
  Expected<std::vector<Argument>> given = plainArguments(e);
  if (!given)
    return std::move(given.error());
  std::move(given->begin(), given->end(), std::back_inserter(arguments));
  return callMethod(builder_, name, at(callee.token), at(e.span), std::move(arguments));
}

Expected<Value> Evaluator::callDefined(const DefinedFunction &function, const Expr &call) {
  std::string_view name = function.unit->syntax->text(function.definition->name);
  Span nameSpan = at(expr(syntax().childrenOf(call)[0]).span);
  if (std::find(active_.begin(), active_.end(), &function) != active_.end())
    return errorAt(fmt::format("'{}' calls itself: recursive calls are not supported", name),
                   nameSpan);
  if (active_.size() >= kMaxCalls)
    return errorAt(fmt::format("calls are nested more than {} deep", kMaxCalls), nameSpan);
  Expected<std::vector<BoundArgument>> arguments = evaluateArguments(call);
  if (!arguments)
    return std::move(arguments.error());
  Frame frame{function.unit, function.definition, {}};
  if (Status status = bindArguments(function, call, std::move(*arguments), frame.locals); !status)
    return std::move(status.error());

  Span callSpan = at(call.span);
  bool entersPrelude = function.unit->isPrelude && !frame_->unit->isPrelude;
  if (entersPrelude)
    preludeCall_ = callSpan;
  Frame *caller = std::exchange(frame_, &frame);
  active_.push_back(&function);
  Expected<Value> result = runBody(function);
  active_.pop_back();
  frame_ = caller;
  for (const auto &[local, binding] : frame.locals)
    storage_.release(binding.storage);
  if (result) {
    result->span = callSpan;
    return result;
  }
  Diagnostic &error = result.error();
  if (entersPrelude) {
    error.message = fmt::format("in {}: {}", name, error.message);
    error.spans = {nameSpan};
    error.notes.clear(); // they speak of the text of the prelude
  } else if (!function.unit->isPrelude && error.notes.size() < 4) {
    error.notes.push_back(fmt::format("in the call {}", elide(text(call.span), 60)));
  }
  return result;
}

Status Evaluator::bindArguments(const DefinedFunction &function, const Expr &call,
                                std::vector<BoundArgument> arguments, Scope &locals) {
  const Definition &definition = *function.definition;
  auto parameterName = [&](size_t i) {
    return function.unit->syntax->text(definition.parameters[i].name);
  };
  std::string_view name = function.unit->syntax->text(definition.name);
  const Expr &callee = expr(syntax().childrenOf(call)[0]);
  size_t count = definition.parameters.size();
  std::vector<std::optional<Binding>> bound(count);
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument &argument = arguments[i].argument;
    size_t index = i;
    if (argument.keyword.empty() && i >= count)
      return errorAt(fmt::format("{} takes {} argument{}, not {}", name, count,
                                 count == 1 ? "" : "s", arguments.size()),
                     argument.value.span);
    if (!argument.keyword.empty()) {
      std::vector<std::string_view> names;
      for (size_t k = 0; k < count; ++k)
        names.push_back(parameterName(k));
      index = size_t(std::find(names.begin(), names.end(), argument.keyword) - names.begin());
      if (index == count)
        return errorAt(fmt::format("{} has no argument '{}'{}", name, argument.keyword,
                                   suggestion(argument.keyword, names)),
                       argument.value.span);
    }
    if (bound[index])
      return errorAt(fmt::format("{} has two values for '{}'", name, parameterName(index)),
                     argument.value.span);
    bound[index] = Binding{std::move(argument.value), nullptr, arguments[i].storage};
  }
  for (size_t i = 0; i < count; ++i) {
    if (!bound[i])
      bound[i] = function.defaults[i];
    if (!bound[i])
      return errorAt(fmt::format("{} needs the argument '{}'", name, parameterName(i)),
                     at(callee.span));
    bind(locals, parameterName(i), std::move(*bound[i]));
  }
  return success();
}

Expected<Value> Evaluator::runBody(const DefinedFunction &function) {
  Expected<Value> result = Value();
  for (const Statement &statement : function.definition->body) {
    Expected<bool> returned = execute(statement, *result);
    if (!returned)
      return std::move(returned.error());
    if (*returned)
      return result;
  }
  return internalError("a body without 'return'"); // the parser refuses it
}

} // namespace ricci
