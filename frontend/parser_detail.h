//===- parser_detail.h - expressions to syntax trees ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Inside the parser.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/lexer.h"
#include "frontend/syntax.h"

#include <algorithm>
#include <array>

namespace ricci {

/// Reads expressions by precedence climbing. Chains of one precedence grow to the left in a loop;
/// everything that recurses counts against kMaxNesting.
class ExpressionParser {
protected:
  ExpressionParser(Syntax &syntax, Tokens tokens)
      : syntax(syntax), tokens(std::move(tokens.tokens)) {}

  /// One expression; several with commas between them are a tuple.
  Expected<ExprId> expression();
  Expected<ExprId> expressions();

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  const Token &advance() { return tokens[at < tokens.size() - 1 ? at++ : at]; }
  size_t previousEnd() const { return at ? tokens[at - 1].span.end : 0; }
  /// Whether the last token was a ';' and more of its line follows.
  bool lineGoesOn() const;
  bool isOperator(std::string_view op, size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::Operator && syntax.text(peek(ahead).span) == op;
  }
  bool isKeyword(std::string_view word, size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::Keyword && syntax.text(peek(ahead).span) == word;
  }
  bool beginsExpression(const Token &token) const;
  Status expect(std::string_view op, std::string_view where);

  static Diagnostic errorAt(std::string message, Span span);
  /// "expected …, not 'x'" at the next token.
  Diagnostic unexpected(std::string_view expected) const;

  Syntax &syntax;

private:
  struct Nesting {
    explicit Nesting(int &depth) : depth(depth) { ++depth; }
    ~Nesting() { --depth; }
    int &depth;
  };
  Diagnostic tooDeep() const;

  Expected<ExprId> binary(int least);
  Expected<ExprId> comparison(ExprId first);
  Expected<ExprId> logical(ExprId first, int precedence);
  Expected<ExprId> unary();
  Expected<ExprId> power();
  Expected<ExprId> postfix();
  Expected<ExprId> atom();
  Expected<ExprId> parenthesized();
  Expected<ExprId> list();
  Expected<ExprId> call(ExprId callee);
  Expected<ExprId> argument(bool &keywords);
  Expected<ExprId> subscript(ExprId object);
  Expected<ExprId> subscriptItem();
  /// Elements up to the closing bracket, which it takes; whether there was a comma.
  Expected<bool> elements(std::string_view close, std::vector<ExprId> &out);
  /// The precedence of the operator that comes next, 0 where none does; its tokens.
  int nextOperator(size_t &count) const;

  ExprId add(ExprKind kind, Span span, std::span<const ExprId> children = {}, Span token = {});
  ExprId leaf(ExprKind kind);
  Span spanOf(ExprId id) const { return syntax.exprs[id].span; }
  Span from(ExprId first) const { return {spanOf(first).begin, previousEnd()}; }

  std::vector<Token> tokens;
  size_t at = 0;
  int depth = 0;
};

} // namespace ricci
