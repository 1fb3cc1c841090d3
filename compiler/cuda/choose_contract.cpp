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
  int rows, columns, depth;
  int threadRows, threadColumns; ///< of a thread, or of a warp on matrix units
  double efficiency;             ///< of the arithmetic units, about
};

/// By the bytes of what is summed: registers and shared memory bound the tile. Blocks have 256
/// threads, 16 times 16 of them.
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
/// On matrix units: of a warp instead of a thread.
constexpr Tile kTilesHalf[] = {
    {128, 128, 32, 64, 32, 0.90}, {128, 64, 32, 64, 32, 0.70}, {64, 128, 32, 32, 64, 0.70},
    {64, 64, 32, 32, 32, 0.55},   {32, 64, 32, 16, 32, 0.35},  {64, 32, 32, 32, 16, 0.35},
    {32, 32, 32, 16, 16, 0.22},
};
constexpr Tile kTilesTf32[] = {
    {128, 128, 16, 64, 32, 0.90}, {128, 64, 16, 64, 32, 0.70}, {64, 128, 16, 32, 64, 0.70},
    {64, 64, 16, 32, 32, 0.55},   {32, 64, 16, 16, 32, 0.35},  {64, 32, 16, 32, 16, 0.35},
    {32, 32, 16, 16, 16, 0.22},
};
constexpr Tile kTilesF64[] = {
    {128, 128, 8, 64, 32, 0.90}, {128, 64, 8, 64, 32, 0.75}, {64, 128, 8, 32, 64, 0.75},
    {64, 64, 8, 32, 32, 0.60},   {32, 64, 8, 16, 32, 0.42},  {64, 32, 8, 32, 16, 0.42},
    {32, 32, 8, 16, 16, 0.30},
};
/// Shared memory of a block that need not be asked for, and the tiles in it.
constexpr int kSharedBytes = 48 << 10, kMostStages = 4;
/// Below, a thread for each element of the result is as good.
constexpr double kSmall = 1 << 13;
constexpr int64_t kNarrow = 4;

double extentOf(llvm::ArrayRef<Dim> dims) {
  double extent = 1;
  for (const Dim &dim : dims)
    extent *= double(dim.extent);
  return extent;
}

using Unit = ContractGrid::Unit;

bool isHalf(DType type) { return type == DType::f16 || type == DType::bf16; }
bool isInteger(DType type) {
  return kindOf(type) == DTypeKind::Int || kindOf(type) == DTypeKind::UInt;
}

Unit unitFor(const ContractGrid &grid, bool allowTf32) {
  DType a = grid.operands[0], result = grid.result;
  if (a != grid.operands[1] || (result != a && (!isHalf(a) || result != DType::f32)))
    return Unit::Scalar;
  switch (a) {
  case DType::f16:
    return Unit::F16;
  case DType::bf16:
    return Unit::Bf16;
  case DType::f32:
    return allowTf32 ? Unit::Tf32 : Unit::Scalar;
  case DType::f64:
    return Unit::F64;
  default:
    return Unit::Scalar;
  }
}

/// Bytes of a sum.
size_t sumBytes(DType result) {
  return isHalf(result) || isInteger(result) ? std::max<size_t>(itemSize(result), 4)
                                             : itemSize(result);
}

llvm::ArrayRef<Tile> tilesFor(const ContractGrid &grid) {
  switch (grid.unit) {
  case Unit::F16:
  case Unit::Bf16:
    return kTilesHalf;
  case Unit::Tf32:
    return kTilesTf32;
  case Unit::F64:
    return kTilesF64;
  case Unit::Scalar:
    break;
  }
  size_t bytes = sumBytes(grid.result);
  return bytes <= 4   ? llvm::ArrayRef<Tile>(kTiles4)
         : bytes == 8 ? llvm::ArrayRef<Tile>(kTiles8)
                      : llvm::ArrayRef<Tile>(kTiles16);
}

void chooseTile(ContractGrid &grid, int processors) {
  bool isMatrix = grid.unit != Unit::Scalar;
  double best = INFINITY;
  for (const Tile &tile : tilesFor(grid)) {
    ContractGrid with = grid;
    with.rows = tile.rows, with.columns = tile.columns, with.depth = tile.depth;
    with.efficiency = tile.efficiency;
    (isMatrix ? with.warpRows : with.threadRows) = tile.threadRows;
    (isMatrix ? with.warpColumns : with.threadColumns) = tile.threadColumns;
    // Blocks run at once on all processors; among equals the fewer count.
    double perProcessor = double(with.blocks()) / double(processors);
    double time =
        (std::ceil(perProcessor) + perProcessor / 16) * tile.rows * tile.columns / tile.efficiency;
    if (time < best)
      best = time, grid = with;
  }
}

/// Whether runs along the first of `along` lie beside each other, at a multiple of their length
/// from the first element.
bool liesInRuns(const ContractGrid &grid, size_t buffer, const Dims &along, int run) {
  if (along.empty() || along[0].strides[buffer] != 1 || along[0].extent % run != 0)
    return false;
  for (const Dims *dims : {&grid.batch, &grid.m, &grid.n, &grid.k})
    for (const Dim &dim : *dims)
      if (&dim != &along[0] && dim.strides[buffer] % run != 0)
        return false;
  return true;
}

