//===- expand_products.cpp - einsums that share a kernel with what they read ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An einsum in which every product is of its own element of the larger operand is as fast as its
// memory. What computes that operand element by element, or goes on from the products, costs a pass
// over memory of its own. As a multiplication and a sum it is fused like all else.
//
//   %0 = ricci.elementwise exp(%x) …
//   %1 = ricci.einsum "ij,j->i" ins(%0, %v …) …
//   ==>
//   %0 = ricci.elementwise exp(%x) …
//   %1 = ricci.elementwise multiply(%0, %v) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
//   %2 = ricci.reduce sum %1 dims = [1] …
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/expand_products.h"

#include "compiler/fuse/access.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_EXPANDPRODUCTS
#include "compiler/passes.h.inc"

namespace {

/// How many times more products there are than elements of what is computed for them, at most.
constexpr double kMostRepeats = 8;

/// What an einsum's labels are for. Those of extent 1 are left out.
struct Labels {
  SmallVector<int32_t> kept, summed;
  double own[2] = {1, 1}; ///< extents together of the kept labels that only operand i has
  double points = 1;

  Labels(const EinsumEquation &equation, ArrayRef<int64_t> extents) {
    for (int32_t label : equation.output)
      if (extents[size_t(label)] != 1)
        kept.push_back(label);
    for (int32_t label = 0; label < int32_t(extents.size()); ++label) {
      int64_t extent = extents[size_t(label)];
      points *= double(extent);
      bool isKept = llvm::is_contained(equation.output, label);
      if (!isKept && extent != 1)
        summed.push_back(label);
      if (!isKept || equation.operands.size() != 2)
        continue;
      bool a = llvm::is_contained(equation.operands[0], label),
           b = llvm::is_contained(equation.operands[1], label);
      if (a != b)
        own[a ? 0 : 1] *= double(extent);
    }
  }
  /// Whether an element of the larger operand is in one product only.
  bool isThin() const { return summed.empty() || own[0] <= 1 || own[1] <= 1; }
};

/// Of one or two operands without diagonals, which does more than move elements.
bool isPlain(const EinsumEquation &equation, const Labels &labels) {
  return equation.operands.size() <= 2 &&
         (equation.operands.size() == 2 || !labels.summed.empty()) &&
         llvm::none_of(equation.operands, [](const auto &labels) {
           return llvm::any_of(labels, [&](int32_t l) { return llvm::count(labels, l) > 1; });
         });
}

/// The operand with an axis for each label of the space, of extent 1 where it has none.
Value aligned(OpBuilder &b, Value operand, ArrayRef<int32_t> own, ArrayRef<int32_t> axes) {
  RankedTensorType type = typeOf(operand);
  SmallVector<int64_t> perm, transposed, shape;
  for (int32_t label : axes) {
    const int32_t *place = llvm::find(own, label);
    shape.push_back(place == own.end() ? 1 : type.getDimSize(unsigned(place - own.begin())));
    if (place != own.end())
      perm.push_back(place - own.begin());
  }
  for (int64_t axis = 0; axis < int64_t(own.size()); ++axis) // of extent 1
    if (!llvm::is_contained(perm, axis))
      perm.push_back(axis);
  for (int64_t axis : perm)
    transposed.push_back(type.getDimSize(unsigned(axis)));
  if (!llvm::is_sorted(perm))
    operand = TransposeOp::create(b, operand.getLoc(), type.clone(transposed), operand, perm);
  return reshaped(b, operand, shape);
}

Value expand(OpBuilder &b, EinsumOp op, const EinsumEquation &equation, ArrayRef<int64_t> extents,
             const Labels &labels) {
  RankedTensorType type = typeOf(op.getResult());
  // Products of 16-bit floats are not rounded.
  Type element = type.getElementType();
  if (element.isF16() || element.isBF16())
    element = b.getF32Type();
  SmallVector<int32_t> axes(labels.kept);
  axes.append(labels.summed);
  SmallVector<Value> factors;
  for (auto [input, own] : llvm::zip(op.getInputs(), equation.operands))
    factors.push_back(converted(b, aligned(b, input, own, axes), element));
  Location loc = op.getLoc();
  Value value = factors[0];
  SmallVector<int64_t> shape;
  for (int32_t label : axes)
    shape.push_back(extents[size_t(label)]);
  if (factors.size() == 2)
    value = ElementwiseOp::create(b, loc, RankedTensorType::get(shape, element), ScalarOp::Multiply,
                                  factors);
  else if (typeOf(value).getShape() != ArrayRef(shape))
    value = BroadcastOp::create(b, loc, RankedTensorType::get(shape, element), value);
  if (!labels.summed.empty()) {
    SmallVector<int64_t> dims;
    for (size_t i = labels.kept.size(); i < axes.size(); ++i)
      dims.push_back(int64_t(i));
    shape.truncate(labels.kept.size());
    auto kind = element.isInteger(1) ? ReduceKind::Any : ReduceKind::Sum;
    value = ReduceOp::create(b, loc, RankedTensorType::get(shape, element), kind, value, dims);
  }
  return converted(b, reshaped(b, value, type.getShape()), type.getElementType());
}

struct ExpandProductsPass : impl::ExpandProductsBase<ExpandProductsPass> {
  void runOnOperation() override {
    // An einsum alone adds to memory.
    if (getOperation()->hasAttr(kAccumulateAttr))
      return;
    SmallVector<EinsumOp> einsums(getOperation().getBody().front().getOps<EinsumOp>());
    for (EinsumOp op : einsums) {
      EinsumEquation equation = op.parsedEquation();
      auto extents = equation.extents(op.getInputs().getTypes());
      Labels labels(equation, extents);
      if (!isPlain(equation, labels) || !labels.isThin() ||
          !(readsComputed(op, labels) || (labels.summed.empty() && isGoneOnFrom(op))))
        continue;
      OpBuilder b(op);
      op.getResult().replaceAllUsesWith(expand(b, op, equation, extents, labels));
      op.erase();
    }
  }

private:
  static bool isElementwise(Operation *op) { return isa_and_nonnull<ElementwiseOp, CastOp>(op); }

  /// Whether an operand, of which the products do not repeat each element often, is computed for
  /// this einsum alone.
  static bool readsComputed(EinsumOp op, const Labels &labels) {
    return llvm::any_of(op.getInputs(), [&](Value operand) {
      if (double(typeOf(operand).getNumElements()) * kMostRepeats < labels.points)
        return false;
      for (; isView(operand.getDefiningOp()); operand = viewOperand(operand.getDefiningOp()))
        if (!operand.hasOneUse())
          return false;
      return isElementwise(operand.getDefiningOp()) && operand.hasOneUse();
    });
  }

  /// Whether something is computed from each element of the result.
  static bool isGoneOnFrom(EinsumOp op) {
    SmallVector<Value> work{op.getResult()};
    while (!work.empty())
      for (Operation *user : work.pop_back_val().getUsers()) {
        if (isElementwise(user) || isa<ReduceOp>(user))
          return true;
        if (isView(user))
          work.push_back(user->getResult(0));
      }
    return false;
  }
};

} // namespace

Value expandProduct(OpBuilder &b, EinsumOp op) {
  EinsumEquation equation = op.parsedEquation();
  auto extents = equation.extents(op.getInputs().getTypes());
  Labels labels(equation, extents);
  return isPlain(equation, labels) ? expand(b, op, equation, extents, labels) : Value();
}

} // namespace ricci
