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
/// Stores a vector past the caches; its address is a multiple of its size or of a cache line.
void storePast(LoopBuilder &b, mlir::Value vector, mlir::Value memref, mlir::Value index);
/// The same where `streams` holds, it is not null, and the address allows; else as any store.
void storePastIf(LoopBuilder &b, mlir::Value streams, mlir::Value vector, mlir::Value memref,
                 mlir::Value index);
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
  /// Elements of a line. A vector of them behind a piece must be readable.
  int64_t line() const { return line_; }

  /// The streams' memory: lines, and tables of places in `to`.
  struct State {
    Value lines, next, to;
  };
  /// The first `count` streams begin.
  void begin(const State &state, Value count);
  /// The next `count` elements of a stream, from `first` on of a buffer, to `start` on.
  void put(const State &state, Value stream, Value from, Value first, Value start, Value count);
  /// Whether the streams from `first` on go on at these places, all equally far into a line.
  Value goOn(const State &state, Value first, llvm::ArrayRef<Value> starts);
  /// Where they do: whole vectors, as many to each stream.
  void putRows(const State &state, Value first, llvm::ArrayRef<Value> starts,
               llvm::ArrayRef<Number> vectors);
  /// What is carried by the first `count` streams is stored.
  void finish(const State &state, Value count);

private:
  void emitCopy(mlir::ModuleOp module);
  void emitFlush(mlir::ModuleOp module);
  void emitBegin(mlir::ModuleOp module);
  /// A vector, or its first `count` lanes, to `start` on, where the stream goes on: `used` elements
  /// into a line. Takes and returns the vectors of the line that is carried.
  LoopBuilder::Values append(Value to, mlir::ValueRange carried, Value vector, Value start,
                             Value used, Value count);
  /// The vectors of a stream's line.
  LoopBuilder::Values loadCarried(const State &state, Value line);
  void storeCarried(mlir::ValueRange carried, const State &state, Value line);
  /// Elements of a line that lie before this place.
  Value before(Value to, Value index);

  LoopBuilder &b_;
  ValueBuilder &values_;
  std::string type_; ///< in the functions' names
  int64_t bytes_, line_;
  mlir::func::FuncOp copy_, flush_, begin_;
};

} // namespace ricci
