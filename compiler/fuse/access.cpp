//===- access.cpp - where the elements of a value are -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/access.h"

#include "runtime/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace ricci {

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

StridedView contiguous(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  Strides strides = contiguousStrides(Shape(shape.begin(), shape.end()));
  return {SmallVector<int64_t>(shape), SmallVector<int64_t>(strides.begin(), strides.end()), 0};
}

StridedView memoryOf(Value value) {
  StridedView view = contiguous(value);
  DenseI64ArrayAttr strides;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    strides = function.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(), kStridesAttr);
  } else {
    for (OpOperand &use : value.getUses())
      if (auto end = dyn_cast<func::ReturnOp>(use.getOwner()))
        strides = end->getParentOfType<func::FuncOp>().getResultAttrOfType<DenseI64ArrayAttr>(
            use.getOperandNumber(), kStridesAttr);
  }
  if (strides)
    view.strides.assign(strides.asArrayRef().begin(), strides.asArrayRef().end());
  return view;
}

bool isView(Operation *op) {
  return isa_and_nonnull<TransposeOp, SliceOp, BroadcastOp, WindowsOp, ReshapeOp>(op);
}

Value viewOperand(Operation *op) { return op->getOperand(0); }

Value viewBase(Value value) {
  while (isView(value.getDefiningOp()))
    value = viewOperand(value.getDefiningOp());
  return value;
}

/// Groups of axes of two shapes with the same number of elements: [first, last) of each, from the
/// left, as small as they can be. Axes of extent 1 at a group's end belong to it.
struct AxisGroup {
  size_t from0, from1, to0, to1;
};

static SmallVector<AxisGroup> matchAxes(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<AxisGroup> groups;
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    AxisGroup g{i, i, j, j};
    int64_t left = 1, right = 1;
    if (i < from.size())
      left = from[i++];
    if (j < to.size())
      right = to[j++];
    while (left != right) {
      if (left < right && i < from.size())
        left *= from[i++];
      else if (left > right && j < to.size())
        right *= to[j++];
      else
        break;
    }
    while (i < from.size() && from[i] == 1)
      ++i;
    while (j < to.size() && to[j] == 1)
      ++j;
    g.from1 = i, g.to1 = j;
    groups.push_back(g);
  }
  return groups;
}

std::optional<StridedView> reshapeView(const StridedView &view, ArrayRef<int64_t> shape) {
  StridedView result;
  result.shape.assign(shape.begin(), shape.end());
  result.offset = view.offset;
  result.strides.assign(shape.size(), 0);
  if (llvm::is_contained(shape, 0))
    return result;
  for (const AxisGroup &g : matchAxes(view.shape, shape)) {
    // The operand's axes of the group must be one run.
    int64_t stride = 0, extent = 1;
    bool any = false;
    for (size_t i = g.from1; i-- > g.from0;) {
      if (view.shape[i] == 1)
        continue;
      if (!any)
        stride = view.strides[i];
      else if (view.strides[i] != stride * extent)
        return std::nullopt;
      any = true;
      extent *= view.shape[i];
    }
    int64_t step = stride;
    for (size_t j = g.to1; j-- > g.to0;) {
      result.strides[j] = step;
      step *= shape[j];
    }
  }
  return result;
}

std::optional<StridedView> viewThrough(Operation *op, const StridedView &operand) {
  StridedView view;
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  view.shape.assign(shape.begin(), shape.end());
  view.offset = operand.offset;
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    for (int64_t axis : transpose.getPerm())
      view.strides.push_back(operand.strides[axis]);
  } else if (auto slice = dyn_cast<SliceOp>(op)) {
    bool empty = llvm::is_contained(shape, 0);
    for (auto [stride, start, step] :
         llvm::zip(operand.strides, slice.getStart(), slice.getStep())) {
      view.strides.push_back(stride * step);
      view.offset += empty ? 0 : stride * start;
    }
  } else if (isa<BroadcastOp>(op)) {
    size_t added = shape.size() - operand.shape.size();
    view.strides.assign(shape.size(), 0);
    for (size_t i = 0; i < operand.shape.size(); ++i)
      if (operand.shape[i] == shape[added + i])
        view.strides[added + i] = operand.strides[i];
  } else if (auto windows = dyn_cast<WindowsOp>(op)) {
    view.strides = operand.strides;
    view.strides.push_back(operand.strides[windows.getDim()]);
  } else {
    return reshapeView(operand, shape);
  }
  return view;
}

std::optional<std::pair<unsigned, StridedView>> memoryView(KernelOp kernel, Value value) {
  SmallVector<Operation *> chain;
  while (isView(value.getDefiningOp())) {
    chain.push_back(value.getDefiningOp());
    value = viewOperand(value.getDefiningOp());
  }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return std::nullopt;
  StridedView view;
  ArrayRef<int64_t> shape = shapeOf(value), strides = kernel.inputStrides(argument.getArgNumber());
  view.shape.assign(shape.begin(), shape.end());
  view.strides.assign(strides.begin(), strides.end());
  for (Operation *op : llvm::reverse(chain)) {
    auto next = viewThrough(op, view);
    if (!next)
      return std::nullopt;
    view = *next;
  }
  return std::pair(argument.getArgNumber(), view);
}

IndexMap identityMap(size_t rank) {
  IndexMap map{rank, {}};
  map.terms.resize(rank);
  for (size_t i = 0; i < rank; ++i) {
    map.terms[i].factors.assign(rank, 0);
    map.terms[i].factors[i] = 1;
  }
  return map;
}

