//===- scalar_ops.cpp - operations on elements ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/scalar_ops.h"

#include <cstddef>

namespace ricci {

static constexpr ScalarOpInfo kScalarOps[] = {
#define RICCI_SCALAR_OP(id, name, arity, rule, cuda, derivative)                                   \
  {ScalarOp::id, name, arity, TypeRule::rule, cuda, derivative},
#include "frontend/scalar_ops.def"
};

const ScalarOpInfo &info(ScalarOp op) { return kScalarOps[size_t(op)]; }

std::optional<ScalarOp> parseScalarOp(std::string_view name) {
  for (const ScalarOpInfo &row : kScalarOps)
    if (row.name == name)
      return row.op;
  return std::nullopt;
}

/// NumPy's smallest float type that a loop over this type is found for.
static DType floatFor(DType type) {
  switch (kindOf(type)) {
  case DTypeKind::Float:
  case DTypeKind::Complex:
    return type;
  case DTypeKind::Bool:
    return DType::f16;
  default:
    return itemSize(type) == 1 ? DType::f16 : itemSize(type) == 2 ? DType::f32 : DType::f64;
  }
}

std::optional<DType> computeDType(ScalarOp op, DType promoted) {
  DTypeKind kind = kindOf(promoted);
  bool isBool = kind == DTypeKind::Bool, isFloat = kind == DTypeKind::Float,
       isComplex = kind == DTypeKind::Complex, isInteger = !isBool && !isFloat && !isComplex;
  auto when = [&](bool allowed, DType type) {
    return allowed ? std::optional(type) : std::nullopt;
  };
  switch (info(op).rule) {
  case TypeRule::Numeric:
  case TypeRule::Absolute:
  case TypeRule::ToBool:
  case TypeRule::Compare:
  case TypeRule::Select:
    return promoted;
  case TypeRule::NumericNoBool:
    return when(!isBool, promoted);
  case TypeRule::RealNoBool:
    return when(!isComplex, isBool ? DType::i8 : promoted);
  case TypeRule::Divide:
    return isBool || isInteger ? DType::f64 : promoted;
  case TypeRule::Round:
    return when(!isComplex, promoted);
  case TypeRule::Float:
  case TypeRule::FloatToBool:
    return when(!isComplex, floatFor(promoted));
  case TypeRule::FloatComplex:
    return floatFor(promoted);
  case TypeRule::Bits:
    return when(isBool || isInteger, promoted);
  case TypeRule::Integer:
    return when(isBool || isInteger, isBool ? DType::i8 : promoted);
  case TypeRule::Complex:
  case TypeRule::ComplexToReal:
    return when(isComplex, promoted);
  }
  return std::nullopt;
}

DType resultDType(ScalarOp op, DType computed) {
  switch (info(op).rule) {
  case TypeRule::FloatToBool:
  case TypeRule::ToBool:
  case TypeRule::Compare:
    return DType::b1;
  case TypeRule::Absolute:
  case TypeRule::ComplexToReal:
    return computed == DType::c64 ? DType::f32 : computed == DType::c128 ? DType::f64 : computed;
  default:
    return computed;
  }
}

} // namespace ricci
