//===- evaluator.h - syntax trees to typed programs ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a program at compile time: every expression has a value (value.h), and tensors are nodes
// that the functions of functions.h add to the program. A call of a `def` runs its body.
//
// What may recurse is bounded by kMaxDepth, what may repeat by kMaxSteps: text of any kind ends
// with a program or an error. Chains of operators, calls, attributes and subscripts are walked in a
// loop.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/functions.h"
#include "frontend/storage.h"
#include "frontend/syntax.h"

#include <deque>
#include <unordered_map>

namespace ricci {

class Evaluator {
public:
  Evaluator(const Syntax &syntax, ProgramBuilder &builder);

  /// Before `run`: a name that the program knows from outside.
  void define(std::string_view name, TensorValue value);
  /// Runs all statements and sets the builder's results.
  Status run();

private:
  struct DefinedFunction;
  struct Binding {
    Value value;
    const DefinedFunction *function = nullptr; ///< where it is no value
    StorageId storage = kNoStorage;
  };
  using Scope = std::unordered_map<std::string_view, Binding>;
  /// A text and its top-level names.
  struct Unit {
    const Syntax *syntax;
    Scope globals;
    bool isPrelude = false;
  };
  struct DefinedFunction {
    Unit *unit;
    const Definition *definition;
    std::vector<std::optional<Binding>> defaults; ///< by parameter
  };
  /// What runs: the top level of a unit or a function's body.
  struct Frame {
    Unit *unit;
    const Definition *definition = nullptr;
    Scope locals;
  };
  /// An argument and the memory that it lies in.
  struct BoundArgument {
    Argument argument;
    StorageId storage;
  };

  /// The name that a chain of names and dots has when its first name is not bound: "exp" for
  /// "np.exp", "linalg.svd" for "np.linalg.svd" and "linalg.svd". Empty for everything else.
  struct Dotted {
    std::string name;
    bool inNumpy = false;
  };

  // Statements (evaluator_statements.cpp).
  /// Whether it was a `return`.
  Expected<bool> execute(const Statement &statement, Value &returned);
  bool copies(const Expr &e) const;
  Status assign(ExprId target, const Value &value, size_t mark);
  Status augment(const Statement &statement);
  Expected<Value> augmentTensor(const Statement &statement, const Binding &old, const Value &right);
  Status define(const Statement &statement);
  Status setResults(Value value);
  Expected<int> resultNode(const Value &value);

  // Names.
  void bind(Scope &scope, std::string_view name, Binding binding);
  Scope &scope() { return frame_->definition ? frame_->locals : frame_->unit->globals; }
  Expected<const Binding *> lookup(const Expr &name);
  /// Null where the name means nothing but to functions.h and names.h.
  const Binding *find(std::string_view name) const;
  bool isLocal(std::string_view name) const;
  /// "; did you mean 'softmax'?", or nothing.
  std::string hint(std::string_view name, bool function) const;

  // Expressions (evaluator_expressions.cpp).
  Expected<Value> evaluate(ExprId id);
  Expected<Value> evaluateHead(ExprId id);
  Expected<Value> evaluateStep(const Expr &e, const Value &left);
  Expected<Value> evaluateName(const Expr &e);
  Expected<Value> evaluateDotted(const Expr &e, const Dotted &dotted);
  Expected<Value> evaluateUnary(const Expr &e);
  Expected<Value> evaluateLogical(const Expr &e);
  Expected<Value> evaluateCompare(const Expr &e);
  Expected<Value> compare(Span op, const Value &left, const Value &right);
  Expected<Value> evaluateConditional(const Expr &e);
  Expected<Value> evaluateSequence(const Expr &e);
  Expected<Value> evaluateSubscript(const Expr &e, const Value &object);
  Expected<Value> evaluateIndex(ExprId id);
  /// Whether a compile-time value counts as true; `otherwise` is the message for a tensor.
  Expected<bool> truth(const Value &value, Span span, std::string otherwise);

  // Calls (evaluator_calls.cpp).
  Expected<Value> evaluateCall(const Expr &e);
  Expected<Value> evaluateMethod(const Expr &e, const Value &object);
  Expected<Value> callNamed(const Expr &e, std::string_view name, bool inNumpy);
  Expected<std::vector<BoundArgument>> evaluateArguments(const Expr &call);
  Expected<std::vector<Argument>> plainArguments(const Expr &call);
  Expected<Value> callDefined(const DefinedFunction &function, const Expr &call);
  Status bindArguments(const DefinedFunction &function, const Expr &call,
                       std::vector<BoundArgument> arguments, Scope &locals);
  Expected<Value> runBody(const DefinedFunction &function);

  /// The operand that is walked in a loop, or kNoExpr.
  ExprId leftOperand(const Expr &e) const;
  Dotted dotted(ExprId id) const;

  const Expr &expr(ExprId id) const { return syntax().exprs[id]; }
  const Syntax &syntax() const { return *frame_->unit->syntax; }
  std::string_view text(Span span) const { return syntax().text(span); }
  /// Where a message about a place in the running text points: inside the prelude, at the call.
  Span at(Span span) const { return frame_->unit->isPrelude ? preludeCall_ : span; }
  Diagnostic errorAt(std::string message, Span span) const;
  /// Counts work; an error when there is too much.
  Status charge(size_t steps, Span span);
  /// Charges for a sequence's items, and refuses one that is nested too deep.
  Status checkSequence(const Value &value, Span span);

  ProgramBuilder &builder_;
  Unit user_, prelude_;
  Frame top_;
  Frame *frame_;
  std::deque<DefinedFunction> functions_;
  std::vector<const DefinedFunction *> active_;
  std::vector<ExprId> spine_;
  Storage storage_;
  Span preludeCall_;
  size_t steps_ = 0;
  int depth_ = 0;
};

} // namespace ricci
