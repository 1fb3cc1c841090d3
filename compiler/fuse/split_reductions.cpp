//===- split_reductions.cpp - long sums as two kernels ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of threads computes an element of a reduction, or a tile of a contraction; on a CPU that
// is a task. Where these are few and long, most of a GPU, or all cores but a few, would idle: parts
// of them are computed first, then put together. Parts depend on the shapes alone.
//
//   %0 = ricci.reduce sum %x dims = [0] : tensor<1048576xf32> -> tensor<f32>
//   ==>
//   %0 = ricci.reshape %x : tensor<1048576xf32> -> tensor<64x16384xf32>
//   %1 = ricci.reduce sum %0 dims = [1] : tensor<64x16384xf32> -> tensor<64xf32>
//   %2 = ricci.reduce sum %1 dims = [0] : tensor<64xf32> -> tensor<f32>
//
// On a CPU, a reduction over axes on both sides of those that stay, whose rows therefore lie in
// short pieces that are far apart, goes along the outer ones first, as memory lies:
//
//   %0 = ricci.reduce max %x dims = [0, 2] : tensor<2000x100x40xf32> -> tensor<100xf32>
//   ==>
//   %0 = ricci.reduce max %x dims = [0] : tensor<2000x100x40xf32> -> tensor<100x40xf32>
//   %1 = ricci.reduce max %0 dims = [1] : tensor<100x40xf32> -> tensor<100xf32>
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/split_reductions.h"

#include "compiler/ir/dialect.h"
#include "compiler/ir/make_ops.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <algorithm>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "compiler/passes.h.inc"

namespace {

/// What is worth parts.
struct Rules {
  int64_t manySums, manyBlocks; ///< tasks that keep all busy: sums, and contractions
  /// Elements of a task that are worth a second kernel, and those that are left to a part.
  int64_t longSum, longPart;
  int64_t manySteps; ///< of a contraction's part
  int64_t tile;      ///< results of a contraction's task
  /// Columns of a task, where the last axis stays and has so many.
  int64_t columns, leastColumns;
};
/// A part takes a block of threads some microseconds.
constexpr Rules kGpu = {528, 264, 1 << 17, 1 << 14, 512, 32 * 32, 32, 32};
/// 64 tasks, as kernels are cut in otherwise, of tens of microseconds.
constexpr Rules kCpu = {64, 64, 1 << 20, 1 << 16, 1024, 64 * 64, 1024, 2};

/// Products of a contraction that are worth a second kernel on a CPU: most of a millisecond.
constexpr int64_t kLongContraction = 1 << 26;
/// Bytes of a piece of a row that are few, pieces of a row that are many, and bytes that leave the
/// L2 cache.
constexpr int64_t kShortPiece = 2048, kManyPieces = 8, kLargeBytes = 1 << 20;
/// Bytes of a row that is still in the L2 cache when another reduction goes over it, and operations
/// between the two that are looked at.
constexpr int64_t kRowBytes = 512 << 10;
constexpr size_t kMostBetween = 32;
/// Parts that are worth a third kernel, where they leave a rest.
constexpr int64_t kManyParts = 4;
/// Parts of a contraction in tiles on a CPU that are worth a second kernel: with fewer, its tiles
/// keep many cores busy as they are, and another number of rows is no other structure.
constexpr int64_t kLeastParts = 4;
/// An axis that can be cut into as many parts as are wanted, and one into as many as cores need.
constexpr int64_t kLongAxis = 256, kCutAxis = 16;
/// Terms of a contraction's sums that are not added up one after the other.
constexpr int64_t kLongSum = 1 << 15;
/// Rows and columns from which on a contraction has tiles: on a CPU two of each, where sums are not
/// along rows of both operands.
constexpr int64_t kNarrow = 4;

/// How far apart the indices of an axis are in memory; of what is computed, in C order.
int64_t strideOf(Value value, size_t axis) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()))
      if (auto strides =
              function.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(), kStridesAttr))
        return std::abs(strides[axis]);
  int64_t stride = 1;
  for (int64_t extent : typeOf(value).getShape().drop_front(axis + 1))
    stride *= extent;
  return stride;
}

