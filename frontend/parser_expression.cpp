//===- parser_expression.cpp - expressions to syntax trees ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/parser.h"
#include "frontend/parser_detail.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ricci {
namespace {

/// Python's levels of binary operators, from the loosest. Prefix operators and `**` are above.
enum Precedence { kOr = 1, kAnd, kNot, kCompare, kBitOr, kBitXor, kBitAnd, kShift, kSum, kProduct };

struct OperatorRow {
  std::string_view token;
  int precedence;
};
constexpr OperatorRow kOperators[] = {
    {"==", kCompare}, {"!=", kCompare}, {"<", kCompare}, {"<=", kCompare}, {">", kCompare},
    {">=", kCompare}, {"|", kBitOr},    {"^", kBitXor},  {"&", kBitAnd},   {"<<", kShift},
    {">>", kShift},   {"+", kSum},      {"-", kSum},     {"*", kProduct},  {"/", kProduct},
    {"//", kProduct}, {"%", kProduct},  {"@", kProduct}};

} // namespace

Diagnostic ExpressionParser::errorAt(std::string message, Span span) {
  Diagnostic d = inputError(std::move(message));
  d.spans = {span};
  return d;
}

Diagnostic ExpressionParser::unexpected(std::string_view expected) const {
  const Token &token = peek();
  if (isKeyword("for") || isKeyword("async"))
    return errorAt("comprehensions are not supported: write the operation on whole tensors",
                   token.span);
  if (isOperator(":="))
    return errorAt("':=' is not supported: assign in a statement of its own", token.span);
  if (token.kind == TokenKind::End || token.kind == TokenKind::Dedent ||
      (token.kind == TokenKind::Newline && peek(1).kind == TokenKind::End))
    return errorAt(fmt::format("{} at the end of the program", expected), token.span);
  if (token.kind == TokenKind::Newline)
    return errorAt(fmt::format("{} before the end of the {}", expected,
                               token.span.end > token.span.begin ? "statement" : "line"),
                   token.span);
  return errorAt(fmt::format("{}, not '{}'", expected, elide(syntax.text(token.span), 40)),
                 token.span);
}

Diagnostic ExpressionParser::tooDeep() const {
  return errorAt(fmt::format("the expression is nested more than {} levels deep", kMaxNesting),
                 peek().span);
}

Status ExpressionParser::expect(std::string_view op, std::string_view where) {
  if (!isOperator(op))
    return unexpected(fmt::format("expected '{}' {}", op, where));
  advance();
  return success();
}

bool ExpressionParser::lineGoesOn() const {
  const Token &next = peek();
  return at && tokens[at - 1].kind == TokenKind::Newline &&
         syntax.text(tokens[at - 1].span) == ";" && !next.startsLine &&
         next.kind < TokenKind::Indent;
}

bool ExpressionParser::beginsExpression(const Token &token) const {
  std::string_view word = syntax.text(token.span);
  return word == "True" || word == "False" || word == "None" || word == "not" || word == "lambda";
}

ExprId ExpressionParser::add(ExprKind kind, Span span, std::span<const ExprId> children,
                             Span token) {
  Expr e{kind, uint32_t(syntax.children.size()), uint32_t(children.size()), span, token};
  syntax.children.insert(syntax.children.end(), children.begin(), children.end());
  syntax.exprs.push_back(e);
  return ExprId(syntax.exprs.size() - 1);
}

ExprId ExpressionParser::leaf(ExprKind kind) {
  const Token &token = advance();
  ExprId id = add(kind, token.span, {}, token.span);
  syntax.exprs[id].integer = token.integer;
  syntax.exprs[id].number = token.number;
  return id;
}

Expected<ExprId> ExpressionParser::expressions() {
  Expected<ExprId> first = expression();
  if (!first || !isOperator(","))
    return first;
  std::vector<ExprId> items = {*first};
  while (isOperator(",")) {
    advance();
    if (peek().kind == TokenKind::Newline || isOperator("="))
      break;
    Expected<ExprId> item = expression();
    if (!item)
      return item;
    items.push_back(*item);
  }
  return add(ExprKind::Tuple, from(*first), items);
}

// a if condition else b; everything else is binary().
Expected<ExprId> ExpressionParser::expression() {
  Nesting nesting(depth);
  if (depth > kMaxNesting + 1)
    return tooDeep();
  if (isOperator("*") || isOperator("**"))
    return errorAt(fmt::format("'{}' before a value is not supported: write the values one by one",
                               syntax.text(peek().span)),
                   peek().span);
  Expected<ExprId> first = binary(kOr);
  if (!first || !isKeyword("if"))
    return first;
  advance();
  Expected<ExprId> condition = binary(kOr);
  if (!condition)
    return condition;
  if (!isKeyword("else"))
    return unexpected("expected 'else' of the conditional expression");
  advance();
  Expected<ExprId> otherwise = expression();
  if (!otherwise)
    return otherwise;
  return add(ExprKind::Conditional, from(*first),
             std::array<ExprId, 3>{*first, *condition, *otherwise});
}

