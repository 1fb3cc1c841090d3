//===- loop_program.h - what a fused kernel computes, as loops -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The block of a fused kernel, read once: a space of axes, and nodes in topological order that say
// what is computed at every point of it. All views have become strides. Every emitter of fused
// kernels reads this, and nothing else.
//
// A node is `full` if it differs along a reduced axis, else it lives on the kept axes. Stages are
// the passes over the reduced axes: a reduction of stage s is complete after pass s - 1; a node can
// be computed in the pass of its stage or in any later one.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"
#include "compiler/target/target.h"
#include "frontend/scalar_ops.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <vector>

namespace ricci {

struct LoopProgram {
  using Numbers = llvm::SmallVector<int64_t, 4>;

  struct Axis {
    int64_t extent = 1;
    bool reduced = false;
  };
  /// A way through a buffer: a pointer of the launch.
  struct Access {
    unsigned buffer = 0; ///< operand of the kernel, or (counted on) its result
    DType type{};
    int64_t offset = 0; ///< of the first element
    Numbers strides;    ///< by axis
  };
  /// `offset` + sum of index times factor.
  struct Index {
    int64_t offset = 0;
    Numbers factors; ///< by axis
  };
  /// 0 <= index < extent, else the element does not exist.
  struct Guard {
    Index index;
    int64_t extent = 0;
  };
  /// `operand` indexes an axis of this extent and stride.
  struct Gathered {
    int64_t stride = 0, extent = 0;
    int64_t axis = 0; ///< as in LaunchStatus, for the message
  };
  enum class Kind : uint8_t {
    Load,
    /// Where the guards hold a load, or (without an access) operand 1; else operand 0.
    Pad,
    Gather,   ///< a load at the indices of the operands
    Constant, ///< `data`: one element
    Position, ///< `index`
    Scalar,   ///< `scalar` of the operands, computed in `computed`
    Cast,
    Reduce,
    ArgReduce,
    Scan, ///< of operand 0; operand 1, where there is one, comes before the first element
  };
  struct Node {
    Kind kind{};
    DType type{};
    llvm::SmallVector<int, 3> operands;
    int access = -1; ///< Load, Gather; Pad of what lies in memory
    llvm::SmallVector<Guard, 0> guards;
    llvm::SmallVector<Gathered, 0> gathered;
    Index index;
    std::vector<uint8_t> data;
    ScalarOp scalar{};
    DType computed{}; ///< Scalar; Reduce…: the operand's type
    ReduceKind reduce{};
    bool isMin = false, isProduct = false; ///< ArgReduce; Scan
    bool full = false;
    /// Kept for all indices of the reduced axes from its first pass on, and read in later ones.
    bool cached = false;
    int stage = 0;
  };
  struct Store {
    int node = 0, access = 0;
    bool full = false; ///< on all axes, be the node the same along the reduced ones
  };
  /// Rows: the innermost loop runs along a reduced axis. Columns: along a kept one, and what lives
  /// on the kept axes is a block of values that stays in the cache. Entries: along a kept axis too,
  /// and the axes after it, which are short, are unrolled.
  enum class Mode : uint8_t { Rows, Columns, Entries };

  std::vector<Axis> axes; ///< outermost first: kept, then reduced
  Mode mode = Mode::Columns;
  /// Rows: reductions in one pass alone, of what all rows of the last kept axis have (loaded or
  /// computed along the vector axis) with what differs: several rows at once load it once.
  bool sharesRows = false;
  /// Columns: the same of what all indices of the axis before the last kept one have: a block of
  /// that stays in the caches, and sums stay in registers.
  bool sharesColumns = false;
  /// Rows: as many as a vector has lanes go together through each pass, and what is known of them
  /// between two passes is a vector: of short rows.
  bool grouped = false;
  /// Columns: rows come from memory, one after the other, and are fetched ahead.
  bool rowByRow = false;
  /// Vectors are two registers, of which operations are under way together.
  bool wide = false;
  /// Guards end along the vectors where they do in every row: each part between is a loop of its
  /// own.
  bool inParts = false;
  int inside = 0; ///< Entries: how many axes are unrolled, after the vector axis
  /// The last reduced one (Rows), the last kept one (Columns), or the one before those inside
  /// (Entries); -1: none.
  int vectorAxis = -1;
  std::vector<Access> accesses;
  std::vector<Node> nodes;
  std::vector<Store> stores;

