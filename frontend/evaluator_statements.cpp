//===- evaluator_statements.cpp - what statements do ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/evaluator.h"

#include "frontend/types.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {

Expected<bool> Evaluator::execute(const Statement &statement, Value &returned) {
  if (statement.kind == Statement::Def || statement.kind == Statement::Augmented) {
    Status status = statement.kind == Statement::Def ? define(statement) : augment(statement);
    return status ? Expected<bool>(false) : Expected<bool>(std::move(status.error()));
  }
  const size_t first = storage_.mark();
  Expected<Value> value = evaluate(statement.value);
  if (!value)
    return std::move(value.error());
  if (statement.kind == Statement::Return) {
    returned = std::move(*value);
    return true;
  }
  // What is copied shares nothing with what was read.
  const size_t mark = copies(expr(statement.value)) ? storage_.mark() : first;
  for (ExprId target : statement.targets)
    if (Status status = assign(target, *value, mark); !status)
      return std::move(status.error());
  // In a body, a later `return` may give what was read here.
  if (!frame_->definition)
    storage_.forget(first);
  return false;
}

/// Whether an expression is a call that NumPy answers with a new array, always.
bool Evaluator::copies(const Expr &e) const {
  if (e.kind != ExprKind::Call)
    return false;
  std::span<const ExprId> children = syntax().childrenOf(e);
  const Expr &callee = expr(children[0]);
  std::string_view name = text(callee.token);
  bool known = callee.kind == ExprKind::Attribute || (callee.kind == ExprKind::Name && !find(name));
  bool always = std::none_of(children.begin() + 1, children.end(), [&](ExprId id) {
    return expr(id).kind == ExprKind::Keyword && text(expr(id).token) == "copy";
  });
  return known && always &&
         (name == "copy" || name == "astype" || name == "flatten" || name == "array");
}

Status Evaluator::assign(ExprId target, const Value &value, size_t mark) {
  const Expr &e = expr(target);
  if (e.kind == ExprKind::Name) {
    bind(scope(), text(e.token), {value, nullptr, storage_.of(value, mark)});
    return success();
  }
  std::span<const ExprId> targets = syntax().childrenOf(e);
  auto counts = [&](size_t given) {
    return errorAt(fmt::format("{} name{} on the left, but {} value{} on the right", targets.size(),
                               targets.size() == 1 ? "" : "s", given, given == 1 ? "" : "s"),
                   at(e.span));
  };
  if (const auto *sequence = value.as<SequenceValue>()) {
    if (sequence->items.size() != targets.size())
      return counts(sequence->items.size());
    for (size_t i = 0; i < targets.size(); ++i)
      if (Status status = assign(targets[i], sequence->items[i], mark); !status)
        return status;
    return success();
  }
  const auto *tensor = value.as<TensorValue>();
  if (!tensor)
    return errorAt("this value does not come apart: a tuple, a list or a tensor does", value.span);
  // As in NumPy, along the first axis.
  Shape shape = builder_.type(*tensor).shape;
  if (shape.empty())
    return errorAt("a tensor without axes does not come apart", value.span);
  if (shape[0] != int64_t(targets.size()))
    return counts(size_t(shape[0]));
  for (size_t i = 0; i < targets.size(); ++i) {
    Expected<Value> item = indexInto(builder_, value, {Value(int64_t(i), value.span)}, value.span);
    if (!item)
      return std::move(item.error());
    if (Status status = assign(targets[i], *item, mark); !status)
      return status;
  }
  return success();
}

Status Evaluator::augment(const Statement &statement) {
  const Expr &target = expr(statement.targets[0]);
  std::string_view name = text(target.token), op = text(statement.op);
  size_t mark = storage_.mark();
  Expected<Value> left = evaluate(statement.targets[0]);
  if (!left)
    return std::move(left.error());
  Expected<Value> right = evaluate(statement.value);
  if (!right)
    return std::move(right.error());
  // `right` may have been computed by a call; the binding is looked up after it.
  const Binding *known = find(name);
  auto scoped = scope().find(name);
  if (!known || scoped == scope().end())
    return errorAt(fmt::format("'{}' is not defined", name), at(target.span));
  Binding old = *known;
  if (const auto *list = old.value.as<SequenceValue>(); list && list->isList)
    return errorAt(fmt::format("'{}=' would change a list: write {} = {} {} …", op, name, name, op),
                   at(statement.op));
  Expected<Value> result =
      old.value.is<TensorValue>()
          ? augmentTensor(statement, old, *right)
          : binaryOperator(builder_, op, at(statement.op), at(statement.span), old.value, *right);
  if (!result)
    return std::move(result.error());
  if (Status status = checkSequence(*result, statement.span); !status)
    return status;
  StorageId storage =
      old.value.is<TensorValue>() ? old.storage : storage_.of(*result, storage_.mark());
  bind(scope(), name, {std::move(*result), nullptr, storage});
  if (!frame_->definition)
    storage_.forget(mark);
  return success();
}

Expected<Value> Evaluator::augmentTensor(const Statement &statement, const Binding &old,
                                         const Value &right) {
  std::string_view name = text(expr(statement.targets[0]).token), op = text(statement.op);
  Span opSpan = at(statement.op), span = at(statement.span);
  auto instead = [&](std::string why) {
    return errorAt(fmt::format("{}: write {} = {} {} …", why, name, name, op), opSpan);
  };
  if (storage_.isShared(old.storage))
    return instead(fmt::format(
        "'{}=' would also change the other names that share the array of '{}'", op, name));
  Expected<Value> result = binaryOperator(builder_, op, opSpan, span, old.value, right);
  if (!result)
    return result;
  const auto *tensor = result->as<TensorValue>();
  if (!tensor)
    return result;
  const TensorType before = builder_.type(*old.value.as<TensorValue>()),
                   after = builder_.type(*tensor);
  // A tensor without axes may be NumPy's scalar, which takes the new type, or its array, which
  // keeps its own.
  bool fits = before.shape == after.shape &&
              (before.dtype == after.dtype ||
               (before.rank() > 0 && castsSameKind(after.dtype, before.dtype)));
  if (!fits)
    return instead(fmt::format("'{}=' keeps the type of '{}', which is {}, but the result is {}",
                               op, name, describeType(before), describeType(after)));
  Expected<TensorValue> cast = builder_.cast(*tensor, before.dtype, span);
  if (!cast)
    return std::move(cast.error());
  return Value(*cast, span);
}

Status Evaluator::define(const Statement &statement) {
  const Definition &definition = syntax().definitions[statement.definition];
  DefinedFunction function{frame_->unit, &definition, {}};
  for (const Definition::Parameter &parameter : definition.parameters) {
    function.defaults.emplace_back();
    if (parameter.defaultValue == kNoExpr)
      continue;
    size_t mark = storage_.mark();
    Expected<Value> value = evaluate(parameter.defaultValue);
    if (!value)
      return std::move(value.error());
    StorageId storage = storage_.of(*value, mark);
    storage_.hold(storage); // the default lives on between calls
    function.defaults.back() = Binding{std::move(*value), nullptr, storage};
    storage_.forget(mark);
  }
  functions_.push_back(std::move(function));
  bind(scope(), text(definition.name), {{}, &functions_.back(), kNoStorage});
  return success();
}

} // namespace ricci
