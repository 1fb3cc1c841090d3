//===- emit_fused_columns.cpp - fused kernels whose vectors run along kept axes -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fused_emitter.h"

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

void FusedEmitter::emitColumns(const Values &base, Value count) {
  Point scalar{base, {}, {}, 0};
  for (auto [p, pass] : llvm::enumerate(passes)) {
    bool hasPass = !pass.reductions.empty() || !pass.fullStores.empty();
    for (int i : pass.kept)
      if (program.isUniform(i))
        k.get(i, scalar);
    knownColumns(pass, base, count);
    if (hasPass)
      columnPass(pass, base, count);
  }
}

void FusedEmitter::knownColumns(const LoopProgram::Pass &pass, const Values &base, Value count) {
  SmallVector<int> kept, accumulators(pass.reductions.begin(), pass.reductions.end());
  for (int i : pass.kept)
    if (k.layout.slot[size_t(i)] >= 0 && !program.isReduction(i))
      kept.push_back(i);
  for (int i : pass.full)
    if (node(i).kind == Kind::Scan)
      accumulators.push_back(i);
  if (kept.empty() && accumulators.empty() && pass.keptStores.empty())
    return;
  SmallVector<int> nodes(pass.kept.begin(), pass.kept.end());
  nodes.append(pass.guarded.begin(), pass.guarded.end());
  alongVectors({base, count, isHeavy(nodes)}, {}, {}, [&](Value i, Value length, ArrayRef<State>) {
    k.scope([&] {
      Point point{base, i, length, k.lanes};
      for (int store : pass.keptStores)
        k.store(program.stores[size_t(store)], point);
      for (int n : kept)
        k.storeSlot(k.layout.slot[size_t(n)], node(n).type, k.get(n, point), i, k.lanes);
      for (int n : accumulators)
        storeState(n, initial(n, point), i);
    });
    return SmallVector<State>();
  });
  k.inSlot.insert(kept.begin(), kept.end());
}

void FusedEmitter::storeState(int n, const State &state, Value i) {
  int slot = k.layout.slot[size_t(n)];
  k.storeSlot(slot, accumulatorType(node(n)), state.value, i, k.lanes);
  if (state.index)
    k.storeSlot(slot + 1, DType::i64, {state.index, {}}, i, k.lanes);
}

ReductionState FusedEmitter::loadState(int n, Value i) {
  int slot = k.layout.slot[size_t(n)];
  State state{k.loadSlot(slot, accumulatorType(node(n)), i, k.lanes), {}};
  if (node(n).kind == Kind::ArgReduce)
    state.index = k.loadSlot(slot + 1, DType::i64, i, k.lanes).re;
  return state;
}

void FusedEmitter::columnPass(const LoopProgram::Pass &pass, const Values &base, Value count) {
  bool heavy = isHeavy(pass);
  bool scans = llvm::any_of(pass.full, [&](int i) { return node(i).kind == Kind::Scan; });
  int last = int(program.axes.size()) - 1;
  // Rows need not end at the same columns.
  bool alone = heavy || scans || program.rowByRow || pass.reductions.empty() || hasEnds();
  int together = alone ? 1 : kRowsAtOnce;
  alongReduced(kept, last, base, b.idx(0), {}, {},
               [&](ArrayRef<Values> bases, Value linear, ArrayRef<State>) {
                 Value extent = k.extent(last), start = b.mul(linear, extent);
                 auto rows = [&](Value from, Value to, int n, bool once) {
                   b.forLoop(from, to, b.idx(n), [&](Value at) {
                     SmallVector<Values> rows;
                     SmallVector<Value> linears;
                     for (int r = 0; r < n; ++r) {
                       rows.push_back(k.advance(bases[0], last, b.add(at, r)));
                       linears.push_back(b.add(start, b.add(at, r)));
                     }
                     columnRows(pass, rows, linears, count, once);
                   });
                 };
                 Value whole = b.sub(extent, b.rem(extent, b.idx(together)));
                 rows(b.idx(0), whole, together, heavy);
                 if (together > 1)
                   rows(whole, extent, 1, true);
                 return SmallVector<State>();
               });
  k.inSlot.insert(pass.reductions.begin(), pass.reductions.end());
}

void FusedEmitter::emitShared(ArrayRef<Values> bases, Value count) {
  Value from = b.idx(0);
  // Few rows are left: they need no code of their own.
  if (vectorsAtOnce > 1 && int(bases.size()) == rowsAtOnce) {
    Value block = b.idx(vectorsAtOnce * k.lanes);
    from = b.sub(count, b.rem(count, block));
    b.forLoop(b.idx(0), from, block, [&](Value i) { sharedTile(bases, i, {}, vectorsAtOnce); });
  }
  b.forLoop(from, count, b.idx(k.lanes),
            [&](Value i) { sharedTile(bases, i, b.min(b.sub(count, i), b.idx(k.lanes)), 1); });
}

