//===- scalar_ops.h - operations on elements ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/dtype.h"

#include <array>
#include <optional>
#include <string_view>

namespace ricci {

enum class ScalarOp : uint8_t {
#define RICCI_SCALAR_OP(id, name, arity, rule, cuda, derivative) id,
#include "frontend/scalar_ops.def"
};

/// Which dtype an operation computes in, and which it gives. "Computes in T" means that all
/// operands are first converted to T, the promotion of their dtypes or the least type above it that
/// the rule allows.
enum class TypeRule : uint8_t {
  Numeric,       ///< any type, gives it
  NumericNoBool, ///< any type but bool, gives it
  RealNoBool,    ///< integers and floats (bool as i8), gives it
  Divide,        ///< integers and bool as f64; floats and complex; gives it
  Absolute,      ///< any type, gives it; complex gives its float type
  Round,         ///< integers, bool and floats, gives it
  Float,         ///< floats: bool and 8-bit integers as f16, 16-bit as f32, wider as f64; gives it
  FloatComplex,  ///< as Float, and complex
  FloatToBool,   ///< as Float, gives b1
  ToBool,        ///< any type, gives b1
  Compare,       ///< any type, gives b1
  Bits,          ///< integers and bool, gives it
  Integer,       ///< integers (bool as i8), gives it
  Select,        ///< operand 0 is b1, the others any type, gives theirs
  Complex,       ///< complex alone, gives it
  ComplexToReal, ///< complex alone, gives its float type
};

struct ScalarOpInfo {
  ScalarOp op;
  std::string_view name; ///< NumPy's
  int arity;
  TypeRule rule;
  std::string_view cuda, derivative;
};

const ScalarOpInfo &info(ScalarOp op);
inline std::string_view nameOf(ScalarOp op) { return info(op).name; }
/// By NumPy's name (and not by its aliases).
std::optional<ScalarOp> parseScalarOp(std::string_view name);

/// The dtype that the operation computes in, given the promotion of its operands' dtypes (for
/// `where`: of the last two); nothing where it does not take such operands.
std::optional<DType> computeDType(ScalarOp op, DType promoted);
/// The dtype of the result, given the dtype that it computes in.
DType resultDType(ScalarOp op, DType computed);

} // namespace ricci
