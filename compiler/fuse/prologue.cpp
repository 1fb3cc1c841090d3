//===- prologue.cpp - operands that a contraction computes itself --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/prologue.h"

#include "compiler/ir/types.h"
#include "runtime/tensor.h"

#include <cmath>

using namespace mlir;

namespace ricci {
namespace {

/// Points of a contraction that is packed, rather than done in place, whatever its layout.
constexpr double kPoints = 1 << 18;
/// How many times larger the operand is than what is computed for it in a kernel of its own, and
/// cycles of a vector of that.
constexpr double kSmall = 8, kSmallCycles = 8;
/// Columns of a block: rows are packed, and computed, once for each; and cycles of a vector that
/// cost less than to keep it.
constexpr double kColumns = 4096, kRepeatCycles = 40;
constexpr double kMostCycles = 100;
/// On a GPU: rows and columns that tiles have at least, and products of an element that arithmetic
/// takes less time for than memory for the element, about.
constexpr double kNarrowest = 4, kMostUses = 256;
/// Bytes from which on an operand is computed in the contraction that is at least twice as large as
/// what it is computed from: its kernel would store and load more than all else.
constexpr double kWidenedBytes = 256 << 10;
/// Bytes of an operand that is worth a contraction of its own where the program has others, which
/// would share their code.
constexpr double kOwnCode = 8 << 20;

double elementsOf(Value value) {
  double n = 1;
  for (int64_t extent : shapeOf(value))
    n *= double(extent);
  return n;
}

/// A value that may be computed at each of its indices, and what is read for it.
class Walk {
public:
  Walk(Value value, const Roots &roots) : roots_(roots), elements_(elementsOf(value)) {
    visit(value, identityMap(shapeOf(value).size()));
  }
  bool isComputed() const { return ok_ && computes_ && !strides.empty(); }

  SmallVector<int64_t> strides; ///< of the largest argument, by axis of the value
  double readBytes = 0;         ///< of that
  SmallVector<Value> stored;
  double cycles = 0;

private:
  void visit(Value root, const IndexMap &rootMap) {
    SmallVector<std::pair<Value, IndexMap>> work{{root, rootMap}};
    while (!work.empty() && ok_) {
      auto [value, map] = work.pop_back_val();
      if (const StridedView *place = roots_.place(value)) {
        read(value, *place, map);
        continue;
      }
      Operation *op = value.getDefiningOp();
      auto constant = dyn_cast<ConstantOp>(op);
      if (constant && isa<SplatElementsAttr>(constant.getValue()))
        continue;
      bool isElementwise = isa<ElementwiseOp, CastOp>(op);
      bool isSmall = elementsOf(value) * kSmall <= elements_;
      if (isSmall && (!isElementwise || !value.hasOneUse() || cyclesOf(op) >= kSmallCycles)) {
        // An element of it is used many times.
        if (isView(op) || isa<IotaOp>(op))
          ok_ = false;
        else
          stored.push_back(value);
        continue;
      }
      if (!value.hasOneUse() || !(isElementwise || isView(op))) {
        ok_ = false;
        continue;
      }
      if (isView(op)) {
        auto inner = mapThrough(op, map);
        ok_ = inner.has_value();
        if (inner)
          work.emplace_back(viewOperand(op), *inner);
        continue;
      }
      computes_ = true;
      cycles += cyclesOf(op);
      for (auto [operand, inner] : llvm::zip(op->getOperands(), operandMaps(op, map)))
        work.emplace_back(operand, inner);
    }
  }

  void read(Value value, const StridedView &place, const IndexMap &map) {
    SmallVector<int64_t> along(map.rank, 0);
    for (auto [term, stride, extent] : llvm::zip(map.terms, place.strides, place.shape))
      for (auto [sum, factor] : llvm::zip(along, term.factors))
        sum += extent == 1 ? 0 : factor * stride;
    double elements = elementsOf(value);
    if (elements * kSmall > elements_) {
      // What another kernel has just computed is handed on by rows.
      ok_ &= isa<BlockArgument>(viewBase(value));
      if (elements > most_)
        strides = along, most_ = elements,
        readBytes = elements * double(itemSize(elementDType(value.getType())));
    }
  }

  const Roots &roots_;
  double elements_, most_ = 0;
  bool ok_ = true, computes_ = false;
};

/// Labels by where they are, with the extents of those that only one operand has.
struct Groups {
  EinsumEquation equation;
  SmallVector<int64_t> extents;
  double own[2] = {1, 1}, summed = 1, points = 1;
  bool isPlain = true; ///< no label repeats in an operand

