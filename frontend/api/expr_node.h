//===- expr_node.h - what an Expr holds ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/expr.h"

namespace ricci {

/// How the text of a node is put together.
enum class Form : uint8_t {
  Tensor,    ///< a name that is made for it
  Input,     ///< its name
  Closed,    ///< a literal, a call, brackets: never needs parentheses
  Operation, ///< an operator: needs parentheses inside others, and so do operations inside it
  Postfix,   ///< an index or a method: child 0 may need parentheses
};

/// The text is pieces[0], child 0, pieces[1], child 1, … : one piece more than children.
struct Expr::Node {
  ~Node();

  Form form = Form::Closed;
  std::vector<std::string> pieces;
  std::vector<Expr> children;
  Tensor tensor;       ///< Form::Tensor
  Parameter parameter; ///< Form::Input
};

} // namespace ricci
