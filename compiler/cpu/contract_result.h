//===- contract_result.h - where a contraction's sums go -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/emit_epilogue.h"
#include "compiler/cpu/emit_pack.h"
#include "compiler/cpu/streaming.h"
#include "compiler/fuse/schedule.h"

#include <optional>

namespace ricci {

/// The words and the workspace of a contraction while its function is written.
struct ContractFrame {
  using Value = mlir::Value;
  LoopBuilder &b;
  Value descriptor, workspace;

  Value word(int64_t w) { return b.load(descriptor, b.idx(w)); }
  /// `size` elements at the offset that a word says.
  Value view(int64_t w, Value size, mlir::Type type) {
    return b.view(workspace, word(w), size, type);
  }
  Value table(int64_t w, Value size) { return view(w, size, b.getIndexType()); }
};

/// Stores register tiles: to the result C at the places that tables say, past the caches, by way of
/// an epilogue, or to sums that are rounded later.
class ContractResult {
public:
  using Value = mlir::Value;
  using Values = LoopBuilder::Values;

  /// Declares the functions it needs.
  ContractResult(ContractFrame &frame, mlir::ModuleOp module, const KernelSpec &spec,
                 const Target &target, ValueBuilder &values);

  /// In the function that has begun: of C and the epilogue's operands. Rows and columns of a block
  /// are at most so many.
  void begin(Value c, Values operands, Value blockRows, Value blockColumns);
  /// Before the function ends.
  void end();

  /// Whether sums are kept in the compute type until the last block of K.
  bool keepsSums() const { return sums_; }
  /// Whether `cmRuns` is used.
  bool streams() const { return spec_.streams; }

  /// Before and after the tiles of a block of so many rows.
  void beginBlock(Value rows);
  void endBlock();
  /// What a tile will be written to, and what its epilogue reads of every row, is on its way while
  /// the sums are made.
  void prefetch(Value i, Value j, Value accumulate);
  /// Where the rows' streams end with panel j, the lines that they end and go on within are on
  /// their way: parts of them are written through the caches.
  void prefetchEnds(Value i, Value j, Value panels);
  /// The tile of rows [i, i + rows) and columns [j, j + columns) of the block, the columns of the
  /// `panel`-th panel of B. `accumulate`: C has sums already; `last`: these complete them.
  void store(llvm::ArrayRef<Number> tile, Value i, Value j, Value panel, Value rows, Value columns,
             Value accumulate, Value last);
  /// Kept sums of a task's rows [m0, m1) and this block's columns, rounded to C.
  /// `fillRows(first, count)` fills the tables of rows.
  void writeSums(Value m0, Value m1, Value columns,
                 llvm::function_ref<void(Value, Value)> fillRows);

  /// Columns in panels: the number of each panel's first column in its dim.
  Value firsts() const { return cnRuns; }
  /// How many columns a tile has of `columns` from j on.
  Value widthOf(Value j, Value columns);

  // Tables of the block, and places of the batch entry in C and in the operands of an epilogue.
  Value cm, cmRuns, cn, cnRuns, baseC;
  Values operandRows, operandColumns, operandBases;
  Value sumRow; ///< of the kept sums, the block's first row

private:
  using Place = llvm::function_ref<Value(Value row)>;
  using Strip = llvm::function_ref<void(Value column, Value length, int width)>;
  Value word(int64_t w) { return frame_.word(w); }
  int vectors() const { return columnPanel_.pitch / values_.lanes(); }
  Value allStreams();
  /// A tile whose sums are complete with this block of K: the epilogue computes the result from the
  /// buffer.
  void finishTile(llvm::ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                  Value accumulate);
  /// Of rows [i, i + rows) of panel j, given where a row's sums are and its results go.
  void epilogue(Value i, Value rows, Value j, Value columns, Place sums, Place results);
  bool isStore(const LoopProgram::Access &access) const;
  /// The number of an epilogue's operand; nothing for the sums and the result.
  std::optional<size_t> operandOf(const LoopProgram::Access &access) const;
  /// Adds to what is there already when `accumulate`.
  void writeVector(Number sum, Value buffer, DType storage, Value at, Value accumulate);
  /// A whole tile whose columns are consecutive in C.
  void tileToC(llvm::ArrayRef<Number> tile, Value i, Value j, Value accumulate);
  /// To the buffer, rows `pitch` apart. A vector's lanes past the row's end are overwritten by the
  /// next row.
  void tileToBuffer(llvm::ArrayRef<Number> tile, Value pitch);
  Value bufferRow(Value row, Value pitch);
  /// The streams of panel j's rows: their numbers begin here.
  Value firstStream(Value j);
  /// To C past the caches. The registers of a whole tile are stored as they are where its rows are
  /// lines, or go on, few of them, where the last tile's ended; any other by way of the buffer.
  void streamTile(llvm::ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                  Value whole);
  /// Whether so many columns of panel j are whole lines in every row of the block.
  Value areLines(Value j, Value columns);
  LineStreams::Rows streamRows(Value i, Value j, Value rows);
  /// The buffer's rows, which follow each other there, to C past the caches.
  void streamBuffer(Value i, Value j, Value rows, Value columns);
  /// Sums are whole tiles always: the buffer is padded.
  void tileToSums(llvm::ArrayRef<Number> tile, Value i, Value j, Value accumulate);
  /// Sums of a row: whole tiles of a block of columns.
  Value sumPitch();
  Value sumAt(Value row);
  /// Any tile: to a buffer in the L1 cache, then to C in strips of consecutive columns.
  void tileThroughBuffer(llvm::ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                         Value accumulate);
  /// Columns [j, j + columns) of a row (of panel j, where columns are in panels), from a buffer of
  /// sums to C.
  void writeColumns(Value sums, Value from, Value row, Value j, Value columns, Value accumulate);
  /// Strips of columns that are consecutive in C: a vector under a mask (length set), a whole
  /// vector (length null), or a scalar (width 0).
  void runStrips(Value columns, Value j, Strip body);
  /// The same for the columns of a panel, which are all consecutive: whole vectors, then the rest
  /// under a mask or in vectors of half the size each.
  void panelStrips(Value columns, Strip body);

  ContractFrame &frame_;
  LoopBuilder &b_;
  const KernelSpec &spec_;
  const Target &target_;
  ValueBuilder &values_;
  PanelShape columnPanel_;
  bool sums_;
  std::optional<LineStreams> lines_;
  LineStreams::State stream_;
  std::optional<FusedKernel> epilogue_;
  Values operands_;
  Value c_, tile_, buffer_, sumsBuffer_;
  Value rowBits_; ///< of where the rows of a block are, where they are streamed
};

} // namespace ricci
