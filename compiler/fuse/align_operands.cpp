//===- align_operands.cpp - small operands in the order of large ones ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A large operand is walked as it lies in memory. One that is much smaller, and is read with it
// again and again, may lie across: each of its elements would then be loaded alone. It is copied
// once.
//
//   %0 = ricci.einsum "ijk,kj->i" ins(%x, %y)
//   ==>
//   %1 = ricci.einsum "{#copy}{#1}->{#1}{#copy}" ins(%y)
//   %0 = ricci.einsum "ijk,jk->i" ins(%x, %1)
//
//   %1 = ricci.transpose %y perm = [1, 0] : tensor<150x200xf32> -> tensor<200x150xf32>
//   %0 = ricci.elementwise multiply(%x, %1) : (tensor<100x200x150xf32>, tensor<200x150xf32>) -> …
//   ==>
//   %2 = ricci.einsum "{#copy}{#1}->{#copy}{#1}" ins(%1)
//   %0 = ricci.elementwise multiply(%x, %2) : …
//
// Where the last axes are reduced, of operands that broadcast against each other, vectors along the
// last axis that is kept need no sums across lanes.
//
//   %0 = ricci.elementwise subtract(%x, %y) : (tensor<500x1x16xf32>, tensor<400x16xf32>) -> …
//   %1 = ricci.reduce sum %0 dims = [2]
//   ==>
//   %2 = ricci.einsum "{#copy}{#1}->{#1}{#copy}" ins(%y)
//   %3 = ricci.transpose %2 perm = [1, 0] : tensor<16x400xf32> -> tensor<400x16xf32>
//   %0 = ricci.elementwise subtract(%x, %3) : …
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/align_operands.h"

#include "compiler/fuse/access.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <numeric>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_ALIGNOPERANDS
#include "compiler/passes.h.inc"

namespace {

/// How often an element is read at least, and what takes longer than the launch of a copy.
constexpr double kLeastReads = 8, kLeastPoints = 1 << 14;
/// Columns that are better reduced side by side than each by itself: a vector of them, or fewer
/// whose sums are short.
constexpr int64_t kVectorColumns = 16, kLeastColumns = 4, kShortReduced = 4;
/// Elements that are as close are loaded by whole vectors (LoopProgram::step).
constexpr int64_t kClose = 8;

/// How a value lies in memory; nothing for what is computed where it is read.
std::optional<StridedView> viewOf(Value value) {
  if (isa<BlockArgument>(value) || value.getDefiningOp<EinsumOp>())
    return memoryOf(value);
  Operation *op = value.getDefiningOp();
  auto inner = isa<TransposeOp, ReshapeOp>(op) ? viewOf(viewOperand(op)) : std::nullopt;
  return inner ? viewThrough(op, *inner) : std::nullopt;
}

double elements(Value value) { return double(typeOf(value).getNumElements()); }

struct AlignOperandsPass : impl::AlignOperandsBase<AlignOperandsPass> {
  using AlignOperandsBase::AlignOperandsBase;

  void runOnOperation() override {
    copies_.clear();
    done_.clear();
    SmallVector<Operation *> ops;
    for (Operation &op : getOperation().getBody().front())
      ops.push_back(&op);
    for (Operation *op : ops)
      if (auto reduce = dyn_cast<ReduceOp>(op))
        align(reduce);
    for (Operation *op : ops) {
      if (auto einsum = dyn_cast<EinsumOp>(op))
        align(einsum);
      else if (auto elementwise = dyn_cast<ElementwiseOp>(op); elementwise && !done_.contains(op))
        align(elementwise);
    }
  }

private:
  static bool liesAcross(int64_t stride) { return std::abs(stride) > kClose; }
  static bool isWorth(double points, Value operand) {
    return points >= kLeastPoints && points >= kLeastReads * elements(operand);
  }

  /// Of a product without columns: every label of the smaller operand is one of the larger.
  void align(EinsumOp op) {
    EinsumEquation equation = op.parsedEquation();
    if (equation.operands.size() != 2)
      return;
    size_t small = elements(op.getInputs()[0]) < elements(op.getInputs()[1]) ? 0 : 1;
    Value x = op.getInputs()[1 - small], y = op.getInputs()[small];
    auto &labels = equation.operands[small];
    ArrayRef<int32_t> others = equation.operands[1 - small];
    auto viewX = viewOf(x), viewY = viewOf(y);
    if (!viewX || !viewY || !isWorth(elements(x), y))
      return;
    auto placeIn = [](ArrayRef<int32_t> labels, int32_t label) {
      return size_t(llvm::find(labels, label) - labels.begin());
    };
    for (int32_t label : labels)
      if (llvm::count(labels, label) != 1 || llvm::count(others, label) != 1)
        return;
    for (auto [axis, label] : llvm::enumerate(others)) {
      size_t place = placeIn(labels, label);
      if (viewX->strides[axis] != 1 || typeOf(x).getDimSize(unsigned(axis)) == 1 ||
          place == labels.size() || !liesAcross(viewY->strides[place]))
        continue;
      SmallVector<int32_t> ordered(labels);
      llvm::stable_sort(ordered, [&](int32_t a, int32_t b) {
        return viewX->strides[placeIn(others, a)] > viewX->strides[placeIn(others, b)];
      });
      SmallVector<int64_t> perm;
      for (int32_t label : ordered)
        perm.push_back(int64_t(placeIn(labels, label)));
      op.getInputsMutable()[unsigned(small)].assign(copied(y, perm));
      labels.assign(ordered.begin(), ordered.end());
      op.setEquation(equation.str());
      return;
    }
  }

