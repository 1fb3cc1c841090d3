//===- build_loop_program.cpp - the block of a fused kernel as loops -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/fusion.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/constants.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"

using namespace mlir;

namespace ricci {

namespace {

using Kind = LoopProgram::Kind;

ArrayRef<int64_t> shapeOf(Value value) { return typeOf(value).getShape(); }

class Builder {
public:
  Builder(KernelOp kernel, ArrayRef<int64_t> space, ArrayRef<bool> reduced)
      : kernel_(kernel), space_(space), reduced_(reduced) {
    for (auto [extent, isReduced] : llvm::zip(space, reduced))
      program_.axes.push_back({extent, isReduced});
  }

  /// As if the results of an einsum and this value lay in memory.
  std::optional<LoopProgram> buildBetween(EinsumOp from, Value to) {
    between_ = from;
    return buildStored(to, true);
  }

  /// As if this value were stored in a buffer of its own; `full`: on all axes.
  std::optional<LoopProgram> buildStored(Value value, bool full) {
    auto map = embed(shapeOf(value), space_, reduced_, false);
    int node = map ? compute(value, *map) : -1;
    if (node < 0)
      return std::nullopt;
    unsigned buffer = unsigned(kernel_.getInputs().size()) + 1;
    program_.stores.push_back({node, access(buffer, value, inCOrder(value), *map), full});
    program_.findGuarded();
    return std::move(program_);
  }

  std::optional<LoopProgram> build() {
    YieldOp yield = kernel_.yield();
    for (auto [i, value] : llvm::enumerate(yield.getResults()))
      if (!store(value, unsigned(i)))
        return std::nullopt;
    program_.findGuarded();
    return std::move(program_);
  }

private:
  bool store(Value value, unsigned result) {
    StridedView view;
    view.shape.assign(shapeOf(value).begin(), shapeOf(value).end());
    view.strides.assign(kernel_.outputStrides(result).begin(), kernel_.outputStrides(result).end());
    // Where it is wanted; else where what it is a view of is computed.
    if (storeAt(value, view, result))
      return true;
    auto through = storeThrough(value, view);
    return through && storeAt(through->first, through->second, result);
  }

  bool storeAt(Value value, const StridedView &view, unsigned result) {
    for (bool onKept : {true, false}) {
      auto map = embed(shapeOf(value), space_, reduced_, onKept);
      if (!map)
        continue;
      int node = compute(value, *map);
      // A scan runs along its axis, be it of extent 1.
      if (node < 0 || (onKept && program_.nodes[size_t(node)].full))
        continue;
      unsigned buffer = unsigned(kernel_.getInputs().size()) + result;
      bool full =
          program_.nodes[size_t(node)].full || (!onKept && llvm::is_contained(reduced_, true));
      program_.stores.push_back({node, access(buffer, value, view, *map), full});
      return true;
    }
    return false;
  }

  int access(unsigned buffer, Value value, const StridedView &view, const IndexMap &map) {
    LoopProgram::Access access;
    access.buffer = buffer;
    access.type = elementDType(value.getType());
    access.offset = view.offset;
    access.strides.assign(space_.size(), 0);
    for (auto [term, stride] : llvm::zip(map.terms, view.strides)) {
      access.offset += term.offset * stride;
      for (auto [sum, factor] : llvm::zip(access.strides, term.factors))
        sum += factor * stride;
    }
    // An empty axis is moved along, be its stride 0: what lies there is never read. What is empty
    // moves along one at least, though a reshape of nothing may not say along which.
    auto isAlong = [&](size_t axis) {
      return llvm::any_of(map.terms,
                          [&](const IndexTerm &term) { return term.factors[axis] != 0; });
    };
    bool anyEmpty = llvm::is_contained(view.shape, 0);
    for (auto [axis, extent] : llvm::enumerate(space_))
      anyEmpty &= extent != 0 || !isAlong(axis);
    for (auto [axis, extent] : llvm::enumerate(space_))
      if (extent <= 1)
        access.strides[axis] = extent == 0 && (anyEmpty || isAlong(axis));
    program_.accesses.push_back(access);
    return int(program_.accesses.size()) - 1;
  }

  bool isFull(ArrayRef<int64_t> numbers) const {
    for (auto [number, reduced] : llvm::zip(numbers, reduced_))
      if (number && reduced)
        return true;
    return false;
  }