/// a + b * factor.
static IndexTerm plus(IndexTerm a, const IndexTerm &b, int64_t factor) {
  a.offset += b.offset * factor;
  for (auto [x, y] : llvm::zip(a.factors, b.factors))
    x += y * factor;
  return a;
}

static IndexTerm zeroTerm(size_t rank) {
  IndexTerm term;
  term.factors.assign(rank, 0);
  return term;
}

std::optional<IndexMap> mapThrough(Operation *op, const IndexMap &map) {
  IndexMap result{map.rank, {}};
  ArrayRef<int64_t> from = shapeOf(viewOperand(op)), to = shapeOf(op->getResult(0));
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    result.terms.resize(from.size());
    for (auto [i, axis] : llvm::enumerate(transpose.getPerm()))
      result.terms[axis] = map.terms[i];
  } else if (auto slice = dyn_cast<SliceOp>(op)) {
    for (auto [term, start, step] : llvm::zip(map.terms, slice.getStart(), slice.getStep())) {
      result.terms.push_back(plus(zeroTerm(map.rank), term, step));
      result.terms.back().offset += start;
    }
  } else if (isa<BroadcastOp>(op)) {
    return broadcastMap(from, map);
  } else if (auto windows = dyn_cast<WindowsOp>(op)) {
    result.terms.append(map.terms.begin(), map.terms.end() - 1);
    int64_t dim = windows.getDim();
    result.terms[dim] = plus(result.terms[dim], map.terms.back(), 1);
  } else {
    result.terms.assign(from.size(), zeroTerm(map.rank));
    if (llvm::is_contained(to, 0))
      return result;
    for (const AxisGroup &g : matchAxes(from, to)) {
      size_t axis = g.from1;
      for (size_t i = g.from0; i < g.from1; ++i)
        if (from[i] != 1) {
          if (axis != g.from1)
            return std::nullopt;
          axis = i;
        }
      if (axis == g.from1)
        continue;
      int64_t step = 1;
      for (size_t j = g.to1; j-- > g.to0;) {
        if (to[j] != 1)
          result.terms[axis] = plus(result.terms[axis], map.terms[j], step);
        step *= to[j];
      }
    }
  }
  return result;
}

IndexMap broadcastMap(ArrayRef<int64_t> operandShape, const IndexMap &map) {
  IndexMap result{map.rank, {}};
  size_t added = map.terms.size() - operandShape.size();
  for (size_t i = 0; i < operandShape.size(); ++i)
    result.terms.push_back(operandShape[i] == 1 ? zeroTerm(map.rank) : map.terms[added + i]);
  return result;
}

SmallVector<IndexMap> operandMaps(Operation *op, const IndexMap &map) {
  SmallVector<IndexMap> maps;
  if (auto pad = dyn_cast<PadOp>(op)) {
    IndexMap inner = map;
    for (auto [term, low] : llvm::zip(inner.terms, pad.getLow()))
      term.offset -= low;
    return {inner, IndexMap{map.rank, {}}};
  }
  if (auto gather = dyn_cast<GatherOp>(op)) {
    // result: other axes before `position`, the indices' axes, the other axes after
    size_t position = size_t(gather.getPosition());
    size_t indexRank = shapeOf(gather.getIndices()[0]).size();
    IndexMap data{map.rank, {}}, index{map.rank, {}};
    index.terms.append(map.terms.begin() + position, map.terms.begin() + position + indexRank);
    size_t next = 0;
    for (size_t axis = 0; axis < shapeOf(gather.getInput()).size(); ++axis) {
      if (llvm::is_contained(gather.getDims(), int64_t(axis))) {
        data.terms.push_back({0, SmallVector<int64_t>(map.rank, 0)});
        continue;
      }
      data.terms.push_back(map.terms[next < position ? next : next + indexRank]);
      ++next;
    }
    maps.push_back(data);
    maps.append(gather.getIndices().size(), index);
    return maps;
  }
  if (auto concatenate = dyn_cast<ConcatenateOp>(op)) {
    IndexMap part = map;
    for (Value operand : concatenate.getInputs()) {
      maps.push_back(part);
      part.terms[concatenate.getDim()].offset -= shapeOf(operand)[concatenate.getDim()];
    }
    return maps;
  }
  for (Value operand : op->getOperands())
    maps.push_back(broadcastMap(shapeOf(operand), map));
  return maps;
}

std::optional<IndexMap> embed(ArrayRef<int64_t> shape, ArrayRef<int64_t> space,
                              ArrayRef<bool> reduced, bool onKept) {
  IndexMap map{space.size(), {}};
  size_t axis = 0;
  auto skip = [&] {
    while (axis < space.size() && (space[axis] == 1 || (onKept && reduced[axis])))
      ++axis;
  };
  for (int64_t extent : shape) {
    map.terms.push_back({0, SmallVector<int64_t>(space.size(), 0)});
    if (extent == 1)
      continue;
    skip();
    if (axis == space.size() || space[axis] != extent)
      return std::nullopt;
    map.terms.back().factors[axis++] = 1;
  }
  skip();
  if (axis != space.size())
    return std::nullopt;
  return map;
}

std::optional<std::pair<Value, StridedView>> storeThrough(Value value, StridedView view) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      StridedView inner = view;
      for (auto [i, axis] : llvm::enumerate(transpose.getPerm()))
        inner.shape[axis] = view.shape[i], inner.strides[axis] = view.strides[i];
      view = inner;
    } else if (isa<ReshapeOp>(op)) {
      auto inner = reshapeView(view, shapeOf(op->getOperand(0)));
      if (!inner)
        return std::nullopt;
      view = *inner;
    } else {
      break;
    }
    value = op->getOperand(0);
  }
  return std::pair(value, view);
}

} // namespace ricci
