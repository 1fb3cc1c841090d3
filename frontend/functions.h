//===- functions.h - the functions, operators and attributes of the language -----===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the evaluator calls. Everything here decides as NumPy does: promotion, broadcasting, axes,
// defaults. Operands that are known at compile time stay so where NumPy's result would be a Python
// value (2 ** 3, -x.ndim); everything else adds nodes to the program.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program_builder.h"

namespace ricci {

struct Argument {
  std::string keyword; ///< empty: by position
  Value value;         ///< value.span is the argument's
};

/// Whether functions.cpp has a function (a method) of this name, without "np.".
bool isFunction(std::string_view name);
bool isMethod(std::string_view name);

/// A call of a function; of a method, the object is the first argument. `name` includes a dotted
/// prefix where the text has one ("linalg.svd", "random.rand"), but not "np.". Errors: there is no
/// such function (with the nearest name, or what to do instead), wrong arguments, wrong types,
/// shapes or axes.
Expected<Value> callFunction(ProgramBuilder &builder, std::string_view name, Span nameSpan,
                             Span callSpan, std::vector<Argument> arguments);
Expected<Value> callMethod(ProgramBuilder &builder, std::string_view name, Span nameSpan,
                           Span callSpan, std::vector<Argument> arguments);

/// x.shape, x.ndim, x.size, x.dtype, x.T, x.mT, x.real, x.imag.
Expected<Value> attribute(ProgramBuilder &builder, const Value &object, std::string_view name,
                          Span span);

/// `op` is the token: "+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>", "==",
/// "!=", "<", "<=", ">", ">="; for unary: "-", "+", "~". `opSpan` is the token's, for the caret.
Expected<Value> binaryOperator(ProgramBuilder &builder, std::string_view op, Span opSpan, Span span,
                               const Value &left, const Value &right);
Expected<Value> unaryOperator(ProgramBuilder &builder, std::string_view op, Span opSpan, Span span,
                              const Value &operand);

/// x[items]: integers, SliceValue, None, EllipsisValue, tensors and lists of integers (gather). Of
/// a tuple or list: an integer or a slice.
Expected<Value> indexInto(ProgramBuilder &builder, const Value &object,
                          const std::vector<Value> &items, Span span);

/// A compile-time value as a node: numbers as constants (int i64, float f64, complex c128), nested
/// sequences of numbers as array(…); a string, None, … is an error ("a string is not a tensor").
Expected<TensorValue> toTensor(ProgramBuilder &builder, const Value &value);

} // namespace ricci