  int add(LoopProgram::Node node) {
    if (node.access >= 0)
      node.full |= isFull(program_.accesses[size_t(node.access)].strides);
    if (node.kind == Kind::Position)
      node.full |= isFull(node.index.factors);
    for (const LoopProgram::Guard &guard : node.guards)
      node.full |= isFull(guard.index.factors);
    for (int operand : node.operands) {
      const LoopProgram::Node &from = program_.nodes[size_t(operand)];
      node.full |= from.full;
      node.stage = std::max(node.stage, from.stage);
    }
    if (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce) {
      node.full = false;
      ++node.stage;
    }
    if (node.kind == Kind::Scan)
      node.full = true;
    program_.nodes.push_back(std::move(node));
    return int(program_.nodes.size()) - 1;
  }

  /// The node of the value at this index; negative where the kernel's loops cannot give it.
  int compute(Value value, const IndexMap &map) {
    // Views of what is computed say which index is wanted.
    IndexMap at = map;
    bool isStored = isa<BlockArgument>(viewBase(value));
    while (isView(value.getDefiningOp()) && !(isStored && memoryView(kernel_, value))) {
      auto inner = mapThrough(value.getDefiningOp(), at);
      if (!inner)
        return -1;
      at = *inner;
      value = viewOperand(value.getDefiningOp());
    }
    for (auto &[known, node] : nodes_[value])
      if (known == at)
        return node;
    int node = make(value, at);
    nodes_[value].emplace_back(at, node);
    return node;
  }

  int make(Value value, const IndexMap &map) {
    LoopProgram::Node node;
    node.type = elementDType(value.getType());
    if (auto placed = memoryView(kernel_, value)) {
      node.kind = Kind::Load;
      node.access = access(placed->first, value, placed->second, map);
      return add(node);
    }
    Operation *op = value.getDefiningOp();
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      node.kind = Kind::Constant;
      node.data = constantToBytes(cast<DenseElementsAttr>(constant.getValue()));
      return add(node);
    }
    if (isa<IotaOp>(op)) {
      node.kind = Kind::Position;
      node.index = indexOf(map.terms[0]);
      return add(node);
    }
    if (isa<ReduceOp, ArgReduceOp, ScanOp>(op))
      return reduction(op, map, node);
    if (isa<EinsumOp>(op) && between_) {
      if (op != between_)
        return -1;
      node.kind = Kind::Load;
      node.access = access(unsigned(kernel_.getInputs().size()), value, inCOrder(value), map);
      return add(node);
    }
    if (isa<EinsumOp>(op)) {
      // Its sums are where the result will be.
      node.kind = Kind::Load;
      StridedView view;
      view.shape.assign(shapeOf(value).begin(), shapeOf(value).end());
      view.strides.assign(kernel_.outputStrides(0).begin(), kernel_.outputStrides(0).end());
      node.access = access(unsigned(kernel_.getInputs().size()), value, view, map);
      return add(node);
    }
    if (!isInlined(op))
      return -1;
    SmallVector<IndexMap> maps = operandMaps(op, map);
    if (auto joined = dyn_cast<ConcatenateOp>(op))
      return concatenate(joined, maps, node);
    size_t firstComputed = isa<PadOp, GatherOp>(op) ? 1 : 0;
    for (size_t i = firstComputed; i < op->getNumOperands(); ++i) {
      int operand = compute(op->getOperand(unsigned(i)), maps[i]);
      if (operand < 0)
        return -1;
      node.operands.push_back(operand);
    }
    if (auto elementwise = dyn_cast<ElementwiseOp>(op)) {
      node.kind = Kind::Scalar;
      node.scalar = elementwise.scalarOp();
      node.computed = elementDType(elementwise.getInputs().back().getType());
    } else if (isa<CastOp>(op)) {
      node.kind = Kind::Cast;
    } else if (auto pad = dyn_cast<PadOp>(op)) {
      node.kind = Kind::Pad;
      if (!readInside(node, pad.getInput(), maps[0]))
        return -1;
      ArrayRef<int64_t> shape = shapeOf(pad.getInput());
      for (size_t axis = 0; axis < shape.size(); ++axis)
        if (pad.getLow()[axis] || pad.getHigh()[axis])
          node.guards.push_back({indexOf(maps[0].terms[axis]), shape[axis]});
    } else {
      auto placed = memoryView(kernel_, op->getOperand(0));
      if (!placed)
        return -1;
      node.kind = Kind::Gather;
      node.access = access(placed->first, op->getOperand(0), placed->second, maps[0]);
      auto number = op->getAttrOfType<IntegerAttr>(kGatherAttr);
      int64_t first = number ? number.getInt() * kMaxRank : 0;
      for (int64_t axis : cast<GatherOp>(op).getDims())
        node.gathered.push_back({placed->second.strides[size_t(axis)],
                                 placed->second.shape[size_t(axis)], first + axis});
    }
    return add(node);
  }

