//===- choose_contract.h - decides the tiles of a contraction ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/emit_cuda.h"
#include "compiler/fuse/schedule.h"

#include <optional>

namespace ricci {

/// c[b,m,n] = sum over k of a[b,m,k] * b[b,k,n]: what a block and a thread compute of it.
struct ContractGrid {
  /// What multiplies: arithmetic units, or matrix units on numbers of a type.
  enum class Unit : uint8_t { Scalar, F16, Bf16, Tf32, F64 };
  /// How the tile of an operand comes into shared memory, and lies there.
  struct Side {
    bool depthFirst = false; ///< contiguous along k: neighbouring threads load along it
    /// Where k (or the side) goes over pieces of two labels in turn, it is contiguous along the
    /// second.
    bool turned = false;
    bool deep = false;     ///< k is inside in the tile: a row of it holds `depth` elements
    int run = 1;           ///< elements that move at once: they lie beside each other in both
    bool async = false;    ///< copied without registers between; else cast on the way
    bool swizzled = false; ///< 16 bytes at a time change places in a row, as its number says
    int pitch = 0;         ///< elements from a row of the tile to the next
    int rows = 0;          ///< of the tile: of k or of the side, or of several pieces of it
  };

  /// Strides are those of A, B, C, then of what an epilogue reads, then a prologue.
  Dims batch, m, n, k;
  DType operands[2] = {DType::f32, DType::f32};
  DType result = DType::f32;
  bool swapped = false; ///< A is operand 1 of the kernel
  /// What becomes of the sums. Its operands are buffers from 3 on; `operandRuns` says of which
  /// `resultRun` neighbours lie together.
  std::shared_ptr<const LoopProgram> epilogue;
  llvm::SmallVector<bool> operandRuns;
  /// What computes operand `computed` on its way to shared memory; -1: both are copied. Its first
  /// access is that operand's buffer, its others are buffers after the epilogue's.
  std::shared_ptr<const LoopProgram> prologue;
  int computed = -1;
  bool accumulate = false;
  Unit unit = Unit::Scalar;
  int rows = 64, columns = 64, depth = 16; ///< of a block's tile
  int threadRows = 4, threadColumns = 4;   ///< of a thread's
  int warpRows = 0, warpColumns = 0;       ///< of a warp's, instead: on matrix units
  /// Four warps multiply together, from shared memory; `warpRows` and `warpColumns` are all theirs.
  bool byGroups = false;
  int productRows = 0, productSteps = 0; ///< of one instruction of matrix units
  double efficiency = 1;                 ///< of the unit, about
  int stages = 2;                        ///< tiles in shared memory at once
  int tileBytes[2] = {0, 0};             ///< of one of A and one of B
  int blocksAtOnce = 1;                  ///< on a multiprocessor, by their registers
  Side sides[2];
  /// Neighbouring results that a thread stores at once, where the address allows it.
  int resultRun = 1;
  bool isWide = false; ///< indices have 64 bits

  int threads() const {
    return warpRows ? (byGroups ? 128 : 32) * (rows / warpRows) * (columns / warpColumns)
                    : rows / threadRows * (columns / threadColumns);
  }
  /// Of all tiles.
  int sharedBytes() const { return stages * (tileBytes[0] + tileBytes[1]); }
  bool isSharedDynamic() const { return sharedBytes() > kStaticSharedBytes; }
  int sideOfTile(int side) const { return side == 0 ? rows : columns; }
  int64_t tilesOfRows() const { return (totalExtent(m) + rows - 1) / rows; }
  int64_t tilesOfColumns() const { return (totalExtent(n) + columns - 1) / columns; }
  int64_t blocks() const { return totalExtent(batch) * tilesOfRows() * tilesOfColumns(); }
};

/// Bytes that a thread moves at once.
inline constexpr int kVectorBytes = 16;

/// Neighbours along which one tensor is contiguous, where another is along another label.
inline constexpr int kPiece = 4;

/// Nothing where the product is no contraction, or too small or narrow for tiles.
std::optional<ContractGrid> chooseContractGrid(const LabelledProduct &product,
                                               const CudaTarget &target,
                                               const CudaEmitOptions &options);

} // namespace ricci
