//===- kernel_schedule.h - schedules as attributes of kernels -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/schedule.h"
#include "compiler/ir/dialect.h"

namespace ricci {

/// The schedule as `#ricci.schedule<"family", {…}>`, and back. Groups print as lists of
/// [extent, stride in each buffer …], innermost first.
ScheduleAttr toAttribute(const Schedule &schedule, mlir::MLIRContext *context);
/// Fails with an error at `op` when the attribute is no schedule.
mlir::FailureOr<Schedule> fromAttribute(ScheduleAttr attribute, mlir::Operation *op);

/// A schedule's row blocks, without reading the rest.
std::optional<RowBlocks> rowBlocksOf(KernelOp kernel);

/// A buffer of a launch: an operand of the kernel or (counted on) a result, from an element on.
struct BufferUse {
  unsigned buffer = 0;
  int64_t offset = 0; ///< elements
};
/// In the order in which the launch has them.
llvm::SmallVector<BufferUse> buffersOf(KernelOp kernel, const Schedule &schedule);

/// The einsum that the kernel is, null for a fused one.
EinsumOp einsumOf(KernelOp kernel);
/// Keys of kernels that exist: `ricci.known`.
llvm::StringSet<> knownKernels(mlir::Operation *function);

/// The labels of the kernel's einsum with their strides. A label that repeats in a buffer walks
/// along all of its axes at once. Nothing where an operand is no view of memory.
std::optional<LabelledProduct> productOf(EinsumOp einsum, KernelOp kernel, bool accumulate);

} // namespace ricci
