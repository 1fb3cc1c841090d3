//===- split_scans.cpp - long scans and arg-reductions in parts -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scan, and an arg-reduction, goes along its axis in one task, or one block of a GPU. Where these
// are few and long, parts of the axis are tasks of their own: what comes before a part of a scan is
// known from the sums of the parts. Parts depend on the shapes alone.
//
//   %0 = ricci.scan cumsum %x dim = 0 : tensor<4194304xf32> -> tensor<4194304xf32>
//   ==>
//   %parts = ricci.reshape %x : tensor<4194304xf32> -> tensor<64x65536xf32>
//   %sums = ricci.reduce sum (all %parts but the last) dims = [1] : … -> tensor<63xf32>
//   %before = ricci.scan cumsum (pad %sums, -0.0 low = [1]) dim = 0 : … -> tensor<64xf32>
//   %1 = ricci.scan cumsum %parts from %before dim = 1 : … -> tensor<64x65536xf32>
//   %0 = ricci.reshape %1 : tensor<64x65536xf32> -> tensor<4194304xf32>
//
//   %0 = ricci.arg_reduce argmax %x dim = 0 : tensor<4194304xf32> -> tensor<i64>
//   ==>
//   %parts = ricci.reshape %x : tensor<4194304xf32> -> tensor<64x65536xf32>
//   %best = ricci.reduce max %parts dims = [1] : tensor<64x65536xf32> -> tensor<64xf32>
//   %places = ricci.arg_reduce argmax %parts dim = 1 : tensor<64x65536xf32> -> tensor<64xi64>
//   %part = ricci.arg_reduce argmax %best dim = 0 : tensor<64xf32> -> tensor<i64>
//   %0 = ricci.reduce sum (where iota == %part: %places + 65536 * iota, else 0) dims = [0]
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/constants.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <algorithm>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_SPLITSCANS
#include "compiler/passes.h.inc"

namespace {

/// What is worth parts, in elements of a task.
struct Rules {
  int64_t manyTasks; ///< that keep all busy
  int64_t longScan, longArg, longPart;
  int64_t longWithRest; ///< a scan whose parts leave a rest, and which is copied for that
  int64_t longest;      ///< of a task, however many there are: a run is interrupted between tasks
  int64_t columns, leastColumns; ///< of a task, where the last axis is another one and has so many
};
/// A block goes along an axis by the thousand, with all its threads waiting for each other.
constexpr Rules kGpu = {264, 1 << 16, 1 << 17, 1 << 12, 1 << 18, 1 << 25, 32, 32};
/// 64 tasks, as kernels are cut in otherwise. A scan reads its operand twice.
constexpr Rules kCpu = {64, 1 << 22, 1 << 22, 1 << 16, 1 << 26, 1 << 25, 1024, 2};

/// Parts that are worth kernels of their own.
constexpr int64_t kManyParts = 4;

struct SplitScansPass : impl::SplitScansBase<SplitScansPass> {
  using SplitScansBase::SplitScansBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    for (Operation &op : getOperation().getBody().front())
      if (isa<ScanOp, ArgReduceOp>(op))
        ops.push_back(&op);
    for (Operation *op : ops) {
      OpBuilder b(op);
      auto scan = dyn_cast<ScanOp>(op);
      Value result = scan ? split(b, scan) : split(b, cast<ArgReduceOp>(op));
      if (!result)
        continue;
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
  }

private:
  const Rules &rules() const { return cpu ? kCpu : kGpu; }

  struct Work {
    int64_t elements; ///< of a task
    int64_t parts;    ///< that it wants to be
  };
  Work workOf(ArrayRef<int64_t> shape, size_t axis, int64_t longTask) const {
    int64_t extent = shape[axis], rows = 1;
    for (auto [i, other] : llvm::enumerate(shape))
      rows *= i == axis ? 1 : other;
    if (extent == 0 || rows == 0)
      return {0, 1};
    // Where the last axis is another one, a task computes neighbouring columns.
    bool inColumns = axis + 1 != shape.size() && shape.back() >= rules().leastColumns;
    int64_t perTask = inColumns ? std::min(rules().columns, shape.back()) : 1,
            tasks = (rows + perTask - 1) / perTask, elements = extent * perTask;
    int64_t parts = (elements + rules().longest - 1) / rules().longest;
    if (elements >= longTask)
      parts = std::max(parts, std::min(rules().manyTasks / tasks, elements / rules().longPart));
    return {elements, std::min(parts, extent)};
  }

