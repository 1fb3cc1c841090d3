//===- emit.h - the emitters of the families
//------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cuda/choose_attention.h"
#include "compiler/cuda/choose_contract.h"
#include "compiler/cuda/choose_fused.h"
#include "compiler/cuda/text.h"
#include "runtime/executable.h"

#include <string>
#include <vector>

namespace ricci {

/// A kernel's function before its preamble.
struct KernelText {
  std::string name, title;
  std::string schedule; ///< for the comment: one line
  std::vector<std::string> parameters;
  CudaText helpers; ///< functions before it
  CudaText body;
  Grid grid;
  /// On one multiprocessor, which bounds the registers; 0: as the compiler likes.
  int blocksAtOnce = 0;
};

/// The blocks of a grid, and in the body the variable `block`, of this type.
void defineBlock(KernelText &kernel, int64_t blocks, const char *type);
/// Before the kernel a function of a linear index over dims, the first of which is innermost: the
/// offset in a buffer.
void defineOffset(KernelText &kernel, const std::string &name, const Dims &dims, size_t buffer,
                  const char *type);

/// What tiles in shared memory begin at a multiple of: bytes of all banks; of eight rows, by whose
/// address groups of warps know the places in them.
inline constexpr int kTileAlignment = 128, kGroupAlignment = 1024;

/// group_product.cpp: the statement of one wgmma of the PTX ISA ("m64n128k16.f32.f16.f16") on
/// `float sums[columns / 8][4]`. `operands` stand behind the sums, numbered from columns / 2 on;
/// `inputs` are lines of them with their constraints.
void writeGroupProduct(CudaText &text, const std::string &shape, int columns,
                       const std::string &operands, llvm::ArrayRef<std::string> inputs);

/// emit_fused.cpp: loops that the grid shares among threads.
KernelText emitFused(const FusedGrid &grid, unsigned inputs);

/// emit_contract.cpp: tiles in shared memory and in registers.
KernelText emitContract(const ContractGrid &grid);
/// emit_contract_matrix.cpp: the same of 16-bit floats, on matrix units.
KernelText emitMatrixContract(const ContractGrid &grid);

/// emit_attention.cpp: attention with a running maximum. `inputs`: operands of the kernel.
KernelText emitAttention(const AttentionGrid &grid, unsigned inputs);
/// emit_attention_matrix.cpp: the same of 16-bit floats, on matrix units.
KernelText emitMatrixAttention(const AttentionGrid &grid, unsigned inputs);
/// emit_attention_groups.cpp: the same where four warps multiply together.
KernelText emitGroupAttention(const AttentionGrid &grid, unsigned inputs);

} // namespace ricci
