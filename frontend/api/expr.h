//===- expr.h - programs built with C++ operators ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Part of ricci.h.
///
///     ricci::Tensor y = (ricci::exp(-x * x) * ricci::tanh(x)).eval();   // x: a tensor
///
///     ricci::Expr q = ricci::Expr::input("q", ricci::f32, {128, 64}), k = …;
///     ricci::Function f = ricci::compile(ricci::softmax(ricci::matmul(q, k.T()) / 8.0, -1));
///
/// An expression is a program that is not written as text: nothing is computed, or checked, before
/// `eval` or `compile`. `text()` is the program, and its rules are those of the language: numbers
/// of C++ are literals, so they take the dtype of what they meet.
///
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/function.h"

#include <complex>
#include <initializer_list>
#include <type_traits>

namespace ricci {

class Index;

/// A tensor, a number, or an operation on expressions. Immutable; copies are cheap and share.
class Expr {
public:
  Expr(const Tensor &tensor); ///< shares the tensor's memory
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>> Expr(T number) {
    if constexpr (std::is_same_v<T, bool>)
      setLiteral(number);
    else if constexpr (std::is_floating_point_v<T>)
      setLiteral(double(number));
    else if constexpr (std::is_signed_v<T>)
      setLiteral(int64_t(number));
    else
      setLiteral(uint64_t(number));
  }
  Expr(std::complex<double> number);

  /// A parameter of the function that the expression is compiled to, under a name that may stand
  /// in programs. Without strides, in C order.
  static Expr input(std::string name, DType dtype, Shape shape, Strides strides = {});
  // Compile-time arguments of `call`.
  static Expr none();
  static Expr string(std::string_view text);
  static Expr dtype(DType dtype);
  static Expr tuple(const std::vector<Expr> &items);
  static Expr list(const std::vector<Expr> &items);

  /// `x[{0, slice(1, -1), newaxis, ellipsis}]`, as in NumPy; an expression of integers gathers.
  Expr operator[](std::initializer_list<Index> items) const;
  Expr operator[](const Index &item) const;

  Expr T() const;  ///< all axes in reverse
  Expr mT() const; ///< the last two axes exchanged
  Expr astype(DType dtype) const;
  /// -1: what is left.
  Expr reshape(const Shape &shape) const;

  /// Runs the expression, whose inputs get the tensors of their names.
  Tensor eval(const std::vector<NamedTensor> &inputs = {},
              const ProgramOptions &options = {}) const;
  Expected<Tensor> try_eval(const std::vector<NamedTensor> &inputs = {},
                            const ProgramOptions &options = {}) const;
  /// The program, a line for every part that is used several times. Tensors have names in it.
  std::string text() const;

  struct Node;
  const std::shared_ptr<const Node> &node() const { return node_; }
  /// Takes a node that is made by this library.
  explicit Expr(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

private:
  void setLiteral(bool value);
  void setLiteral(int64_t value);
  void setLiteral(uint64_t value);
  void setLiteral(double value);

  std::shared_ptr<const Node> node_;
};

/// start:stop:step inside an index.
inline Slice slice(std::optional<int64_t> start = {}, std::optional<int64_t> stop = {},
                   std::optional<int64_t> step = {}) {
  return {start, stop, step};
}
struct NewAxis {};
inline constexpr NewAxis newaxis;
struct Ellipsis {};
inline constexpr Ellipsis ellipsis;

/// One item of an index.
class Index {
public:
  template <typename T, typename = std::enable_if_t<std::is_integral_v<T>>>
  Index(T position) : expr_(position) {}
  Index(const Slice &slice);
  Index(NewAxis);
  Index(Ellipsis);
  Index(const Expr &indices) : expr_(indices) {}
  Index(const Tensor &indices) : expr_(indices) {}

  const Expr &expr() const { return expr_; }

private:
  Expr expr_;
};

/// The axes of a reduction: all, one, or several.
class Axes {
public:
  Axes() : expr_(Expr::none()) {}
  template <typename T, typename = std::enable_if_t<std::is_integral_v<T>>>
  Axes(T axis) : expr_(axis) {}
  Axes(std::initializer_list<int64_t> axes);

