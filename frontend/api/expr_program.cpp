//===- expr_program.cpp - expressions to the text of a program -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The text goes the way of every program, so an expression can mean nothing else than what is
// written. A part that is used several times, or that would nest too deeply, gets a line and a name
// of its own: text and nesting stay small for expressions of any size.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/expr_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace ricci {
namespace {

using Node = Expr::Node;

/// Operations that nest in one line.
constexpr int kMaxDepth = 16;

struct Written {
  std::string text;
  std::vector<Parameter> inputs;    ///< in order of first appearance
  std::vector<NamedTensor> tensors; ///< that the expressions hold
};

class ProgramWriter {
public:
  Expected<Written> write(const std::vector<Expr> &expressions) {
    for (const Expr &expression : expressions)
      collect(*expression.node());
    for (const Node *node : order_)
      if (Status s = nameLeaf(*node); !s)
        return std::move(s.error());
    chooseLines();
    for (const Node *node : order_)
      if (lines_.count(node)) {
        std::string text = textOf(*node);
        names_[node] = unusedName("t", lineCount_);
        written_.text += fmt::format("{} = {}\n", names_[node], text);
      }
    std::string last;
    for (const Expr &expression : expressions)
      last += (last.empty() ? "" : ", ") + shown(*expression.node());
    written_.text += last;
    return std::move(written_);
  }

private:
  bool isLeaf(const Node &node) const {
    return node.form == Form::Tensor || node.form == Form::Input;
  }

  /// Appends what `root` is made of to `order_`, children first, left to right.
  void collect(const Node &root) {
    std::vector<std::pair<const Node *, size_t>> stack;
    auto visit = [&](const Node &node) {
      if (++uses_[&node] == 1)
        stack.push_back({&node, 0});
    };
    visit(root);
    while (!stack.empty()) {
      auto &[node, next] = stack.back();
      if (next < node->children.size()) {
        visit(*node->children[next++].node());
        continue;
      }
      order_.push_back(node);
      stack.pop_back();
    }
  }

  Status nameLeaf(const Node &node) {
    if (node.form == Form::Input) {
      const Parameter &parameter = node.parameter;
      auto same = [&](const Parameter &other) { return other.name == parameter.name; };
      auto it = std::find_if(written_.inputs.begin(), written_.inputs.end(), same);
      if (it == written_.inputs.end())
        written_.inputs.push_back(parameter);
      else if (!(it->type == parameter.type))
        return inputError(fmt::format("input '{}' is {} and {}", parameter.name, it->type.str(),
                                      parameter.type.str()));
      names_[&node] = parameter.name;
      taken_.insert(parameter.name);
    } else if (node.form == Form::Tensor) {
      held_.push_back(&node);
    }
    return success();
  }

  /// Equal tensors get one name. After the inputs, whose names are taken.
  void nameTensors() {
    for (const Node *node : held_) {
      auto same = [&](const NamedTensor &other) {
        return other.tensor.raw() == node->tensor.raw() &&
               other.tensor.type() == node->tensor.type();
      };
      auto it = std::find_if(written_.tensors.begin(), written_.tensors.end(), same);
      if (it == written_.tensors.end())
        it = written_.tensors.insert(it, {unusedName("x", tensorCount_), node->tensor});
      names_[node] = it->name;
    }
  }

  std::string unusedName(const char *prefix, int &count) {
    for (;;) {
      std::string name = fmt::format("{}{}", prefix, count++);
      if (taken_.insert(name).second)
        return name;
    }
  }

  void chooseLines() {
    nameTensors();
    std::unordered_map<const Node *, int> depths;
    for (const Node *node : order_) {
      if (node->children.empty())
        continue;
      int depth = 0;
      for (const Expr &child : node->children)
        depth = std::max(depth, depths[child.node().get()] + 1);
      if (depth >= kMaxDepth || (uses_[node] > 1 && node->form != Form::Closed) ||
          (uses_[node] > 1 && !isCompileTime(*node))) {
        lines_.insert(node);
        depth = 0;
      }
      depths[node] = depth;
    }
  }

