//===- align_operands.h - small operands in the order of large ones -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ricci {

/// A label of an einsum that copies an operand, and is no step of the order of contractions.
inline constexpr llvm::StringLiteral kCopyLabel = "#copy";

} // namespace ricci
