//===- schedule_fused.cpp - decides how a fused kernel runs -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"

#include <cstdlib>

namespace ricci {

/// Cycles of a vector from which on a value is kept between passes, not computed again.
static constexpr double kCacheCycles = 8;

/// Terms of rows that go together: of longer ones, what is done between two passes takes little.
static constexpr int64_t kShortRow = 128;

namespace {

using Kind = LoopProgram::Kind;
using Mode = LoopProgram::Mode;

class Chooser {
public:
  Chooser(LoopProgram loops, const Target &target, int64_t size, const llvm::StringSet<> *known)
      : loops_(std::move(loops)), target_(target), size_(size), known_(known) {}

  Schedule choose() {
    Schedule best;
    best.predictedSeconds = -1;
    bool bestIsOdd = false;
    measure();
    auto list = candidates();
    for (const auto &[mode, order] : list) {
      Schedule s = scheduleOf(mode, order, false);
      // Blocks along two axes, of which the inner one varies, follow no formula of it.
      const LoopProgram &program = *s.spec.loops;
      const int last = program.kept() - 1;
      const bool isOdd =
          size_ && mode == Mode::Columns && last > 0 && program.axes[size_t(last)].extent >= size_;
      if (best.predictedSeconds < 0 ||
          std::pair(isOdd, s.predictedSeconds) < std::pair(bestIsOdd, best.predictedSeconds)) {
        best = std::move(s);
        bestIsOdd = isOdd;
      }
    }
    const bool mayUnroll = !size_; // one schedule serves every size
    const Order &columns = list[0].second;
    if (mayUnroll)
      considerEntries(columns, best);
    if (!known_ || isKnown(best.spec))
      return best;
    std::optional<Schedule> existing;
    auto consider = [&](Schedule s) {
      if (isKnown(s.spec) && (!existing || s.predictedSeconds < existing->predictedSeconds))
        existing = std::move(s);
    };
    // A batch of one may have the kernel of any other; fewer entries that of more.
    bool hasUnits = llvm::any_of(loops_.axes, [](const auto &axis) { return axis.extent == 1; });
    for (const auto &[mode, order] : list)
      if (hasUnits)
        consider(scheduleOf(mode, order, true));
    for (int inside = 1; mayUnroll && inside < int(columns.size()); ++inside)
      for (bool keepsUnits : {false, true})
        if (auto s = entriesOf(columns, inside, keepsUnits))
          consider(std::move(*s));
    if (!existing)
      return best;
    existing->takesKnown = true;
    return *existing;
  }

private:
  using Order = llvm::SmallVector<int64_t>;

  bool isKnown(const KernelSpec &spec) const { return known_->contains(spec.keyOn(target_)); }

  Schedule scheduleOf(Mode mode, const Order &order, bool keepsUnits) const {
    auto program = std::make_shared<LoopProgram>(loops_);
    program->arrange(order, mode, keepsUnits);
    program->wide = isWide(*program);
    program->inParts = !size_ && program->hasParts(); // another size has them in another order
    program->grouped = program->mayGroup() && program->reducedExtent() <= kShortRow;
    program->rowByRow = goesRowByRow(*program);
    cache(*program);
    Schedule s = scheduleOf(program, order, keepsUnits);
    s.streams = leavesCaches(storedBytes(), target_);
    return s;
  }

  /// So many axes, the last ones of columns, inside of an entry; where that is little.
  std::optional<Schedule> entriesOf(const Order &order, int inside, bool keepsUnits) const {
    auto program = std::make_shared<LoopProgram>(loops_);
    program->inside = inside;
    program->arrange(order, Mode::Entries, keepsUnits);
    if (!program->mayUnroll())
      return std::nullopt;
    return scheduleOf(program, order, keepsUnits);
  }

  /// Of a program that is arranged.
  Schedule scheduleOf(std::shared_ptr<const LoopProgram> program, const Order &order,
                      bool keepsUnits) const {
    Schedule s;
    s.spec.family = Family::Fused;
    s.spec.result = loops_.accesses[size_t(loops_.stores[0].access)].type;
    s.spec.loops = std::move(program);
    s.order = order;
    s.keepsUnits = keepsUnits;
    s.flops = flops_;
    s.bytes = bytes_;
    s.predictedSeconds = predictSeconds(s, target_);
    return s;
  }

