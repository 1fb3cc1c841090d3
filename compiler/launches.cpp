//===- launches.cpp - what launches of all devices have in common -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/launches.h"

#include "compiler/fuse/kernel_schedule.h"
#include "compiler/ir/constants.h"
#include "compiler/ir/types.h"

#include <algorithm>

using namespace mlir;

namespace ricci {

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
  for (auto [value, offset] : llvm::zip(kernel.getResults(), *kernel.getArena())) {
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

void PlanRows::add(KernelOp kernel, const PlanStep &estimate) {
  if (einsumOf(kernel) && next_ < plan_.steps.size()) {
    PlanStep &step = plan_.steps[next_++];
    step.kernel = estimate.kernel;
    step.bytes = estimate.bytes;
    step.predictedSeconds = estimate.predictedSeconds;
    return;
  }
  insert(kernel, estimate);
}

void PlanRows::insert(KernelOp kernel, PlanStep estimate) {
  estimate.contraction = kernel.getLabel().value_or("").str();
  plan_.steps.insert(plan_.steps.begin() + ptrdiff_t(next_++), std::move(estimate));
}

} // namespace ricci
