//===- form_kernels.cpp - groups operations into kernels ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/fusion.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_FORMKERNELS
#include "compiler/passes.h.inc"

namespace {

/// Names in a kernel's label; a longer list is cut.
constexpr size_t kMaxNames = 4;
/// Parts that one kernel concatenates.
constexpr size_t kMaxParts = 8;

struct FormKernelsPass : impl::FormKernelsBase<FormKernelsPass> {
  using FormKernelsBase::FormKernelsBase;

  /// %r = ricci.elementwise exp(%x) …
  /// %s = ricci.reduce sum %r …
  ///   becomes
  /// %s = ricci.kernel "exp sum" ins(%a = %x) -> … layouts(…) { exp; sum; yield }
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    Block &block = function.getBody().front();
    for (Operation &op : block) {
      if (isa<KernelOp>(op))
        return; // formed before
      if (auto einsum = dyn_cast<EinsumOp>(op); einsum && einsum.getInputs().size() > 2) {
        op.emitError("an einsum of more than two operands must be ordered first");
        return signalPassFailure();
      }
    }
    rewriter_.emplace(&getContext());
    inMemory_.clear(); // of the function before
    // What nobody reads would shape a kernel that does not hold it.
    eraseUnused(block);
    splitConcatenates(block);
    separateResults(block);
    std::vector<KernelGroup> groups =
        planFusion(function, {fuse, epilogueBytes, anyEpilogue, prologueBytes});
    rewriter_->setInsertionPoint(block.getTerminator());
    for (const KernelGroup &group : groups)
      if (!group.roots.empty())
        form(function, group);
    // What is left has moved into kernels.
    eraseUnused(block);
    orderConstants(block);
  }

private:
  static void eraseUnused(Block &block) {
    SmallVector<Operation *> ops;
    for (Operation &op : block.without_terminator())
      ops.push_back(&op);
    for (Operation *op : llvm::reverse(ops))
      if (!isa<KernelOp>(op) && op->use_empty())
        op->erase();
  }

  /// A result that is an argument, a constant in memory or another result too is copied.
  void separateResults(Block &block) {
    Operation *end = block.getTerminator();
    rewriter_->setInsertionPoint(end);
    llvm::DenseSet<Value> seen;
    for (OpOperand &operand : end->getOpOperands()) {
      Value value = operand.get();
      bool dense =
          isa_and_nonnull<ConstantOp>(value.getDefiningOp()) && !isInlined(value.getDefiningOp());
      if (!isa<BlockArgument>(value) && !dense && seen.insert(value).second)
        continue;
      auto copy = ReshapeOp::create(*rewriter_, value.getLoc(), value.getType(), value);
      operand.set(copy.getOutput());
    }
  }

  /// concatenate(p0, …, p63) becomes concatenate(concatenate(p0, …, p7), …): a kernel asks for each
  /// part whether an element is in it.
  void splitConcatenates(Block &block) {
    for (ConcatenateOp op : llvm::make_early_inc_range(block.getOps<ConcatenateOp>())) {
      SmallVector<Value> parts(op.getInputs());
      int64_t dim = int64_t(op.getDim());
      rewriter_->setInsertionPoint(op);
      while (parts.size() > kMaxParts) {
        SmallVector<Value> joined;
        for (size_t i = 0; i < parts.size(); i += kMaxParts) {
          ArrayRef<Value> some = ArrayRef(parts).slice(i, std::min(kMaxParts, parts.size() - i));
          auto type = cast<RankedTensorType>(some[0].getType());
          SmallVector<int64_t> shape(type.getShape());
          shape[dim] = 0;
          for (Value part : some)
            shape[dim] += cast<RankedTensorType>(part.getType()).getShape()[dim];
          joined.push_back(ConcatenateOp::create(*rewriter_, op.getLoc(), type.clone(shape), some,
                                                 rewriter_->getI64IntegerAttr(dim)));
        }
        parts = joined;
      }
      op.getInputsMutable().assign(parts);
    }
  }

