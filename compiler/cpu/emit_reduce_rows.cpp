//===- emit_reduce_rows.cpp - sums whose innermost loop runs along a reduced axis ===//
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

/// Independent sums, so that additions do not wait for each other.
static constexpr int kAccumulators = 4;
/// Elements that are summed before their sum is added to the total: a long sum's error then grows
/// with the number of blocks.
static constexpr int64_t kBlock = 4096;

// for each task (outer index, block of mid): for mid:
//   sums = 0
//   for further reduced dims, for next, for blocks of inner:
//     sums += sums over the block, by vectors, of operand 0 * operand 1 * ...
//   result = sum of sums
void emitReduceRows(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  using Word = ReduceRowsWord;
  ElementwiseKernel kernel(b, module, spec, target);
  ValueBuilder &values = kernel.values;
  int buffers = kernel.buffersCount(), result = kernel.operands(), parts = values.components();
  auto innerStrides = loadStrides(b, kernel.descriptor, Word::Count, buffers);
  auto nextStrides = loadStrides(b, kernel.descriptor, Word::Count + buffers, buffers);
  auto midStrides = loadStrides(b, kernel.descriptor, Word::Count + 2 * buffers, buffers);
  int lanes = spec.vectorized ? values.lanes() : 0;
  int accumulators = spec.vectorized ? kAccumulators : 1;
  bool masks = spec.vectorized &&
               llvm::all_of(spec.operands, [&](DType t) { return values.hasMaskedLoad(t); });

  auto flatten = [&](ArrayRef<Number> numbers) {
    LoopBuilder::Values flat;
    for (Number n : numbers) {
      flat.push_back(n.re);
      if (n.im)
        flat.push_back(n.im);
    }
    return flat;
  };
  auto unflatten = [&](ValueRange flat) {
    SmallVector<Number> numbers;
    for (size_t i = 0; i < flat.size(); i += size_t(parts))
      numbers.push_back({flat[i], parts == 2 ? flat[i + 1] : Value()});
    return numbers;
  };

  // The sums of [begin, end) along inner, from zero; the last one is the scalar that takes a tail
  // without masks (and everything, in a scalar kernel).
  auto sumBlock = [&](ArrayRef<Value> base, Value begin, Value end) -> SmallVector<Number> {
    auto scalarLoop = [&](Value from) {
      auto r =
          b.forIter(from, end, b.idx(1), flatten({values.zero(0)}), [&](Value i, ValueRange s) {
            Number acc = unflatten(s)[0];
            return flatten({kernel.product(base, i, {}, 0, innerStrides, &acc)});
          });
      return unflatten(r)[0];
    };
    if (!spec.vectorized)
      return {scalarLoop(begin)};
    Value count = b.sub(end, begin), step = b.idx(lanes * accumulators);
    Value whole = b.sub(end, b.rem(count, step)), single = b.sub(end, b.rem(count, b.idx(lanes)));
    SmallVector<Number> zeros(accumulators, values.zero(lanes));
    auto main = b.forIter(begin, whole, step, flatten(zeros), [&](Value i, ValueRange s) {
      SmallVector<Number> acc = unflatten(s);
      for (int u = 0; u < accumulators; ++u)
        acc[u] = kernel.product(base, b.add(i, u * lanes), {}, lanes, {}, &acc[u]);
      return flatten(acc);
    });
    SmallVector<Number> sums = unflatten(main);
    auto singles =
        b.forIter(whole, single, b.idx(lanes), flatten({sums[0]}), [&](Value i, ValueRange s) {
          Number acc = unflatten(s)[0];
          return flatten({kernel.product(base, i, {}, lanes, {}, &acc)});
        });
    sums[0] = unflatten(singles)[0];
    if (!masks) {
      sums.push_back(scalarLoop(single));
      return sums;
    }
    // Lanes past the end keep their sum: 0 * inf of a broadcast operand must not get in.
    Value rest = b.sub(end, single);
    auto tail = b.ifYield(
        b.ne(rest, b.idx(0)),
        [&] {
          Number sum = kernel.product(base, single, rest, lanes, {}, &sums[1]);
          return flatten({values.selectLanes(sum, sums[1], lanes, rest)});
        },
        [&] { return flatten({sums[1]}); });
    sums[1] = unflatten(tail)[0];
    sums.push_back(values.zero(0));
    return sums;
  };

  auto alongInner = [&](ArrayRef<Value> base, ValueRange sums) -> LoopBuilder::Values {
    Value count = kernel.word(Word::Inner);
    return b.forIter(b.idx(0), count, b.idx(kBlock), sums, [&](Value begin, ValueRange s) {
      SmallVector<Number> total = unflatten(s);
      auto block = sumBlock(base, begin, b.min(b.add(begin, kBlock), count));
      for (auto [sum, part] : llvm::zip(total, block))
        sum = values.add(sum, part);
      return flatten(total);
    });
  };

  kernel.forTasks([&](Value task) {
    Value midBlocks = kernel.word(Word::MidBlocks);
    auto outer = offsetsAt(b, kernel.descriptor, kernel.word(Word::OuterList),
                           b.div(task, midBlocks), buffers);
    auto [mid0, mid1] =
        kernel.block(b.rem(task, midBlocks), kernel.word(Word::MidBlock), kernel.word(Word::Mid));
    b.forLoop(mid0, mid1, b.idx(1), [&](Value mid) {
      auto start = kernel.advance(outer, mid, midStrides);
      SmallVector<Number> zeros(spec.vectorized ? accumulators : 0,
                                spec.vectorized ? values.zero(lanes) : Number());
      zeros.push_back(values.zero(0));
      auto sums = b.forIter(
          b.idx(0), kernel.word(Word::Further), b.idx(1), flatten(zeros),
          [&](Value f, ValueRange s) {
            auto offsets =
                offsetsAt(b, kernel.descriptor, kernel.word(Word::FurtherList), f, buffers);
            for (auto [offset, base] : llvm::zip(offsets, start))
              offset = b.add(offset, base);
            return b.forIter(b.idx(0), kernel.word(Word::Next), b.idx(1), s,
                             [&](Value next, ValueRange inner) {
                               return alongInner(kernel.advance(offsets, next, nextStrides), inner);
                             });
          });
      SmallVector<Number> state = unflatten(sums);
      Number total = state.pop_back_val();
      if (spec.vectorized) {
        Number sum = values.add(values.add(state[0], state[1]), values.add(state[2], state[3]));
        total = values.add(total, values.horizontalSum(sum));
      }
      kernel.write(total, start[result], {}, 0);
    });
  });
}

} // namespace ricci
