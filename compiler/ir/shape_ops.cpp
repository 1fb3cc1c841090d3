//===- shape_ops.cpp - rules and folds of casts, shapes and constants -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"

#include "compiler/ir/op_checks.h"

#include "llvm/ADT/SmallBitVector.h"

namespace ricci {

using namespace mlir;

LogicalResult CastOp::verify() { return verifySameShape(*this, getInput(), getOutput()); }

// cast %x : T -> T  ==>  %x
OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult TransposeOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  ArrayRef<int64_t> perm = getPerm();
  if (perm.size() != shape.size())
    return emitOpError() << "has a permutation of " << perm.size() << " axes; the operand has "
                         << shape.size();
  llvm::SmallBitVector seen(perm.size());
  SmallVector<int64_t> expected;
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= int64_t(shape.size()) || seen[axis])
      return emitOpError() << "has [" << perm << "], which is no permutation of the axes";
    seen.set(axis);
    expected.push_back(shape[axis]);
  }
  if (failed(verifyResultShape(*this, getOutput(), expected)))
    return failure();
  return verifySameElementType(*this, getInput(), getOutput());
}

// transpose %x perm = [0, 1, …]  ==>  %x
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return llvm::is_sorted(getPerm()) ? getInput() : nullptr;
}

LogicalResult ReshapeOp::verify() {
  std::optional<int64_t> counts[2];
  for (auto [count, value] : llvm::zip_equal(counts, ValueRange{getInput(), getOutput()})) {
    // A 0 makes the tensor empty however large the other extents are.
    ArrayRef<int64_t> shape = shapeOf(value);
    int64_t product = llvm::is_contained(shape, 0) ? 0 : 1;
    for (int64_t extent : shape)
      if (__builtin_mul_overflow(product, extent, &product))
        return emitOpError() << "has the shape " << shapeText(shape) << ", which is too large";
    count = product;
  }
  if (counts[0] != counts[1])
    return emitOpError() << "has shapes " << shapeText(shapeOf(getInput())) << " of " << *counts[0]
                         << " and " << shapeText(shapeOf(getOutput())) << " of " << *counts[1]
                         << " elements";
  return verifySameElementType(*this, getInput(), getOutput());
}

// reshape %x : T -> T  ==>  %x
OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult BroadcastOp::verify() {
  SmallVector<int64_t> shape(shapeOf(getOutput()));
  if (!broadcastInto(shape, shapeOf(getInput())) ||
      ArrayRef<int64_t>(shape) != shapeOf(getOutput()))
    return emitOpError() << "has an operand of shape " << shapeText(shapeOf(getInput()))
                         << ", which does not broadcast to " << shapeText(shapeOf(getOutput()));
  return verifySameElementType(*this, getInput(), getOutput());
}

// broadcast %x : T -> T  ==>  %x
OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  if (getStart().size() != shape.size() || getSize().size() != shape.size() ||
      getStep().size() != shape.size())
    return emitOpError() << "has " << getStart().size() << " starts, " << getSize().size()
                         << " sizes and " << getStep().size() << " steps; the operand has "
                         << shape.size() << " axes";
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t start = getStart()[i], size = getSize()[i], step = getStep()[i];
    if (step == 0 || size < 0)
      return emitOpError() << "axis " << i << " has size " << size << " and step " << step
                           << "; a size is at least 0, a step not 0";
    if (size == 0)
      continue;
    int64_t last;
    if (start < 0 || start >= shape[i] || __builtin_mul_overflow(size - 1, step, &last) ||
        __builtin_add_overflow(start, last, &last) || last < 0 || last >= shape[i])
      return emitOpError() << "axis " << i << " has start " << start << ", size " << size
                           << " and step " << step << ", which leave its " << shape[i]
                           << " elements";
  }
  if (getSize() != shapeOf(getOutput()))
    return emitOpError() << "has a result of shape " << shapeText(shapeOf(getOutput()))
                         << "; the sizes are " << shapeText(getSize());
  return verifySameElementType(*this, getInput(), getOutput());
}

LogicalResult WindowsOp::verify() {
  if (failed(verifyDim(*this, getDim(), getInput())))
    return failure();
  SmallVector<int64_t> expected(shapeOf(getInput()));
  int64_t extent = expected[getDim()], size = getSize();
  if (size < 0 || size > extent)
    return emitOpError() << "has windows of size " << size << " along an axis of extent " << extent;
  expected[getDim()] = extent - size + 1;
  expected.push_back(size);
  if (failed(verifyResultShape(*this, getOutput(), expected)))
    return failure();
  return verifySameElementType(*this, getInput(), getOutput());
}

