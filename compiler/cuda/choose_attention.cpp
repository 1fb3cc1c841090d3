//===- choose_attention.cpp - decides the tiles of attention -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel pays where it has work for the whole GPU:
//
//   - q and v have at most 128 numbers a row: sums of a row are in registers, tiles in shared
//   memory
//   - at least 16 rows and 16 keys: below, most of a tile would be empty
//   - blocks for a quarter of a GPU, or at most 1024 keys: a block goes through all keys alone,
//     while a contraction with few results sums in parts (split_reductions.cpp)
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/choose_attention.h"

#include "compiler/fuse/dims.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace ricci {

namespace {

using Unit = AttentionGrid::Unit;

constexpr int64_t kMostDepth = 128, kFewRows = 16, kFewKeys = 16, kManyKeys = 1024;
/// A quarter of the multiprocessors of a large GPU. What is formed does not depend on the machine.
constexpr int64_t kFewBlocks = 33, kSmallestRows = 64;
/// Steps of a product on matrix units.
constexpr int kStep = 16;
/// Bytes of one access to shared memory.
constexpr int kVectorBytes = 16;

const Dims &innerOf(const AttentionGrid &grid, Attention::Buffer buffer) {
  return buffer == Attention::V ? grid.attention.columns : grid.attention.depth;
}

/// The most elements, up to a vector, that lie beside each other along the first of `along`, at
/// multiples of their number from the first element.
int runOf(const Attention &a, size_t buffer, const Dims &along, int most) {
  if (along.empty() || along[0].strides[buffer] != 1)
    return 1;
  int run = most;
  for (const Dims *dims : {&a.batch, &a.rows, &a.keys, &a.depth, &a.columns})
    for (const Dim &dim : *dims)
      while ((&dim == &along[0] ? dim.extent : dim.strides[buffer]) % run != 0)
        run /= 2;
  return run;
}

void chooseSide(AttentionGrid &grid, AttentionGrid::Side &side, Attention::Buffer buffer) {
  const Attention &a = grid.attention;
  int size = int(itemSize(a.type)), vector = kVectorBytes / size;
  int inner = buffer == Attention::K ? grid.depth : grid.columns;
  int along = runOf(a, buffer, innerOf(grid, buffer), vector);
  int overKeys = runOf(a, buffer, a.keys, vector);
  bool isContiguous = a.keys[0].strides[buffer] == 1;
  side.keysInside = grid.unit != Unit::Scalar && isContiguous && overKeys > along;
  side.run = side.keysInside ? overKeys : along;
  side.linesFirst = !side.keysInside && isContiguous && along == 1;
  side.lines = side.keysInside ? inner : grid.keys;
  side.length = side.keysInside ? grid.keys : inner;
  side.swizzled = grid.byGroups;
  // Else an odd number of vectors apart: 8 lines are in different banks.
  side.pitch = grid.byGroups ? kGroupRowBytes / size : side.length + vector;
}

int upTo(int64_t extent, int multiple) {
  return int((extent + multiple - 1) / multiple) * multiple;
}

struct Tile {
  int rows, keys, warpRows;
  int mostDepth; ///< or columns
  double efficiency;
  int blocksAtOnce, stages;
  bool isTight = false; ///< has no registers for what logits need, or for tiles on their way
};
/// On matrix units. Warps of 32 rows read K and V half as often.
constexpr Tile kMatrixTiles[] = {{128, 64, 32, 64, 0.55, 2, 2, true},
                                 {128, 64, 16, 128, 0.45, 1, 2},
                                 {64, 64, 16, 128, 0.40, 2, 2}};
/// Of groups of four warps: the first two measured on sm_90. K and V have less than 227 KiB of
/// shared memory, and a KiB for each block, together.
constexpr Tile kGroupTiles[] = {{128, 64, 16, 64, 0.60, 2, 4, true},
                                {128, 128, 16, 128, 0.60, 1, 3, true},
                                {128, 64, 16, 128, 0.55, 1, 4},
                                {64, 64, 16, 128, 0.40, 2, 3}};
/// On arithmetic units. Q, K, V and the powers of a tile have less than 99 KiB of shared memory,
/// which all GPUs have.
constexpr Tile kScalarTiles[] = {{96, 64, 0, 64, 0.60, 2, 1},
                                 {64, 64, 0, 64, 0.45, 2, 1},
                                 {80, 32, 0, 128, 0.50, 2, 1},
                                 {64, 32, 0, 128, 0.40, 2, 1}};

llvm::ArrayRef<Tile> tilesFor(const AttentionGrid &grid) {
  if (grid.unit == Unit::Scalar)
    return kScalarTiles;
  return grid.byGroups ? llvm::ArrayRef<Tile>(kGroupTiles) : kMatrixTiles;
}

/// Whether tiles are copied past the registers.
bool hasVectors(const AttentionGrid &grid) {
  const Attention &a = grid.attention;
  auto runs = [&](Attention::Buffer buffer) {
    return std::max(runOf(a, buffer, innerOf(grid, buffer), 2), runOf(a, buffer, a.keys, 2)) > 1;
  };
  return runs(Attention::K) && runs(Attention::V);
}

bool fits(const AttentionGrid &grid, const Tile &tile) {
  return std::max(grid.depth, grid.columns) <= tile.mostDepth &&
         (!tile.isTight || (grid.attention.isPlain() && (!grid.byGroups || hasVectors(grid))));
}

void chooseTile(AttentionGrid &grid, int processors) {
  double best = INFINITY;
  for (const Tile &tile : tilesFor(grid)) {
    if (!fits(grid, tile))
      continue;
    AttentionGrid with = grid;
    with.rows = tile.rows, with.keys = tile.keys, with.warpRows = tile.warpRows;
    with.efficiency = tile.efficiency;
    with.blocksAtOnce = tile.blocksAtOnce, with.stages = tile.stages;
    double perProcessor = double(with.blocks()) / double(processors);
    double time = (std::ceil(perProcessor) + perProcessor / 16) * tile.rows / tile.efficiency;
    if (time < best)
      best = time, grid = with;
  }
}

bool needsWide(const AttentionGrid &grid) {
  constexpr double kMost = double(1u << 30);
  const Attention &a = grid.attention;
  double reach[4] = {0, 0, 0, 0};
  for (const Dims *dims : {&a.batch, &a.rows, &a.keys, &a.depth, &a.columns}) {
    double extent = 1;
    for (const Dim &dim : *dims) {
      extent *= double(dim.extent);
      for (auto [sum, stride] : llvm::zip(reach, dim.strides))
        sum += std::abs(double(stride)) * double(dim.extent);
    }
    if (extent > kMost)
      return true;
  }
  double most = *std::max_element(std::begin(reach), std::end(reach));
  for (int access : a.read) {
    double sum = 0;
    for (auto [axis, stride] : llvm::zip(a.logits.axes, a.logits.accesses[size_t(access)].strides))
      sum += std::abs(double(stride)) * double(axis.extent);
    most = std::max(most, sum);
  }
  return most > kMost || double(grid.blocks()) > kMost;
}

} // namespace

