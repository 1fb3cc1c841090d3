//===- attention_fragments.h - rows of attention in fragments ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/attention_text.h"

namespace ricci {

/// What matrix units leave in the registers of a warp: of `tiles_` times 16 rows thread 4 * quad +
/// pair / 2 has, of each product of 8 columns, two neighbours of rows quad and quad + 8. Variables
/// are scores[tile][product][part], likewise sums, and by rows most[tile][half], total[tile][half].
class AttentionFragments : protected AttentionText {
protected:
  AttentionFragments(const AttentionGrid &grid, unsigned inputs);

  /// What one product has: rows and steps, columns.
  static constexpr int kStep = 16, kColumns = 8;

  /// `warpRow`, `lane`, `quad` and `pair`.
  void declarePlaces();
  /// `queries`, of the rows of the warp.
  void loadQueries();
  /// `most`, `total` and `sums`, of nothing so far.
  void declareSums();
  /// Of scores their logits, where these depend on the place or on memory; keys that do not exist
  /// count for nothing.
  void emitLogits();
  /// Of logits 2^(logit - most), with `most` and `total` of these too, and `rescales` by which the
  /// sums so far have to be multiplied.
  void emitPowers();
  void rescaleSums();
  /// The powers as `rows` of a product, for a step of 16 keys.
  void roundPowers(const char *rows, const char *step);
  void emitResult();

  const char *suffix_; ///< of functions: the type
  const int tiles_;    ///< products of a warp, one below the other
  const std::string element_;

private:
  void storeColumns();
};

} // namespace ricci
