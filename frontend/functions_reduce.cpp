//===- functions_reduce.cpp - reductions and scans ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dtypes are NumPy's: sums and products of bool and small integers are 64-bit, means of integers
// float64. Sums and means of 16-bit floats are computed in float32 and rounded once.
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ricci {
namespace {

bool isBool(DType dtype) { return dtype == DType::b1; }
bool isInteger(DType dtype) {
  return kindOf(dtype) == DTypeKind::Int || kindOf(dtype) == DTypeKind::UInt;
}
bool isHalf(DType dtype) { return dtype == DType::f16 || dtype == DType::bf16; }
/// In which sums of the dtype are computed.
DType accumulatorOf(DType dtype) { return isHalf(dtype) ? DType::f32 : dtype; }
/// What sum and prod give where no dtype is asked for.
DType sumDType(DType dtype) {
  if (isBool(dtype) || kindOf(dtype) == DTypeKind::Int)
    return DType::i64;
  return kindOf(dtype) == DTypeKind::UInt ? DType::u64 : dtype;
}
/// The same of mean and var.
DType meanDType(DType dtype) { return isBool(dtype) || isInteger(dtype) ? DType::f64 : dtype; }

bool isNone(const std::optional<Value> &value) { return !value || value->is<NoneValue>(); }

/// A reduction's tensor, axes and keepdims, and the nodes that they make.
class Reducer {
public:
  explicit Reducer(Call &call) : call_(call), builder_(call.builder) {}

  /// Reads the arguments. Nothing for `keepDims`: the function has none.
  Status read(const std::optional<Value> &axis, const std::optional<Value> &keepDims) {
    Expected<TensorValue> x = call_.tensor(0);
    if (!x)
      return std::move(x.error());
    x_ = *x;
    shape_ = builder_.type(x_).shape;
    if (Status status = readAxes(axis); !status)
      return status;
    if (!isNone(keepDims)) {
      Expected<bool> keep = boolArgument(*keepDims, "keepdims");
      if (!keep)
        return std::move(keep.error());
      keepDims_ = *keep;
    }
    return success();
  }

  TensorValue x() const { return x_; }
  DType dtype() const { return builder_.type(x_).dtype; }
  const Shape &shape() const { return shape_; }
  const std::vector<int64_t> &axes() const { return axes_; }

  /// How many elements go into one of the result. Not larger than the tensor's size, but for an
  /// empty one, whose sizes' product may overflow: then a wrong number, of no element.
  int64_t count() const {
    uint64_t count = 1;
    for (int64_t axis : axes_)
      count *= uint64_t(shape_[size_t(axis)]);
    return int64_t(count);
  }
  /// Whether an element of the result is of no elements.
  bool reducesNothing() const {
    return std::any_of(axes_.begin(), axes_.end(),
                       [&](int64_t axis) { return shape_[size_t(axis)] == 0; });
  }
  /// The shape with the reduced axes kept as 1.
  Shape keptShape() const {
    Shape kept = shape_;
    for (int64_t axis : axes_)
      kept[size_t(axis)] = 1;
    return kept;
  }
  /// `x` reduced; the reduced axes are dropped.
  Expected<TensorValue> reduce(Reduction op, TensorValue x) {
    return builder_.reduce(op, x, axes_, call_.span);
  }
  /// The sum of `x` as `dtype`: the elements are converted to it before they are added.
  Expected<TensorValue> sum(Expected<TensorValue> x, DType dtype) {
    x = cast(cast(std::move(x), dtype), accumulatorOf(dtype));
    if (x)
      x = reduce(isBool(dtype) ? Reduction::Any : Reduction::Sum, *x);
    return cast(std::move(x), dtype);
  }
  /// `x`, of a result, divided by a number of elements, which `x`'s own type may not hold.
  /// Quotients of 16-bit floats in float32 are correctly rounded.
  Expected<TensorValue> divide(Expected<TensorValue> x, double count) {
    if (!x)
      return x;
    DType dtype = builder_.type(*x).dtype, computed = accumulatorOf(dtype);
    if (computed == DType::f32 && double(float(count)) != count)
      computed = DType::f64;
    if (computed == DType::c64 && double(float(count)) != count)
      computed = DType::c128;
    x = cast(std::move(x), computed);
    if (!x)
      return x;
    Expected<TensorValue> divisor = constantOf(builder_, Value(count, call_.span), computed);
    if (!divisor)
      return divisor;
    return cast(builder_.elementwise(ScalarOp::Divide, {*x, *divisor}, call_.span), dtype);
  }
  Expected<TensorValue> cast(Expected<TensorValue> x, DType dtype) {
    if (!x)
      return x;
    return builder_.cast(*x, dtype, call_.span);
  }
  Expected<TensorValue> keep(Expected<TensorValue> x) {
    if (!x)
      return x;
    return builder_.reshape(*x, keptShape(), call_.span);
  }
  /// The call's result: with the axes of size 1 where keepdims asks for them.
  Expected<Value> finish(Expected<TensorValue> x) {
    if (keepDims_)
      x = keep(std::move(x));
    if (!x)
      return std::move(x.error());
    return Value(*x, call_.span);
  }

private:
  /// What Python's max(a, b) is.
  Diagnostic withHint(Diagnostic error) const {
    if (call_.name == "max" || call_.name == "min")
      error.notes.push_back(
          fmt::format("of two tensors or numbers, write {}imum(a, b)", call_.name));
    return error;
  }
  Status readAxes(const std::optional<Value> &axis) {
    if (axis && (axis->is<TensorValue>() || axis->is<bool>())) {
      Diagnostic error = call_.error(fmt::format("axis is an integer, not {}", describe(*axis)));
      error.spans = {axis->span};
      if (call_.name == "max" || call_.name == "min")
        error.notes = {
            fmt::format("the elementwise function of two tensors is {}imum", call_.name)};
      return error;
    }
    // NumPy takes the axes 0 and -1 of a scalar, but where it counts the elements along them.
    const auto *integer = axis ? axis->as<int64_t>() : nullptr;
    bool counts = call_.name == "mean" || call_.name == "var" || call_.name == "std";
    if (shape_.empty() && !counts && integer && (*integer == 0 || *integer == -1))
      return success();
    Expected<std::vector<int64_t>> axes = axesArgument(axis, int64_t(shape_.size()), call_.span);
    if (!axes)
      return withHint(std::move(axes.error()));
    axes_ = std::move(*axes);
    return success();
  }

  Call &call_;
  ProgramBuilder &builder_;
  TensorValue x_{};
  Shape shape_;
  std::vector<int64_t> axes_;
  bool keepDims_ = false;
};

/// Arguments that NumPy has and the language does not.
Status refuse(const Call &call, std::initializer_list<std::pair<size_t, std::string_view>> names) {
  for (auto [i, name] : names)
    if (!isNone(call.arguments[i])) {
      std::string_view instead = name == "where"     ? "; use where(condition, x, …) first"
                                 : name == "initial" ? "; combine the result with it"
                                                     : "";
      Diagnostic error = call.error(fmt::format("the argument '{}' of {} is not in the language{}",
                                                name, call.name, instead));
      error.spans = {call[i].span};
      return error;
    }
  return success();
}

Expected<DType> dtypeOr(const std::optional<Value> &argument, DType otherwise) {
  return isNone(argument) ? Expected<DType>(otherwise) : dtypeArgument(*argument);
}

Expected<Value> sumOrProd(Call &call) {
  enum { A, Axis, Dtype, Out, KeepDims, Initial, Where };
  if (Status status = refuse(call, {{Out, "out"}, {Initial, "initial"}, {Where, "where"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  Expected<DType> dtype = dtypeOr(call.arguments[Dtype], sumDType(reducer.dtype()));
  if (!dtype)
    return std::move(dtype.error());
  if (call.name == "sum")
    return reducer.finish(reducer.sum(reducer.x(), *dtype));
  Expected<TensorValue> x = reducer.cast(reducer.cast(reducer.x(), *dtype), accumulatorOf(*dtype));
  if (x)
    x = reducer.reduce(isBool(*dtype) ? Reduction::All : Reduction::Prod, *x);
  return reducer.finish(reducer.cast(std::move(x), *dtype));
}

Expected<Value> maxOrMin(Call &call) {
  enum { A, Axis, Out, KeepDims, Initial, Where };
  if (Status status = refuse(call, {{Out, "out"}, {Initial, "initial"}, {Where, "where"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  bool isMax = call.name == "max" || call.name == "amax";
  if (reducer.reducesNothing())
    return call.error(
        fmt::format("{} of no elements: shape {} is empty along the reduced axes, and "
                    "a {}imum has no identity",
                    call.name, formatShape(reducer.shape()), isMax ? "max" : "min"));
  if (isBool(reducer.dtype()))
    return reducer.finish(reducer.reduce(isMax ? Reduction::Any : Reduction::All, reducer.x()));
  return reducer.finish(reducer.reduce(isMax ? Reduction::Max : Reduction::Min, reducer.x()));
}

Expected<Value> anyOrAll(Call &call) {
  enum { A, Axis, Out, KeepDims, Where };
  if (Status status = refuse(call, {{Out, "out"}, {Where, "where"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  Expected<TensorValue> x = reducer.cast(reducer.x(), DType::b1);
  if (x)
    x = reducer.reduce(call.name == "any" ? Reduction::Any : Reduction::All, *x);
  return reducer.finish(std::move(x));
}

Expected<Value> countNonzero(Call &call) {
  enum { A, Axis, KeepDims };
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  return reducer.finish(reducer.sum(reducer.cast(reducer.x(), DType::b1), DType::i64));
}

Expected<Value> ptp(Call &call) {
  enum { A, Axis, Out, KeepDims };
  if (Status status = refuse(call, {{Out, "out"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  if (isBool(reducer.dtype()))
    return call.error("ptp does not take bool");
  if (reducer.reducesNothing())
    return call.error(fmt::format("ptp of no elements: shape {} is empty along the reduced axes, "
                                  "and a maximum has no identity",
                                  formatShape(reducer.shape())));
  Expected<TensorValue> max = reducer.reduce(Reduction::Max, reducer.x());
  if (!max)
    return std::move(max.error());
  Expected<TensorValue> min = reducer.reduce(Reduction::Min, reducer.x());
  if (!min)
    return std::move(min.error());
  return reducer.finish(call.builder.elementwise(ScalarOp::Subtract, {*max, *min}, call.span));
}

Expected<DType> floatDType(const Call &call, const std::optional<Value> &argument, DType dtype) {
  Expected<DType> result = dtypeOr(argument, meanDType(dtype));
  if (result && kindOf(*result) < DTypeKind::Float) {
    Diagnostic error = call.error(fmt::format("the dtype of {} is a float or complex type, not {}",
                                              call.name, numpyName(*result)));
    error.spans = {argument->span};
    return error;
  }
  return result;
}

Expected<Value> mean(Call &call) {
  enum { A, Axis, Dtype, Out, KeepDims, Where };
  if (Status status = refuse(call, {{Out, "out"}, {Where, "where"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  Expected<DType> dtype = floatDType(call, call.arguments[Dtype], reducer.dtype());
  if (!dtype)
    return std::move(dtype.error());
  // The sum is not rounded to 16 bits before the division, unless that type was asked for.
  DType sumType = isNone(call.arguments[Dtype]) ? accumulatorOf(*dtype) : *dtype;
  Expected<TensorValue> quotient =
      reducer.divide(reducer.sum(reducer.x(), sumType), double(reducer.count()));
  return reducer.finish(reducer.cast(std::move(quotient), *dtype));
}

/// The degrees of freedom that var and std take off.
Expected<double> ddofOf(const Call &call, size_t ddof, size_t correction) {
  bool hasCorrection = !isNone(call.arguments[correction]);
  if (hasCorrection && call.has(ddof))
    return call.error(fmt::format("{} takes ddof or correction, not both", call.name));
  if (!hasCorrection && !call.has(ddof))
    return 0.0;
  const Value &value = call[hasCorrection ? correction : ddof];
  if (const auto *real = value.as<double>())
    return *real;
  Expected<int64_t> integer = integerArgument(value, hasCorrection ? "correction" : "ddof");
  if (!integer)
    return std::move(integer.error());
  return double(*integer);
}

/// numpy.var: the mean, then the mean of |x - mean|², each step rounded to the array's type.
Expected<Value> varOrStd(Call &call) {
  enum { A, Axis, Dtype, Out, Ddof, KeepDims, Where, Mean, Correction };
  if (Status status = refuse(call, {{Out, "out"}, {Where, "where"}, {Mean, "mean"}}); !status)
    return std::move(status.error());
  Reducer reducer(call);
  if (Status status = reducer.read(call.arguments[Axis], call.arguments[KeepDims]); !status)
    return std::move(status.error());
  Expected<DType> dtype = floatDType(call, call.arguments[Dtype], reducer.dtype());
  if (!dtype)
    return std::move(dtype.error());
  Expected<double> ddof = ddofOf(call, Ddof, Correction);
  if (!ddof)
    return std::move(ddof.error());
  auto apply = [&](ScalarOp op, std::vector<Value> operands) -> Expected<TensorValue> {
    Expected<Value> result = applyScalarOp(call.builder, op, call.nameSpan, call.span, operands);
    if (!result)
      return std::move(result.error());
    return *result->as<TensorValue>();
  };
  double count = double(reducer.count());
  Expected<TensorValue> mean =
      reducer.keep(reducer.divide(reducer.sum(reducer.x(), *dtype), count));
  if (!mean)
    return std::move(mean.error());
  Expected<TensorValue> deviation =
      apply(ScalarOp::Subtract, {Value(reducer.x(), call.span), Value(*mean, call.span)});
  if (!deviation)
    return std::move(deviation.error());
  auto square = [&](TensorValue x) {
    return apply(ScalarOp::Multiply, {Value(x, call.span), Value(x, call.span)});
  };
  Expected<TensorValue> squares = square(*deviation);
  DType sumType = *dtype;
  if (kindOf(call.builder.type(*deviation).dtype) == DTypeKind::Complex) {
    Expected<TensorValue> real = apply(ScalarOp::Real, {Value(*deviation, call.span)});
    Expected<TensorValue> imag = apply(ScalarOp::Imag, {Value(*deviation, call.span)});
    if (real)
      real = square(*real);
    if (imag)
      imag = square(*imag);
    if (!real || !imag)
      return std::move((real ? imag : real).error());
    squares = apply(ScalarOp::Add, {Value(*real, call.span), Value(*imag, call.span)});
    if (isNone(call.arguments[Dtype]))
      sumType = resultDType(ScalarOp::Real, *dtype);
  }
  Expected<TensorValue> result =
      reducer.divide(reducer.sum(std::move(squares), sumType), std::max(count - *ddof, 0.0));
  if (call.name == "std" && result)
    result = apply(ScalarOp::Sqrt, {Value(*result, call.span)});
  return reducer.finish(std::move(result));
}

/// `x` as a vector, and axis 0, when axis is None; a scalar is a vector of one.
Expected<std::pair<TensorValue, int64_t>> flattened(Call &call, TensorValue x,
                                                    const std::optional<Value> &axis) {
  const TensorType type = call.builder.type(x);
  const auto *integer = axis ? axis->as<int64_t>() : nullptr;
  bool scalarAxis = type.shape.empty() && integer && (*integer == 0 || *integer == -1);
  if (isNone(axis) || scalarAxis) {
    Expected<int64_t> count = elementCount(type.shape, type.dtype);
    if (!count)
      return std::move(count.error());
    Expected<TensorValue> flat = call.builder.reshape(x, {*count}, call.span);
    if (!flat)
      return std::move(flat.error());
    return std::pair(*flat, int64_t(0));
  }
  if (!integer) {
    Diagnostic error = call.error(
        fmt::format("axis of {} is one integer or None, not {}", call.name, describe(*axis)));
    error.spans = {axis->span};
    return error;
  }
  Expected<int64_t> normal = normalizeAxis(*integer, type.rank(), axis->span);
  if (!normal)
    return std::move(normal.error());
  return std::pair(x, *normal);
}

Expected<Value> argReduction(Call &call) {
  enum { A, Axis, Out, KeepDims };
  if (Status status = refuse(call, {{Out, "out"}}); !status)
    return std::move(status.error());
  Expected<TensorValue> given = call.tensor(A);
  if (!given)
    return std::move(given.error());
  TensorValue x = *given;
  auto flat = flattened(call, x, call.arguments[Axis]);
  if (!flat)
    return std::move(flat.error());
  auto [operand, axis] = *flat;
  Shape shape = call.builder.type(x).shape;
  if (call.builder.type(operand).shape[size_t(axis)] == 0)
    return call.error(fmt::format("{} of no elements: shape {} has size 0 along the reduced axis",
                                  call.name, formatShape(shape)));
  // The first True is the first greatest byte.
  if (isBool(call.builder.type(operand).dtype)) {
    Expected<TensorValue> bytes = call.builder.cast(operand, DType::u8, call.span);
    if (!bytes)
      return std::move(bytes.error());
    operand = *bytes;
  }
  ArgReduction op = call.name == "argmax" ? ArgReduction::Argmax : ArgReduction::Argmin;
  Expected<TensorValue> result = call.builder.argReduce(op, operand, axis, call.span);
  if (result && !isNone(call.arguments[KeepDims])) {
    Expected<bool> keep = boolArgument(call[KeepDims], "keepdims");
    if (!keep)
      return std::move(keep.error());
    if (*keep) {
      if (isNone(call.arguments[Axis]))
        shape.assign(shape.size(), 1);
      else if (!shape.empty())
        shape[size_t(axis)] = 1;
      result = call.builder.reshape(*result, std::move(shape), call.span);
    }
  }
  if (!result)
    return std::move(result.error());
  return Value(*result, call.span);
}

Expected<Value> scan(Call &call) {
  enum { A, Axis, Dtype, Out };
  if (Status status = refuse(call, {{Out, "out"}}); !status)
    return std::move(status.error());
  Expected<TensorValue> x = call.tensor(A);
  if (!x)
    return std::move(x.error());
  auto flat = flattened(call, *x, call.arguments[Axis]);
  if (!flat)
    return std::move(flat.error());
  auto [operand, axis] = *flat;
  Expected<DType> dtype =
      dtypeOr(call.arguments[Dtype], sumDType(call.builder.type(operand).dtype));
  if (!dtype)
    return std::move(dtype.error());
  if (isBool(*dtype))
    return call.error(fmt::format("the dtype of {} is a number type, not bool", call.name));
  Expected<TensorValue> result = call.builder.cast(operand, *dtype, call.span);
  if (result)
    result = call.builder.scan(call.name == "cumsum" ? Scan::Cumsum : Scan::Cumprod, *result, axis,
                               call.span);
  if (!result)
    return std::move(result.error());
  return Value(*result, call.span);
}

constexpr FunctionEntry::Kind Function = FunctionEntry::Function, Both = FunctionEntry::Both;

constexpr FunctionEntry kTable[] = {
    {"sum", "a, axis=, dtype=, out=, keepdims=, initial=, where=", Both, sumOrProd},
    {"prod", "a, axis=, dtype=, out=, keepdims=, initial=, where=", Both, sumOrProd},
    {"max", "a, axis=, out=, keepdims=, initial=, where=", Both, maxOrMin},
    {"min", "a, axis=, out=, keepdims=, initial=, where=", Both, maxOrMin},
    {"amax", "a, axis=, out=, keepdims=, initial=, where=", Function, maxOrMin},
    {"amin", "a, axis=, out=, keepdims=, initial=, where=", Function, maxOrMin},
    {"any", "a, axis=, out=, keepdims=, *, where=", Both, anyOrAll},
    {"all", "a, axis=, out=, keepdims=, *, where=", Both, anyOrAll},
    {"count_nonzero", "a, axis=, *, keepdims=", Function, countNonzero},
    {"ptp", "a, axis=, out=, keepdims=", Function, ptp},
    {"mean", "a, axis=, dtype=, out=, keepdims=, *, where=", Both, mean},
    {"var", "a, axis=, dtype=, out=, ddof=, keepdims=, *, where=, mean=, correction=", Both,
     varOrStd},
    {"std", "a, axis=, dtype=, out=, ddof=, keepdims=, *, where=, mean=, correction=", Both,
     varOrStd},
    {"argmax", "a, axis=, out=, *, keepdims=", Both, argReduction},
    {"argmin", "a, axis=, out=, *, keepdims=", Both, argReduction},
    {"cumsum", "a, axis=, dtype=, out=", Both, scan},
    {"cumprod", "a, axis=, dtype=, out=", Both, scan},
};

} // namespace

std::span<const FunctionEntry> reductionFunctions() { return kTable; }

} // namespace ricci