/// The largest divisor of the extent that is at most `wanted`; 1 where it is far below.
int64_t partsOf(int64_t extent, int64_t wanted) {
  for (int64_t parts = std::min(extent, wanted); 4 * parts >= wanted && parts > 1; --parts)
    if (extent % parts == 0)
      return parts;
  return 1;
}

struct SplitReductionsPass : impl::SplitReductionsBase<SplitReductionsPass> {
  using SplitReductionsBase::SplitReductionsBase;

  void runOnOperation() override {
    // Who adds to memory does it in the last kernel: an einsum.
    if (getOperation()->hasAttr(kAccumulateAttr))
      return;
    SmallVector<Operation *> ops;
    for (Operation &op : getOperation().getBody().front())
      if (isa<ReduceOp, EinsumOp>(op))
        ops.push_back(&op);
    for (Operation *op : ops) {
      OpBuilder b(op);
      auto reduce = dyn_cast<ReduceOp>(op);
      Value result = reduce ? split(b, reduce) : split(b, cast<EinsumOp>(op));
      if (!result)
        continue;
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
  }

private:
  const Rules &rules() const { return cpu ? kCpu : kGpu; }

  /// How many parts a sum of so many elements wants, that so many tasks compute.
  int64_t partsOfSum(int64_t tasks, int64_t elements) const {
    if (elements < rules().longSum)
      return 1;
    return std::min(rules().manySums / tasks, elements / rules().longPart);
  }

  /// Parts are not rounded to 16 bits.
  static Value wide(OpBuilder &b, Value value) {
    RankedTensorType type = typeOf(value);
    if (!type.getElementType().isF16() && !type.getElementType().isBF16())
      return value;
    return CastOp::create(b, value.getLoc(), type.clone(b.getF32Type()), value);
  }
  static Type wide(OpBuilder &b, Type element) {
    return element.isF16() || element.isBF16() ? b.getF32Type() : element;
  }

  Value split(OpBuilder &b, ReduceOp op) {
    ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape(), dims = op.getDims();
    int64_t results = typeOf(op.getOutput()).getNumElements(), reduced = 1;
    for (int64_t dim : dims)
      reduced *= shape[size_t(dim)];
    if (results == 0 || reduced == 0)
      return {};
    if (Value outerFirst = cpu ? splitBySide(b, op) : Value())
      return outerFirst;
    // Where the last axis stays, a task computes neighbouring columns.
    bool inColumns = !llvm::is_contained(dims, int64_t(shape.size()) - 1) &&
                     shape.back() >= rules().leastColumns;
    int64_t perTask = inColumns ? std::min(rules().columns, shape.back()) : 1,
            tasks = (results + perTask - 1) / perTask;
    int64_t wanted = partsOfSum(tasks, reduced * perTask), parts = 1;
    size_t axis = 0, longest = size_t(dims[0]);
    for (int64_t dim : dims) {
      int64_t n = partsOf(shape[size_t(dim)], wanted);
      // Parts of the axis that is furthest apart in memory read long pieces.
      bool isFurther = strideOf(op.getInput(), size_t(dim)) > strideOf(op.getInput(), axis);
      if (n > 1 && (parts == 1 || (isFurther ? 2 * n >= parts : n >= 2 * parts)))
        parts = n, axis = size_t(dim);
      if (shape[size_t(dim)] > shape[longest])
        longest = size_t(dim);
    }
    // What equal parts leave is reduced apart.
    if (parts == 1 && wanted >= kManyParts && shape[longest] >= wanted)
      return splitWithRest(b, op, longest, shape[longest] % wanted);
    if (parts == 1)
      return {};
    Location loc = op.getLoc();
    Value input = inParts(b, wide(b, op.getInput()), axis, parts);
    SmallVector<int64_t> partDims, partShape;
    for (int64_t dim : dims)
      partDims.push_back(dim + (size_t(dim) >= axis ? 1 : 0));
    int64_t place = 0; // of the parts' axis among those that are kept
    for (auto [dim, extent] : llvm::enumerate(typeOf(input).getShape()))
      if (!llvm::is_contained(partDims, int64_t(dim))) {
        place += dim < axis;
        partShape.push_back(extent);
      }
    Value part =
        ReduceOp::create(b, loc, typeOf(input).clone(partShape), op.getKind(), input, partDims);
    RankedTensorType type = typeOf(op.getOutput());
    Value whole = ReduceOp::create(b, loc, type.clone(typeOf(part).getElementType()), op.getKind(),
                                   part, ArrayRef<int64_t>{place});
    return converted(b, whole, type.getElementType());
  }

  /// Whether another reduction over the same axes reads what this one gives, or the other way
  /// round: one kernel goes over each row for both.
  static bool isChained(ReduceOp op) {
    auto reads = [](ReduceOp reader, ReduceOp from) {
      SmallVector<Operation *> work{reader.getInput().getDefiningOp()};
      llvm::SmallPtrSet<Operation *, 16> seen;
      while (!work.empty() && seen.size() < kMostBetween) {
        Operation *next = work.pop_back_val();
        if (!next || !seen.insert(next).second)
          continue;
        if (next == from.getOperation())
          return true;
        for (Value operand : next->getOperands())
          work.push_back(operand.getDefiningOp());
      }
      return false;
    };
    return llvm::any_of(op->getBlock()->getOps<ReduceOp>(), [&](ReduceOp other) {
      return other != op && other.getDims() == op.getDims() &&
             typeOf(other.getInput()).getShape() == typeOf(op.getInput()).getShape() &&
             (reads(other, op) || reads(op, other));
    });
  }

  /// The outer axes first, then those behind the axes that stay; nothing where that gains nothing.
  Value splitBySide(OpBuilder &b, ReduceOp op) {
    RankedTensorType type = typeOf(op.getInput()), result = typeOf(op.getOutput());
    const size_t rank = size_t(type.getRank());
    auto isReduced = [&](size_t dim) { return llvm::is_contained(op.getDims(), int64_t(dim)); };
    size_t inner = rank;
    while (inner > 0 && isReduced(inner - 1))
      --inner;
    if (inner == rank || strideOf(op.getInput(), rank - 1) != 1)
      return {};
    int64_t pieces = 1, bytes = int64_t(itemSize(elementDType(type)));
    SmallVector<int64_t> outerDims, innerDims, shape;
    for (size_t dim = 0; dim < rank; ++dim) {
      const int64_t extent = type.getShape()[dim];
      if (dim < inner && isReduced(dim)) {
        outerDims.push_back(int64_t(dim));
        pieces *= extent;
        continue;
      }
      if (dim >= inner) {
        innerDims.push_back(int64_t(shape.size()));
        bytes *= extent;
      }
      shape.push_back(extent);
    }
    if (bytes > kShortPiece || pieces < kManyPieces ||
        type.getNumElements() * int64_t(itemSize(elementDType(type))) < kLargeBytes)
      return {};
    if (bytes * pieces <= kRowBytes && isChained(op))
      return {};
    Type element = wide(b, type.getElementType());
    Value input = wide(b, op.getInput());
    auto sums = ReduceOp::create(b, op.getLoc(), typeOf(input).clone(shape), op.getKind(), input,
                                 outerDims);
    Value pieceSums = sums.getOutput();
    if (Value inParts = split(b, sums)) {
      pieceSums = inParts;
      sums.erase();
    }
    Value whole =
        ReduceOp::create(b, op.getLoc(), result.clone(element), op.getKind(), pieceSums, innerDims);
    return converted(b, whole, result.getElementType());
  }

  /// All but the last `rest` indices of an axis, and these.
  Value splitWithRest(OpBuilder &b, ReduceOp op, size_t axis, int64_t rest) {
    RankedTensorType type = typeOf(op.getInput()), result = typeOf(op.getOutput());
    Type element = wide(b, type.getElementType());
    Value input = wide(b, op.getInput());
    auto reduce = [&](int64_t start, int64_t size) {
      Value piece = sliced(b, input, axis, start, size);
      return ReduceOp::create(b, op.getLoc(), result.clone(element), op.getKind(), piece,
                              op.getDims());
    };
    int64_t most = type.getDimSize(unsigned(axis)) - rest;
    ReduceOp parts = reduce(0, most);
    Value whole = parts.getOutput(), last = reduce(most, rest).getOutput();
    if (Value split = this->split(b, parts)) {
      whole = split;
      parts.erase();
    }
    whole = ElementwiseOp::create(b, op.getLoc(), result.clone(element), combining(op.getKind()),
                                  ValueRange{whole, last});
    return converted(b, whole, result.getElementType());
  }

  static ScalarOp combining(ReduceKind kind) {
    switch (kind) {
    case ReduceKind::Sum:
      return ScalarOp::Add;
    case ReduceKind::Prod:
      return ScalarOp::Multiply;
    case ReduceKind::Max:
      return ScalarOp::Maximum;
    case ReduceKind::Min:
      return ScalarOp::Minimum;
    case ReduceKind::Any:
      return ScalarOp::BitwiseOr;
    case ReduceKind::All:
      return ScalarOp::BitwiseAnd;
    }
    llvm_unreachable("a kind of reduction without an operation");
  }

  /// "ij,jk->ik"  ==>  the sum over p of "ipj,pjk->pik"
  Value split(OpBuilder &b, EinsumOp op) {
    EinsumEquation equation = op.parsedEquation();
    auto extents = equation.extents(op.getInputs().getTypes());
    int64_t results = 1, steps = 1, longest = -1;
    for (auto [label, extent] : llvm::enumerate(extents)) {
      if (llvm::is_contained(equation.output, int32_t(label))) {
        results *= extent;
        continue;
      }
      steps *= extent;
      if (isWhole(op, equation, int32_t(label), extent) &&
          (longest < 0 || isBetter(op, equation, extents, int32_t(label), int32_t(longest))))
        longest = int64_t(label);
    }
    if (results == 0 || longest < 0)
      return {};
    const Rules &r = rules();
    const int64_t own = ownOfBoth(equation, extents);
    const bool inRows = isAlongRows(op, equation, int32_t(longest));
    const bool inTiles = own >= (cpu && !inRows ? 2 : kNarrow);
    int64_t wanted =
        inTiles ? std::min(r.manyBlocks / ((results + r.tile - 1) / r.tile), steps / r.manySteps)
                : std::min(r.manyBlocks / results, steps / r.longPart);
    if (cpu && inTiles && wanted < kLeastParts)
      return {};
    double points = double(steps) * double(results);
    if (cpu && (inRows || steps < kLongSum) &&
        points < double(own >= kNarrow ? kLongContraction : r.longSum))
      return {};
    int64_t extent = extents[size_t(longest)], parts = partsOf(extent, wanted);
    // What equal parts leave is summed apart. (A sum of bools is no addition.)
    RankedTensorType type = typeOf(op.getOutput());
    if (parts == 1 && wanted >= kManyParts && !type.getElementType().isInteger(1))
      parts = std::min(wanted, extent);
    if (parts <= 1)
      return {};
    auto label = int32_t(longest), part = int32_t(equation.labelNames.size());
    int64_t rest = extent % parts;
    Type element = wide(b, type.getElementType());
    Value restSum;
    if (rest != 0) {
      EinsumEquation restEquation = equation;
      restEquation.labelNames[size_t(longest)] = kRestLabel.str();
      restSum = EinsumOp::create(b, op.getLoc(), type.clone(element), restEquation.str(),
                                 alongLabel(b, op, equation, label, extent - rest, rest));
    }
    SmallVector<Value> given = alongLabel(b, op, equation, label, 0, extent - rest), inputs;
    equation.labelNames.push_back("#part");
    for (auto [input, labels] : llvm::zip(given, equation.operands)) {
      auto *place = llvm::find(labels, label);
      if (place == labels.end()) {
        inputs.push_back(input);
        continue;
      }
      inputs.push_back(inParts(b, input, size_t(place - labels.begin()), parts));
      labels.insert(place, part);
    }
    equation.output.insert(equation.output.begin(), part);
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), parts);
    Value sums = EinsumOp::create(b, op.getLoc(), RankedTensorType::get(shape, element),
                                  equation.str(), inputs);
    Value whole = ReduceOp::create(b, op.getLoc(), type.clone(element), ReduceKind::Sum, sums,
                                   ArrayRef<int64_t>{0});
    if (restSum)
      whole = ElementwiseOp::create(b, op.getLoc(), type.clone(element), ScalarOp::Add,
                                    ValueRange{whole, restSum});
    return converted(b, whole, type.getElementType());
  }

  /// The operands, of which those with the label have a piece of its extent.
  static SmallVector<Value> alongLabel(OpBuilder &b, EinsumOp op, const EinsumEquation &equation,
                                       int32_t label, int64_t start, int64_t size) {
    SmallVector<Value> pieces;
    for (auto [input, labels] : llvm::zip(op.getInputs(), equation.operands)) {
      auto *place = llvm::find(labels, label);
      pieces.push_back(place == labels.end()
                           ? input
                           : sliced(b, input, size_t(place - labels.begin()), start, size));
    }
    return pieces;
  }

  /// Whether parts of label a are better than of b: it is longer, or long too and further apart in
  /// memory, so that a part reads long pieces. On a CPU the sums of one operand alone are as fast
  /// as it is read.
  bool isBetter(EinsumOp op, const EinsumEquation &equation, ArrayRef<int64_t> extents, int32_t a,
                int32_t b) const {
    int64_t extentA = extents[size_t(a)], extentB = extents[size_t(b)];
    if (std::min(extentA, extentB) < (cpu && op.getInputs().size() == 1 ? kCutAxis : kLongAxis))
      return extentA > extentB;
    auto largest = [&](int32_t label) {
      int64_t stride = 0;
      for (auto [input, labels] : llvm::zip(op.getInputs(), equation.operands))
        if (auto *place = llvm::find(labels, label); place != labels.end())
          stride = std::max(stride, strideOf(input, size_t(place - labels.begin())));
      return stride;
    };
    return largest(a) > largest(b);
  }

  /// Whether the label is once in each operand that has it, with its whole extent.
  static bool isWhole(EinsumOp op, const EinsumEquation &equation, int32_t label, int64_t extent) {
    for (auto [input, labels] : llvm::zip(op.getInputs(), equation.operands))
      for (auto [axis, other] : llvm::enumerate(labels))
        if (other == label &&
            (typeOf(input).getDimSize(unsigned(axis)) != extent || llvm::count(labels, label) > 1))
          return false;
    return true;
  }

  /// Whether all operands with the label are contiguous along it: vectors add up terms of their
  /// own.
  static bool isAlongRows(EinsumOp op, const EinsumEquation &equation, int32_t label) {
    for (auto [input, labels] : llvm::zip(op.getInputs(), equation.operands))
      if (auto *place = llvm::find(labels, label);
          place != labels.end() && strideOf(input, size_t(place - labels.begin())) != 1)
        return false;
    return true;
  }

  /// How far labels go at least that an operand has of its own, of two: the rows of a tile, or its
  /// columns.
  static int64_t ownOfBoth(const EinsumEquation &equation, ArrayRef<int64_t> extents) {
    if (equation.operands.size() != 2)
      return 1;
    int64_t own[2] = {1, 1};
    for (int32_t label : equation.output) {
      bool a = llvm::is_contained(equation.operands[0], label),
           isB = llvm::is_contained(equation.operands[1], label);
      if (a != isB)
        own[a ? 0 : 1] *= extents[size_t(label)];
    }
    return std::min(own[0], own[1]);
  }
};

} // namespace

} // namespace ricci