  /// What a Pad has inside: read from memory, or computed as its operand 1.
  bool readInside(LoopProgram::Node &node, Value value, const IndexMap &map) {
    if (auto placed = memoryView(kernel_, value)) {
      node.access = access(placed->first, value, placed->second, map);
      return true;
    }
    node.operands.push_back(compute(value, map));
    return node.operands.back() >= 0;
  }

  /// Each part where the index is in it, else the others; 0 behind the last is never read.
  int concatenate(ConcatenateOp op, ArrayRef<IndexMap> maps, LoopProgram::Node node) {
    LoopProgram::Node none = node;
    none.kind = Kind::Constant;
    none.data.assign(itemSize(node.type), 0);
    int result = add(none);
    node.kind = Kind::Pad;
    for (size_t i = op.getInputs().size(); i-- > 0;) {
      int64_t extent = shapeOf(op.getInputs()[i])[op.getDim()];
      LoopProgram::Node part = node;
      part.operands = {result};
      if (!readInside(part, op.getInputs()[i], maps[i]))
        return -1;
      part.guards.push_back({indexOf(maps[i].terms[op.getDim()]), extent});
      result = add(part);
    }
    return result;
  }

  LoopProgram::Index indexOf(const IndexTerm &term) const {
    LoopProgram::Index index{term.offset, {}};
    index.factors.assign(term.factors.begin(), term.factors.end());
    for (auto [factor, extent] : llvm::zip(index.factors, space_))
      if (extent == 1)
        factor = 0;
    return index;
  }

  int reduction(Operation *op, const IndexMap &map, LoopProgram::Node node) {
    Value input = op->getOperand(0);
    // Its result is known at the kept axes' index alone.
    auto wanted = embed(shapeOf(op->getResult(0)), space_, reduced_, !isa<ScanOp>(op));
    auto inner = embed(shapeOf(input), space_, reduced_, false);
    if (!wanted || !inner)
      return -1;
    for (auto [extent, term, known] :
         llvm::zip(shapeOf(op->getResult(0)), map.terms, wanted->terms))
      if (extent != 1 && !(term == known))
        return -1;
    int operand = compute(input, *inner);
    if (operand < 0)
      return -1;
    node.operands = {operand};
    node.computed = elementDType(input.getType());
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      node.kind = Kind::Reduce;
      node.reduce = reduce.getKind();
    } else if (auto reduce = dyn_cast<ArgReduceOp>(op)) {
      node.kind = Kind::ArgReduce;
      node.isMin = reduce.getKind() == ArgReduceKind::Argmin;
    } else {
      auto scan = cast<ScanOp>(op);
      node.kind = Kind::Scan;
      node.isProduct = scan.getKind() == ScanKind::Cumprod;
      if (Value before = scan.getBefore()) {
        auto kept = embed(shapeOf(before), space_, reduced_, true);
        int start = kept ? compute(before, *kept) : -1;
        if (start < 0)
          return -1;
        node.operands.push_back(start);
      }
    }
    return add(node);
  }

  static StridedView inCOrder(Value value) {
    StridedView view;
    view.shape.assign(shapeOf(value).begin(), shapeOf(value).end());
    auto strides = contiguousStrides(Shape(view.shape.begin(), view.shape.end()));
    view.strides.assign(strides.begin(), strides.end());
    return view;
  }

  KernelOp kernel_;
  EinsumOp between_; ///< whose result is as if it lay in memory
  ArrayRef<int64_t> space_;
  ArrayRef<bool> reduced_;
  LoopProgram program_;
  llvm::DenseMap<Value, SmallVector<std::pair<IndexMap, int>, 1>> nodes_;
};

} // namespace

std::optional<LoopProgram> buildEpilogue(KernelOp kernel) {
  Value result = kernel.yield().getResults()[0];
  bool hasEinsum = !kernel.block().getOps<EinsumOp>().empty();
  if (!hasEinsum || isa_and_nonnull<EinsumOp>(viewBase(result).getDefiningOp()))
    return std::nullopt;
  ArrayRef<int64_t> shape = shapeOf(result);
  SmallVector<bool> kept(shape.size(), false);
  return Builder(kernel, shape, kept).build();
}