  void form(func::FuncOp function, const KernelGroup &group) {
    // What the kernel computes, in the order of the program, and what it reads.
    llvm::SetVector<Operation *> body;
    llvm::SetVector<Value> inputs;
    collect(group, body, inputs);
    Operation *end = function.getBody().front().getTerminator();
    SmallVector<Value> roots(group.roots.begin(), group.roots.end());
    llvm::stable_sort(roots, [](Value a, Value b) {
      return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
    });
    SmallVector<Type> types;
    SmallVector<Attribute> layouts;
    SmallVector<Value> operands;
    for (Value input : inputs) {
      operands.push_back(inMemory_.lookup(input) ? inMemory_.lookup(input) : input);
      layouts.push_back(layoutOf(function, operands.back(), end));
    }
    SmallVector<Location> locations;
    for (Value root : roots) {
      types.push_back(root.getType());
      layouts.push_back(layoutOf(function, root, end));
      locations.push_back(root.getLoc());
    }
    rewriter_->setInsertionPoint(end);
    auto kernel = KernelOp::create(*rewriter_, rewriter_->getFusedLoc(locations), types, operands);
    kernel.setLabelAttr(rewriter_->getStringAttr(label(group, body)));
    kernel.setLayoutsAttr(rewriter_->getArrayAttr(layouts));
    IRMapping mapping;
    for (auto [input, argument] : llvm::zip(inputs, kernel.block().getArguments()))
      mapping.map(input, argument);
    rewriter_->setInsertionPointToStart(&kernel.block());
    for (Operation *op : body)
      rewriter_->clone(*op, mapping);
    SmallVector<Value> yields;
    for (Value root : roots)
      yields.push_back(mapping.lookup(root));
    YieldOp::create(*rewriter_, kernel.getLoc(), yields);
    for (auto [root, result] : llvm::zip(roots, kernel.getResults())) {
      inMemory_[root] = result;
      for (OpOperand &use : end->getOpOperands())
        if (use.get() == root)
          use.set(result);
    }
  }

  /// Everything behind the roots up to what lies in memory when the kernel starts.
  void collect(const KernelGroup &group, llvm::SetVector<Operation *> &body,
               llvm::SetVector<Value> &inputs) {
    SmallVector<Operation *> work, ops;
    llvm::DenseSet<Operation *> seen;
    auto visit = [&](Value value) {
      Operation *op = value.getDefiningOp();
      bool dense = isa_and_nonnull<ConstantOp>(op) && !isInlined(op);
      if (op && !dense && !inMemory_.count(value) && seen.insert(op).second)
        work.push_back(op);
    };
    for (Value root : group.roots)
      visit(root);
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      ops.push_back(op);
      for (Value operand : op->getOperands())
        visit(operand);
    }
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    body.insert(ops.begin(), ops.end());
    for (Operation *op : ops)
      for (Value operand : op->getOperands())
        if (!operand.getDefiningOp() || !body.contains(operand.getDefiningOp()))
          inputs.insert(operand);
  }

  /// Strides of a value in memory: an argument's and a result's are the caller's, others are C
  /// order.
  Attribute layoutOf(func::FuncOp function, Value value, Operation *end) {
    DenseI64ArrayAttr strides;
    if (auto argument = dyn_cast<BlockArgument>(value))
      strides = function.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(), kStridesAttr);
    for (OpOperand &use : end->getOpOperands())
      if (use.get() == value)
        strides =
            function.getResultAttrOfType<DenseI64ArrayAttr>(use.getOperandNumber(), kStridesAttr);
    if (strides)
      return strides;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    return rewriter_->getDenseI64ArrayAttr(contiguousStrides(Shape(shape.begin(), shape.end())));
  }

  static std::string label(const KernelGroup &group, const llvm::SetVector<Operation *> &body) {
    auto einsum = dyn_cast_or_null<EinsumOp>(group.single);
    if (einsum && !group.hasEpilogue && !group.hasPrologue)
      return einsum.getEquation().str();
    std::string text = group.hasEpilogue ? einsum.getEquation().str() + "," : "";
    llvm::StringSet<> seen;
    size_t names = 0;
    for (Operation *op : body) {
      std::string name = nameOfOp(op);
      if (name.empty() || !seen.insert(name).second)
        continue;
      bool isLast = ++names > kMaxNames;
      text += (text.empty() ? "" : " ") + (isLast ? "..." : name);
      if (isLast)
        break;
    }
    if (group.hasPrologue)
      text += ", " + einsum.getEquation().str();
    return text.empty() ? "copy" : text;
  }

  static std::string nameOfOp(Operation *op) {
    if (auto elementwise = dyn_cast<ElementwiseOp>(op))
      return std::string(nameOf(elementwise.scalarOp()));
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return stringifyReduceKind(reduce.getKind()).str();
    if (auto reduce = dyn_cast<ArgReduceOp>(op))
      return stringifyArgReduceKind(reduce.getKind()).str();
    if (auto scan = dyn_cast<ScanOp>(op))
      return stringifyScanKind(scan.getKind()).str();
    if (isa<PadOp, ConcatenateOp, GatherOp, CastOp>(op))
      return op->getName().stripDialect().str();
    return "";
  }

  /// Constants in memory come first.
  static void orderConstants(Block &block) {
    for (ConstantOp constant : llvm::make_early_inc_range(block.getOps<ConstantOp>()))
      constant->moveBefore(&block, block.begin());
  }

  std::optional<OpBuilder> rewriter_;
  llvm::DenseMap<Value, Value> inMemory_; ///< roots of the kernels so far, and the kernels' results
};

} // namespace

} // namespace ricci
