//===- api.cpp - the functions of ricci.h ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "frontend/api/scaled_einsum.h"
#include "frontend/api/session.h"
#include "frontend/api/signature.h"
#include "frontend/einsum.h"
#include "frontend/types.h"
#include "runtime/cuda_device.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

namespace ricci {

using detail::executableFor;

namespace detail {

Expected<Program> makeProgram(EinsumEquation equation, const std::vector<TensorType> &operands) {
  const EinsumLabels *labels = equation.labels();
  Expected<EinsumSyntax> syntax =
      labels ? einsumFromLabels(labels->operands, labels->output) : parseEinsum(equation.text());
  if (!syntax)
    return std::move(syntax.error());
  return resolveEinsum(*syntax, operands);
}

Expected<std::shared_ptr<const Executable>> executableFor(EinsumEquation equation,
                                                          const OperandTypes &operands,
                                                          const EinsumOptions &options,
                                                          const TensorType *out) {
  if (!isOne(options.alpha))
    return usageError("alpha is for einsum and einsum_into: it is no part of what is compiled");
  const OperandTypes outputs(out);
  const OperandTypes *given = out ? &outputs : nullptr;
  std::string &signature = signatureBuffer();
  writeSignature(signature, equation, operands, options, cpuOf(options), given);
  Expected<Compiled> compiled = compiledFor(signature, options, options.accumulate, given,
                                            [&] { return makeProgram(equation, operands.list()); });
  if (!compiled)
    return std::move(compiled.error());
  return std::move(compiled->executable);
}

} // namespace detail

static EinsumOptions onDevice(EinsumOptions options, Device device) {
  options.device = device;
  return options;
}

Expected<Tensor> try_einsum(EinsumEquation equation, const std::vector<Tensor> &operands,
                            const EinsumOptions &options) {
  if (options.accumulate)
    return usageError("accumulate needs a tensor to add to: call einsum_into");
  Expected<Device> device = detail::deviceOf(options, operands);
  if (!device)
    return std::move(device.error());
  if (!detail::isOne(options.alpha)) {
    auto scaled = detail::ScaledEinsum::make(equation, operands, options);
    if (!scaled)
      return std::move(scaled.error());
    scaled->options.device = *device; // the factor goes where the operands are
    return try_einsum(scaled->equation(), scaled->operands, scaled->options);
  }
  auto executable = *device == options.device
                        ? executableFor(equation, operands, options, nullptr)
                        : executableFor(equation, operands, onDevice(options, *device), nullptr);
  if (!executable)
    return std::move(executable.error());
  Expected<std::vector<Tensor>> outputs = detail::allocateOutputs(**executable, operands);
  if (!outputs)
    return std::move(outputs.error());
  if (Status s = (*executable)->run(operands, *outputs); !s)
    return std::move(s.error());
  return std::move(outputs->front());
}

Status try_einsum_into(EinsumEquation equation, const std::vector<Tensor> &operands, Tensor &out,
                       const EinsumOptions &options) {
  if (Status s = detail::checkOutput("out", out.type()); !s)
    return s;
  if (!detail::isOne(options.alpha)) {
    Expected<Device> device = detail::deviceOf(options, operands, {out});
    if (!device)
      return std::move(device.error());
    auto scaled = detail::ScaledEinsum::make(equation, operands, options);
    if (!scaled)
      return std::move(scaled.error());
    scaled->options.device = *device;
    return try_einsum_into(scaled->equation(), scaled->operands, out, scaled->options);
  }
  std::vector<Tensor> separate;
  auto inputs = detail::separateOperands(operands, {out}, separate);
  if (!inputs)
    return std::move(inputs.error());
  Expected<Device> device = detail::deviceOf(options, *inputs, {out});
  if (!device)
    return std::move(device.error());
  auto executable = *device == options.device
                        ? executableFor(equation, *inputs, options, &out.type())
                        : executableFor(equation, *inputs, onDevice(options, *device), &out.type());
  if (!executable)
    return std::move(executable.error());
  return (*executable)->run(*inputs, {out});
}

Tensor einsum(EinsumEquation equation, const std::vector<Tensor> &operands,
              const EinsumOptions &options) {
  return try_einsum(equation, operands, options).value();
}

void einsum_into(EinsumEquation equation, const std::vector<Tensor> &operands, Tensor &out,
                 const EinsumOptions &options) {
  try_einsum_into(equation, operands, out, options).value();
}

Expected<std::shared_ptr<const Executable>>
try_compile_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                   const EinsumOptions &options, const Strides *outputStrides) {
  if (!outputStrides)
    return executableFor(equation, operands, options, nullptr);
  Expected<Program> program = detail::makeProgram(equation, operands);
  if (!program)
    return std::move(program.error());
  TensorType out = program->nodes[size_t(program->results.front())].type;
  out.strides = *outputStrides;
  if (out.strides.size() != out.shape.size())
    return usageError(
        fmt::format("{} output strides for a result of {} axes", out.strides.size(), out.rank()));
  if (Status s = detail::checkOutput("out", out); !s) {
    s.error().kind = ErrorKind::Usage;
    return std::move(s.error());
  }
  return executableFor(equation, operands, options, &out);
}

Expected<Plan> plan_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                           const EinsumOptions &options) {
  Expected<Program> program = detail::makeProgram(equation, operands);
  if (!program)
    return std::move(program.error());
  return plan_program(*program, options);
}

Expected<std::string> emit_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                                  const EinsumOptions &options, Stage stage) {
  Expected<Program> program = detail::makeProgram(equation, operands);
  if (!program)
    return std::move(program.error());
  return emit_program(*program, options, stage);
}

std::vector<Device> devices() {
  std::vector<Device> found = {DeviceKind::Cpu, DeviceKind::Reference};
  Expected<int> gpus = CudaDevice::count();
  for (int i = 0; gpus && i < *gpus; ++i)
    found.emplace_back(DeviceKind::Cuda, i);
  return found;
}

void set_num_threads(int count) { setNumThreads(count).value(); }

} // namespace ricci
