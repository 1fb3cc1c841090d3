//===- scaled_einsum.cpp - alpha times an einsum -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/scaled_einsum.h"

#include "frontend/api/session.h"
#include "frontend/einsum.h"
#include "frontend/function_table.h"

#include <fmt/format.h>

#include <cstring>

namespace ricci::detail {

bool isOne(const Alpha &alpha) {
  return std::visit([](auto number) { return number == decltype(number)(1); }, alpha);
}

namespace {

/// One element of the result's dtype. As with NumPy's numbers, an integer takes any dtype, a float
/// a float's, and none makes a bool a number.
Expected<Tensor> elementOf(const Alpha &alpha, DType dtype) {
  const Value number = std::visit([](auto n) { return Value(n); }, alpha);
  const DType own = dtypeOfNumber(number);
  const DTypeKind kind = kindOf(dtype);
  const bool keeps = kind == DTypeKind::Complex ||
                     (kind == DTypeKind::Float && kindOf(own) != DTypeKind::Complex) ||
                     (kind != DTypeKind::Bool && kindOf(own) == DTypeKind::Int);
  if (!keeps)
    return inputError(fmt::format("alpha of type {} does not scale a result of type {}",
                                  shortName(own), shortName(dtype)));
  Expected<std::vector<uint8_t>> bytes = encodeNumber(number, dtype);
  if (!bytes)
    return std::move(bytes.error());
  Expected<Tensor> element = Tensor::allocate(dtype, {});
  if (element)
    std::memcpy(element->raw(), bytes->data(), bytes->size());
  return element;
}

/// Alpha is there from the first step on and multiplied in the last.
void addToPath(OrderOptions &order) {
  if (order.method != OrderOptions::Method::Path)
    return;
  for (std::vector<int64_t> &step : order.path)
    for (int64_t &position : step)
      ++position;
  order.path.push_back({0, 1});
}

} // namespace

Expected<ScaledEinsum> ScaledEinsum::make(EinsumEquation equation,
                                          const std::vector<Tensor> &operands,
                                          const EinsumOptions &options) {
  std::vector<TensorType> types;
  for (const Tensor &operand : operands)
    types.push_back(operand.type());
  Expected<Program> program = makeProgram(equation, types);
  if (!program)
    return std::move(program.error());
  Expected<Tensor> alpha =
      elementOf(options.alpha, program->nodes[size_t(program->results.front())].type.dtype);
  if (!alpha)
    return std::move(alpha.error());
  ScaledEinsum scaled;
  scaled.operands.push_back(std::move(*alpha));
  scaled.operands.insert(scaled.operands.end(), operands.begin(), operands.end());
  scaled.options = options;
  scaled.options.alpha = int64_t(1);
  addToPath(scaled.options.order);
  if (const EinsumLabels *labels = equation.labels()) {
    scaled.isText = false;
    scaled.labels = *labels;
    scaled.labels.operands.insert(scaled.labels.operands.begin(), std::vector<int64_t>());
  } else {
    scaled.text = "," + std::string(equation.text());
  }
  return scaled;
}

} // namespace ricci::detail
