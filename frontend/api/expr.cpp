//===- expr.cpp - programs built with C++ operators ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/expr.h"
#include "frontend/api/expr_node.h"

#include <fmt/format.h>

#include <cmath>

namespace ricci {

using Node = Expr::Node;

/// Long chains of operations are taken apart one by one: the destructors do not nest.
Expr::Node::~Node() {
  std::vector<Expr> pending = std::move(children);
  while (!pending.empty()) {
    std::shared_ptr<const Node> last = pending.back().node();
    pending.pop_back();
    if (last.use_count() != 1)
      continue;
    // Nobody else sees it any more.
    auto &grandchildren = const_cast<Node &>(*last).children;
    for (Expr &child : grandchildren)
      pending.push_back(std::move(child));
    grandchildren.clear();
  }
}

namespace {

Expr make(std::vector<std::string> pieces, std::vector<Expr> children, Form form) {
  auto node = std::make_shared<Node>();
  node->pieces = std::move(pieces);
  node->children = std::move(children);
  node->form = form;
  return Expr(std::shared_ptr<const Node>(std::move(node)));
}

Expr literal(std::string text, bool isOperation = false) {
  return make({std::move(text)}, {}, isOperation ? Form::Operation : Form::Closed);
}

Expr unary(const char *op, const Expr &x) { return make({op, ""}, {x}, Form::Operation); }

Expr binary(const char *op, const Expr &x, const Expr &y) {
  return make({"", fmt::format(" {} ", op), ""}, {x, y}, Form::Operation);
}

/// "open a, b, c close".
Expr sequence(std::string open, const std::vector<Expr> &items, const char *close,
              Form form = Form::Closed) {
  std::vector<std::string> pieces{std::move(open)};
  for (size_t i = 1; i < items.size(); ++i)
    pieces.push_back(", ");
  if (items.empty())
    pieces.back() += close;
  else
    pieces.push_back(close);
  return make(std::move(pieces), items, form);
}

std::string floatText(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

Expr floatLiteral(double value) {
  return literal(floatText(value), std::signbit(value) && !std::isnan(value));
}

} // namespace

Expr::Expr(const Tensor &tensor) {
  auto node = std::make_shared<Node>();
  node->form = Form::Tensor;
  node->tensor = tensor;
  node_ = std::move(node);
}

Expr Expr::input(std::string name, DType dtype, Shape shape, Strides strides) {
  auto node = std::make_shared<Node>();
  node->form = Form::Input;
  node->parameter = {std::move(name), {dtype, std::move(shape), std::move(strides)}};
  return Expr(std::shared_ptr<const Node>(std::move(node)));
}

void Expr::setLiteral(bool value) { *this = literal(value ? "True" : "False"); }
void Expr::setLiteral(int64_t value) { *this = literal(fmt::format("{}", value), value < 0); }
void Expr::setLiteral(uint64_t value) { *this = literal(fmt::format("{}", value)); }
void Expr::setLiteral(double value) { *this = floatLiteral(value); }

Expr::Expr(std::complex<double> number) {
  if (number.real() == 0 && !std::signbit(number.real()))
    *this = binary("*", floatLiteral(number.imag()), literal("1j"));
  else
    *this = binary("+", floatLiteral(number.real()),
                   binary("*", floatLiteral(number.imag()), literal("1j")));
}

Expr Expr::none() { return literal("None"); }

Expr Expr::string(std::string_view text) {
  std::string quoted = "'";
  for (char c : text)
    if (c == '\\' || c == '\'')
      (quoted += '\\') += c;
    else
      quoted += c;
  return literal(quoted + "'");
}

Expr Expr::dtype(DType dtype) { return string(numpyName(dtype)); }

Expr Expr::tuple(const std::vector<Expr> &items) {
  return sequence("(", items, items.size() == 1 ? ",)" : ")");
}

Expr Expr::list(const std::vector<Expr> &items) { return sequence("[", items, "]"); }

Expr Expr::operator[](std::initializer_list<Index> items) const {
  std::vector<Expr> all{*this};
  std::vector<std::string> pieces{"", "["};
  for (const Index &item : items) {
    if (all.size() > 1)
      pieces.push_back(", ");
    all.push_back(item.expr());
  }
  if (items.size() == 0)
    pieces.back() = "[()]";
  else
    pieces.push_back("]");
  return make(std::move(pieces), std::move(all), Form::Postfix);
}

Expr Expr::operator[](const Index &item) const { return (*this)[{item}]; }

Expr Expr::T() const { return make({"", ".T"}, {*this}, Form::Postfix); }
Expr Expr::mT() const { return make({"", ".mT"}, {*this}, Form::Postfix); }

Expr Expr::astype(DType dtype) const {
  return make({"", ".astype(", ")"}, {*this, Expr::dtype(dtype)}, Form::Postfix);
}

static Expr integers(const std::vector<int64_t> &values) {
  return Expr::tuple(std::vector<Expr>(values.begin(), values.end()));
}

Expr Expr::reshape(const Shape &shape) const {
  return ricci::call("reshape", {*this, integers(shape)});
}

Index::Index(const Slice &slice)
    : expr_(literal([&] {
        auto shown = [](const std::optional<int64_t> &value) {
          return value ? fmt::format("{}", *value) : std::string();
        };
        std::string text = shown(slice.start) + ":" + shown(slice.stop);
        return slice.step ? text + ":" + shown(slice.step) : text;
      }())) {}
Index::Index(NewAxis) : expr_(Expr::none()) {}
Index::Index(Ellipsis) : expr_(literal("...")) {}

Axes::Axes(std::initializer_list<int64_t> axes) : expr_(integers(axes)) {}

Expr call(std::string_view function, const std::vector<Expr> &arguments,
          const std::vector<Keyword> &keywords) {
  std::vector<Expr> children = arguments;
  std::vector<std::string> pieces{fmt::format("{}(", function)};
  for (size_t i = 1; i < arguments.size(); ++i)
    pieces.push_back(", ");
  for (const Keyword &keyword : keywords) {
    std::string begin = fmt::format("{}{}=", children.empty() ? "" : ", ", keyword.name);
    if (children.empty())
      pieces.back() += begin;
    else
      pieces.push_back(begin);
    children.push_back(keyword.value);
  }
  if (children.empty())
    pieces.back() += ")";
  else
    pieces.push_back(")");
  return make(std::move(pieces), std::move(children), Form::Closed);
}

Expr operator-(const Expr &x) { return unary("-", x); }
Expr operator+(const Expr &x) { return unary("+", x); }
Expr operator~(const Expr &x) { return unary("~", x); }
Expr operator+(const Expr &x, const Expr &y) { return binary("+", x, y); }
Expr operator-(const Expr &x, const Expr &y) { return binary("-", x, y); }
Expr operator*(const Expr &x, const Expr &y) { return binary("*", x, y); }
Expr operator/(const Expr &x, const Expr &y) { return binary("/", x, y); }
Expr operator%(const Expr &x, const Expr &y) { return binary("%", x, y); }
Expr operator&(const Expr &x, const Expr &y) { return binary("&", x, y); }
Expr operator|(const Expr &x, const Expr &y) { return binary("|", x, y); }
Expr operator^(const Expr &x, const Expr &y) { return binary("^", x, y); }
Expr operator<<(const Expr &x, const Expr &y) { return binary("<<", x, y); }
Expr operator>>(const Expr &x, const Expr &y) { return binary(">>", x, y); }
Expr operator==(const Expr &x, const Expr &y) { return binary("==", x, y); }
Expr operator!=(const Expr &x, const Expr &y) { return binary("!=", x, y); }
Expr operator<(const Expr &x, const Expr &y) { return binary("<", x, y); }
Expr operator<=(const Expr &x, const Expr &y) { return binary("<=", x, y); }
Expr operator>(const Expr &x, const Expr &y) { return binary(">", x, y); }
Expr operator>=(const Expr &x, const Expr &y) { return binary(">=", x, y); }
Expr matmul(const Expr &x, const Expr &y) { return binary("@", x, y); }
Expr power(const Expr &x, const Expr &y) { return binary("**", x, y); }

Expr where(const Expr &condition, const Expr &x, const Expr &y) {
  return call("where", {condition, x, y});
}

Expr clip(const Expr &x, const Expr &low, const Expr &high) { return call("clip", {x, low, high}); }

static Expr reduce(const char *name, const Expr &x, const Axes &axes, bool keepdims) {
  std::vector<Keyword> keywords{{"axis", axes.expr()}};
  if (keepdims)
    keywords.push_back({"keepdims", true});
  return call(name, {x}, keywords);
}

#define RICCI_EXPR_REDUCTION(name)                                                                 \
  Expr name(const Expr &x, const Axes &axes, bool keepdims) {                                      \
    return reduce(#name, x, axes, keepdims);                                                       \
  }
RICCI_EXPR_REDUCTION(all)
RICCI_EXPR_REDUCTION(any)
RICCI_EXPR_REDUCTION(max)
RICCI_EXPR_REDUCTION(mean)
RICCI_EXPR_REDUCTION(min)
RICCI_EXPR_REDUCTION(prod)
RICCI_EXPR_REDUCTION(std)
RICCI_EXPR_REDUCTION(sum)
RICCI_EXPR_REDUCTION(var)
RICCI_EXPR_REDUCTION(argmax)
RICCI_EXPR_REDUCTION(argmin)
#undef RICCI_EXPR_REDUCTION

Expr softmax(const Expr &x, int64_t axis) { return call("softmax", {x}, {{"axis", axis}}); }
Expr log_softmax(const Expr &x, int64_t axis) { return call("log_softmax", {x}, {{"axis", axis}}); }

Expr transpose(const Expr &x, const std::vector<int64_t> &axes) {
  return axes.empty() ? x.T() : call("transpose", {x, integers(axes)});
}

Expr concatenate(const std::vector<Expr> &parts, int64_t axis) {
  return call("concatenate", {Expr::list(parts)}, {{"axis", axis}});
}

Expr stack(const std::vector<Expr> &parts, int64_t axis) {
  return call("stack", {Expr::list(parts)}, {{"axis", axis}});
}

} // namespace ricci
