//===- order_contractions.h - n-ary einsums to trees of binary ones ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/contract/path.h"

#include "mlir/IR/BuiltinOps.h"

namespace ricci {

/// Rewrites every `ricci.einsum` of the module. Afterwards
/// - an einsum has one or two operands;
/// - a label that the output of a two-operand einsum lacks is in both operands, or has extent 1 (an
///   axis of extent 1 whose label is larger in a tensor that comes in later is dropped this way);
/// - a label may still repeat inside an operand of the program (a diagonal is read through
///   strides), never inside an intermediate;
/// - intermediates have the result's element type, or f32 where that is f16 or bf16: rounding comes
///   once, in the last einsum. Operands of other types are converted by the einsum that reads them;
/// - an intermediate's labels are in the order in which the next einsum wants to read them: those
///   common to both its operands and its result, its own, the contracted ones; or the contracted
///   before its own, where it has the result's last label.
///
/// `memoryLimitBytes` is for the result and the largest intermediate together. `plan`, if not null,
/// gets the path and one step for every einsum of the module, in the order of the ops; kernels,
/// bytes and times are left to those who know them. Errors are emitted at the einsum.
llvm::LogicalResult orderContractions(mlir::ModuleOp module, const OrderOptions &options,
                                      std::optional<int64_t> memoryLimitBytes, Plan *plan);

} // namespace ricci
