//===- fusion.cpp - which operations share a kernel ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/fusion.h"
#include "compiler/fuse/roots.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"

using namespace mlir;

namespace ricci {

/// Cycles of a vector that one kernel computes at most.
static constexpr double kMaxKernelCycles = 1000;
/// Results of a kernel. LLVM's time grows faster than their number, which no memory rewards.
static constexpr size_t kMaxKernelResults = 32;
/// Cycles of a vector's computation that cost less to repeat in a second kernel than to keep.
static constexpr double kRepeatCycles = 40;
/// The same for every index of axes that a value does not have, and how many times more of them.
static constexpr double kBroadcastCycles = 8, kBroadcastFactor = 4;
/// Bytes of a row that is still in the cache when the kernel goes over it again.
static constexpr double kRowBytes = 512 << 10;
/// How many times larger than what its epilogue reads a contraction's result is.
static constexpr double kEpilogueShare = 8;
/// Points of a contraction that is packed, rather than done in place, whatever its layout.
static constexpr double kEpiloguePoints = 1 << 18;
/// Groups that are looked at for one that reads the same memory.
static constexpr int kRecentGroups = 8;

static double product(ArrayRef<int64_t> extents) {
  double n = 1;
  for (int64_t extent : extents)
    n *= double(extent);
  return n;
}

static bool isReduction(Operation *op) { return isa_and_nonnull<ReduceOp, ArgReduceOp>(op); }

static SmallVector<int64_t> reducedDims(Operation *op) {
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return SmallVector<int64_t>(reduce.getDims());
  if (auto reduce = dyn_cast<ArgReduceOp>(op))
    return {int64_t(reduce.getDim())};
  return {int64_t(cast<ScanOp>(op).getDim())};
}

bool isInlined(Operation *op) {
  if (auto constant = dyn_cast_or_null<ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  return isa_and_nonnull<ElementwiseOp, CastOp, IotaOp, PadOp, ConcatenateOp, GatherOp>(op);
}

namespace {

class Planner {
public:
  Planner(func::FuncOp function, const FusionRules &rules)
      : function_(function), rules_(rules), roots_(function, rules) {}

  std::vector<KernelGroup> plan() {
    // Values that turn out to be computed too often become roots.
    for (int round = 0; round < 3; ++round) {
      group();
      if (!markRepeated())
        break;
    }
    return std::move(groups_);
  }

private:
  Block &block() { return function_.getBody().front(); }

  //===--- groups ------------------------------------------------------===//

  /// What a value needs when it is computed in a kernel.
  struct Pull {
    bool fits = true;   ///< every reduction of the kernel is read at the kept axes' index
    int lastGroup = -1; ///< of the other groups whose results are read
    double cycles = 0;  ///< of what is computed
    llvm::SmallPtrSet<Value, 8> leaves;
    llvm::SmallSetVector<int, 4> reductions; ///< groups of reductions that are read
    llvm::SmallVector<std::pair<Value, IndexMap>> computed;
  };

  Pull pull(Value root, const IndexMap &rootMap, int group) {
    Pull result;
    llvm::DenseMap<Value, SmallVector<IndexMap, 1>> seen;
    SmallVector<std::pair<Value, IndexMap>> work;
    auto push = [&](Value value, const IndexMap &map) {
      auto &maps = seen[value];
      if (llvm::is_contained(maps, map))
        return;
      maps.push_back(map);
      work.emplace_back(value, map);
    };
    push(root, rootMap);
    bool first = true;
    while (!work.empty() && result.fits) {
      auto [value, map] = work.pop_back_val();
      Operation *op = value.getDefiningOp();
      bool atRoot = std::exchange(first, false);
      auto known = groupOf_.find(value);
      if (!atRoot || !op) {
        if (known != groupOf_.end() && isReduction(op) && known->second == group) {
          result.fits = isAligned(op, map, group);
          continue;
        }
        if (!op || (known != groupOf_.end() && known->second != group) ||
            (isa<ConstantOp>(op) && !isInlined(op))) {
          result.leaves.insert(value);
          if (known != groupOf_.end()) {
            result.lastGroup = std::max(result.lastGroup, known->second);
            if (isReduction(op))
              result.reductions.insert(known->second);
          }
          continue;
        }
      }
      if (isView(op)) {
        if (Value leaf = leafBehind(viewOperand(op), group)) {
          push(leaf, IndexMap{map.rank, {}});
          continue;
        }
        // All views at once: each asked again for what is behind it would be quadratic.
        std::optional<IndexMap> inner = map;
        for (; inner && isView(op); op = value.getDefiningOp()) {
          inner = mapThrough(op, *inner);
          value = viewOperand(op);
        }
        result.fits = inner.has_value();
        if (inner)
          push(value, *inner);
        continue;
      }
      result.computed.emplace_back(value, map);
      result.cycles += cyclesOf(op);
      for (Value operand : readInMemory(op))
        result.fits &= bool(leafBehind(operand, group));
      if (isReduction(op) || isa<ScanOp>(op)) {
        push(op->getOperand(0), map);
        if (auto scan = dyn_cast<ScanOp>(op); scan && scan.getBefore()) {
          IndexMap lines = map;
          lines.terms.erase(lines.terms.begin() + scan.getDim());
          push(scan.getBefore(), lines);
        }
        continue;
      }
      for (auto [operand, inner] : llvm::zip(op->getOperands(), operandMaps(op, map)))
        push(operand, inner);
    }
    return result;
  }

  /// Operands that must lie in memory when the kernel starts.
  static ValueRange readInMemory(Operation *op) {
    return isa<GatherOp>(op) ? ValueRange(op->getOperands().take_front()) : ValueRange();
  }

  /// What the group reads from memory as this value or through its views; null where it computes
  /// it.
  Value leafBehind(Value value, int group) {
    for (;; value = viewOperand(value.getDefiningOp())) {
      Operation *op = value.getDefiningOp();
      if (!op)
        return value;
      if (auto known = groupOf_.find(value); known != groupOf_.end())
        return known->second != group ? value : Value();
      if (!isView(op))
        return isa<ConstantOp>(op) && !isInlined(op) ? value : Value();
    }
  }

  /// Whether the reduction's result is read at the index of the kernel's kept axes.
  bool isAligned(Operation *reduction, const IndexMap &map, int group) {
    const KernelGroup &g = groups_[size_t(group)];
    auto kept = embed(shapeOf(reduction->getResult(0)), g.space, g.reduced, true);
    if (!kept)
      return false;
    for (auto [extent, term, wanted] :
         llvm::zip(shapeOf(reduction->getResult(0)), map.terms, kept->terms))
      if (extent != 1 && !(term == wanted))
        return false;
    return true;
  }

  void add(int group, Value root, const Pull &pull) {
    for (Value leaf : pull.leaves)
      groups_[size_t(group)].leaves.insert(leaf);
    for (Value leaf : pull.leaves)
      if (auto known = groupOf_.find(leaf); known != groupOf_.end())
        groups_[size_t(known->second)].roots.insert(leaf);
    groupOf_[root] = group;
    if (roots_.contains(root))
      groups_[size_t(group)].roots.insert(root);
    computed_[size_t(group)].append(pull.computed.begin(), pull.computed.end());
    cycles_[size_t(group)] += pull.cycles;
  }

  int newGroup(ArrayRef<int64_t> space) {
    groups_.emplace_back();
    groups_.back().space.assign(space.begin(), space.end());
    groups_.back().reduced.assign(space.size(), false);
    computed_.emplace_back();
    cycles_.push_back(0);
    return int(groups_.size()) - 1;
  }

  /// Whether what is pulled into the group can be computed there, and how much that is by now.
  bool joins(const Pull &pull, int group) {
    return pull.fits && pull.lastGroup < group &&
           groups_[size_t(group)].roots.size() < kMaxKernelResults &&
           cycles_[size_t(group)] + pull.cycles <= kMaxKernelCycles;
  }

  /// Groups that the value may join: of the reductions it reads, latest first, then those that read
  /// the same memory.
  SmallVector<int> candidates(const Pull &alone) {
    if (!rules_.fuse)
      return {};
    SmallVector<int> list(alone.reductions.begin(), alone.reductions.end());
    llvm::sort(list, std::greater<int>());
    int last = int(groups_.size()) - 1;
    for (int g = last; g >= 0 && g > last - kRecentGroups; --g)
      if (!llvm::is_contained(list, g) && llvm::any_of(alone.leaves, [&](Value leaf) {
            return groups_[size_t(g)].leaves.contains(leaf) && !shapeOf(leaf).empty();
          }))
        list.push_back(g);
    return list;
  }

  void placeReduction(Operation *op) {
    Value value = op->getResult(0), input = op->getOperand(0);
    SmallVector<int64_t> dims = reducedDims(op);
    Pull alone = pull(value, identityMap(shapeOf(input).size()), -1);
    for (int g : candidates(alone)) {
      const KernelGroup &group = groups_[size_t(g)];
      if (group.single || group.scans || !llvm::is_contained(group.reduced, true))
        continue;
      auto map = embed(shapeOf(input), group.space, group.reduced, false);
      if (!map || !reducesSame(*map, shapeOf(input), dims, group))
        continue;
      Pull joined = pull(value, *map, g);
      if (joins(joined, g))
        return add(g, value, joined);
    }
    int g = newGroup(shapeOf(input));
    for (int64_t dim : dims)
      groups_[size_t(g)].reduced[size_t(dim)] = true;
    add(g, value, alone);
  }

  static bool reducesSame(const IndexMap &map, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims,
                          const KernelGroup &group) {
    for (auto [i, term] : llvm::enumerate(map.terms))
      for (auto [axis, factor] : llvm::enumerate(term.factors))
        if (factor && group.reduced[axis] != llvm::is_contained(dims, int64_t(i)))
          return false;
    return true;
  }

  void placeScan(ScanOp op) {
    Pull alone = pull(op.getResult(), identityMap(shapeOf(op.getInput()).size()), -1);
    int g = newGroup(shapeOf(op.getInput()));
    groups_[size_t(g)].reduced[size_t(op.getDim())] = true;
    groups_[size_t(g)].scans = true;
    add(g, op.getResult(), alone);
    Value through = roots_.storedAs(op.getResult());
    groups_[size_t(g)].roots.insert(through ? through : op.getResult());
    if (through)
      groupOf_[through] = g;
  }

  void placeRoot(Value value) {
    ArrayRef<int64_t> shape = shapeOf(value);
    Pull alone = pull(value, identityMap(shape.size()), -1);
    if (joinsEinsum(value, alone)) {
      KernelGroup &group = groups_[size_t(alone.lastGroup)];
      alone.leaves.erase(group.single->getResult(0));
      group.roots.clear();
      group.roots.insert(value);
      group.hasEpilogue = true;
      return add(alone.lastGroup, value, alone);
    }
    for (int g : candidates(alone)) {
      const KernelGroup &group = groups_[size_t(g)];
      if (group.single || group.scans)
        continue;
      for (bool onKept : {true, false}) {
        auto map = embed(shape, group.space, group.reduced, onKept);
        if (!map || (!onKept && !staysInCache(group, value)))
          continue;
        Pull joined = pull(value, *map, g);
        if (joins(joined, g))
          return add(g, value, joined);
      }
    }
    add(newGroup(shape), value, alone);
  }

  /// Whether the root is computed from the latest einsum's sums, which nobody else reads, element
  /// by element, and from what lies in memory before.
  bool joinsEinsum(Value value, const Pull &alone) {
    if (!rules_.fuse || !alone.fits || alone.lastGroup < 0 || roots_.storedAs(value) ||
        alone.cycles > kMaxValueCycles)
      return false;
    const KernelGroup &group = groups_[size_t(alone.lastGroup)];
    auto einsum = dyn_cast_or_null<EinsumOp>(group.single);
    if (!einsum || group.hasEpilogue || (group.hasPrologue && !rules_.anyEpilogue))
      return false;
    Value sums = einsum.getOutput();
    if (typeOf(sums) != typeOf(value) || roots_.contains(sums) || roots_.storedAs(sums) ||
        !alone.leaves.contains(sums))
      return false;
    if (rules_.anyEpilogue ? shapeOf(value).empty() || function_->hasAttr(kAccumulateAttr)
                           : !isWorthEpilogue(einsum, value, alone))
      return false;
    IndexMap identity = identityMap(shapeOf(value).size());
    llvm::SmallPtrSet<Operation *, 8> readers;
    for (auto &[computed, map] : alone.computed) {
      Operation *op = computed.getDefiningOp();
      if (!isa<ElementwiseOp, CastOp, ConstantOp>(op))
        return false;
      for (auto [operand, inner] : llvm::zip(op->getOperands(), operandMaps(op, map)))
        if (operand == sums)
          for (auto [extent, term, wanted] : llvm::zip(shapeOf(sums), inner.terms, identity.terms))
            if (extent != 1 && !(term == wanted))
              return false;
      readers.insert(op);
    }
    return staysInside(sums, value, readers);
  }

  /// Whether the result is large, and worth more than a pass over it in the cache.
  bool isWorthEpilogue(EinsumOp einsum, Value value, const Pull &alone) {
    double elements = product(shapeOf(value));
    if (elements * double(itemSize(elementDType(value.getType()))) < double(rules_.epilogueBytes))
      return false;
    // What is as large as the result would be read a tile at a time, against every prefetcher.
    for (Value leaf : alone.leaves)
      if (leaf != einsum.getOutput() && product(shapeOf(leaf)) * kEpilogueShare > elements)
        return false;
    return isLargeContraction(einsum, memoryOf(value));
  }

  /// Whether all that depends on `from` is read by `readers` alone, up to `root`.
  static bool staysInside(Value from, Value root,
                          const llvm::SmallPtrSetImpl<Operation *> &readers) {
    SmallVector<Value> work{from};
    llvm::DenseSet<Value> seen{from};
    while (!work.empty()) {
      for (Operation *user : work.pop_back_val().getUsers()) {
        if (!readers.contains(user))
          return false;
        Value next = user->getResult(0);
        if (next != root && seen.insert(next).second)
          work.push_back(next);
      }
    }
    return true;
  }

  /// Whether the einsum is sums of products in rows and columns, whose result is contiguous along
  /// one of them, and worth a packed kernel.
  bool isLargeContraction(EinsumOp einsum, const StridedView &result) {
    if (einsum.getInputs().size() != 2)
      return false;
    EinsumEquation equation = einsum.parsedEquation();
    auto extents = equation.extents(einsum.getInputs().getTypes());
    SmallVector<std::array<int64_t, 2>> strides(extents.size(), {0, 0});
    for (auto [i, operand] : llvm::enumerate(einsum.getInputs()))
      for (auto [axis, label] : llvm::enumerate(equation.operands[i]))
        if (shapeOf(operand)[axis] != 1)
          strides[size_t(label)][i] += roots_.place(operand)->strides[axis];
    int sides[2] = {0, 0};
    int last = -1;
    for (auto [axis, label] : llvm::enumerate(equation.output)) {
      auto [a, b] = strides[size_t(label)];
      if (extents[size_t(label)] == 1)
        continue;
      if ((a != 0) != (b != 0))
        ++sides[b != 0];
      // Columns begin with the dim in which the result is contiguous.
      last = (a != 0) != (b != 0) && result.strides[axis] == 1 ? int(axis) : last;
    }
    return last >= 0 && sides[0] && sides[1] && product(extents) >= kEpiloguePoints &&
           size_t(llvm::count_if(extents, [](int64_t e) { return e > 1; })) >
               size_t(llvm::count_if(equation.output,
                                     [&](int32_t l) { return extents[size_t(l)] > 1; }));
  }

  /// Whether a row is still in the cache after its reductions.
  static bool staysInCache(const KernelGroup &group, Value value) {
    double row = double(itemSize(elementDType(value.getType())));
    for (auto [extent, reduced] : llvm::zip(group.space, group.reduced))
      row *= reduced ? double(extent) : 1;
    return row <= kRowBytes;
  }

  void group() {
    groups_.clear();
    computed_.clear();
    cycles_.clear();
    groupOf_.clear();
    for (Operation &op : block().without_terminator()) {
      Value value = op.getResult(0);
      if (isa<EinsumOp>(op)) {
        int g = newGroup(shapeOf(value));
        groups_.back().single = &op;
        groups_.back().roots.insert(roots_.storedAs(value) ? roots_.storedAs(value) : value);
        for (Value operand : op.getOperands())
          addOperand(operand, g);
        groupOf_[value] = g;
        if (Value through = roots_.storedAs(value))
          groupOf_[through] = g;
        continue;
      }
      if (isReduction(&op)) {
        placeReduction(&op);
        // A reduction that is a result through views: the views are stored with it.
        if (Value through = roots_.storedAs(value))
          groups_[size_t(groupOf_[value])].roots.insert(through),
              groupOf_[through] = groupOf_[value];
      } else if (auto scan = dyn_cast<ScanOp>(op)) {
        placeScan(scan);
      } else if (roots_.contains(value) && !groupOf_.count(value)) {
        placeRoot(value);
      } else if (Value through = roots_.storedAs(value)) {
        placeRoot(value);
        int g = groupOf_[value];
        groups_[size_t(g)].roots.insert(through);
        groupOf_[through] = g;
      }
    }
  }

  void addOperand(Value operand, int g) {
    if (!roots_.place(operand) && !groupOf_.count(operand)) {
      groups_[size_t(g)].hasPrologue = true;
      for (Value leaf : pull(operand, identityMap(shapeOf(operand).size()), g).leaves)
        addOperand(leaf, g);
      return;
    }
    while (isView(operand.getDefiningOp()) && !groupOf_.count(operand))
      operand = viewOperand(operand.getDefiningOp());
    groups_[size_t(g)].leaves.insert(operand);
    if (auto known = groupOf_.find(operand); known != groupOf_.end())
      groups_[size_t(known->second)].roots.insert(operand);
  }

  //===--- what is computed too often ----------------------------------===//

  /// Cycles of one vector of the value, from memory.
  double cycles(Value value) {
    llvm::DenseSet<Value> seen;
    SmallVector<Value> work{value};
    double sum = 0;
    while (!work.empty()) {
      Value next = work.pop_back_val();
      Operation *op = next.getDefiningOp();
      if (!op || !seen.insert(next).second || (next != value && groupOf_.count(next)))
        continue;
      if (isa<ElementwiseOp>(op))
        sum += cyclesOf(op);
      else if (!isInlined(op) && !isView(op))
        continue;
      work.append(op->operand_begin(), op->operand_end());
    }
    return sum;
  }

  bool markRepeated() {
    llvm::DenseMap<Value, llvm::SmallDenseSet<int, 2>> users;
    SmallVector<Value> marked;
    for (auto [g, computed] : llvm::enumerate(computed_)) {
      const KernelGroup &group = groups_[g];
      for (auto &[value, map] : computed) {
        auto elementwise = value.getDefiningOp<ElementwiseOp>();
        if (!elementwise || groupOf_.count(value))
          continue;
        users[value].insert(int(g));
        double extra = product(group.space) / std::max(1.0, product(shapeOf(value)));
        if (extra >= kBroadcastFactor && !isHoisted(map, group) &&
            cycles(value) >= kBroadcastCycles)
          marked.push_back(value);
      }
    }
    for (auto &[value, groups] : users)
      if (groups.size() > 1 && cycles(value) >= kRepeatCycles)
        marked.push_back(value);
    for (Value value : marked)
      if (!roots_.place(value))
        roots_.add(value);
    return !marked.empty();
  }

  /// Whether the value is computed outside of the innermost loop: it is the same along the last
  /// axis, or lives on the kept axes.
  static bool isHoisted(const IndexMap &map, const KernelGroup &group) {
    auto varies = [&](size_t axis) {
      return llvm::any_of(map.terms, [&](const IndexTerm &t) { return t.factors[axis] != 0; });
    };
    bool reduces = false, full = false;
    int last = -1;
    for (size_t axis = 0; axis < group.space.size(); ++axis) {
      reduces |= group.reduced[axis];
      full |= group.reduced[axis] && varies(axis);
      if (group.space[axis] != 1)
        last = int(axis);
    }
    return reduces ? !full : last < 0 || !varies(size_t(last));
  }

  func::FuncOp function_;
  const FusionRules &rules_;
  Roots roots_;
  std::vector<KernelGroup> groups_;
  std::vector<SmallVector<std::pair<Value, IndexMap>>> computed_; ///< by group
  std::vector<double> cycles_;                                    ///< by group
  llvm::DenseMap<Value, int> groupOf_;
};

} // namespace

std::vector<KernelGroup> planFusion(func::FuncOp function, const FusionRules &rules) {
  return Planner(function, rules).plan();
}

} // namespace ricci
