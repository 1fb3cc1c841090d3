//===- launches.cpp - what launches of all devices have in common -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/launches.h"

#include "compiler/fuse/align_operands.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/split_reductions.h"
#include "compiler/ir/constants.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/types.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace ricci {

void numberGathers(func::FuncOp function, const std::string &source, Executable &executable) {
  std::optional<SourceLines> lines;
  function.walk([&](GatherOp gather) {
    if (!lines)
      lines.emplace(source);
    int64_t number = int64_t(executable.gathers.size());
    gather->setAttr(kGatherAttr, Builder(function).getI64IntegerAttr(number));
    executable.gathers.push_back(spanOf(gather.getLoc(), *lines).value_or(Span()));
  });
  if (lines)
    executable.source = source;
}

ValuePlaces::ValuePlaces(func::FuncOp function, Executable &executable) : executable_(executable) {
  for (auto [i, argument] : llvm::enumerate(function.getArguments()))
    places_[argument] = {BufferRef::Kind::Input, int64_t(i), 0};
  for (auto [i, value] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands()))
    places_[value] = {BufferRef::Kind::Output, int64_t(i), 0};
  for (ConstantOp constant : function.getOps<ConstantOp>()) {
    places_[constant.getOutput()] = {BufferRef::Kind::Constant,
                                     int64_t(executable.constants.size()), 0};
    executable.constants.push_back(constantToBytes(cast<DenseElementsAttr>(constant.getValue())));
  }
}

void ValuePlaces::addResults(KernelOp kernel) {
  std::optional<RowBlocks> rows = rowBlocksOf(kernel);
  for (auto [i, offset] : llvm::enumerate(*kernel.getArena())) {
    Value value = kernel.getResult(unsigned(i));
    if (rows && rows->passed == int64_t(i)) {
      auto type = cast<RankedTensorType>(value.getType());
      int64_t rowBytes = type.getNumElements() / (rows->entries * rows->rows) *
                         int64_t(itemSize(elementDType(type)));
      places_[value] = {BufferRef::Kind::Block, rowBytes, offset};
      blockBytes_ = std::max(blockBytes_, offset + rows->blockRows * rowBytes);
      continue;
    }
    if (offset < -1)
      places_[value] = {BufferRef::Kind::Output, -2 - offset, 0};
    if (offset < 0)
      continue;
    places_[value] = {BufferRef::Kind::Arena, 0, offset};
    auto type = cast<RankedTensorType>(value.getType());
    int64_t end = offset + type.getNumElements() * int64_t(itemSize(elementDType(type)));
    executable_.arenaBytes = std::max(executable_.arenaBytes, end);
  }
}

BufferRef ValuePlaces::operator()(KernelOp kernel, unsigned buffer, int64_t offset) const {
  const unsigned operands = kernel.getInputs().size();
  Value value =
      buffer < operands ? kernel.getInputs()[buffer] : Value(kernel.getResult(buffer - operands));
  BufferRef place = places_.lookup(value);
  place.byteOffset +=
      offset * int64_t(itemSize(elementDType(cast<RankedTensorType>(value.getType()))));
  return place;
}

static StringRef operandsOf(StringRef equation) { return equation.split("->").first; }

/// Of steps of one equation, or else of its operands, that of this size: chains change the order.
static std::vector<PlanStep>::iterator stepOf(std::vector<PlanStep> &steps, EinsumOp einsum,
                                              double flops) {
  auto distance = [&](const PlanStep &s) {
    double other = flops > 0 ? std::abs(s.flops - flops) : 0;
    const StringRef known = s.contraction, own = einsum.getEquation();
    return std::tuple(known != own, operandsOf(known) != operandsOf(own), other);
  };
  return std::min_element(steps.begin(), steps.end(), [&](const PlanStep &x, const PlanStep &y) {
    return distance(x) < distance(y);
  });
}

/// Two for each product.
static double flopsOf(EinsumOp einsum) {
  double flops = 2;
  for (int64_t extent : einsum.parsedEquation().extents(einsum.getInputs().getTypes()))
    flops *= double(extent);
  return flops;
}

/// Whether the einsum only moves elements.
static bool isPermutation(EinsumOp einsum) {
  EinsumEquation equation = einsum.parsedEquation();
  return equation.operands.size() == 1 && equation.operands[0].size() == equation.output.size();
}

void PlanRows::add(KernelOp kernel, const PlanStep &estimate) {
  PlanStep step = estimate;
  std::vector<PlanStep> &known = plan_.steps;
  SmallVector<EinsumOp> einsums(kernel.block().getOps<EinsumOp>());
  // What equal parts of a sum leave is no step of the order, nor is a copy of an operand, nor what
  // turns a result.
  auto isStep = [&](const PlanStep &s) {
    return operandsOf(s.contraction) == operandsOf(einsums[0].getEquation());
  };
  if (!einsums.empty() && (einsums[0].getEquation().contains(kRestLabel) ||
                           einsums[0].getEquation().contains(kCopyLabel) ||
                           (isPermutation(einsums[0]) && llvm::none_of(known, isStep))))
    return insert(kernel, std::move(step));
  if (einsums.size() == 1 && !known.empty()) {
    auto it = stepOf(known, einsums[0], estimate.flops);
    // With the order that its result is computed in.
    step.contraction = isStep(*it) ? einsums[0].getEquation().str() : it->contraction;
    step.flops = it->flops;
    step.remaining = it->remaining;
    known.erase(it);
    rows_.push_back(std::move(step));
    return;
  }
  // Several are one row, of all that they compute.
  if (!einsums.empty())
    step.flops = 0;
  for (EinsumOp einsum : einsums) {
    step.flops += flopsOf(einsum);
    if (!known.empty())
      known.erase(stepOf(known, einsum, flopsOf(einsum)));
  }
  insert(kernel, std::move(step));
}

void PlanRows::insert(KernelOp kernel, PlanStep estimate) {
  estimate.contraction = kernel.getLabel().value_or("").str();
  rows_.push_back(std::move(estimate));
}

} // namespace ricci
