//===- form_attention.cpp - attention in one kernel ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %s = ricci.kernel "ij,kj->ik" ins(%q, %k)
//   %p = ricci.kernel "max subtract exp ..." ins(%s)
//   %o = ricci.kernel "ij,jk->ik" ins(%p, %v)
//   ==>
//   %o = ricci.kernel "ij,kj->ik, softmax, ij,jk->ik" ins(%q, %k, %v)
//
// The kernels are put together, and what comes out is looked at: it stays where the emitter has a
// grid for it. So what is formed is what can be emitted. An epilogue of the last becomes a kernel
// of its own.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/choose_attention.h"
#include "compiler/fuse/access.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_FORMATTENTION
#include "compiler/passes.h.inc"

namespace {

/// Kernels between the scores and the softmax: logits that are computed apart.
constexpr size_t kMostBetween = 2;

struct FormAttentionPass : impl::FormAttentionBase<FormAttentionPass> {
  void runOnOperation() override {
    // Who adds to memory does it in an einsum's own kernel.
    if (getOperation()->hasAttr(kAccumulateAttr))
      return;
    SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    llvm::DenseSet<Operation *> gone;
    for (KernelOp kernel : kernels) {
      if (gone.contains(kernel) || !einsumOf(kernel) || kernel.getNumResults() != 1)
        continue;
      for (KernelOp rows : writers(kernel))
        if (!einsumOf(rows) && formFrom({kernel, rows}, gone))
          break;
    }
  }

private:
  /// The kernels of one result that this kernel alone reads.
  static SmallVector<KernelOp> writers(KernelOp kernel) {
    SmallVector<KernelOp> list;
    for (Value input : kernel.getInputs())
      if (auto writer = input.getDefiningOp<KernelOp>();
          writer && writer.getNumResults() == 1 && input.hasOneUse())
        list.push_back(writer);
    return list;
  }

  /// Goes back from the last of these kernels, which are in reverse order, to an einsum.
  bool formFrom(SmallVector<KernelOp> parts, llvm::DenseSet<Operation *> &gone) {
    for (KernelOp writer : writers(parts.back())) {
      SmallVector<KernelOp> more = parts;
      more.push_back(writer);
      if (einsumOf(writer) ? form(more, gone)
                           : more.size() <= 2 + kMostBetween && formFrom(more, gone))
        return true;
    }
    return false;
  }

  static bool form(SmallVector<KernelOp> parts, llvm::DenseSet<Operation *> &gone) {
    std::reverse(parts.begin(), parts.end());
    KernelOp last = parts.back(), epilogue;
    EinsumOp einsum = einsumOf(last);
    bool hasEpilogue = llvm::any_of(einsum.getOutput().getUsers(), [](Operation *user) {
      return !isView(user) && !isa<YieldOp>(user);
    });
    if (hasEpilogue) {
      parts.back() = piece(last, einsum.getOutput(), Value(), Value(), einsum.getEquation());
      epilogue = piece(last, last.yield().getResults()[0], einsum.getOutput(),
                       parts.back().getResult(0), nameOfEpilogue(last, einsum));
    }
    KernelOp kernel = joined(parts);
    std::optional<Attention> attention = attentionOf(kernel);
    bool isFormed = attention && chooseAttentionGrid(*attention, {}, {});
    // Nor may the epilogue read the weights or the scores.
    if (hasEpilogue)
      for (Value input : epilogue.getInputs())
        isFormed &=
            input == parts.back().getResult(0) || !llvm::is_contained(parts, input.getDefiningOp());
    if (isFormed) {
      parts.back().getResult(0).replaceAllUsesWith(kernel.getResult(0));
      if (hasEpilogue)
        last.getResult(0).replaceAllUsesWith(epilogue.getResult(0));
      gone.insert(last);
      last.erase();
      if (!hasEpilogue)
        parts.pop_back();
      for (KernelOp part : llvm::reverse(parts)) {
        gone.insert(part);
        part.erase();
      }
      return true;
    }
    kernel.erase();
    if (hasEpilogue) {
      epilogue.erase();
      parts.back().erase();
    }
    return false;
  }

