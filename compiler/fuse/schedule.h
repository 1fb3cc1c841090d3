//===- schedule.h - what a kernel is and how it runs ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The schedule is the whole interface between the decision (choose_schedule) and its execution
// (the emitters and the launch descriptors): the passes after choose_schedule only obey it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ricci {

struct LoopProgram; // loop_program.h

enum class Family : uint8_t {
  Contract,       ///< packed, register-tiled contraction: c[b,m,n] = sum_k a[b,m,k] * b[b,k,n]
  ContractDirect, ///< the same in place, without packing: groups of one dim, columns contiguous
  Map,            ///< product of the operands, element by element; no reduction
  Transpose,      ///< one operand, moved by in-register transposes
  Lanes,          ///< many small entries: each lane is one, and what it computes is unrolled
  ReduceRows,     ///< the innermost loop runs along a reduced axis
  ReduceColumns,  ///< the innermost loop runs along a kept axis, sums stay in cache
  Fused,          ///< anything else: a program of loops (loop_program.h)
};
llvm::StringRef familyName(Family family);
inline bool isContraction(Family family) {
  return family == Family::Contract || family == Family::ContractDirect;
}

/// One merged axis: its extent, and its stride in every buffer (operands, then the result).
struct Dim {
  int64_t extent = 1;
  llvm::SmallVector<int64_t, 3> strides;
};
using Dims = llvm::SmallVector<Dim, 4>; ///< innermost first
/// Product of the extents.
int64_t totalExtent(const Dims &dims);

/// How an operand of a contraction is packed.
enum class Packing : uint8_t {
  AlongRows, ///< its rows (or columns) are contiguous: vector copies
  AlongK,    ///< it is contiguous along K: vector loads, transposed in registers
  Across, ///< (columns in panels) contiguous along the second column dim: as AlongK, from panel to
          ///< panel
  Gather, ///< neither: element by element
};

llvm::StringRef packingName(Packing packing);

/// Blocks of a transpose are multiples of this: no group of tiles has more rows or columns.
inline constexpr int64_t kTransposeUnit = 64;

/// Lanes: one entry of a kernel that computes many alike. Its extents are in the code, and so are
/// its strides where they are near; far ones are words of the launch.
struct Entry {
  Dims kept, summed;                   ///< innermost first
  llvm::SmallVector<int64_t, 3> apart; ///< from one entry to the next, in every buffer
  /// A stride of which the code knows only that it is far, and in `apart` that it is positive.
  static constexpr int64_t kFar = INT64_MAX;
  static bool isFar(int64_t stride) { return stride >= 64 || stride <= -64; }

  /// Products that are added up in an entry.
  int64_t points() const { return totalExtent(kept) * totalExtent(summed); }
  /// Equal structures: the same code.
  std::string structure() const;
};

/// Lanes: bytes of a vector of entries, at most. Pieces of 16 bytes are put together for it, which
/// larger registers make no faster; the targets that have those have more registers.
inline constexpr int kEntryVectorBytes = 32;

/// KernelSpec::rowsAtOnce, at most.
inline constexpr int kMostRowsAtOnce = 8;

/// Vectors of a row of a register tile, at most.
inline constexpr int kMostTileVectors = 4;

