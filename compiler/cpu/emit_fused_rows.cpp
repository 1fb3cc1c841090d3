//===- emit_fused_rows.cpp - fused kernels whose vectors run along reduced axes -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fused_emitter.h"
#include "compiler/fuse/cost_model.h"

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

void FusedEmitter::emitRows(ArrayRef<Values> bases) {
  Known known(bases.size(), k.known());
  auto at = [&](size_t row) { return Point{bases[row], {}, {}, 0}; };
  for (const LoopProgram::Pass &pass : passes) {
    eachRow(known, [&](size_t row) {
      for (int store : pass.keptStores)
        k.store(program.stores[size_t(store)], at(row));
    });
    if (pass.reductions.empty() && pass.fullStores.empty())
      continue;
    SmallVector<int> outside = readFromOutside(pass);
    eachRow(known, [&](size_t row) {
      for (int i : outside)
        k.get(i, at(row));
    });
    if (program.has(Kind::Scan))
      eachRow(known, [&](size_t row) { scanRow(pass, bases[row]); });
    else
      finishRows(pass, rowPass(pass, bases, known), known);
  }
}

void FusedEmitter::finishRows(const LoopProgram::Pass &pass, ArrayRef<State> states, Known &known) {
  eachRow(known, [&](size_t row) {
    for (auto [j, i] : llvm::enumerate(pass.reductions)) {
      const State &state = states[row * pass.reductions.size() + j];
      k.set(i, finished(i, states_.horizontal(node(i), state)));
    }
  });
}

void FusedEmitter::emitGroup(const Values &start, Value first, Value count) {
  const LoopProgram acrossProgram = program.acrossRows();
  FusedKernel across(b, acrossProgram, k.target, k.buffers, k.descriptor, {});
  across.streams = k.streams, across.status = k.status;
  const Point rows{start, first, count, k.lanes};
  for (const LoopProgram::Pass &pass : passes) {
    for (int store : pass.keptStores)
      across.store(program.stores[size_t(store)], rows);
    if (pass.reductions.empty() && pass.fullStores.empty())
      continue;
    // What costs something to compute, by row.
    SmallVector<int> outside = readFromOutside(pass), read;
    llvm::copy_if(outside, std::back_inserter(read), [&](int i) {
      Kind kind = node(i).kind;
      return kind != Kind::Load && kind != Kind::Constant && kind != Kind::Position;
    });
    SmallVector<Value> known;
    for (int i : read) {
      known.push_back(k.newBuffer(node(i).type));
      k.storeBuffer(known.back(), node(i).type, across.get(i, rows), b.idx(0), k.lanes);
    }
    SmallVector<std::pair<Value, Value>> sums; // squares of values, and of indices
    for (int i : pass.reductions)
      sums.push_back(
          {k.newBuffer(accumulatorType(node(i)), k.lanes),
           node(i).kind == Kind::ArgReduce ? k.newBuffer(DType::i64, k.lanes) : Value()});
    b.forLoop(count, [&](Value row) {
      k.scope([&] {
        for (auto [i, buffer] : llvm::zip(read, known))
          k.set(i, k.loadBuffer(buffer, node(i).type, row, 0));
        Values base = k.advance(start, kept - 1, b.add(first, row));
        for (int i : outside)
          k.get(i, Point{base, {}, {}, 0});
        Known ofRow(1, k.known());
        Value at = b.mul(row, k.lanes);
        if (Value pitch = slotPitch())
          rowInSlots_ = b.mul(row, pitch);
        SmallVector<State> states = rowPass(pass, base, ofRow);
        for (auto [i, state, buffers] : llvm::zip(pass.reductions, states, sums)) {
          k.storeBuffer(buffers.first, accumulatorType(node(i)), state.value, at, k.lanes);
          if (state.index)
            k.storeBuffer(buffers.second, DType::i64, {state.index, {}}, at, k.lanes);
        }
      });
    });
    rowInSlots_ = {};
    for (auto [i, buffers] : llvm::zip(pass.reductions, sums)) {
      SmallVector<State> states;
      for (int row = 0; row < k.lanes; ++row) {
        Value at = b.idx(row * k.lanes);
        states.push_back({k.loadBuffer(buffers.first, accumulatorType(node(i)), at, k.lanes), {}});
        if (buffers.second)
          states.back().index = k.loadBuffer(buffers.second, DType::i64, at, k.lanes).re;
      }
      across.set(i, finished(i, states_.transposed(node(i), states)));
    }
  }
}

Value FusedEmitter::slotPitch() {
  if (k.layout.slotCount == 0)
    return {};
  Value numbers = b.idx(1);
  for (int axis = kept; axis < int(program.axes.size()); ++axis)
    numbers = b.mul(numbers, k.extent(axis));
  return b.add(numbers, k.lanes);
}

