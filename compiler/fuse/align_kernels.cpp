//===- align_kernels.cpp - what a fused kernel goes through across is copied
//-------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fused kernel goes through memory in one order, and loads what lies in another number by number,
// or in short vectors. A permutation moves whole cache lines: where it is predicted to pay, such an
// operand is first copied, in a kernel of its own, into the order in which the kernel goes.
//
//   %0 = ricci.kernel "add" ins(%a = %x, %b = %w) … layouts([200, 1], [1, 100], [200, 1])
//   ==>
//   %1 = ricci.kernel "{#copy}{#1}->{#copy}{#1}" ins(%c = %w) … layouts([1, 100], [200, 1])
//   %0 = ricci.kernel "add" ins(%a = %x, %b = %1) … layouts([200, 1], [200, 1], [200, 1])
//
// Where the kernel may write in place of the copy, that lies in the result's memory
// (ricci-plan-memory). Of several operands that lie in one order, and a result in another, the
// result is the one that is copied, after the kernel.
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/align_operands.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/fusion.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include <numeric>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_ALIGNKERNELS
#include "compiler/passes.h.inc"

namespace {

/// Elements of an operand that take longer to load one by one than the launch of a copy.
constexpr int64_t kLeastElements = 1 << 15;
/// What a kernel and its copies may take of the time of the kernel alone, as it is predicted.
constexpr double kWorth = 0.85;
/// Seconds of a kernel for which a copy that no other extents share may be compiled.
constexpr double kUnshared = 2e-4;
/// Operands of a kernel that may be copied, and bytes of its copies, at most.
constexpr size_t kMostOperands = 4;
constexpr double kMostBytes = 1 << 30;

using Strides = SmallVector<int64_t>;

/// An operand that may be copied, or a result that may be.
struct Across {
  unsigned buffer; ///< of the kernel: its operands, then its result
  size_t access;
  Strides inKernel; ///< of the copy, by axis of the kernel's space
  Strides inMemory; ///< of the copy, by axis of the buffer
  double seconds;   ///< of the copy
  bool isShared;    ///< whether its code has no extents in it
};

/// Cycles that a fused kernel waits for the cache lines of operands that it reads, or results that
/// it writes, in another order than they lie in. What `fusedCycles` counts are instructions.
double acrossCycles(const LoopProgram &program, const Target &target) {
  // Of a line from beyond the L2 cache, of one that is in it, and of a number, at most: lines that
  // serve one number each come side by side.
  constexpr double kFarLine = 16, kNearLine = 4, kMostOfNumber = 8, kLineBytes = 64;
  // Numbers from which on a piece is a stream.
  constexpr double kStream = 64;
  double cycles = 0;
  for (const LoopProgram::Access &access : program.accesses) {
    const bool isVector = program.step(access) != LoopProgram::kAnyStep && !program.turns(access);
    const double item = double(itemSize(access.type));
    double numbers = 1, inside = 1, ofLine = 1;
    int64_t before = 0;
    bool isAcross = false, isStream = false;
    for (size_t axis = program.axes.size(); axis-- > 0;) {
      const double extent = double(program.axes[axis].extent);
      if (access.strides[axis] == 0 || extent == 1)
        continue;
      isStream |= inside == 1 && std::abs(access.strides[axis]) == 1 && extent >= kStream;
      isAcross |= std::abs(access.strides[axis]) < before;
      before = std::abs(access.strides[axis]);
      // The lines that are read before the next number of each stay in the cache, or not.
      if (std::abs(access.strides[axis]) == 1 && inside * kLineBytes <= double(target.l2Bytes) / 2)
        ofLine = std::min(extent, kLineBytes / item);
      inside *= extent;
      numbers *= extent;
    }
    if (isVector && (!isAcross || isStream))
      continue;
    const double line = numbers * item > double(target.l2Bytes) ? kFarLine : kNearLine;
    cycles += numbers * std::min(kMostOfNumber, line / ofLine);
  }
  return cycles;
}

struct AlignKernelsPass : impl::AlignKernelsBase<AlignKernelsPass> {
  using AlignKernelsBase::AlignKernelsBase;

