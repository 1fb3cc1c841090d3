//===- functions_contract.cpp - einsum, matmul and the other contractions -----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All of them are Einsum nodes, but for products without a sum, which are multiplications.
//
//===----------------------------------------------------------------------===//
#include "frontend/einsum.h"
#include "frontend/node_helpers.h"
#include "frontend/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ricci {

using detail::asValue;
using detail::errorAt;

namespace {

using Axes = std::vector<int64_t>;

//===----------------------------------------------------------------------===//
// einsum
//===----------------------------------------------------------------------===//

/// Moves an error about the equation to where the equation stands in the program's text.
Diagnostic inProgram(const Call &call, Diagnostic error, const Value &equation) {
  const std::string &source = call.builder.source(), &text = *equation.as<std::string>();
  auto [begin, end] = equation.span;
  size_t at = begin <= end && end <= source.size()
                  ? std::string_view(source).substr(begin, end - begin).find(text)
                  : std::string_view::npos;
  error.source = source;
  if (at == std::string_view::npos || error.spans.empty()) // a variable, or it has escapes
    error.spans = {equation.span};
  else
    for (Span &span : error.spans)
      span = {begin + at + span.begin, begin + at + span.end};
  return error;
}

Expected<TensorValue> addEinsum(Call &call, const EinsumSyntax &syntax,
                                const std::vector<TensorValue> &operands) {
  std::vector<TensorType> types;
  for (TensorValue operand : operands)
    types.push_back(call.builder.type(operand));
  Expected<Program> resolved = resolveEinsum(syntax, types);
  if (!resolved)
    return std::move(resolved.error());
  Program::Node &node = resolved->nodes[size_t(resolved->results[0])];
  return call.builder.einsum(std::move(node.einsum), operands, node.type.dtype, call.span);
}

/// einsum(x, [0, 1], y, [1, 2], [0, 2]).
Expected<Value> einsumOfLists(Call &call) {
  std::vector<Value> values;
  std::vector<std::vector<int64_t>> operands;
  std::optional<std::vector<int64_t>> output;
  for (size_t i = 0; i < call.rest.size(); ++i) {
    const Value &value = call.rest[i];
    bool isOutput = i % 2 == 0 && i + 1 == call.rest.size() && i > 0;
    if (i % 2 == 0 && !isOutput) {
      values.push_back(value);
      continue;
    }
    const auto *list = value.as<SequenceValue>();
    if (!list)
      return errorAt(call.builder, value.span,
                     fmt::format("labels are a list of integers, not {}", describe(value)));
    std::vector<int64_t> labels;
    for (const Value &item : list->items) {
      if (item.is<EllipsisValue>()) {
        labels.push_back(EinsumSyntax::kEllipsis);
        continue;
      }
      Expected<int64_t> label = integerArgument(item, "a label");
      if (!label)
        return std::move(label.error());
      if (*label < 0)
        return errorAt(call.builder, item.span,
                       fmt::format("{} is not a label: labels are not negative", *label));
      labels.push_back(*label);
    }
    if (isOutput)
      output = std::move(labels);
    else
      operands.push_back(std::move(labels));
  }
  if (values.size() != operands.size())
    return call.error("einsum needs an equation, or a list of labels after each operand");
  Expected<detail::Arrays> arrays = detail::toArrays(call.builder, values);
  if (!arrays)
    return std::move(arrays.error());
  Expected<EinsumSyntax> syntax = einsumFromLabels(operands, output);
  Expected<TensorValue> result = syntax ? addEinsum(call, *syntax, arrays->tensors)
                                        : Expected<TensorValue>(std::move(syntax.error()));
  if (!result)
    result.error().spans = {call.nameSpan};
  return asValue(std::move(result));
}

Expected<Value> einsum(Call &call) {
  if (call.rest.empty())
    return call.error("einsum needs an equation and operands");
  const Value &equation = call.rest[0];
  const auto *text = equation.as<std::string>();
  if (!text)
    return einsumOfLists(call);
  Expected<EinsumSyntax> syntax = parseEinsum(*text);
  if (!syntax)
    return inProgram(call, std::move(syntax.error()), equation);
  Expected<detail::Arrays> arrays =
      detail::toArrays(call.builder, {call.rest.begin() + 1, call.rest.end()});
  if (!arrays)
    return std::move(arrays.error());
  Expected<TensorValue> result = addEinsum(call, *syntax, arrays->tensors);
  if (!result)
    return inProgram(call, std::move(result.error()), equation);
  return Value(*result);
}

//===----------------------------------------------------------------------===//
// Products over the last axes of stacks: matmul, vecdot, matvec, vecmat
//===----------------------------------------------------------------------===//

struct Operator {
  ProgramBuilder &builder;
  std::string_view name;
  Span opSpan, span;
  TensorValue left, right;
  DType dtype;
};

Expected<Operator> operatorOf(ProgramBuilder &builder, std::string_view name, Span opSpan,
                              Span span, const Value &left, const Value &right) {
  Expected<detail::Arrays> arrays = detail::toArrays(builder, {left, right});
  if (!arrays)
    return std::move(arrays.error());
  return Operator{builder,      name, opSpan, span, arrays->tensors[0], arrays->tensors[1],
                  arrays->dtype};
}

Expected<Operator> operatorOf(Call &call) {
  return operatorOf(call.builder, call.name, call.nameSpan, call.span, call[0], call[1]);
}

int64_t rankOf(const Operator &op, TensorValue x) { return op.builder.type(x).rank(); }

Diagnostic axesDiffer(const Operator &op, int64_t leftAxis, int64_t rightAxis) {
  const Shape &left = op.builder.type(op.left).shape, &right = op.builder.type(op.right).shape;
  return errorAt(
      op.builder, op.opSpan,
      fmt::format("{}: axis of {} against {}: axis {} of {} is summed with axis {} of {}", op.name,
                  left[size_t(leftAxis)], right[size_t(rightAxis)], leftAxis, formatShape(left),
                  rightAxis, formatShape(right)));
}

/// The labels of an equation that is built axis by axis.
class Labels {
public:
  Label add(std::string name, int64_t extent) {
    einsum.labelNames.push_back(std::move(name));
    einsum.extents.push_back(extent);
    return Label(einsum.extents.size() - 1);
  }
  Einsum einsum;
};

/// The last axes are `left` and `right`, one letter each, 'k' in both; those before broadcast.
Expected<Value> stacksOf(const Operator &op, std::string_view left, std::string_view right,
                         std::string_view output) {
  std::string_view cores[2] = {left, right};
  TensorValue operands[2] = {op.left, op.right};
  Shape batch[2], shapes[2];
  for (int side = 0; side < 2; ++side) {
    shapes[side] = op.builder.type(operands[side]).shape;
    if (shapes[side].size() < cores[side].size())
      return errorAt(
          op.builder, op.opSpan,
          fmt::format("{}: the {} operand has {} and needs {}{}", op.name, side ? "right" : "left",
                      detail::countAxes(int64_t(shapes[side].size())), cores[side].size(),
                      op.name == "matmul" ? "; write * for a scalar" : ""));
    batch[side].assign(shapes[side].begin(), shapes[side].end() - int64_t(cores[side].size()));
  }
  int64_t leftAxis = int64_t(batch[0].size() + left.find('k'));
  int64_t rightAxis = int64_t(batch[1].size() + right.find('k'));
  if (shapes[0][size_t(leftAxis)] != shapes[1][size_t(rightAxis)])
    return axesDiffer(op, leftAxis, rightAxis);
  BroadcastReport report = broadcastShapes(batch[0], batch[1]);
  if (!report.broadcasts())
    return errorAt(
        op.builder, op.opSpan,
        fmt::format("{}: in front of the last axes, {}", op.name, report.error().message));
  Labels labels;
  for (size_t axis = 0; axis < report.result.size(); ++axis)
    labels.einsum.output.push_back(labels.add(fmt::format("…{}", axis), report.result[axis]));
  std::vector<std::pair<char, Label>> known;
  for (int side = 0; side < 2; ++side) {
    std::vector<Label> &axes = labels.einsum.operands.emplace_back(
        labels.einsum.output.end() - int64_t(batch[side].size()), labels.einsum.output.end());
    for (size_t i = 0; i < cores[side].size(); ++i) {
      char letter = cores[side][i];
      auto found = std::find_if(known.begin(), known.end(),
                                [&](const auto &entry) { return entry.first == letter; });
      if (found == known.end())
        found = known.insert(
            known.end(),
            {letter, labels.add(std::string(1, letter), shapes[side][batch[side].size() + i])});
      axes.push_back(found->second);
    }
  }
  for (char letter : output)
    labels.einsum.output.push_back(std::find_if(known.begin(), known.end(), [&](const auto &entry) {
                                     return entry.first == letter;
                                   })->second);
  return asValue(
      op.builder.einsum(std::move(labels.einsum), {op.left, op.right}, op.dtype, op.span));
}

Expected<Value> matmulOf(const Operator &op) {
  bool row = rankOf(op, op.left) < 2, column = rankOf(op, op.right) < 2;
  return stacksOf(op, row ? "k" : "ik", column ? "k" : "kj",
                  row && column ? ""
                  : row         ? "j"
                  : column      ? "i"
                                : "ij");
}

Expected<Value> matmul(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  return matmulOf(*op);
}

Expected<TensorValue> conjugated(ProgramBuilder &builder, TensorValue x, Span span) {
  if (kindOf(builder.type(x).dtype) != DTypeKind::Complex)
    return x;
  return builder.elementwise(ScalarOp::Conjugate, {x}, span);
}

/// vecdot, matvec, vecmat: the left vector is conjugated.
Expected<Value> vecdot(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  for (TensorValue *x : {&op->left, &op->right}) {
    if (!call.has(2))
      break;
    int64_t rank = rankOf(*op, *x);
    Expected<int64_t> axis = detail::axisArgument(call[2], rank);
    if (!axis)
      return std::move(axis.error());
    Axes order(static_cast<size_t>(rank));
    std::iota(order.begin(), order.end(), 0);
    order.erase(order.begin() + *axis);
    order.push_back(*axis);
    Expected<TensorValue> moved = call.builder.transpose(*x, order, call.span);
    if (!moved)
      return std::move(moved.error());
    *x = *moved;
  }
  Expected<TensorValue> left = conjugated(call.builder, op->left, call.span);
  if (!left)
    return std::move(left.error());
  op->left = *left;
  return stacksOf(*op, "k", "k", "");
}

Expected<Value> matvec(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  return stacksOf(*op, "ik", "k", "i");
}

Expected<Value> vecmat(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  Expected<TensorValue> left = conjugated(call.builder, op->left, call.span);
  if (!left)
    return std::move(left.error());
  op->left = *left;
  return stacksOf(*op, "k", "kj", "j");
}

//===----------------------------------------------------------------------===//
// Products over pairs of axes: dot, inner, tensordot, vdot
//===----------------------------------------------------------------------===//

/// Sums over axis leftAxes[i] with rightAxes[i]; the other axes of the left, then of the right,
/// stay.
Expected<Value> sumOverPairs(const Operator &op, const Axes &leftAxes, const Axes &rightAxes) {
  const Shape left = op.builder.type(op.left).shape, right = op.builder.type(op.right).shape;
  for (size_t i = 0; i < leftAxes.size(); ++i)
    if (left[size_t(leftAxes[i])] != right[size_t(rightAxes[i])])
      return axesDiffer(op, leftAxes[i], rightAxes[i]);
  Labels labels;
  std::vector<Label> leftLabels, rightLabels(right.size(), -1), output;
  auto name = [&] {
    size_t n = labels.einsum.extents.size();
    return n < 26 ? std::string(1, char('a' + n)) : fmt::format("#{}", n);
  };
  for (size_t axis = 0; axis < left.size(); ++axis) {
    Label label = labels.add(name(), left[axis]);
    leftLabels.push_back(label);
    auto summed = std::find(leftAxes.begin(), leftAxes.end(), int64_t(axis));
    if (summed == leftAxes.end())
      output.push_back(label);
    else
      rightLabels[size_t(rightAxes[size_t(summed - leftAxes.begin())])] = label;
  }
  for (size_t axis = 0; axis < right.size(); ++axis)
    if (rightLabels[axis] < 0) {
      rightLabels[axis] = labels.add(name(), right[axis]);
      output.push_back(rightLabels[axis]);
    }
  labels.einsum.operands = {leftLabels, rightLabels};
  labels.einsum.output = output;
  return asValue(
      op.builder.einsum(std::move(labels.einsum), {op.left, op.right}, op.dtype, op.span));
}

/// The operands as factors of one dtype, multiplied.
Expected<TensorValue> product(const Operator &op) {
  Expected<TensorValue> left = op.builder.cast(op.left, op.dtype, op.span);
  Expected<TensorValue> right = left ? op.builder.cast(op.right, op.dtype, op.span) : left;
  return right ? op.builder.elementwise(ScalarOp::Multiply, {*left, *right}, op.span) : right;
}

/// dot sums over the last axis but one of the right operand, inner over the last.
template <int64_t fromLast> Expected<Value> dotLike(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  int64_t left = rankOf(*op, op->left), right = rankOf(*op, op->right);
  if (left == 0 || right == 0)
    return asValue(product(*op));
  return sumOverPairs(*op, {left - 1}, {std::max(right - fromLast, int64_t(0))});
}

Expected<Value> tensordot(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  int64_t left = rankOf(*op, op->left), right = rankOf(*op, op->right);
  const Value axes = call.has(2) ? call[2] : Value(int64_t(2), call.nameSpan);
  if (const auto *pair = axes.as<SequenceValue>()) {
    if (pair->items.size() != 2)
      return errorAt(
          call.builder, axes.span,
          fmt::format("the axes are a number or a pair, not {} items", pair->items.size()));
    Expected<Axes> leftAxes = detail::orderedAxes(call.builder, pair->items[0], left);
    if (!leftAxes)
      return std::move(leftAxes.error());
    Expected<Axes> rightAxes = detail::orderedAxes(call.builder, pair->items[1], right);
    if (!rightAxes)
      return std::move(rightAxes.error());
    if (leftAxes->size() != rightAxes->size())
      return errorAt(call.builder, axes.span,
                     fmt::format("{} of the left operand for {} of the right",
                                 detail::countAxes(int64_t(leftAxes->size())), rightAxes->size()));
    return sumOverPairs(*op, *leftAxes, *rightAxes);
  }
  Expected<int64_t> count = integerArgument(axes, "the number of axes");
  if (!count)
    return std::move(count.error());
  int64_t n = std::max(*count, int64_t(0)); // NumPy takes a negative number for none
  if (n > left || n > right)
    return errorAt(call.builder, axes.span,
                   fmt::format("tensordot over {}: the operands have {} and {}",
                               detail::countAxes(n), left, right));
  Axes leftAxes(static_cast<size_t>(n)), rightAxes = leftAxes;
  std::iota(leftAxes.begin(), leftAxes.end(), left - n);
  std::iota(rightAxes.begin(), rightAxes.end(), 0);
  return sumOverPairs(*op, leftAxes, rightAxes);
}

/// Both operands as vectors, in C order.
Expected<Operator> flattened(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return op;
  for (TensorValue *x : {&op->left, &op->right}) {
    TensorType type = call.builder.type(*x);
    Expected<TensorValue> flat =
        call.builder.reshape(*x, {*elementCount(type.shape, type.dtype)}, call.span);
    if (!flat)
      return std::move(flat.error());
    *x = *flat;
  }
  return op;
}

Expected<Value> vdot(Call &call) {
  Expected<Operator> op = flattened(call);
  if (!op)
    return std::move(op.error());
  int64_t left = call.builder.type(op->left).shape[0],
          right = call.builder.type(op->right).shape[0];
  if (left != right)
    return call.error(fmt::format("vdot of {} elements and {}", left, right));
  Expected<TensorValue> conjugate = conjugated(call.builder, op->left, call.span);
  if (!conjugate)
    return std::move(conjugate.error());
  op->left = *conjugate;
  return sumOverPairs(*op, {0}, {0});
}

//===----------------------------------------------------------------------===//
// Products without a sum
//===----------------------------------------------------------------------===//

Expected<Value> outer(Call &call) {
  Expected<Operator> op = flattened(call);
  if (!op)
    return std::move(op.error());
  Expected<TensorValue> column = detail::insertAxis(call.builder, op->left, 1, call.span);
  if (!column)
    return std::move(column.error());
  op->left = *column;
  return asValue(product(*op));
}

Expected<Value> kron(Call &call) {
  Expected<Operator> op = operatorOf(call);
  if (!op)
    return std::move(op.error());
  Shape left = call.builder.type(op->left).shape, right = call.builder.type(op->right).shape;
  size_t rank = std::max(left.size(), right.size());
  left.insert(left.begin(), rank - left.size(), 1);
  right.insert(right.begin(), rank - right.size(), 1);
  Shape wideLeft, wideRight, merged;
  for (size_t axis = 0; axis < rank; ++axis) {
    wideLeft.insert(wideLeft.end(), {left[axis], 1});
    wideRight.insert(wideRight.end(), {1, right[axis]});
    if (__builtin_mul_overflow(left[axis], right[axis], &merged.emplace_back()))
      return call.error("the result is longer than 63 bits");
  }
  Expected<TensorValue> x = call.builder.reshape(op->left, wideLeft, call.span);
  Expected<TensorValue> y = x ? call.builder.reshape(op->right, wideRight, call.span) : x;
  if (!y)
    return std::move(y.error());
  op->left = *x;
  op->right = *y;
  x = product(*op);
  return asValue(x ? call.builder.reshape(*x, merged, call.span) : std::move(x));
}

//===----------------------------------------------------------------------===//
// Diagonals: (a, offset, axis1, axis2)
//===----------------------------------------------------------------------===//

Expected<TensorValue> diagonalOf(Call &call) {
  Expected<TensorValue> x = call.tensor(0);
  if (!x)
    return x;
  int64_t rank = call.builder.type(*x).rank(), axes[2] = {0, 1};
  if (rank < 2)
    return call.error(fmt::format("{} needs two axes or more, not {}", call.name, rank));
  Expected<int64_t> offset = call.has(1) ? integerArgument(call[1], "the offset") : int64_t(0);
  if (!offset)
    return std::move(offset.error());
  for (size_t i = 0; i < 2; ++i) {
    if (!call.has(i + 2))
      continue;
    Expected<int64_t> axis = detail::axisArgument(call[i + 2], rank);
    if (!axis)
      return std::move(axis.error());
    axes[i] = *axis;
  }
  if (axes[0] == axes[1])
    return call.error(fmt::format("a diagonal needs two axes, and both are {}", axes[0]));
  return detail::diagonal(call.builder, *x, *offset, axes[0], axes[1], call.span);
}

Expected<Value> diagonal(Call &call) { return asValue(diagonalOf(call)); }

/// Sums as numpy.sum: small integers as 64 bits.
Expected<Value> trace(Call &call) {
  Expected<TensorValue> x = diagonalOf(call);
  if (!x)
    return std::move(x.error());
  TensorType type = call.builder.type(*x);
  DTypeKind kind = kindOf(type.dtype);
  DType dtype = kind == DTypeKind::Bool || kind == DTypeKind::Int ? DType::i64
                : kind == DTypeKind::UInt                         ? DType::u64
                                                                  : type.dtype;
  if (call.has(4) && !call[4].is<NoneValue>()) {
    Expected<DType> given = dtypeArgument(call[4]);
    if (!given)
      return std::move(given.error());
    dtype = *given;
  }
  x = call.builder.cast(*x, dtype, call.span);
  return asValue(x ? call.builder.reduce(Reduction::Sum, *x, {type.rank() - 1}, call.span)
                   : std::move(x));
}

} // namespace

