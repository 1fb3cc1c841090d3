//===- order_contractions.cpp - n-ary einsums to trees of binary ones -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %0 = ricci.einsum "ij,jk,kl->il" ins(%a, %b, %c)
// ==>
//   %1 = ricci.einsum "jk,kl->lj" ins(%b, %c)
//   %0 = ricci.einsum "ij,lj->il" ins(%a, %1)
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/order_contractions.h"
#include "compiler/contract/contraction_tree.h"
#include "compiler/ir/dialect.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <algorithm>

namespace ricci {
#define GEN_PASS_DEF_ORDERCONTRACTIONS
#include "compiler/passes.h.inc"

namespace {

using namespace mlir;
using llvm::LogicalResult;

/// More operands than this are not spelled out in the plan's column of what remains: a table of n
/// rows would have n^2 terms.
constexpr size_t kMaxRemainingOperands = 50;

/// The size of a tensor in bytes, none when that leaves 63 bits.
std::optional<int64_t> byteSize(RankedTensorType type) {
  Type element = type.getElementType();
  int64_t bits = 8;
  if (auto complex = dyn_cast<ComplexType>(element))
    bits = 2 * complex.getElementType().getIntOrFloatBitWidth();
  else
    bits = std::max<int64_t>(8, element.getIntOrFloatBitWidth());
  if (llvm::is_contained(type.getShape(), 0))
    return 0;
  int64_t bytes = bits / 8;
  for (int64_t extent : type.getShape())
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return std::nullopt;
  return bytes;
}

class EinsumOrderer {
public:
  EinsumOrderer(EinsumOp op, const OrderOptions &options, std::optional<int64_t> limitBytes,
                Plan *plan)
      : op_(op), options_(options), limitBytes_(limitBytes), plan_(plan),
        equation_(op.parsedEquation()) {
    for (const std::string &name : equation_.labelNames)
      spelled_.push_back(spellLabel(name));
    resultType_ = cast<RankedTensorType>(op.getOutput().getType());
    Type element = resultType_.getElementType();
    intermediateElement_ =
        element.isF16() || element.isBF16() ? Type(Float32Type::get(op.getContext())) : element;
  }

  LogicalResult run() {
    Network network = networkOf();
    if (failed(limitElements()))
      return failure();
    Expected<ContractionPath> path = findPath(network, options_, limitElements_);
    if (!path)
      return emit(path.error());
    Expected<ContractionTree> tree = buildTree(network, path->steps, limitElements_);
    if (!tree)
      return emit(tree.error());
    orderAxes(*tree, network, equation_.operands, equation_.output);
    return replace(*tree, network, *path);
  }

private:
  LogicalResult emit(const ricci::Diagnostic &error) {
    InFlightDiagnostic diagnostic = emitError(op_.getLoc(), error.message);
    for (const std::string &note : error.notes)
      diagnostic.attachNote() << note;
    return diagnostic;
  }

  /// What is left of the limit beside the result, as elements of an intermediate.
  LogicalResult limitElements() {
    if (!limitBytes_)
      return mlir::success();
    std::optional<int64_t> result = byteSize(resultType_);
    if (!result || *result > *limitBytes_)
      return emitError(op_.getLoc())
             << "the result takes " << (result ? std::to_string(*result) : "2^63 or more")
             << " bytes, more than the memory limit of " << *limitBytes_;
    int64_t elementBytes = *byteSize(RankedTensorType::get({}, intermediateElement_));
    limitElements_ = (*limitBytes_ - *result) / elementBytes;
    return mlir::success();
  }

  /// An axis of extent 1 whose label is larger elsewhere adds nothing: the operand is the same for
  /// every value of the label, so that it does not carry it.
  Network networkOf() {
    Network network;
    llvm::SmallVector<int64_t> extents = equation_.extents(op_.getInputs().getTypes());
    network.extents.assign(extents.begin(), extents.end());
    network.output.assign(equation_.output.begin(), equation_.output.end());
    for (auto [labels, input] : llvm::zip_equal(equation_.operands, op_.getInputs())) {
      std::vector<int32_t> carried;
      ArrayRef<int64_t> shape = cast<RankedTensorType>(input.getType()).getShape();
      for (auto [label, extent] : llvm::zip_equal(labels, shape))
        if (extent == extents[label])
          carried.push_back(label);
      llvm::sort(carried);
      carried.erase(llvm::unique(carried), carried.end());
      network.operands.push_back(std::move(carried));
    }
    return network;
  }

  void append(std::string &text, ArrayRef<int32_t> labels) const {
    for (int32_t label : labels)
      text += spelled_[size_t(label)];
  }