LogicalResult PadOp::verify() {
  SmallVector<int64_t> expected(shapeOf(getInput()));
  if (tensorOf(getValue()).getRank() != 0)
    return emitOpError() << "has a value of shape " << shapeText(shapeOf(getValue()))
                         << "; it is a scalar";
  if (getLow().size() != expected.size() || getHigh().size() != expected.size())
    return emitOpError() << "has " << getLow().size() << " low and " << getHigh().size()
                         << " high pads; the operand has " << expected.size() << " axes";
  for (auto [axis, extent] : llvm::enumerate(expected)) {
    int64_t low = getLow()[axis], high = getHigh()[axis];
    if (low < 0 || high < 0)
      return emitOpError() << "axis " << axis << " has pads " << low << " and " << high
                           << "; a pad is at least 0";
    if (__builtin_add_overflow(extent, low, &extent) ||
        __builtin_add_overflow(extent, high, &extent))
      return emitOpError() << "axis " << axis << " has pads " << low << " and " << high
                           << ", which are too large";
  }
  if (failed(verifyResultShape(*this, getOutput(), expected)) ||
      failed(verifySameElementType(*this, getInput(), getValue())))
    return failure();
  return verifySameElementType(*this, getInput(), getOutput());
}

LogicalResult ConcatenateOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "has no operands";
  Value first = getInputs().front();
  if (failed(verifyDim(*this, getDim(), first)))
    return failure();
  SmallVector<int64_t> expected(shapeOf(first));
  expected[getDim()] = 0;
  for (Value input : getInputs()) {
    SmallVector<int64_t> shape(shapeOf(input));
    int64_t total = expected[getDim()];
    if (shape.size() == expected.size()) {
      if (__builtin_add_overflow(total, shape[getDim()], &expected[getDim()]))
        return emitOpError() << "has operands that are too large together";
      shape[getDim()] = expected[getDim()];
    }
    if (shape != expected)
      return emitOpError() << "has shapes " << shapeText(shapeOf(first)) << " and "
                           << shapeText(shapeOf(input)) << ", which differ beside dimension "
                           << getDim();
    if (failed(verifySameElementType(*this, first, input)))
      return failure();
  }
  if (failed(verifyResultShape(*this, getOutput(), expected)))
    return failure();
  return verifySameElementType(*this, first, getOutput());
}

LogicalResult GatherOp::verify() {
  if (getIndices().empty() || getIndices().size() != getDims().size())
    return emitOpError() << "has " << getIndices().size() << " indices for " << getDims().size()
                         << " dimensions; there is one for each, and at least one";
  if (failed(verifyRisingDims(*this, getDims(), getInput())))
    return failure();
  Value first = getIndices().front();
  for (Value index : getIndices()) {
    if (!tensorOf(index).getElementType().isSignlessInteger(64))
      return emitOpError() << "has an index of " << tensorOf(index).getElementType()
                           << ", not of i64";
    if (failed(verifySameShape(*this, first, index)))
      return failure();
  }
  SmallVector<int64_t> expected;
  for (auto [axis, extent] : llvm::enumerate(shapeOf(getInput())))
    if (!llvm::is_contained(getDims(), int64_t(axis)))
      expected.push_back(extent);
  int64_t position = getPosition();
  if (position < 0 || position > int64_t(expected.size()))
    return emitOpError() << "has position " << position << " among " << expected.size()
                         << " other axes";
  ArrayRef<int64_t> indexShape = shapeOf(first);
  expected.insert(expected.begin() + position, indexShape.begin(), indexShape.end());
  if (failed(verifyResultShape(*this, getOutput(), expected)))
    return failure();
  return verifySameElementType(*this, getInput(), getOutput());
}

LogicalResult IotaOp::verify() {
  RankedTensorType type = tensorOf(getOutput());
  if (type.getRank() == 1 && type.getElementType().isSignlessInteger(64))
    return mlir::success();
  return emitOpError() << "gives a tensor of i64 with one axis, not " << type;
}

LogicalResult ConstantOp::verify() {
  if (!isa<DenseElementsAttr>(getValue()))
    return emitOpError() << "has elements that are not dense";
  return mlir::success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

} // namespace ricci
