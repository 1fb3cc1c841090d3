//===- einsum_loops.h - an einsum as a program of loops
//-------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"

namespace ricci {

/// Products, sums and copies that are no contraction worth tiles: the kernel's einsum as nodes of
/// loads, casts, a product and a sum. Computed as the einsum says: f16 and bf16 in f32.
LoopProgram einsumLoops(const LabelledProduct &product, llvm::ArrayRef<BufferUse> buffers);

} // namespace ricci
