//===- fused_kernel.h - a fused kernel while it is written -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/scalar_ops.h"
#include "compiler/fuse/loop_program.h"

namespace ricci {

/// Rows that are reduced at once: where they share what they load; and in columns, where their sums
/// are loaded and stored once for all, and several streams are read from memory.
inline constexpr int kRowsAtOnce = 4;

/// The positions of a fused kernel's numbers in its descriptor, and what they are for a launch.
///
/// Words, then the extents of the axes, then for every walker (accesses, then indices: of positions
/// and guards) its factors by axis; then offsets of the indices; extents of the guards; stride,
/// extent and axis of what is gathered; byte offsets of the slots of the workspace; constants, as
/// bits.
struct FusedLayout {
  /// Outer: of the axis before mid, with LoopProgram::sharesRows.
  enum Word : int64_t {
    Streams,
    InnerBlock,
    InnerBlocks,
    MidBlock,
    MidBlocks,
    OuterBlock,
    OuterBlocks,
    Count
  };

  explicit FusedLayout(const LoopProgram &program);

  int64_t extent(int64_t axis) const { return Count + axis; }
  int64_t factor(int64_t walker, int64_t axis) const { return factors + walker * axes + axis; }

  int64_t axes, walkers, factors, offsets, guardExtents, gathered, slots, constants, size;
  /// By node: the walker of a position; of the first guard; the first of `gathered`; the place
  /// among the constants.
  std::vector<int64_t> position, guard, gather, constant;
  /// By node: the slot of a value that is kept in the workspace, -1 for none. A reduction in
  /// columns has one for its accumulator (an arg-reduction a second one for the index, which
  /// follows).
  std::vector<int> slot;
  /// By access: the slot of a block that is turned, of mid by inner; -1 for none.
  std::vector<int> turned;
  int slotCount = 0;
};

/// How a value in a slot is held: a bool as a byte, a half-width float as f32.
DType slotType(DType type);
/// The type that a reduction accumulates in.
DType accumulatorType(const LoopProgram::Node &node);

/// Writes the function of a fused kernel: its arguments, and the nodes of its program.
class FusedKernel {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// Where nodes are computed.
  struct Point {
    Values base;  ///< of every walker, without the vector axis
    Value i;      ///< along the vector axis; null: 0
    Value length; ///< lanes that exist; null: all
    int lanes = 0;
  };

  FusedKernel(LoopBuilder &b, mlir::ModuleOp module, const std::string &name,
              const LoopProgram &program, const Target &target);

  /// Inside of a function that has begun: of an epilogue, whose words begin at `firstWord`.
  FusedKernel(LoopBuilder &b, const LoopProgram &program, const Target &target, Values buffers,
              Value descriptor, Value firstWord);

  /// A word of the descriptor, read once at the start.
  Value word(int64_t w);
  Value extent(int axis) { return word(layout.extent(axis)); }
  /// The walkers' positions at `index` of an axis, given those at 0.
  Values advance(const Values &base, int axis, Value index);
  /// Turns the blocks of what LoopProgram::turns, `base` at the first index of both axes, and reads
  /// them in the place of memory from here on: `toTurned` gives a row's place there.
  void turnBlocks(const Values &base, Value rows, Value columns);
  void toTurned(Values &base, Value row);
  Values start() { return Values(size_t(layout.walkers), b.idx(0)); }

  /// The node at the point, in `point.lanes` lanes: known, read from its slot, or computed from its
  /// operands. What is the same in every lane is computed once.
  Number get(int node, const Point &point);
  void set(int node, Number value) { known_[node] = value; }
  /// The nodes that are known by now.
  using Known = llvm::DenseMap<int, Number>;
  const Known &known() const { return known_; }
  void setKnown(Known known) { known_ = std::move(known); }
  /// What is computed inside is forgotten afterwards: its values live in a loop's body.
  void scope(llvm::function_ref<void()> body) {
    auto before = known_;
    body();
    known_ = std::move(before);
  }
  void store(const LoopProgram::Store &store, const Point &point);
  /// The indices of the vector axis, from the first to the end, for which a guard that ends along
  /// it holds; `isUnit`: it moves by 1 with each.
  std::pair<Value, Value> rangeOf(int64_t walker, bool isUnit, const Values &base);
  /// Whether it holds for all that is computed from here on: as found at run time, or known here.
  void hold(int64_t walker, Value holds) { held_[walker] = {holds, false}; }
  void hold(int64_t walker, bool holds) { held_[walker] = {{}, holds}; }
  /// Nodes on the kept axes whose slots hold their values (of reductions: the sums) by now.
  llvm::SmallDenseSet<int> inSlot;

