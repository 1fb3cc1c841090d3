//===- align_kernels.cpp - operands that a fused kernel reads across are copied ---------------===//
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
// What is added in place of its operand is often the result itself: the copy then lies where that
// will (ricci-plan-memory).
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/align_operands.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/fusion.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_ALIGNKERNELS
#include "compiler/passes.h.inc"

namespace {

/// Elements of an operand that take longer to load one by one than the launch of a copy.
constexpr int64_t kLeastElements = 1 << 15;
/// What a kernel and its copies may take of the time of the kernel alone, as it is predicted.
constexpr double kWorth = 0.85;
/// Operands of a kernel that are looked at.
constexpr size_t kMostOperands = 4;

using Strides = SmallVector<int64_t>;

/// An operand that may be copied.
struct Across {
  unsigned input;
  size_t access;
  Strides inKernel; ///< of the copy, by axis of the kernel's space
  Strides inMemory; ///< of the copy, by axis of the operand
  double seconds;   ///< of the copy
};

struct AlignKernelsPass : impl::AlignKernelsBase<AlignKernelsPass> {
  using AlignKernelsBase::AlignKernelsBase;

  void runOnOperation() override {
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    target_ = *target;
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
    for (unsigned input = 0; input < kernel.getInputs().size() && all.size() < kMostOperands;
         ++input)
      if (auto across = acrossOf(kernel, program, input))
        all.push_back(std::move(*across));
    if (all.empty())
      return;
    const double alone = secondsOf(program);
    double best = alone, copies = 0;
    SmallVector<Across> chosen;
    auto setStrides = [](LoopProgram &aligned, const Across &across) {
      aligned.accesses[across.access].strides.assign(across.inKernel.begin(),
                                                     across.inKernel.end());
    };
    // All of them: one that is left may decide where vectors run. Else one at a time.
    LoopProgram aligned = program;
    double together = 0;
    for (const Across &across : all) {
      setStrides(aligned, across);
      together += across.seconds;
    }
    together += secondsOf(aligned);
    const SmallVector<Across> every = all;
    while (!all.empty()) {
      size_t taken = all.size();
      for (auto [i, across] : llvm::enumerate(all)) {
        LoopProgram tried = program;
        setStrides(tried, across);
        double seconds = secondsOf(tried) + copies + across.seconds;
        if (seconds < best)
          best = seconds, taken = i;
      }
      if (taken == all.size())
        break;
      setStrides(program, all[taken]);
      copies += all[taken].seconds;
      chosen.push_back(all[taken]);
      all.erase(all.begin() + taken);
    }
    if (together < best)
      best = together, chosen = every;
    if (best < kWorth * alone)
      for (const Across &across : chosen)
        copy(kernel, across);
  }

  /// The operand, if the kernel loads each element of it, one after the other in an order in which
  /// it does not lie.
  std::optional<Across> acrossOf(KernelOp kernel, const LoopProgram &program,
                                 unsigned input) const {
    auto type = cast<RankedTensorType>(kernel.getInputs()[input].getType());
    ArrayRef<int64_t> shape = type.getShape(), strides = kernel.inputStrides(input);
    if (type.getNumElements() < kLeastElements)
      return std::nullopt;
    std::optional<size_t> access;
    for (auto [i, each] : llvm::enumerate(program.accesses)) {
      if (each.buffer != input)
        continue;
      if (access || each.offset != 0)
        return std::nullopt;
      access = i;
    }
    if (!access || llvm::any_of(program.nodes, [&](const LoopProgram::Node &node) {
          return node.access == int(*access) && node.kind != LoopProgram::Kind::Load;
        }))
      return std::nullopt;
    const LoopProgram::Access &read = program.accesses[*access];
    Across across{input, *access, Strides(program.axes.size(), 0), Strides(shape.size(), 1), 0};
    SmallVector<bool> found(shape.size(), false);
    int64_t step = 1, before = 0;
    bool isAcross = false;
    for (size_t axis = program.axes.size(); axis-- > 0;) {
      const int64_t extent = program.axes[axis].extent, stride = read.strides[axis];
      if (stride == 0 || extent == 1)
        continue;
      size_t own = 0;
      while (own < shape.size() && (found[own] || shape[own] != extent || strides[own] != stride))
        ++own;
      if (own == shape.size()) // a slice, or axes that a view has joined
        return std::nullopt;
      found[own] = true;
      across.inKernel[axis] = across.inMemory[own] = step;
      step *= extent;
      isAcross |= std::abs(stride) < before;
      before = std::abs(stride);
    }
    if (!isAcross || step != type.getNumElements())
      return std::nullopt;
    LabelledProduct product;
    product.operands = {elementDType(type)};
    product.result = elementDType(type);
    for (auto [extent, from, to] : llvm::zip(shape, strides, across.inMemory))
      product.axes.push_back({extent, {extent == 1 ? 0 : from, extent == 1 ? 0 : to}, true});
    Schedule schedule = chooseSchedule(product, *target_);
    // Its code would have an extent of this operand in it.
    if (schedule.spec.family == Family::Lanes)
      return std::nullopt;
    across.seconds = predictSeconds(schedule, *target_, Memory::Fast);
    return across;
  }

  double secondsOf(const LoopProgram &program) const {
    Schedule schedule = chooseFusedSchedule(program, *target_);
    return predictSeconds(schedule, *target_, Memory::Fast) +
           acrossCycles(*schedule.spec.loops, *target_) / kClock;
  }

  /// The kernel reads a copy of the operand, made before it.
  void copy(KernelOp kernel, const Across &across) {
    OpBuilder b(kernel);
    Value value = kernel.getInputs()[across.input];
    EinsumEquation equation;
    equation.operands.emplace_back();
    for (int64_t axis = 0; axis < typeOf(value).getRank(); ++axis) {
      equation.operands[0].push_back(int32_t(axis));
      equation.labelNames.push_back(axis == 0 ? kCopyLabel.str() : "#" + std::to_string(axis));
    }
    equation.output = equation.operands[0];
    auto made = KernelOp::create(b, value.getLoc(), TypeRange(value.getType()), ValueRange(value));
    SmallVector<Attribute> layouts(kernel.getLayouts()->begin(), kernel.getLayouts()->end());
    Attribute turned = b.getDenseI64ArrayAttr(across.inMemory);
    made.setLabelAttr(b.getStringAttr(equation.str()));
    made.setLayoutsAttr(b.getArrayAttr({layouts[across.input], turned}));
    layouts[across.input] = turned;
    kernel.setLayoutsAttr(b.getArrayAttr(layouts));
    kernel.getInputsMutable()[across.input].assign(made.getResult(0));
    b.setInsertionPointToStart(&made.block());
    Value moved = EinsumOp::create(b, value.getLoc(), value.getType(), equation.str(),
                                   ValueRange(made.block().getArgument(0)));
    YieldOp::create(b, value.getLoc(), moved);
  }

  const Target *target_ = nullptr;
};

} // namespace

} // namespace ricci
