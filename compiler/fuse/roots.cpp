//===- roots.cpp - which values lie in memory ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/roots.h"

#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/prologue.h"
#include "compiler/ir/types.h"

using namespace mlir;

namespace ricci {

double cyclesOf(Operation *op) {
  auto elementwise = dyn_cast<ElementwiseOp>(op);
  return elementwise ? scalarCycles(elementwise.scalarOp(),
                                    elementDType(elementwise.getInputs().back().getType()))
                     : 1;
}

Block &Roots::block() const { return func::FuncOp(function_).getBody().front(); }

const StridedView *Roots::place(Value value) const {
  auto it = memory_.find(value);
  return it == memory_.end() ? nullptr : &it->second;
}

void Roots::add(Value value) {
  roots_.insert(value);
  memory_[value] = memoryOf(value);
}

void Roots::ensureMemory(Value value) {
  SmallVector<Value> chain;
  while (!memory_.count(value) && isView(value.getDefiningOp())) {
    chain.push_back(value);
    value = viewOperand(value.getDefiningOp());
  }
  if (!memory_.count(value))
    add(value);
  for (Value view : llvm::reverse(chain))
    placeView(view);
}

void Roots::placeView(Value view) {
  Operation *op = view.getDefiningOp();
  Value operand = viewOperand(op);
  auto placed = viewThrough(op, memory_.find(operand)->second);
  if (!placed) {
    if (!isView(operand.getDefiningOp()) || roots_.contains(operand)) {
      // It is where it is (an argument, a result): its copy is the root.
      OpBuilder builder(op);
      operand = ReshapeOp::create(builder, op->getLoc(), operand.getType(), operand);
      op->setOperand(0, operand);
    }
    add(operand);
    placed = viewThrough(op, memory_.find(operand)->second);
  }
  memory_[view] = *placed;
}

Roots::Roots(func::FuncOp function, const FusionRules &rules) : function_(function) {
  for (Value argument : function_.getArguments())
    memory_[argument] = memoryOf(argument);
  for (Operation &op : block().without_terminator()) {
    Value value = op.getResult(0);
    if (auto einsum = dyn_cast<EinsumOp>(op)) {
      std::optional<Prologue> prologue;
      if (rules.fuse && rules.prologueBytes)
        prologue = prologueOf(einsum, *this, rules);
      for (auto [i, operand] : llvm::enumerate(op.getOperands()))
        if (!prologue || prologue->operand != i)
          ensureMemory(operand);
      if (prologue)
        for (Value value : prologue->stored)
          ensureMemory(value);
      memory_[value] = memoryOf(value);
    } else if (isView(&op) && !storedThrough(value)) {
      Value operand = viewOperand(&op);
      if (!memory_.count(operand) && !mapThrough(&op, identityMap(shapeOf(value).size())))
        ensureMemory(operand);
      if (memory_.count(operand))
        placeView(value);
    } else if (auto joined = dyn_cast<ConcatenateOp>(op)) {
      // Of parts of parts a kernel would ask for each.
      for (Value operand : joined.getInputs())
        if (isa_and_nonnull<ConcatenateOp>(viewBase(operand).getDefiningOp()))
          ensureMemory(operand);
    } else if (isa<GatherOp>(op)) {
      ensureMemory(op.getOperand(0));
    } else if (isa<ScanOp>(op) || (isa<ConstantOp>(op) && !isInlined(&op))) {
      memory_[value] = memoryOf(value);
    }
    if (isInlined(&op) || isa<ReduceOp, ArgReduceOp>(op)) {
      double size = isInlined(&op) ? cyclesOf(&op) : 1;
      if (isInlined(&op))
        for (Value operand : op.getOperands())
          size += size_.lookup(viewBase(operand));
      size_[value] = size;
      if (size > kMaxValueCycles || !(rules.fuse || isa<ConstantOp>(op)))
        ensureMemory(value), size_[value] = 1;
    }
    // Before its readers: where it lies decides which of their views need a copy.
    if (llvm::is_contained(value.getUsers(), block().getTerminator()))
      markResult(value);
  }
}

void Roots::markResult(Value value) {
  if (!isView(value.getDefiningOp())) {
    if (!memory_.count(value))
      add(value);
    return;
  }
  if (Value base = storedThrough(value))
    stored_[base] = value;
  add(value);
}

Value Roots::storedThrough(Value value) {
  if (!llvm::is_contained(value.getUsers(), block().getTerminator()))
    return {};
  auto stored = storeThrough(value, memoryOf(value));
  return stored && isOnlyStored(value, stored->first) ? stored->first : Value();
}

static bool hasOneChain(Value value, Value base) {
  for (; value != base; value = viewOperand(value.getDefiningOp()))
    if (!value.hasOneUse())
      return false;
  return base.hasOneUse();
}

bool Roots::needsCopy(Value value, Value base) const {
  const StridedView *placed = place(base);
  if (!placed)
    return false;
  SmallVector<Operation *> chain;
  for (; value != base; value = viewOperand(value.getDefiningOp()))
    chain.push_back(value.getDefiningOp());
  std::optional<StridedView> view = *placed;
  for (Operation *op : llvm::reverse(chain))
    if (view = viewThrough(op, *view); !view)
      return true;
  return false;
}

bool Roots::isOnlyStored(Value value, Value base) {
  // What is repeated is no view once its axes are joined: it is stored in the joined shape at once.
  if (isa_and_nonnull<BroadcastOp>(base.getDefiningOp()) && needsCopy(value, base))
    return hasOneChain(value, base);
  if (!base.getDefiningOp() || isView(base.getDefiningOp()) || memory_.count(base))
    return isa_and_nonnull<EinsumOp, ScanOp>(base.getDefiningOp()) && hasOneChain(value, base);
  return hasOneChain(value, base);
}

} // namespace ricci
