//===- emit_epilogue.cpp - what becomes of a contraction's sums ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tile's sums have just been stored and are in the L1 cache. They are loaded from there as the
// operands are from their places, so that every way to store a tile serves contractions with an
// epilogue too.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit_epilogue.h"

using namespace mlir;

namespace ricci {

// for each row: for each vector of columns: result = f(sums, operands …)
void emitEpilogue(FusedKernel &kernel, Value rows, Value columns,
                  llvm::function_ref<FusedKernel::Values(Value)> baseOf) {
  LoopBuilder &b = kernel.b;
  b.forLoop(rows, [&](Value row) { storeAlong(kernel, baseOf(row), columns); });
}

void storeAlong(FusedKernel &kernel, const FusedKernel::Values &base, Value count, Value ahead) {
  LoopBuilder &b = kernel.b;
  const LoopProgram::Store &store = kernel.program.stores[0];
  Value rest = b.rem(count, b.idx(kernel.lanes)), whole = b.sub(count, rest);
  b.forLoop(b.idx(0), whole, b.idx(kernel.lanes), [&](Value i) {
    if (ahead)
      b.op<memref::PrefetchOp>(kernel.buffers[0], ValueRange{b.add(ahead, i)}, /*isWrite=*/false,
                               /*localityHint=*/3, /*isDataCache=*/true);
    kernel.scope([&] { kernel.store(store, {base, i, {}, kernel.lanes}); });
  });
  b.ifThen(b.ne(rest, b.idx(0)),
           [&] { kernel.scope([&] { kernel.store(store, {base, whole, rest, kernel.lanes}); }); });
}

} // namespace ricci
