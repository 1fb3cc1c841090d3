//===- choose_contract.cpp - decides the tiles of a contraction
//---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/choose_contract.h"

#include "compiler/fuse/dims.h"
#include "compiler/fuse/loop_program.h"

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
/// Of four warps.
constexpr Tile kTilesHalfGroups[] = {
    {128, 256, 64, 64, 256, 0.55}, {128, 128, 64, 64, 128, 0.42}, {64, 128, 64, 64, 128, 0.40},
    {128, 64, 64, 64, 64, 0.40},   {64, 64, 64, 64, 64, 0.28},
};
constexpr Tile kTilesTf32Groups[] = {
    {256, 128, 32, 128, 128, 0.50}, {128, 256, 32, 64, 256, 0.38}, {128, 128, 32, 64, 128, 0.36},
    {64, 128, 32, 64, 128, 0.34},   {128, 64, 32, 64, 64, 0.34},   {64, 64, 32, 64, 64, 0.25},
};
/// Larger ones have too few warps at once: measured on sm_90.
constexpr Tile kTilesF64[] = {
    {64, 64, 16, 32, 32, 0.83},
    {32, 64, 16, 16, 32, 0.60},
    {64, 32, 16, 32, 16, 0.60},
    {32, 32, 16, 16, 16, 0.40},
};
constexpr int kMostStages = 4;
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

/// The rows and steps of one instruction of matrix units. What only sm_90a has is in no other
/// architecture, so neither later.
void chooseProduct(ContractGrid &grid, const CudaTarget &target) {
  bool isHalfUnit = grid.unit == Unit::F16 || grid.unit == Unit::Bf16;
  grid.byGroups = (isHalfUnit || grid.unit == Unit::Tf32) && target.arch == "sm_90a";
  if (grid.unit == Unit::F64 && target.capability < 90)
    grid.productRows = 8, grid.productSteps = 4;
  else
    grid.productRows = grid.byGroups ? 64 : 16, grid.productSteps = isHalfUnit ? 16 : 8;
}

/// Bytes of a sum.
size_t sumBytes(DType result) {
  return isHalf(result) || isInteger(result) ? std::max<size_t>(itemSize(result), 4)
                                             : itemSize(result);
}

/// Of a multiprocessor, as the CUDA programming guide's table of compute capabilities has it, less
/// the KiB that a block takes besides.
int sharedMemory(int capability) {
  switch (capability) {
  case 80:
  case 87:
    return 163 << 10;
  case 90:
  case 100:
  case 103:
  case 110:
    return 227 << 10;
  default:
    return 99 << 10;
  }
}

