//===- turn_results.cpp - einsums whose results are turned afterwards -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A result that is contiguous along a label of both operands takes one number of each product:
// every number is stored to a cache line of its own, which comes and goes once for each entry of
// the batch. The products are computed one behind the other, and turned in blocks:
//
//   %0 = ricci.einsum "bij,bjk->ikb" ins(%x, %y)
//   ==>
//   %1 = ricci.einsum "bij,bjk->bik" ins(%x, %y)
//   %0 = ricci.einsum "bik->ikb" ins(%1)
//
// So are results in which few rows, or columns, follow each other: vectors along them would be
// mostly empty. And where one operand has all labels of the result, sums are made as it lies:
//
//   %0 = ricci.einsum "ijk->kj" ins(%x)
//   ==>
//   %1 = ricci.einsum "ijk->jk" ins(%x)
//   %0 = ricci.einsum "jk->kj" ins(%1)
//
// An einsum that reads the result may read %1 as it lies; where the function adds the
// result to memory, a third einsum does. The cost model decides, also on the order of the labels.
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/access.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_TURNRESULTS
#include "compiler/passes.h.inc"

namespace {

/// Products that take longer than the launch of another kernel.
constexpr int64_t kLeastPoints = 1 << 14;
/// Bytes of a result that are not held twice.
constexpr double kMostBytes = 1 << 30;
/// What two kernels may take of the time of one, as it is predicted.
constexpr double kWorth = 0.75;
/// What one that has entries of the batch in the lanes of its vectors mostly takes of its
/// prediction.
constexpr double kOfLanes = 0.6;
/// Seconds of a kernel for which one that no other extents share may stand.
constexpr double kUnshared = 5e-4;

using Labels = SmallVector<int32_t>;

/// How a value lies in memory, or would if it were computed first, seen through its views.
StridedView layoutOf(Value value) {
  SmallVector<Operation *> views;
  for (; isView(value.getDefiningOp()); value = viewOperand(value.getDefiningOp()))
    views.push_back(value.getDefiningOp());
  StridedView view = memoryOf(value);
  for (Operation *op : llvm::reverse(views)) {
    auto next = viewThrough(op, view);
    view = next ? *next : contiguous(op->getResult(0));
  }
  return view;
}

struct TurnResultsPass : impl::TurnResultsBase<TurnResultsPass> {
  using TurnResultsBase::TurnResultsBase;

  void runOnOperation() override {
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    target_ = *target;
    SmallVector<EinsumOp> ops(getOperation().getOps<EinsumOp>());
    for (EinsumOp op : ops)
      turn(op);
  }

private:
  void turn(EinsumOp op) {
    EinsumEquation equation = op.parsedEquation();
    if (equation.operands.size() > 2 || llvm::any_of(op->getUsers(), isView))
      return;
    auto extents = equation.extents(op.getInputs().getTypes());
    double points = 1;
    for (int64_t extent : extents)
      points *= double(extent);
    RankedTensorType result = typeOf(op.getResult());
    const DType type = elementDType(result);
    if (points < kLeastPoints || extents.size() == equation.output.size() ||
        double(result.getNumElements()) * double(itemSize(type)) > kMostBytes)
      return;
    // The labels as they lie in the result's memory.
    StridedView memory = memoryOf(op.getResult());
    Labels moved = equation.output;
    llvm::erase_if(moved, [&](int32_t label) { return extents[size_t(label)] == 1; });
    const bool inOrder = isInOrder(memory);
    // What is added is so in C order, and rounded once, not before the addition too.
    if (moved.empty() || (isAdded(op) && (!inOrder || type == DType::f16 || type == DType::bf16)))
      return;
    llvm::stable_sort(moved, [&](int32_t a, int32_t b) {
      auto distance = [&](int32_t label) {
        return std::abs(memory.strides[placeOf(equation.output, label)]);
      };
      return distance(a) > distance(b);
    });
    ValueRange inputs = op.getInputs();
    Labels walked = orderOfLargest(equation, inputs, moved);
    bool isAcross = !walked.empty() && walked != moved,
         isShort = inputs.size() == 2 && runOf(equation, extents, moved) <
                                             target_->lanes(componentDType(computeType(type)));
    if (!isAcross && !isShort)
      return;
    // What is not walked as it lies comes in pieces.
    auto memoryFor = [&](const Labels &order) {
      return walked.empty() || order == walked ? Memory::Fast : Memory::Slow;
    };
    const double direct =
        secondsOf(equation, extents, inputs, type, memory, memoryFor(moved), kOfLanes);
    double least = kWorth * direct;
    const Labels *best = nullptr;
    SmallVector<Labels> orders = ordersOf(equation, extents, moved, walked);
    for (const Labels &order : orders) {
      EinsumEquation first = equation, second = equation;
      first.output = order;
      second.operands.assign(1, order);
      double seconds =
          secondsOf(first, extents, inputs, type, inOrderOf(order, extents), memoryFor(order)) +
          secondsOfTurn(second, extents, type, memory, direct);
      if (seconds < least)
        least = seconds, best = &order;
    }
    if (best)
      rewrite(op, equation, extents, *best, direct);
  }

