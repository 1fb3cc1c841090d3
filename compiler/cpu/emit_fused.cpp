//===- emit_fused.cpp - fused kernels ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// rows:    for each task (outer kept index, block of mid): for mid:
//            for each pass: what is known by now; for reduced axes: for the last one, by vectors:
//            reduce
//          Short rows: for groups of mid: for each pass: what is known by now, in vectors of rows;
//          for mid: for reduced axes: reduce, into a square of numbers; the sums of its rows.
//          Where rows share what they load, a task has a block of the axis before mid too, and does
//          all of mid's block, several rows at once, for each index of it: the block stays in the
//          L1 cache.
// columns: for each task (outer kept index, block of mid, block of inner): what lies the other way
//          round is turned, into the workspace; for mid:
//            for each pass: for inner, by vectors: what is known by now
//                           for reduced axes, the last one by several rows: for inner, by vectors:
//                           reduce into the workspace
//          Where columns share what they load: for several of mid, for inner, by several vectors:
//          for reduced axes: reduce in registers.
// entries: emit_fused_entries.cpp
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit.h"
#include "compiler/cpu/fused_emitter.h"
#include "compiler/cpu/streaming.h"
#include "compiler/fuse/cost_model.h"

#include <functional>

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

/// A body of more cycles is written once, and tells whole vectors from the last one where it loads
/// and stores; a lighter one is written for whole vectors and for the last, and in rows kUnroll
/// times, so that sums do not wait for each other.
static constexpr double kHeavyCycles = 24;

FusedEmitter::FusedEmitter(LoopBuilder &b, ModuleOp module, const std::string &name,
                           const LoopProgram &program, const Target &target)
    : k(b, module, name, program, target), states_(k), b(b), program(program),
      passes(program.passes()), kept(program.kept()) {
  if (program.sharesRows && !isHeavy(passes[0].full) &&
      kRowsAtOnce * kUnroll * int(passes[0].reductions.size()) + 4 <= target.vectorRegisters)
    rowsAtOnce = kRowsAtOnce;
  if (program.sharesColumns && !isHeavy(passes[0].full)) {
    // Half of the registers are for sums.
    const int sums =
        target.vectorRegisters / 2 / (program.wide ? 2 : 1) / int(passes[0].reductions.size());
    rowsAtOnce = sums >= kRowsAtOnce ? kRowsAtOnce : 1;
    vectorsAtOnce = std::max(1, sums / kRowsAtOnce);
  }
}

void FusedEmitter::emit() {
  k.streams = b.ne(k.word(Word::Streams), b.idx(0));
  b.forLoop(k.begin, k.end, b.idx(1), [&](Value task) {
    bool rows = program.mode == LoopProgram::Mode::Rows;
    // Axes that a task decomposes into: mid is the last one, in columns the one before inner.
    int inner = rows ? -1 : kept - 1, mid = rows ? kept - 1 : kept - 2;
    Values base = k.start();
    Value rest = task, count;
    // The task's block of an axis: from the first index to the end.
    auto blockOf = [&](int axis, Word blockWord, Word blocksWord) -> std::pair<Value, Value> {
      if (axis < 0)
        return {b.idx(0), b.idx(1)};
      Value blocks = k.word(blocksWord), block = k.word(blockWord);
      Value first = b.mul(b.rem(rest, blocks), block);
      rest = b.div(rest, blocks);
      return {first, b.min(b.add(first, block), k.extent(axis))};
    };
    if (inner >= 0) {
      auto [first, end] = blockOf(inner, Word::InnerBlock, Word::InnerBlocks);
      count = b.sub(end, first);
      base = k.advance(base, inner, first);
    }
    columns_ = base;
    Value mid0, mid1, outer0, outer1;
    std::tie(mid0, mid1) = blockOf(mid, Word::MidBlock, Word::MidBlocks);
    int outer = program.sharesRows && mid > 0 ? mid - 1 : -1;
    std::tie(outer0, outer1) = blockOf(outer, Word::OuterBlock, Word::OuterBlocks);
    for (int axis = outer >= 0 ? outer - 1 : mid - 1; axis >= 0; --axis) {
      Value extent = k.extent(axis);
      base = k.advance(base, axis, axis == 0 ? rest : b.rem(rest, extent));
      if (axis != 0)
        rest = b.div(rest, extent);
    }
    const bool turns = llvm::any_of(k.layout.turned, [](int slot) { return slot >= 0; });
    auto from = [&](const Values &start, Value first, Value last, int together) {
      b.forLoop(first, last, b.idx(together), [&](Value at) {
        SmallVector<Values> points;
        for (int r = 0; r < together; ++r) {
          points.push_back(mid >= 0 ? k.advance(start, mid, b.add(at, r)) : start);
          if (turns)
            k.toTurned(points.back(), b.sub(b.add(at, r), mid0));
        }
        k.scope([&] {
          if (rows)
            emitRows(points);
          else if (program.sharesColumns)
            emitShared(points, count);
          else
            emitColumns(points[0], count ? count : b.idx(1));
        });
      });
    };
    if (program.grouped)
      return b.forLoop(mid0, mid1, b.idx(k.lanes), [&](Value at) {
        emitGroup(base, at, b.min(b.sub(mid1, at), b.idx(k.lanes)));
      });
    if (turns)
      k.turnBlocks(k.advance(base, mid, mid0), b.sub(mid1, mid0), count);
    auto block = [&](const Values &start) {
      Value single = mid0;
      if (rowsAtOnce > 1) {
        single = b.sub(mid1, b.rem(b.sub(mid1, mid0), b.idx(rowsAtOnce)));
        from(start, mid0, single, rowsAtOnce);
      }
      from(start, single, mid1, 1);
    };
    if (outer < 0)
      return block(base);
    b.forLoop(outer0, outer1, b.idx(1), [&](Value at) { block(k.advance(base, outer, at)); });
  });
  b.ifThen(k.streams, [&] { fenceStores(b); });
  b.endFunction();
}