  std::string equationOf(const ContractionTree &tree, const ContractionTree::Node &node) const {
    std::string text;
    append(text, tree.nodes[node.left].axes);
    if (node.right >= 0) {
      text += ',';
      append(text, tree.nodes[node.right].axes);
    }
    text += "->";
    append(text, node.axes);
    return text;
  }

  LogicalResult replace(const ContractionTree &tree, const Network &network,
                        const ContractionPath &path) {
    OpBuilder builder(op_);
    std::vector<Value> values(op_.getInputs().begin(), op_.getInputs().end());
    std::vector<int> live;
    for (int i = 0; i < int(values.size()); ++i)
      live.push_back(i);
    if (plan_)
      describe(path);
    // A single einsum that needs no other stays as it is.
    bool keep = tree.nodes.size() == values.size() + 1;
    for (size_t id = values.size(); id < tree.nodes.size(); ++id) {
      const ContractionTree::Node &node = tree.nodes[id];
      bool last = id + 1 == tree.nodes.size();
      std::string equation = equationOf(tree, node);
      if (!keep) {
        RankedTensorType type = resultType_;
        if (!last) {
          SmallVector<int64_t> shape;
          for (int32_t label : node.axes)
            shape.push_back(network.extents[size_t(label)]);
          type = RankedTensorType::get(shape, intermediateElement_);
          std::optional<int64_t> bytes = byteSize(type);
          if (!bytes)
            return emitError(op_.getLoc()) << "the contraction " << equation
                                           << " makes an intermediate of 2^63 bytes or more";
          if (limitElements_ && type.getNumElements() > *limitElements_)
            return emitError(op_.getLoc())
                   << "the contraction " << equation << " makes an intermediate of " << *bytes
                   << " bytes, more than the memory limit of " << *limitBytes_
                   << " leaves beside the result";
        }
        SmallVector<Value, 2> inputs{values[node.left]};
        if (node.right >= 0)
          inputs.push_back(values[node.right]);
        values.push_back(EinsumOp::create(builder, op_.getLoc(), type, equation, inputs));
      }
      if (plan_) {
        llvm::erase(live, node.left);
        llvm::erase(live, node.right);
        live.push_back(int(id));
        plan_->steps.push_back({});
        plan_->steps.back().contraction = std::move(equation);
        plan_->steps.back().flops = node.flops;
        plan_->steps.back().remaining = remaining(tree, live);
      }
    }
    if (!keep) {
      op_.getOutput().replaceAllUsesWith(values.back());
      op_.erase();
    }
    return mlir::success();
  }

  std::string remaining(const ContractionTree &tree, const std::vector<int> &live) const {
    std::string text;
    if (live.size() > kMaxRemainingOperands) {
      text = "(" + std::to_string(live.size()) + " operands)";
    } else {
      for (int id : live) {
        if (id != live.front())
          text += ',';
        append(text, tree.nodes[id].axes);
      }
    }
    text += "->";
    append(text, equation_.output);
    return text;
  }

  void describe(const ContractionPath &path) {
    plan_->equation = equation_.str();
    plan_->path = path.steps;
    plan_->orderedBy = path.method;
    plan_->naiveScaling = std::max(plan_->naiveScaling, path.naiveScaling);
    plan_->optimizedScaling = std::max(plan_->optimizedScaling, path.scaling);
    plan_->naiveFlops += path.naiveFlops;
    plan_->optimizedFlops += path.flops;
    plan_->largestIntermediate = std::max(plan_->largestIntermediate, path.largestIntermediate);
  }

  EinsumOp op_;
  const OrderOptions &options_;
  std::optional<int64_t> limitBytes_, limitElements_;
  Plan *plan_;
  EinsumEquation equation_;
  std::vector<std::string> spelled_; ///< by label
  RankedTensorType resultType_;
  Type intermediateElement_;
};

LogicalResult orderAll(Operation *root, const OrderOptions &options,
                       std::optional<int64_t> limitBytes, Plan *plan) {
  SmallVector<EinsumOp> einsums;
  root->walk([&](EinsumOp op) { einsums.push_back(op); });
  for (EinsumOp op : einsums)
    if (failed(EinsumOrderer(op, options, limitBytes, plan).run()))
      return failure();
  return mlir::success();
}

struct OrderContractionsPass : impl::OrderContractionsBase<OrderContractionsPass> {
  void runOnOperation() override {
    if (failed(orderAll(getOperation(), {}, std::nullopt, nullptr)))
      signalPassFailure();
  }
};

} // namespace

LogicalResult orderContractions(ModuleOp module, const OrderOptions &options,
                                std::optional<int64_t> memoryLimitBytes, Plan *plan) {
  return orderAll(module, options, memoryLimitBytes, plan);
}

} // namespace ricci