std::optional<OperandPrologue> buildPrologue(KernelOp kernel) {
  auto einsums = kernel.block().getOps<EinsumOp>();
  if (einsums.empty())
    return std::nullopt;
  for (auto [i, operand] : llvm::enumerate((*einsums.begin()).getInputs())) {
    if (memoryView(kernel, operand))
      continue;
    SmallVector<bool> kept(shapeOf(operand).size(), false);
    auto program = Builder(kernel, shapeOf(operand), kept).buildStored(operand, false);
    if (!program)
      return std::nullopt;
    auto &accesses = program->accesses;
    auto elements = [&](const LoopProgram::Access &access) {
      double n = 1;
      for (auto [axis, stride] : llvm::zip(program->axes, access.strides))
        n *= stride ? double(axis.extent) : 1;
      return n;
    };
    size_t largest = 0;
    for (size_t a = 1; a + 1 < accesses.size(); ++a)
      if (elements(accesses[a]) > elements(accesses[largest]))
        largest = a;
    std::swap(accesses[0], accesses[largest]);
    for (LoopProgram::Node &node : program->nodes)
      if (node.access == 0 || node.access == int(largest))
        node.access = int(largest) - node.access;
    return OperandPrologue{i, std::move(*program)};
  }
  return std::nullopt;
}

std::optional<LoopProgram> buildLoopProgramBetween(KernelOp kernel, EinsumOp from, Value to) {
  auto reductions = kernel.block().getOps<ReduceOp>();
  if (reductions.empty())
    return std::nullopt;
  ReduceOp first = *reductions.begin();
  ArrayRef<int64_t> space = shapeOf(first.getInput());
  SmallVector<bool> reduced(space.size(), false);
  for (int64_t dim : first.getDims())
    reduced[size_t(dim)] = true;
  return Builder(kernel, space, reduced).buildBetween(from, to);
}

SmallVector<const LoopProgram::Access *> operandsOf(const LoopProgram &epilogue) {
  unsigned result = epilogue.accesses[size_t(epilogue.stores[0].access)].buffer;
  SmallVector<const LoopProgram::Access *> operands;
  for (const LoopProgram::Access &access : epilogue.accesses)
    if (access.buffer != result)
      operands.push_back(&access);
  return operands;
}

SmallVector<const LoopProgram::Access *> otherOperandsOf(const LoopProgram &prologue) {
  auto operands = operandsOf(prologue);
  operands.erase(operands.begin());
  return operands;
}

LoopProgram alongColumns(LoopProgram epilogue) {
  const LoopProgram::Access &result = epilogue.accesses[size_t(epilogue.stores[0].access)];
  size_t columns = 0;
  for (auto [axis, stride] : llvm::enumerate(result.strides))
    if (stride == 1)
      columns = axis;
  epilogue.axes = {epilogue.axes[columns]};
  for (LoopProgram::Access &access : epilogue.accesses)
    access.strides = {access.strides[columns]};
  epilogue.arrange({0}, LoopProgram::Mode::Columns);
  return epilogue;
}

std::optional<LoopProgram> buildLoopProgram(KernelOp kernel) {
  for (Operation &op : kernel.block()) {
    if (isa<EinsumOp>(op))
      return std::nullopt;
    SmallVector<int64_t> dims;
    if (auto reduce = dyn_cast<ReduceOp>(op))
      dims.assign(reduce.getDims().begin(), reduce.getDims().end());
    else if (auto reduce = dyn_cast<ArgReduceOp>(op))
      dims = {int64_t(reduce.getDim())};
    else if (auto scan = dyn_cast<ScanOp>(op))
      dims = {int64_t(scan.getDim())};
    else
      continue;
    ArrayRef<int64_t> space = shapeOf(op.getOperand(0));
    SmallVector<bool> reduced(space.size(), false);
    for (int64_t dim : dims)
      reduced[size_t(dim)] = true;
    return Builder(kernel, space, reduced).build();
  }
  // Without reductions the space is that of a result, or of what it is a view of.
  Value value = kernel.yield().getResults()[0];
  for (;; value = viewOperand(value.getDefiningOp())) {
    SmallVector<bool> kept(shapeOf(value).size(), false);
    if (auto program = Builder(kernel, shapeOf(value), kept).build())
      return program;
    if (!isView(value.getDefiningOp()))
      return std::nullopt;
  }
}

} // namespace ricci
