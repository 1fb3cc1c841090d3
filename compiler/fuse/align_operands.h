//===- align_operands.h - small operands in the order of large ones -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/equation.h"

namespace ricci {

/// A label of an einsum that copies an operand, and is no step of the order of contractions.
inline constexpr llvm::StringLiteral kCopyLabel = "#copy";
/// The equation of that einsum, which puts the operand's axes in this order.
EinsumEquation copyEquation(llvm::ArrayRef<int64_t> perm);

} // namespace ricci
