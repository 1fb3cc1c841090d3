//===- choose_contract.h - decides the tiles of a contraction
//-----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/schedule.h"

#include <optional>

namespace ricci {

/// c[b,m,n] = sum over k of a[b,m,k] * b[b,k,n]: what a block and a thread compute of it.
struct ContractGrid {
  /// Strides are those of A, B and C.
  Dims batch, m, n, k;
  DType operands[2] = {DType::f32, DType::f32};
  DType result = DType::f32;
  bool swapped = false; ///< A is operand 1 of the kernel
  bool accumulate = false;
  int rows = 64, columns = 64, depth = 16; ///< of a block's tile
  int threadRows = 4, threadColumns = 4;   ///< of a thread's
  bool depthFirst[2] = {false, false};     ///< A and B: contiguous along k, and loaded along it
  bool isWide = false;                     ///< indices have 64 bits

  int threads() const { return rows / threadRows * (columns / threadColumns); }
  int64_t tilesOfRows() const { return (totalExtent(m) + rows - 1) / rows; }
  int64_t tilesOfColumns() const { return (totalExtent(n) + columns - 1) / columns; }
  int64_t blocks() const { return totalExtent(batch) * tilesOfRows() * tilesOfColumns(); }
};

/// Nothing where the product is no contraction, or too small or narrow for tiles.
std::optional<ContractGrid> chooseContractGrid(const LabelledProduct &product);

} // namespace ricci