  static size_t placeOf(ArrayRef<int32_t> labels, int32_t label) {
    return size_t(llvm::find(labels, label) - labels.begin());
  }

  static bool isInOrder(const StridedView &view) {
    int64_t before = INT64_MAX;
    for (auto [extent, stride] : llvm::zip(view.shape, view.strides)) {
      if (extent == 1)
        continue;
      if (std::abs(stride) > before)
        return false;
      before = std::abs(stride);
    }
    return true;
  }

  /// Whether the function adds the result to memory.
  bool isAdded(EinsumOp op) {
    return getOperation()->hasAttr(kAccumulateAttr) &&
           llvm::is_contained(getOperation().getBody().front().getTerminator()->getOperands(),
                              op.getResult());
  }

  /// How many columns, or rows, follow each other in the result: 1 where it is contiguous along the
  /// batch.
  static int64_t runOf(const EinsumEquation &equation, ArrayRef<int64_t> extents,
                       ArrayRef<int32_t> moved) {
    auto groupOf = [&](int32_t label) {
      return std::pair(llvm::is_contained(equation.operands[0], label),
                       llvm::is_contained(equation.operands[1], label));
    };
    int64_t run = 1;
    for (int32_t label : llvm::reverse(moved)) {
      if (groupOf(label) != groupOf(moved.back()) || groupOf(label) == std::pair(true, true))
        break;
      run *= extents[size_t(label)];
    }
    return run;
  }

  /// The result's labels as memory goes in the operand that has all of them; nothing without one.
  static Labels orderOfLargest(const EinsumEquation &equation, ValueRange inputs,
                               ArrayRef<int32_t> moved) {
    Labels order;
    int64_t most = 0;
    for (auto [input, labels] : llvm::zip(inputs, equation.operands)) {
      if (typeOf(input).getNumElements() <= most ||
          !llvm::all_of(moved, [&](int32_t label) { return llvm::is_contained(labels, label); }))
        continue;
      most = typeOf(input).getNumElements();
      StridedView view = layoutOf(input);
      auto distance = [&](int32_t label) { return std::abs(view.strides[placeOf(labels, label)]); };
      order.assign(moved.begin(), moved.end());
      llvm::stable_sort(order, [&](int32_t a, int32_t b) { return distance(a) > distance(b); });
    }
    return order;
  }

  /// Orders of the result's labels that vectors may run along rows or columns in, or that memory
  /// goes in. Those of extent 1 come last.
  static SmallVector<Labels> ordersOf(const EinsumEquation &equation, ArrayRef<int64_t> extents,
                                      ArrayRef<int32_t> moved, ArrayRef<int32_t> walked) {
    auto has = [&](size_t operand, int32_t label) {
      return operand < equation.operands.size() &&
             llvm::is_contained(equation.operands[operand], label);
    };
    Labels batch, single, own[2], asRead[2];
    for (int32_t label : equation.output)
      if (extents[size_t(label)] == 1)
        single.push_back(label);
    for (int32_t label : moved)
      (has(0, label) ? has(1, label) ? batch : own[0] : own[1]).push_back(label);
    for (size_t operand = 0; operand < equation.operands.size(); ++operand)
      for (int32_t label : equation.operands[operand])
        if (llvm::is_contained(own[operand], label) && !llvm::is_contained(asRead[operand], label))
          asRead[operand].push_back(label);
    SmallVector<Labels> orders;
    auto add = [&](std::initializer_list<ArrayRef<int32_t>> groups) {
      Labels order;
      for (ArrayRef<int32_t> group : groups)
        order.append(group.begin(), group.end());
      order.append(single.begin(), single.end());
      if (!llvm::is_contained(orders, order))
        orders.push_back(std::move(order));
    };
    if (!walked.empty())
      add({walked});
    if (equation.operands.size() == 1)
      return orders;
    size_t last = moved.size();
    while (last > 0 && has(0, moved[last - 1]) && has(1, moved[last - 1]))
      --last;
    add({moved.drop_front(last), moved.take_front(last)});
    for (auto *labels : {own, asRead}) {
      add({batch, labels[0], labels[1]});
      add({batch, labels[1], labels[0]});
    }
    return orders;
  }

