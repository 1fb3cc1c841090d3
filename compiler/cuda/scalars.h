//===- scalars.h - elements and their operations in CUDA C++
//------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element in memory has its storage type; in a variable it is a value: a bool, a float for what
// is stored in 16 bits (and is rounded after every operation), else the same. Operands are names of
// variables or literals; what is returned is an expression.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/scalar_ops.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace ricci {

/// "u8", "float", "f16", "c64".
std::string storageTypeName(DType type);
/// "bool", "float", "c64".
std::string valueTypeName(DType type);
/// The value of an element in memory, and back.
std::string loaded(DType type, const std::string &element);
std::string stored(DType type, const std::string &value);

/// A value of the element with these bytes.
std::string literal(DType type, const void *element);
std::string zeroLiteral(DType type);
/// One, infinity … of the type: the number that `value` is.
std::string literal(DType type, double value);

/// A scalar operation that computes in `type`.
std::string applied(ScalarOp op, DType type, llvm::ArrayRef<std::string> operands);
/// As NumPy's astype.
std::string converted(DType from, DType to, const std::string &value);

} // namespace ricci
