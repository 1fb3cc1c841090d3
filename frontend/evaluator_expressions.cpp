//===- evaluator_expressions.cpp - values of expressions ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/evaluator.h"

#include "frontend/names.h"
#include "frontend/suggestion.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {
namespace {

/// Levels of expressions, in all calls together; at most 2 KiB of stack each.
constexpr int kMaxDepth = 400;

constexpr uint64_t kLowest = uint64_t(1) << 63; ///< the magnitude of the least integer

/// Python's == of what is no number and no tensor; nothing where it is not decided here.
std::optional<bool> sameValue(const Value &left, const Value &right) {
  if (left.is<NoneValue>() && right.is<NoneValue>())
    return true;
  if (const auto *a = left.as<std::string>())
    if (const auto *b = right.as<std::string>())
      return *a == *b;
  if (const auto *a = left.as<DType>()) {
    if (const auto *b = right.as<DType>())
      return *a == *b;
    // dtype('float32') == 'float32'
    if (const auto *b = right.as<std::string>())
      if (std::optional<DType> type = parseDType(*b); type && numpyName(*type) == *b)
        return *a == *type;
    return std::nullopt;
  }
  if (right.is<DType>())
    return left.is<std::string>() ? sameValue(right, left) : std::nullopt;
  if (const auto *a = left.as<int64_t>())
    if (const auto *b = right.as<int64_t>())
      return *a == *b;
  const auto *a = left.as<SequenceValue>(), *b = right.as<SequenceValue>();
  if (!a || !b)
    return std::nullopt;
  if (a->isList != b->isList || a->items.size() != b->items.size())
    return false;
  bool same = true;
  for (size_t i = 0; i < a->items.size(); ++i) {
    std::optional<bool> item = sameValue(a->items[i], b->items[i]);
    if (!item)
      return std::nullopt;
    same &= *item;
  }
  return same;
}

} // namespace

Evaluator::Dotted Evaluator::dotted(ExprId id) const {
  constexpr size_t kMost = 4;
  std::vector<std::string_view> words;
  const Expr *e = &expr(id);
  for (; e->kind == ExprKind::Attribute && words.size() < kMost;
       e = &expr(syntax().childrenOf(*e)[0]))
    words.push_back(text(e->token));
  if (e->kind != ExprKind::Name || words.empty())
    return {};
  std::string_view base = text(e->token);
  if (isLocal(base) || find(base))
    return {};
  bool inNumpy = base == "np" || base == "numpy";
  if (!inNumpy) {
    if (!isModule(base))
      return {};
    words.push_back(base);
  } else if (words.size() > 1 && knownValue(words.back(), true)) {
    return {};
  }
  std::reverse(words.begin(), words.end());
  std::string name = fmt::format("{}", fmt::join(words, "."));
  // A function that NumPy keeps in a module of its own.
  if (name == "lib.stride_tricks.sliding_window_view" && !isFunction(name))
    name = "sliding_window_view";
  return {std::move(name), inNumpy};
}

ExprId Evaluator::leftOperand(const Expr &e) const {
  ExprId first = e.numChildren ? syntax().children[e.firstChild] : kNoExpr;
  switch (e.kind) {
  case ExprKind::Binary:
  case ExprKind::Subscript:
    return first;
  case ExprKind::Attribute:
    return dotted(ExprId(&e - syntax().exprs.data())).name.empty() ? first : kNoExpr;
  case ExprKind::Call:
    // Of a method, the object.
    return expr(first).kind == ExprKind::Attribute && dotted(first).name.empty()
               ? syntax().childrenOf(expr(first))[0]
               : kNoExpr;
  default:
    return kNoExpr;
  }
}

Expected<Value> Evaluator::evaluate(ExprId id) {
  if (depth_ >= kMaxDepth)
    return errorAt("the expressions and calls are nested too deep", at(expr(id).span));
  ++depth_;
  size_t base = spine_.size();
  for (ExprId left; (left = leftOperand(expr(id))) != kNoExpr; id = left)
    spine_.push_back(id);
  Expected<Value> value = evaluateHead(id);
  while (value && spine_.size() > base) {
    const Expr &e = expr(spine_.back());
    spine_.pop_back();
    value->span = at(value->span);
    Status status = charge(1, e.span);
    value = status ? evaluateStep(e, *value) : Expected<Value>(std::move(status.error()));
    if (value) {
      value->span = at(e.span);
      if (status = checkSequence(*value, e.span); !status)
        value = std::move(status.error());
    }
  }
  spine_.resize(base);
  --depth_;
  return value;
}

Expected<Value> Evaluator::evaluateStep(const Expr &e, const Value &left) {
  switch (e.kind) {
  case ExprKind::Binary: {
    Expected<Value> right = evaluate(syntax().childrenOf(e)[1]);
    if (!right)
      return right;
    return binaryOperator(builder_, text(e.token), at(e.token), at(e.span), left, *right);
  }
  case ExprKind::Attribute:
    return attribute(builder_, left, text(e.token), at(e.token));
  case ExprKind::Call:
    return evaluateMethod(e, left);
  default:
    return evaluateSubscript(e, left);
  }
}