/// Warps read a tile on scalar units as rows of vectors; on matrix units as 8 rows and 4 steps, in
/// which pitch all are in different banks; of 16-bit floats as 8 runs, which change places.
void chooseSide(ContractGrid &grid, int number) {
  ContractGrid::Side &side = grid.sides[number];
  DType type = grid.operands[number];
  int bytes = int(itemSize(type)), vector = std::max(1, kVectorBytes / bytes);
  bool areHalf = grid.unit == Unit::F16 || grid.unit == Unit::Bf16;
  const Dims &along = side.depthFirst ? grid.k : number == 0 ? grid.m : grid.n;
  bool inRuns = liesInRuns(grid, size_t(number), along, vector);
  side.deep = side.depthFirst && grid.unit != Unit::Scalar;
  int length = side.deep ? grid.depth : grid.sideOfTile(number);
  if (areHalf) {
    side.async = inRuns;
    side.run = vector;
    side.swizzled = true;
    side.pitch = length;
    return;
  }
  bool isSame = type == grid.result && kindOf(type) != DTypeKind::Bool && bytes >= 4;
  side.async = isSame;
  side.run = isSame && inRuns && (side.deep || !side.depthFirst) ? vector : 1;
  int words = std::max(1, kVectorBytes / int(sumBytes(grid.result)));
  side.pitch = length + (grid.unit == Unit::Tf32  ? (side.deep ? 4 : 8)
                         : grid.unit == Unit::F64 ? 4
                                                  : words);
}

/// Two blocks of 256 threads have 128 registers each: sums of 64 floats leave enough of them.
void chooseBlocksAtOnce(ContractGrid &grid) {
  size_t bytes = sumBytes(grid.result);
  int sums = grid.rows * grid.columns / grid.threads();
  grid.blocksAtOnce = grid.threads() == 256 && bytes * size_t(sums) <= 256 ? 2 : 1;
}

void chooseStages(ContractGrid &grid) {
  int64_t bytes = 0;
  bool areHalf = grid.unit == Unit::F16 || grid.unit == Unit::Bf16;
  for (int number : {0, 1})
    bytes += int64_t(grid.sides[number].pitch) *
             (grid.sides[number].deep ? grid.sideOfTile(number) : grid.depth) *
             int64_t(areHalf ? 2 : sumBytes(grid.result));
  grid.stages = int(std::clamp<int64_t>(kSharedBytes / bytes, 2, kMostStages));
}

/// What one store moves: a vector, but no more than a thread has side by side.
void chooseResultRun(ContractGrid &grid) {
  int most = std::max(1, kVectorBytes / int(itemSize(grid.result))), own = 2;
  if (grid.unit == Unit::Scalar)
    own = std::min(grid.threadColumns, std::max(1, kVectorBytes / int(sumBytes(grid.result))));
  else if (grid.unit == Unit::F16 || grid.unit == Unit::Bf16)
    own = 8; // which go through shared memory
  grid.resultRun = std::min(most, own);
  while (grid.resultRun > 1 && !liesInRuns(grid, 2, grid.n, grid.resultRun))
    grid.resultRun /= 2;
  for (size_t buffer = 3; buffer < grid.k[0].strides.size(); ++buffer)
    grid.operandRuns.push_back(grid.resultRun > 1 &&
                               liesInRuns(grid, buffer, grid.n, grid.resultRun));
}

bool needsWide(const ContractGrid &grid) {
  constexpr double kMost = double(1u << 30);
  if (double(grid.blocks()) > kMost)
    return true;
  llvm::SmallVector<double> reach(grid.k[0].strides.size(), 0);
  for (const Dims *dims : {&grid.batch, &grid.m, &grid.n, &grid.k}) {
    if (extentOf(*dims) > kMost)
      return true;
    for (const Dim &dim : *dims)
      for (auto [sum, stride] : llvm::zip(reach, dim.strides))
        sum += std::abs(double(stride)) * double(dim.extent);
  }
  return *std::max_element(reach.begin(), reach.end()) > kMost;
}

} // namespace

std::optional<ContractGrid> chooseContractGrid(const LabelledProduct &product,
                                               const CudaEmitOptions &options) {
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
  grid.epilogue = product.epilogue;
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
  ContractGrid::Side *sides = grid.sides;
  sides[0].depthFirst = !unitDim(m, 0) && unitDim(k, 0);
  sides[1].depthFirst = n[0].strides[1] != 1 && unitDim(k, 1);
  sortByBuffer(k, sides[1].depthFirst && !sides[0].depthFirst ? 1 : 0);
  // In that order only one of the two may be contiguous.
  for (size_t i : {0, 1})
    sides[i].depthFirst &= k[0].strides[i] == 1;
  grid.batch = merged(batch), grid.m = merged(m), grid.n = merged(n), grid.k = merged(k);
  grid.unit = unitFor(grid, options.allowTf32);
  chooseTile(grid, options.processors);
  for (int number : {0, 1})
    chooseSide(grid, number);
  chooseStages(grid);
  chooseBlocksAtOnce(grid);
  chooseResultRun(grid);
  grid.isWide = options.wideIndices || needsWide(grid);
  return grid;
}

} // namespace ricci
