//===- loop_builder.cpp - writes scf loops and index arithmetic -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/loop_builder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace ricci {

func::FuncOp LoopBuilder::beginFunction(ModuleOp module, StringRef name, TypeRange inputs,
                                        bool isPrivate) {
  outside_ = saveInsertionPoint();
  setInsertionPointToEnd(module.getBody());
  function_ = op<func::FuncOp>(name, getFunctionType(inputs, {}));
  if (isPrivate)
    function_.setPrivate();
  setInsertionPointToStart(function_.addEntryBlock());
  constants_.clear();
  return function_;
}

void LoopBuilder::endFunction(ValueRange results) {
  op<func::ReturnOp>(results);
  function_.setType(getFunctionType(function_.getArgumentTypes(), results.getTypes()));
  constants_.clear();
  restoreInsertionPoint(outside_);
}

Value LoopBuilder::idx(int64_t value) {
  Value &constant = constants_[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToStart(&function_.getBody().front());
    constant = op<arith::ConstantIndexOp>(value);
  }
  return constant;
}

Value LoopBuilder::opaque(Value index) {
  getContext()->loadDialect<LLVM::LLVMDialect>();
  Value number = op<arith::IndexCastOp>(getI64Type(), index);
  Value same = op<LLVM::InlineAsmOp>(
                   TypeRange{getI64Type()}, ValueRange{number}, /*asm_string=*/"",
                   /*constraints=*/"=r,0", /*has_side_effects=*/false, /*is_align_stack=*/false,
                   LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr())
                   .getRes();
  return op<arith::IndexCastOp>(getIndexType(), same);
}

void LoopBuilder::forLoop(Value lo, Value hi, Value step, Body body) {
  forIter(lo, hi, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values{};
  });
}

LoopBuilder::Values LoopBuilder::forIter(Value lo, Value hi, Value step, ValueRange inits,
                                         IterBody body) {
  auto loop = op<scf::ForOp>(lo, hi, step, inits);
  OpBuilder::InsertionGuard guard(*this);
  // A loop without results comes with its terminator.
  if (inits.empty())
    setInsertionPoint(loop.getBody()->getTerminator());
  else
    setInsertionPointToStart(loop.getBody());
  Values results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!inits.empty())
    op<scf::YieldOp>(results);
  return Values(loop.getResults());
}

void LoopBuilder::forStrips(Value lo, Value hi, llvm::function_ref<Value(Value)> body) {
  forStrips(lo, hi, {}, [&](Value i, ValueRange) { return std::pair(body(i), Values{}); });
}

LoopBuilder::Values LoopBuilder::forStrips(Value lo, Value hi, ValueRange inits, StripsBody body) {
  Values carried{lo};
  carried.append(inits.begin(), inits.end());
  SmallVector<Type> types(ValueRange(carried).getTypes());
  SmallVector<Location> locations(types.size(), getLoc());
  auto loop = op<scf::WhileOp>(types, carried);
  OpBuilder::InsertionGuard guard(*this);
  auto before = createBlock(&loop.getBefore(), {}, types, locations)->getArguments();
  op<scf::ConditionOp>(lt(before[0], hi), before);
  ValueRange after = createBlock(&loop.getAfter(), {}, types, locations)->getArguments();
  auto [next, values] = body(after[0], after.drop_front());
  values.insert(values.begin(), next);
  op<scf::YieldOp>(values);
  return Values(loop.getResults().drop_front());
}

void LoopBuilder::ifThen(Value condition, llvm::function_ref<void()> then,
                         llvm::function_ref<void()> otherwise) {
  auto branch = op<scf::IfOp>(condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(branch.thenBlock()->getTerminator());
  then();
  if (otherwise) {
    setInsertionPoint(branch.elseBlock()->getTerminator());
    otherwise();
  }
}

LoopBuilder::Values LoopBuilder::ifYield(Value condition, llvm::function_ref<Values()> then,
                                         llvm::function_ref<Values()> otherwise) {
  // The result types are known once the first branch is written.
  Block scratch;
  Values thenValues;
  {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToStart(&scratch);
    thenValues = then();
    op<scf::YieldOp>(thenValues);
  }
  auto branch = op<scf::IfOp>(ValueRange(thenValues).getTypes(), condition, /*addThenBlock=*/true,
                              /*addElseBlock=*/true);
  branch.thenBlock()->getOperations().splice(branch.thenBlock()->end(), scratch.getOperations());
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.elseBlock());
  op<scf::YieldOp>(otherwise());
  return Values(branch.getResults());
}

} // namespace ricci