  llvm::StringRef modeName() const;
  int kept() const; ///< number of kept axes
  /// How many nodes and stores read the node. One that reads it twice counts once.
  int users(int node) const;
  int64_t stride(const Access &access) const {
    return vectorAxis < 0 ? 0 : access.strides[size_t(vectorAxis)];
  }
  /// The stride, where it shapes the code: up to kMostStep elements, or 32 bytes, that a load skips
  /// whole vectors are loaded. Else kAnyStep: lane by lane.
  int64_t step(const Access &access) const;
  static constexpr int64_t kMostStep = 8, kAnyStep = 99;
  /// Whether blocks of what is loaded are turned before they are used: in a map in columns, of
  /// numbers that lie side by side along the axis before the vector axis.
  bool turns(const Access &access) const;
  /// Whether the node is the same for all indices of the vector axis.
  bool isUniform(int node) const { return uniform_[size_t(node)]; }
  /// Whether the node is computed for a Pad alone, and so only where the guards of that hold:
  /// elsewhere what it reads may not exist.
  bool isGuarded(int node) const { return !guarded_.empty() && guarded_[size_t(node)]; }
  /// Whether the guard holds for some indices of the vector axis alone.
  bool endsAlong(const Guard &guard) const {
    return vectorAxis >= 0 && guard.index.factors[size_t(vectorAxis)] != 0;
  }
  /// An index of the vector axis at which guards end or begin.
  struct Cut {
    int64_t at = 0;
    size_t node = 0, guard = 0; ///< one of them
    bool isEnd = false;         ///< of that one
  };
  /// Those inside of the axis, in order.
  std::vector<Cut> cuts() const;
  /// Whether a guard that ends along the vectors holds in the part that begins there.
  bool holdsFrom(const Guard &guard, int64_t at) const;
  /// Whether the program can be done `inParts`.
  bool hasParts() const;
  /// With `sharesRows` and `sharesColumns`: whether the node depends on the last kept axis, or the
  /// one before.
  bool differsByRow(int node) const { return differs_.empty() || differs_[size_t(node)]; }
  /// What is done between two passes over the reduced axes, and in the second of them. The last has
  /// no pass.
  struct Pass {
    std::vector<int> kept;                   ///< nodes on the kept axes that are known from here on
    std::vector<int> full;                   ///< nodes that the pass computes
    std::vector<int> guarded;                ///< nodes that it computes where guards hold alone
    std::vector<int> read;                   ///< nodes that an earlier pass has cached
    std::vector<int> reductions;             ///< nodes that are complete after it
    std::vector<int> keptStores, fullStores; ///< positions in `stores`
  };
  std::vector<Pass> passes() const;
  /// Whether something of the pass that is not cached reads the node.
  bool isNeeded(const Pass &pass, int node) const;
  /// Numbers of the widest type in one vector.
  int lanes(const Target &target) const;
  /// Everything that shapes the code, nothing of extents, strides and offsets but of axes that are
  /// unrolled: equal texts share a kernel.
  std::string structure() const;

  bool isReduction(int node) const {
    Kind kind = nodes[size_t(node)].kind;
    return kind == Kind::Reduce || kind == Kind::ArgReduce;
  }
  /// Whether elements are loaded, stored or scanned one by one: the slow way, which shows in the
  /// plan.
  bool goesByLane() const;
  bool has(Kind kind) const {
    return llvm::any_of(nodes, [&](const Node &node) { return node.kind == kind; });
  }
  /// The number of a constant of f32 or f64.
  static std::optional<double> floatOf(const Node &node);
  /// Whether a constant is handed over at run time: a float other than a few common ones. So code
  /// does not depend on the number of elements of a mean.
  static bool isParameter(const Node &node);
  /// Indices of the reduced axes together.
  int64_t reducedExtent() const;

