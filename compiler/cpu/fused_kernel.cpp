//===- fused_kernel.cpp - a fused kernel while it is written ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fused_kernel.h"

#include "compiler/cpu/vector_math.h"

#include <numeric>

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

FusedKernel::FusedKernel(LoopBuilder &b, ModuleOp module, const std::string &name,
                         const LoopProgram &program, const Target &target)
    : program(program), target(target), layout(program), b(b), scalars(b, target),
      lanes(program.lanes(target)) {
  auto flatType = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  SmallVector<Type> inputs;
  for (const LoopProgram::Access &access : program.accesses)
    inputs.push_back(flatType(ValueBuilder::storageType(b.getContext(), access.type)));
  bool reports = program.has(Kind::Gather);
  if (reports)
    inputs.push_back(flatType(b.getI64Type()));
  inputs.append(
      {flatType(b.getIndexType()), flatType(b.getI8Type()), b.getIndexType(), b.getIndexType()});
  auto args = b.beginFunction(module, name, inputs, false).getArguments();
  size_t count = program.accesses.size();
  buffers.assign(args.begin(), args.begin() + count);
  if (reports)
    status = args[count++];
  descriptor = args[count], workspace = args[count + 1], begin = args[count + 2],
  end = args[count + 3];
}

FusedKernel::FusedKernel(LoopBuilder &b, const LoopProgram &program, const Target &target,
                         Values buffers, Value descriptor, Value firstWord)
    : program(program), target(target), layout(program), b(b), scalars(b, target),
      buffers(std::move(buffers)), descriptor(descriptor), lanes(program.lanes(target)),
      firstWord_(firstWord) {}

/// Writes at the start of the function.
template <typename Fn> static Value atStart(LoopBuilder &b, Value descriptor, Fn write) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(descriptor.getParentBlock());
  return write();
}

Value FusedKernel::word(int64_t w) {
  Value &known = words_[w];
  if (!known)
    known = atStart(b, descriptor, [&] {
      if (firstWord_)
        b.setInsertionPointAfterValue(firstWord_);
      Value at = b.op<arith::ConstantIndexOp>(w);
      return b.load(descriptor, firstWord_ ? b.op<arith::AddIOp>(at, firstWord_) : at);
    });
  return known;
}

Value FusedKernel::parameter(int node) {
  Value bits = word(layout.constants + layout.constant[size_t(node)]);
  return atStart(b, descriptor, [&] {
    // After the word, which is at the start by now.
    b.setInsertionPointAfterValue(bits);
    bool isSingle = program.nodes[size_t(node)].type == DType::f32;
    Value integer = b.op<arith::IndexCastOp>(b.getI64Type(), bits);
    if (isSingle)
      integer = b.op<arith::TruncIOp>(b.getI32Type(), integer);
    return Value(b.op<arith::BitcastOp>(isSingle ? Type(b.getF32Type()) : b.getF64Type(), integer));
  });
}

FusedKernel::Values FusedKernel::advance(const Values &base, int axis, Value index) {
  Values next;
  for (auto [walker, value] : llvm::enumerate(base))
    next.push_back(b.add(value, b.mul(index, word(layout.factor(int64_t(walker), int64_t(axis))))));
  return next;
}

//===----------------------------------------------------------------------===//
// Registers, memory and slots
//===----------------------------------------------------------------------===//

Number FusedKernel::toRegister(Number n, DType type) {
  if (type != DType::b1)
    return n;
  Value none = b.op<arith::ConstantOp>(cast<TypedAttr>(b.getZeroAttr(n.re.getType())));
  return {b.op<arith::CmpIOp>(arith::CmpIPredicate::ne, n.re, none), {}};
}

Number FusedKernel::toSlot(Number n, DType type) {
  if (type != DType::b1)
    return n;
  auto vector = dyn_cast<VectorType>(n.re.getType());
  Type bytes = vector ? Type(VectorType::get(vector.getShape(), b.getI8Type())) : b.getI8Type();
  return {b.op<arith::ExtUIOp>(bytes, n.re), {}};
}

