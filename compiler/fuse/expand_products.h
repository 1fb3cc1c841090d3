//===- expand_products.h - einsums as multiplications and sums ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"

namespace ricci {

/// What the einsum computes, written before it by views, a multiplication and a sum; null for more
/// than two operands, diagonals and copies.
mlir::Value expandProduct(mlir::OpBuilder &b, EinsumOp op);

} // namespace ricci
