//===- choose_attention.h - decides the tiles of attention ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/attention.h"
#include "compiler/cuda/emit_cuda.h"

#include <optional>

namespace ricci {

/// What a block and a warp (or thread) compute of attention. A block has some rows, and goes
/// through the keys tile by tile.
struct AttentionGrid {
  /// What multiplies: arithmetic units, or matrix units on numbers of a type.
  enum class Unit : uint8_t { Scalar, F16, Bf16 };
  /// How a tile of K or V comes into shared memory, and lies there.
  struct Side {
    bool keysInside = false; ///< a line of the tile is one of depth (or a column), over the keys
    bool linesFirst = false; ///< neighbouring threads load along the lines' first elements
    int run = 1;             ///< elements that move at once
    int lines = 0;           ///< of the tile
    int length = 0;          ///< of a line, in elements
    int pitch = 0;           ///< elements from a line to the next
    /// Groups: lines are cut into pieces of `pitch` elements, and all first pieces are before the
    /// second ones. In a piece vectors change places with the number of the line.
    bool swizzled = false;

    int pieces() const { return swizzled ? (length + pitch - 1) / pitch * lines : lines; }
  };

  Attention attention;
  Unit unit = Unit::Scalar;
  int rows = 64, keys = 64;     ///< of a block; of a step
  int warpRows = 16;            ///< of a warp, on matrix units
  bool byGroups = false;        ///< four warps multiply together, K and V from shared memory
  int depth = 16, columns = 16; ///< of q and v, up to whole products
  int stages = 2;               ///< tiles of K and V in shared memory at once
  int blocksAtOnce = 1;         ///< on a multiprocessor, by their registers
  Side k, v;
  int queryRun = 1;  ///< elements of a row of Q that are loaded at once
  int resultRun = 1; ///< neighbouring results that are stored at once
  double efficiency = 1;
  bool isWide = false; ///< indices have 64 bits

  int threads() const { return unit == Unit::Scalar ? 256 : 32 * rows / warpRows; }
  int64_t tilesOfRows() const { return (totalExtent(attention.rows) + rows - 1) / rows; }
  int64_t blocks() const { return totalExtent(attention.batch) * tilesOfRows(); }
};

/// Nothing where it does not fit, or does not pay: see the top of choose_attention.cpp.
std::optional<AttentionGrid> chooseAttentionGrid(const Attention &attention,
                                                 const CudaTarget &target,
                                                 const CudaEmitOptions &options);

} // namespace ricci