SmallVector<int> FusedEmitter::readFromOutside(const LoopProgram::Pass &pass) const {
  llvm::SmallSetVector<int, 4> read;
  llvm::SmallSetVector<int, 4> guarded; // and on the kept axes: what they read, which is known
  std::function<void(int)> add = [&](int i) {
    if (node(i).full)
      return;
    if (!program.isGuarded(i))
      read.insert(i);
    else if (guarded.insert(i))
      llvm::for_each(node(i).operands, add);
  };
  for (int i : pass.full)
    llvm::for_each(node(i).operands, add);
  for (int i : pass.reductions)
    llvm::for_each(node(i).operands, add);
  for (int i : pass.guarded)
    llvm::for_each(node(i).operands, add);
  for (int store : pass.fullStores)
    add(program.stores[size_t(store)].node);
  return SmallVector<int>(read.begin(), read.end());
}

bool FusedEmitter::isHeavy(ArrayRef<int> nodes) const {
  double cycles = 0;
  for (int i : nodes)
    if (!program.isUniform(i))
      cycles += node(i).kind == Kind::Scalar ? scalarCycles(node(i).scalar, node(i).computed)
                : node(i).kind == Kind::Load ? 1
                                             : 4;
  return cycles > kHeavyCycles;
}

bool FusedEmitter::isHeavy(const LoopProgram::Pass &pass) const {
  SmallVector<int> nodes(pass.full.begin(), pass.full.end());
  nodes.append(pass.guarded.begin(), pass.guarded.end());
  return isHeavy(nodes);
}

bool FusedEmitter::hasEnds() const {
  return llvm::any_of(program.nodes, [&](const LoopProgram::Node &n) {
    return llvm::any_of(n.guards, [&](const auto &guard) { return program.endsAlong(guard); });
  });
}

SmallVector<ReductionState> FusedEmitter::alongVectors(const Line &line, ArrayRef<int> reductions,
                                                       ArrayRef<State> states, Body body) {
  if (program.inParts)
    return alongParts(line, reductions, states, body);
  struct Range {
    int64_t walker;
    Value first, end;
  };
  SmallVector<Range> ranges;
  for (auto [i, n] : llvm::enumerate(program.nodes))
    for (auto [g, guard] : llvm::enumerate(n.guards))
      if (program.endsAlong(guard)) {
        int64_t walker = k.layout.guard[i] + int64_t(g);
        bool isUnit = guard.index.factors[size_t(program.vectorAxis)] == 1;
        auto [first, end] = k.rangeOf(walker, isUnit, line.base);
        ranges.push_back({walker, first, end});
      }
  if (ranges.empty())
    return alongVectors(line, b.idx(0), line.count, reductions, states, body);
  Values last = b.forStrips(
      b.idx(0), line.count, states_.flatten(states), [&](Value from, ValueRange values) {
        Value to = line.count;
        for (auto [walker, first, end] : ranges) {
          Value begun = b.le(first, from), isBefore = b.lt(from, end);
          k.hold(walker, b.both(begun, isBefore));
          Value next = b.select(begun, b.select(isBefore, end, line.count), first);
          to = b.min(to, next);
        }
        return std::pair(
            to, states_.flatten(alongVectors(line, from, to, reductions,
                                             states_.unflatten(reductions, values), body)));
      });
  return states_.unflatten(reductions, last);
}

