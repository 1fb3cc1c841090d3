//===- node_helpers.h - what the shape, join, creation and contraction functions share -===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/function_table.h"

namespace ricci::detail {

/// An input error at a place of the program's text.
Diagnostic errorAt(const ProgramBuilder &builder, Span span, std::string message);
/// Hands a tensor, or its error, on as a value.
Expected<Value> asValue(Expected<TensorValue> tensor);
/// "1 axis", "2 axes".
std::string countAxes(int64_t n);

/// The arguments as tensors that are not cast yet, and the promotion of their dtypes. No number is
/// weak: what numpy.asarray would make of each.
struct Arrays {
  std::vector<TensorValue> tensors;
  DType dtype;
};
Expected<Arrays> toArrays(ProgramBuilder &builder, const std::vector<Value> &values);
/// The items of a tuple or a list; of a tensor, its slices along axis 0.
Expected<std::vector<Value>> itemsOf(ProgramBuilder &builder, const Value &value,
                                     std::string_view what);

/// An int or a sequence of ints, none negative, whose product fits.
Expected<Shape> shapeArgument(ProgramBuilder &builder, const Value &value, DType dtype);
/// An int for an axis of the rank, from the front.
Expected<int64_t> axisArgument(const Value &value, int64_t rank);
/// An int or a sequence of them for axes of the rank, in the order given; a repeated axis is an
/// error.
Expected<std::vector<int64_t>> orderedAxes(ProgramBuilder &builder, const Value &value,
                                           int64_t rank);
/// `order=`: only C order is a value; strides are no part of one.
Status checkOrder(const Call &call, size_t argument);

/// An i64 constant of these elements.
Expected<TensorValue> integers(ProgramBuilder &builder, const std::vector<int64_t> &elements,
                               Shape shape, Span span);
/// numpy.asarray(value, dtype); a Python int that the dtype cannot hold is an error.
Expected<TensorValue> arrayAs(ProgramBuilder &builder, const Value &value, DType dtype, Span span);
/// 0 of the dtype, broadcast to the shape.
Expected<TensorValue> zeros(ProgramBuilder &builder, DType dtype, Shape shape, Span span);

/// A new axis of size 1 at the position.
Expected<TensorValue> insertAxis(ProgramBuilder &builder, TensorValue x, int64_t axis, Span span);
/// `size` elements of one axis, from `start` in steps of `step`.
Expected<TensorValue> sliceAxis(ProgramBuilder &builder, TensorValue x, int64_t axis, int64_t start,
                                int64_t size, int64_t step, Span span);
/// The operands, cast to the dtype, side by side along an axis.
Expected<TensorValue> concatenateAs(ProgramBuilder &builder, std::vector<TensorValue> parts,
                                    DType dtype, int64_t axis, Span span);
/// numpy.diagonal: the axes are different; the diagonal is the last axis.
Expected<TensorValue> diagonal(ProgramBuilder &builder, TensorValue x, int64_t offset,
                               int64_t axis1, int64_t axis2, Span span);
/// Whether x broadcasts to the shape.
Status checkBroadcast(const ProgramBuilder &builder, TensorValue x, const Shape &shape, Span span);
/// The shape that tensors broadcast to; an error names the first pair that does not fit.
Expected<Shape> commonShape(ProgramBuilder &builder, const std::vector<TensorValue> &tensors,
                            Span span);

} // namespace ricci::detail
