//===- attention.cpp - recognises attention in a kernel --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is between the two einsums is read as a program of loops, so no spelling matters: its space
// has the axes of the scores as the softmax sees them. Each of them gets its strides in q and k by
// where the scores would lie, and in v and the result by where the probabilities would.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention.h"

#include "compiler/fuse/access.h"
#include "compiler/fuse/dims.h"
#include "compiler/ir/types.h"
#include "runtime/half.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace ricci {

namespace {

using Kind = LoopProgram::Kind;
using Node = LoopProgram::Node;

bool isHalf(DType type) { return type == DType::f16 || type == DType::bf16; }
bool isComputed(DType type) { return isHalf(type) || type == DType::f32; }

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}
SmallVector<int64_t> cOrder(ArrayRef<int64_t> shape) {
  auto strides = contiguousStrides(Shape(shape.begin(), shape.end()));
  return SmallVector<int64_t>(strides.begin(), strides.end());
}

/// The stride of each label in an operand or result that lies so.
SmallVector<int64_t> byLabel(ArrayRef<int32_t> labels, const StridedView &view,
                             ArrayRef<int64_t> extents) {
  SmallVector<int64_t> strides(extents.size(), 0);
  for (auto [label, size, stride] : llvm::zip(labels, view.shape, view.strides))
    if (size == extents[size_t(label)] && size != 1)
      strides[size_t(label)] += stride;
  return strides;
}

class Matcher {
public:
  explicit Matcher(KernelOp kernel) : kernel_(kernel) {}

  std::optional<Attention> match() {
    SmallVector<EinsumOp> einsums(kernel_.block().getOps<EinsumOp>());
    if (einsums.size() != 2 || kernel_.getNumResults() != 1)
      return std::nullopt;
    first_ = einsums[0], second_ = einsums[1];
    if (!matchOperands() || !matchSoftmax() || !matchAxes())
      return std::nullopt;
    return std::move(a_);
  }

private:
  //===--- operands ----------------------------------------------------===//

  bool matchOperands() {
    if (first_.getInputs().size() != 2 || second_.getInputs().size() != 2)
      return false;
    // One operand of the second einsum is computed, all others lie in memory.
    auto isStored = [](Value value) { return isa<BlockArgument>(viewBase(value)); };
    auto inputs = second_.getInputs();
    if (isStored(inputs[0]) == isStored(inputs[1]))
      return false;
    weightsAt_ = isStored(inputs[0]) ? 1 : 0;
    weights_ = viewBase(inputs[weightsAt_]);
    a_.type = elementDType(weights_.getType());
    a_.result = elementDType(second_.getOutput().getType());
    DType scores = elementDType(first_.getOutput().getType());
    if (!isComputed(a_.type) || (a_.result != a_.type && a_.result != DType::f32) ||
        (scores != a_.type && scores != DType::f32))
      return false;
    for (Value operand : {first_.getInputs()[0], first_.getInputs()[1], inputs[1 - weightsAt_]})
      if (!isStored(operand) || !memoryView(kernel_, operand) ||
          elementDType(operand.getType()) != a_.type)
        return false;
    return true;
  }

  //===--- the softmax -------------------------------------------------===//

  const Node &node(int index) const { return a_.logits.nodes[size_t(index)]; }
  bool isScalar(int index, ScalarOp op) const {
    return node(index).kind == Kind::Scalar && node(index).scalar == op &&
           isComputed(node(index).computed);
  }
  /// Behind conversions that only say how exact a number is. Nothing is less exact than asked for.
  int behindCasts(int index) const {
    while (node(index).kind == Kind::Cast && isComputed(node(index).type) &&
           isComputed(node(node(index).operands[0]).type) &&
           (isHalf(a_.type) || node(index).type == DType::f32))
      index = node(index).operands[0];
    return index;
  }
  int operand(int index, size_t i) const { return behindCasts(node(index).operands[i]); }
  std::optional<double> constant(int index) const {
    const Node &n = node(index);
    if (n.kind != Kind::Constant || !isComputed(n.type))
      return std::nullopt;
    if (n.type == DType::f32) {
      float value;
      std::memcpy(&value, n.data.data(), sizeof value);
      return value;
    }
    uint16_t bits;
    std::memcpy(&bits, n.data.data(), sizeof bits);
    return n.type == DType::f16 ? halfToFloat(bits) : bf16ToFloat(bits);
  }