  const Expr &expr() const { return expr_; }

private:
  Expr expr_;
};

struct Keyword {
  std::string name;
  Expr value;
};
/// Any function of the language and its prelude, by its name:
/// `call("pad", {x, Expr::tuple({1, 1})}, {{"constant_values", 2}})`.
Expr call(std::string_view function, const std::vector<Expr> &arguments,
          const std::vector<Keyword> &keywords = {});

Expr operator-(const Expr &x);
Expr operator+(const Expr &x);
Expr operator~(const Expr &x);
Expr operator+(const Expr &x, const Expr &y);
Expr operator-(const Expr &x, const Expr &y);
Expr operator*(const Expr &x, const Expr &y);
Expr operator/(const Expr &x, const Expr &y);
Expr operator%(const Expr &x, const Expr &y);
Expr operator&(const Expr &x, const Expr &y);
Expr operator|(const Expr &x, const Expr &y);
Expr operator^(const Expr &x, const Expr &y);
Expr operator<<(const Expr &x, const Expr &y);
Expr operator>>(const Expr &x, const Expr &y);
Expr operator==(const Expr &x, const Expr &y);
Expr operator!=(const Expr &x, const Expr &y);
Expr operator<(const Expr &x, const Expr &y);
Expr operator<=(const Expr &x, const Expr &y);
Expr operator>(const Expr &x, const Expr &y);
Expr operator>=(const Expr &x, const Expr &y);
/// x @ y.
Expr matmul(const Expr &x, const Expr &y);

// Functions of the language under their names there.
#define RICCI_EXPR_FUNCTION(name)                                                                  \
  inline Expr name(const Expr &x) { return call(#name, {x}); }
RICCI_EXPR_FUNCTION(abs)
RICCI_EXPR_FUNCTION(arccos)
RICCI_EXPR_FUNCTION(arccosh)
RICCI_EXPR_FUNCTION(arcsin)
RICCI_EXPR_FUNCTION(arcsinh)
RICCI_EXPR_FUNCTION(arctan)
RICCI_EXPR_FUNCTION(arctanh)
RICCI_EXPR_FUNCTION(cbrt)
RICCI_EXPR_FUNCTION(ceil)
RICCI_EXPR_FUNCTION(conj)
RICCI_EXPR_FUNCTION(cos)
RICCI_EXPR_FUNCTION(cosh)
RICCI_EXPR_FUNCTION(erf)
RICCI_EXPR_FUNCTION(exp)
RICCI_EXPR_FUNCTION(exp2)
RICCI_EXPR_FUNCTION(expm1)
RICCI_EXPR_FUNCTION(floor)
RICCI_EXPR_FUNCTION(gelu)
RICCI_EXPR_FUNCTION(imag)
RICCI_EXPR_FUNCTION(isfinite)
RICCI_EXPR_FUNCTION(isinf)
RICCI_EXPR_FUNCTION(isnan)
RICCI_EXPR_FUNCTION(log)
RICCI_EXPR_FUNCTION(log10)
RICCI_EXPR_FUNCTION(log1p)
RICCI_EXPR_FUNCTION(log2)
RICCI_EXPR_FUNCTION(logical_not)
RICCI_EXPR_FUNCTION(real)
RICCI_EXPR_FUNCTION(reciprocal)
RICCI_EXPR_FUNCTION(relu)
RICCI_EXPR_FUNCTION(rint)
RICCI_EXPR_FUNCTION(sigmoid)
RICCI_EXPR_FUNCTION(sign)
RICCI_EXPR_FUNCTION(silu)
RICCI_EXPR_FUNCTION(sin)
RICCI_EXPR_FUNCTION(sinh)
RICCI_EXPR_FUNCTION(sqrt)
RICCI_EXPR_FUNCTION(square)
RICCI_EXPR_FUNCTION(tan)
RICCI_EXPR_FUNCTION(tanh)
RICCI_EXPR_FUNCTION(trunc)
#undef RICCI_EXPR_FUNCTION

#define RICCI_EXPR_FUNCTION(name)                                                                  \
  inline Expr name(const Expr &x, const Expr &y) { return call(#name, {x, y}); }
RICCI_EXPR_FUNCTION(arctan2)
RICCI_EXPR_FUNCTION(copysign)
RICCI_EXPR_FUNCTION(floor_divide)
RICCI_EXPR_FUNCTION(fmax)
RICCI_EXPR_FUNCTION(fmin)
RICCI_EXPR_FUNCTION(hypot)
RICCI_EXPR_FUNCTION(logical_and)
RICCI_EXPR_FUNCTION(logical_or)
RICCI_EXPR_FUNCTION(logical_xor)
RICCI_EXPR_FUNCTION(maximum)
RICCI_EXPR_FUNCTION(minimum)
RICCI_EXPR_FUNCTION(remainder)
RICCI_EXPR_FUNCTION(inner)
RICCI_EXPR_FUNCTION(outer)
#undef RICCI_EXPR_FUNCTION

/// x ** y: a number `y` is an exponent that is known when the program is compiled.
Expr power(const Expr &x, const Expr &y);
Expr where(const Expr &condition, const Expr &x, const Expr &y);
Expr clip(const Expr &x, const Expr &low, const Expr &high);

#define RICCI_EXPR_REDUCTION(name)                                                                 \
  Expr name(const Expr &x, const Axes &axes = {}, bool keepdims = false);
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
Expr softmax(const Expr &x, int64_t axis = -1);
Expr log_softmax(const Expr &x, int64_t axis = -1);

/// Without axes, all in reverse.
Expr transpose(const Expr &x, const std::vector<int64_t> &axes = {});
Expr concatenate(const std::vector<Expr> &parts, int64_t axis = 0);
Expr stack(const std::vector<Expr> &parts, int64_t axis = 0);

/// The einsum of expressions; of tensors alone it is an expression too, unlike `einsum(…, {a, b})`.
template <typename... Operands,
          typename = std::enable_if_t<sizeof...(Operands) != 0 &&
                                      (std::is_convertible_v<const Operands &, Expr> && ...)>>
Expr einsum(std::string_view equation, const Operands &...operands) {
  return call("einsum", {Expr::string(equation), Expr(operands)...});
}

/// Compiles an expression, or several to a function with as many results. Its parameters are the
/// inputs, in the order in which the expressions name them first, from left to right. An
/// expression that holds tensors is an error: only inputs are passed in.
Function compile(const Expr &expression, const ProgramOptions &options = {});
Function compile(const std::vector<Expr> &expressions, const ProgramOptions &options = {});
Expected<Function> try_compile(const std::vector<Expr> &expressions,
                               const ProgramOptions &options = {});

/// Runs several expressions at once; what they share is computed once.
std::vector<Tensor> evaluate(const std::vector<Expr> &expressions,
                             const std::vector<NamedTensor> &inputs = {},
                             const ProgramOptions &options = {});
Expected<std::vector<Tensor>> try_evaluate(const std::vector<Expr> &expressions,
                                           const std::vector<NamedTensor> &inputs = {},
                                           const ProgramOptions &options = {});

} // namespace ricci
