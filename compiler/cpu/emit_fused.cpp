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
// columns: for each task (outer kept index, block of mid, block of inner): for mid:
//            for each pass: for inner, by vectors: what is known by now
//                           for reduced axes: for inner, by vectors: reduce into the workspace
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit.h"
#include "compiler/cpu/fused_kernel.h"
#include "compiler/cpu/streaming.h"
#include "compiler/fuse/cost_model.h"

#include <numeric>

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

namespace {

/// A body of more cycles is written once, and tells whole vectors from the last one where it loads
/// and stores; a lighter one is written for whole vectors and for the last, and in rows kUnroll
/// times, so that sums do not wait for each other.
constexpr double kHeavyCycles = 24;
constexpr int kUnroll = 4;

class FusedEmitter {
public:
  using Value = mlir::Value;
  using Values = FusedKernel::Values;
  using Point = FusedKernel::Point;
  using Word = FusedLayout::Word;

  FusedEmitter(LoopBuilder &b, ModuleOp module, const std::string &name, const LoopProgram &program,
               const Target &target)
      : k(b, module, name, program, target), b(b), program(program), passes(program.passes()),
        kept(program.kept()) {}

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
      for (int axis = mid - 1; axis >= 0; --axis) {
        Value extent = k.extent(axis);
        base = k.advance(base, axis, axis == 0 ? rest : b.rem(rest, extent));
        if (axis != 0)
          rest = b.div(rest, extent);
      }
      b.forLoop(mid0, mid1, b.idx(1), [&](Value at) {
        Values point = mid >= 0 ? k.advance(base, mid, at) : base;
        k.scope([&] { rows ? emitRows(point) : emitColumns(point, count ? count : b.idx(1)); });
      });
    });
    b.ifThen(k.streams, [&] { fenceStores(b); });
    b.endFunction();
  }

