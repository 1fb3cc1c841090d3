//===- function_table.h - how the functions of the language are written down -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Inside the implementation of functions.h. Each functions_*.cpp has a table of entries;
// functions.cpp looks names up in all of them, binds a call's arguments to the entry's parameters,
// as Python does, and calls the handler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/functions.h"

#include <span>

namespace ricci {

/// A call whose arguments are bound.
struct Call {
  ProgramBuilder &builder;
  std::string_view name;
  Span nameSpan, span;
  /// By parameter; nothing where the call leaves it out.
  std::vector<std::optional<Value>> arguments;
  std::vector<Value> rest; ///< of a parameter "*name"

  bool has(size_t i) const { return arguments[i].has_value(); }
  const Value &operator[](size_t i) const { return *arguments[i]; }
  /// The argument as a tensor (numbers and nested sequences become constants).
  Expected<TensorValue> tensor(size_t i) { return toTensor(builder, *arguments[i]); }
  Diagnostic error(std::string message) const; ///< at the call's name
};

struct FunctionEntry {
  std::string_view name;
  /// Python's notation, without defaults' values: "a, axis=, *, keepdims=": a parameter with "="
  /// may be left out, those before "/" are by position, those after "*" by keyword, "*shape" takes
  /// all further positional ones (and has an entry in `Call::arguments`, always nothing).
  std::string_view signature;
  enum Kind : uint8_t { Function = 1, Method = 2, Both = 3 } kind;
  Expected<Value> (*handler)(Call &call);
};

/// One table a file.
std::span<const FunctionEntry>
elementwiseFunctions(); ///< functions_elementwise.cpp: ufuncs, where, clip, round
std::span<const FunctionEntry> castFunctions(); ///< functions_cast.cpp: astype, float32 …
std::span<const FunctionEntry>
inspectionFunctions(); ///< functions_inspect.cpp: len, shape, ndim, size
std::span<const FunctionEntry> reductionFunctions(); ///< functions_reduce.cpp: sum … argmax, cumsum
std::span<const FunctionEntry>
shapeFunctions(); ///< functions_shape.cpp: reshape … sliding_window_view
std::span<const FunctionEntry> joinFunctions(); ///< functions_join.cpp: concatenate … tile, pad
std::span<const FunctionEntry>
creationFunctions(); ///< functions_create.cpp: zeros … linspace, array
std::span<const FunctionEntry>
contractionFunctions(); ///< functions_contract.cpp: einsum, matmul … trace

// What several of them need.

/// numpy.result_type of the operands (NEP 50: Python numbers are weak), and the
/// operands as tensors; numbers become constants of that dtype. Errors: an integer literal that the
/// dtype cannot hold, something that is no tensor.
struct Promoted {
  DType dtype;
  std::vector<TensorValue> operands; ///< not yet cast: only weak numbers have the dtype
};
Expected<Promoted> promoteOperands(ProgramBuilder &builder, const std::vector<Value> &operands);
/// The dtype of a number alone: b1, i64, f64 or c128.
DType dtypeOfNumber(const Value &number);
/// One element of the dtype, as NumPy converts a Python number. An error for an integer that the
/// dtype cannot hold.
Expected<std::vector<uint8_t>> encodeNumber(const Value &number, DType dtype);
/// A constant of that shape, every element the number.
Expected<TensorValue> constantOf(ProgramBuilder &builder, const Value &number, DType dtype,
                                 Shape shape = {});
/// The promotion that a ufunc makes, of tensors and numbers alone. It differs from result_type for
/// bfloat16 with a Python float: float32, not float64.
DType promoteForUfunc(const ProgramBuilder &builder, const std::vector<Value> &operands);
/// Operands of the dtypes that the operation takes: checks that they broadcast (the error points at
/// `opSpan`) and adds the node.
Expected<TensorValue> broadcastElementwise(ProgramBuilder &builder, ScalarOp op,
                                           std::vector<TensorValue> operands, Span opSpan,
                                           Span span);
/// A ufunc: promotes, casts, broadcasts, adds the node. `opSpan` is where errors point.
Expected<Value> applyScalarOp(ProgramBuilder &builder, ScalarOp op, Span opSpan, Span span,
                              const std::vector<Value> &operands);
/// -rank <= axis < rank, counted from the front; "axis 2 is out of bounds for an array of dimension
/// 2".
Expected<int64_t> normalizeAxis(int64_t axis, int64_t rank, Span span);
/// An int, or a tuple of different ones; None or nothing: all axes of the rank.
Expected<std::vector<int64_t>> axesArgument(const std::optional<Value> &value, int64_t rank,
                                            Span span);
/// A compile-time integer (an int, a bool): else the error names what is wanted.
Expected<int64_t> integerArgument(const Value &value, std::string_view what);
/// An integer or a sequence of integers.
Expected<std::vector<int64_t>> integersArgument(const Value &value, std::string_view what);
/// An array of integers that the program knows, of rank 0 or 1, as a number or a list; else
/// `value`.
Value knownIntegers(const ProgramBuilder &builder, const Value &value);
/// The same where NumPy takes arrays as well: one that the program knows.
Expected<std::vector<int64_t>> integersArgument(const ProgramBuilder &builder, const Value &value,
                                                std::string_view what);
Expected<bool> boolArgument(const Value &value, std::string_view what);
/// A NumPy name of a dtype.
struct DTypeName {
  std::string_view name;
  DType dtype;
};
/// The names that are functions too: float32, half, intp, …
std::span<const DTypeName> dtypeNames();
/// A dtype, or a string that names one; the types float, int, bool, complex are DType values.
Expected<DType> dtypeArgument(const Value &value);

/// What a value is, for messages: "a string", "the integer 3", "None", "a tensor".
std::string describe(const Value &value);

/// matmul's rule (contraction part of the tables), for the operator "@".
Expected<Value> matmulOperator(ProgramBuilder &builder, Span opSpan, Span span, const Value &left,
                               const Value &right);

} // namespace ricci