  /// "ij,jk->ik, add tanh" is an einsum and its epilogue.
  static StringRef nameOfEpilogue(KernelOp kernel, EinsumOp einsum) {
    StringRef label = kernel.getLabel().value_or("");
    return label.consume_front(einsum.getEquation()) ? label.ltrim(", ") : "epilogue";
  }

  /// A kernel before this one, of what it needs to give `wanted`, where `known` is in memory
  /// already.
  static KernelOp piece(KernelOp from, Value wanted, Value known, Value place, StringRef label) {
    llvm::SetVector<Value> needed;
    SmallVector<Operation *> ops;
    needed.insert(wanted);
    for (Operation &op : llvm::reverse(from.block().without_terminator()))
      if (needed.contains(op.getResult(0)) && op.getResult(0) != known) {
        ops.push_back(&op);
        needed.insert(op.operand_begin(), op.operand_end());
      }
    OpBuilder b(from);
    auto inCOrder = [&](Value value) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
      return b.getDenseI64ArrayAttr(contiguousStrides(Shape(shape.begin(), shape.end())));
    };
    SmallVector<Value> inputs, inside;
    SmallVector<Attribute> layouts;
    for (auto [i, argument] : llvm::enumerate(from.block().getArguments()))
      if (needed.contains(argument)) {
        inputs.push_back(from.getInputs()[i]);
        inside.push_back(argument);
        layouts.push_back((*from.getLayouts())[i]);
      }
    if (known && needed.contains(known)) {
      inputs.push_back(place);
      inside.push_back(known);
      layouts.push_back(inCOrder(known));
    }
    bool isResult = wanted == from.yield().getResults()[0];
    layouts.push_back(isResult ? (*from.getLayouts())[from.getInputs().size()]
                               : Attribute(inCOrder(wanted)));
    auto kernel = KernelOp::create(b, from.getLoc(), wanted.getType(), inputs);
    kernel.setLabelAttr(b.getStringAttr(label));
    kernel.setLayoutsAttr(b.getArrayAttr(layouts));
    IRMapping mapping;
    for (auto [value, argument] : llvm::zip(inside, kernel.block().getArguments()))
      mapping.map(value, argument);
    b.setInsertionPointToStart(&kernel.block());
    for (Operation *op : llvm::reverse(ops))
      b.clone(*op, mapping);
    YieldOp::create(b, from.getLoc(), mapping.lookup(wanted));
    return kernel;
  }

  /// One kernel of what all of them compute, in the place of the last.
  static KernelOp joined(SmallVector<KernelOp> parts) {
    llvm::SetVector<Value> inputs;
    SmallVector<Attribute> layouts;
    for (KernelOp part : parts)
      for (auto [i, input] : llvm::enumerate(part.getInputs()))
        if (!llvm::is_contained(parts, input.getDefiningOp()) && inputs.insert(input))
          layouts.push_back((*part.getLayouts())[i]);
    KernelOp last = parts.back();
    layouts.push_back((*last.getLayouts())[last.getInputs().size()]);
    OpBuilder b(last);
    SmallVector<Location> locations;
    for (KernelOp part : parts)
      locations.push_back(part.getLoc());
    auto kernel =
        KernelOp::create(b, b.getFusedLoc(locations), last.getResultTypes(), inputs.getArrayRef());
    kernel.setLabelAttr(b.getStringAttr(parts.front().getLabel().value_or("") + ", softmax, " +
                                        last.getLabel().value_or("")));
    kernel.setLayoutsAttr(b.getArrayAttr(layouts));
    llvm::DenseMap<Value, Value> inside;
    for (auto [input, argument] : llvm::zip(inputs, kernel.block().getArguments()))
      inside[input] = argument;
    b.setInsertionPointToStart(&kernel.block());
    SmallVector<Value> yields;
    for (KernelOp part : parts) {
      IRMapping mapping;
      for (auto [input, argument] : llvm::zip(part.getInputs(), part.block().getArguments()))
        mapping.map(argument, inside.lookup(input));
      for (Operation &op : part.block().without_terminator())
        b.clone(op, mapping);
      yields = {mapping.lookupOrDefault(part.yield().getResults()[0])};
      inside[part.getResult(0)] = yields[0];
    }
    YieldOp::create(b, kernel.getLoc(), yields);
    return kernel;
  }
};

} // namespace

} // namespace ricci
