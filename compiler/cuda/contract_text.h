//===- contract_text.h - what kernels of contractions have in common
//------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/emit.h"

namespace ricci {

/// Offsets of indices, the block's tile, and elements on their way to and from the sums.
class ContractText {
public:
  explicit ContractText(const ContractGrid &grid);

protected:
  /// Name, title, parameters a, b and c.
  void describe(const std::string &schedule);
  /// `rowOfA(index)` and the like, before the kernel: indices along groups of several dims.
  void defineOffsets();
  /// `row0`, `column0` and `thread`; the pointers are those of the batch.
  void startBlock();
  /// An element as it is summed.
  std::string summand(DType type, const std::string &element) const;
  /// Whether the element of A (side 0) or B at these places of the tile exists: `row0 + side < 70`.
  std::string isInside(int side, const std::string &place, const std::string &depth) const;
  /// c at `row` and `column`, if it exists.
  void storeResult(const std::string &sum);

  int sideOfTile(int side) const { return side == 0 ? g_.rows : g_.columns; }

  const ContractGrid &g_;
  KernelText kernel_;
  CudaText &text_;
  const char *index_; ///< the type of indices
  DType computed_;
  std::string sum_; ///< the type of the sums
  size_t sumBytes_;
  int64_t m_, n_, k_;

private:
  void defineOffset(const std::string &name, const Dims &dims, size_t buffer);
  std::string typeNames() const;
};

} // namespace ricci
