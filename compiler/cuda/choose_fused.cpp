//===- choose_fused.cpp - decides how threads share a fused kernel
//------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/choose_fused.h"

#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/schedule.h"

#include <algorithm>
#include <cmath>

namespace ricci {

namespace {

using Kind = LoopProgram::Kind;
using Mode = LoopProgram::Mode;
using Order = llvm::SmallVector<int64_t>;

/// Threads that keep a GPU busy.
constexpr int64_t kManyThreads = 1 << 17;
constexpr int kBlock = 256, kMaxBlock = 1024, kWarp = 32;
/// Of one thread, in 32-bit registers, and of one block.
constexpr int64_t kCacheRegisters = 64, kCacheBytes = 32 << 10;
/// For what the threads of a team tell each other; together with the above what a block may have.
constexpr int64_t kPartBytes = 16 << 10;
constexpr int64_t kMaxItems = 32;
/// Cycles (of cost_model.h) of what a thread's code may hold unrolled: more takes NVRTC too long.
constexpr double kMaxUnrolled = 1200;
/// Cost of an operation from which on a value is kept between passes; a load costs as much.
constexpr double kCacheCycles = 4;

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }
int64_t powerAtLeast(int64_t n) {
  int64_t power = 1;
  while (power < n)
    power *= 2;
  return power;
}

class Chooser {
public:
  Chooser(LoopProgram loops, bool isWide) : loops_(std::move(loops)), isWide_(isWide) {}

  FusedGrid choose() {
    auto [mode, order] = bestOrder();
    FusedGrid grid;
    grid.loops = std::move(loops_);
    grid.loops.arrange(order, mode);
    for (const LoopProgram::Axis &axis : grid.loops.axes)
      (axis.reduced ? grid.reduced : grid.points) *= axis.extent;
    if (grid.reduces())
      share(grid);
    else
      shareElements(grid);
    grid.isWide = isWide_ || needsWide(grid);
    return grid;
  }

private:
  //===--- order of the axes -------------------------------------------===//

  /// What it costs when neighbouring threads are neighbours along this axis: the sectors of 32
  /// bytes that their accesses touch.
  double cost(int64_t axis) const {
    double sum = 0;
    for (const LoopProgram::Access &access : loops_.accesses) {
      double elements = 1;
      for (auto [a, stride] : llvm::zip(loops_.axes, access.strides))
        elements *= stride ? double(a.extent) : 1;
      int64_t stride = std::abs(access.strides[size_t(axis)]);
      double bytes = double(itemSize(access.type));
      double perElement = stride == 0 ? bytes : std::min(32.0, bytes * double(stride));
      // Too short an axis leaves its neighbours to the next one.
      double wasted =
          double(kWarp) / double(std::clamp<int64_t>(loops_.axes[size_t(axis)].extent, 1, kWarp));
      sum += elements * std::max(perElement, bytes * std::min(wasted, 4.0));
    }
    return sum;
  }

  std::pair<Mode, Order> bestOrder() {
    Order kept, reduced;
    for (size_t i = 0; i < loops_.axes.size(); ++i)
      (loops_.axes[i].reduced ? reduced : kept).push_back(int64_t(i));
    sortByStrides(kept, loops_.stores[0].access);
    int largest = largestLoad();
    sortByStrides(reduced, largest >= 0 ? largest : loops_.stores[0].access);
    // The cheapest axis of each kind is the last of it; among equals the order by strides counts.
    auto last = [&](Order &axes) {
      auto best = std::min_element(axes.begin(), axes.end(),
                                   [&](int64_t x, int64_t y) { return cost(x) < cost(y); });
      if (best != axes.end() && cost(*best) < cost(axes.back()))
        std::rotate(best, best + 1, axes.end());
    };
    last(kept), last(reduced);
    Mode mode = Mode::Columns;
    if (!reduced.empty()) {
      int64_t points = 1, indices = 1;
      for (int64_t axis : kept)
        points *= loops_.axes[size_t(axis)].extent;
      for (int64_t axis : reduced)
        indices *= loops_.axes[size_t(axis)].extent;
      // Where one thread walks along a row alone, its neighbours have other rows.
      bool areShort =
          indices <= 4 || (loops_.has(Kind::Scan) && !sharesScans(loops_, points, indices));
      if (kept.empty() || points <= 1 || (!areShort && cost(reduced.back()) <= cost(kept.back())))
        mode = Mode::Rows;
    }
    Order order = kept;
    order.append(reduced);
    return {mode, order};
  }

  /// Whether threads share a scan: floats are added in another order then, those of 16 bits must
  /// not be; and a complex 1 times infinity is not infinity.
  static bool sharesScans(const LoopProgram &loops, int64_t points, int64_t indices) {
    return points < kManyThreads / 8 && indices >= 2 * kWarp &&
           llvm::all_of(
               loops.nodes,
               [](const LoopProgram::Node &node) {
                 bool isComplex = kindOf(node.type) == DTypeKind::Complex;
                 return node.kind != Kind::Scan ||
                        (node.type != DType::f16 && node.type != DType::bf16 &&
                         !(isComplex && node.isProduct));
               });
  }

