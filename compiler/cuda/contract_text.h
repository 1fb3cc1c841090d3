//===- contract_text.h - what kernels of contractions have in common -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/emit.h"

namespace ricci {

/// A block's tile of the result, tiles of A and B in shared memory on the way to it, and elements
/// on their way out of the sums. What multiplies is left to the emitters.
class ContractText {
public:
  explicit ContractText(const ContractGrid &grid);

protected:
  // contract_text.cpp

  /// Name, title, parameters a, b and c; the block's tile: `row0`, `column0` and `thread`, the
  /// pointers those of the batch. Offsets of indices are functions before the kernel.
  void open(const std::string &schedule);
  /// An element as it is summed.
  std::string summand(DType type, const std::string &element) const;
  /// `resultRun` neighbours of c, the first at `row` and `column`, if they exist: their sums are
  /// `sum(item)`, where `item` counts them.
  void storeResults(llvm::function_ref<std::string(const std::string &item)> sum);

  // contract_tiles.cpp

  /// The arrays tileA and tileB, and what the lambda `fetch` needs to fill them.
  void declareTiles();
  /// Step by step along k: tiles come, and `multiply` writes what is done with those of `now`, in
  /// a loop with that pragma.
  using Multiply = llvm::function_ref<void(const char *unroll)>;
  void emitSteps(Multiply multiply);
  /// The type of the elements in the tile of A (side 0) or B.
  std::string tileType(int side) const;
  size_t tileItemBytes(int side) const;
  static const char *letter(int side) { return side == 0 ? "A" : "B"; }
  /// The element of a tile at this row (of k, where it is not deep) and place in it.
  std::string inTile(int side, const std::string &stage, const std::string &row,
                     const std::string &place) const;

  const ContractGrid &g_;
  KernelText kernel_;
  CudaText &text_;
  const char *index_; ///< the type of indices
  DType computed_;
  std::string sum_; ///< the type of the sums
  size_t sumBytes_;
  int64_t m_, n_, k_;

private:
  void describe(const std::string &schedule);
  void defineOffsets();
  void startBlock();
  /// Whether results are stored as vectors, and what follows them is loaded so.
  void defineAlignment();
  /// What is stored where `element` is, of a sum; `item` counts neighbours.
  std::string result(const std::string &sum, const std::string &element, const std::string &item);
  std::string epilogue(const std::string &sums, const std::string &item);
  std::string placeIn(const std::string &buffer, const std::string &item) const;
  std::string typeNames() const;
  /// What the memory of an operand holds.
  DType memoryType(int side) const;
  /// The computed operand at a place, of the `element` that is read there.
  std::string prologue(const std::string &element, const std::string &along,
                       const std::string &depth);
  /// Names of the pointers.
  std::vector<std::string> buffers() const;

  int moves(int side) const { return g_.sideOfTile(side) * g_.depth / g_.sides[side].run; }
  /// Moves of a thread; the last may be one too many.
  int movesOfThread(int side) const { return (moves(side) + g_.threads() - 1) / g_.threads(); }
  bool isAsync() const { return g_.sides[0].async || g_.sides[1].async; }
  bool usesRegisters() const { return !g_.sides[0].async || !g_.sides[1].async; }
  /// The lines of a loop over a thread's moves: the first element is at `side` and `k` in the tile.
  void eachMove(int side, llvm::function_ref<void()> body);
  /// Whether the element at these places of the tile exists: `row0 + side < 70`.
  std::string isInside(int side, const std::string &place, const std::string &depth) const;
  /// The offset there in a buffer that has the indices of the operand.
  static std::string elementAt(const std::string &buffer, int side, const std::string &along,
                               const std::string &depth);
  /// The place in the tile where a move goes.
  std::string placeOfMove(int side, const std::string &more) const;
  /// Whether its elements lie in vectors, but maybe at no multiple of their bytes.
  bool mayBeUnaligned(int side) const;
  void copy(int side, const char *function);
  void loadRegisters(int side);
  void storeRegisters(int side);
  /// The steps, where vectors are copied by that function.
  void emitLoop(const char *copyVectors, const char *unroll, Multiply multiply);
};

} // namespace ricci