void FusedEmitter::sharedTile(ArrayRef<Values> bases, Value first, Value length, int vectors) {
  const LoopProgram::Pass &pass = passes[0];
  struct Part {
    size_t row;
    int vector;
    FusedKernel::Known known;
  };
  SmallVector<Part> parts;
  SmallVector<int> reductions; // of all parts
  for (int v = 0; v < vectors; ++v)
    for (size_t row = 0; row < bases.size(); ++row) {
      parts.push_back({row, v, k.known()});
      reductions.append(pass.reductions.begin(), pass.reductions.end());
    }
  // What is known of one part is known of those that it is the same for.
  auto eachPart = [&](SmallVector<Part> &all, ArrayRef<Values> rows,
                      llvm::function_ref<void(size_t, const Point &)> body) {
    for (auto [p, part] : llvm::enumerate(all))
      k.scope([&] {
        k.setKnown(part.known);
        body(p, {rows[part.row], b.add(first, part.vector * k.lanes), length, k.lanes});
        for (auto [i, number] : k.known())
          for (Part &other : all)
            if ((other.row == part.row || !program.differsByRow(i)) &&
                (other.vector == part.vector || program.isUniform(i)))
              other.known.insert({i, number});
      });
  };
  SmallVector<int> outside = readFromOutside(pass);
  eachPart(parts, bases, [&](size_t, const Point &point) {
    for (int i : outside)
      k.get(i, point);
  });
  SmallVector<State> states;
  for (int i : reductions)
    states.push_back(states_.initial(node(i), k.lanes));
  states = alongReduced(kept, int(program.axes.size()), bases, b.idx(0), reductions, states,
                        [&](ArrayRef<Values> rows, Value, ArrayRef<State> current) {
                          SmallVector<State> next;
                          SmallVector<Part> inside = parts;
                          eachPart(inside, rows, [&](size_t, const Point &point) {
                            for (int i : pass.reductions)
                              next.push_back(reduced(i, current[next.size()], point, {}, {}));
                          });
                          return next;
                        });
  eachPart(parts, bases, [&](size_t p, const Point &point) {
    for (auto [j, i] : llvm::enumerate(pass.reductions))
      k.set(i, finished(i, states[p * pass.reductions.size() + j]));
    for (const LoopProgram::Pass &each : passes)
      for (int store : each.keptStores)
        k.store(program.stores[size_t(store)], point);
  });
}

void FusedEmitter::columnRows(const LoopProgram::Pass &pass, ArrayRef<Values> rows,
                              ArrayRef<Value> linears, Value count, bool once) {
  Value block = b.mul(b.ceilDiv(k.word(Word::InnerBlock), k.lanes), k.lanes);
  Known known(rows.size(), k.known());
  eachRow(known, [&](size_t row) {
    for (int i : pass.full)
      if (program.isUniform(i))
        k.get(i, Point{rows[row], {}, {}, 0});
  });
  alongVectors({rows[0], count, once}, {}, {}, [&](Value i, Value length, ArrayRef<State>) {
    SmallVector<State> states;
    for (int reduction : pass.reductions)
      states.push_back(loadState(reduction, i));
    Known inside = known;
    k.fetchesAhead = program.rowByRow;
    eachRow(inside, [&](size_t row) {
      columnStep(pass, Point{rows[row], i, length, k.lanes}, linears[row],
                 b.mul(linears[row], block), states);
    });
    k.fetchesAhead = false;
    for (auto [reduction, state] : llvm::zip(pass.reductions, states))
      storeState(reduction, state, i);
    return SmallVector<State>();
  });
}

void FusedEmitter::columnStep(const LoopProgram::Pass &pass, const Point &point, Value linear,
                              Value first, MutableArrayRef<State> states) {
  for (int i : pass.read)
    k.set(i,
          k.loadSlot(k.layout.slot[size_t(i)], node(i).type, b.add(first, point.i), point.lanes));
  // Columns behind the end of a guard have states in the same vector.
  Value mask = point.length && hasEnds() ? k.mask(point) : Value();
  for (int i : pass.full)
    if (node(i).kind == Kind::Scan) {
      Number before = loadState(i, point.i).value;
      Number next = states_.scanned(node(i), before, k.get(node(i).operands[0], point), linear);
      storeState(i, {mask ? states_.select(mask, next, before) : next, {}}, point.i);
      k.set(i, next);
    }
  for (auto [i, state] : llvm::zip(pass.reductions, states)) {
    Value index;
    if (node(i).kind == Kind::ArgReduce)
      index = b.op<vector::BroadcastOp>(VectorType::get({point.lanes}, b.getI64Type()),
                                        b.op<arith::IndexCastOp>(b.getI64Type(), linear));
    state = reduced(i, state, point, index, mask);
  }
  for (int store : pass.fullStores)
    k.store(program.stores[size_t(store)], point);
  for (int i : pass.full)
    if (node(i).cached)
      k.storeSlot(k.layout.slot[size_t(i)], node(i).type, k.get(i, point), b.add(first, point.i),
                  point.lanes);
}

} // namespace ricci