  /// Outermost first by the strides of an access; axes it does not have come outside.
  void sortByStrides(Order &axes, int access) const {
    const auto &strides = loops_.accesses[size_t(access)].strides;
    llvm::stable_sort(axes, [&](int64_t x, int64_t y) {
      auto key = [&](int64_t axis) {
        int64_t stride = std::abs(strides[size_t(axis)]);
        return stride ? stride : INT64_MAX;
      };
      return key(x) > key(y);
    });
  }

  int largestLoad() const {
    int best = -1;
    double most = 0;
    for (const LoopProgram::Node &node : loops_.nodes) {
      if (node.access < 0 || !node.full)
        continue;
      double elements = 1;
      for (auto [a, stride] : llvm::zip(loops_.axes, loops_.accesses[size_t(node.access)].strides))
        elements *= stride ? double(a.extent) : 1;
      if (elements > most)
        most = elements, best = node.access;
    }
    return best;
  }

  //===--- with reduced axes -------------------------------------------===//

  void share(FusedGrid &grid) const {
    int64_t reduced = std::max<int64_t>(grid.reduced, 1);
    bool scans = grid.loops.has(Kind::Scan);
    if (scans && grid.rows() && sharesScans(grid.loops, grid.points, reduced)) {
      grid.team = int(std::clamp<int64_t>(powerAtLeast(reduced / 4), kWarp, kMaxBlock));
      grid.perBlock = std::max(1, 128 / grid.team);
    } else if (scans) {
      grid.team = 1;
      grid.perBlock = grid.points >= kManyThreads ? 128 : 32;
    } else if (grid.rows()) {
      // Few rows get more threads each.
      int64_t wanted = ceilDiv(reduced, grid.points * kWarp >= kManyThreads ? 16 : 4);
      int64_t most = grid.points * kBlock >= kManyThreads && reduced <= 8192 ? kBlock : kMaxBlock;
      int64_t team = std::clamp<int64_t>(powerAtLeast(wanted), 1, most);
      if (team < kWarp && reduced > 4)
        team = std::min<int64_t>(kWarp, powerAtLeast(reduced));
      grid.team = int(team);
      grid.perBlock = std::max(1, 128 / grid.team);
    } else {
      int64_t team =
          std::clamp<int64_t>(2 * kManyThreads / std::max<int64_t>(grid.points, 1), 1, 32);
      team = std::min(team, std::max<int64_t>(1, reduced / 4));
      grid.team = int(powerAtLeast(team + 1) / 2);
      grid.perBlock = grid.team == 1 ? 128 : 32;
    }
    while (grid.team > 1 && partBytes(grid) > kPartBytes)
      grid.team /= 2;
    keep(grid);
  }

  /// What meets in shared memory: the states of all threads, or of all warps.
  static int64_t partBytes(const FusedGrid &grid) {
    int64_t bytes = 0;
    for (const LoopProgram::Node &node : grid.loops.nodes)
      if (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce || node.kind == Kind::Scan)
        bytes += int64_t(itemSize(sumType(node))) + (node.kind == Kind::ArgReduce ? 16 : 0);
    int64_t parts = grid.rows() ? grid.team / kWarp : grid.team;
    return bytes * parts * grid.perBlock;
  }

  static double bodyCycles(const LoopProgram &loops) {
    double cycles = 0;
    for (const LoopProgram::Node &node : loops.nodes)
      cycles += node.kind == Kind::Scalar ? scalarCycles(node.scalar, node.computed)
                : node.kind == Kind::Gather || node.kind == Kind::Pad ? 8
                                                                      : 1;
    return cycles;
  }

  /// Marks what later passes need, and decides where it is kept.
  void keep(FusedGrid &grid) const {
    markCached(grid.loops);
    int64_t words = 0, bytes = 0;
    for (const LoopProgram::Node &node : grid.loops.nodes)
      if (node.cached) {
        words += int64_t(std::max<size_t>(itemSize(node.type), 4) / 4);
        bytes += int64_t(std::max<size_t>(itemSize(node.type), 4));
      }
    int64_t items = ceilDiv(std::max<int64_t>(grid.reduced, 1), grid.team);
    bool sharesScan = grid.loops.has(Kind::Scan) && grid.team > 1;
    bool unrolls =
        !sharesScan && items <= kMaxItems && double(items) * bodyCycles(grid.loops) <= kMaxUnrolled;
    if (unrolls && items * words <= kCacheRegisters) {
      grid.items = items;
      grid.cache = words ? FusedGrid::Cache::Registers : FusedGrid::Cache::None;
    } else if (words && bytes * grid.reduced * grid.perBlock <= kCacheBytes) {
      grid.cache = FusedGrid::Cache::Shared;
    }
    if (grid.cache == FusedGrid::Cache::None)
      for (LoopProgram::Node &node : grid.loops.nodes)
        node.cached = false;
  }

