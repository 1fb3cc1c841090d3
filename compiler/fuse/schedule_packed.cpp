//===- schedule_packed.cpp - decides how a contraction is packed -----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/fuse/schedule_product.h"

#include <cmath>

using namespace mlir;

namespace ricci {

namespace {

/// Rows and k that packing turns in registers at once, at most.
constexpr int64_t kTurned = 16;
/// Vectors of rows, and terms of a sum, from which on the vectors may run along the rows, where
/// columns are few.
constexpr int64_t kManyRows = 4, kLongSum = 32;

class PackedChooser : ProductChooser {
public:
  using ProductChooser::ProductChooser;

  std::optional<Schedule> choose(bool turned) const {
    if (operands_ != 2)
      return std::nullopt;
    Schedule s = start(Family::Contract);
    SmallVector<Dim> groups[4]; // batch, m, n, k
    for (const Dim &dim : reduced_)
      groups[3].push_back(dim);
    for (const Dim &dim : kept_) {
      bool a = dim.strides[0] != 0, b = dim.strides[1] != 0;
      groups[a == b ? 0 : a ? 1 : 2].push_back(dim);
    }
    if (groups[1].empty() || groups[2].empty())
      return std::nullopt;
    // Vectors run along the columns: they are the group in which the result is contiguous.
    bool rowsHaveUnit = unitDim(groups[1], result()).has_value();
    bool columnsHaveUnit = unitDim(groups[2], result()).has_value();
    auto extent = [](ArrayRef<Dim> dims) {
      int64_t total = 1;
      for (const Dim &d : dims)
        total *= d.extent;
      return total;
    };
    // Turned: the vectors of a result of few columns run along its rows.
    s.swapped = rowsHaveUnit || (!columnsHaveUnit && extent(groups[1]) > extent(groups[2]));
    if (turned) {
      const int lanes = target_.lanes(componentDType(computeType(product_.result)));
      if (extent(groups[s.swapped ? 1 : 2]) >= lanes ||
          extent(groups[s.swapped ? 2 : 1]) < kManyRows * lanes || extent(groups[3]) < kLongSum ||
          product_.size)
        return std::nullopt;
      s.swapped = !s.swapped;
    }
    if (s.swapped) {
      std::swap(groups[1], groups[2]);
      std::swap(s.spec.operands[0], s.spec.operands[1]);
      if (s.spec.prologue)
        s.spec.computed = 1 - s.spec.computed;
      for (auto &group : groups)
        for (Dim &d : group)
          std::swap(d.strides[0], d.strides[1]);
    }
    auto &[batch, m, n, k] = groups;
    for (auto *group : {&batch, &m, &n})
      sortByBuffer(*group, result());
    // Rows may go in any order: the one in which A is contiguous, if it is along a row label.
    if (auto unit = unitDim(m, 0))
      bringToFront(m, *unit);
    bool rowsA = m[0].strides[0] == 1, columnsB = n[0].strides[1] == 1;
    // Columns start with the dim in which the result is contiguous: panels may lie within it. Where
    // B is contiguous in another one, that comes second, and the others in B's order: packing turns
    // the first two against each other and reads on along all that B is contiguous in.
    bool mayPanel = n[0].strides[result()] == 1;
    auto unitN = unitDim(n, 1);
    bool acrossB = s.spec.computed != 1 && mayPanel && unitN && *unitN > 0 && n[0].extent > 1;
    if (acrossB) {
      SmallVector<Dim> others(n.begin() + 1, n.end());
      sortByBuffer(others, 1);
      llvm::copy(others, n.begin() + 1);
    }
    // K goes in the order of an operand that is contiguous along it; of the larger, if both are.
    auto unitA = rowsA ? std::nullopt : unitDim(k, 0),
         unitB = columnsB ? std::nullopt : unitDim(k, 1);
    bool preferA = unitA && (!unitB || extent(m) >= extent(n));
    // What is computed goes along K's innermost dim.
    if (s.spec.computed == 0 ? unitA.has_value() : s.spec.computed == 1 && unitB)
      preferA = s.spec.computed == 0;
    size_t first = preferA || !unitB ? 0 : 1;
    sortByBuffer(k, first);
    if (unitA && unitB)
      interleaveUnits(k, first);
    auto packing = [&](bool alongRows, size_t buffer) {
      if (alongRows)
        return Packing::AlongRows;
      return turnsAlongK(k, buffer) || int(buffer) == s.spec.computed ? Packing::AlongK
                                                                      : Packing::Gather;
    };
    s.spec.packing[0] = packing(rowsA, 0);
    s.spec.packing[1] = packing(columnsB, 1);
    s.batch = merged(batch), s.m = merged(m), s.n = merged(n), s.k = merged(k);
    // An epilogue needs panels.
    double cycles = product_.epilogue ? HUGE_VAL : chooseTile(s);
    auto consider = [&](const Schedule &candidate) {
      Schedule tiled = candidate;
      if (double c = chooseTile(tiled); c < cycles) {
        cycles = c;
        s = std::move(tiled);
      }
    };
    if (mayPanel && !s.n.empty()) {
      Schedule panels = s;
      panels.spec.panels = true;
      if (acrossB)
        panels.spec.packing[1] = Packing::Across;
      consider(panels);
      if (mayStream(panels)) {
        // Rows, or columns, that follow each other in the result are stored in longer pieces.
        panels.streams = panels.spec.streams = true;
        Schedule rowsInOrder = panels;
        sortByBuffer(m, result());
        rowsInOrder.m = merged(m);
        rowsInOrder.spec.packing[0] = packing(m[0].strides[0] == 1, 0);
        sortByBuffer(n, result());
        for (Schedule &streams : {std::ref(panels), std::ref(rowsInOrder)}) {
          consider(streams);
          streams.n = merged(n);
          streams.spec.packing[1] = packing(n[0].strides[1] == 1, 1);
          consider(streams);
        }
      }
    }
    chooseBlocks(s);
    if (s.spec.prologue)
      arrangePrologue(s);
    return s;
  }

private:
  /// Operands that are contiguous along different dims of K are both read in vectors when a block
  /// of K holds enough of either. Of the innermost dim, which is long, only a part comes before the
  /// other operand's:
  ///   200 of A, 204 of B  ->  40 of A, 204 of B, 5 of A
  void interleaveUnits(SmallVectorImpl<Dim> &k, size_t first) const {
    auto other = unitDim(k, 1 - first);
    if (*other == 0)
      return;
    Dim inner = k[0], second = k[*other];
    int64_t most = depth() / kTurned, part = 0;
    auto usedLanes = [&](int64_t extent) {
      return double(extent) / double(roundUp(extent, kTurned));
    };
    for (int64_t p = 8; p <= std::min(most, inner.extent); ++p)
      if (inner.extent % p == 0 && (p % 2 == 0 || !pairs()) &&
          (!part || usedLanes(p) >= usedLanes(part)))
        part = p;
    if (!part)
      return;
    k.erase(k.begin() + *other);
    k[0].extent = part;
    k.insert(k.begin() + 1, second);
    if (part == inner.extent)
      return;
    inner.extent /= part;
    for (int64_t &stride : inner.strides)
      stride *= part;
    k.insert(k.begin() + 2, inner);
  }
  /// Whether a block of K holds vectors of the dim in which the buffer is contiguous.
  bool turnsAlongK(ArrayRef<Dim> k, size_t buffer) const {
    auto unit = unitDim(k, buffer);
    if (pairs() && unit && *unit == 1 && k[0].extent % 2 != 0)
      return false;
    return unit && (*unit == 0 || (*unit == 1 && k[0].extent * kTurned <= depth()));
  }