  static bool isByElement(Value value) {
    return isa_and_nonnull<ElementwiseOp, CastOp>(value.getDefiningOp());
  }

  /// Of a reduction along the last axes: vectors run along the last kept one that has several
  /// indices.
  void align(ReduceOp op) {
    RankedTensorType space = typeOf(op.getInput());
    const int64_t rank = space.getRank();
    ArrayRef<int64_t> dims = op.getDims();
    int64_t kept = rank - int64_t(dims.size());
    if (dims.empty() || dims.front() != kept || !isByElement(op.getInput()))
      return;
    while (kept > 0 && space.getDimSize(unsigned(kept - 1)) == 1)
      --kept;
    int64_t columns = kept ? space.getDimSize(unsigned(kept - 1)) : 0, reduced = 1;
    for (int64_t dim : dims)
      reduced *= space.getDimSize(unsigned(dim));
    if (columns < (reduced <= kShortReduced * columns ? kLeastColumns : kVectorColumns) ||
        reduced > kMostSteps)
      return;
    const int64_t fromEnd = rank - kept + 1;
    // What is read, through the operations element by element.
    SmallVector<OpOperand *> across;
    bool hasColumns = false;
    llvm::SetVector<Operation *> work;
    work.insert(op.getInput().getDefiningOp());
    for (size_t next = 0; next < work.size(); ++next)
      for (OpOperand &operand : work[next]->getOpOperands()) {
        Value value = operand.get();
        if (isByElement(value)) {
          work.insert(value.getDefiningOp());
          continue;
        }
        ArrayRef<int64_t> shape = typeOf(value).getShape();
        const int64_t axis = int64_t(shape.size()) - fromEnd;
        auto isUnit = [](int64_t extent) { return extent == 1; };
        if (axis < 0 || isUnit(shape[size_t(axis)]) ||
            llvm::all_of(shape.take_back(dims.size()), isUnit))
          continue;
        auto view = viewOf(value);
        if (!view || !isWorth(elements(op.getInput()), value))
          return;
        hasColumns = true;
        if (view->strides[size_t(axis)] != 1)
          across.push_back(&operand);
      }
    auto isReadInside = [&](Operation *user) { return user == op || work.contains(user); };
    if (!hasColumns || !llvm::all_of(work, [&](Operation *each) {
          return llvm::all_of(each->getUsers(), isReadInside);
        }))
      return;
    for (OpOperand *operand : across) {
      Value value = operand->get();
      SmallVector<int64_t> perm(size_t(typeOf(value).getRank())), back(perm.size());
      std::iota(perm.begin(), perm.end(), 0);
      auto axis = perm.end() - fromEnd;
      std::rotate(axis, axis + 1, perm.end());
      for (auto [to, from] : llvm::enumerate(perm))
        back[size_t(from)] = int64_t(to);
      OpBuilder b(operand->getOwner());
      Value copy = copied(value, perm);
      operand->set(TransposeOp::create(b, value.getLoc(), typeOf(value), copy, back));
    }
    done_.insert(work.begin(), work.end());
  }

  /// Vectors run along the last axis that has several indices.
  void align(ElementwiseOp op) {
    ArrayRef<int64_t> shape = typeOf(op.getOutput()).getShape();
    double points = elements(op.getOutput());
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      auto view = viewOf(value);
      if (!view || !isWorth(points, value))
        continue;
      ArrayRef<int64_t> own = typeOf(value).getShape();
      size_t axis = shape.size();
      while (axis > 0 && shape[axis - 1] == 1)
        --axis;
      size_t before = shape.size() - own.size();
      if (axis <= before || own[axis - 1 - before] == 1 ||
          !liesAcross(view->strides[axis - 1 - before]))
        continue;
      SmallVector<int64_t> same(own.size());
      std::iota(same.begin(), same.end(), 0);
      operand.set(copied(value, same));
    }
  }

  /// The value with its axes in this order, in C order in memory. All its readers find it: it
  /// follows the value.
  Value copied(Value value, ArrayRef<int64_t> perm) {
    Value &copy =
        copies_[{value.getAsOpaquePointer(), std::vector<int64_t>(perm.begin(), perm.end())}];
    if (copy)
      return copy;
    OpBuilder b(value.getContext());
    b.setInsertionPointAfterValue(value);
    RankedTensorType type = typeOf(value);
    SmallVector<int64_t> shape;
    for (int64_t axis : perm)
      shape.push_back(type.getDimSize(unsigned(axis)));
    copy = EinsumOp::create(b, value.getLoc(), type.clone(shape), copyEquation(perm).str(), value);
    return copy;
  }

  llvm::DenseSet<Operation *> done_; ///< what a reduction has ordered
  std::map<std::pair<void *, std::vector<int64_t>>, Value> copies_;
};

} // namespace

EinsumEquation copyEquation(ArrayRef<int64_t> perm) {
  EinsumEquation equation;
  equation.operands.emplace_back();
  for (size_t axis = 0; axis < perm.size(); ++axis) {
    equation.operands[0].push_back(int32_t(axis));
    equation.labelNames.push_back(axis == 0 ? kCopyLabel.str() : "#" + std::to_string(axis));
  }
  equation.output.assign(perm.begin(), perm.end());
  return equation;
}

} // namespace ricci
