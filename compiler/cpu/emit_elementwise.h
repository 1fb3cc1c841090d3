//===- emit_elementwise.h - what map and reduction kernels share ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"
#include "compiler/fuse/schedule.h"

namespace ricci {

/// The function of a map or reduction kernel while it is written: its buffers (operands, then the
/// result), descriptor and workspace.
class ElementwiseKernel {
public:
  using Value = mlir::Value;

  ElementwiseKernel(LoopBuilder &b, mlir::ModuleOp module, const KernelSpec &spec,
                    const Target &target);
  /// Writes the loop over tasks around `body` and ends the function.
  void forTasks(llvm::function_ref<void(Value task)> body);

  int operands() const { return int(spec.operands.size()); }
  int buffersCount() const { return operands() + 1; }
  Value word(int64_t w) { return b.load(descriptor, b.idx(w)); }
  /// [first, last) of block `index`.
  std::pair<Value, Value> block(Value index, Value blockSize, Value extent);
  /// base + index * strides, for every buffer.
  llvm::SmallVector<Value> advance(llvm::ArrayRef<Value> base, Value index,
                                   llvm::ArrayRef<Value> strides);
  /// Brings the next lines along the inner axis to the L1 cache.
  void fetchAhead(llvm::ArrayRef<Value> base, Value index);
  /// An operand at `index` along the inner axis. `inner` holds the run-time inner strides of a
  /// scalar kernel.
  Number operand(int i, llvm::ArrayRef<Value> base, Value index, Value length, int lanes,
                 llvm::ArrayRef<Value> inner);
  /// acc + the product of the operands there (acc null: the product).
  Number product(llvm::ArrayRef<Value> base, Value index, Value length, int lanes,
                 llvm::ArrayRef<Value> inner, const Number *acc);
  Number product(llvm::ArrayRef<Number> operands, const Number *acc);

  /// Writes `n` to the result, or adds it, at `at` (in numbers).
  void write(Number n, Value at, Value length, int lanes);
  /// Whether whole vectors are stored past the caches; null: never.
  Value streams;

  LoopBuilder &b;
  const KernelSpec &spec;
  ValueBuilder values;
  llvm::SmallVector<Value> buffers;
  Value descriptor, workspace;

private:
  Value begin_, end_;
};

} // namespace ricci