/// What is compiled: everything that shapes the code, nothing of extents or strides but what is
/// unrolled (Entry, LoopProgram::Mode::Entries). Equal specs share one kernel.
struct KernelSpec {
  Family family = Family::Map;
  llvm::SmallVector<DType, 3> operands;
  DType result = DType::f32;
  /// Map and Reduce*: whether the innermost loop is vectorized; if so, bit i of `unit` says that
  /// buffer i advances by 1 along it (else by 0).
  bool vectorized = false;
  uint32_t unit = 0;
  /// Reduce*, vectorized: rows of the operands that are read side by side. By columns a single one
  /// is fetched ahead.
  int rowsAtOnce = 1;
  /// ReduceRows, several at once: operands that are the same for all of them and that advance along
  /// them, which are loaded once.
  uint32_t shared = 0;
  /// ReduceRows, vectorized: rows come in pieces that lie far apart. Those of a block of rows, side
  /// by side, are added before the next ones; the sums lie in the workspace meanwhile.
  bool inPieces = false;
  int tileRows = 0, tileColumns = 0; ///< Contract: the register tile, in numbers
  Packing packing[2] = {Packing::Gather, Packing::Gather}; ///< Contract: of rows and columns
  /// Contract: the result is contiguous along the innermost column dim, and every panel of columns
  /// lies within one run of it. Otherwise columns are found through tables, one by one.
  bool panels = false;
  /// Contractions of bf16: K goes in pairs, which the CPU multiplies and adds in one instruction
  /// (docs/decisions/0011-bf16-dot-products.md).
  bool pairs = false;
  bool accumulate = false; ///< result += , not = (Contract decides at run time)
  bool streams = false;    ///< Contract: Schedule::streams; Transpose: or prefetches
  bool prefetches = false; ///< ContractDirect: Schedule::prefetches
  bool copies = false;     ///< ContractDirect: each worker copies B, so that its rows are vectors
  std::shared_ptr<const Entry> entry; ///< Lanes
  /// Fused: what is computed, with the extents and strides of this kernel.
  std::shared_ptr<const LoopProgram> loops;
  /// Contract, in panels: what becomes of the sums, along the columns. Buffer 2 holds them, and the
  /// result; its other accesses are buffers from 3 on.
  std::shared_ptr<const LoopProgram> epilogue;
  /// Contract: what computes buffer `computed`, 0 or 1, along the dim in which it is packed (by
  /// vectors along rows, else along K). Its first access is that buffer; its others are buffers
  /// after those of the epilogue. The type of the operand is that of what is computed.
  std::shared_ptr<const LoopProgram> prologue;
  int computed = -1;
  size_t buffers() const; ///< of the einsum, the epilogue and the prologue
  /// Of the first buffer that the prologue alone reads.
  size_t prologueBuffers() const;
  /// What the memory of operand i holds.
  DType stored(size_t operand) const;
  /// Contract: whether columns can be fetched ahead: they are read row by row. A launch says
  /// whether they are.
  bool mayPrefetch() const { return packing[1] == Packing::AlongRows && computed != 1; }

  /// Equal keys: the same code on one target.
  std::string key() const;
  /// The same, with the target.
  std::string keyOn(const Target &target) const;
  std::string name() const;  ///< "contract_f32_14x32": a symbol, unique for a spec on one target
  std::string title() const; ///< "contract f32 14x32": for people
};

/// How a result of this dtype is computed: f16 and bf16 in f32; 8-bit integers in 16 bits, since no
/// vector unit multiplies bytes (the low byte is the same); unsigned as signed; others as they are.
DType computeType(DType result);
/// The float type that a complex type is made of; any other type itself.
DType componentDType(DType dtype);

/// Whether contractions of these operands may go in pairs (KernelSpec::pairs).
bool mayPair(llvm::ArrayRef<DType> operands, DType result);

/// Of a kernel that runs together with its neighbours: all of them for a block of rows before any
/// of them for the next (chain_kernels.cpp). Rows are counted through the batch entries.
struct RowBlocks {
  int64_t entries = 1, rows = 1; ///< batch entries, rows of each
  int64_t blockRows = 1;         ///< the last block of an entry may have fewer
  /// The result of which the next kernel reads a block of rows, and nobody else anything; -1: this
  /// kernel is the last.
  int64_t passed = -1;
};

