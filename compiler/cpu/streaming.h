//===- streaming.h - stores that go past the caches ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A store first reads the cache line that it writes to. For a result that no cache holds, that is
// twice the traffic or more; a non-temporal store of a whole line saves it. It needs an address
// that is aligned to its vector, and pays only where a line is written at once.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"

namespace ricci {

inline constexpr int64_t kCacheLine = 64;

/// The address of an element, in bytes.
mlir::Value addressOf(LoopBuilder &b, mlir::Value memref, mlir::Value index, int64_t bytes);
/// Whether an address (or several, or-ed together) is that of a cache line.
mlir::Value isOnLine(LoopBuilder &b, mlir::Value address);
/// Stores a vector past the caches; its address is a multiple of its size, or of the registers that
/// it is in.
void storePast(LoopBuilder &b, mlir::Value vector, mlir::Value memref, mlir::Value index,
               int64_t registerBytes = kCacheLine);
/// The same where `streams` holds, it is not null, and the address allows; else as any store.
void storePastIf(LoopBuilder &b, mlir::Value streams, mlir::Value vector, mlir::Value memref,
                 mlir::Value index, int64_t registerBytes);
/// To be done before anybody else may read what was stored so.
void fenceStores(LoopBuilder &b);

/// Streams of elements to memory, piece by piece, each piece where the last one ended or elsewhere.
/// Whole cache lines go past the caches; what a piece leaves of its last line is carried on to the
/// next piece, or stored as usual where there is none.
class LineStreams {
public:
  using Value = mlir::Value;

  /// Declares the functions. Elements are of the compute type, which is real.
  LineStreams(LoopBuilder &b, mlir::ModuleOp module, ValueBuilder &values);

  /// Bytes of workspace for each stream: a line, and where the stream goes on.
  static constexpr int64_t kLineBytes = kCacheLine, kNextBytes = 8;
  /// Elements of a line. A vector of them behind a tile in a buffer must be readable.
  int64_t line() const { return line_; }

  /// The streams' memory: lines, and tables of places in `to`.
  struct State {
    Value lines, next, to;
  };
  /// The first `count` streams begin.
  void begin(const State &state, Value count);
  /// Rows of a tile: row r goes to `column` + `places[first + r]`, in the stream of this number.
  struct Rows {
    Value first, count, column, places;
    Value runs, extent; ///< rows of `extent` columns follow each other, as many as `runs` says
  };
  /// All bits of the first `count` places of a table.
  Value bitsOf(Value places, Value count);
  /// Whether rows of so many columns, places that have these bits, are whole lines.
  Value areLines(const State &state, Value bits, Value columns);
  /// Whether the rows' streams go on where these do, all equally far into a line.
  Value goOn(const State &state, Value streams, const Rows &rows);
  /// Where they do: whole vectors, as many of each row.
  void putRegisters(const State &state, Value streams, const Rows &rows,
                    llvm::ArrayRef<Number> vectors, int count);
  /// The tile's rows, which follow each other in a buffer, `columns` of each. Where lines begin at
  /// no element they go through the caches.
  void putTile(const State &state, Value streams, const Rows &rows, Value buffer, Value columns,
               Value areLines);
  /// The lines that the rows' streams end within, `width` from their columns on, and begin in, at
  /// column `next`, are on their way: parts of them are written through the caches.
  void prefetchEnds(const State &state, const Rows &rows, Value width, Value next);
  /// What is carried by the first `count` streams is stored.
  void finish(const State &state, Value count);

private:
  void emitCopy(mlir::ModuleOp module);
  void emitFlush(mlir::ModuleOp module);
  void emitBegin(mlir::ModuleOp module);
  void emitBits(mlir::ModuleOp module);
  void emitTile(mlir::ModuleOp module);
  void emitEnds(mlir::ModuleOp module);
  /// The next `count` elements of a stream, from `first` on of a buffer, to `start` on.
  void put(const State &state, Value stream, Value from, Value first, Value start, Value count);
  /// A tile's rows where they begin on lines and are whole lines: they have nothing to do with
  /// streams.
  void storeLines(const State &state, const Rows &rows, Value buffer, Value columns);
  /// A tile's rows of whole vectors where all streams go on, equally far into a line.
  void putVectors(const State &state, Value streams, const Rows &rows, Value buffer, Value columns);
  /// Any rows of a tile, in as long pieces as there are.
  void putPieces(const State &state, Value streams, const Rows &rows, Value buffer, Value columns);
  Value placeOf(const Rows &rows, Value r);
  /// A vector, or its first `count` lanes, to `start` on, where the stream goes on: `used` elements
  /// into a line, `lane` into a vector of it. Takes and returns the vectors of the line that is
  /// carried.
  LoopBuilder::Values append(Value to, mlir::ValueRange carried, Value vector, Value start,
                             Value used, Value lane, Value count);
  /// The vectors of a stream's line.
  LoopBuilder::Values loadCarried(const State &state, Value line);
  void storeCarried(mlir::ValueRange carried, const State &state, Value line);
  /// Elements of a line that lie before this place.
  Value before(Value to, Value index);

  LoopBuilder &b_;
  ValueBuilder &values_;
  std::string type_; ///< in the functions' names
  int64_t bytes_, line_;
  mlir::func::FuncOp copy_, flush_, begin_, bits_, tile_, ends_;
};

} // namespace ricci