  void markCached(LoopProgram &program) const {
    std::vector<double> cycles(program.nodes.size(), 0);
    for (auto [i, node] : llvm::enumerate(program.nodes)) {
      cycles[i] = node.kind == Kind::Scalar     ? scalarCycles(node.scalar, node.computed)
                  : node.access >= 0            ? kCacheCycles
                  : node.kind == Kind::Constant ? 0
                                                : 1;
      for (int operand : node.operands)
        if (program.nodes[size_t(operand)].full)
          cycles[i] += cycles[size_t(operand)];
    }
    std::vector<bool> isKnown(program.nodes.size(), false);
    for (const LoopProgram::Pass &pass : program.passes()) {
      // The last of a chain first: what it reads is not needed again.
      for (int i : llvm::reverse(pass.full)) {
        LoopProgram::Node &node = program.nodes[size_t(i)];
        if (isKnown[size_t(i)] && !node.cached && program.isNeeded(pass, i) &&
            cycles[size_t(i)] >= kCacheCycles && node.kind != Kind::Scan)
          node.cached = true;
      }
      for (int i : pass.full)
        isKnown[size_t(i)] = true;
    }
  }

  //===--- without reduced axes ----------------------------------------===//

  void shareElements(FusedGrid &grid) const {
    grid.perBlock = kBlock;
    chooseTile(grid);
    if (grid.tileAxis < 0)
      chooseLanes(grid);
  }

  /// Loads that are contiguous along another axis than the threads are.
  static void chooseTile(FusedGrid &grid) {
    const LoopProgram &loops = grid.loops;
    int last = int(loops.axes.size()) - 1;
    if (last < 1 || loops.axes[size_t(last)].extent < 8)
      return;
    int64_t bytes = 0;
    for (auto [i, node] : llvm::enumerate(loops.nodes)) {
      if (node.kind != Kind::Load || loops.isGuarded(int(i)))
        continue;
      const LoopProgram::Access &access = loops.accesses[size_t(node.access)];
      int64_t size = int64_t(itemSize(access.type));
      if (std::abs(access.strides[size_t(last)]) * size < 32)
        continue;
      for (int axis = 0; axis < last; ++axis)
        if (access.strides[size_t(axis)] == 1 && loops.axes[size_t(axis)].extent >= 8 &&
            (grid.tileAxis < 0 || grid.tileAxis == axis) &&
            bytes + size * kTileSide * (kTileSide + 1) <= kCacheBytes) {
          grid.tileAxis = axis;
          grid.tiled.push_back(int(i));
          bytes += size * kTileSide * (kTileSide + 1);
          break;
        }
    }
  }

  static void chooseLanes(FusedGrid &grid) {
    const LoopProgram &loops = grid.loops;
    if (loops.axes.empty() || bodyCycles(loops) * 4 > kMaxUnrolled)
      return;
    size_t widest = 1;
    for (const LoopProgram::Access &access : loops.accesses)
      widest = std::max(widest, itemSize(access.type));
    for (int lanes = int(16 / std::min<size_t>(widest, 16)); lanes > 1; lanes /= 2) {
      if (grid.loops.axes.back().extent % lanes != 0 || grid.points / lanes < kManyThreads)
        continue;
      grid.lanes = lanes;
      if (llvm::all_of(loops.stores, [&](const LoopProgram::Store &store) {
            return isPackable(grid, loops.accesses[size_t(store.access)]);
          }))
        break;
      grid.lanes = 1;
    }
    grid.points /= grid.lanes;
  }

  /// Whether an index or an offset has more than 31 bits.
  static bool needsWide(const FusedGrid &grid) {
    constexpr double kMost = double(1u << 30);
    if (double(grid.points + grid.perBlock) * grid.lanes > kMost ||
        double(grid.reduced) + kMaxBlock > kMost)
      return true;
    auto isLarge = [&](const LoopProgram::Numbers &factors, int64_t offset) {
      double most = std::abs(double(offset));
      for (auto [axis, factor] : llvm::zip(grid.loops.axes, factors))
        most += std::abs(double(factor)) * double(std::max<int64_t>(axis.extent, 1));
      return most > kMost;
    };
    for (const LoopProgram::Access &access : grid.loops.accesses)
      if (isLarge(access.strides, 0))
        return true;
    for (const LoopProgram::Node &node : grid.loops.nodes)
      for (const LoopProgram::Guard &guard : node.guards)
        if (isLarge(guard.index.factors, guard.index.offset) || double(guard.extent) > kMost)
          return true;
    return false;
  }

  LoopProgram loops_;
  bool isWide_;
};

} // namespace

FusedGrid chooseFusedGrid(LoopProgram loops, bool isWide) {
  return Chooser(std::move(loops), isWide).choose();
}

bool isPackable(const FusedGrid &grid, const LoopProgram::Access &access) {
  if (grid.lanes == 1 || access.strides.empty() || access.strides.back() != 1)
    return false;
  return llvm::all_of(llvm::ArrayRef(access.strides).drop_back(),
                      [&](int64_t stride) { return stride % grid.lanes == 0; });
}

DType sumType(const LoopProgram::Node &node) {
  // A scan rounds every step, as its results do.
  if (node.kind == LoopProgram::Kind::Scan)
    return node.type;
  return node.computed == DType::f16 || node.computed == DType::bf16 ? DType::f32 : node.computed;
}

} // namespace ricci
