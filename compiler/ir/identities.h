//===- identities.h - operations that give back an operand ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace ricci {

/// x * 1, x - 0, -(-x) and the like, where the result is the operand bit for bit (but for the
/// payload of a NaN).
void populateIdentities(mlir::RewritePatternSet &patterns);

} // namespace ricci
