//===- syntax.h - syntax trees of programs ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expressions lie in one list and name their operands by index, so a tree of any depth is built and
// destroyed without recursion.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

using ExprId = uint32_t;
inline constexpr ExprId kNoExpr = UINT32_MAX;

enum class ExprKind : uint8_t {
  Name,      ///< `token`
  Integer,   ///< `integer`
  Float,     ///< `number`
  Imaginary, ///< `number`
  String,    ///< `integer`: index into Syntax::strings
  True,
  False,
  None,
  Ellipsis,
  Tuple,
  List,
  Unary,  ///< `token`: - + ~
  Not,    ///< `token`: not
  Binary, ///< `token`: the operator
  And,    ///< two or more operands
  Or,
  /// a < b <= c: the operands, then one Name for each operator, whose `token` it is.
  Compare,
  Conditional, ///< then, condition, else: in the order of the text
  Call,        ///< the callee, then the arguments
  Keyword,     ///< an argument by keyword `token`
  Attribute,   ///< `token`: the name
  Subscript,   ///< the object, then the items between the commas
  Slice,       ///< start, stop, step; kNoExpr where left out
};

struct Expr {
  ExprKind kind;
  uint32_t firstChild = 0, numChildren = 0; ///< in Syntax::children
  Span span, token;
  uint64_t integer = 0;
  double number = 0;
};

struct Statement {
  enum Kind : uint8_t { Expression, Assign, Augmented, Def, Return };
  Kind kind;
  Span span;
  ExprId value = kNoExpr;
  /// Assign: Names, Tuples and Lists of Names, one for each "=". Augmented: one Name.
  std::vector<ExprId> targets;
  Span op;                 ///< Augmented: the operator without its "="
  uint32_t definition = 0; ///< Def: index into Syntax::definitions
};

struct Definition {
  struct Parameter {
    Span name;
    ExprId defaultValue = kNoExpr;
  };
  Span name;
  std::vector<Parameter> parameters;
  std::vector<Statement> body;          ///< has a Return
  std::vector<std::string_view> locals; ///< parameters and assigned names, sorted
};

struct Syntax {
  std::string source;
  std::vector<Expr> exprs;
  std::vector<ExprId> children;
  std::vector<std::string> strings;
  std::vector<Statement> statements;
  std::vector<Definition> definitions;

  Syntax() = default;
  Syntax(const Syntax &) = delete; // `locals` point into the source
  Syntax &operator=(const Syntax &) = delete;

  std::string_view text(Span span) const {
    return std::string_view(source).substr(span.begin, span.end - span.begin);
  }
  std::span<const ExprId> childrenOf(const Expr &e) const {
    return std::span(children).subspan(e.firstChild, e.numChildren);
  }
};

} // namespace ricci