std::optional<AttentionGrid> chooseAttentionGrid(const Attention &attention,
                                                 const CudaTarget &target,
                                                 const CudaEmitOptions &options) {
  int64_t rows = totalExtent(attention.rows), keys = totalExtent(attention.keys);
  int64_t depth = totalExtent(attention.depth), columns = totalExtent(attention.columns);
  if (depth < 1 || columns < 1 || depth > kMostDepth || columns > kMostDepth || rows < kFewRows ||
      keys < kFewKeys || totalExtent(attention.batch) < 1)
    return std::nullopt;
  int64_t blocks = totalExtent(attention.batch) * ((rows + kSmallestRows - 1) / kSmallestRows);
  if (blocks < kFewBlocks && keys > kManyKeys)
    return std::nullopt;
  AttentionGrid grid;
  grid.attention = attention;
  grid.unit = attention.type == DType::f16    ? Unit::F16
              : attention.type == DType::bf16 ? Unit::Bf16
                                              : Unit::Scalar;
  grid.byGroups = grid.unit != Unit::Scalar && target.arch == "sm_90a";
  grid.depth = upTo(depth, kStep), grid.columns = upTo(columns, kStep);
  chooseTile(grid, options.processors);
  chooseSide(grid, grid.k, Attention::K);
  chooseSide(grid, grid.v, Attention::V);
  assert(!grid.byGroups || grid.stages * (grid.k.pieces() + grid.v.pieces()) * kGroupRowBytes <=
                               (227 << 10) / grid.blocksAtOnce - 1024);
  // On arithmetic units vectors, on matrix units what a thread has of them.
  int most = grid.unit == Unit::Scalar ? kVectorBytes / 4 : 2;
  grid.queryRun = runOf(attention, Attention::Q, attention.depth, most);
  while (grid.unit == Unit::Scalar && grid.columns % (most * kStep) != 0)
    most /= 2;
  grid.resultRun = runOf(attention, Attention::Result, attention.columns, most);
  grid.isWide = options.wideIndices || needsWide(grid);
  return grid;
}

} // namespace ricci