llvm::ArrayRef<Tile> tilesFor(const ContractGrid &grid) {
  switch (grid.unit) {
  case Unit::F16:
  case Unit::Bf16:
    return grid.byGroups ? llvm::ArrayRef<Tile>(kTilesHalfGroups) : kTilesHalf;
  case Unit::Tf32:
    return grid.byGroups ? llvm::ArrayRef<Tile>(kTilesTf32Groups) : kTilesTf32;
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

/// Whether a vector of the operand lies in memory as in the tile.
bool hasVectors(const ContractGrid &grid, int number) {
  if (number == grid.computed)
    return false;
  const ContractGrid::Side &side = grid.sides[number];
  const Dims &along = side.depthFirst ? grid.k : number == 0 ? grid.m : grid.n;
  int bytes = int(itemSize(grid.operands[number]));
  return liesInRuns(grid, size_t(number), along, std::max(1, kVectorBytes / bytes));
}

/// Whether tiles of groups of warps pass registers on their way, of which they need some.
bool needsRegisters(const ContractGrid &grid) {
  return grid.byGroups && grid.unit != Unit::Tf32 && !(hasVectors(grid, 0) && hasVectors(grid, 1));
}

/// Two blocks of 256 threads have 128 registers each: sums of 64 floats leave enough of them, but
/// for what computes an operand.
void chooseBlocksAtOnce(ContractGrid &grid) {
  size_t bytes = sumBytes(grid.result);
  int sums = grid.rows * grid.columns / grid.threads();
  bool isFull = grid.threads() == 256 || grid.byGroups;
  bool isTight = needsRegisters(grid) || (grid.prologue && bytes * size_t(sums) > 128);
  grid.blocksAtOnce = isFull && bytes * size_t(sums) <= 256 && !isTight ? 2 : 1;
  if (grid.unit == Unit::F64 && !grid.prologue && grid.rows * grid.columns == 64 * 64)
    grid.blocksAtOnce = 3;
}

/// What a tile costs besides its steps, in steps: its first elements on their way, its results.
/// Another block at once hides half of it. Measured on sm_90.
double besides(const ContractGrid &grid) {
  return grid.byGroups ? (grid.epilogue ? 400.0 : 200.0) / grid.blocksAtOnce : 0;
}

void chooseTile(ContractGrid &grid, int processors) {
  bool isMatrix = grid.unit != Unit::Scalar;
  bool areTurned = grid.sides[1].turned && grid.sides[1].depthFirst;
  double best = INFINITY;
  for (const Tile &tile : tilesFor(grid)) {
    ContractGrid with = grid;
    with.rows = tile.rows, with.columns = tile.columns;
    with.depth = areTurned ? std::max(tile.depth, kPiece * kPiece) : tile.depth;
    with.efficiency = tile.efficiency;
    (isMatrix ? with.warpRows : with.threadRows) = tile.threadRows;
    (isMatrix ? with.warpColumns : with.threadColumns) = tile.threadColumns;
    chooseBlocksAtOnce(with);
    if (needsRegisters(with) && with.rows * with.columns / with.threads() > 64)
      continue;
    // Blocks run at once on all processors; among equals the fewer count.
    double perProcessor = double(with.blocks()) / double(processors);
    double time = (std::ceil(perProcessor) + perProcessor / 16) * tile.rows * tile.columns *
                  (extentOf(grid.k) + besides(with)) / tile.efficiency;
    if (time < best)
      best = time, grid = with;
  }
}

/// Warps read a tile on scalar units as rows of vectors; on matrix units as 8 rows and 4 steps, in
/// which pitch all are in different banks; of 16-bit floats as 8 runs, which change places.
void chooseSide(ContractGrid &grid, int number) {
  ContractGrid::Side &side = grid.sides[number];
  DType type = grid.operands[number];
  int bytes = int(itemSize(type)), vector = std::max(1, kVectorBytes / bytes);
  bool areHalf = grid.unit == Unit::F16 || grid.unit == Unit::Bf16;
  bool inRuns = hasVectors(grid, number);
  // Groups of warps multiply numbers of 32 bits along k alone.
  bool isDeepAlways = grid.byGroups && !areHalf;
  side.deep = (side.depthFirst && grid.unit != Unit::Scalar) || isDeepAlways;
  int length = side.deep ? grid.depth : grid.sideOfTile(number);
  side.rows = side.deep ? grid.sideOfTile(number) : grid.depth;
  if (areHalf) {
    side.async = inRuns;
    side.run = vector;
    side.swizzled = true;
    side.pitch = length;
    if (grid.byGroups) {
      side.pitch = kGroupRowBytes / bytes;
      side.rows *= length / side.pitch;
    }
    return;
  }
  bool isSame = number != grid.computed && type == grid.result && kindOf(type) != DTypeKind::Bool &&
                bytes >= 4;
  side.async = isSame;
  side.run = isSame && inRuns && side.deep == side.depthFirst ? vector : 1;
  if (grid.byGroups) {
    side.swizzled = true;
    side.pitch = length;
    return;
  }
  int words = std::max(1, kVectorBytes / int(sumBytes(grid.result)));
  side.pitch = length + (grid.unit == Unit::Tf32  ? (side.deep ? 4 : 8)
                         : grid.unit == Unit::F64 ? 4
                                                  : words);
}

void chooseStages(ContractGrid &grid, int capability) {
  bool areHalf = grid.unit == Unit::F16 || grid.unit == Unit::Bf16;
  for (int number : {0, 1})
    grid.tileBytes[number] = grid.sides[number].pitch * grid.sides[number].rows *
                             int(areHalf ? 2 : sumBytes(grid.result));
  int most = sharedMemory(capability) / grid.blocksAtOnce;
  grid.stages = std::clamp(most / (grid.tileBytes[0] + grid.tileBytes[1]), grid.byGroups ? 3 : 2,
                           kMostStages);
}

/// What one store moves: a vector, but no more than a thread has side by side.
void chooseResultRun(ContractGrid &grid) {
  int most = std::max(1, kVectorBytes / int(itemSize(grid.result))), own = 2;
  if (grid.unit == Unit::Scalar)
    own = std::min(grid.threadColumns, std::max(1, kVectorBytes / int(sumBytes(grid.result))));
  else if (grid.unit == Unit::F16 || grid.unit == Unit::Bf16 || grid.byGroups)
    own = 8; // which go through shared memory
  grid.resultRun = std::min(most, own);
  while (grid.resultRun > 1 && !liesInRuns(grid, 2, grid.n, grid.resultRun))
    grid.resultRun /= 2;
  size_t operands = grid.epilogue ? operandsOf(*grid.epilogue).size() : 0;
  for (size_t buffer = 3; buffer < 3 + operands; ++buffer)
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

/// The first dim and another one in pieces that take turns, if they have them: neighbouring
/// indices are neighbours along both.
bool walkInPieces(llvm::SmallVectorImpl<Dim> &dims, size_t other) {
  if (dims[0].extent % kPiece != 0 || dims[other].extent % kPiece != 0)
    return false;
  Dim pieces[2] = {dims[0], dims[other]};
  for (size_t i : {size_t(0), other}) {
    dims[i].extent /= kPiece;
    for (int64_t &stride : dims[i].strides)
      stride *= kPiece;
  }
  for (Dim &piece : pieces)
    piece.extent = kPiece;
  dims.insert(dims.begin(), {pieces[0], pieces[1]});
  return true;
}

/// Whether pieces of B's and C's labels save more sectors of B, which every row of tiles loads,
/// than they cost of C, which is stored once and lies beside each other otherwise.
bool piecesPay(const ContractGrid &grid, llvm::ArrayRef<Dim> m, llvm::ArrayRef<Dim> k) {
  constexpr double kSectorBytes = 32, kTileRows = 128;
  auto waste = [](DType type, int neighbours) {
    return std::max(1.0, kSectorBytes / double(itemSize(type)) / neighbours);
  };
  double loads = extentOf(k) * std::ceil(extentOf(m) / kTileRows), stores = extentOf(m);
  DType b = grid.operands[1], c = grid.result;
  return loads * (waste(b, 1) - waste(b, kPiece)) > stores * (waste(c, kPiece) - 1);
}

} // namespace

std::optional<ContractGrid> chooseContractGrid(const LabelledProduct &product,
                                               const CudaTarget &target,
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
  grid.prologue = product.prologue;
  grid.computed = product.computed;
  // Neighbouring threads have neighbouring columns: the result is contiguous along them.
  if (!unitDim(n, 2) && unitDim(m, 2)) {
    std::swap(m, n);
    std::swap(grid.operands[0], grid.operands[1]);
    for (auto *group : {&batch, &m, &n, &k})
      for (Dim &dim : *group)
        std::swap(dim.strides[0], dim.strides[1]);
    grid.swapped = true;
    if (grid.prologue)
      grid.computed = 1 - grid.computed;
  }
  sortByBuffer(batch, 2);
  // Rows go in any order: in that in which A is contiguous, else the result.
  sortByBuffer(m, unitDim(m, 0) ? 0 : 2);
  sortByBuffer(n, 2);
  ContractGrid::Side *sides = grid.sides;
  sides[0].depthFirst = !unitDim(m, 0) && unitDim(k, 0);
  sides[1].depthFirst = n[0].strides[1] != 1 && unitDim(k, 1);
  sortByBuffer(k, sides[1].depthFirst && !sides[0].depthFirst ? 1 : 0);
  grid.unit = unitFor(grid, options.allowTf32);
  // 16-bit tiles need more neighbours than a piece has.
  bool hasPieces = grid.unit != Unit::F16 && grid.unit != Unit::Bf16;
  auto otherUnit = [&](llvm::ArrayRef<Dim> dims) {
    auto unit = unitDim(dims, 1);
    return dims[0].strides[1] != 1 && unit && hasPieces ? *unit : 0;
  };
  // A and B may be contiguous along different labels of k, B and C along different ones of n.
  if (size_t other = sides[0].depthFirst && sides[1].depthFirst ? otherUnit(k) : 0)
    sides[1].turned = walkInPieces(k, other);
  else if (size_t other = otherUnit(n); other && piecesPay(grid, m, k))
    sides[1].turned = walkInPieces(n, other);
  // Without pieces only one of two is.
  for (size_t i : {0, 1})
    sides[i].depthFirst &= k[0].strides[i] == 1 || sides[i].turned;
  grid.batch = merged(batch), grid.m = merged(m), grid.n = merged(n), grid.k = merged(k);
  chooseProduct(grid, target);
  chooseTile(grid, options.processors);
  for (int number : {0, 1})
    chooseSide(grid, number);
  chooseStages(grid, target.capability);
  chooseResultRun(grid);
  grid.isWide = options.wideIndices || needsWide(grid);
  return grid;
}

} // namespace ricci