  /// w = e / d or e * (1 / d), where e = exp(t - m), d the sum and m the maximum of t.
  bool matchSoftmax() {
    auto program = buildLoopProgramBetween(kernel_, first_, weights_);
    if (!program)
      return false;
    a_.logits = std::move(*program);
    int weight = behindCasts(a_.logits.stores[0].node), e = -1, d = -1;
    if (isScalar(weight, ScalarOp::Divide)) {
      e = operand(weight, 0), d = operand(weight, 1);
    } else if (isScalar(weight, ScalarOp::Multiply)) {
      for (size_t i : {0, 1})
        if (int inverse = operand(weight, i);
            isScalar(inverse, ScalarOp::Divide) && constant(operand(inverse, 0)) == 1.0)
          e = operand(weight, 1 - i), d = operand(inverse, 1);
    }
    if (e < 0 || !isReduction(d, ReduceKind::Sum) || operand(d, 0) != e ||
        !isScalar(e, ScalarOp::Exp))
      return false;
    int difference = operand(e, 0);
    if (!isScalar(difference, ScalarOp::Subtract))
      return false;
    int t = operand(difference, 0), m = operand(difference, 1);
    return isReduction(m, ReduceKind::Max) && operand(m, 0) == t && matchLogits(t);
  }

  bool isReduction(int index, ReduceKind kind) const {
    return node(index).kind == Kind::Reduce && node(index).reduce == kind;
  }

  bool matchLogits(int t) {
    // Of t a positive factor becomes one of the exponent.
    for (bool found = true; found;) {
      found = false;
      for (size_t i : {1, 0}) {
        bool divides = isScalar(t, ScalarOp::Divide);
        if (!(divides && i == 1) && !isScalar(t, ScalarOp::Multiply))
          continue;
        std::optional<double> factor = constant(operand(t, i));
        if (!factor || !(*factor > 0) || std::isinf(*factor))
          continue;
        a_.scale = divides ? a_.scale / *factor : a_.scale * *factor;
        t = operand(t, 1 - i), found = true;
        break;
      }
    }
    a_.logit = t, a_.score = -1;
    if (!std::isnormal(float(a_.scale * M_LOG2E)))
      return false;
    // Its nodes.
    SmallVector<bool> seen(a_.logits.nodes.size(), false);
    SmallVector<int> work = {t};
    unsigned scores = kernel_.getInputs().size();
    while (!work.empty()) {
      int index = work.pop_back_val();
      if (std::exchange(seen[size_t(index)], true))
        continue;
      Node &n = a_.logits.nodes[size_t(index)];
      bool isAllowed = llvm::is_contained(
          {Kind::Load, Kind::Pad, Kind::Constant, Kind::Position, Kind::Scalar, Kind::Cast},
          n.kind);
      if (!isAllowed || (n.kind == Kind::Scalar && n.scalar == ScalarOp::Nextafter))
        return false;
      if (n.kind == Kind::Load && a_.logits.accesses[size_t(n.access)].buffer == scores) {
        if (a_.score >= 0)
          return false;
        a_.score = index;
        continue;
      }
      if (isHalf(a_.type))
        widen(n);
      work.append(n.operands.begin(), n.operands.end());
    }
    for (auto [i, n] : llvm::enumerate(a_.logits.nodes))
      if (seen[i] && n.access >= 0 && int(i) != a_.score && !llvm::is_contained(a_.read, n.access))
        a_.read.push_back(n.access);
    return a_.score >= 0 && isComputed(node(t).type);
  }