SmallVector<ReductionState> FusedEmitter::rowPass(const LoopProgram::Pass &pass,
                                                  ArrayRef<Values> bases, Known &known) {
  bool heavy = isHeavy(pass);
  int unroll = heavy || program.grouped || hasEnds() ? 1 : kUnroll,
      last = int(program.axes.size()) - 1;
  SmallVector<int> reductions; // of all rows
  for (size_t row = 0; row < bases.size(); ++row)
    reductions.append(pass.reductions.begin(), pass.reductions.end());
  SmallVector<State> states;
  for (int u = 0; u < unroll; ++u)
    for (int i : reductions)
      states.push_back(states_.initial(node(i), k.lanes));
  Value extent = k.extent(last);
  states = alongReduced(kept, last, bases, b.idx(0), reductions, states,
                        [&](ArrayRef<Values> rows, Value linear, ArrayRef<State> current) {
                          Value first = b.mul(linear, extent);
                          Known inside = known;
                          eachRow(inside, [&](size_t row) {
                            for (int i : pass.full)
                              if (program.isUniform(i))
                                k.get(i, Point{rows[row], {}, {}, 0});
                          });
                          return alongVectors({rows[0], extent, heavy, unroll}, reductions, current,
                                              [&](Value i, Value length, ArrayRef<State> set) {
                                                return rowsStep(pass, rows, inside, i, length,
                                                                b.add(first, i), set);
                                              });
                        });
  size_t each = reductions.size();
  for (size_t r = 0; r < each; ++r)
    for (int u = 1; u < unroll; ++u)
      states[r] = states_.merge(node(reductions[r]), states[r], states[u * each + r]);
  states.truncate(each);
  return states;
}

SmallVector<ReductionState> FusedEmitter::rowsStep(const LoopProgram::Pass &pass,
                                                   ArrayRef<Values> rows, Known known, Value i,
                                                   Value length, Value linear,
                                                   ArrayRef<State> states) {
  SmallVector<State> next;
  Value mask = length && !pass.reductions.empty() ? k.mask({{}, i, length, k.lanes}) : Value();
  eachRow(known, [&](size_t row) {
    Point point{rows[row], i, length, k.lanes};
    for (int n : pass.read)
      k.set(n, k.loadSlot(k.layout.slot[size_t(n)], node(n).type, inSlots(linear), point.lanes));
    for (auto [j, reduction] : llvm::enumerate(pass.reductions)) {
      const LoopProgram::Node &n = node(reduction);
      Value index = n.kind == Kind::ArgReduce ? k.laneIndex(point) : Value();
      next.push_back(
          reduced(reduction, states[row * pass.reductions.size() + j], point, index, mask));
    }
    for (int store : pass.fullStores)
      k.store(program.stores[size_t(store)], point);
    for (int n : pass.full)
      if (node(n).cached)
        k.storeSlot(k.layout.slot[size_t(n)], node(n).type, k.get(n, point), inSlots(linear),
                    point.lanes);
  });
  return next;
}

void FusedEmitter::scanRow(const LoopProgram::Pass &pass, const Values &base) {
  SmallVector<int> scans;
  for (int i : pass.full)
    if (node(i).kind == Kind::Scan)
      scans.push_back(i);
  SmallVector<State> states;
  for (int i : scans)
    states.push_back(initial(i, {base, {}, {}, 0}));
  int axis = int(program.axes.size()) - 1;
  if (scansByVectors(program, pass.full))
    return scanVectors(pass, base, scans, states);
  b.forIter(
      b.idx(0), k.extent(axis), b.idx(1), states_.flatten(states), [&](Value i, ValueRange values) {
        SmallVector<State> next;
        k.scope([&] {
          Point point{base, i, {}, 0};
          for (auto [scan, state] : llvm::zip(scans, states_.unflatten(scans, values))) {
            next.push_back(
                {states_.scanned(node(scan), state.value, k.get(node(scan).operands[0], point), i),
                 {}});
            k.set(scan, next.back().value);
          }
          for (int store : pass.fullStores)
            k.store(program.stores[size_t(store)], point);
        });
        return states_.flatten(next);
      });
}

void FusedEmitter::scanVectors(const LoopProgram::Pass &pass, const Values &base,
                               ArrayRef<int> scans, ArrayRef<State> states) {
  SmallVector<Value> buffers;
  for (int i : scans)
    buffers.push_back(k.newBuffer(node(i).type));
  alongVectors({base, k.extent(int(program.axes.size()) - 1), isHeavy(pass)}, scans, states,
               [&](Value i, Value length, ArrayRef<State> before) {
                 SmallVector<State> after;
                 k.scope([&] {
                   Point point{base, i, length, k.lanes};
                   for (auto [scan, buffer] : llvm::zip(scans, buffers))
                     k.storeBuffer(buffer, node(scan).type, k.get(node(scan).operands[0], point),
                                   b.idx(0), k.lanes);
                   Values last = b.forIter(
                       b.idx(0), length ? length : b.idx(k.lanes), b.idx(1),
                       states_.flatten(before), [&](Value lane, ValueRange values) {
                         SmallVector<State> next;
                         for (auto [scan, buffer, state] :
                              llvm::zip(scans, buffers, states_.unflatten(scans, values))) {
                           DType type = node(scan).type;
                           next.push_back({states_.scanned(node(scan), state.value,
                                                           k.loadBuffer(buffer, type, lane, 0),
                                                           b.add(i, lane)),
                                           {}});
                           k.storeBuffer(buffer, type, next.back().value, lane, 0);
                         }
                         return states_.flatten(next);
                       });
                   after = states_.unflatten(scans, last);
                   for (auto [scan, buffer] : llvm::zip(scans, buffers))
                     k.set(scan, k.loadBuffer(buffer, node(scan).type, b.idx(0), k.lanes));
                   for (int store : pass.fullStores)
                     k.store(program.stores[size_t(store)], point);
                 });
                 return after;
               });
}

} // namespace ricci
