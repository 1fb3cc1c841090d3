//===- session.h - calls to cached executables ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two caches in memory. The first, one for each thread, is keyed by the raw call (the
// equation's or program's text, the operands' types, the options): a hit parses nothing and takes
// no lock. The second, shared, is keyed by the resolved program and owns the executables; the first
// refers to them weakly. What neither has is looked for on disk (runtime/disk_cache.h), and only
// then compiled.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"
#include "frontend/program.h"

#include <functional>

namespace ricci::detail {

/// The types of a call's operands or outputs, held by tensors or bare.
class OperandTypes {
public:
  OperandTypes(TensorList tensors) : tensors(tensors.begin()), count(tensors.size()) {}
  OperandTypes(const std::vector<Tensor> &tensors) : OperandTypes(TensorList(tensors)) {}
  OperandTypes(const std::vector<TensorType> &types) : types(types.data()), count(types.size()) {}
  OperandTypes(const std::vector<NamedTensor> &named) : named(named.data()), count(named.size()) {}
  explicit OperandTypes(const TensorType *one) : types(one), count(1) {}
  size_t size() const { return count; }
  const TensorType &operator[](size_t i) const {
    return tensors ? tensors[i].type() : named ? named[i].tensor.type() : types[i];
  }
  std::vector<TensorType> list() const;

private:
  const Tensor *tensors = nullptr;
  const NamedTensor *named = nullptr;
  const TensorType *types = nullptr;
  size_t count;
};

/// The CPU to compile for: RICCI_CPU takes the place of the default.
std::string_view cpuOf(const ProgramOptions &options);
/// Where the options leave it open, that of the GPU, or sm_80 where there is none.
std::string archOf(const ProgramOptions &options);

struct Compiled {
  std::shared_ptr<const Executable> executable;
  bool returnsTuple = false;
};

/// The executable for the call that `signature` stands for. `outputs`, where given, are the valid
/// types of the tensors to write: there must be as many as results, of their dtypes and shapes; the
/// executable's outputs have their strides. `makeProgram` gives the program where the thread has
/// not seen the call before.
Expected<Compiled> compiledFor(const std::string &signature, const ProgramOptions &options,
                               bool accumulate, const OperandTypes *outputs,
                               const std::function<Expected<Program>()> &makeProgram);

/// The program's executable with results in C order, by the shared cache; its results must keep the
/// memory limit.
Expected<std::shared_ptr<const Executable>> compileProgram(const Program &program,
                                                           const ProgramOptions &options);
/// New results: on the program's GPU where an operand is, else in the CPU's memory.
Expected<std::vector<Tensor>> allocateOutputs(const Executable &executable, TensorList operands);
/// The device that a call runs on: what the options say, or the GPU that its operands are on. An
/// input error where they are on several, or `outputs` elsewhere than the operands that choose.
Expected<Device> deviceOf(const ProgramOptions &options, TensorList operands,
                          TensorList outputs = {});
/// An error unless tensors of this type can be written to: valid strides, every element in its own
/// place. `name` begins the message.
Status checkOutput(std::string_view name, const TensorType &output);
/// Copies, in `separate`, the operands that overlap an output; the operands to run on. Copies
/// nothing where none does.
Expected<TensorList> separateOperands(TensorList operands, TensorList outputs,
                                      std::vector<Tensor> &separate);

/// The parsed and resolved equation.
Expected<Program> makeProgram(EinsumEquation equation, const std::vector<TensorType> &operands);

/// The executable for a call of an einsum. `out`, where given, is the valid type of the tensor to
/// write.
Expected<std::shared_ptr<const Executable>> executableFor(EinsumEquation equation,
                                                          const OperandTypes &operands,
                                                          const EinsumOptions &options,
                                                          const TensorType *out);

/// What the compiler is asked for, but for the strides of results.
CompileOptions compileOptions(const ProgramOptions &options, bool accumulate = false);

/// Whether operations may share a kernel: by the options and RICCI_FUSION.
bool fuses(const ProgramOptions &options);
/// RICCI_CHAIN_BYTES: CompileOptions::chainBytes.
int64_t chainBytes();

} // namespace ricci::detail