Number FusedKernel::broadcast(Number n, int count) {
  if (!count || isa<VectorType>(n.re.getType()))
    return n;
  auto spread = [&](Value v) -> Value {
    return v ? Value(b.op<vector::BroadcastOp>(VectorType::get({count}, v.getType()), v)) : v;
  };
  return {spread(n.re), spread(n.im)};
}

Number FusedKernel::zero(DType type, int count) {
  Value v = b.op<arith::ConstantOp>(
      cast<TypedAttr>(b.getZeroAttr(registerType(b.getContext(), type, count))));
  return {v, kindOf(type) == DTypeKind::Complex ? v : Value()};
}

Value FusedKernel::newScratch(Type element, int64_t size) {
  return atStart(b, descriptor, [&] {
    return b.op<memref::AllocaOp>(MemRefType::get({size}, element), b.getI64IntegerAttr(64));
  });
}

Value FusedKernel::scratchOf(DType type) {
  Type element = ValueBuilder::storageType(b.getContext(), type);
  Value &buffer = scratch_[element];
  if (!buffer)
    buffer = newScratch(element, 2 * lanes);
  return buffer;
}

Value FusedKernel::slotView(int slot, DType type) {
  Value &view = slotViews_[{slot, int(type)}];
  if (!view)
    view = atStart(b, descriptor, [&] {
      Value bytes = b.load(descriptor, b.op<arith::ConstantIndexOp>(layout.slots + slot));
      Value size = b.op<arith::ConstantIndexOp>(INT64_MAX / 16);
      return b.view(workspace, bytes, size, values(type).componentType());
    });
  return view;
}

Number FusedKernel::loadSlot(int slot, DType type, Value index, int count) {
  return loadBuffer(slotView(slot, slotType(type)), type, index, count);
}

void FusedKernel::storeSlot(int slot, DType type, Number value, Value index, int count) {
  storeBuffer(slotView(slot, slotType(type)), type, value, index, count);
}

Value FusedKernel::newBuffer(DType type, int vectors) {
  return newScratch(values(type).componentType(),
                    vectors * lanes * ValueBuilder::componentsOf(type));
}

Number FusedKernel::loadBuffer(Value buffer, DType type, Value index, int count) {
  DType held = slotType(type);
  return toRegister(values(held).load(buffer, held, index, count), held);
}

void FusedKernel::storeBuffer(Value buffer, DType type, Number value, Value index, int count) {
  DType held = slotType(type);
  values(held).store(toSlot(value, held), buffer, held, index, count);
}

Number FusedKernel::yieldIf(Value condition, llvm::function_ref<Number()> then,
                            llvm::function_ref<Number()> otherwise) {
  auto values =
      b.ifYield(condition, [&] { return flat(then()); }, [&] { return flat(otherwise()); });
  return {values[0], values.size() > 1 ? values[1] : Value()};
}

Value FusedKernel::mask(const Point &point) {
  return b.op<vector::CreateMaskOp>(VectorType::get({point.lanes}, b.getI1Type()),
                                    ValueRange{point.length});
}

