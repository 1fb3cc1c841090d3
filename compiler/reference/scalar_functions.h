//===- scalar_functions.h - scalar operations as functions on elements ---===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation on each dtype is one function. They are found by operation and dtype in the files
// named below; the types that they compute in are in scalar.h.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/reference/scalar.h"
#include "frontend/scalar_ops.h"

namespace ricci::reference {

/// Reads one element of each operand and writes the result.
using ScalarFunction = void (*)(const void *const *operands, void *result);

/// The function of an operation that computes in `type`; null where it does not compute in it.
ScalarFunction scalarFunction(ScalarOp op, DType type);

/// The parts of it, each null for the operations of the others.
ScalarFunction arithmeticFunction(ScalarOp op, DType type); ///< arithmetic.cpp
ScalarFunction mathFunction(ScalarOp op, DType type);       ///< math.cpp: on floats; rounding
ScalarFunction logicFunction(ScalarOp op, DType type);      ///< logic.cpp: comparisons, bits, where
ScalarFunction complexFunction(ScalarOp op, DType type);    ///< complex.cpp

/// A function of C++ elements as a ScalarFunction.
template <typename T, auto Function> void unary(const void *const *operands, void *result) {
  auto r = Function(*static_cast<const T *>(operands[0]));
  *static_cast<decltype(r) *>(result) = r;
}
template <typename T, auto Function> void binary(const void *const *operands, void *result) {
  auto r = Function(*static_cast<const T *>(operands[0]), *static_cast<const T *>(operands[1]));
  *static_cast<decltype(r) *>(result) = r;
}

} // namespace ricci::reference
