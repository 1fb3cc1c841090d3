//===- choose_fused.h - decides how threads share a fused kernel
//--------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/loop_program.h"

namespace ricci {

/// How threads share the points of a program of loops. Decided from shapes and strides alone;
/// emit_fused.cpp obeys.
struct FusedGrid {
  /// Where what several passes read is kept: in registers of the thread that computes it, in shared
  /// memory, or it is computed again.
  enum class Cache : uint8_t { None, Registers, Shared };

  LoopProgram loops;   ///< arranged; rows: neighbouring threads are on neighbours of a reduced axis
  int64_t points = 1;  ///< indices of the kept axes together
  int64_t reduced = 1; ///< of the reduced ones
  int team = 1;        ///< threads that share the reduced indices of a point
  int perBlock = 1;    ///< points of a block
  Cache cache = Cache::None;
  /// Reduced indices of a thread, as an unrolled loop; 0: a loop.
  int64_t items = 0;
  /// Elements of neighbouring points (without reduced axes) that a thread takes.
  int lanes = 1;
  /// Without reduced axes: loads that are contiguous along `tileAxis`, not along the last axis, go
  /// through a tile in shared memory.
  int tileAxis = -1;
  std::vector<int> tiled; ///< nodes
  bool isWide = false;    ///< indices have 64 bits

  bool rows() const { return loops.mode == LoopProgram::Mode::Rows; }
  bool reduces() const { return size_t(loops.kept()) != loops.axes.size(); }
  int64_t blocks() const { return (points + perBlock - 1) / perBlock; }
};

/// Side of a tile of FusedGrid::tiled, and the threads along its other side.
inline constexpr int kTileSide = 32, kTileThreads = 8;

/// Of a program that is not arranged. `isWide`: indices have 64 bits in any case.
FusedGrid chooseFusedGrid(LoopProgram loops, bool isWide);

/// Whether an element of the access may be moved with its neighbours along the last kept axis.
bool isPackable(const FusedGrid &grid, const LoopProgram::Access &access);

/// The type of what a reduction or scan accumulates.
DType sumType(const LoopProgram::Node &node);

} // namespace ricci