Expected<Value> matmulOperator(ProgramBuilder &builder, Span opSpan, Span span, const Value &left,
                               const Value &right) {
  Expected<Operator> op = operatorOf(builder, "matmul", opSpan, span, left, right);
  if (!op)
    return std::move(op.error());
  Expected<Value> result = matmulOf(*op);
  if (result)
    result->span = span;
  return result;
}

std::span<const FunctionEntry> contractionFunctions() {
  using E = FunctionEntry;
  static constexpr FunctionEntry kFunctions[] = {
      {"einsum", "*operands, optimize=", E::Function, einsum},
      {"matmul", "x1, x2, /", E::Function, matmul},
      {"linalg.matmul", "x1, x2, /", E::Function, matmul},
      {"vecdot", "x1, x2, /, *, axis=", E::Function, vecdot},
      {"linalg.vecdot", "x1, x2, /, *, axis=", E::Function, vecdot},
      {"matvec", "x1, x2, /", E::Function, matvec},
      {"vecmat", "x1, x2, /", E::Function, vecmat},
      {"dot", "a, b", E::Both, dotLike<2>},
      {"inner", "a, b, /", E::Function, dotLike<1>},
      {"tensordot", "a, b, axes=", E::Function, tensordot},
      {"linalg.tensordot", "a, b, /, *, axes=", E::Function, tensordot},
      {"vdot", "a, b, /", E::Function, vdot},
      {"outer", "a, b", E::Function, outer},
      {"kron", "a, b", E::Function, kron},
      {"diagonal", "a, offset=, axis1=, axis2=", E::Both, diagonal},
      {"trace", "a, offset=, axis1=, axis2=, dtype=", E::Both, trace},
  };
  return kFunctions;
}

} // namespace ricci