  void considerEntries(const Order &order, Schedule &best) const {
    // Rows of several vectors fill these, as far as nothing else is in their way. However many
    // entries there are, so that another number compiles nothing and adds in the same order.
    constexpr int64_t kLongRow = 16;
    constexpr double kShare = 0.9, kShareOfLong = 0.5;
    const double cycles = fusedCycles(*best.spec.loops, target_);
    double least = best.predictedSeconds;
    for (int inside = 1; inside < int(order.size()); ++inside) {
      auto s = entriesOf(order, inside, false);
      if (!s || s->predictedSeconds >= least)
        continue;
      const LoopProgram &program = *s->spec.loops;
      double share = program.axes.back().extent >= kLongRow ? kShareOfLong : kShare;
      if (fusedCycles(program, target_) >= share * cycles)
        continue;
      least = s->predictedSeconds;
      best = std::move(*s);
    }
  }

  /// One order for each axis that vectors can run along.
  std::vector<std::pair<Mode, Order>> candidates() {
    Order kept, reduced;
    for (size_t i = 0; i < loops_.axes.size(); ++i)
      (loops_.axes[i].reduced ? reduced : kept).push_back(int64_t(i));
    sortByStrides(kept, loops_.stores[0].access);
    int largest = largestLoad();
    sortByStrides(reduced, largest >= 0 ? largest : loops_.stores[0].access);
    std::vector<std::pair<Mode, Order>> list;
    // Each axis that is longer than 1 once as the last of its kind.
    auto addEach = [&](Mode mode, const Order &axes) {
      size_t before = list.size();
      for (size_t i = axes.size(); i-- > 0;) {
        if (loops_.axes[size_t(axes[i])].extent == 1)
          continue;
        Order moved = axes;
        moved.erase(moved.begin() + ptrdiff_t(i));
        moved.push_back(axes[i]);
        if (mode == Mode::Columns && axes.size() == loops_.axes.size())
          moveTurnedAxis(moved);
        list.emplace_back(mode, std::move(moved));
      }
      // Columns need one to run along, except where there are no rows.
      if (list.size() == before && !axes.empty() && (mode == Mode::Rows || reduced.empty()))
        list.emplace_back(mode, axes);
    };
    addEach(Mode::Columns, kept);
    for (auto &[mode, order] : list)
      order.append(reduced);
    size_t columns = list.size();
    addEach(Mode::Rows, reduced);
    // Rows that are reduced are read one after the other as they lie in memory.
    auto isInAll = [&](int64_t axis) {
      return loops_.accesses[size_t(largest)].strides[size_t(axis)] != 0;
    };
    if (largest >= 0 && llvm::all_of(kept, isInAll) &&
        llvm::none_of(loops_.stores, [](const LoopProgram::Store &store) { return store.full; }))
      sortByStrides(kept, largest);
    for (size_t i = columns; i < list.size(); ++i)
      list[i].second.insert(list[i].second.begin(), kept.begin(), kept.end());
    if (list.empty())
      list.emplace_back(Mode::Columns, Order());
    return list;
  }

