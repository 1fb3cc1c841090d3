//===- emit_map.cpp - products without a reduction, copies and casts ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_elementwise.h"
#include "compiler/cpu/offsets.h"

using namespace mlir;

namespace ricci {

// for each task (outer index, block of mid, block of inner)
//   for mid: for inner, by vectors: result = operand 0 * operand 1 * ...
void emitMap(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  ElementwiseKernel kernel(b, module, spec, target);
  ValueBuilder &values = kernel.values;
  int buffers = kernel.buffersCount(), result = kernel.operands();
  auto innerStrides = loadStrides(b, kernel.descriptor, MapWord::Count, buffers);
  auto midStrides = loadStrides(b, kernel.descriptor, MapWord::Count + buffers, buffers);
  Value outerList = b.idx(MapWord::Count + 2 * buffers);
  if (spec.vectorized && !spec.accumulate)
    kernel.streams = b.ne(kernel.word(MapWord::Streams), b.idx(0));

  kernel.forTasks([&](Value task) {
    Value innerBlocks = kernel.word(MapWord::InnerBlocks),
          midBlocks = kernel.word(MapWord::MidBlocks);
    Value rest = b.div(task, innerBlocks);
    auto outer = offsetsAt(b, kernel.descriptor, outerList, b.div(rest, midBlocks), buffers);
    auto [inner0, inner1] = kernel.block(b.rem(task, innerBlocks), kernel.word(MapWord::InnerBlock),
                                         kernel.word(MapWord::Inner));
    auto [mid0, mid1] = kernel.block(b.rem(rest, midBlocks), kernel.word(MapWord::MidBlock),
                                     kernel.word(MapWord::Mid));
    auto start = kernel.advance(outer, inner0, innerStrides);
    Value count = b.sub(inner1, inner0);
    b.forLoop(mid0, mid1, b.idx(1), [&](Value mid) {
      auto base = kernel.advance(start, mid, midStrides);
      if (!spec.vectorized) {
        b.forLoop(count, [&](Value i) {
          Number n = kernel.product(base, i, {}, 0, innerStrides, nullptr);
          kernel.write(n, b.add(base[result], b.mul(i, innerStrides[result])), {}, 0);
        });
        return;
      }
      values.forVectors(count, spec.operands, {spec.result}, [&](Value i, Value length, int lanes) {
        Number n = kernel.product(base, i, length, lanes, {}, nullptr);
        kernel.write(n, b.add(base[result], i), length, lanes);
      });
    });
  });
}

} // namespace ricci
