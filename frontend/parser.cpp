//===- parser.cpp - statements to syntax trees ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/parser.h"

#include "frontend/parser_detail.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {
namespace {

constexpr size_t kMaxText = size_t(1) << 24; ///< bytes

class StatementParser : private ExpressionParser {
public:
  StatementParser(Syntax &syntax, Tokens tokens) : ExpressionParser(syntax, std::move(tokens)) {}

  Status parse() {
    while (peek().kind != TokenKind::End)
      if (Status status = statement(syntax.statements); !status)
        return status;
    return success();
  }

private:
  Status statement(std::vector<Statement> &out) {
    const Token &token = peek();
    if (token.kind == TokenKind::Indent)
      return errorAt("this line is indented, but belongs to no 'def'", token.span);
    Status status = isKeyword("def")      ? definition(out)
                    : isKeyword("return") ? returnStatement(out)
                    : token.kind == TokenKind::Keyword && !beginsExpression(token)
                        ? Status(unsupportedStatement(token))
                        : simple(out);
    if (!status || out.back().kind == Statement::Def)
      return status;
    out.back().span.end = previousEnd();
    if (peek().kind != TokenKind::Newline)
      return unexpected("expected the end of the statement");
    advance();
    return success();
  }

  Diagnostic unsupportedStatement(const Token &token) {
    std::string_view word = syntax.text(token.span);
    Diagnostic d = errorAt(fmt::format("'{}' is not a statement here", word), token.span);
    if (word == "import" || word == "from")
      d.notes = {"the functions are known without it, with 'np.' and without"};
    else if (word == "if")
      d.notes = {"use where(condition, a, b)"};
    else if (word == "for" || word == "while")
      d.notes = {"write the operation on whole tensors"};
    return d;
  }

  Status returnStatement(std::vector<Statement> &out) {
    Span span = advance().span;
    if (!current)
      return errorAt("'return' stands outside a 'def': a program ends with its result", span);
    if (peek().kind == TokenKind::Newline)
      return errorAt("'return' without a value: a function here gives one", span);
    Expected<ExprId> value = expressions();
    if (!value)
      return std::move(value.error());
    out.push_back({Statement::Return, span, *value});
    return success();
  }

  Status simple(std::vector<Statement> &out) {
    Statement s{Statement::Expression, peek().span};
    for (;;) {
      Expected<ExprId> value = expressions();
      if (!value)
        return std::move(value.error());
      s.value = *value;
      if (!isOperator("="))
        break;
      Span equals = advance().span;
      if (Status status = target(*value, equals); !status)
        return status;
      s.kind = Statement::Assign;
      s.targets.push_back(*value);
    }
    if (isOperator(":"))
      return errorAt("annotations are not supported", peek().span);
    if (peek().kind == TokenKind::Operator && isAugmented(syntax.text(peek().span))) {
      if (s.kind == Statement::Assign)
        return unexpected("expected the end of the statement");
      s.kind = Statement::Augmented;
      s.op = advance().span;
      --s.op.end;
      ExprKind kind = syntax.exprs[s.value].kind;
      if (kind == ExprKind::Tuple || kind == ExprKind::List)
        return errorAt("this assignment takes one name on the left", syntax.exprs[s.value].span);
      if (Status status = target(s.value, s.op); !status)
        return status;
      s.targets.push_back(s.value);
      Expected<ExprId> value = expressions();
      if (!value)
        return std::move(value.error());
      s.value = *value;
    }
    out.push_back(std::move(s));
    return success();
  }

  static bool isAugmented(std::string_view op) {
    return op.size() >= 2 && op.back() == '=' && op != "==" && op != "!=" && op != "<=" &&
           op != ">=" && op != ":=";
  }

  /// Checks what stands left of an "=" and notes the names.
  Status target(ExprId id, Span equals, bool inside = false) {
    const Expr e = syntax.exprs[id];
    switch (e.kind) {
    case ExprKind::Name:
      if (current)
        current->locals.push_back(syntax.text(e.token));
      return success();
    case ExprKind::Tuple:
    case ExprKind::List:
      if (inside)
        return errorAt("nested targets are not supported: take the values apart in two statements",
                       e.span);
      for (uint32_t i = 0; i < e.numChildren; ++i)
        if (Status status = target(syntax.children[e.firstChild + i], equals, true); !status)
          return status;
      return success();
    case ExprKind::Subscript:
      return errorAt("tensors are values: no assignment to a part; use where or concatenate",
                     e.span);
    case ExprKind::Attribute:
      return errorAt("tensors are values: no assignment to an attribute", e.span);
    default:
      return errorAt("only names can be assigned to", e.span);
    }
  }

