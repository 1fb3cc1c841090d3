//===- dims.h - lists of merged axes ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/schedule.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>

namespace ricci {

/// Joins neighbours that every buffer walks through as one axis:
///   extent 4, strides (5, 0) over extent 5, strides (1, 0)  ->  extent 20, strides (1, 0)
Dims merged(llvm::ArrayRef<Dim> dims);
/// Innermost first by a buffer's stride; axes it lacks come last, ordered by the others.
void sortByBuffer(llvm::SmallVectorImpl<Dim> &dims, size_t buffer);
/// Puts the dim at `index` first.
void bringToFront(llvm::SmallVectorImpl<Dim> &dims, size_t index);
/// A dim along which this buffer is contiguous.
std::optional<size_t> unitDim(llvm::ArrayRef<Dim> dims, size_t buffer);

} // namespace ricci
