//===- api.cpp - the functions of ricci.h ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "frontend/api/session.h"
#include "frontend/types.h"
#include "runtime/parallel.h"

#include <fmt/format.h>

namespace ricci {

using detail::executableFor;
using detail::OperandTypes;

namespace {

Status checkOut(const Tensor &out) {
  if (!isValid(out.type()))
    return inputError("out: " + normalizeType(out.type()).error().message);
  if (mayAliasItself(out.type()))
    return inputError(fmt::format("out {} with strides [{}] has one place for several elements",
                                  describeType(out.type()), fmt::join(out.strides(), ",")));
  return success();
}
} // namespace

Expected<Tensor> try_einsum(EinsumEquation equation, const std::vector<Tensor> &operands,
                            const EinsumOptions &options) {
  if (options.accumulate)
    return usageError("accumulate needs a tensor to add to: call einsum_into");
  auto executable = executableFor(equation, operands, options, nullptr);
  if (!executable)
    return std::move(executable.error());
  const TensorType &type = (*executable)->outputs.front();
  Expected<Tensor> out = Tensor::allocate(type.dtype, type.shape);
  if (!out)
    return out;
  std::vector<Tensor> outputs(1); // an initializer list would copy the tensor twice
  outputs[0] = std::move(*out);
  if (Status s = (*executable)->run(operands, outputs); !s)
    return std::move(s.error());
  return std::move(outputs[0]);
}

Status try_einsum_into(EinsumEquation equation, const std::vector<Tensor> &operands, Tensor &out,
                       const EinsumOptions &options) {
  if (Status s = checkOut(out); !s)
    return s;
  std::vector<Tensor> separate; // the operands, where some had to be copied
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!isValid(operands[i].type()) || !operands[i].raw() || !mayOverlap(operands[i], out))
      continue;
    if (separate.empty())
      separate = operands;
    Expected<Tensor> copy = operands[i].contiguous();
    if (!copy)
      return std::move(copy.error());
    separate[i] = std::move(*copy);
  }
  const std::vector<Tensor> &inputs = separate.empty() ? operands : separate;
  auto executable = executableFor(equation, inputs, options, &out.type());
  if (!executable)
    return std::move(executable.error());
  return (*executable)->run(inputs, std::vector<Tensor>(1, out));
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
  if (!isValid(out))
    return normalizeType(out).error();
  if (mayAliasItself(out))
    return usageError("the output strides give several elements one place");
  return executableFor(equation, operands, options, &out);
}

void set_num_threads(int count) { setNumThreads(count).value(); }

} // namespace ricci
