//===- entry_access.h - the same numbers of many entries, lane by lane ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entries lie one after the other: x0 y0 z0 x1 y1 z1 … Vectors hold one number of each: x0 x1 …
// Pieces of 16 bytes are read from every entry and turned in registers, 16 bytes at a time, which
// no vector unit finds hard; what is written is turned back. Pieces that would reach beyond the
// entries begin earlier. Nothing else than the memory between the first and the last number of the
// entries is read, and nothing but their numbers is written.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"

#include <map>

namespace ricci {

/// One buffer of a kernel of entries.
class EntryAccess {
public:
  using Value = mlir::Value;

  /// `lanes` entries make a group. `numbers`: the places in an entry that are read or written,
  /// apart from far strides; each once, in any order. `apart`: from one entry to the next, or
  /// Entry::kFar.
  EntryAccess(LoopBuilder &b, ValueBuilder &values, int lanes, Value memory, DType storage,
              int64_t apart, llvm::ArrayRef<int64_t> numbers);

  /// A group of entries, as many as a vector has lanes; or a single one, of scalars. `bases`: where
  /// the first entry begins, for each combination of far strides. `apart`: from one to the next.
  void begin(bool isVector, llvm::ArrayRef<Value> bases, Value apart);
  Number read(int base, int64_t number);
  /// Numbers of one base are written one after the other, in ascending order.
  void write(int base, int64_t number, Number value);

private:
  /// Components of neighbouring numbers that are all written.
  struct Run {
    int64_t first, count;
  };
  using Vectors = llvm::SmallVector<Value>;

  Value component(int base, int64_t at);
  void readWindow(int base, int64_t first);
  void readPairs(int base, int64_t first);
  void writeComponent(int base, int64_t at, Value value);
  void writeWindow(int base, int64_t first, int64_t count);
  void writeDense(int base, int64_t first, int64_t count, llvm::ArrayRef<Value> pieces);
  void writePairs(int base, int64_t first);
  /// The address of a component of an entry.
  Value place(int base, int64_t entry, int64_t at);
  Value loadVector(int64_t width, Value at);
  void storeVector(Value vector, Value at);
  Value shuffle(Value x, Value y, llvm::ArrayRef<int64_t> from);
  Value joined(llvm::ArrayRef<Value> pieces);

  LoopBuilder &b_;
  ValueBuilder &values_;
  Value memory_;
  DType storage_;
  int64_t parts_, lanes_, width_; ///< components of a number, of a vector, of a piece
  int64_t apart_;                 ///< components, or Entry::kFar
  llvm::SmallVector<int64_t> components_, windows_; ///< sorted
  llvm::SmallVector<Run> runs_;
  // Of the group.
  bool isVector_ = false;
  Vectors bases_; ///< in components
  Value entryApart_;
  std::map<std::pair<int, int64_t>, Value> found_, written_; ///< components
  std::map<std::pair<int, int64_t>, Number> read_;           ///< numbers
};

} // namespace ricci