  /// Tuples and literals stay where they are.
  static bool isCompileTime(const Node &node) {
    return node.form == Form::Closed && (node.pieces[0] == "(" || node.pieces[0] == "[");
  }

  /// The name of what has one, else the text.
  std::string shown(const Node &node) const {
    auto it = names_.find(&node);
    return it != names_.end() ? it->second : textOf(node);
  }

  std::string textOf(const Node &node) const {
    std::string text = node.pieces[0];
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Node &child = *node.children[i].node();
      bool tight = node.form == Form::Operation || (node.form == Form::Postfix && i == 0);
      bool parentheses = tight && child.form == Form::Operation && !names_.count(&child);
      text += parentheses ? "(" + shown(child) + ")" : shown(child);
      text += node.pieces[i + 1];
    }
    return text;
  }

  Written written_;
  std::vector<const Node *> order_, held_;
  std::unordered_map<const Node *, size_t> uses_;
  std::unordered_map<const Node *, std::string> names_;
  std::unordered_set<const Node *> lines_; ///< nodes with a line of their own
  std::unordered_set<std::string> taken_;
  int lineCount_ = 0, tensorCount_ = 0;
};

} // namespace

std::string Expr::text() const { return ProgramWriter().write({*this}).value().text; }

Expected<Function> try_compile(const std::vector<Expr> &expressions,
                               const ProgramOptions &options) {
  Expected<Written> written = ProgramWriter().write(expressions);
  if (!written)
    return std::move(written.error());
  if (!written->tensors.empty())
    return usageError(fmt::format("the expression holds the tensor {} of type {}; a compiled "
                                  "function takes its tensors as inputs, made by Expr::input",
                                  written->tensors[0].name,
                                  written->tensors[0].tensor.type().str()));
  return try_compile(written->text, written->inputs, options);
}

Function compile(const std::vector<Expr> &expressions, const ProgramOptions &options) {
  return try_compile(expressions, options).value();
}

Function compile(const Expr &expression, const ProgramOptions &options) {
  return compile(std::vector<Expr>{expression}, options);
}

Expected<std::vector<Tensor>> try_evaluate(const std::vector<Expr> &expressions,
                                           const std::vector<NamedTensor> &inputs,
                                           const ProgramOptions &options) {
  Expected<Written> written = ProgramWriter().write(expressions);
  if (!written)
    return std::move(written.error());
  std::vector<NamedTensor> arguments = std::move(written->tensors);
  for (const Parameter &parameter : written->inputs) {
    auto it = std::find_if(inputs.begin(), inputs.end(),
                           [&](const NamedTensor &input) { return input.name == parameter.name; });
    if (it == inputs.end())
      return inputError(fmt::format("there is no tensor for the input '{}'", parameter.name));
    const TensorType &given = it->tensor.type(), &wanted = parameter.type;
    if (given.dtype != wanted.dtype || given.shape != wanted.shape)
      return inputError(fmt::format("input '{}' is {}, but {} is given", parameter.name,
                                    wanted.str(), given.str()));
    arguments.push_back(*it);
  }
  for (const NamedTensor &input : inputs)
    if (std::none_of(written->inputs.begin(), written->inputs.end(),
                     [&](const Parameter &parameter) { return parameter.name == input.name; }))
      return inputError(fmt::format("the expression has no input '{}'", input.name));
  return try_evaluate(written->text, arguments, options);
}

std::vector<Tensor> evaluate(const std::vector<Expr> &expressions,
                             const std::vector<NamedTensor> &inputs,
                             const ProgramOptions &options) {
  return try_evaluate(expressions, inputs, options).value();
}

Expected<Tensor> Expr::try_eval(const std::vector<NamedTensor> &inputs,
                                const ProgramOptions &options) const {
  Expected<std::vector<Tensor>> results = try_evaluate({*this}, inputs, options);
  if (!results)
    return std::move(results.error());
  return std::move(results->front());
}

Tensor Expr::eval(const std::vector<NamedTensor> &inputs, const ProgramOptions &options) const {
  return try_eval(inputs, options).value();
}

} // namespace ricci
