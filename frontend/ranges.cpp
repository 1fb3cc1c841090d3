//===- ranges.cpp - arange and linspace ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elementwise nodes on an Iota, with the arithmetic of NumPy step by step, so that the elements are
// the same bit for bit. NumPy computes the first two elements of a range, and the others from these
// in the range's dtype.
//
//===----------------------------------------------------------------------===//
#include "frontend/ranges.h"
#include "frontend/node_helpers.h"
#include "runtime/half.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace ricci::detail {

namespace {

/// An int, which a bool counts as, or a float that is known; nothing else bounds a range.
Expected<Value> boundArgument(const Call &call, const Value &value) {
  if (const auto *boolean = value.as<bool>())
    return Value(int64_t(*boolean), value.span);
  if (value.is<int64_t>() || value.is<double>())
    return value;
  std::string what = value.is<TensorValue>() ? "a tensor, whose elements are read only when the "
                                               "program runs"
                                             : describe(value);
  return errorAt(call.builder, value.span,
                 fmt::format("{} takes ints and floats, not {}", call.name, what));
}

double asDouble(const Value &number) {
  const auto *integer = number.as<int64_t>();
  return integer ? double(*integer) : *number.as<double>();
}

bool sameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

/// a * b + c, rounded twice on every machine.
template <typename T> T multiplyAdd(T a, T b, T c) {
  volatile T product = a * b;
  return product + c;
}

/// index * step + start.
Expected<TensorValue> line(Call &call, TensorValue index, const Value &step, const Value &start) {
  ProgramBuilder &builder = call.builder;
  DType dtype = builder.type(index).dtype;
  double factor = asDouble(step), offset = asDouble(start);
  Expected<TensorValue> y = index;
  if (factor != 1) {
    Expected<TensorValue> constant = constantOf(builder, step, dtype);
    if (!constant)
      return constant;
    y = builder.elementwise(ScalarOp::Multiply, {*y, *constant}, call.span);
  }
  if (!y || (offset == 0 && factor > 0)) // 0 * -1.0 + 0.0 is not 0 * -1.0
    return y;
  Expected<TensorValue> constant = constantOf(builder, start, dtype);
  return constant ? builder.elementwise(ScalarOp::Add, {*y, *constant}, call.span) : constant;
}

/// `y` with the element at `position` replaced.
Expected<TensorValue> replaced(Call &call, TensorValue y, TensorValue index, int64_t position,
                               double element) {
  ProgramBuilder &builder = call.builder;
  Expected<TensorValue> at = constantOf(builder, Value(position, call.span), DType::i64);
  if (at)
    at = builder.elementwise(ScalarOp::Equal, {index, *at}, call.span);
  if (!at)
    return at;
  Expected<TensorValue> value =
      constantOf(builder, Value(element, call.span), builder.type(y).dtype);
  return value ? builder.elementwise(ScalarOp::Where, {*at, *value, y}, call.span) : value;
}

/// A range as NumPy sees it before it is filled.
struct Range {
  int64_t length;
  Value first, second; ///< ints or floats
};

Expected<Range> rangeOf(Call &call, const Value &start, const Value &stop, const Value &step) {
  auto tooLong = [&] { return call.error("the range is longer than 63 bits"); };
  if (asDouble(step) == 0)
    return errorAt(call.builder, step.span, "the step of a range is not 0");
  const auto *a = start.as<int64_t>(), *b = stop.as<int64_t>(), *s = step.as<int64_t>();
  if (a && b && s) {
    int64_t distance, second;
    if (__builtin_sub_overflow(*b, *a, &distance) || *s == INT64_MIN || distance == INT64_MIN)
      return tooLong();
    bool empty = *s > 0 ? distance <= 0 : distance >= 0;
    int64_t length = empty ? 0 : (std::abs(distance) - 1) / std::abs(*s) + 1;
    if (__builtin_add_overflow(*a, *s, &second))
      second = *a; // there is none
    return Range{length, start, Value(second, call.span)};
  }
  double distance = asDouble(stop) - asDouble(start), steps = distance / asDouble(step);
  double length = std::ceil(steps);
  if (steps == 0 && distance != 0) // an underflow
    length = std::signbit(steps) ? 0 : 1;
  if (!(std::abs(length) < 0x1p62))
    return std::isnan(length) ? call.error("the length of the range is no number") : tooLong();
  return Range{length > 0 ? int64_t(length) : 0, start,
               Value(asDouble(start) + asDouble(step), call.span)};
}

/// Integers (and bools) wrap, as NumPy's loops do.
Expected<TensorValue> fillIntegers(Call &call, const Range &range, DType dtype) {
  int64_t ends[2] = {0, 0};
  const Value *given[2] = {&range.first, &range.second};
  for (int i = 0; i < std::min(range.length, int64_t(2)); ++i) {
    Expected<std::vector<uint8_t>> fits = encodeNumber(*given[i], dtype);
    if (!fits)
      return std::move(fits.error());
    const auto *integer = given[i]->as<int64_t>();
    double value = asDouble(*given[i]);
    if (!integer && !(std::abs(value) < 0x1p63))
      return call.error(fmt::format("{} does not fit {}", value, numpyName(dtype)));
    ends[i] = dtype == DType::b1 ? value != 0 : integer ? *integer : int64_t(value);
  }
  Expected<TensorValue> index = call.builder.iota(range.length, call.span);
  if (!index)
    return index;
  int64_t step = int64_t(uint64_t(ends[1]) - uint64_t(ends[0]));
  Expected<TensorValue> y =
      range.length < 2 ? line(call, *index, Value(int64_t(1)), Value(ends[0], call.span))
                       : line(call, *index, Value(step, call.span), Value(ends[0], call.span));
  return y ? call.builder.cast(*y, dtype, call.span) : y;
}

/// The number as the dtype holds it.
template <typename T> T rounded(double value, DType dtype) {
  if (dtype == DType::f16)
    return T(halfToFloat(halfFromDouble(value)));
  if (dtype == DType::bf16)
    return T(bf16ToFloat(bf16FromFloat(float(value))));
  return T(value);
}

/// Computed in T, f32 also for the smaller types.
template <typename T>
Expected<TensorValue> fillFloats(Call &call, const Range &range, DType dtype) {
  T first = rounded<T>(asDouble(range.first), dtype);
  T second = rounded<T>(asDouble(range.second), dtype);
  T step = second - first;
  if (range.length < 2)
    step = 1;
  Expected<TensorValue> index = call.builder.iota(range.length, call.span), y = index;
  if (index)
    y = call.builder.cast(*index, sizeof(T) == 4 ? DType::f32 : DType::f64, call.span);
  if (y)
    y = line(call, *y, Value(double(step), call.span), Value(double(first), call.span));
  T ends[2] = {first, second};
  for (int i = 0; i < std::min(range.length, int64_t(2)) && y; ++i)
    if (!sameBits(multiplyAdd(T(i), step, first), ends[i]))
      y = replaced(call, *y, *index, i, double(ends[i]));
  return y ? call.builder.cast(*y, dtype, call.span) : y;
}

} // namespace