  /// Whether the result may be stored past the caches: it would not stay in them, and is written
  /// once.
  bool mayStream(const Schedule &s) const {
    // A depth that varies may at another size take several blocks.
    return isLarge() && !product_.accumulate && !product_.size &&
           product_.result == computeType(product_.result) &&
           kindOf(product_.result) != DTypeKind::Complex && totalExtent(s.k) <= depth();
  }

  /// Whether the next block of B is fetched in time: it comes from memory, row by row. With many
  /// rows that gains nothing and costs nothing.
  bool mayPrefetch(const Schedule &s) const {
    double bytes = double(itemSize(s.spec.stored(1))) * double(totalExtent(s.k));
    for (const Dim &dim : s.n)
      bytes *= dim.strides[1] ? double(dim.extent) : 1;
    return s.spec.mayPrefetch() && !product_.size && totalExtent(s.k) <= depth() &&
           bytes > 2 * double(target_.l2Bytes);
  }

  /// Rows and vectors of the register tile: accumulators, a row of vectors and one broadcast fill
  /// the registers. 14x32 f32 on AVX-512 and 6x16 on AVX2, unless another tile wastes clearly less
  /// of this shape at its edges. Returns the predicted cycles.
  double chooseTile(Schedule &s) const {
    s.prefetches = mayPrefetch(s);
    DType compute = computeType(s.spec.result);
    bool complex = kindOf(compute) == DTypeKind::Complex;
    int parts = complex ? 2 : 1, lanes = target_.lanes(componentDType(compute));
    double least = HUGE_VAL, taken = HUGE_VAL;
    auto cycles = [&](int rows, int vectors) {
      s.spec.tileRows = rows;
      s.spec.tileColumns = vectors * lanes;
      taken = contractCycles(s, target_);
      least = std::min(least, taken);
      return taken + kClock * newSeconds(s.spec, taken / kClock);
    };
    int vectors = complex ? 1 : 2, rows = mostRows(vectors);
    double best = cycles(rows, vectors);
    best -= 0.04 * taken;
    for (int v = 1; v <= kMostTileVectors; ++v)
      for (int r = mostRows(v); r >= 4 && r * v * parts >= 8; --r)
        if (double c = cycles(r, v); c < best) {
          best = c;
          rows = r, vectors = v;
        }
    double chosen = cycles(rows, vectors);
    s.takesKnown = product_.known && taken > least * 1.04;
    return chosen;
  }

