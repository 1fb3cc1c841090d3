//===- functions_create.cpp - creation of tensors -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// zeros, full … are constants of one element; what counts is made of Iota nodes, so that no tensor
// carries data but one that the text lists. Ranges are in ranges.cpp.
//
//===----------------------------------------------------------------------===//
#include "frontend/node_helpers.h"
#include "frontend/ranges.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {

using detail::asValue;
using detail::errorAt;

namespace {

/// `dtype=`, where None is as if it was left out.
Expected<DType> dtypeOr(const Call &call, size_t argument, DType otherwise) {
  if (!call.has(argument) || call[argument].is<NoneValue>())
    return otherwise;
  return dtypeArgument(call[argument]);
}

//===----------------------------------------------------------------------===//
// One value for all elements
//===----------------------------------------------------------------------===//

Expected<Value> filled(Call &call, const Value &shape, const Value &fill, DType dtype) {
  Expected<Shape> sizes = detail::shapeArgument(call.builder, shape, dtype);
  if (!sizes)
    return std::move(sizes.error());
  if (fill.isNumber())
    return asValue(constantOf(call.builder, fill, dtype, *sizes));
  Expected<TensorValue> x = detail::arrayAs(call.builder, fill, dtype, call.span);
  if (!x)
    return std::move(x.error());
  if (Status s = detail::checkBroadcast(call.builder, *x, *sizes, fill.span); !s)
    return std::move(s.error());
  return asValue(call.builder.broadcast(*x, *sizes, call.span));
}

/// zeros, ones, empty (whose elements may be anything: 0).
template <int64_t value> Expected<Value> filledWith(Call &call) {
  Expected<DType> dtype = dtypeOr(call, 1, DType::f64);
  if (!dtype)
    return std::move(dtype.error());
  if (Status s = detail::checkOrder(call, 2); !s)
    return std::move(s.error());
  return filled(call, call[0], Value(value, call.span), *dtype);
}

Expected<Value> full(Call &call) {
  DType own = DType::f64;
  if (call[1].isNumber()) {
    own = dtypeOfNumber(call[1]);
  } else {
    Expected<TensorValue> fill = call.tensor(1);
    if (!fill)
      return std::move(fill.error());
    own = call.builder.type(*fill).dtype;
  }
  Expected<DType> dtype = dtypeOr(call, 2, own);
  if (!dtype)
    return std::move(dtype.error());
  return filled(call, call[0], call[1], *dtype);
}

Expected<Value> filledLike(Call &call, const Value &fill, size_t dtypeAt) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return std::move(x.error());
  TensorType type = call.builder.type(*x);
  Expected<DType> dtype = dtypeOr(call, dtypeAt, type.dtype);
  if (!dtype)
    return std::move(dtype.error());
  if (call.has(dtypeAt + 1) && !call[dtypeAt + 1].is<NoneValue>())
    return filled(call, call[dtypeAt + 1], fill, *dtype);
  SequenceValue shape;
  for (int64_t n : type.shape)
    shape.items.push_back(Value(n, call.span));
  return filled(call, Value(std::move(shape), call.span), fill, *dtype);
}

template <int64_t value> Expected<Value> filledLikeWith(Call &call) {
  return filledLike(call, Value(value, call.span), 1);
}

Expected<Value> fullLike(Call &call) { return filledLike(call, call[1], 2); }

//===----------------------------------------------------------------------===//
// Arrays of what the text lists
//===----------------------------------------------------------------------===//

bool holdsTensor(const Value &value, int depth) {
  if (const auto *sequence = value.as<SequenceValue>(); sequence && depth)
    return std::any_of(sequence->items.begin(), sequence->items.end(),
                       [&](const Value &item) { return holdsTensor(item, depth - 1); });
  return value.is<TensorValue>();
}

