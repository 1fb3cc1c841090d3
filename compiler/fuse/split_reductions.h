//===- split_reductions.h - long sums as two kernels ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ricci {

/// The label of what equal parts of a sum leave: of an einsum that the plan has apart.
inline constexpr llvm::StringLiteral kRestLabel = "#rest";

} // namespace ricci
