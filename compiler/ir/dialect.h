//===- dialect.h - the ricci dialect and its operations ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/equation.h"
#include "frontend/scalar_ops.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "compiler/ir/ricci_dialect.h.inc"
#include "compiler/ir/ricci_enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/ir/ricci_attrs.h.inc"
#define GET_OP_CLASSES
#include "compiler/ir/ricci_ops.h.inc"

namespace ricci {

/// Discardable attributes; the dialect verifies them.
inline constexpr llvm::StringLiteral kStridesAttr = "ricci.strides";       ///< arguments, results
inline constexpr llvm::StringLiteral kAccumulateAttr = "ricci.accumulate"; ///< functions
inline constexpr llvm::StringLiteral kEntryAttr = "ricci.entry";           ///< functions
inline constexpr llvm::StringLiteral kSharedAttr = "ricci.shared";         ///< functions
inline constexpr llvm::StringLiteral kGatherAttr = "ricci.gather";         ///< gathers: which it is
/// Functions: keys of kernels that exist, and whether one was taken though another would be faster.
inline constexpr llvm::StringLiteral kKnownAttr = "ricci.known";
inline constexpr llvm::StringLiteral kTakesKnownAttr = "ricci.takes_known";

} // namespace ricci