/// Nested lists with tensors in them: every list stacks its items.
Expected<TensorValue> stacked(Call &call, const Value &value, int depth) {
  const auto *sequence = value.as<SequenceValue>();
  if (!sequence || !holdsTensor(value, depth))
    return toTensor(call.builder, value);
  std::vector<TensorValue> parts;
  DType dtype = DType::b1;
  for (const Value &item : sequence->items) {
    Expected<TensorValue> part = stacked(call, item, depth - 1);
    if (!part)
      return part;
    const TensorType type = call.builder.type(*part);
    if (!parts.empty() && type.shape != call.builder.type(parts[0]).shape)
      return errorAt(call.builder, item.span,
                     fmt::format("an array of items of different shapes, {} and {}",
                                 formatShape(call.builder.type(parts[0]).shape),
                                 formatShape(type.shape)));
    dtype = parts.empty() ? type.dtype : promote(dtype, type.dtype);
    parts.push_back(*part);
  }
  for (TensorValue &part : parts) {
    Expected<TensorValue> wide = detail::insertAxis(call.builder, part, 0, value.span);
    if (!wide)
      return wide;
    part = *wide;
  }
  return detail::concatenateAs(call.builder, std::move(parts), dtype, 0, value.span);
}

Expected<Value> array(Call &call) {
  bool given = call.has(1) && !call[1].is<NoneValue>();
  Expected<DType> dtype = dtypeOr(call, 1, DType::f64);
  if (!dtype)
    return std::move(dtype.error());
  Expected<TensorValue> x = given && !holdsTensor(call[0], kMaxRank)
                                ? detail::arrayAs(call.builder, call[0], *dtype, call.span)
                                : stacked(call, call[0], kMaxRank);
  if (x && given)
    x = call.builder.cast(*x, *dtype, call.span);
  if (!x || call.arguments.size() < 3 || !call.has(2))
    return asValue(std::move(x));
  Expected<int64_t> least = integerArgument(call[2], "ndmin");
  if (!least)
    return std::move(least.error());
  Shape shape = call.builder.type(*x).shape;
  if (*least > kMaxRank)
    return errorAt(call.builder, call[2].span, fmt::format("ndmin is {} at most", kMaxRank));
  while (int64_t(shape.size()) < *least)
    shape.insert(shape.begin(), 1);
  return asValue(call.builder.reshape(*x, shape, call.span));
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

Expected<int64_t> sizeArgument(const Call &call, const Value &value, std::string_view what) {
  Expected<int64_t> n = integerArgument(value, what);
  if (n && *n < 0)
    return errorAt(call.builder, value.span, fmt::format("a size of {} is negative", *n));
  return n;
}

/// `row + k op column` for a matrix of rows × columns.
Expected<TensorValue> compareIndices(Call &call, ScalarOp op, int64_t rows, int64_t columns,
                                     int64_t k) {
  ProgramBuilder &builder = call.builder;
  k = std::clamp(k, -rows, columns); // further out is all or nothing too
  Expected<TensorValue> row = builder.iota(rows, call.span), column = row, shift = row;
  if (row)
    row = builder.reshape(*row, {rows, 1}, call.span);
  if (row && k) {
    shift = constantOf(builder, Value(k, call.span), DType::i64);
    row = shift ? builder.elementwise(ScalarOp::Add, {*row, *shift}, call.span) : shift;
  }
  if (row)
    column = builder.iota(columns, call.span);
  if (!row || !column)
    return row ? column : row;
  return builder.elementwise(op, {*row, *column}, call.span);
}

Expected<int64_t> diagonalArgument(const Call &call, size_t argument) {
  return call.has(argument) ? integerArgument(call[argument], "k") : int64_t(0);
}

/// eye and tri: (N, M, k, dtype).
template <ScalarOp op> Expected<Value> indexMatrix(Call &call) {
  Expected<int64_t> rows = sizeArgument(call, call[0], "the number of rows"), columns = rows;
  if (rows && call.has(1) && !call[1].is<NoneValue>())
    columns = sizeArgument(call, call[1], "the number of columns");
  Expected<int64_t> k = columns ? diagonalArgument(call, 2) : columns;
  if (!k)
    return std::move(k.error());
  Expected<DType> dtype = dtypeOr(call, 3, DType::f64);
  if (!dtype)
    return std::move(dtype.error());
  Expected<TensorValue> mask = compareIndices(call, op, *rows, *columns, *k);
  return asValue(mask ? call.builder.cast(*mask, *dtype, call.span) : std::move(mask));
}

Expected<Value> identity(Call &call) {
  Expected<int64_t> n = sizeArgument(call, call[0], "the number of rows");
  if (!n)
    return std::move(n.error());
  Expected<DType> dtype = dtypeOr(call, 1, DType::f64);
  if (!dtype)
    return std::move(dtype.error());
  Expected<TensorValue> mask = compareIndices(call, ScalarOp::Equal, *n, *n, 0);
  return asValue(mask ? call.builder.cast(*mask, *dtype, call.span) : std::move(mask));
}

/// where(mask, x, 0) or where(mask, 0, x).
Expected<Value> select(Call &call, TensorValue mask, TensorValue x, bool inside) {
  Expected<TensorValue> zero =
      detail::zeros(call.builder, call.builder.type(x).dtype, {}, call.span);
  if (!zero)
    return std::move(zero.error());
  return asValue(call.builder.elementwise(
      ScalarOp::Where, {mask, inside ? x : *zero, inside ? *zero : x}, call.span));
}

/// tril and triu: of the last two axes.
template <bool lower> Expected<Value> triangle(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  Expected<int64_t> k = diagonalArgument(call, 1);
  if (!x || !k)
    return x ? std::move(k.error()) : std::move(x.error());
  Shape shape = call.builder.type(*x).shape;
  if (shape.empty())
    return call.error(fmt::format("{} needs one axis or more", call.name));
  int64_t columns = shape.back(), rows = shape.size() == 1 ? columns : shape[shape.size() - 2];
  // triu keeps what is not below diagonal k - 1.
  int64_t below = lower ? *k : std::max(*k, -rows) - 1;
  Expected<TensorValue> mask = compareIndices(call, ScalarOp::GreaterEqual, rows, columns, below);
  if (!mask)
    return std::move(mask.error());
  return select(call, *mask, *x, lower);
}

/// The matrix with `x` (of rank 1) on diagonal k.
Expected<Value> onDiagonal(Call &call, TensorValue x, int64_t k) {
  int64_t n = call.builder.type(x).shape[0], size;
  if (k == INT64_MIN || __builtin_add_overflow(n, std::abs(k), &size))
    return call.error("the result is longer than 63 bits");
  DType dtype = call.builder.type(x).dtype;
  Expected<TensorValue> zero = detail::zeros(call.builder, dtype, {}, call.span), column = zero;
  if (zero)
    column = call.builder.pad(x, *zero, {std::max(-k, int64_t(0))}, {std::max(k, int64_t(0))},
                              call.span); // by row
  if (column)
    column = call.builder.reshape(*column, {size, 1}, call.span);
  Expected<TensorValue> mask = column;
  if (column)
    mask = compareIndices(call, ScalarOp::Equal, size, size, k);
  if (!mask)
    return std::move(mask.error());
  return select(call, *mask, *column, true);
}

Expected<Value> diag(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  Expected<int64_t> k = diagonalArgument(call, 1);
  if (!x || !k)
    return x ? std::move(k.error()) : std::move(x.error());
  int64_t rank = call.builder.type(*x).rank();
  if (rank == 1)
    return onDiagonal(call, *x, *k);
  if (rank == 2)
    return asValue(detail::diagonal(call.builder, *x, *k, 0, 1, call.span));
  return call.error(fmt::format("diag takes an array of rank 1 or 2, not {}", rank));
}

Expected<Value> diagFlat(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  Expected<int64_t> k = diagonalArgument(call, 1);
  if (!x || !k)
    return x ? std::move(k.error()) : std::move(x.error());
  int64_t size = *elementCount(call.builder.type(*x).shape, DType::b1);
  x = call.builder.reshape(*x, {size}, call.span);
  return x ? onDiagonal(call, *x, *k) : asValue(std::move(x));
}

//===----------------------------------------------------------------------===//
// Grids
//===----------------------------------------------------------------------===//

Expected<Value> meshgrid(Call &call) {
  bool sparse = false, swap = call.rest.size() > 1;
  if (call.has(1)) {
    const auto *indexing = call[1].as<std::string>();
    if (!indexing || (*indexing != "xy" && *indexing != "ij"))
      return errorAt(call.builder, call[1].span, "indexing is 'xy' or 'ij'");
    swap &= *indexing == "xy";
  }
  if (call.has(2)) {
    Expected<bool> given = boolArgument(call[2], "sparse");
    if (!given)
      return std::move(given.error());
    sparse = *given;
  }
  size_t rank = call.rest.size();
  Shape whole(rank, 1);
  SequenceValue grids;
  for (size_t i = 0; i < rank; ++i) {
    Expected<TensorValue> x = toTensor(call.builder, call.rest[i]);
    if (!x)
      return std::move(x.error());
    size_t axis = swap && i < 2 ? 1 - i : i;
    whole[axis] = *elementCount(call.builder.type(*x).shape, DType::b1);
    Shape along(rank, 1);
    along[axis] = whole[axis];
    x = call.builder.reshape(*x, along, call.span);
    if (!x)
      return std::move(x.error());
    grids.items.push_back(Value(*x, call.span));
  }
  for (Value &grid : grids.items) {
    if (sparse)
      break;
    Expected<TensorValue> wide = call.builder.broadcast(*grid.as<TensorValue>(), whole, call.span);
    if (!wide)
      return std::move(wide.error());
    grid.state = *wide;
  }
  return Value(std::move(grids));
}

Expected<Value> indices(Call &call) {
  Expected<DType> dtype = dtypeOr(call, 1, DType::i64);
  if (!dtype)
    return std::move(dtype.error());
  Expected<Shape> shape = detail::shapeArgument(call.builder, call[0], *dtype);
  if (!shape)
    return std::move(shape.error());
  size_t rank = shape->size();
  Shape wide = *shape;
  wide.insert(wide.begin(), 1);
  std::vector<TensorValue> parts;
  for (size_t axis = 0; axis < rank; ++axis) {
    Shape along(rank + 1, 1);
    along[axis + 1] = (*shape)[axis];
    Expected<TensorValue> part = call.builder.iota((*shape)[axis], call.span);
    if (part)
      part = call.builder.reshape(*part, along, call.span);
    if (part)
      part = call.builder.broadcast(*part, wide, call.span);
    if (!part)
      return std::move(part.error());
    parts.push_back(*part);
  }
  if (parts.empty())
    return asValue(detail::zeros(call.builder, *dtype, {0}, call.span));
  return asValue(detail::concatenateAs(call.builder, std::move(parts), *dtype, 0, call.span));
}

} // namespace