  /// Of a map: puts the axis that the largest operand is contiguous along, where it is not along
  /// the last one, before that, so that blocks of it can be turned (LoopProgram::turns).
  void moveTurnedAxis(Order &order) const {
    const LoopProgram::Access *largest = nullptr;
    auto unitOf = [&](const LoopProgram::Access &access) {
      return llvm::find_if(order, [&](int64_t axis) {
        return access.strides[size_t(axis)] == 1 && loops_.axes[size_t(axis)].extent > 1;
      });
    };
    for (const LoopProgram::Node &node : loops_.nodes) {
      if (node.kind != Kind::Load)
        continue;
      const LoopProgram::Access &access = loops_.accesses[size_t(node.access)];
      if (std::abs(access.strides[size_t(order.back())]) > 1 && unitOf(access) != order.end() &&
          (!largest || elements(access) > elements(*largest)))
        largest = &access;
    }
    if (largest)
      std::rotate(unitOf(*largest), unitOf(*largest) + 1, order.end() - 1);
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

  double elements(const LoopProgram::Access &access) const {
    double n = 1;
    for (auto [axis, stride] : llvm::zip(loops_.axes, access.strides))
      n *= stride ? double(axis.extent) : 1;
    return n;
  }

  double storedBytes() const {
    double bytes = 0;
    for (const LoopProgram::Store &store : loops_.stores) {
      const LoopProgram::Access &access = loops_.accesses[size_t(store.access)];
      bytes += elements(access) * double(itemSize(access.type));
    }
    return bytes;
  }

  int largestLoad() const {
    int best = -1;
    double most = 0;
    for (const LoopProgram::Node &node : loops_.nodes)
      if (node.access >= 0 && node.full && elements(loops_.accesses[size_t(node.access)]) > most) {
        most = elements(loops_.accesses[size_t(node.access)]);
        best = node.access;
      }
    return best;
  }

  void measure() {
    double points = 1;
    for (const LoopProgram::Axis &axis : loops_.axes)
      points *= double(axis.extent);
    for (const LoopProgram::Access &access : loops_.accesses)
      bytes_ += elements(access) * double(itemSize(access.type));
    double kept = points / std::max(1.0, double(loops_.reducedExtent()));
    for (const LoopProgram::Node &node : loops_.nodes)
      if (node.kind == Kind::Scalar)
        flops_ += node.full || loops_.kept() == int(loops_.axes.size()) ? points : kept;
      else if (node.kind == Kind::Reduce || node.kind == Kind::Scan)
        flops_ += points;
  }

  /// LoopProgram::rowByRow.
  bool goesRowByRow(const LoopProgram &program) const {
    if (program.mode != Mode::Columns || program.sharesColumns || program.vectorAxis < 0 ||
        program.kept() == int(program.axes.size()) || size_)
      return false;
    size_t widest = 0; // of those that come row by row
    for (const LoopProgram::Access &access : program.accesses)
      if (program.stride(access) == 1 && access.strides.back() != 0)
        widest = std::max(widest, itemSize(access.type));
    double row = double(program.axes[size_t(program.vectorAxis)].extent) * double(widest);
    return readsRowByRow(row, bytes_, target_);
  }

  /// Of narrow vectors few are under way at a time where operations are long chains. Of 512 bits
  /// two take more time to compile than they save, and a short row that is reduced along the vector
  /// more to reduce. An axis that is alone is a batch: any extent has the same kernel.
  bool isWide(const LoopProgram &program) const {
    constexpr int kMostBytes = 32, kFewVectors = 4, kFewOfReduced = 32;
    constexpr double kChainCycles = 16;
    if (target_.vectorBytes > kMostBytes || program.vectorAxis < 0)
      return false;
    const LoopProgram::Axis &axis = program.axes[size_t(program.vectorAxis)];
    const int64_t least = program.lanes(target_) * (axis.reduced ? kFewOfReduced : kFewVectors);
    if (axis.extent < least && (axis.reduced || program.axes.size() > 1))
      return false;
    double cycles = 0;
    for (auto [i, node] : llvm::enumerate(program.nodes))
      if (node.kind == Kind::Scalar && !program.isUniform(int(i)))
        cycles += scalarCycles(node.scalar, node.computed);
    return cycles >= kChainCycles;
  }

  /// Marks what several passes need and is dear to compute, while a row (or the block of columns)
  /// of it fits into the L2 cache.
  void cache(LoopProgram &program) const {
    std::vector<double> cycles(program.nodes.size(), 0);
    for (auto [i, node] : llvm::enumerate(program.nodes)) {
      cycles[i] = node.kind == Kind::Scalar ? scalarCycles(node.scalar, node.computed) : 1;
      for (int operand : node.operands)
        if (program.nodes[size_t(operand)].full)
          cycles[i] += cycles[size_t(operand)];
    }
    auto passes = program.passes();
    std::vector<int> first(program.nodes.size(), -1);
    double lanes = program.mode == Mode::Columns ? program.lanes(target_) : 1;
    for (auto [p, pass] : llvm::enumerate(passes)) {
      // The last of a chain first: what it reads is not needed again.
      for (int i : llvm::reverse(pass.full)) {
        LoopProgram::Node &node = program.nodes[size_t(i)];
        double bytes = double(program.reducedExtent()) * double(itemSize(node.type)) * lanes;
        bool needed = program.isNeeded(pass, i);
        if (first[size_t(i)] >= 0 && needed && !node.cached && cycles[size_t(i)] >= kCacheCycles &&
            !program.isUniform(i) && node.kind != Kind::Scan &&
            bytes <= double(target_.l2Bytes) / 2)
          node.cached = true;
      }
      for (int i : pass.full)
        if (first[size_t(i)] < 0)
          first[size_t(i)] = int(p);
    }
  }

  LoopProgram loops_;
  const Target &target_;
  int64_t size_;
  const llvm::StringSet<> *known_;
  double flops_ = 0, bytes_ = 0;
};

} // namespace

Schedule chooseFusedSchedule(LoopProgram loops, const Target &target, int64_t size,
                             const llvm::StringSet<> *known) {
  return Chooser(std::move(loops), target, size, known).choose();
}

} // namespace ricci
