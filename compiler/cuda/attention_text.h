//===- attention_text.h - what kernels of attention have in common -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/emit.h"
#include "compiler/cuda/fused_nodes.h"

namespace ricci {

/// The rows of a block, tiles of K and V on their way into shared memory, and the logits of a
/// score. What multiplies is left to the emitters.
class AttentionText {
public:
  explicit AttentionText(const AttentionGrid &grid, unsigned inputs);

protected:
  using Buffer = Attention::Buffer;

  /// Name, title, parameters; the block's rows: `row0` and `thread`, the pointers those of the
  /// batch. Offsets of indices are functions before the kernel.
  void open(const std::string &schedule);
  /// Arrays in shared memory: of `type`, with so many elements in all. Each is the name, its
  /// extents but the last, and the pitch.
  struct Array {
    std::string name;
    llvm::SmallVector<int, 3> extents;
  };
  void declareShared(const std::string &type, llvm::ArrayRef<Array> arrays);
  /// What is known of the addresses of K, V, Q and the result.
  void declareAlignments();
  /// Copies by the function that the addresses of the buffer allow.
  void eachCopy(bool mayBeUnaligned, const char *letter,
                llvm::function_ref<void(const char *copy)> body);
  /// Starts the copies of a tile, the first key of which is `key0`: `to` is its place.
  void fetchTile(Buffer buffer, const std::string &to);
  /// `score` becomes the logit at `row` and `key`, -infinity where there is none.
  void logit(const std::string &score);
  /// `largest`, a row's score, takes part in `most`, its largest logit so far: `shift` is
  /// subtracted from the logits, and sums so far are multiplied by `rescale`.
  void emitRescale(const std::string &most);
  /// The factor that makes an exponent of 2 of a logit.
  std::string scale() const;
  const char *pointer(Buffer buffer) const;
  /// `rowOfQ(row)`: the offset of an index.
  std::string offset(const char *dims, Buffer buffer, const std::string &index) const;

  const AttentionGrid &g_;
  const Attention &a_;
  KernelText kernel_;
  CudaText &text_;
  const char *index_; ///< the type of indices
  int64_t m_, n_, depth_, columns_;

private:
  /// The element of a tile at `line` and `place`.
  static std::string inTile(const AttentionGrid::Side &side, const std::string &tile);
  void defineOffset(const char *name, const Dims &dims, Buffer buffer);
  /// Definitions of the axes in these positions, given the linear index over them.
  void defineAxes(llvm::ArrayRef<int> axes, const std::string &linear);
  bool readsAxis(int axis) const;

  FusedGrid logits_; ///< for FusedNodes
  FusedNodes nodes_;
};

} // namespace ricci
