//===- syntax_text.h - syntax trees as text, for tests --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/parser.h"

#include <fmt/format.h>

namespace ricci::test {

/// "a + b * -c" is "(+ a (* b (- c)))": what Python's ast gives for the text, in parentheses.
class SyntaxText {
public:
  explicit SyntaxText(const Syntax &syntax) : syntax(syntax) {}

  std::string all() const { return statements(syntax.statements); }

private:
  std::string statements(const std::vector<Statement> &list) const {
    std::string out;
    for (const Statement &s : list)
      out += (out.empty() ? "" : "; ") + statement(s);
    return out;
  }

  std::string statement(const Statement &s) const {
    switch (s.kind) {
    case Statement::Expression:
      return expr(s.value);
    case Statement::Return:
      return "(return " + expr(s.value) + ")";
    case Statement::Augmented:
      return fmt::format("({}= {} {})", syntax.text(s.op), expr(s.targets[0]), expr(s.value));
    case Statement::Assign: {
      std::string out = "(=";
      for (ExprId target : s.targets)
        out += " " + expr(target);
      return out + " " + expr(s.value) + ")";
    }
    case Statement::Def:
      break;
    }
    const Definition &def = syntax.definitions[s.definition];
    std::string out = fmt::format("(def {} (", syntax.text(def.name));
    for (size_t i = 0; i < def.parameters.size(); ++i) {
      const Definition::Parameter &p = def.parameters[i];
      out += fmt::format("{}{}", i ? " " : "", syntax.text(p.name));
      if (p.defaultValue != kNoExpr)
        out += "=" + expr(p.defaultValue);
    }
    return out + ") " + statements(def.body) + ")";
  }

  std::string node(std::string_view head, std::span<const ExprId> children) const {
    std::string out = fmt::format("({}", head);
    for (ExprId child : children)
      out += " " + expr(child);
    return out + ")";
  }

  std::string expr(ExprId id) const {
    if (id == kNoExpr)
      return "_";
    const Expr &e = syntax.exprs[id];
    std::span<const ExprId> children = syntax.childrenOf(e);
    std::string_view token = syntax.text(e.token);
    switch (e.kind) {
    case ExprKind::Name:
      return std::string(token);
    case ExprKind::Integer:
      return std::to_string(e.integer);
    case ExprKind::Float:
      return fmt::format("f{:.17g}", e.number);
    case ExprKind::Imaginary:
      return fmt::format("j{:.17g}", e.number);
    case ExprKind::String:
      return "'" + syntax.strings[e.integer] + "'";
    case ExprKind::True:
      return "True";
    case ExprKind::False:
      return "False";
    case ExprKind::None:
      return "None";
    case ExprKind::Ellipsis:
      return "...";
    case ExprKind::Tuple:
      return node("tuple", children);
    case ExprKind::List:
      return node("list", children);
    case ExprKind::Unary:
    case ExprKind::Binary:
      return node(token, children);
    case ExprKind::Not:
      return node("not", children);
    case ExprKind::And:
      return node("and", children);
    case ExprKind::Or:
      return node("or", children);
    case ExprKind::Compare: {
      size_t count = children.size() / 2;
      std::string out = "(cmp " + expr(children[0]);
      for (size_t i = 1; i <= count; ++i)
        out += " " + expr(children[count + i]) + " " + expr(children[i]);
      return out + ")";
    }
    case ExprKind::Conditional:
      return node("if", children);
    case ExprKind::Call:
      return node("call", children);
    case ExprKind::Keyword:
      return fmt::format("{}={}", token, expr(children[0]));
    case ExprKind::Attribute:
      return fmt::format("(. {} {})", expr(children[0]), token);
    case ExprKind::Subscript:
      return children.size() == 2
                 ? node("[]", children)
                 : fmt::format("([] {} {})", expr(children[0]), node("tuple", children.subspan(1)));
    case ExprKind::Slice:
      return node("slice", children);
    }
    return "";
  }

  const Syntax &syntax;
};

/// The tree as text, or the rendered error.
inline std::string syntaxOf(std::string_view text) {
  auto syntax = parseSyntax(std::string(text));
  return syntax ? SyntaxText(**syntax).all() : syntax.error().render();
}

} // namespace ricci::test