  static SmallVector<int64_t> shapeOf(ArrayRef<int32_t> labels, ArrayRef<int64_t> extents) {
    SmallVector<int64_t> shape;
    for (int32_t label : labels)
      shape.push_back(extents[size_t(label)]);
    return shape;
  }

  /// Where the result lies as `memory` says. `ofLanes`: what to take of the time that is predicted
  /// for entries in the lanes of vectors.
  double secondsOf(const EinsumEquation &equation, ArrayRef<int64_t> extents, ValueRange inputs,
                   DType result, const StridedView &memory, Memory reads = Memory::Fast,
                   double ofLanes = 1) const {
    SmallVector<StridedView> operands;
    SmallVector<DType, 3> types;
    for (Value input : inputs) {
      operands.push_back(layoutOf(input));
      types.push_back(elementDType(typeOf(input)));
    }
    LabelledProduct product = productOf(equation, extents, operands, types, result, memory);
    Schedule schedule = chooseSchedule(product, *target_);
    // Rows are summed as they lie, wherever their sums go.
    double seconds = predictSeconds(
        schedule, *target_, schedule.spec.family == Family::ReduceRows ? Memory::Fast : reads);
    if (schedule.spec.family == Family::Lanes)
      seconds *= ofLanes;
    if (mayBeLoops(schedule, *target_))
      seconds = std::min(seconds, predictSeconds(chooseFusedSchedule(asLoops(product), *target_),
                                                 *target_, reads));
    return seconds;
  }

  /// Of the second einsum, to `memory`, which spares most of `direct` at best.
  double secondsOfTurn(const EinsumEquation &equation, ArrayRef<int64_t> extents, DType type,
                       const StridedView &memory, double direct) const {
    StridedView view = inOrderOf(equation.operands[0], extents);
    Schedule schedule =
        chooseSchedule(productOf(equation, extents, view, {type}, type, memory), *target_);
    double seconds = predictSeconds(schedule, *target_, Memory::Fast);
    // Code with an extent of the batch in it is compiled again for another batch.
    return schedule.spec.family == Family::Lanes && direct < kUnshared ? HUGE_VAL : seconds;
  }

  static StridedView inOrderOf(ArrayRef<int32_t> labels, ArrayRef<int64_t> extents) {
    StridedView view{shapeOf(labels, extents), SmallVector<int64_t>(labels.size()), 0};
    int64_t stride = 1;
    for (size_t i = labels.size(); i-- > 0; stride *= view.shape[i])
      view.strides[i] = stride;
    return view;
  }

  static LabelledProduct productOf(const EinsumEquation &equation, ArrayRef<int64_t> extents,
                                   ArrayRef<StridedView> operands, ArrayRef<DType> types,
                                   DType result, const StridedView &memory) {
    LabelledProduct product;
    product.operands.assign(types.begin(), types.end());
    product.result = result;
    SmallVector<bool> used(extents.size(), false);
    for (int64_t extent : extents)
      product.axes.push_back({extent, SmallVector<int64_t, 3>(operands.size() + 1, 0), false});
    auto add = [&](size_t buffer, ArrayRef<int32_t> labels, const StridedView &view) {
      for (auto [label, size, stride] : llvm::zip(labels, view.shape, view.strides)) {
        used[size_t(label)] = true;
        if (size == extents[size_t(label)] && size != 1)
          product.axes[size_t(label)].strides[buffer] += stride;
      }
    };
    for (auto [i, view] : llvm::enumerate(operands))
      add(i, equation.operands[i], view);
    add(operands.size(), equation.output, memory);
    for (int32_t label : equation.output)
      product.axes[size_t(label)].kept = true;
    for (size_t label = extents.size(); label-- > 0;)
      if (!used[label])
        product.axes.erase(product.axes.begin() + label);
    return product;
  }

