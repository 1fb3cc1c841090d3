//===- view.cpp - einsums that are views of their operand ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "frontend/api/session.h"

namespace ricci {

Expected<std::optional<Tensor>> try_einsum_view(EinsumEquation equation, const Tensor &operand) {
  Expected<Program> program = detail::makeProgram(equation, {operand.type()});
  if (!program)
    return std::move(program.error());
  const Program::Node &node = program->nodes[size_t(program->results.front())];
  const Einsum &einsum = node.einsum;
  if (einsum.output.size() != einsum.extents.size())
    return std::optional<Tensor>(); // a label is summed
  if (!operand.raw() && operand.size() != 0)
    return inputError("the operand has no data");
  // A diagonal steps along all of its axes at once.
  const Strides &operandStrides = program->nodes[0].type.strides; // canonical: no overflow in sums
  Strides byLabel(einsum.extents.size(), 0), strides;
  for (size_t axis = 0; axis < einsum.operands[0].size(); ++axis)
    byLabel[size_t(einsum.operands[0][axis])] += operandStrides[axis];
  for (Label label : einsum.output)
    strides.push_back(byLabel[size_t(label)]);
  return std::optional<Tensor>(Tensor::share(std::make_shared<Tensor>(operand), operand.raw(),
                                             operand.dtype(), node.type.shape, std::move(strides),
                                             operand.readOnly(), operand.device()));
}

std::optional<Tensor> einsum_view(EinsumEquation equation, const Tensor &operand) {
  return try_einsum_view(equation, operand).value();
}

} // namespace ricci