/// scalar + 0, 1, 2 … of i64.
static Value counted(LoopBuilder &b, Value scalar, Value factor, int lanes) {
  auto type = VectorType::get({lanes}, b.getI64Type());
  SmallVector<int64_t> numbers(lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value steps = b.op<arith::ConstantOp>(
      cast<TypedAttr>(DenseElementsAttr::get(type, ArrayRef<int64_t>(numbers))));
  if (factor)
    steps = b.op<arith::MulIOp>(steps, b.op<vector::BroadcastOp>(type, factor));
  return b.op<arith::AddIOp>(b.op<vector::BroadcastOp>(type, scalar), steps);
}

static Value toI64(LoopBuilder &b, Value index) {
  return b.op<arith::IndexCastOp>(b.getI64Type(), index);
}

Value FusedKernel::laneIndex(const Point &point) {
  Value i = toI64(b, point.i ? point.i : b.idx(0));
  return point.lanes ? counted(b, i, {}, point.lanes) : i;
}

Value FusedKernel::indexAt(int64_t walker, const Point &point, Value k) {
  Value at = b.add(point.base[size_t(walker)],
                   word(layout.offsets + walker - int64_t(program.accesses.size())));
  if (program.vectorAxis < 0 || (!point.i && !k))
    return at;
  Value along = !point.i ? k : k ? b.add(point.i, k) : point.i;
  return b.add(at, b.mul(along, word(layout.factor(walker, program.vectorAxis))));
}

Value FusedKernel::indices(int64_t walker, const Point &point) {
  Value first = toI64(b, indexAt(walker, point, {}));
  if (!point.lanes)
    return first;
  return counted(b, first, toI64(b, word(layout.factor(walker, program.vectorAxis))), point.lanes);
}

/// 0 <= index < extent; both scalars or vectors.
Value FusedKernel::inRange(Value index, Value extent) {
  return b.op<arith::CmpIOp>(arith::CmpIPredicate::ult, index, extent);
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

Number FusedKernel::loadLanes(int access, const Point &point, LaneFn at, LaneFn exists) {
  DType type = program.accesses[size_t(access)].type;
  Value scratch = scratchOf(type);
  ValueBuilder v = values(type);
  // Bits move from buffer to scratch, whatever they mean.
  int parts = ValueBuilder::componentsOf(type);
  auto blank =
      VectorType::get({point.lanes * parts}, ValueBuilder::storageType(b.getContext(), type));
  b.op<vector::StoreOp>(b.op<arith::ConstantOp>(cast<TypedAttr>(b.getZeroAttr(blank))), scratch,
                        ValueRange{b.idx(0)});
  b.forLoop(point.length ? point.length : b.idx(point.lanes), [&](Value k) {
    auto move = [&] {
      Value from = b.mul(at(k), parts), to = b.mul(k, parts);
      for (int part = 0; part < parts; ++part)
        b.store(b.load(buffers[size_t(access)], b.add(from, part)), scratch, b.add(to, part));
    };
    if (exists)
      b.ifThen(exists(k), move);
    else
      move();
  });
  return toRegister(v.load(scratch, type, b.idx(0), point.lanes), type);
}

Number FusedKernel::load(int access, const Point &point, Value base) {
  const LoopProgram::Access &a = program.accesses[size_t(access)];
  Value buffer = buffers[size_t(access)];
  if (!base)
    base = point.base[size_t(access)];
  int64_t stride = program.stride(a), apart = program.step(a);
  Value turned = turned_.lookup(access);
  if (turned)
    buffer = turned, stride = apart = 1;
  ValueBuilder v = values(a.type);
  Value step = stride == 1 || stride == 0 || !point.i
                   ? Value()
                   : word(layout.factor(access, program.vectorAxis));
  Value at = base;
  if (point.i && stride != 0)
    at = b.add(base, step ? b.mul(point.i, step) : point.i);
  if (!point.lanes || stride == 0)
    return broadcast(toRegister(v.load(buffer, a.type, at, 0), a.type), point.lanes);
  auto whole = [&]() -> Number {
    if (stride == 1)
      return toRegister(v.load(buffer, a.type, at, point.lanes), a.type);
    // Backwards: the last lane comes first.
    Number n = v.load(buffer, a.type, b.sub(at, b.idx(point.lanes - 1)), point.lanes);
    SmallVector<int64_t> order(size_t(point.lanes));
    std::iota(order.rbegin(), order.rend(), 0);
    auto turn = [&](Value x) { return x ? Value(b.op<vector::ShuffleOp>(x, x, order)) : x; };
    return toRegister({turn(n.re), turn(n.im)}, a.type);
  };
  auto single = [&] {
    return loadLanes(access, point, [&](Value k) { return b.add(at, step ? b.mul(k, step) : k); });
  };
  if (apart != LoopProgram::kAnyStep && std::abs(apart) > 1) {
    auto strided = [&] {
      return toRegister(v.loadStrided(buffer, a.type, at, point.lanes, apart), a.type);
    };
    return point.length ? yieldIf(b.eq(point.length, b.idx(point.lanes)), strided, single)
                        : strided();
  }
  if (stride == 1 && !turned && fetchesAhead && a.strides.back() != 0)
    v.fetchAhead(buffer, a.type, at);
  if (stride == 1 || stride == -1) {
    if (!point.length || turned) // a row of a block has room for whole vectors
      return whole();
    // The prefetcher does not follow masked loads: all but the last are whole.
    auto masked = [&] {
      return toRegister(v.loadMasked(buffer, a.type, at, point.lanes, point.length), a.type);
    };
    return yieldIf(b.eq(point.length, b.idx(point.lanes)), whole,
                   stride == 1 && v.hasMaskedLoad(a.type) ? llvm::function_ref<Number()>(masked)
                                                          : single);
  }
  return single();
}

void FusedKernel::store(const LoopProgram::Store &store, const Point &point) {
  const LoopProgram::Access &a = program.accesses[size_t(store.access)];
  Value buffer = buffers[size_t(store.access)], at = point.base[size_t(store.access)];
  ValueBuilder v = values(a.type);
  Number value = toSlot(get(store.node, point), a.type);
  int64_t stride = program.stride(a);
  Value step;
  if (point.i && stride != 0) {
    step = stride == 1 ? b.idx(1) : word(layout.factor(store.access, program.vectorAxis));
    at = b.add(at, b.mul(point.i, step));
  }
  if (!point.lanes) {
    v.store(value, buffer, a.type, at, 0);
    return;
  }
  auto whole = [&] { v.store(value, buffer, a.type, at, point.lanes, streams); };
  auto single = [&] {
    Value scratch = scratchOf(a.type);
    v.store(value, scratch, a.type, b.idx(0), point.lanes);
    int parts = ValueBuilder::componentsOf(a.type);
    b.forLoop(point.length ? point.length : b.idx(point.lanes), [&](Value k) {
      Value to = b.mul(step ? b.add(at, b.mul(k, step)) : at, parts), from = b.mul(k, parts);
      for (int part = 0; part < parts; ++part)
        b.store(b.load(scratch, b.add(from, part)), buffer, b.add(to, part));
    });
  };
  if (stride != 1)
    return single();
  if (!point.length)
    return whole();
  if (v.hasMaskedStore(a.type))
    return v.storeMasked(value, buffer, a.type, at, point.lanes, point.length);
  // Short rows end often.
  auto pieces = [&] { storePieces(value, buffer, a.type, at, point); };
  const bool mayPiece = program.grouped && !value.im && llvm::isPowerOf2_32(unsigned(point.lanes));
  b.ifThen(b.eq(point.length, b.idx(point.lanes)), whole,
           mayPiece ? llvm::function_ref<void()>(pieces) : single);
}

void FusedKernel::storePieces(Number value, Value buffer, DType type, Value at,
                              const Point &point) {
  ValueBuilder v = values(type);
  auto part = [&](Value vector, int from, int count) -> Value {
    if (count == 1)
      return b.op<vector::ExtractOp>(vector, int64_t(from));
    SmallVector<int64_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), from);
    return b.op<vector::ShuffleOp>(vector, vector, order);
  };
  Value rest = value.re;
  for (int size = point.lanes / 2; size > 0; size /= 2) {
    Value isStored = b.ne(b.rem(b.div(point.length, b.idx(size)), b.idx(2)), b.idx(0));
    Value low = part(rest, 0, size);
    b.ifThen(isStored, [&] { v.store({low, {}}, buffer, type, at, size > 1 ? size : 0); });
    if (size == 1)
      break;
    rest = b.select(isStored, part(rest, size, size), low);
    at = b.select(isStored, b.add(at, b.idx(size)), at);
  }
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

Number FusedKernel::get(int node, const Point &point) {
  if (auto known = known_.find(node); known != known_.end())
    return broadcast(known->second, point.lanes);
  Point at = point;
  if (program.isUniform(node))
    at.lanes = 0, at.length = {};
  Number value = compute(node, at);
  known_[node] = value;
  return broadcast(value, point.lanes);
}

Number FusedKernel::compute(int index, const Point &point) {
  const LoopProgram::Node &node = program.nodes[size_t(index)];
  if (inSlot.contains(index)) {
    int slot = layout.slot[size_t(index)];
    Value i = point.i ? point.i : b.idx(0);
    if (node.kind == Kind::ArgReduce)
      return loadSlot(slot + 1, DType::i64, i, point.lanes);
    DType held = program.isReduction(index) ? accumulatorType(node) : node.type;
    Number value = loadSlot(slot, held, i, point.lanes);
    return held == node.type ? value : scalars.cast(value, held, node.type);
  }
  SmallVector<Number> operands;
  std::optional<size_t> added = addedFunction(node);
  for (auto [i, operand] : llvm::enumerate(node.operands)) {
    if (node.kind != Kind::Scalar && node.kind != Kind::Cast)
      break;
    if (added == i) {
      const LoopProgram::Node &function = program.nodes[size_t(operand)];
      Number x = get(function.operands[0], point);
      operands.push_back({emitMathForSum(b, target, function.scalar, x.re), {}});
    } else {
      operands.push_back(get(operand, point));
    }
  }
  switch (node.kind) {
  case Kind::Load:
    return load(node.access, point);
  case Kind::Pad:
    return pad(index, point);
  case Kind::Gather:
    return gather(index, point);
  case Kind::Constant:
    if (LoopProgram::isParameter(node))
      return {parameter(index), {}};
    return scalars.constant(node.type, node.data.data(), point.lanes);
  case Kind::Position:
    return {indices(layout.position[size_t(index)], point), {}};
  case Kind::Scalar:
    return scalars.apply(node.scalar, node.computed, operands);
  case Kind::Cast:
    return scalars.cast(operands[0], program.nodes[size_t(node.operands[0])].type, node.type);
  case Kind::Reduce:
  case Kind::ArgReduce:
  case Kind::Scan:
    break;
  }
  llvm_unreachable("the emitter of the loops says what a reduction is");
}

std::optional<size_t> FusedKernel::addedFunction(const LoopProgram::Node &node) const {
  if (node.kind != Kind::Scalar ||
      (node.scalar != ScalarOp::Add && node.scalar != ScalarOp::Subtract))
    return std::nullopt;
  for (size_t i : {0, 1}) {
    const LoopProgram::Node &function = program.nodes[size_t(node.operands[i])],
                            &other = program.nodes[size_t(node.operands[1 - i])];
    // A number that is handed over at run time is not known here.
    std::optional<double> number = LoopProgram::floatOf(other);
    if (!number || LoopProgram::isParameter(other) || std::abs(*number) < 1)
      continue;
    if (function.kind == Kind::Scalar && hasFormForSum(function.scalar, node.computed) &&
        function.computed == node.computed && !function.cached &&
        program.users(node.operands[i]) == 1)
      return i;
  }
  return std::nullopt;
}

Number FusedKernel::pad(int index, const Point &point) {
  const LoopProgram::Node &node = program.nodes[size_t(index)];
  Value holds;
  for (auto [g, guard] : llvm::enumerate(node.guards)) {
    int64_t walker = layout.guard[size_t(index)] + int64_t(g);
    Value one;
    if (point.lanes && program.endsAlong(guard)) {
      assert(held_.count(walker) && "vectors go from one end of a guard to the next");
      auto [atRunTime, isKnown] = held_[walker];
      if (!atRunTime && !isKnown)
        return get(node.operands[0], point);
      one = atRunTime;
    } else {
      one = inRange(indexAt(walker, point, {}), guardExtent(walker));
    }
    holds = holds && one ? b.both(holds, one) : holds ? holds : one;
  }
  auto inside = [&]() -> Number {
    if (node.access >= 0)
      return load(node.access, point);
    Number result;
    scope([&] { result = get(node.operands[1], point); });
    return result;
  };
  if (!holds)
    return inside();
  Number otherwise = get(node.operands[0], point);
  return yieldIf(holds, inside, [&] { return otherwise; });
}

Value FusedKernel::guardExtent(int64_t walker) {
  return word(layout.guardExtents + walker - int64_t(program.accesses.size()));
}

std::pair<Value, Value> FusedKernel::rangeOf(int64_t walker, bool isUnit, const Values &base) {
  // 0 <= first + i * factor < extent
  Value first = indexAt(walker, Point{base, {}, {}, 0}, {}), extent = guardExtent(walker);
  Value none = b.idx(0), factor;
  if (!isUnit) {
    // From the other end where it goes backwards.
    factor = word(layout.factor(walker, program.vectorAxis));
    Value isBackwards = b.lt(factor, none);
    first = b.select(isBackwards, b.sub(b.sub(extent, b.idx(1)), first), first);
    factor = b.select(isBackwards, b.sub(none, factor), factor);
  }
  auto indexAfter = [&](Value distance) {
    Value some = b.max(distance, none);
    return isUnit ? some : b.div(b.add(some, b.sub(factor, b.idx(1))), factor);
  };
  return {indexAfter(b.sub(none, first)), indexAfter(b.sub(extent, first))};
}

std::pair<Value, Value> FusedKernel::checkedIndex(Value index, int64_t at) {
  Value extent = word(at + 1);
  Value wrapped = b.select(b.lt(index, b.idx(0)), b.add(index, extent), index);
  Value valid = inRange(wrapped, extent);
  Value none = b.op<arith::ConstantIntOp>(0, 64);
  b.ifThen(
      valid, [] {},
      [&] {
        // The first one that a worker finds.
        b.ifThen(b.eq(b.load(status, b.idx(0)), none), [&] {
          b.store(toI64(b, index), status, b.idx(1));
          b.store(toI64(b, extent), status, b.idx(2));
          b.store(toI64(b, word(at + 2)), status, b.idx(3));
          b.store(toI64(b, b.idx(1)), status, b.idx(0));
        });
      });
  return {b.mul(wrapped, word(at)), valid};
}

Number FusedKernel::gather(int index, const Point &point) {
  const LoopProgram::Node &node = program.nodes[size_t(index)];
  Value base = point.base[size_t(node.access)];
  int64_t at = layout.gathered + 3 * layout.gather[size_t(index)];
  auto toIndex = [&](Value v) { return b.op<arith::IndexCastOp>(b.getIndexType(), v); };
  bool uniform = llvm::all_of(node.operands, [&](int i) { return program.isUniform(i); });
  if (uniform || !point.lanes) {
    Value exists, offset = base;
    for (auto [g, operand] : llvm::enumerate(node.operands)) {
      Point scalar{point.base, point.i, {}, 0};
      auto [step, valid] = checkedIndex(toIndex(get(operand, scalar).re), at + 3 * int64_t(g));
      offset = b.add(offset, step);
      exists = exists ? b.both(exists, valid) : valid;
    }
    return yieldIf(
        exists, [&] { return load(node.access, point, offset); },
        [&] { return zero(node.type, point.lanes); });
  }
  // Every lane has an index of its own.
  SmallVector<Value> tables;
  for (int operand : node.operands) {
    Value table = newScratch(b.getI64Type(), lanes);
    b.op<vector::StoreOp>(get(operand, point).re, table, ValueRange{b.idx(0)});
    tables.push_back(table);
  }
  Value step = program.stride(program.accesses[size_t(node.access)]) == 0
                   ? Value()
                   : word(layout.factor(node.access, program.vectorAxis));
  Value offset;
  auto exists = [&](Value k) {
    Value all;
    offset = step ? b.add(base, b.mul(point.i ? b.add(point.i, k) : k, step)) : base;
    for (auto [g, table] : llvm::enumerate(tables)) {
      auto [along, valid] = checkedIndex(toIndex(b.load(table, k)), at + 3 * int64_t(g));
      offset = b.add(offset, along);
      all = all ? b.both(all, valid) : valid;
    }
    return all;
  };
  return loadLanes(node.access, point, [&](Value) { return offset; }, exists);
}

} // namespace ricci
