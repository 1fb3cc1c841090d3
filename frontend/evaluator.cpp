//===- evaluator.cpp - scopes, limits and results of a program ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/evaluator.h"

#include "frontend/names.h"
#include "frontend/prelude.h"
#include "frontend/suggestion.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {
namespace {

constexpr size_t kMaxSteps = 4'000'000;
constexpr size_t kMaxResults = 1 << 14; // each is a buffer
constexpr int kMaxSequenceDepth = 64;   // NumPy's limit of axes

/// How deep a sequence nests, and how many values it has.
struct SequenceSize {
  int depth;
  size_t count;
};
SequenceSize sizeOf(const Value &value) {
  SequenceSize size{0, 1};
  if (const auto *sequence = value.as<SequenceValue>())
    for (const Value &item : sequence->items) {
      SequenceSize part = sizeOf(item);
      size.depth = std::max(size.depth, part.depth + 1);
      size.count += part.count;
    }
  return size;
}

} // namespace

Evaluator::Evaluator(const Syntax &syntax, ProgramBuilder &builder)
    : builder_(builder), user_{&syntax, {}, false}, prelude_{&preludeSyntax(), {}, true},
      top_{&user_, nullptr, {}}, frame_(&top_), storage_(builder) {}

void Evaluator::define(std::string_view name, TensorValue value) {
  bind(user_.globals, name, {Value(value), nullptr, storage_.of(Value(value), storage_.mark())});
}

Status Evaluator::run() {
  Frame prelude{&prelude_, nullptr, {}};
  Value returned;
  frame_ = &prelude;
  for (const Statement &statement : prelude_.syntax->statements)
    if (Expected<bool> status = execute(statement, returned); !status)
      return std::move(status.error());
  frame_ = &top_;

  const std::vector<Statement> &statements = user_.syntax->statements;
  if (statements.empty())
    return inputError("the program is empty: it ends with an expression, its result");
  const Statement &last = statements.back();
  if (last.kind == Statement::Def) {
    const Definition &def = user_.syntax->definitions[last.definition];
    Diagnostic d =
        errorAt(fmt::format("the program ends with the definition of '{}': the last statement is "
                            "an expression, the result",
                            text(def.name)),
                def.name);
    if (def.body.size() > 1 &&
        text({def.name.end, def.body.back().span.begin}).find_first_of("\r\n") ==
            std::string_view::npos)
      d.notes = {"everything on the line of a 'def' belongs to its body"};
    return d;
  }
  if (last.kind != Statement::Expression)
    return errorAt("the program ends with an assignment: the last statement is an expression, the "
                   "result",
                   last.span);
  for (size_t i = 0; i + 1 < statements.size(); ++i)
    if (Expected<bool> status = execute(statements[i], returned); !status)
      return std::move(status.error());
  Expected<Value> value = evaluate(last.value);
  if (!value)
    return std::move(value.error());
  return setResults(std::move(*value));
}

Status Evaluator::setResults(Value value) {
  std::vector<int> results;
  const auto *tuple = value.as<SequenceValue>();
  if (tuple && tuple->isList)
    return errorAt("the result is a list: a program gives an expression or a tuple", value.span);
  if (tuple && tuple->items.empty())
    return errorAt("the result is an empty tuple", value.span);
  if (tuple && tuple->items.size() > kMaxResults)
    return errorAt(fmt::format("the result is a tuple of {} tensors: {} are the most",
                               tuple->items.size(), kMaxResults),
                   value.span);
  if (!tuple) {
    Expected<int> node = resultNode(value);
    if (!node)
      return std::move(node.error());
    results.push_back(*node);
  } else {
    for (const Value &item : tuple->items) {
      Expected<int> node = resultNode(item);
      if (!node)
        return std::move(node.error());
      results.push_back(*node);
    }
  }
  builder_.setResults(std::move(results), tuple != nullptr);
  return success();
}

Expected<int> Evaluator::resultNode(const Value &value) {
  if (const auto *tensor = value.as<TensorValue>())
    return tensor->node;
  if (value.isNumber()) {
    Expected<TensorValue> tensor = toTensor(builder_, value);
    if (!tensor)
      return std::move(tensor.error());
    return tensor->node;
  }
  const char *what = value.is<SequenceValue>() ? "a sequence inside a tuple"
                     : value.is<NoneValue>()   ? "None"
                     : value.is<std::string>() ? "a string"
                     : value.is<DType>()       ? "a dtype"
                                               : "'...'";
  return errorAt(fmt::format("{} is no result: a program gives tensors", what), value.span);
}

void Evaluator::bind(Scope &scope, std::string_view name, Binding binding) {
  storage_.hold(binding.storage);
  auto [place, added] = scope.try_emplace(name);
  if (!added)
    storage_.release(place->second.storage);
  place->second = std::move(binding);
}

bool Evaluator::isLocal(std::string_view name) const {
  const Definition *definition = frame_->definition;
  return definition &&
         std::binary_search(definition->locals.begin(), definition->locals.end(), name);
}

const Evaluator::Binding *Evaluator::find(std::string_view name) const {
  auto in = [&](const Scope &scope) {
    auto found = scope.find(name);
    return found == scope.end() ? nullptr : &found->second;
  };
  if (isLocal(name))
    return in(frame_->locals);
  const Binding *binding = in(frame_->unit->globals);
  return binding || frame_->unit->isPrelude ? binding : in(prelude_.globals);
}

Expected<const Evaluator::Binding *> Evaluator::lookup(const Expr &name) {
  std::string_view word = text(name.token);
  const Binding *binding = find(word);
  if (!binding && isLocal(word))
    return errorAt(
        fmt::format("'{}' is used before '{}' assigns it", word, text(frame_->definition->name)),
        at(name.span));
  return binding;
}

std::string Evaluator::hint(std::string_view name, bool function) const {
  if (std::optional<DType> type = parseDType(name))
    return fmt::format("; did you mean '{}'?", numpyName(*type));
  const Scope *scopes[] = {&frame_->locals, &frame_->unit->globals, &prelude_.globals};
  std::vector<std::string_view> names;
  for (const Scope *scope : scopes)
    for (const auto &[known, binding] : *scope)
      if (!function || binding.function)
        names.push_back(known);
  if (!function)
    appendKnownNames(names);
  return suggestion(name, names);
}

Diagnostic Evaluator::errorAt(std::string message, Span span) const {
  Diagnostic d = inputError(std::move(message));
  d.spans = {span};
  return d;
}

Status Evaluator::charge(size_t steps, Span span) {
  steps_ += steps;
  if (steps_ > kMaxSteps)
    return errorAt(
        fmt::format("the program takes more than {} steps once its calls are expanded", kMaxSteps),
        at(span));
  return success();
}

Status Evaluator::checkSequence(const Value &value, Span span) {
  if (!value.is<SequenceValue>())
    return success();
  SequenceSize size = sizeOf(value);
  if (size.depth > kMaxSequenceDepth)
    return errorAt(
        fmt::format("this sequence is nested more than {} levels deep", kMaxSequenceDepth),
        at(span));
  return charge(size.count, span);
}

} // namespace ricci
