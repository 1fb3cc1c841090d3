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
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit.h"
#include "compiler/cpu/reduction_states.h"
#include "compiler/cpu/streaming.h"
#include "compiler/fuse/cost_model.h"

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

namespace {

/// A body of more cycles is written once, and tells whole vectors from the last one where it loads
/// and stores; a lighter one is written for whole vectors and for the last, and in rows kUnroll
/// times, so that sums do not wait for each other.
constexpr double kHeavyCycles = 24;
constexpr int kUnroll = 4;
/// Rows that are reduced at once: where they share what they load; and in columns, where their sums
/// are loaded and stored once for all, and several streams are read from memory.
constexpr int kRowsAtOnce = 4;

class FusedEmitter {
public:
  using Value = mlir::Value;
  using Values = FusedKernel::Values;
  using Point = FusedKernel::Point;
  using Word = FusedLayout::Word;
  using State = ReductionState;

  FusedEmitter(LoopBuilder &b, ModuleOp module, const std::string &name, const LoopProgram &program,
               const Target &target)
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

  void emit() {
    k.streams = b.ne(k.word(Word::Streams), b.idx(0));
    b.forLoop(k.begin, k.end, b.idx(1), [&](Value task) {
      bool rows = program.mode == LoopProgram::Mode::Rows;
      // Axes that a task decomposes into: mid is the last one, in columns the one before inner.
      int inner = rows ? -1 : kept - 1, mid = rows ? kept - 1 : kept - 2;
      Values base = k.start();
      Value rest = task, count;
      if (inner >= 0) {
        Value blocks = k.word(Word::InnerBlocks), block = k.word(Word::InnerBlock);
        Value first = b.mul(b.rem(rest, blocks), block);
        count = b.sub(b.min(b.add(first, block), k.extent(inner)), first);
        rest = b.div(rest, blocks);
        base = k.advance(base, inner, first);
      }
      Value mid0 = b.idx(0), mid1 = b.idx(1);
      if (mid >= 0) {
        Value blocks = k.word(Word::MidBlocks), block = k.word(Word::MidBlock);
        mid0 = b.mul(b.rem(rest, blocks), block);
        mid1 = b.min(b.add(mid0, block), k.extent(mid));
        rest = b.div(rest, blocks);
      }
      int outer = program.sharesRows && mid > 0 ? mid - 1 : -1;
      Value outer0 = b.idx(0), outer1 = b.idx(1);
      if (outer >= 0) {
        Value blocks = k.word(Word::OuterBlocks), block = k.word(Word::OuterBlock);
        outer0 = b.mul(b.rem(rest, blocks), block);
        outer1 = b.min(b.add(outer0, block), k.extent(outer));
        rest = b.div(rest, blocks);
      }
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

private:
  const LoopProgram::Node &node(int i) const { return program.nodes[size_t(i)]; }

  /// Nodes on the kept axes that a pass reads. They are computed before it.
  SmallVector<int> readFromOutside(const LoopProgram::Pass &pass) const {
    llvm::SmallSetVector<int, 4> read;
    auto add = [&](int i) {
      if (!node(i).full)
        read.insert(i);
    };
    for (int i : pass.full)
      llvm::for_each(node(i).operands, add);
    for (int i : pass.reductions)
      llvm::for_each(node(i).operands, add);
    for (int store : pass.fullStores)
      add(program.stores[size_t(store)].node);
    return SmallVector<int>(read.begin(), read.end());
  }

  //===--- loops along the vector axis ---------------------------------===//

  bool isHeavy(ArrayRef<int> nodes) const {
    double cycles = 0;
    for (int i : nodes)
      if (!program.isUniform(i))
        cycles += node(i).kind == Kind::Scalar ? scalarCycles(node(i).scalar, node(i).computed)
                  : node(i).kind == Kind::Load ? 1
                                               : 4;
    return cycles > kHeavyCycles;
  }

  using Body = llvm::function_ref<SmallVector<State>(Value i, Value length, ArrayRef<State>)>;

  /// body(i, length, states) over [0, count) in vectors; returns the last states. A light body has
  /// `unroll` sets of states, of which it gets one at a time.
  SmallVector<State> alongVectors(Value count, bool heavy, int unroll, ArrayRef<int> reductions,
                                  ArrayRef<State> states, Body body) {
    int lanes = k.lanes;
    size_t each = reductions.size();
    Value from = b.idx(0);
    SmallVector<State> now(states);
    if (!heavy) {
      Value block = b.idx(lanes * unroll), whole = b.sub(count, b.rem(count, block));
      Values last =
          b.forIter(from, whole, block, states_.flatten(now), [&](Value i, ValueRange values) {
            SmallVector<State> current = states_.unflatten(reductions, values), next;
            for (int u = 0; u < unroll; ++u)
              next.append(body(b.add(i, u * lanes), {}, ArrayRef(current).slice(u * each, each)));
            return states_.flatten(next);
          });
      now = states_.unflatten(reductions, last);
      from = whole;
    }
    ArrayRef<State> rest = ArrayRef(now).take_front(each);
    Values last = b.forIter(
        from, count, b.idx(lanes), states_.flatten(rest), [&](Value i, ValueRange values) {
          Value length = b.min(b.sub(count, i), b.idx(lanes));
          return states_.flatten(body(i, length, states_.unflatten(reductions, values)));
        });
    SmallVector<State> tail = states_.unflatten(reductions, last);
    std::copy(tail.begin(), tail.end(), now.begin());
    return now;
  }

  /// The nested loops over the reduced axes from `axis` on, up to (not with) `last`, of several
  /// rows at once; `linear` counts their indices.
  SmallVector<State> alongReduced(
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

  /// Of a reduction, or of a scan, which may go on from something.
  State initial(int i, const Point &point) {
    if (node(i).kind == Kind::Scan && node(i).operands.size() > 1)
      return {k.get(node(i).operands[1], point), {}};
    return states_.initial(node(i), point.lanes);
  }

  /// The state of a reduction after one more element in each lane that exists.
  State reduced(int reduction, const State &state, const Point &point, Value index, Value mask) {
    const LoopProgram::Node &n = node(reduction), &term = node(n.operands[0]);
    // Whoever else reads the term wants it rounded.
    if (ReductionStates::addsProducts(n, term) && term.full && !term.cached &&
        program.users(n.operands[0]) == 1)
      return states_.stepOfProduct(n, state, k.get(term.operands[0], point),
                                   k.get(term.operands[1], point), mask);
    return states_.step(n, state, k.get(n.operands[0], point), index, mask);
  }

  //===--- rows --------------------------------------------------------===//

  /// What is known of each of several rows.
  using Known = SmallVector<FusedKernel::Known>;

  /// Does `body` for each row, with what is known of it. What is the same for all rows is known of
  /// the others once it is of the first.
  void eachRow(Known &known, llvm::function_ref<void(size_t)> body) {
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

  void emitRows(ArrayRef<Values> bases) {
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

  /// The results of the pass's reductions, scalars, are known from here on.
  void finishRows(const LoopProgram::Pass &pass, ArrayRef<State> states, Known &known) {
    eachRow(known, [&](size_t row) {
      for (auto [j, i] : llvm::enumerate(pass.reductions)) {
        const State &state = states[row * pass.reductions.size() + j];
        k.set(i, finished(i, states_.horizontal(node(i), state)));
      }
    });
  }

  /// Rows that go together, from `first` on: `start` is at the first of all.
  void emitGroup(const Values &start, Value first, Value count) {
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
          states.push_back(
              {k.loadBuffer(buffers.first, accumulatorType(node(i)), at, k.lanes), {}});
          if (buffers.second)
            states.back().index = k.loadBuffer(buffers.second, DType::i64, at, k.lanes).re;
        }
        across.set(i, finished(i, states_.transposed(node(i), states)));
      }
    }
  }

  /// Numbers of a slot from one row of a group to the next; null where no pass keeps any.
  Value slotPitch() {
    if (k.layout.slotCount == 0)
      return {};
    Value numbers = b.idx(1);
    for (int axis = kept; axis < int(program.axes.size()); ++axis)
      numbers = b.mul(numbers, k.extent(axis));
    return b.add(numbers, k.lanes);
  }
  Value inSlots(Value linear) { return rowInSlots_ ? b.add(rowInSlots_, linear) : linear; }

  /// The states of the pass's reductions, of each of several rows.
  SmallVector<State> rowPass(const LoopProgram::Pass &pass, ArrayRef<Values> bases, Known &known) {
    bool heavy = isHeavy(pass.full);
    int unroll = heavy || program.grouped ? 1 : kUnroll, last = int(program.axes.size()) - 1;
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
                            return alongVectors(extent, heavy, unroll, reductions, current,
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

  /// The result of a reduction.
  Number finished(int reduction, const State &total) {
    const LoopProgram::Node &n = node(reduction);
    if (n.kind == Kind::ArgReduce)
      return {total.index, {}};
    DType held = accumulatorType(n);
    return held == n.type ? total.value : k.scalars.cast(total.value, held, n.type);
  }

  /// One vector of every row.
  SmallVector<State> rowsStep(const LoopProgram::Pass &pass, ArrayRef<Values> rows, Known known,
                              Value i, Value length, Value linear, ArrayRef<State> states) {
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

  /// A scan along the row, element by element.
  void scanRow(const LoopProgram::Pass &pass, const Values &base) {
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
    b.forIter(b.idx(0), k.extent(axis), b.idx(1), states_.flatten(states),
              [&](Value i, ValueRange values) {
                SmallVector<State> next;
                k.scope([&] {
                  Point point{base, i, {}, 0};
                  for (auto [scan, state] : llvm::zip(scans, states_.unflatten(scans, values))) {
                    next.push_back({states_.scanned(node(scan), state.value,
                                                    k.get(node(scan).operands[0], point), i),
                                    {}});
                    k.set(scan, next.back().value);
                  }
                  for (int store : pass.fullStores)
                    k.store(program.stores[size_t(store)], point);
                });
                return states_.flatten(next);
              });
  }

  /// The same where what is scanned is worth computing by vectors: the scan's result takes the
  /// place of its operand, in the L1 cache.
  void scanVectors(const LoopProgram::Pass &pass, const Values &base, ArrayRef<int> scans,
                   ArrayRef<State> states) {
    SmallVector<Value> buffers;
    for (int i : scans)
      buffers.push_back(k.newBuffer(node(i).type));
    alongVectors(k.extent(int(program.axes.size()) - 1), isHeavy(pass.full), 1, scans, states,
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

  //===--- columns -----------------------------------------------------===//

  void emitColumns(const Values &base, Value count) {
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

  /// What is known before a pass, for all columns of the block, and its accumulators.
  void knownColumns(const LoopProgram::Pass &pass, const Values &base, Value count) {
    SmallVector<int> kept, accumulators(pass.reductions.begin(), pass.reductions.end());
    for (int i : pass.kept)
      if (k.layout.slot[size_t(i)] >= 0 && !program.isReduction(i))
        kept.push_back(i);
    for (int i : pass.full)
      if (node(i).kind == Kind::Scan)
        accumulators.push_back(i);
    if (kept.empty() && accumulators.empty() && pass.keptStores.empty())
      return;
    alongVectors(count, isHeavy(pass.kept), 1, {}, {}, [&](Value i, Value length, ArrayRef<State>) {
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

  void storeState(int n, const State &state, Value i) {
    int slot = k.layout.slot[size_t(n)];
    k.storeSlot(slot, accumulatorType(node(n)), state.value, i, k.lanes);
    if (state.index)
      k.storeSlot(slot + 1, DType::i64, {state.index, {}}, i, k.lanes);
  }
  State loadState(int n, Value i) {
    int slot = k.layout.slot[size_t(n)];
    State state{k.loadSlot(slot, accumulatorType(node(n)), i, k.lanes), {}};
    if (node(n).kind == Kind::ArgReduce)
      state.index = k.loadSlot(slot + 1, DType::i64, i, k.lanes).re;
    return state;
  }

  void columnPass(const LoopProgram::Pass &pass, const Values &base, Value count) {
    bool heavy = isHeavy(pass.full);
    bool scans = llvm::any_of(pass.full, [&](int i) { return node(i).kind == Kind::Scan; });
    int last = int(program.axes.size()) - 1;
    int together = heavy || scans || pass.reductions.empty() ? 1 : kRowsAtOnce;
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

  /// Of columns that share what they load: tiles of several rows and vectors, of which all sums are
  /// in registers; what follows from them is stored at once.
  void emitShared(ArrayRef<Values> bases, Value count) {
    Value from = b.idx(0);
    if (vectorsAtOnce > 1) {
      Value block = b.idx(vectorsAtOnce * k.lanes);
      from = b.sub(count, b.rem(count, block));
      b.forLoop(b.idx(0), from, block, [&](Value i) { sharedTile(bases, i, {}, vectorsAtOnce); });
    }
    b.forLoop(from, count, b.idx(k.lanes),
              [&](Value i) { sharedTile(bases, i, b.min(b.sub(count, i), b.idx(k.lanes)), 1); });
  }

  void sharedTile(ArrayRef<Values> bases, Value first, Value length, int vectors) {
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

  /// Some rows, which are added to the accumulators in their order while these are in registers.
  void columnRows(const LoopProgram::Pass &pass, ArrayRef<Values> rows, ArrayRef<Value> linears,
                  Value count, bool once) {
    Value block = b.mul(b.ceilDiv(k.word(Word::InnerBlock), k.lanes), k.lanes);
    Known known(rows.size(), k.known());
    eachRow(known, [&](size_t row) {
      for (int i : pass.full)
        if (program.isUniform(i))
          k.get(i, Point{rows[row], {}, {}, 0});
    });
    alongVectors(count, once, 1, {}, {}, [&](Value i, Value length, ArrayRef<State>) {
      SmallVector<State> states;
      for (int reduction : pass.reductions)
        states.push_back(loadState(reduction, i));
      Known inside = known;
      eachRow(inside, [&](size_t row) {
        columnStep(pass, Point{rows[row], i, length, k.lanes}, linears[row],
                   b.mul(linears[row], block), states);
      });
      for (auto [reduction, state] : llvm::zip(pass.reductions, states))
        storeState(reduction, state, i);
      return SmallVector<State>();
    });
  }

  void columnStep(const LoopProgram::Pass &pass, const Point &point, Value linear, Value first,
                  MutableArrayRef<State> states) {
    for (int i : pass.read)
      k.set(i,
            k.loadSlot(k.layout.slot[size_t(i)], node(i).type, b.add(first, point.i), point.lanes));
    for (int i : pass.full)
      if (node(i).kind == Kind::Scan) {
        Number next = states_.scanned(node(i), loadState(i, point.i).value,
                                      k.get(node(i).operands[0], point), linear);
        storeState(i, {next, {}}, point.i);
        k.set(i, next);
      }
    for (auto [i, state] : llvm::zip(pass.reductions, states)) {
      Value index;
      if (node(i).kind == Kind::ArgReduce)
        index = b.op<vector::BroadcastOp>(VectorType::get({point.lanes}, b.getI64Type()),
                                          b.op<arith::IndexCastOp>(b.getI64Type(), linear));
      state = reduced(i, state, point, index, {});
    }
    for (int store : pass.fullStores)
      k.store(program.stores[size_t(store)], point);
    for (int i : pass.full)
      if (node(i).cached)
        k.storeSlot(k.layout.slot[size_t(i)], node(i).type, k.get(i, point), b.add(first, point.i),
                    point.lanes);
  }

  FusedKernel k;
  ReductionStates states_;
  LoopBuilder &b;
  const LoopProgram &program;
  std::vector<LoopProgram::Pass> passes;
  int kept, rowsAtOnce = 1, vectorsAtOnce = 1;
  Value rowInSlots_; ///< of a group: where its numbers begin
};

} // namespace

void emitFused(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  FusedEmitter(b, module, spec.name(), *spec.loops, target).emit();
}

} // namespace ricci
