//===- loop_builder.h - writes scf loops and index arithmetic -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/DenseMap.h"

namespace ricci {

/// An op builder with the few shapes of code that every kernel emitter writes. Index constants are
/// made once a function, in its entry block.
class LoopBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<mlir::Value>;

  explicit LoopBuilder(mlir::MLIRContext *context)
      : ImplicitLocOpBuilder(mlir::UnknownLoc::get(context), context) {}

  template <typename Op, typename... Args> Op op(Args &&...args) {
    return Op::create(*this, std::forward<Args>(args)...);
  }

  /// Starts a function and moves the insertion point into it.
  mlir::func::FuncOp beginFunction(mlir::ModuleOp module, llvm::StringRef name,
                                   mlir::TypeRange inputs, bool isPrivate);
  /// Ends it with these results; the insertion point is left outside.
  void endFunction(ValueRange results = {});

  Value idx(int64_t value);
  Value add(Value a, Value b) { return op<mlir::arith::AddIOp>(a, b); }
  Value add(Value a, int64_t b) { return b == 0 ? a : add(a, idx(b)); }
  Value sub(Value a, Value b) { return op<mlir::arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) { return op<mlir::arith::MulIOp>(a, b); }
  Value mul(Value a, int64_t b) { return b == 1 ? a : mul(a, idx(b)); }
  Value div(Value a, Value b) { return op<mlir::arith::DivUIOp>(a, b); }
  Value rem(Value a, Value b) { return op<mlir::arith::RemUIOp>(a, b); }
  Value min(Value a, Value b) { return op<mlir::arith::MinSIOp>(a, b); }
  Value max(Value a, Value b) { return op<mlir::arith::MaxSIOp>(a, b); }
  Value select(Value c, Value a, Value b) { return op<mlir::arith::SelectOp>(c, a, b); }
  Value both(Value a, Value b) { return op<mlir::arith::AndIOp>(a, b); }
  Value either(Value a, Value b) { return op<mlir::arith::OrIOp>(a, b); }
  Value lt(Value a, Value b) { return compare(mlir::arith::CmpIPredicate::slt, a, b); }
  Value le(Value a, Value b) { return compare(mlir::arith::CmpIPredicate::sle, a, b); }
  Value ge(Value a, Value b) { return compare(mlir::arith::CmpIPredicate::sge, a, b); }
  Value eq(Value a, Value b) { return compare(mlir::arith::CmpIPredicate::eq, a, b); }
  Value ne(Value a, Value b) { return compare(mlir::arith::CmpIPredicate::ne, a, b); }
  /// The same index, of which LLVM knows nothing (an empty assembly has made it). Where a loop's
  /// index is added to dozens of pointers, loop strength reduction takes a third of the code
  /// generator's time to find nothing better than that.
  Value opaque(Value index);
  /// ceil(a / b) for a >= 0, b > 0.
  Value ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), idx(b)); }

  Value load(Value memref, Value index) {
    return op<mlir::memref::LoadOp>(memref, ValueRange{index});
  }
  void store(Value value, Value memref, Value index) {
    op<mlir::memref::StoreOp>(value, memref, ValueRange{index});
  }
  /// `size` elements of `type` at a byte offset of the workspace.
  Value view(Value workspace, Value byteOffset, Value size, mlir::Type type) {
    return op<mlir::memref::ViewOp>(mlir::MemRefType::get({mlir::ShapedType::kDynamic}, type),
                                    workspace, byteOffset, ValueRange{size});
  }

  using Body = llvm::function_ref<void(Value)>;
  using IterBody = llvm::function_ref<Values(Value, ValueRange)>;
  void forLoop(Value lo, Value hi, Value step, Body body);
  void forLoop(Value hi, Body body) { forLoop(idx(0), hi, idx(1), body); }
  Values forIter(Value lo, Value hi, Value step, ValueRange inits, IterBody body);
  /// for (i = lo; i < hi; i = body(i)): the body says where it got to.
  void forStrips(Value lo, Value hi, llvm::function_ref<Value(Value)> body);
  using StripsBody = llvm::function_ref<std::pair<Value, Values>(Value, ValueRange)>;
  Values forStrips(Value lo, Value hi, ValueRange inits, StripsBody body);
  void ifThen(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  Values ifYield(Value condition, llvm::function_ref<Values()> then,
                 llvm::function_ref<Values()> otherwise);

private:
  Value compare(mlir::arith::CmpIPredicate p, Value a, Value b) {
    return op<mlir::arith::CmpIOp>(p, a, b);
  }

  mlir::func::FuncOp function_;
  mlir::OpBuilder::InsertPoint outside_;
  llvm::DenseMap<int64_t, mlir::Value> constants_;
};

} // namespace ricci
