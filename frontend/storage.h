//===- storage.h - which names may share memory in NumPy ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `x += y` changes an array in place in NumPy, and with it every other name of the array and of its
// views. Values here never change, so it may stand for `x = x + y` only where no other name can
// see the difference. This keeps count of that: names whose arrays may share memory have one
// storage.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program_builder.h"

namespace ricci {

using StorageId = int;
inline constexpr StorageId kNoStorage = -1; ///< of what is no array

class Storage {
public:
  explicit Storage(const ProgramBuilder &builder) : builder(builder) {}

  /// Notes that an expression reads this value of a name.
  void read(const Value &value, StorageId storage);
  /// Where the reads that follow begin.
  size_t mark() const { return reads.size(); }
  /// Forgets reads; no value that comes of them may be stored any more.
  void forget(size_t mark) { reads.resize(mark); }

  /// The storage of a value that an expression gave which read what follows the mark: that of a
  /// name where the value is its array or a view of it, else a new one.
  StorageId of(const Value &value, size_t mark);

  void hold(StorageId storage) {
    if (storage != kNoStorage)
      ++holders[size_t(storage)];
  }
  void release(StorageId storage) {
    if (storage != kNoStorage)
      --holders[size_t(storage)];
  }
  /// Whether more than one name may see the memory.
  bool isShared(StorageId storage) const {
    return storage != kNoStorage && holders[size_t(storage)] > 1;
  }

private:
  /// The node whose memory a node's array may lie in.
  int rootOf(int node);

  struct Read {
    int root; ///< kUnknown: of some tensor in a sequence
    StorageId storage;
  };
  static constexpr int kUnknown = -1;

  const ProgramBuilder &builder;
  std::vector<int> roots;   ///< by node, as far as they were asked for
  std::vector<int> holders; ///< by storage: how many names
  std::vector<Read> reads;
};

} // namespace ricci