  void runOnOperation() override {
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    target_ = *target;
    copies_.clear();
    SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    for (KernelOp kernel : kernels)
      if (auto program = buildLoopProgram(kernel); program && computes(*program))
        align(kernel, std::move(*program));
  }

private:
  /// Whether it does more than move or sum, for which there are other kernels.
  static bool computes(const LoopProgram &program) { return program.nodes.size() > 2; }

  void align(KernelOp kernel, LoopProgram program) {
    SmallVector<Across> all;
    const SmallVector<size_t> order = orderOf(program);
    for (unsigned input = 0; input < kernel.getInputs().size() && all.size() < kMostOperands;
         ++input)
      if (auto across = operandAcross(kernel, program, order, input))
        all.push_back(std::move(*across));
    if (all.empty())
      return;
    const double alone = secondsOf(program);
    double best = alone;
    SmallVector<Across> chosen;
    auto consider = [&](ArrayRef<Across> copied) {
      double seconds = 0;
      LoopProgram aligned = program;
      for (const Across &across : copied) {
        aligned.accesses[across.access].strides.assign(across.inKernel.begin(),
                                                       across.inKernel.end());
        seconds += across.seconds;
      }
      seconds += secondsOf(aligned);
      const bool isShared =
          llvm::all_of(copied, [](const Across &across) { return across.isShared; });
      if (seconds < best && (isShared || alone >= kUnshared) && fits(kernel, copied))
        best = seconds, chosen.assign(copied.begin(), copied.end());
    };
    // All of them, since one that is left may decide where vectors run; one more and one more; or
    // the result alone.
    consider(all);
    for (SmallVector<Across> taken;;) {
      const double before = best;
      for (const Across &across : all)
        if (llvm::none_of(taken, [&](const Across &t) { return t.buffer == across.buffer; })) {
          SmallVector<Across> tried = taken;
          tried.push_back(across);
          consider(tried);
        }
      if (best == before || chosen.size() == taken.size())
        break;
      taken = chosen;
    }
    if (auto result = resultAcross(kernel, program, all))
      consider(*result);
    if (best >= kWorth * alone)
      return;
    for (const Across &across : chosen)
      across.buffer == kernel.getInputs().size() ? copyResult(kernel, across)
                                                 : copyOperand(kernel, across);
  }

  /// Whether the copies are not too large, and the kernel is one still: an operand may be seen
  /// through views that join its axes as they lay.
  static bool fits(KernelOp kernel, ArrayRef<Across> copied) {
    double bytes = 0;
    const ArrayAttr before = kernel.getLayoutsAttr();
    for (const Across &across : copied) {
      auto type = cast<RankedTensorType>(across.buffer < kernel.getInputs().size()
                                             ? kernel.getInputs()[across.buffer].getType()
                                             : kernel.getResult(0).getType());
      bytes += double(type.getNumElements()) * double(itemSize(elementDType(type)));
      setLayout(kernel, across);
    }
    const bool isOne = buildLoopProgram(kernel).has_value();
    kernel.setLayoutsAttr(before);
    return isOne && bytes <= kMostBytes;
  }

  /// The axes of the space, outermost first as the kernel goes: as its first result lies.
  static SmallVector<size_t> orderOf(const LoopProgram &program) {
    SmallVector<size_t> order(program.axes.size());
    std::iota(order.begin(), order.end(), 0);
    const LoopProgram::Access &written = program.accesses[size_t(program.stores[0].access)];
    auto kept = order.begin() + program.kept();
    if (llvm::all_of(ArrayRef(order).take_front(size_t(program.kept())), [&](size_t axis) {
          return written.strides[axis] != 0 || program.axes[axis].extent == 1;
        }))
      std::stable_sort(order.begin(), kept,
                       [&](size_t a, size_t b) { return isOutside(written, a, b); });
    return order;
  }