Expected<Value> Evaluator::evaluateHead(ExprId id) {
  const Expr &e = expr(id);
  if (Status status = charge(1, e.span); !status)
    return std::move(status.error());
  Expected<Value> value = [&]() -> Expected<Value> {
    switch (e.kind) {
    case ExprKind::Name:
      return evaluateName(e);
    case ExprKind::Integer:
      if (e.integer >= kLowest)
        return errorAt("this integer does not fit int64", at(e.span));
      return Value(int64_t(e.integer));
    case ExprKind::Float:
      return Value(e.number);
    case ExprKind::Imaginary:
      return Value(std::complex<double>(0, e.number));
    case ExprKind::String:
      return Value(syntax().strings[e.integer]);
    case ExprKind::True:
    case ExprKind::False:
      return Value(e.kind == ExprKind::True);
    case ExprKind::None:
      return Value(NoneValue{});
    case ExprKind::Ellipsis:
      return Value(EllipsisValue{});
    case ExprKind::Tuple:
    case ExprKind::List:
      return evaluateSequence(e);
    case ExprKind::Unary:
      return evaluateUnary(e);
    case ExprKind::Not:
    case ExprKind::And:
    case ExprKind::Or:
      return evaluateLogical(e);
    case ExprKind::Compare:
      return evaluateCompare(e);
    case ExprKind::Conditional:
      return evaluateConditional(e);
    case ExprKind::Attribute:
      return evaluateDotted(e, dotted(id));
    case ExprKind::Call:
      return evaluateCall(e);
    default:
      return errorAt("this stands only inside an index or a call", at(e.span));
    }
  }();
  if (value) {
    value->span = at(e.span);
    if (Status status = checkSequence(*value, e.span); !status)
      return std::move(status.error());
  }
  return value;
}

Expected<Value> Evaluator::evaluateName(const Expr &e) {
  Expected<const Binding *> binding = lookup(e);
  if (!binding)
    return std::move(binding.error());
  std::string_view name = text(e.token);
  if (*binding && !(*binding)->function) {
    storage_.read((*binding)->value, (*binding)->storage);
    return (*binding)->value;
  }
  if (!*binding)
    if (std::optional<Value> value = knownValue(name, false))
      return std::move(*value);
  if (*binding || isFunction(name))
    return errorAt(fmt::format("'{}' is a function: call it, as in {}(x)", name, name), at(e.span));
  if (name == "np" || name == "numpy" || isModule(name))
    return errorAt(fmt::format("'{}' stands only before a dot and a name", name), at(e.span));
  return errorAt(fmt::format("name '{}' is not defined{}", name, hint(name, false)), at(e.span));
}

Expected<Value> Evaluator::evaluateDotted(const Expr &e, const Dotted &dotted) {
  const std::string &name = dotted.name;
  if (std::optional<Value> value = knownValue(name, true); value && dotted.inNumpy)
    return std::move(*value);
  if (isFunction(name) && !(dotted.inNumpy && knownValue(name, false)))
    return errorAt(fmt::format("'{}' is a function: call it, as in {}(x)", name, name), at(e.span));
  std::vector<std::string_view> names;
  appendKnownNames(names);
  std::string nearest = nearestName(name, names) == name ? "" : suggestion(name, names);
  return errorAt(fmt::format("there is no '{}'{}", text(e.span), nearest), at(e.span));
}

Expected<Value> Evaluator::evaluateUnary(const Expr &e) {
  ExprId operand = syntax().childrenOf(e)[0];
  const Expr &inner = expr(operand);
  if (text(e.token) == "-" && inner.kind == ExprKind::Integer && inner.integer == kLowest)
    return Value(INT64_MIN);
  Expected<Value> value = evaluate(operand);
  if (!value)
    return value;
  return unaryOperator(builder_, text(e.token), at(e.token), at(e.span), *value);
}

Expected<bool> Evaluator::truth(const Value &value, Span span, std::string otherwise) {
  if (value.is<TensorValue>())
    return errorAt(std::move(otherwise), span);
  if (const auto *b = value.as<bool>())
    return *b;
  if (const auto *i = value.as<int64_t>())
    return *i != 0;
  if (const auto *d = value.as<double>())
    return *d != 0;
  if (const auto *c = value.as<std::complex<double>>())
    return *c != 0.0;
  if (const auto *s = value.as<std::string>())
    return !s->empty();
  if (const auto *s = value.as<SequenceValue>())
    return !s->items.empty();
  return !value.is<NoneValue>();
}