int ExpressionParser::nextOperator(size_t &count) const {
  count = 1;
  const Token &token = peek();
  std::string_view text = syntax.text(token.span);
  if (token.kind == TokenKind::Keyword) {
    if (text == "or")
      return kOr;
    if (text == "and")
      return kAnd;
    if (text == "in")
      return kCompare;
    if (text == "is") {
      count = isKeyword("not", 1) ? 2 : 1;
      return kCompare;
    }
    if (text == "not" && isKeyword("in", 1)) {
      count = 2;
      return kCompare;
    }
  }
  if (token.kind == TokenKind::Operator)
    for (const OperatorRow &row : kOperators)
      if (row.token == text)
        return row.precedence;
  return 0;
}

Expected<ExprId> ExpressionParser::binary(int least) {
  Expected<ExprId> left = kNoExpr;
  if (isKeyword("not") && least <= kNot) {
    Nesting nesting(depth);
    if (depth > kMaxNesting + 1)
      return tooDeep();
    Span token = advance().span;
    left = binary(kNot);
    if (left)
      left = add(ExprKind::Not, {token.begin, previousEnd()}, std::array<ExprId, 1>{*left}, token);
  } else {
    left = unary();
  }
  while (left) {
    size_t count;
    int precedence = nextOperator(count);
    if (precedence == 0 || precedence < least)
      break;
    if (precedence <= kAnd) {
      left = logical(*left, precedence);
    } else if (precedence == kCompare) {
      left = comparison(*left);
    } else {
      Span token = advance().span;
      Expected<ExprId> right = binary(precedence + 1);
      if (!right)
        return right;
      left = add(ExprKind::Binary, from(*left), std::array<ExprId, 2>{*left, *right}, token);
    }
  }
  return left;
}

Expected<ExprId> ExpressionParser::logical(ExprId first, int precedence) {
  std::vector<ExprId> operands = {first};
  for (size_t count; nextOperator(count) == precedence;) {
    advance();
    Expected<ExprId> operand = binary(precedence + 1);
    if (!operand)
      return operand;
    operands.push_back(*operand);
  }
  return add(precedence == kOr ? ExprKind::Or : ExprKind::And, from(first), operands);
}

Expected<ExprId> ExpressionParser::comparison(ExprId first) {
  std::vector<ExprId> operands = {first}, operators;
  for (size_t count; nextOperator(count) == kCompare;) {
    Span token = advance().span;
    if (count == 2)
      token.end = advance().span.end;
    operators.push_back(add(ExprKind::Name, token, {}, token));
    Expected<ExprId> operand = binary(kCompare + 1);
    if (!operand)
      return operand;
    operands.push_back(*operand);
  }
  operands.insert(operands.end(), operators.begin(), operators.end());
  return add(ExprKind::Compare, from(first), operands);
}

Expected<ExprId> ExpressionParser::unary() {
  if (!isOperator("-") && !isOperator("+") && !isOperator("~"))
    return power();
  Nesting nesting(depth);
  if (depth > kMaxNesting + 1)
    return tooDeep();
  Span token = advance().span;
  Expected<ExprId> operand = unary();
  if (!operand)
    return operand;
  return add(ExprKind::Unary, {token.begin, previousEnd()}, std::array<ExprId, 1>{*operand}, token);
}

Expected<ExprId> ExpressionParser::power() {
  Expected<ExprId> base = postfix();
  if (!base || !isOperator("**"))
    return base;
  Nesting nesting(depth);
  if (depth > kMaxNesting + 1)
    return tooDeep();
  Span token = advance().span;
  Expected<ExprId> exponent = unary();
  if (!exponent)
    return exponent;
  return add(ExprKind::Binary, from(*base), std::array<ExprId, 2>{*base, *exponent}, token);
}

Expected<ExprId> ExpressionParser::postfix() {
  Expected<ExprId> left = atom();
  while (left) {
    if (isOperator("(")) {
      left = call(*left);
    } else if (isOperator("[")) {
      left = subscript(*left);
    } else if (isOperator(".")) {
      advance();
      if (peek().kind != TokenKind::Name)
        return unexpected("expected a name after '.'");
      Span token = advance().span;
      left = add(ExprKind::Attribute, from(*left), std::array<ExprId, 1>{*left}, token);
    } else {
      break;
    }
  }
  return left;
}