SmallVector<ReductionState> FusedEmitter::alongParts(const Line &line, ArrayRef<int> reductions,
                                                     ArrayRef<State> states, Body body) {
  std::vector<LoopProgram::Cut> cuts = program.cuts();
  SmallVector<State> now(states);
  Value from = b.idx(0);
  int64_t at = 0;
  for (size_t part = 0; part <= cuts.size(); ++part) {
    Value to = line.count;
    if (part < cuts.size()) {
      // The same in every row.
      auto [next, node, guard, isEnd] = cuts[part];
      auto [first, end] = k.rangeOf(k.layout.guard[node] + int64_t(guard), true, columns_);
      to = b.min(isEnd ? end : first, line.count);
    }
    for (auto [i, n] : llvm::enumerate(program.nodes))
      for (auto [g, guard] : llvm::enumerate(n.guards))
        if (program.endsAlong(guard))
          k.hold(k.layout.guard[i] + int64_t(g), program.holdsFrom(guard, at));
    now = alongVectors(line, from, to, reductions, now, body);
    from = to;
    at = part < cuts.size() ? cuts[part].at : at;
  }
  return now;
}

SmallVector<ReductionState> FusedEmitter::alongVectors(const Line &line, Value from, Value to,
                                                       ArrayRef<int> reductions,
                                                       ArrayRef<State> states, Body body) {
  int lanes = k.lanes;
  size_t each = reductions.size();
  SmallVector<State> now(states);
  if (!line.heavy) {
    Value block = b.idx(lanes * line.unroll);
    Value whole = b.sub(to, b.rem(b.sub(to, from), block));
    Values last =
        b.forIter(from, whole, block, states_.flatten(now), [&](Value i, ValueRange values) {
          SmallVector<State> current = states_.unflatten(reductions, values), next;
          for (int u = 0; u < line.unroll; ++u)
            next.append(body(b.add(i, u * lanes), {}, ArrayRef(current).slice(u * each, each)));
          return states_.flatten(next);
        });
    now = states_.unflatten(reductions, last);
    from = whole;
  }
  ArrayRef<State> rest = ArrayRef(now).take_front(each);
  Values last =
      b.forIter(from, to, b.idx(lanes), states_.flatten(rest), [&](Value i, ValueRange values) {
        Value length = b.min(b.sub(to, i), b.idx(lanes));
        return states_.flatten(body(i, length, states_.unflatten(reductions, values)));
      });
  SmallVector<State> tail = states_.unflatten(reductions, last);
  std::copy(tail.begin(), tail.end(), now.begin());
  return now;
}

SmallVector<ReductionState> FusedEmitter::alongReduced(
    int axis, int last, ArrayRef<Values> bases, Value linear, ArrayRef<int> reductions,
    SmallVector<State> states,
    llvm::function_ref<SmallVector<State>(ArrayRef<Values>, Value, ArrayRef<State>)> body) {
  if (axis == last)
    return body(bases, linear, states);
  Value extent = k.extent(axis), start = b.mul(linear, extent);
  Values result = b.forIter(
      b.idx(0), extent, b.idx(1), states_.flatten(states), [&](Value i, ValueRange values) {
        SmallVector<Values> advanced;
        for (const Values &base : bases)
          advanced.push_back(k.advance(base, axis, i));
        return states_.flatten(alongReduced(axis + 1, last, advanced, b.add(start, i), reductions,
                                            states_.unflatten(reductions, values), body));
      });
  return states_.unflatten(reductions, result);
}

ReductionState FusedEmitter::initial(int i, const Point &point) {
  if (node(i).kind == Kind::Scan && node(i).operands.size() > 1)
    return {k.get(node(i).operands[1], point), {}};
  return states_.initial(node(i), point.lanes);
}

ReductionState FusedEmitter::reduced(int reduction, const State &state, const Point &point,
                                     Value index, Value mask) {
  const LoopProgram::Node &n = node(reduction), &term = node(n.operands[0]);
  // Whoever else reads the term wants it rounded.
  if (ReductionStates::addsProducts(n, term) && term.full && !term.cached &&
      program.users(n.operands[0]) == 1)
    return states_.stepOfProduct(n, state, k.get(term.operands[0], point),
                                 k.get(term.operands[1], point), mask);
  return states_.step(n, state, k.get(n.operands[0], point), index, mask);
}

void FusedEmitter::eachRow(Known &known, llvm::function_ref<void(size_t)> body) {
  k.scope([&] {
    for (size_t r = 0; r < known.size(); ++r) {
      k.setKnown(known[r]);
      body(r);
      known[r] = k.known();
      for (size_t other = 1; r == 0 && other < known.size(); ++other)
        for (auto [i, number] : known[0])
          if (!program.differsByRow(i))
            known[other].insert({i, number});
    }
  });
}

void emitFused(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  if (spec.loops->mode == LoopProgram::Mode::Entries)
    return emitFusedEntries(b, module, spec.name(), *spec.loops, target);
  FusedEmitter(b, module, spec.name(), *spec.loops, target).emit();
}

} // namespace ricci