  static int64_t roundUp(int64_t n, int64_t tile) { return (n + tile - 1) / tile * tile; }

  /// `extent` in equal blocks of at most `most`, each a multiple of `tile`.
  static int64_t evenBlocks(int64_t extent, int64_t most, int64_t tile) {
    extent = std::max<int64_t>(extent, 1);
    most = std::max(most / tile * tile, tile);
    int64_t blocks = (extent + most - 1) / most;
    int64_t size = (extent + blocks - 1) / blocks;
    return (size + tile - 1) / tile * tile;
  }

  /// The most terms of a sum in one block. A panel of B is longer than the L1 cache would hold: it
  /// streams from L2 fast enough, and C is read and written less often. It is that of the default
  /// tile, so that a row's sums are the same for every M and N.
  int64_t depth() const {
    int64_t panel = target_.l2Bytes / (target_.vectorBytes == 64 ? 8 : 16);
    return std::max<int64_t>(panel / (2 * target_.vectorBytes), 64) * (pairs() ? 2 : 1);
  }

  /// As BLIS: a block of A stays in the L2 cache, a block of B in L3.
  void chooseBlocks(Schedule &s) const {
    int64_t bytes = packedItemSize(s.spec);
    s.blockK = evenBlocks(totalExtent(s.k), depth(), s.spec.pairs ? 2 : 1);
    int64_t rows = target_.l2Bytes / 2 / (s.blockK * bytes);
    s.blockRows = evenBlocks(totalExtent(s.m), rows, s.spec.tileRows);
    int64_t columns = std::min<int64_t>(target_.l3Bytes / 2, 8 << 20) / (s.blockK * bytes);
    // With one block of A there is no reason to leave the L2 cache.
    if (s.blockRows >= totalExtent(s.m))
      columns = std::max<int64_t>(target_.l2Bytes / (2 * s.blockK * bytes), 8 * s.spec.tileColumns);
    bool narrow = s.spec.result == DType::f16 || s.spec.result == DType::bf16;
    if (narrow)
      columns = std::min<int64_t>(columns, 1024);
    int64_t unit = s.spec.tileColumns;
    // A block should hold as many panels along the second dim as make a cache line of B: of each
    // run, or else of one panel of each run at a time.
    if (s.spec.packing[1] == Packing::Across) {
      int64_t run = roundUp(s.n[0].extent, unit),
              line = std::min<int64_t>(64 / int64_t(itemSize(s.spec.operands[1])), s.n[1].extent);
      // Where more of B's second dim fits a block in L3, B is read in longer pieces, up to a page:
      // short ones are bound by latency.
      int64_t page = 4096 / int64_t(itemSize(s.spec.operands[1]));
      int64_t most = std::min<int64_t>(target_.l3Bytes / 8, 4 << 20) / (s.blockK * bytes);
      int64_t piece = columns / (run * line > columns ? unit : run);
      if (!narrow && std::min(most / run, page) >= 4 * piece)
        columns = std::min(most, run * page);
      s.secondFirst = run * line > columns;
      unit = (s.secondFirst ? unit : run) * line;
    }
    s.blockColumns = evenBlocks(s.spec.panels ? paddedColumns(s) : totalExtent(s.n), columns, unit);
  }
};

} // namespace

std::optional<Schedule> choosePacked(const LabelledProduct &product, const Target &target,
                                     bool turned) {
  return PackedChooser(product, target).choose(turned);
}

} // namespace ricci