Expected<Value> Evaluator::evaluateLogical(const Expr &e) {
  const char *word = e.kind == ExprKind::And  ? "and"
                     : e.kind == ExprKind::Or ? "or"
                                              : "not",
             *op = e.kind == ExprKind::And  ? "&"
                   : e.kind == ExprKind::Or ? "|"
                                            : "~";
  std::string message = fmt::format("'{}' needs one truth value, but a tensor's are not known at "
                                    "compile time: use '{}', with parentheses around comparisons",
                                    word, op);
  std::span<const ExprId> operands = syntax().childrenOf(e);
  for (size_t i = 0; i < operands.size(); ++i) {
    Expected<Value> value = evaluate(operands[i]);
    bool isLast = i + 1 == operands.size();
    if (!value || (isLast && e.kind != ExprKind::Not))
      return value;
    Expected<bool> isTrue = truth(*value, value->span, message);
    if (!isTrue)
      return std::move(isTrue.error());
    if (e.kind == ExprKind::Not)
      return Value(!*isTrue);
    if (*isTrue == (e.kind == ExprKind::Or))
      return value;
  }
  return Value(NoneValue{});
}

Expected<Value> Evaluator::evaluateCompare(const Expr &e) {
  std::span<const ExprId> children = syntax().childrenOf(e);
  size_t count = children.size() / 2;
  Expected<Value> left = evaluate(children[0]);
  for (size_t i = 1; left && i <= count; ++i) {
    Span op = expr(children[count + i]).token;
    Expected<Value> right = evaluate(children[i]);
    if (!right)
      return right;
    Expected<Value> result = compare(op, *left, *right);
    if (!result || i == count)
      return result;
    Expected<bool> isTrue = truth(
        *result, at(op),
        "a chained comparison needs one truth value, but a tensor's are not known at compile time: "
        "write (a < b) & (b < c)");
    if (!isTrue)
      return std::move(isTrue.error());
    if (!*isTrue)
      return result;
    left = std::move(right);
  }
  return left;
}

Expected<Value> Evaluator::compare(Span op, const Value &left, const Value &right) {
  std::string_view word = text(op);
  if (word.starts_with("is")) {
    if (!left.is<NoneValue>() && !right.is<NoneValue>())
      return errorAt("'is' compares with None only: use '=='", at(op));
    return Value((left.is<NoneValue>() && right.is<NoneValue>()) == (word == "is"));
  }
  if (word.ends_with("in"))
    return errorAt("'in' is not supported", at(op));
  if (!left.isNumber() || !right.isNumber())
    if (word == "==" || word == "!=")
      if (std::optional<bool> same = sameValue(left, right))
        return Value(*same == (word == "=="));
  return binaryOperator(builder_, word, at(op), {left.span.begin, right.span.end}, left, right);
}

Expected<Value> Evaluator::evaluateConditional(const Expr &e) {
  std::span<const ExprId> parts = syntax().childrenOf(e);
  Expected<Value> condition = evaluate(parts[1]);
  if (!condition)
    return condition;
  Expected<bool> isTrue =
      truth(*condition, condition->span,
            "the condition is a tensor, whose values are not known at compile time: use "
            "where(condition, a, b)");
  if (!isTrue)
    return std::move(isTrue.error());
  return evaluate(*isTrue ? parts[0] : parts[2]);
}

Expected<Value> Evaluator::evaluateSequence(const Expr &e) {
  SequenceValue sequence{{}, e.kind == ExprKind::List};
  for (ExprId id : syntax().childrenOf(e)) {
    Expected<Value> item = evaluate(id);
    if (!item)
      return item;
    sequence.items.push_back(std::move(*item));
  }
  return Value(std::move(sequence));
}

Expected<Value> Evaluator::evaluateSubscript(const Expr &e, const Value &object) {
  std::vector<Value> items;
  for (ExprId id : syntax().childrenOf(e).subspan(1)) {
    Expected<Value> item = evaluateIndex(id);
    if (!item)
      return item;
    items.push_back(std::move(*item));
  }
  // x[(i, j)] is x[i, j].
  if (const auto *tuple = items.size() == 1 ? items[0].as<SequenceValue>() : nullptr;
      tuple && !tuple->isList)
    items = std::vector<Value>(tuple->items);
  return indexInto(builder_, object, items, at(e.span));
}

Expected<Value> Evaluator::evaluateIndex(ExprId id) {
  const Expr &e = expr(id);
  if (e.kind != ExprKind::Slice)
    return evaluate(id);
  SliceValue slice;
  std::span<const ExprId> parts = syntax().childrenOf(e);
  std::optional<int64_t> *bounds[] = {&slice.start, &slice.stop, &slice.step};
  for (size_t i = 0; i < 3; ++i) {
    if (parts[i] == kNoExpr)
      continue;
    Expected<Value> part = evaluate(parts[i]);
    if (!part)
      return part;
    if (const auto *integer = part->as<int64_t>())
      *bounds[i] = *integer;
    else if (const auto *truth = part->as<bool>())
      *bounds[i] = *truth;
    else if (part->is<TensorValue>())
      return errorAt("a slice with bounds that depend on data has no shape known at compile time: "
                     "use integers",
                     part->span);
    else if (!part->is<NoneValue>())
      return errorAt("the bounds and the step of a slice are integers", part->span);
  }
  return Value(slice, at(e.span));
}

} // namespace ricci