  /// Nothing is rounded to 16 bits between the scores and the weights.
  static void widen(Node &n) {
    if (n.kind != Kind::Scalar && n.kind != Kind::Cast)
      return;
    if (isHalf(n.type))
      n.type = DType::f32;
    if (n.kind == Kind::Scalar && isHalf(n.computed))
      n.computed = DType::f32;
  }

  //===--- axes --------------------------------------------------------===//

  bool matchAxes() {
    const LoopProgram &l = a_.logits;
    size_t axes = l.axes.size();
    if (llvm::any_of(l.axes, [](const LoopProgram::Axis &axis) { return axis.extent == 0; }))
      return false;
    strides_.assign(axes, SmallVector<int64_t, 3>(4, 0));
    a_.keyAxis = -1;
    for (auto [i, axis] : llvm::enumerate(l.axes)) {
      if (axis.reduced && a_.keyAxis >= 0)
        return false;
      if (axis.reduced)
        a_.keyAxis = int(i);
    }
    if (!matchScores() || !matchWeights())
      return false;
    Dims batch, rows;
    for (size_t i = axes; i-- > 0;) {
      int64_t extent = l.axes[i].extent;
      const auto &strides = strides_[i];
      if (int(i) == a_.keyAxis) {
        if (extent > 1 && (strides[Attention::Q] != 0 || strides[Attention::K] == 0))
          return false;
        a_.keys = {{extent, strides}};
      } else if (extent > 1) {
        bool isRow = strides[Attention::K] == 0 && strides[Attention::V] == 0;
        (isRow ? a_.rowAxes : a_.batchAxes).push_back(int(i));
        (isRow ? rows : batch).push_back({extent, strides});
      }
    }
    a_.batch = merged(batch), a_.rows = merged(rows);
    for (int access : a_.read)
      a_.buffers.push_back({l.accesses[size_t(access)].buffer, l.accesses[size_t(access)].offset});
    return true;
  }

  BufferUse use(Value operand) {
    auto view = memoryView(kernel_, operand);
    return {view->first, view->second.offset};
  }

  /// q and k: by the strides that the scores would have.
  bool matchScores() {
    EinsumEquation equation = first_.parsedEquation();
    auto extents = equation.extents(first_.getInputs().getTypes());
    SmallVector<int64_t> operands[2];
    for (size_t i : {0, 1})
      operands[i] = byLabel(equation.operands[i],
                            memoryView(kernel_, first_.getInputs()[i])->second, extents);
    ArrayRef<int64_t> shape = shapeOf(first_.getOutput());
    SmallVector<int64_t> inMemory = cOrder(shape), last(shape.size(), 0);
    const LoopProgram::Access &access = a_.logits.accesses[size_t(node(a_.score).access)];
    if (access.offset != 0)
      return false;
    SmallVector<SmallVector<int64_t, 2>> found(strides_.size(), {0, 0});
    for (auto [i, axis] : llvm::enumerate(a_.logits.axes)) {
      int64_t stride = access.strides[i];
      if (axis.extent == 1 || stride == 0)
        continue;
      // A piece of an axis of the scores, perhaps, but of one alone.
      size_t at = 0;
      while (at < shape.size() && (shape[at] == 1 || inMemory[at] > stride))
        ++at;
      if (stride < 0 || at == shape.size() || stride % inMemory[at] != 0)
        return false;
      int64_t step = stride / inMemory[at];
      last[at] += step * (axis.extent - 1);
      if (last[at] >= shape[at])
        return false;
      for (size_t operand : {0, 1})
        found[i][operand] = step * operands[operand][size_t(equation.output[at])];
    }
    // q is the one that has no keys.
    size_t q = found[size_t(a_.keyAxis)][0] == 0 ? 0 : 1;
    for (auto [strides, both] : llvm::zip(strides_, found))
      strides[Attention::Q] = both[q], strides[Attention::K] = both[1 - q];
    a_.buffers = {use(first_.getInputs()[q]), use(first_.getInputs()[1 - q])};
    Dims depth;
    for (auto [label, extent] : llvm::enumerate(extents))
      if (extent != 1 && !llvm::is_contained(equation.output, int32_t(label)))
        depth.push_back({extent, {operands[q][label], operands[1 - q][label], 0, 0}});
    sortByBuffer(depth, unitDim(depth, Attention::K) ? Attention::K : Attention::Q);
    a_.depth = merged(depth);
    return true;
  }

