//===- offsets.cpp - address tables and odometers over dim lists ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/offsets.h"

using namespace mlir;

namespace ricci {

SmallVector<Value> loadStrides(LoopBuilder &b, Value descriptor, int64_t at, int buffers) {
  SmallVector<Value> strides;
  for (int i = 0; i < buffers; ++i)
    strides.push_back(b.load(descriptor, b.idx(at + i)));
  return strides;
}

SmallVector<Value> offsetsAt(LoopBuilder &b, Value descriptor, Value list, Value linear,
                             int buffers) {
  Value rank = b.load(descriptor, list);
  SmallVector<Value> inits{linear, b.add(list, 1)};
  inits.append(buffers, b.idx(0));
  auto results = b.forIter(b.idx(0), rank, b.idx(1), inits, [&](Value, ValueRange state) {
    Value extent = b.load(descriptor, state[1]);
    // The outermost dim, often the only one, is not divided by: that takes as long as the rest.
    auto parts = b.ifYield(
        b.lt(state[0], extent), [&] { return LoopBuilder::Values{b.idx(0), state[0]}; },
        [&] { return LoopBuilder::Values{b.div(state[0], extent), b.rem(state[0], extent)}; });
    Value index = parts[1];
    LoopBuilder::Values next{parts[0], b.add(state[1], buffers + 1)};
    for (int i = 0; i < buffers; ++i)
      next.push_back(b.add(state[2 + i], b.mul(index, b.load(descriptor, b.add(state[1], 1 + i)))));
    return next;
  });
  return SmallVector<Value>(results.begin() + 2, results.end());
}

func::FuncOp emitFillOffsets(LoopBuilder &b, ModuleOp module, int buffers) {
  std::string name = "fill_offsets_" + std::to_string(buffers);
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  Type index = b.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index);
  auto function = b.beginFunction(module, name, {table, index, index, index, index, table}, true);
  auto args = function.getArguments();
  Value descriptor = args[0], list = args[1], start = args[2], count = args[3], column = args[4],
        out = args[5];

  Value rank = b.load(descriptor, list), first = b.add(list, 1);
  Value extent = b.load(descriptor, first),
        stride = b.load(descriptor, b.add(b.add(first, 1), column));
  // A strip is as much of the innermost dim as is left; outer dims are decomposed once a strip.
  b.forStrips(b.idx(0), count, [&](Value i) {
    Value linear = b.add(start, i);
    Value inner = b.rem(linear, extent);
    Value length = b.min(b.sub(extent, inner), b.sub(count, i));
    auto outer = b.forIter(
        b.idx(1), rank, b.idx(1), {b.div(linear, extent), b.idx(0)}, [&](Value d, ValueRange s) {
          Value dim = b.add(first, b.mul(d, buffers + 1));
          Value e = b.load(descriptor, dim), st = b.load(descriptor, b.add(b.add(dim, 1), column));
          return LoopBuilder::Values{b.div(s[0], e), b.add(s[1], b.mul(b.rem(s[0], e), st))};
        });
    Value base = b.add(outer[1], b.mul(inner, stride));
    b.forIter(b.idx(0), length, b.idx(1), {base}, [&](Value j, ValueRange s) {
      b.store(s[0], out, b.add(i, j));
      return LoopBuilder::Values{b.add(s[0], stride)};
    });
    return b.add(i, length);
  });
  b.endFunction();
  return function;
}

func::FuncOp emitFillRuns(LoopBuilder &b, ModuleOp module) {
  if (auto known = module.lookupSymbol<func::FuncOp>("fill_runs"))
    return known;
  Type index = b.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index);
  auto function = b.beginFunction(module, "fill_runs", {table, index, index, index, table}, true);
  auto args = function.getArguments();
  Value offsets = args[0], count = args[1], distance = args[2], step = args[3], runs = args[4];
  b.forLoop(count, [&](Value i) {
    Value at = b.sub(b.sub(count, i), b.idx(1)), next = b.add(at, distance);
    auto run = b.ifYield(
        b.lt(next, count),
        [&] {
          Value joins = b.eq(b.add(b.load(offsets, at), step), b.load(offsets, next));
          return LoopBuilder::Values{b.select(joins, b.add(b.load(runs, next), 1), b.idx(1))};
        },
        [&] { return LoopBuilder::Values{b.idx(1)}; });
    b.store(run[0], runs, at);
  });
  b.endFunction();
  return function;
}

} // namespace ricci