  Status definition(std::vector<Statement> &out) {
    Span begin = advance().span;
    if (current)
      return errorAt("a 'def' inside a 'def' is not supported: put it before", begin);
    Definition def;
    current = &def;
    Status status = definitionRest(def);
    current = nullptr;
    if (!status)
      return status;
    std::sort(def.locals.begin(), def.locals.end());
    def.locals.erase(std::unique(def.locals.begin(), def.locals.end()), def.locals.end());
    auto returns = [](const Statement &s) { return s.kind == Statement::Return; };
    if (std::none_of(def.body.begin(), def.body.end(), returns))
      return errorAt(
          fmt::format("'{}' gives no value: end it with 'return …'", syntax.text(def.name)),
          def.name);
    Statement s{Statement::Def, {begin.begin, previousEnd()}};
    s.definition = uint32_t(syntax.definitions.size());
    out.push_back(std::move(s));
    syntax.definitions.push_back(std::move(def));
    return success();
  }

  Status definitionRest(Definition &def) {
    if (peek().kind != TokenKind::Name)
      return unexpected("expected the function's name after 'def'");
    def.name = advance().span;
    if (Status status = expect("(", "after the function's name"); !status)
      return status;
    if (Status status = parameters(def); !status)
      return status;
    if (isOperator("->"))
      return errorAt("annotations are not supported", peek().span);
    if (Status status = expect(":", "before the function's body"); !status)
      return status;
    if (peek().kind != TokenKind::Newline) {
      // One line: every statement on it belongs to the body.
      do {
        if (peek().kind == TokenKind::End)
          return unexpected("expected the function's body");
        if (isKeyword("def"))
          return errorAt("a 'def' inside a 'def' is not supported: put it before", peek().span);
        if (Status status = statement(def.body); !status)
          return status;
      } while (lineGoesOn());
      return success();
    }
    advance();
    if (peek().kind != TokenKind::Indent)
      return errorAt(fmt::format("expected the indented body of '{}'", syntax.text(def.name)),
                     peek().span);
    advance();
    while (peek().kind != TokenKind::Dedent && peek().kind != TokenKind::End)
      if (Status status = statement(def.body); !status)
        return status;
    if (peek().kind == TokenKind::Dedent)
      advance();
    return success();
  }

  Status parameters(Definition &def) {
    bool hasDefault = false;
    while (!isOperator(")")) {
      if (isOperator("*") || isOperator("**") || isOperator("/"))
        return errorAt("only plain parameters are supported: 'name' and 'name=default'",
                       peek().span);
      if (peek().kind != TokenKind::Name)
        return unexpected("expected a parameter's name or ')'");
      Definition::Parameter parameter{advance().span};
      std::string_view name = syntax.text(parameter.name);
      if (std::find(def.locals.begin(), def.locals.end(), name) != def.locals.end())
        return errorAt(fmt::format("two parameters are called '{}'", name), parameter.name);
      def.locals.push_back(name);
      if (isOperator(":"))
        return errorAt("annotations are not supported", peek().span);
      if (isOperator("=")) {
        advance();
        Expected<ExprId> value = expression();
        if (!value)
          return std::move(value.error());
        parameter.defaultValue = *value;
        hasDefault = true;
      } else if (hasDefault) {
        return errorAt(fmt::format("'{}' has no default, but a parameter before it has", name),
                       parameter.name);
      }
      def.parameters.push_back(parameter);
      if (!isOperator(","))
        break;
      advance();
    }
    return expect(")", "after the parameters");
  }

  Definition *current = nullptr; ///< whose body is read
};

} // namespace

Expected<std::unique_ptr<const Syntax>> parseSyntax(std::string text) {
  if (text.size() > kMaxText)
    return inputError(fmt::format("the program is longer than {} MiB", kMaxText >> 20));
  auto syntax = std::make_unique<Syntax>();
  syntax->source = std::move(text);
  Expected<Tokens> tokens = tokenize(syntax->source);
  if (!tokens)
    return std::move(tokens.error());
  syntax->strings = std::move(tokens->strings);
  if (Status status = StatementParser(*syntax, std::move(*tokens)).parse(); !status) {
    status.error().source = std::move(syntax->source);
    return std::move(status.error());
  }
  return std::unique_ptr<const Syntax>(std::move(syntax));
}

} // namespace ricci