  /// v and the result: by the strides that the weights would have.
  bool matchWeights() {
    EinsumEquation equation = second_.parsedEquation();
    auto extents = equation.extents(second_.getInputs().getTypes());
    StridedView view;
    view.shape.assign(shapeOf(weights_).begin(), shapeOf(weights_).end());
    view.strides = cOrder(view.shape);
    SmallVector<Operation *> views;
    for (Value value = second_.getInputs()[weightsAt_]; value != weights_;
         value = viewOperand(value.getDefiningOp()))
      views.push_back(value.getDefiningOp());
    for (Operation *op : llvm::reverse(views)) {
      auto through = viewThrough(op, view);
      if (!through || through->offset != 0)
        return false;
      view = *through;
    }
    Value values = second_.getInputs()[1 - weightsAt_], stored = kernel_.yield().getResults()[0];
    StridedView result;
    result.shape.assign(shapeOf(stored).begin(), shapeOf(stored).end());
    ArrayRef<int64_t> outputs = kernel_.outputStrides(0);
    result.strides.assign(outputs.begin(), outputs.end());
    auto through = storeThrough(stored, result);
    if (!through || through->first != second_.getOutput())
      return false;
    auto ofWeights = byLabel(equation.operands[weightsAt_], view, extents);
    auto ofValues =
        byLabel(equation.operands[1 - weightsAt_], memoryView(kernel_, values)->second, extents);
    auto ofResult = byLabel(equation.output, through->second, extents);
    const LoopProgram::Access &access = a_.logits.accesses[size_t(a_.logits.stores[0].access)];
    std::vector<bool> isAxis(extents.size(), false);
    for (auto [i, axis] : llvm::enumerate(a_.logits.axes)) {
      if (axis.extent == 1)
        continue;
      size_t label = 0;
      while (label < extents.size() &&
             (ofWeights[label] != access.strides[i] || extents[label] != axis.extent))
        ++label;
      if (label == extents.size() || isAxis[label])
        return false;
      isAxis[label] = true;
      bool isKept = llvm::is_contained(equation.output, int32_t(label));
      if (isKept == (int(i) == a_.keyAxis))
        return false;
      strides_[i][Attention::V] = ofValues[label];
      strides_[i][Attention::Result] = ofResult[label];
    }
    Dims columns;
    for (auto [label, extent] : llvm::enumerate(extents)) {
      if (extent == 1 || isAxis[label])
        continue;
      if (ofWeights[label] != 0 || !llvm::is_contained(equation.output, int32_t(label)))
        return false;
      columns.push_back({extent, {0, 0, ofValues[label], ofResult[label]}});
    }
    sortByBuffer(columns, Attention::Result);
    a_.columns = merged(columns);
    a_.buffers.push_back(use(values));
    a_.buffers.push_back({unsigned(kernel_.getInputs().size()), through->second.offset});
    return true;
  }

  KernelOp kernel_;
  EinsumOp first_, second_;
  size_t weightsAt_ = 0; ///< among the operands of the second einsum
  Value weights_;        ///< the value behind its views
  Attention a_;
  SmallVector<SmallVector<int64_t, 3>> strides_; ///< of the axes of the logits
};

} // namespace

std::optional<Attention> attentionOf(KernelOp kernel) { return Matcher(kernel).match(); }

} // namespace ricci