std::span<const FunctionEntry> creationFunctions() {
  using E = FunctionEntry;
  static constexpr FunctionEntry kFunctions[] = {
      {"zeros", "shape, dtype=, order=", E::Function, filledWith<0>},
      {"ones", "shape, dtype=, order=", E::Function, filledWith<1>},
      {"empty", "shape, dtype=, order=", E::Function, filledWith<0>},
      {"full", "shape, fill_value, dtype=", E::Function, full},
      {"zeros_like", "a, dtype=, *, shape=", E::Function, filledLikeWith<0>},
      {"ones_like", "a, dtype=, *, shape=", E::Function, filledLikeWith<1>},
      {"empty_like", "a, dtype=, *, shape=", E::Function, filledLikeWith<0>},
      {"full_like", "a, fill_value, dtype=, *, shape=", E::Function, fullLike},
      {"array", "object, dtype=, *, ndmin=", E::Function, array},
      {"asarray", "a, dtype=", E::Function, array},
      {"arange", "start=, stop=, step=, dtype=", E::Function, detail::arange},
      {"linspace", "start, stop, num=, endpoint=, *, dtype=", E::Function, detail::linspace},
      {"eye", "N, M=, k=, dtype=", E::Function, indexMatrix<ScalarOp::Equal>},
      {"tri", "N, M=, k=, dtype=", E::Function, indexMatrix<ScalarOp::GreaterEqual>},
      {"identity", "n, dtype=", E::Function, identity},
      {"tril", "m, k=", E::Function, triangle<true>},
      {"triu", "m, k=", E::Function, triangle<false>},
      {"diag", "v, k=", E::Function, diag},
      {"diagflat", "v, k=", E::Function, diagFlat},
      {"meshgrid", "*xi, indexing=, sparse=", E::Function, meshgrid},
      {"indices", "dimensions, dtype=", E::Function, indices},
  };
  return kFunctions;
}

} // namespace ricci