  /// Whether rows of the program can be `grouped`.
  bool mayGroup() const;
  /// Whether a program that is arranged may go by Entries: what is inside an entry is little enough
  /// to be unrolled, and nothing is found at run time but where entries are.
  bool mayUnroll() const;
  /// Entries: how often a node is computed in one.
  int64_t timesInside(int node) const { return timesInside_[size_t(node)]; }
  /// Entries: the axes inside that a node depends on, a bit for each, the first one lowest.
  uint32_t axesInside(int node) const { return axesInside_[size_t(node)]; }
  /// Entries: by node, whether it is computed at these indices of the axes inside.
  std::vector<bool> wantedInside(llvm::ArrayRef<int64_t> indices) const;
  /// Entries: whether the guards of a node hold at these indices of the axes inside.
  bool holdsInside(const Node &node, llvm::ArrayRef<int64_t> indices) const;
  /// Of what is `grouped`: vectors along the last kept axis, for nodes on the kept axes.
  LoopProgram acrossRows() const;

  /// Once all nodes and stores are there.
  void findGuarded();
  /// Puts the axes in this order (positions, kept before reduced), the vector axis last of its
  /// kind, and joins neighbours that every access walks through as one.
  /// `keepsUnits`: axes of extent 1 stay, which a kernel of other extents has.
  void arrange(llvm::ArrayRef<int64_t> order, Mode newMode, bool keepsUnits = false);

private:
  bool keptGoByLane() const;
  void joinAxes(bool keepsUnits);
  void writeInside(llvm::raw_ostream &out) const;
  void findUniform();
  void findShared();
  void findInside();
  /// Whether the node reads its operand at every index of its own.
  static bool readsAlways(const Node &node, size_t operand) {
    return node.kind != Kind::Pad || operand == 0;
  }
  std::vector<bool> uniform_, differs_, guarded_;
  std::vector<int64_t> timesInside_;
  std::vector<uint32_t> axesInside_;
};

/// Of a kernel's block, with its layouts; axes in the order of the program, not arranged. Nothing
/// where the kernel is no fused one (an einsum).
std::optional<LoopProgram> buildLoopProgram(KernelOp kernel);

/// Of a kernel in which what an einsum gives is reduced before another einsum reads it: what
/// becomes of the result of `from` on the way to `to`. Both are as if they lay in memory in C
/// order: buffers after the operands. Nothing where no loops give that.
std::optional<LoopProgram> buildLoopProgramBetween(KernelOp kernel, EinsumOp from, mlir::Value to);

/// Of a kernel of an einsum and what is computed from its result element by element: the latter, in
/// the axes of the result. The sums are loaded from where the result is stored. Nothing for other
/// kernels.
std::optional<LoopProgram> buildEpilogue(KernelOp kernel);
/// What it reads besides the sums: accesses of operands. Of a prologue all that it reads.
llvm::SmallVector<const LoopProgram::Access *> operandsOf(const LoopProgram &epilogue);
/// What a prologue reads besides the operand that it stands for.
llvm::SmallVector<const LoopProgram::Access *> otherOperandsOf(const LoopProgram &prologue);

/// An operand of an einsum that its kernel computes.
struct OperandPrologue {
  size_t operand = 0; ///< of the einsum
  /// In the operand's axes, stored in C order. The first access is the largest that is read.
  LoopProgram prologue;
};
/// Nothing for a kernel whose einsum reads all from memory.
std::optional<OperandPrologue> buildPrologue(KernelOp kernel);
/// The epilogue along the axis in which the result is contiguous, alone.
LoopProgram alongColumns(LoopProgram epilogue);

} // namespace ricci
