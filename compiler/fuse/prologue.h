//===- prologue.h - operands that a contraction computes itself ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/decisions/0014-computed-operands.md.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/roots.h"

namespace ricci {

/// What a contraction computes element by element before it multiplies, instead of reading it.
struct Prologue {
  unsigned operand = 0; ///< of the einsum
  /// Small values that are computed once, in kernels before.
  llvm::SmallVector<mlir::Value> stored;
};

/// The operand that the einsum's kernel may compute, and gains by it: one of at least so many
/// bytes, or fewer where it is widened, in a large contraction, computed for it alone from an
/// argument that is read as packing reads. Of two the larger one.
///
/// On a GPU tiles are otherwise copied without registers, and are larger: it pays where memory is
/// what limits.
std::optional<Prologue> prologueOf(EinsumOp einsum, const Roots &roots, const FusionRules &rules);

} // namespace ricci