  /// Slots of the workspace; `index` counts numbers.
  Number loadSlot(int slot, DType type, Value index, int lanes);
  void storeSlot(int slot, DType type, Number value, Value index, int lanes);

  /// Vectors of numbers on the stack, and as slots are.
  Value newBuffer(DType type, int vectors = 1);
  Number loadBuffer(Value buffer, DType type, Value index, int lanes);
  void storeBuffer(Value buffer, DType type, Number value, Value index, int lanes);

  /// What reads and writes elements of this type; a bool is a byte there, and a bit in registers.
  ValueBuilder values(DType storage) { return {b, target, slotType(storage)}; }
  Number toRegister(Number n, DType type);
  Number toSlot(Number n, DType type);

  /// One for each lane that exists.
  Value mask(const Point &point);
  /// The index along the vector axis, as i64, in every lane.
  Value laneIndex(const Point &point);

  const LoopProgram &program;
  const Target &target;
  FusedLayout layout;
  LoopBuilder &b;
  ScalarOps scalars;
  Values buffers;
  Value descriptor, workspace, begin, end, status;
  Value streams;             ///< whether results are stored past the caches
  bool fetchesAhead = false; ///< whether loads along the vector axis do
  int lanes;

private:
  using LaneFn = llvm::function_ref<Value(Value)>;

  Number compute(int node, const Point &point);
  /// Of a sum of a number of at least 1 and a function that nothing else reads: the position of the
  /// function among its operands.
  std::optional<size_t> addedFunction(const LoopProgram::Node &node) const;
  /// `base`: of the walker, where it is not the point's.
  Number load(int access, const Point &point, Value base = {});
  /// Lane by lane: from the index `at` a lane, where it `exists`; else 0.
  Number loadLanes(int access, const Point &point, LaneFn at, LaneFn exists = nullptr);
  /// The lanes that exist, in parts of half the size of the part before.
  void storePieces(Number value, Value buffer, DType type, Value at, const Point &point);
  Number pad(int node, const Point &point);
  Value guardExtent(int64_t walker);
  Number gather(int node, const Point &point);
  /// The index of an index walker: a scalar at lane `k` (an index), or in every lane (i64).
  Value indexAt(int64_t walker, const Point &point, Value k);
  Value indices(int64_t walker, const Point &point);
  Value inRange(Value index, Value extent);
  /// An index that counts from the end where it is negative; whether it is in range is reported.
  std::pair<Value, Value> checkedIndex(Value index, int64_t word);
  Value newScratch(mlir::Type element, int64_t size);
  Value scratchOf(DType type); ///< for the lanes of one vector
  Number broadcast(Number n, int lanes);
  Number zero(DType type, int lanes);
  Number yieldIf(Value condition, llvm::function_ref<Number()> then,
                 llvm::function_ref<Number()> otherwise);
  Values flat(Number n) { return n.im ? Values{n.re, n.im} : Values{n.re}; }

  Value parameter(int node);
  Value firstWord_;
  Value slotView(int slot, DType type);
  Value turnedPitch(); ///< elements from one row of a turned block to the next

  Known known_;
  llvm::DenseMap<int64_t, Value> words_;
  /// By walker of a guard: found at run time, or known here.
  llvm::DenseMap<int64_t, std::pair<Value, bool>> held_;
  llvm::DenseMap<std::pair<int, int>, Value> slotViews_; ///< by slot and type
  llvm::DenseMap<mlir::Type, Value> scratch_;
  llvm::DenseMap<int, Value> turned_; ///< by access: the block
};

} // namespace ricci