Expected<Value> arange(Call &call) {
  Value bounds[3] = {Value(int64_t(0), call.span), Value(), Value(int64_t(1), call.span)};
  bool oneBound = !call.has(1) || call[1].is<NoneValue>();
  if (oneBound && !call.has(0))
    return call.error("arange needs a stop");
  for (size_t i = 0; i < 3; ++i) {
    if (!call.has(i) || (i && call[i].is<NoneValue>()))
      continue;
    Expected<Value> bound = boundArgument(call, call[i]);
    if (!bound)
      return bound;
    bounds[i == 0 && oneBound ? 1 : i] = *bound;
  }
  bool isFloat = false;
  for (const Value &bound : bounds)
    isFloat |= bound.is<double>();
  DType dtype = isFloat ? DType::f64 : DType::i64;
  if (call.has(3) && !call[3].is<NoneValue>()) {
    Expected<DType> given = dtypeArgument(call[3]);
    if (!given)
      return std::move(given.error());
    dtype = *given;
  }
  Expected<Range> range = rangeOf(call, bounds[0], bounds[1], bounds[2]);
  if (!range)
    return std::move(range.error());
  DTypeKind kind = kindOf(dtype);
  if (kind == DTypeKind::Bool && range->length > 2)
    return call.error(
        fmt::format("a range of bools has 2 elements at most, not {}", range->length));
  if (kind != DTypeKind::Float && kind != DTypeKind::Complex)
    return asValue(fillIntegers(call, *range, dtype));
  return asValue(dtype == DType::f64 || dtype == DType::c128
                     ? fillFloats<double>(call, *range, dtype)
                     : fillFloats<float>(call, *range, dtype));
}

Expected<Value> linspace(Call &call) {
  Expected<Value> start = boundArgument(call, call[0]);
  Expected<Value> stop = start ? boundArgument(call, call[1]) : start;
  if (!stop)
    return stop;
  Expected<int64_t> count = call.has(2) ? integerArgument(call[2], "num") : int64_t(50);
  if (!count)
    return std::move(count.error());
  if (*count < 0)
    return errorAt(call.builder, call[2].span,
                   fmt::format("{} samples: num is not negative", *count));
  Expected<bool> endpoint = call.has(3) ? boolArgument(call[3], "endpoint") : true;
  if (!endpoint)
    return std::move(endpoint.error());
  DType dtype = DType::f64;
  if (call.has(4) && !call[4].is<NoneValue>()) {
    Expected<DType> given = dtypeArgument(call[4]);
    if (!given)
      return std::move(given.error());
    dtype = *given;
  }
  ProgramBuilder &builder = call.builder;
  double first = asDouble(*start), last = asDouble(*stop), distance = last - first;
  int64_t divisions = *endpoint ? *count - 1 : *count;
  double step = divisions > 0 ? distance / double(divisions) : distance;
  Expected<TensorValue> index = builder.iota(*count, call.span), y = index;
  if (index)
    y = builder.cast(*index, DType::f64, call.span);
  bool underflow = divisions > 0 && step == 0;
  if (y && underflow) { // first divide, then multiply
    Expected<TensorValue> by = constantOf(builder, Value(double(divisions), call.span), DType::f64);
    y = by ? builder.elementwise(ScalarOp::Divide, {*y, *by}, call.span) : by;
    step = distance;
  }
  if (y)
    y = line(call, *y, Value(step, call.span), Value(first, call.span));
  bool exact = !underflow && sameBits(multiplyAdd(double(divisions), step, first), last);
  if (y && *endpoint && *count > 1 && !exact)
    y = replaced(call, *y, *index, *count - 1, last);
  if (y && (kindOf(dtype) == DTypeKind::Int || kindOf(dtype) == DTypeKind::UInt))
    y = builder.elementwise(ScalarOp::Floor, {*y}, call.span);
  return asValue(y ? builder.cast(*y, dtype, call.span) : std::move(y));
}

} // namespace ricci::detail
