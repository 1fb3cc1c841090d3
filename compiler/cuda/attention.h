//===- attention.h - what a kernel of attention computes -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"

#include <optional>

namespace ricci {

/// Of each row of scores the softmax, and with it a mean of values:
///
///   s[b,m,n] = sum over d of q[b,m,d] * k[b,n,d]
///   t = the logits: of each s, its place and other operands, element by element
///   o[b,m,c] = sum over n of exp(t[b,m,n] - max t) * v[b,n,c], by the sum over n of exp(…)
struct Attention {
  enum Buffer : uint8_t { Q, K, V, Result };

  /// Strides are those of Q, K, V and the result.
  Dims batch, rows, keys, depth, columns;
  DType type = DType::f32; ///< of q, k and v
  DType result = DType::f32;
  /// The nodes of the logits: they are `scale` times the value of the node `logit`, which reads the
  /// scores as the node `score`. What else they read are accesses of `logits`.
  LoopProgram logits;
  int logit = 0, score = 0;
  double scale = 1;
  /// The axes of `logits` that a linear index of the batch and of the rows runs over, innermost
  /// first, and the one of the keys.
  llvm::SmallVector<int> batchAxes, rowAxes;
  int keyAxis = 0;
  /// q, k, v, the result, then what the logits read.
  llvm::SmallVector<BufferUse> buffers;
  llvm::SmallVector<int> read; ///< the accesses that the logits read, in the order of `buffers`

  /// Whether the logits are the scores, but for the scale.
  bool isPlain() const { return logit == score; }
};

/// Of a kernel of two einsums and what is between them. Nothing where they are no attention of f16,
/// bf16 or f32.
std::optional<Attention> attentionOf(KernelOp kernel);

} // namespace ricci
