//===- choose_contract.cpp - decides the tiles of a contraction
//---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/choose_contract.h"

#include "compiler/fuse/dims.h"

#include <algorithm>
#include <cmath>

namespace ricci {

namespace {

struct Tile {
  int rows, columns, depth, threadRows, threadColumns;
  double efficiency; ///< of the arithmetic units, about
};

/// By the bytes of what is summed: registers and shared memory bound the tile. Blocks have 256
/// threads, which load the same number of elements each.
constexpr Tile kTiles4[] = {
    {128, 128, 8, 8, 8, 0.90}, {128, 64, 8, 8, 4, 0.75}, {64, 128, 8, 4, 8, 0.75},
    {64, 64, 16, 4, 4, 0.60},  {32, 64, 16, 2, 4, 0.42}, {64, 32, 16, 4, 2, 0.42},
    {32, 32, 16, 2, 2, 0.30},  {16, 64, 16, 1, 4, 0.30}, {64, 16, 16, 4, 1, 0.30},
};
constexpr Tile kTiles8[] = {
    {64, 64, 8, 4, 4, 0.80},  {64, 32, 16, 4, 2, 0.60}, {32, 64, 16, 2, 4, 0.60},
    {32, 32, 16, 2, 2, 0.45}, {16, 64, 16, 1, 4, 0.40}, {64, 16, 16, 4, 1, 0.40},
};
constexpr Tile kTiles16[] = {
    {32, 32, 8, 2, 2, 0.60},
    {16, 32, 16, 1, 2, 0.40},
    {32, 16, 16, 2, 1, 0.40},
};
/// Multiprocessors of a large GPU.
constexpr int64_t kProcessors = 132;
/// Below, a thread for each element of the result is as good.
constexpr double kSmall = 1 << 13;
constexpr int64_t kNarrow = 4;

double extentOf(llvm::ArrayRef<Dim> dims) {
  double extent = 1;
  for (const Dim &dim : dims)
    extent *= double(dim.extent);
  return extent;
}

void chooseTile(ContractGrid &grid) {
  DType result = grid.result;
  size_t bytes = result == DType::f16 || result == DType::bf16 ? 4 : itemSize(result);
  llvm::ArrayRef<Tile> tiles = bytes <= 4   ? llvm::ArrayRef<Tile>(kTiles4)
                               : bytes == 8 ? llvm::ArrayRef<Tile>(kTiles8)
                                            : llvm::ArrayRef<Tile>(kTiles16);
  double best = INFINITY;
  for (const Tile &tile : tiles) {
    ContractGrid with = grid;
    with.rows = tile.rows, with.columns = tile.columns, with.depth = tile.depth;
    with.threadRows = tile.threadRows, with.threadColumns = tile.threadColumns;
    // Blocks run at once on all processors; among equals the fewer count.
    double perProcessor = double(with.blocks()) / double(kProcessors);
    double time = (std::ceil(perProcessor) + perProcessor / 16) * tile.rows * tile.columns / tile.efficiency;
    if (time < best)
      best = time, grid = with;
  }
}

bool needsWide(const ContractGrid &grid) {
  constexpr double kMost = double(1u << 30);
  double most[3] = {0, 0, 0};
  for (const Dims *dims : {&grid.batch, &grid.m, &grid.n, &grid.k}) {
    if (extentOf(*dims) > kMost)
      return true;
    for (const Dim &dim : *dims)
      for (size_t i = 0; i < 3; ++i)
        most[i] += std::abs(double(dim.strides[i])) * double(dim.extent);
  }
  return double(grid.blocks()) > kMost || std::max({most[0], most[1], most[2]}) > kMost;
}

} // namespace

std::optional<ContractGrid> chooseContractGrid(const LabelledProduct &product) {
  if (product.operands.size() != 2)
    return std::nullopt;
  llvm::SmallVector<Dim> batch, m, n, k;
  for (const LabelledProduct::Axis &axis : product.axes) {
    if (axis.extent == 1)
      continue;
    bool a = axis.strides[0] != 0, b = axis.strides[1] != 0;
    auto &group = !axis.kept ? k : a == b ? batch : a ? m : n;
    group.push_back({axis.extent, axis.strides});
  }
  if (k.empty() || extentOf(m) < kNarrow || extentOf(n) < kNarrow ||
      extentOf(m) * extentOf(n) * extentOf(k) <= kSmall)
    return std::nullopt;
  ContractGrid grid;
  grid.operands[0] = product.operands[0], grid.operands[1] = product.operands[1];
  grid.result = product.result;
  grid.accumulate = product.accumulate;
  // Neighbouring threads have neighbouring columns: the result is contiguous along them.
  if (!unitDim(n, 2) && unitDim(m, 2)) {
    std::swap(m, n);
    std::swap(grid.operands[0], grid.operands[1]);
    for (auto *group : {&batch, &m, &n, &k})
      for (Dim &dim : *group)
        std::swap(dim.strides[0], dim.strides[1]);
    grid.swapped = true;
  }
  sortByBuffer(batch, 2);
  // Rows go in any order: in that in which A is contiguous, else the result.
  sortByBuffer(m, unitDim(m, 0) ? 0 : 2);
  sortByBuffer(n, 2);
  grid.depthFirst[0] = !unitDim(m, 0) && unitDim(k, 0);
  grid.depthFirst[1] = n[0].strides[1] != 1 && unitDim(k, 1);
  sortByBuffer(k, grid.depthFirst[1] && !grid.depthFirst[0] ? 1 : 0);
  // In that order only one of the two may be contiguous.
  for (size_t i = 0; i < 2; ++i)
    grid.depthFirst[i] &= k[0].strides[i] == 1;
  grid.batch = merged(batch), grid.m = merged(m), grid.n = merged(n), grid.k = merged(k);
  chooseTile(grid);
  grid.isWide = needsWide(grid);
  return grid;
}

} // namespace ricci