/// How one launch of the kernel runs.
struct Schedule {
  KernelSpec spec;
  bool accumulate = false; ///< the kernel adds to its result
  bool streams = false;    ///< the result is stored past the caches, which it would not fit
  /// Transpose: a block's lines are fetched while the last one is moved. Contract: a block of
  /// columns, while the one before is multiplied; ContractDirect: a batch entry, or rows.
  bool prefetches = false;
  /// Contractions: the four groups. Map: `batch` alone. Reduce*: `batch` (kept) and `k`. Transpose:
  /// `n` is the dim in which the operand is contiguous, `m` those that follow each other in the
  /// result, `batch` the others. Lanes: `m` counts the entries, `n` is what an entry keeps and `k`
  /// what it sums; `batch` is outside.
  Dims batch, m, n, k;
  // Contract (blocks: Transpose too). Buffer 0 is packed in row panels, buffer 1 in column panels.
  // Swapped: buffer 0 is the kernel's operand 1.
  bool swapped = false;
  int64_t blockRows = 0, blockColumns = 0, blockK = 0; ///< cache blocks
  /// With spec.panels: the panels of one run follow each other (false), or the second column dim is
  /// walked first (true).
  bool secondFirst = false;
  /// Fused: the positions of the space's axes in `spec.loops` before neighbours were joined.
  llvm::SmallVector<int64_t> order;
  bool keepsUnits = false; ///< Fused: LoopProgram::arrange
  std::optional<RowBlocks> rowBlocks;

  double flops = 0, bytes = 0, predictedSeconds = 0;
  bool takesKnown = false; ///< LabelledProduct::known: another kernel would be faster
};

/// What a kernel computes, as choose_schedule sees it: every label with its extent and its stride
/// in every buffer (0 where the buffer lacks it).
struct LabelledProduct {
  struct Axis {
    int64_t extent;
    llvm::SmallVector<int64_t, 3> strides; ///< operands, then the result
    bool kept;                             ///< in the result
  };
  llvm::SmallVector<Axis> axes;
  llvm::SmallVector<DType, 3> operands;
  DType result;
  bool accumulate = false;
  /// Of an operand, in its axes. Axes have strides of what it reads besides after the epilogue's.
  std::shared_ptr<const LoopProgram> prologue;
  int computed = -1;         ///< the operand
  bool staysInCache = false; ///< the result, whatever its size: it is handed on by rows
  /// Of the result, along its columns. Axes have strides of its operands after the result's.
  std::shared_ptr<const LoopProgram> epilogue;
  /// Keys of kernels that exist: they are preferred to others that are a little faster. Null: none.
  const llvm::StringSet<> *known = nullptr;
  int64_t size = 0; ///< an extent that is to vary (docs/decisions/0009-size-arguments.md); 0: none
};

/// Puts the prologue along the dim in which the operand is packed.
void arrangePrologue(Schedule &schedule);

/// KernelSpec::entry of a schedule's groups. Null where they make none: without one dim of entries,
/// with more points than code should be unrolled for, or more streams than memory has at once.
std::shared_ptr<const Entry> entryOf(const Schedule &schedule);

/// KernelSpec::shared.
uint32_t sharedOperands(const Schedule &schedule);

/// Columns of all panels of a contraction whose columns are in panels: whole tiles.
int64_t paddedColumns(const Schedule &schedule);

/// Bytes that a packed operand of a contraction takes for each of its numbers.
int64_t packedItemSize(const KernelSpec &spec);

/// Of a contraction that streams: rows that follow each other in the result, each as long as the
/// innermost column dim, where panels are that long; else 1.
int64_t joinedRows(const Schedule &schedule);
/// After how many panels the result goes on where joined rows (or a panel) end; 0: nowhere, or
/// after so many that what they leave of their cache lines would fill half of the L2 cache.
int64_t streamPeriod(const Schedule &schedule, const Target &target);

/// Decides, from shape, strides and target alone. The cost model is in cost_model.h.
Schedule chooseSchedule(const LabelledProduct &product, const Target &target);
/// Whether an einsum that would run so may be faster as a program of loops.
bool mayBeLoops(const Schedule &schedule, const Target &target);
/// The same for a program of loops, which is not arranged yet. `size`, `known`: as those of
/// LabelledProduct.
Schedule chooseFusedSchedule(LoopProgram loops, const Target &target, int64_t size = 0,
                             const llvm::StringSet<> *known = nullptr);

} // namespace ricci