  /// The product as loops, for their prediction.
  static LoopProgram asLoops(const LabelledProduct &product) {
    LoopProgram program;
    SmallVector<LabelledProduct::Axis> axes(product.axes);
    const size_t result = product.operands.size();
    llvm::stable_sort(axes, [&](const auto &a, const auto &b) {
      return a.kept != b.kept ? a.kept : a.strides[result] > b.strides[result];
    });
    for (const LabelledProduct::Axis &axis : axes)
      program.axes.push_back({axis.extent, !axis.kept});
    auto add = [&](LoopProgram::Kind kind, std::initializer_list<int> operands, int access) {
      LoopProgram::Node node;
      node.kind = kind, node.type = node.computed = product.result;
      node.operands = operands, node.access = access;
      node.full = kind != LoopProgram::Kind::Reduce;
      program.nodes.push_back(std::move(node));
    };
    for (size_t buffer = 0; buffer <= result; ++buffer) {
      LoopProgram::Access access;
      access.buffer = unsigned(buffer);
      access.type = buffer < result ? product.operands[buffer] : product.result;
      for (const LabelledProduct::Axis &axis : axes)
        access.strides.push_back(axis.strides[buffer]);
      program.accesses.push_back(std::move(access));
      if (buffer < result)
        add(LoopProgram::Kind::Load, {}, int(buffer));
    }
    if (result == 2) {
      add(LoopProgram::Kind::Scalar, {0, 1}, -1);
      program.nodes.back().scalar = ScalarOp::Multiply;
    }
    add(LoopProgram::Kind::Reduce, {int(program.nodes.size()) - 1}, -1);
    program.nodes.back().reduce = ReduceKind::Sum, program.nodes.back().stage = 1;
    program.stores.push_back({int(program.nodes.size()) - 1, int(result), false});
    return program;
  }

  void rewrite(EinsumOp op, const EinsumEquation &equation, ArrayRef<int64_t> extents,
               const Labels &order, double direct) {
    OpBuilder b(op);
    EinsumEquation first = equation;
    first.output = order;
    auto type = typeOf(op.getResult());
    Value computed = EinsumOp::create(b, op.getLoc(), type.clone(shapeOf(order, extents)),
                                      first.str(), op.getInputs());
    EinsumEquation second = equation;
    second.operands.assign(1, order);
    double turn =
        secondsOfTurn(second, extents, elementDType(type), memoryOf(op.getResult()), direct);
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses()))
      readAsComputed(use, computed, equation.output, order, turn);
    if (!op->use_empty()) {
      Value turned = EinsumOp::create(b, op.getLoc(), type, second.str(), computed);
      // Only what keeps its order is added fast.
      if (isAdded(op)) {
        second.operands.assign(1, equation.output);
        turned = EinsumOp::create(b, op.getLoc(), type, second.str(), turned);
      }
      op.getResult().replaceAllUsesWith(turned);
    }
    op.erase();
  }

  /// Lets an einsum of two operands read what is computed where that takes less than to turn it.
  void readAsComputed(OpOperand &use, Value computed, ArrayRef<int32_t> output,
                      ArrayRef<int32_t> order, double turn) const {
    auto reader = dyn_cast<EinsumOp>(use.getOwner());
    if (!reader || reader.getInputs().size() != 2)
      return;
    EinsumEquation equation = reader.parsedEquation(), read = equation;
    Labels &labels = read.operands[use.getOperandNumber()];
    for (auto [axis, label] : llvm::enumerate(order))
      labels[axis] = equation.operands[use.getOperandNumber()][placeOf(output, label)];
    SmallVector<Value> inputs(reader.getInputs());
    inputs[use.getOperandNumber()] = computed;
    auto extents = equation.extents(reader.getInputs().getTypes());
    DType type = elementDType(typeOf(reader.getResult()));
    StridedView memory = memoryOf(reader.getResult());
    if (secondsOf(read, extents, inputs, type, memory) >
        secondsOf(equation, extents, reader.getInputs(), type, memory) + turn)
      return;
    use.set(computed);
    reader.setEquation(read.str());
  }

  const Target *target_ = nullptr;
};

} // namespace

} // namespace ricci
