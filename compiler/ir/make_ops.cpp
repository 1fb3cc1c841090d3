//===- make_ops.cpp - operations that passes make ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/make_ops.h"

using namespace mlir;

namespace ricci {

Value converted(OpBuilder &b, Value value, Type element) {
  RankedTensorType type = typeOf(value);
  return type.getElementType() == element
             ? value
             : CastOp::create(b, value.getLoc(), type.clone(element), value).getResult();
}

Value reshaped(OpBuilder &b, Value value, ArrayRef<int64_t> shape) {
  RankedTensorType type = typeOf(value);
  return type.getShape() == shape
             ? value
             : ReshapeOp::create(b, value.getLoc(), type.clone(shape), value).getResult();
}

Value inParts(OpBuilder &b, Value value, size_t axis, int64_t parts) {
  SmallVector<int64_t> shape(typeOf(value).getShape());
  shape[axis] /= parts;
  shape.insert(shape.begin() + axis, parts);
  return reshaped(b, value, shape);
}

Value sliced(OpBuilder &b, Value value, size_t axis, int64_t start, int64_t size, int64_t step) {
  SmallVector<int64_t> shape(typeOf(value).getShape());
  if (shape[axis] == size)
    return value;
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts[axis] = start, shape[axis] = size, steps[axis] = step;
  return SliceOp::create(b, value.getLoc(), typeOf(value).clone(shape), value, starts, shape,
                         steps);
}

} // namespace ricci