Expected<ExprId> ExpressionParser::atom() {
  const Token &token = peek();
  switch (token.kind) {
  case TokenKind::Name:
    return leaf(ExprKind::Name);
  case TokenKind::Integer:
    return leaf(ExprKind::Integer);
  case TokenKind::Float:
    return leaf(ExprKind::Float);
  case TokenKind::Imaginary:
    return leaf(ExprKind::Imaginary);
  case TokenKind::String:
    return leaf(ExprKind::String);
  default:
    break;
  }
  if (isKeyword("True"))
    return leaf(ExprKind::True);
  if (isKeyword("False"))
    return leaf(ExprKind::False);
  if (isKeyword("None"))
    return leaf(ExprKind::None);
  if (isOperator("..."))
    return leaf(ExprKind::Ellipsis);
  if (isOperator("("))
    return parenthesized();
  if (isOperator("["))
    return list();
  if (isOperator("{"))
    return errorAt("sets and dictionaries are not supported", token.span);
  if (isKeyword("lambda"))
    return errorAt("'lambda' is not supported: use 'def'", token.span);
  if (isKeyword("not"))
    return errorAt("'not' binds too loosely to stand here: put it into parentheses", token.span);
  return unexpected("expected an expression");
}

Expected<bool> ExpressionParser::elements(std::string_view close, std::vector<ExprId> &out) {
  bool comma = false;
  while (!isOperator(close)) {
    Expected<ExprId> item = expression();
    if (!item)
      return std::move(item.error());
    out.push_back(*item);
    if (!isOperator(","))
      break;
    comma = true;
    advance();
  }
  if (!isOperator(close))
    return unexpected(fmt::format("expected ',' or '{}'", close));
  advance();
  return comma;
}

Expected<ExprId> ExpressionParser::parenthesized() {
  Span open = advance().span;
  std::vector<ExprId> items;
  Expected<bool> comma = elements(")", items);
  if (!comma)
    return std::move(comma.error());
  Span span{open.begin, previousEnd()};
  if (*comma || items.empty())
    return add(ExprKind::Tuple, span, items);
  syntax.exprs[items[0]].span = span;
  return items[0];
}

Expected<ExprId> ExpressionParser::list() {
  Span open = advance().span;
  std::vector<ExprId> items;
  Expected<bool> comma = elements("]", items);
  if (!comma)
    return std::move(comma.error());
  return add(ExprKind::List, {open.begin, previousEnd()}, items);
}

Expected<ExprId> ExpressionParser::call(ExprId callee) {
  advance();
  std::vector<ExprId> children = {callee};
  bool keywords = false;
  while (!isOperator(")")) {
    Expected<ExprId> item = argument(keywords);
    if (!item)
      return item;
    children.push_back(*item);
    if (!isOperator(","))
      break;
    advance();
  }
  if (!isOperator(")"))
    return unexpected("expected ',' or ')'");
  advance();
  return add(ExprKind::Call, from(callee), children);
}

Expected<ExprId> ExpressionParser::argument(bool &keywords) {
  Span span = peek().span;
  if (peek().kind == TokenKind::Name && isOperator("=", 1)) {
    keywords = true;
    Span name = advance().span;
    advance();
    Expected<ExprId> value = expression();
    if (!value)
      return value;
    return add(ExprKind::Keyword, {name.begin, previousEnd()}, std::array<ExprId, 1>{*value}, name);
  }
  Expected<ExprId> value = expression();
  if (!value)
    return value;
  if (isOperator("="))
    return errorAt("expected a parameter's name before '='", span);
  if (keywords)
    return errorAt("an argument by position stands after one by keyword", spanOf(*value));
  return value;
}

Expected<ExprId> ExpressionParser::subscript(ExprId object) {
  advance();
  std::vector<ExprId> children = {object};
  bool comma = false;
  do {
    if (comma && isOperator("]"))
      break;
    Expected<ExprId> item = subscriptItem();
    if (!item)
      return item;
    children.push_back(*item);
    comma = isOperator(",");
    if (comma)
      advance();
  } while (comma);
  if (!isOperator("]"))
    return unexpected("expected ',' or ']'");
  // x[1,] has the tuple (1,) as its index.
  ExprId last = children.back();
  if (comma && children.size() == 2 && syntax.exprs[last].kind != ExprKind::Slice)
    children[1] = add(ExprKind::Tuple, from(last), std::array<ExprId, 1>{last});
  advance();
  return add(ExprKind::Subscript, from(object), children);
}

Expected<ExprId> ExpressionParser::subscriptItem() {
  size_t begin = peek().span.begin;
  std::array<ExprId, 3> parts = {kNoExpr, kNoExpr, kNoExpr};
  auto partFollows = [&] { return !isOperator(":") && !isOperator(",") && !isOperator("]"); };
  size_t colons = 0;
  for (;; ++colons) {
    if (partFollows() || (colons == 0 && !isOperator(":"))) {
      Expected<ExprId> part = expression();
      if (!part)
        return part;
      parts[colons] = *part;
    }
    if (colons == 2 || !isOperator(":"))
      break;
    advance();
  }
  if (colons == 0)
    return parts[0];
  return add(ExprKind::Slice, {begin, previousEnd()}, parts);
}

} // namespace ricci