  /// The axis of a buffer that each axis of the space goes along, or -1; nothing where the kernel
  /// goes through the buffer, or a part of it, in another way than once along each axis.
  static std::optional<SmallVector<int>> axesOf(const LoopProgram &program,
                                                const LoopProgram::Access &access,
                                                ArrayRef<int64_t> shape,
                                                ArrayRef<int64_t> strides) {
    SmallVector<int> axes(program.axes.size(), -1);
    SmallVector<bool> found(shape.size(), false);
    if (access.offset != 0)
      return std::nullopt;
    for (auto [axis, own] : llvm::enumerate(axes)) {
      const int64_t extent = program.axes[axis].extent, stride = access.strides[axis];
      if (stride == 0 || extent == 1)
        continue;
      size_t place = 0;
      while (place < shape.size() &&
             (found[place] || shape[place] != extent || strides[place] != stride))
        ++place;
      if (place == shape.size()) // a slice, or axes that a view has joined
        return std::nullopt;
      found[place] = true;
      own = int(place);
    }
    for (auto [extent, isFound] : llvm::zip(shape, found))
      if (extent != 1 && !isFound)
        return std::nullopt;
    return axes;
  }

  /// The only access of a buffer.
  static std::optional<size_t> accessOf(const LoopProgram &program, unsigned buffer) {
    std::optional<size_t> access;
    for (auto [i, each] : llvm::enumerate(program.accesses)) {
      if (each.buffer != buffer)
        continue;
      if (access)
        return std::nullopt;
      access = i;
    }
    return access;
  }

  /// The operand, if the kernel loads each element of it in an order in which it does not lie.
  std::optional<Across> operandAcross(KernelOp kernel, const LoopProgram &program,
                                      ArrayRef<size_t> axesInOrder, unsigned input) const {
    auto type = cast<RankedTensorType>(kernel.getInputs()[input].getType());
    auto access = accessOf(program, input);
    if (!access || type.getNumElements() < kLeastElements ||
        llvm::any_of(program.nodes, [&](const LoopProgram::Node &node) {
          return node.access == int(*access) && node.kind != LoopProgram::Kind::Load;
        }))
      return std::nullopt;
    const LoopProgram::Access &read = program.accesses[*access];
    auto axes = axesOf(program, read, type.getShape(), kernel.inputStrides(input));
    if (!axes)
      return std::nullopt;
    SmallVector<size_t> order;
    for (size_t axis : axesInOrder)
      if ((*axes)[axis] >= 0)
        order.push_back(axis);
    if (llvm::is_sorted(order, [&](size_t a, size_t b) { return isOutside(read, a, b); }))
      return std::nullopt;
    return across(input, *access, order, *axes, type, kernel.inputStrides(input), Strides());
  }

  static bool isOutside(const LoopProgram::Access &access, size_t a, size_t b) {
    return std::abs(access.strides[a]) > std::abs(access.strides[b]);
  }

  /// The one result of a kernel without reductions, in the order of the largest operand.
  std::optional<Across> resultAcross(KernelOp kernel, const LoopProgram &program,
                                     ArrayRef<Across> operands) const {
    const unsigned buffer = kernel.getInputs().size();
    auto access = accessOf(program, buffer);
    if (kernel->getNumResults() != 1 || program.stores.size() != 1 || !access ||
        program.kept() != int(program.axes.size()))
      return std::nullopt;
    auto type = cast<RankedTensorType>(kernel.getResult(0).getType());
    auto axes =
        axesOf(program, program.accesses[*access], type.getShape(), kernel.outputStrides(0));
    const Across *largest = llvm::max_element(operands, [&](const Across &a, const Across &b) {
      return typeOf(kernel.getInputs()[a.buffer]).getNumElements() <
             typeOf(kernel.getInputs()[b.buffer]).getNumElements();
    });
    const LoopProgram::Access &read = program.accesses[largest->access];
    if (!axes ||
        typeOf(kernel.getInputs()[largest->buffer]).getNumElements() != type.getNumElements())
      return std::nullopt;
    SmallVector<size_t> order;
    for (auto [axis, own] : llvm::enumerate(*axes))
      if (own >= 0)
        order.push_back(axis);
    llvm::stable_sort(order, [&](size_t a, size_t b) { return isOutside(read, a, b); });
    return across(buffer, *access, order, *axes, type, Strides(), kernel.outputStrides(0));
  }

