//===- emit_reduce_columns.cpp - sums whose innermost loop runs along a kept axis ===//
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

// for each task (outer index, block of mid, block of inner): for mid:
//   sums[inner] = 0, in the L1 cache
//   for further reduced dims, for next by rowsAtOnce: for inner by vectors:
//     sums += products of so many rows; of rows one by one, from memory, the next lines are fetched
//   result[inner] = sums[inner]
void emitReduceColumns(LoopBuilder &b, ModuleOp module, const KernelSpec &spec,
                       const Target &target) {
  using Word = ReduceColumnsWord;
  ElementwiseKernel kernel(b, module, spec, target);
  ValueBuilder &values = kernel.values;
  int buffers = kernel.buffersCount(), result = kernel.operands();
  DType compute = values.compute();
  auto midStrides = loadStrides(b, kernel.descriptor, Word::Count, buffers);
  auto nextStrides = loadStrides(b, kernel.descriptor, Word::Count + buffers, buffers);
  Value innerBlock = kernel.word(Word::InnerBlock);
  Value sums = b.view(kernel.workspace, b.idx(0), b.mul(innerBlock, values.components()),
                      values.componentType());
  // Along inner a buffer advances by 0 or 1.
  SmallVector<Value> innerStrides;
  for (int i = 0; i < buffers; ++i)
    innerStrides.push_back(b.idx(spec.unit >> i & 1));

  kernel.forTasks([&](Value task) {
    Value innerBlocks = kernel.word(Word::InnerBlocks), midBlocks = kernel.word(Word::MidBlocks);
    Value rest = b.div(task, innerBlocks);
    auto outer = offsetsAt(b, kernel.descriptor, kernel.word(Word::OuterList),
                           b.div(rest, midBlocks), buffers);
    auto [inner0, inner1] =
        kernel.block(b.rem(task, innerBlocks), innerBlock, kernel.word(Word::Inner));
    auto [mid0, mid1] =
        kernel.block(b.rem(rest, midBlocks), kernel.word(Word::MidBlock), kernel.word(Word::Mid));
    Value count = b.sub(inner1, inner0);
    auto blockStart = kernel.advance(outer, inner0, innerStrides);
    b.forLoop(mid0, mid1, b.idx(1), [&](Value mid) {
      auto start = kernel.advance(blockStart, mid, midStrides);
      values.forVectors(count, {}, {}, [&](Value i, Value length, int lanes) {
        values.store(values.zero(lanes), sums, compute, i, lanes);
      });
      b.forLoop(kernel.word(Word::Further), [&](Value f) {
        auto offsets = offsetsAt(b, kernel.descriptor, kernel.word(Word::FurtherList), f, buffers);
        for (auto [offset, base] : llvm::zip(offsets, start))
          offset = b.add(offset, base);
        auto rows = [&](Value next, int n) {
          SmallVector<SmallVector<Value>> bases;
          for (int r = 0; r < n; ++r)
            bases.push_back(kernel.advance(offsets, b.add(next, r), nextStrides));
          // The buffer of sums is a whole number of vectors, so only the operands need masks.
          values.forVectors(count, spec.operands, {}, [&](Value i, Value length, int lanes) {
            Number sum = values.load(sums, compute, i, lanes);
            if (spec.rowsAtOnce == 1 && lanes && !length)
              kernel.fetchAhead(bases[0], i);
            for (int r = 0; r < n; ++r)
              sum = kernel.product(bases[r], i, length, lanes, {}, &sum);
            values.store(sum, sums, compute, i, lanes);
          });
        };
        Value end = kernel.word(Word::Next), single = b.idx(0);
        if (spec.rowsAtOnce > 1) {
          single = b.sub(end, b.rem(end, b.idx(spec.rowsAtOnce)));
          b.forLoop(b.idx(0), single, b.idx(spec.rowsAtOnce),
                    [&](Value next) { rows(next, spec.rowsAtOnce); });
        }
        b.forLoop(single, end, b.idx(1), [&](Value next) { rows(next, 1); });
      });
      values.forVectors(count, {}, {spec.result}, [&](Value i, Value length, int lanes) {
        Number sum = values.load(sums, compute, i, lanes);
        kernel.write(sum, b.add(start[result], i), length, lanes);
      });
    });
  });
}

} // namespace ricci