private:
  const LoopProgram::Node &node(int i) const { return program.nodes[size_t(i)]; }

  //===--- accumulators ------------------------------------------------===//

  /// The neutral element of a reduction, of the accumulator's type.
  Number identity(const LoopProgram::Node &node, int lanes) {
    DType type = accumulatorType(node);
    ReduceKind kind = node.reduce;
    bool isSum = node.kind == Kind::Scan ? !node.isProduct : kind == ReduceKind::Sum;
    bool isProduct = node.kind == Kind::Scan ? node.isProduct : kind == ReduceKind::Prod;
    if (node.kind == Kind::Reduce && kind == ReduceKind::All)
      return boolean(true, lanes);
    if (node.kind == Kind::Reduce && kind == ReduceKind::Any)
      return boolean(false, lanes);
    if (type == DType::b1)
      return boolean(isProduct || kind == ReduceKind::Min, lanes);
    auto number = [&](Type element) -> TypedAttr {
      if (auto floats = dyn_cast<FloatType>(element)) {
        const auto &semantics = floats.getFloatSemantics();
        // A scan's first sum is its first element, be it -0.
        if (isSum)
          return b.getFloatAttr(element, APFloat::getZero(semantics, node.kind == Kind::Scan));
        if (isProduct)
          return b.getFloatAttr(element, APFloat(semantics, 1));
        return b.getFloatAttr(element, APFloat::getInf(semantics, kind == ReduceKind::Max));
      }
      unsigned bits = element.getIntOrFloatBitWidth();
      bool isSigned = kindOf(type) == DTypeKind::Int;
      if (isSum || isProduct)
        return b.getIntegerAttr(element, isProduct ? 1 : 0);
      bool isMax = kind == ReduceKind::Max;
      return b.getIntegerAttr(
          element, isSigned
                       ? (isMax ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits))
                       : (isMax ? APInt::getZero(bits) : APInt::getMaxValue(bits)));
    };
    Type element = registerType(b.getContext(), type, 0);
    Value re = splat(number(element), lanes);
    if (kindOf(type) != DTypeKind::Complex)
      return {re, {}};
    // One is 1 + 0i; the least number has the least parts.
    return {re, isProduct ? splat(cast<TypedAttr>(b.getZeroAttr(element)), lanes) : re};
  }

  Value splat(TypedAttr number, int lanes) {
    if (!lanes)
      return b.op<arith::ConstantOp>(number);
    auto type = VectorType::get({lanes}, number.getType());
    return b.op<arith::ConstantOp>(
        cast<TypedAttr>(Attribute(DenseElementsAttr::get(type, Attribute(number)))));
  }
  Number boolean(bool value, int lanes) {
    return {splat(b.getIntegerAttr(b.getI1Type(), value), lanes), {}};
  }

  Number combine(const LoopProgram::Node &node, Number sum, Number next) {
    DType type = accumulatorType(node);
    if (node.kind == Kind::Scan)
      return k.scalars.apply(node.isProduct ? ScalarOp::Multiply : ScalarOp::Add, type,
                             {sum, next});
    switch (node.reduce) {
    case ReduceKind::Sum:
      return k.scalars.apply(ScalarOp::Add, type, {sum, next});
    case ReduceKind::Prod:
      return k.scalars.apply(ScalarOp::Multiply, type, {sum, next});
    case ReduceKind::Max:
      return k.scalars.apply(ScalarOp::Maximum, type, {sum, next});
    case ReduceKind::Min:
      return k.scalars.apply(ScalarOp::Minimum, type, {sum, next});
    case ReduceKind::Any:
      return k.scalars.apply(ScalarOp::BitwiseOr, type, {sum, next});
    case ReduceKind::All:
      return k.scalars.apply(ScalarOp::BitwiseAnd, type, {sum, next});
    }
    llvm_unreachable("a kind of reduction without an operation");
  }

  /// A scan's value at an index of its axis, given the one before.
  Number scanned(const LoopProgram::Node &node, Number before, Number element, Value index) {
    Number next = combine(node, before, element);
    // 1 times infinity has a part 0 * infinity.
    if (node.isProduct && kindOf(node.type) == DTypeKind::Complex)
      next = select(b.eq(index, b.idx(0)), element, next);
    return next;
  }

  /// What a reduction is while it runs: the sum; of an arg-reduction the best element so far and
  /// its index, which is the largest i64 before the first.
  struct State {
    Number value;
    Value index;
  };

  State initial(const LoopProgram::Node &node, int lanes) {
    if (node.kind != Kind::ArgReduce)
      return {identity(node, lanes), {}};
    DType type = accumulatorType(node);
    TypedAttr none = cast<TypedAttr>(b.getZeroAttr(registerType(b.getContext(), type, 0)));
    Value zero = splat(none, lanes);
    return {{zero, kindOf(type) == DTypeKind::Complex ? zero : Value()},
            splat(b.getI64IntegerAttr(INT64_MAX), lanes)};
  }

  Number select(Value condition, Number x, Number y) {
    return {b.select(condition, x.re, y.re), x.im ? b.select(condition, x.im, y.im) : Value()};
  }

  /// Whether an element comes before the best one: larger (smaller), or the first NaN.
  Value isBetter(const LoopProgram::Node &node, Number next, Number best) {
    DType type = accumulatorType(node);
    auto apply = [&](ScalarOp op, ArrayRef<Number> operands) {
      return k.scalars.apply(op, type, operands).re;
    };
    if (type == DType::b1) // an exclusive or and an and: there is no order of bits
      return node.isMin ? b.both(negated(next.re), best.re) : b.both(next.re, negated(best.re));
    Value better = apply(node.isMin ? ScalarOp::Less : ScalarOp::Greater, {next, best});
    if (kindOf(type) != DTypeKind::Float && kindOf(type) != DTypeKind::Complex)
      return better;
    Value bestIsNan = apply(ScalarOp::Isnan, {best});
    return b.both(b.either(better, apply(ScalarOp::Isnan, {next})), negated(bestIsNan));
  }
  Value negated(Value bit) {
    auto vector = dyn_cast<VectorType>(bit.getType());
    Value one =
        splat(b.getIntegerAttr(b.getI1Type(), 1), vector ? int(vector.getNumElements()) : 0);
    return b.op<arith::XOrIOp>(bit, one);
  }

  /// The state after one more element in each lane that exists.
  State step(const LoopProgram::Node &node, State state, Number next, Value index, Value mask) {
    if (node.kind != Kind::ArgReduce) {
      Number sum = combine(node, state.value, next);
      return {mask ? select(mask, sum, state.value) : sum, {}};
    }
    Value better = isBetter(node, next, state.value);
    Value none = b.op<arith::CmpIOp>(arith::CmpIPredicate::eq, state.index, noIndex(state.index));
    better = b.either(better, none);
    if (mask)
      better = b.both(better, mask);
    return {select(better, next, state.value), b.select(better, index, state.index)};
  }
  Value noIndex(Value like) {
    auto vector = dyn_cast<VectorType>(like.getType());
    return splat(b.getI64IntegerAttr(INT64_MAX), vector ? int(vector.getNumElements()) : 0);
  }

  /// Two states of different elements as one.
  State merge(const LoopProgram::Node &node, State x, State y) {
    if (node.kind != Kind::ArgReduce)
      return {combine(node, x.value, y.value), {}};
    auto compare = [&](arith::CmpIPredicate p, Value a, Value c) -> Value {
      return b.op<arith::CmpIOp>(p, a, c);
    };
    // y if it is better, or as good and earlier; a state without an element is no candidate.
    Value yBetter = isBetter(node, y.value, x.value), xBetter = isBetter(node, x.value, y.value);
    Value earlier = compare(arith::CmpIPredicate::slt, y.index, x.index);
    Value take = b.either(yBetter, b.both(negated(xBetter), earlier));
    take = b.either(take, compare(arith::CmpIPredicate::eq, x.index, noIndex(x.index)));
    take = b.both(take, compare(arith::CmpIPredicate::ne, y.index, noIndex(y.index)));
    return {select(take, y.value, x.value), b.select(take, y.index, x.index)};
  }

  /// All lanes as one: halves meet, in a fixed order.
  State horizontal(const LoopProgram::Node &node, State state) {
    auto part = [&](Value v, int64_t from, int64_t count) -> Value {
      if (!v)
        return v;
      SmallVector<int64_t> lanes(static_cast<size_t>(count));
      std::iota(lanes.begin(), lanes.end(), from);
      return b.op<vector::ShuffleOp>(v, v, lanes);
    };
    auto half = [&](const State &s, int64_t from, int64_t count) -> State {
      return {{part(s.value.re, from, count), part(s.value.im, from, count)},
              part(s.index, from, count)};
    };
    int64_t lanes = cast<VectorType>(state.value.re.getType()).getNumElements();
    for (; lanes > 1; lanes /= 2)
      state = merge(node, half(state, 0, lanes / 2), half(state, lanes / 2, lanes / 2));
    auto only = [&](Value v) -> Value {
      return v ? Value(b.op<vector::ExtractOp>(v, int64_t(0))) : v;
    };
    return {{only(state.value.re), only(state.value.im)}, only(state.index)};
  }

  void flatten(const State &s, Values &values) {
    values.push_back(s.value.re);
    if (s.value.im)
      values.push_back(s.value.im);
    if (s.index)
      values.push_back(s.index);
  }
  Values flatten(ArrayRef<State> states) {
    Values values;
    for (const State &s : states)
      flatten(s, values);
    return values;
  }
  /// `count` states of each node.
  SmallVector<State> unflatten(ArrayRef<int> nodes, ValueRange values) {
    SmallVector<State> states;
    size_t next = 0;
    while (next < values.size())
      for (int i : nodes) {
        State s;
        s.value.re = values[next++];
        if (kindOf(accumulatorType(node(i))) == DTypeKind::Complex)
          s.value.im = values[next++];
        if (node(i).kind == Kind::ArgReduce)
          s.index = values[next++];
        states.push_back(s);
      }
    return states;
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
      Values last = b.forIter(from, whole, block, flatten(now), [&](Value i, ValueRange values) {
        SmallVector<State> current = unflatten(reductions, values), next;
        for (int u = 0; u < unroll; ++u)
          next.append(body(b.add(i, u * lanes), {}, ArrayRef(current).slice(u * each, each)));
        return flatten(next);
      });
      now = unflatten(reductions, last);
      from = whole;
    }
    ArrayRef<State> rest = ArrayRef(now).take_front(each);
    Values last =
        b.forIter(from, count, b.idx(lanes), flatten(rest), [&](Value i, ValueRange values) {
          Value length = b.min(b.sub(count, i), b.idx(lanes));
          return flatten(body(i, length, unflatten(reductions, values)));
        });
    SmallVector<State> tail = unflatten(reductions, last);
    std::copy(tail.begin(), tail.end(), now.begin());
    return now;
  }

  /// The nested loops over the reduced axes from `axis` on, up to (not with) `last`; `linear`
  /// counts their indices.
  SmallVector<State> alongReduced(
      int axis, int last, const Values &base, Value linear, ArrayRef<int> reductions,
      SmallVector<State> states,
      llvm::function_ref<SmallVector<State>(const Values &, Value, ArrayRef<State>)> body) {
    if (axis == last)
      return body(base, linear, states);
    Value extent = k.extent(axis), start = b.mul(linear, extent);
    Values result =
        b.forIter(b.idx(0), extent, b.idx(1), flatten(states), [&](Value i, ValueRange values) {
          return flatten(alongReduced(axis + 1, last, k.advance(base, axis, i), b.add(start, i),
                                      reductions, unflatten(reductions, values), body));
        });
    return unflatten(reductions, result);
  }

  //===--- rows --------------------------------------------------------===//

  void emitRows(const Values &base) {
    Point scalar{base, {}, {}, 0};
    for (const LoopProgram::Pass &pass : passes) {
      for (int store : pass.keptStores)
        k.store(program.stores[size_t(store)], scalar);
      if (pass.reductions.empty() && pass.fullStores.empty())
        continue;
      // What a pass reads from outside of it is computed before.
      for (int i : pass.full)
        for (int operand : node(i).operands)
          if (!node(operand).full)
            k.get(operand, scalar);
      if (program.has(Kind::Scan))
        scanRow(pass, base);
      else
        rowPass(pass, base);
    }
  }

  void rowPass(const LoopProgram::Pass &pass, const Values &base) {
    bool heavy = isHeavy(pass.full);
    int unroll = heavy ? 1 : kUnroll, last = int(program.axes.size()) - 1;
    SmallVector<State> states;
    for (int u = 0; u < unroll; ++u)
      for (int i : pass.reductions)
        states.push_back(initial(node(i), k.lanes));
    Value extent = k.extent(last);
    states = alongReduced(kept, last, base, b.idx(0), pass.reductions, states,
                          [&](const Values &row, Value linear, ArrayRef<State> current) {
                            Value first = b.mul(linear, extent);
                            SmallVector<State> result;
                            k.scope([&] {
                              for (int i : pass.full)
                                if (program.isUniform(i))
                                  k.get(i, Point{row, {}, {}, 0});
                              result = alongVectors(
                                  extent, heavy, unroll, pass.reductions, current,
                                  [&](Value i, Value length, ArrayRef<State> set) {
                                    return rowStep(pass, Point{row, i, length, k.lanes},
                                                   b.add(first, i), set);
                                  });
                            });
                            return result;
                          });
    size_t each = pass.reductions.size();
    for (size_t r = 0; r < each; ++r) {
      State total = states[r];
      for (int u = 1; u < unroll; ++u)
        total = merge(node(pass.reductions[r]), total, states[u * each + r]);
      finish(pass.reductions[r], horizontal(node(pass.reductions[r]), total));
    }
  }

  /// The reduction's result, a scalar, is known from here on.
  void finish(int reduction, const State &total) {
    const LoopProgram::Node &n = node(reduction);
    if (n.kind == Kind::ArgReduce) {
      k.set(reduction, {total.index, {}});
      return;
    }
    DType held = accumulatorType(n);
    k.set(reduction, held == n.type ? total.value : k.scalars.cast(total.value, held, n.type));
  }

  SmallVector<State> rowStep(const LoopProgram::Pass &pass, const Point &point, Value linear,
                             ArrayRef<State> states) {
    SmallVector<State> next;
    k.scope([&] {
      for (int i : pass.read)
        k.set(i, k.loadSlot(k.layout.slot[size_t(i)], node(i).type, linear, point.lanes));
      Value mask = point.length && !pass.reductions.empty() ? k.mask(point) : Value();
      for (auto [reduction, state] : llvm::zip(pass.reductions, states)) {
        const LoopProgram::Node &n = node(reduction);
        Value index = n.kind == Kind::ArgReduce ? k.laneIndex(point) : Value();
        next.push_back(step(n, state, k.get(n.operands[0], point), index, mask));
      }
      for (int store : pass.fullStores)
        k.store(program.stores[size_t(store)], point);
      for (int i : pass.full)
        if (node(i).cached)
          k.storeSlot(k.layout.slot[size_t(i)], node(i).type, k.get(i, point), linear, point.lanes);
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
      states.push_back(initial(node(i), 0));
    int axis = int(program.axes.size()) - 1;
    b.forIter(b.idx(0), k.extent(axis), b.idx(1), flatten(states), [&](Value i, ValueRange values) {
      SmallVector<State> next;
      k.scope([&] {
        Point point{base, i, {}, 0};
        for (auto [scan, state] : llvm::zip(scans, unflatten(scans, values))) {
          next.push_back(
              {scanned(node(scan), state.value, k.get(node(scan).operands[0], point), i), {}});
          k.set(scan, next.back().value);
        }
        for (int store : pass.fullStores)
          k.store(program.stores[size_t(store)], point);
      });
      return flatten(next);
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
          storeState(n, initial(node(n), k.lanes), i);
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
    Value block = b.mul(b.ceilDiv(k.word(Word::InnerBlock), k.lanes), k.lanes);
    alongReduced(
        kept, int(program.axes.size()), base, b.idx(0), {}, {},
        [&](const Values &row, Value linear, ArrayRef<State>) {
          Value first = b.mul(linear, block);
          k.scope([&] {
            for (int i : pass.full)
              if (program.isUniform(i))
                k.get(i, Point{row, {}, {}, 0});
            alongVectors(count, heavy, 1, {}, {}, [&](Value i, Value length, ArrayRef<State>) {
              k.scope([&] { columnStep(pass, Point{row, i, length, k.lanes}, linear, first); });
              return SmallVector<State>();
            });
          });
          return SmallVector<State>();
        });
    k.inSlot.insert(pass.reductions.begin(), pass.reductions.end());
  }

  void columnStep(const LoopProgram::Pass &pass, const Point &point, Value linear, Value first) {
    for (int i : pass.read)
      k.set(i,
            k.loadSlot(k.layout.slot[size_t(i)], node(i).type, b.add(first, point.i), point.lanes));
    for (int i : pass.full)
      if (node(i).kind == Kind::Scan) {
        Number next = scanned(node(i), loadState(i, point.i).value,
                              k.get(node(i).operands[0], point), linear);
        storeState(i, {next, {}}, point.i);
        k.set(i, next);
      }
    for (int i : pass.reductions) {
      const LoopProgram::Node &n = node(i);
      Number next = k.get(n.operands[0], point);
      Value index;
      if (n.kind == Kind::ArgReduce)
        index = b.op<vector::BroadcastOp>(VectorType::get({point.lanes}, b.getI64Type()),
                                          b.op<arith::IndexCastOp>(b.getI64Type(), linear));
      storeState(i, step(n, loadState(i, point.i), next, index, {}), point.i);
    }
    for (int store : pass.fullStores)
      k.store(program.stores[size_t(store)], point);
    for (int i : pass.full)
      if (node(i).cached)
        k.storeSlot(k.layout.slot[size_t(i)], node(i).type, k.get(i, point), b.add(first, point.i),
                    point.lanes);
  }

  FusedKernel k;
  LoopBuilder &b;
  const LoopProgram &program;
  std::vector<LoopProgram::Pass> passes;
  int kept;
};

} // namespace

void emitFused(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  FusedEmitter(b, module, spec.name(), *spec.loops, target).emit();
}

} // namespace ricci
