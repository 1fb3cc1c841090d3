//===- session.h - equations to cached executables -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two caches, both in memory. The first, one for each thread, is keyed by the raw call (the
// equation's text, the operands' types, the options): a hit parses nothing and takes no lock. The
// second, shared, is keyed by the resolved program and owns the executables; the first refers to
// them weakly.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"
#include "frontend/program.h"

namespace ricci::detail {

/// The types of a call's operands, held by tensors or bare.
class OperandTypes {
public:
  OperandTypes(const std::vector<Tensor> &tensors)
      : tensors(tensors.data()), count(tensors.size()) {}
  OperandTypes(const std::vector<TensorType> &types) : types(types.data()), count(types.size()) {}
  size_t size() const { return count; }
  const TensorType &operator[](size_t i) const { return tensors ? tensors[i].type() : types[i]; }
  std::vector<TensorType> list() const;

private:
  const Tensor *tensors = nullptr;
  const TensorType *types = nullptr;
  size_t count;
};

/// The parsed and resolved equation.
Expected<Program> makeProgram(EinsumEquation equation, const std::vector<TensorType> &operands);

/// The executable for a call. `out`, where given, is the valid type of the tensor to write, whose
/// dtype and shape are checked against the result's; its strides become the output's.
Expected<std::shared_ptr<const Executable>> executableFor(EinsumEquation equation,
                                                          const OperandTypes &operands,
                                                          const EinsumOptions &options,
                                                          const TensorType *out);

} // namespace ricci::detail
