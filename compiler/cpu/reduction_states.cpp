//===- reduction_states.cpp - what a reduction is while it runs ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/reduction_states.h"

#include <numeric>

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

Number ReductionStates::identity(const LoopProgram::Node &node, int lanes) {
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

Value ReductionStates::splat(TypedAttr number, int lanes) {
  if (!lanes)
    return b.op<arith::ConstantOp>(number);
  auto type = VectorType::get({lanes}, number.getType());
  return b.op<arith::ConstantOp>(
      cast<TypedAttr>(Attribute(DenseElementsAttr::get(type, Attribute(number)))));
}

Number ReductionStates::boolean(bool value, int lanes) {
  return {splat(b.getIntegerAttr(b.getI1Type(), value), lanes), {}};
}

Number ReductionStates::combine(const LoopProgram::Node &node, Number sum, Number next) {
  DType type = accumulatorType(node);
  if (node.kind == Kind::Scan)
    return k.scalars.apply(node.isProduct ? ScalarOp::Multiply : ScalarOp::Add, type, {sum, next});
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

Number ReductionStates::scanned(const LoopProgram::Node &node, Number before, Number element,
                                Value index) {
  Number next = combine(node, before, element);
  // 1 times infinity has a part 0 * infinity.
  if (node.isProduct && kindOf(node.type) == DTypeKind::Complex && node.operands.size() == 1)
    next = select(b.eq(index, b.idx(0)), element, next);
  return next;
}

ReductionState ReductionStates::initial(const LoopProgram::Node &node, int lanes) {
  if (node.kind != Kind::ArgReduce)
    return {identity(node, lanes), {}};
  DType type = accumulatorType(node);
  TypedAttr none = cast<TypedAttr>(b.getZeroAttr(registerType(b.getContext(), type, 0)));
  Value zero = splat(none, lanes);
  return {{zero, kindOf(type) == DTypeKind::Complex ? zero : Value()},
          splat(b.getI64IntegerAttr(INT64_MAX), lanes)};
}

Number ReductionStates::select(Value condition, Number x, Number y) {
  return {b.select(condition, x.re, y.re), x.im ? b.select(condition, x.im, y.im) : Value()};
}

Value ReductionStates::isBetter(const LoopProgram::Node &node, Number next, Number best) {
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

Value ReductionStates::negated(Value bit) {
  auto vector = dyn_cast<VectorType>(bit.getType());
  Value one = splat(b.getIntegerAttr(b.getI1Type(), 1), vector ? int(vector.getNumElements()) : 0);
  return b.op<arith::XOrIOp>(bit, one);
}

ReductionState ReductionStates::step(const LoopProgram::Node &node, State state, Number next,
                                     Value index, Value mask) {
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

bool ReductionStates::addsProducts(const LoopProgram::Node &node, const LoopProgram::Node &term) {
  return node.kind == Kind::Reduce && node.reduce == ReduceKind::Sum && term.kind == Kind::Scalar &&
         term.scalar == ScalarOp::Multiply && term.computed == term.type &&
         kindOf(term.type) == DTypeKind::Float && accumulatorType(node) == term.type;
}

ReductionState ReductionStates::stepOfProduct(const LoopProgram::Node &node, State state, Number x,
                                              Number y, Value mask) {
  ValueBuilder values(b, k.target, accumulatorType(node));
  Number sum = values.mulAdd(x, y, state.value);
  return {mask ? select(mask, sum, state.value) : sum, {}};
}

Number ReductionStates::finished(const LoopProgram::Node &node, const State &total) {
  if (node.kind == Kind::ArgReduce)
    return {total.index, {}};
  DType held = accumulatorType(node);
  return held == node.type ? total.value : k.scalars.cast(total.value, held, node.type);
}

Value ReductionStates::noIndex(Value like) {
  auto vector = dyn_cast<VectorType>(like.getType());
  return splat(b.getI64IntegerAttr(INT64_MAX), vector ? int(vector.getNumElements()) : 0);
}

ReductionState ReductionStates::merge(const LoopProgram::Node &node, State x, State y) {
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

ReductionState ReductionStates::horizontal(const LoopProgram::Node &node, State state) {
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

ReductionState ReductionStates::transposed(const LoopProgram::Node &node,
                                           SmallVector<State> states) {
  const int64_t lanes = int64_t(states.size());
  for (int64_t group = lanes; group > 1; group /= 2) {
    // Of each group of lanes, one half of x and then of y.
    auto halves = [&](Value x, Value y, int64_t from) -> Value {
      if (!x)
        return x;
      SmallVector<int64_t> order;
      for (int64_t start = 0; start < lanes; start += group)
        for (int64_t source : {int64_t(0), lanes})
          for (int64_t lane = 0; lane < group / 2; ++lane)
            order.push_back(source + start + from + lane);
      return b.op<vector::ShuffleOp>(x, y, order);
    };
    auto half = [&](const State &x, const State &y, int64_t from) -> State {
      return {{halves(x.value.re, y.value.re, from), halves(x.value.im, y.value.im, from)},
              halves(x.index, y.index, from)};
    };
    const size_t pairs = states.size() / 2;
    SmallVector<State> next;
    for (size_t i = 0; i < pairs; ++i) {
      const State &x = states[i], &y = states[i + pairs];
      next.push_back(merge(node, half(x, y, 0), half(x, y, group / 2)));
    }
    states = std::move(next);
  }
  return states[0];
}

void ReductionStates::flatten(const State &s, Values &values) {
  values.push_back(s.value.re);
  if (s.value.im)
    values.push_back(s.value.im);
  if (s.index)
    values.push_back(s.index);
}

ReductionStates::Values ReductionStates::flatten(ArrayRef<State> states) {
  Values values;
  for (const State &s : states)
    flatten(s, values);
  return values;
}

SmallVector<ReductionState> ReductionStates::unflatten(ArrayRef<int> nodes, ValueRange values) {
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

} // namespace ricci