  explicit Groups(EinsumOp einsum)
      : equation(einsum.parsedEquation()),
        extents(equation.extents(einsum.getInputs().getTypes())) {
    for (const auto &labels : equation.operands)
      isPlain &= llvm::none_of(labels, [&](int32_t l) { return llvm::count(labels, l) > 1; });
    for (auto [label, extent] : llvm::enumerate(extents)) {
      points *= double(extent);
      if (!isKept(int32_t(label)))
        summed *= double(extent);
      else if (has(0, int32_t(label)) != has(1, int32_t(label)))
        own[has(0, int32_t(label)) ? 0 : 1] *= double(extent);
    }
  }
  bool isKept(int32_t label) const { return llvm::is_contained(equation.output, label); }
  bool has(size_t operand, int32_t label) const {
    return llvm::is_contained(equation.operands[operand], label);
  }
  bool isLarge() const {
    return isPlain && own[0] > 1 && own[1] > 1 && summed > 1 && points >= kPoints;
  }
};

/// Whether packing reads vectors of what the operand is computed from: along K, along the label in
/// which the result is contiguous, or, where the other operand has that, along any of its own.
bool readsVectors(const Groups &groups, size_t operand, ArrayRef<int64_t> strides,
                  const StridedView &result) {
  std::optional<int32_t> unit;
  for (auto [label, stride] : llvm::zip(groups.equation.output, result.strides))
    if (stride == 1 && groups.extents[size_t(label)] > 1)
      unit = label;
  bool otherHasUnit = unit && !groups.has(operand, *unit);
  for (auto [label, stride] : llvm::zip(groups.equation.operands[operand], strides)) {
    if (stride != 1 || groups.extents[size_t(label)] == 1)
      continue;
    bool own = !groups.has(1 - operand, label);
    if ((!groups.isKept(label) && !own) || (own && (otherHasUnit || unit == label)))
      return true;
  }
  return false;
}

/// Whether no element is read at several indices of an axis.
bool isWhole(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  return llvm::all_of(llvm::zip(shape, strides), [](auto axis) {
    auto [extent, stride] = axis;
    return extent == 1 || stride != 0;
  });
}

/// As attention has, whose parts are put together later.
bool hasMaximum(Block &block) {
  return llvm::any_of(block.getOps<ReduceOp>(),
                      [](ReduceOp op) { return op.getKind() == ReduceKind::Max; });
}

} // namespace

std::optional<Prologue> prologueOf(EinsumOp einsum, const Roots &roots, const FusionRules &rules) {
  if (einsum.getInputs().size() != 2)
    return std::nullopt;
  Groups groups(einsum);
  if (!groups.isLarge())
    return std::nullopt;
  size_t contractions = 0;
  for (EinsumOp other : einsum->getBlock()->getOps<EinsumOp>())
    contractions += other.getInputs().size() == 2;
  bool isGpu = rules.anyEpilogue;
  if (isGpu && (std::min(groups.own[0], groups.own[1]) < kNarrowest ||
                (contractions > 1 && hasMaximum(*einsum->getBlock()))))
    return std::nullopt;
  std::optional<Prologue> best;
  double most = 0;
  for (unsigned i : {0u, 1u}) {
    Value operand = einsum.getInputs()[i];
    double bytes = elementsOf(operand) * double(itemSize(elementDType(operand.getType())));
    if (roots.place(operand) || bytes < most || (!isGpu && contractions > 1 && bytes < kOwnCode))
      continue;
    Walk walk(operand, roots);
    double least = double(rules.prologueBytes);
    if (bytes >= 2 * walk.readBytes)
      least = std::min(least, kWidenedBytes);
    if (isGpu && groups.own[1 - i] > kMostUses)
      continue;
    double repeats = std::ceil(groups.own[1 - i] / kColumns) - 1;
    Value other = einsum.getInputs()[1 - i];
    const StridedView *place = roots.place(other);
    if (!walk.isComputed() || bytes < least || !isWhole(shapeOf(operand), walk.strides) ||
        (place && !isWhole(shapeOf(other), place->strides)) || walk.cycles > kMostCycles ||
        walk.cycles * repeats > kRepeatCycles ||
        !readsVectors(groups, i, walk.strides, memoryOf(einsum.getOutput())))
      continue;
    best = Prologue{i, std::move(walk.stored)};
    most = bytes;
  }
  return best;
}

} // namespace ricci