  /// A divisor of the extent near what is wanted, or 1.
  static int64_t partsOf(int64_t extent, int64_t wanted) {
    for (int64_t parts = wanted; 4 * parts >= wanted && parts > 1; --parts)
      if (extent % parts == 0)
        return parts;
    for (int64_t parts = wanted; parts <= 16 * wanted; ++parts)
      if (extent % parts == 0)
        return parts;
    return 1;
  }

  static Value number(OpBuilder &b, Location loc, int64_t value) {
    auto type = RankedTensorType::get({}, b.getI64Type());
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, value));
  }
  /// 0, 1, 2, … along an axis, to be broadcast along those behind it.
  static Value indices(OpBuilder &b, Location loc, ArrayRef<int64_t> shape, size_t axis) {
    SmallVector<int64_t> along(shape.size() - axis, 1);
    along[0] = shape[axis];
    Value iota = IotaOp::create(b, loc, RankedTensorType::get({shape[axis]}, b.getI64Type()));
    return reshaped(b, iota, along);
  }
  static Value elementwise(OpBuilder &b, ScalarOp op, RankedTensorType type,
                           ArrayRef<Value> operands) {
    return ElementwiseOp::create(b, operands[0].getLoc(), type, op, operands);
  }
  static RankedTensorType without(RankedTensorType type, size_t axis) {
    return RankedTensorType::Builder(type).dropDim(unsigned(axis));
  }

  //===--- scans -------------------------------------------------------===//

  /// Whether parts change nothing but the order in which floats of 32 and 64 bits are added: those
  /// of 16 bits are rounded after each step, and products overflow where others do not.
  static bool mayBeSplit(ScanOp op) {
    DType type = elementDType(op.getOutput().getType());
    bool isFloat = kindOf(type) == DTypeKind::Float || kindOf(type) == DTypeKind::Complex;
    return !isFloat ||
           (op.getKind() == ScanKind::Cumsum && type != DType::f16 && type != DType::bf16);
  }

  /// What changes no element: -0 of sums, be the element 0 or -0.
  static Value identity(OpBuilder &b, ScanOp op) {
    RankedTensorType scalar = typeOf(op.getOutput()).clone(ArrayRef<int64_t>());
    DType type = elementDType(scalar);
    bool isComplex = kindOf(type) == DTypeKind::Complex;
    std::vector<uint8_t> bytes(itemSize(type), 0);
    if (op.getKind() == ScanKind::Cumprod)
      bytes[0] = 1;
    else if (isComplex || kindOf(type) == DTypeKind::Float)
      for (size_t end = bytes.size(), part = 0; part <= size_t(isComplex); ++part, end /= 2)
        bytes[end - 1] = 0x80;
    return ConstantOp::create(b, op.getLoc(), scalar, constantFromBytes(scalar, bytes));
  }

  Value split(OpBuilder &b, ScanOp op) {
    auto axis = size_t(op.getDim());
    ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape();
    Work work = workOf(shape, axis, rules().longScan);
    if (work.parts <= 1 || !mayBeSplit(op))
      return {};
    int64_t extent = shape[axis], parts = partsOf(extent, work.parts);
    if (parts == 1 && work.parts >= kManyParts && work.elements >= rules().longWithRest)
      parts = work.parts;
    if (parts == 1)
      return {};
    int64_t rest = extent % parts, most = extent - rest;
    Value whole = scanParts(b, op, sliced(b, op.getInput(), axis, 0, most), parts);
    if (rest == 0)
      return whole;
    Value end = sliced(b, whole, axis, most - 1, 1);
    Value last = scanFrom(b, op, sliced(b, op.getInput(), axis, most, rest),
                          reshaped(b, end, without(typeOf(end), axis).getShape()), axis);
    return ConcatenateOp::create(b, op.getLoc(), typeOf(op.getOutput()), ValueRange{whole, last},
                                 op.getDim());
  }

  static Value scanParts(OpBuilder &b, ScanOp op, Value input, int64_t parts) {
    auto axis = size_t(op.getDim());
    Location loc = op.getLoc();
    ReduceKind kind = op.getKind() == ScanKind::Cumsum ? ReduceKind::Sum : ReduceKind::Prod;
    Value pieces = inParts(b, input, axis, parts), first = sliced(b, pieces, axis, 0, parts - 1);
    Value sums = ReduceOp::create(b, loc, without(typeOf(first), axis + 1), kind, first,
                                  ArrayRef<int64_t>{int64_t(axis) + 1});
    SmallVector<int64_t> low(typeOf(sums).getRank(), 0), high = low;
    low[axis] = 1;
    RankedTensorType type = without(typeOf(pieces), axis + 1);
    Value padded = PadOp::create(b, loc, type, sums, identity(b, op), low, high);
    Value before = ScanOp::create(b, loc, type, op.getKind(), padded, Value(), op.getDim());
    return reshaped(b, scanFrom(b, op, pieces, before, axis + 1), typeOf(input).getShape());
  }

  static Value scanFrom(OpBuilder &b, ScanOp op, Value input, Value before, size_t axis) {
    return ScanOp::create(b, op.getLoc(), typeOf(input), op.getKind(), input, before,
                          int64_t(axis));
  }

  //===--- arg-reductions ----------------------------------------------===//

  Value split(OpBuilder &b, ArgReduceOp op) {
    auto axis = size_t(op.getDim());
    ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape();
    Work work = workOf(shape, axis, rules().longArg);
    DType type = elementDType(op.getInput().getType());
    // There are NaNs of several kinds among complex numbers, and more than one order of them.
    if (work.parts <= 1 || kindOf(type) == DTypeKind::Complex)
      return {};
    Location loc = op.getLoc();
    bool isMax = op.getKind() == ArgReduceKind::Argmax;
    int64_t extent = shape[axis], parts = partsOf(extent, work.parts);
    size_t inner = axis + 1;
    Value pieces;
    if (parts > 1) {
      pieces = inParts(b, op.getInput(), axis, parts);
    } else {
      // The first of equal elements is found, be it in two parts: these may overlap.
      parts = work.parts;
      int64_t size = extent / parts + extent % parts;
      SmallVector<int64_t> windows(shape);
      windows[axis] = extent - size + 1;
      windows.push_back(size);
      inner = windows.size() - 1;
      pieces = WindowsOp::create(b, loc, typeOf(op.getInput()).clone(windows), op.getInput(),
                                 int64_t(axis), size);
      pieces = sliced(b, pieces, axis, 0, parts, extent / parts);
    }
    RankedTensorType best = without(typeOf(pieces), inner), places = best.clone(b.getI64Type()),
                     result = typeOf(op.getOutput());
    Value extremes = ReduceOp::create(b, loc, best, isMax ? ReduceKind::Max : ReduceKind::Min,
                                      pieces, ArrayRef<int64_t>{int64_t(inner)});
    Value within = ArgReduceOp::create(b, loc, places, op.getKind(), pieces, int64_t(inner));
    Value part = ArgReduceOp::create(b, loc, result, op.getKind(), extremes, int64_t(axis));
    // What is at one index of an axis: the sum of it and of zeros.
    Value at = indices(b, loc, places.getShape(), axis);
    Value start =
        elementwise(b, ScalarOp::Multiply, typeOf(at), {at, number(b, loc, extent / parts)});
    SmallVector<int64_t> along(places.getShape());
    along[axis] = 1;
    Value isPart = elementwise(b, ScalarOp::Equal, places.clone(b.getI1Type()),
                               {at, reshaped(b, part, along)});
    Value place = elementwise(b, ScalarOp::Add, places, {within, start});
    Value wanted = elementwise(b, ScalarOp::Where, places, {isPart, place, number(b, loc, 0)});
    return ReduceOp::create(b, loc, result, ReduceKind::Sum, wanted,
                            ArrayRef<int64_t>{int64_t(axis)});
  }
};

} // namespace

} // namespace ricci
