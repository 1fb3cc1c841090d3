//===- emit_attention.cpp - attention in one kernel ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_text.h"

namespace ricci {

KernelText emitAttention(const AttentionGrid &grid, unsigned inputs) {
  return emitMatrixAttention(grid, inputs);
}

} // namespace ricci