  /// The copy whose memory goes along these axes of the space, outermost first. `from` and `to`:
  /// the strides of what is copied, and of what it is copied to; of the copy, where they are empty.
  std::optional<Across> across(unsigned buffer, size_t access, ArrayRef<size_t> order,
                               ArrayRef<int> axes, RankedTensorType type, ArrayRef<int64_t> from,
                               ArrayRef<int64_t> to) const {
    ArrayRef<int64_t> shape = type.getShape();
    Across result{buffer, access, Strides(axes.size(), 0), Strides(shape.size(), 1), 0, true};
    int64_t step = 1;
    for (size_t axis : llvm::reverse(order)) {
      const auto own = size_t(axes[axis]);
      result.inKernel[axis] = result.inMemory[own] = step;
      step *= shape[own];
    }
    LabelledProduct product;
    product.operands = {elementDType(type)};
    product.result = elementDType(type);
    from = from.empty() ? ArrayRef<int64_t>(result.inMemory) : from;
    to = to.empty() ? ArrayRef<int64_t>(result.inMemory) : to;
    for (auto [extent, read, written] : llvm::zip(shape, from, to))
      product.axes.push_back({extent, {extent == 1 ? 0 : read, extent == 1 ? 0 : written}, true});
    Schedule schedule = chooseSchedule(product, *target_);
    result.seconds = predictSeconds(schedule, *target_, Memory::Fast);
    result.isShared = schedule.spec.family != Family::Lanes;
    return result;
  }

  double secondsOf(const LoopProgram &program) const {
    Schedule schedule = chooseFusedSchedule(program, *target_);
    return predictSeconds(schedule, *target_, Memory::Fast) +
           acrossCycles(*schedule.spec.loops, *target_) / kClock;
  }

  /// The kernel reads a copy of the operand, made before it.
  void copyOperand(KernelOp kernel, const Across &across) {
    OpBuilder b(kernel);
    Value value = kernel.getInputs()[across.buffer];
    Attribute before = kernel.getLayoutsAttr()[across.buffer], after = setLayout(kernel, across);
    Value &copied = copies_[{value, after}];
    if (!copied)
      copied = copy(b, value, before, after);
    kernel.getInputsMutable()[across.buffer].assign(copied);
  }

  /// All others read a copy of the result, made after the kernel.
  static void copyResult(KernelOp kernel, const Across &across) {
    OpBuilder b(kernel->getContext());
    b.setInsertionPointAfter(kernel);
    Attribute before = kernel.getLayoutsAttr()[across.buffer];
    Value result = kernel.getResult(0), copied = copy(b, result, setLayout(kernel, across), before);
    result.replaceAllUsesExcept(copied, copied.getDefiningOp());
  }

  static Attribute setLayout(KernelOp kernel, const Across &across) {
    SmallVector<Attribute> layouts(kernel.getLayouts()->begin(), kernel.getLayouts()->end());
    Attribute strides = DenseI64ArrayAttr::get(kernel->getContext(), across.inMemory);
    layouts[across.buffer] = strides;
    kernel.setLayoutsAttr(ArrayAttr::get(kernel->getContext(), layouts));
    return strides;
  }

  /// The value in memory of other strides.
  static Value copy(OpBuilder &b, Value value, Attribute from, Attribute to) {
    SmallVector<int64_t> same(size_t(typeOf(value).getRank()));
    std::iota(same.begin(), same.end(), 0);
    const std::string equation = copyEquation(same).str();
    auto kernel =
        KernelOp::create(b, value.getLoc(), TypeRange(value.getType()), ValueRange(value));
    kernel.setLabelAttr(b.getStringAttr(equation));
    kernel.setLayoutsAttr(b.getArrayAttr({from, to}));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&kernel.block());
    Value moved = EinsumOp::create(b, value.getLoc(), value.getType(), equation,
                                   ValueRange(kernel.block().getArgument(0)));
    YieldOp::create(b, value.getLoc(), moved);
    return kernel.getResult(0);
  }

  const Target *target_ = nullptr;
  llvm::DenseMap<std::pair<Value, Attribute>, Value> copies_; ///< of a value, in a layout
};

} // namespace

} // namespace ricci
