//===- function.cpp - programs, compiled and run -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/function.h"
#include "frontend/api/session.h"
#include "frontend/api/signature.h"
#include "frontend/types.h"

#include <fmt/format.h>

#include <atomic>

namespace ricci {

using detail::Compiled;
using detail::OperandTypes;

struct Function::State {
  uint64_t number; ///< of this function in the process
  Program program;
  std::vector<Parameter> parameters; ///< with canonical strides
  std::vector<TensorType> results;
  ProgramOptions options;
  std::shared_ptr<const Executable> executable;

  Status checkArguments(TensorList arguments) const;
  /// Whether the arguments have the strides, and the outputs the order, of `executable`.
  bool fits(TensorList arguments, const TensorList *outputs) const;
  /// The executable for the strides of these arguments and outputs (null: results in C order).
  Expected<std::shared_ptr<const Executable>> executableFor(TensorList arguments,
                                                            const TensorList *outputs) const;
};

namespace {

/// The program for other strides of its inputs.
Expected<Program> withStrides(const Program &program, const OperandTypes &types) {
  Program result = program;
  for (Program::Node &node : result.nodes)
    if (node.kind == Program::NodeKind::Input) {
      Expected<TensorType> type = normalizeType(types[size_t(node.input)]);
      if (!type)
        return std::move(type.error());
      node.type = std::move(*type);
    }
  return result;
}

Status checkOutputs(TensorList outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::string name = outputs.size() == 1 ? "out" : fmt::format("out {}", i + 1);
    if (Status s = detail::checkOutput(name, outputs[i].type()); !s)
      return s;
  }
  return success();
}

Diagnostic noFunction() {
  return usageError("the function is empty: assign what compile gives before it is used");
}

Expected<std::vector<Parameter>> normalizeParameters(std::vector<Parameter> parameters) {
  for (Parameter &parameter : parameters) {
    Expected<TensorType> type = normalizeType(parameter.type);
    if (!type) {
      type.error().message = fmt::format("argument '{}': {}", parameter.name, type.error().message);
      return std::move(type.error());
    }
    parameter.type = std::move(*type);
  }
  return parameters;
}

Expected<Program> parse(std::string_view text, const std::vector<NamedTensor> &arguments) {
  std::vector<Parameter> parameters;
  for (const NamedTensor &argument : arguments)
    parameters.push_back({argument.name, argument.tensor.type()});
  Expected<std::vector<Parameter>> normal = normalizeParameters(std::move(parameters));
  if (!normal)
    return std::move(normal.error());
  return parseProgram(std::string(text), *normal);
}

Expected<Compiled> compiledFor(std::string_view program, const std::vector<NamedTensor> &arguments,
                               const std::vector<Tensor> *outputs, const ProgramOptions &options) {
  static const std::vector<Tensor> none;
  const OperandTypes types(outputs ? *outputs : none);
  const OperandTypes *given = outputs ? &types : nullptr;
  std::string &signature = detail::signatureBuffer();
  detail::writeSignature(signature, program, arguments, options, detail::cpuOf(options), given);
  return detail::compiledFor(signature, options, false, given,
                             [&] { return parse(program, arguments); });
}

/// The same on a device that the operands have chosen.
Expected<Compiled> compiledOn(Device device, std::string_view program,
                              const std::vector<NamedTensor> &arguments,
                              const std::vector<Tensor> *outputs, const ProgramOptions &options) {
  if (device == options.device)
    return compiledFor(program, arguments, outputs, options);
  ProgramOptions there = options;
  there.device = device;
  return compiledFor(program, arguments, outputs, there);
}

std::vector<Tensor> tensorsOf(const std::vector<NamedTensor> &arguments) {
  std::vector<Tensor> tensors;
  tensors.reserve(arguments.size());
  for (const NamedTensor &argument : arguments)
    tensors.push_back(argument.tensor);
  return tensors;
}

} // namespace

Status Function::State::checkArguments(TensorList arguments) const {
  if (arguments.size() != parameters.size()) {
    std::string names;
    for (const Parameter &parameter : parameters)
      names += (names.empty() ? "" : ", ") + parameter.name;
    return inputError(fmt::format("the function takes {} argument{} ({}), not {}",
                                  parameters.size(), parameters.size() == 1 ? "" : "s", names,
                                  arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TensorType &given = arguments[i].type(), &wanted = parameters[i].type;
    if (given.dtype != wanted.dtype || given.shape != wanted.shape)
      return inputError(fmt::format("argument '{}' is {}, but the function was compiled for {}",
                                    parameters[i].name, describeType(given), describeType(wanted)));
  }
  return success();
}

bool Function::State::fits(TensorList arguments, const TensorList *outputs) const {
  for (size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].strides() != parameters[i].type.strides)
      return false;
  if (!outputs)
    return true;
  if (outputs->size() != results.size())
    return false;
  for (size_t i = 0; i < results.size(); ++i)
    if (!((*outputs)[i].type() == results[i]))
      return false;
  return true;
}

Expected<std::shared_ptr<const Executable>>
Function::State::executableFor(TensorList arguments, const TensorList *outputs) const {
  if (Status s = checkArguments(arguments); !s)
    return std::move(s.error());
  if (fits(arguments, outputs))
    return executable;
  const OperandTypes outputTypes(outputs ? *outputs : TensorList());
  const OperandTypes *given = outputs ? &outputTypes : nullptr;
  std::string &signature = detail::signatureBuffer();
  detail::writeSignature(signature, number, arguments, given);
  Expected<Compiled> compiled = detail::compiledFor(
      signature, options, false, given, [&] { return withStrides(program, arguments); });
  if (!compiled)
    return std::move(compiled.error());
  return std::move(compiled->executable);
}

const Function::State &Function::state() const {
  if (!state_)
    throw Error(noFunction());
  return *state_;
}

Expected<std::vector<Tensor>> Function::try_call(TensorList arguments) const {
  if (!state_)
    return noFunction();
  auto executable = state_->executableFor(arguments, nullptr);
  if (!executable)
    return std::move(executable.error());
  Expected<std::vector<Tensor>> outputs = detail::allocateOutputs(**executable, arguments);
  if (!outputs)
    return outputs;
  if (Status s = (*executable)->run(arguments, *outputs); !s)
    return std::move(s.error());
  return outputs;
}

Status Function::try_into(TensorList arguments, TensorList outputs) const {
  if (!state_)
    return noFunction();
  if (Status s = checkOutputs(outputs); !s)
    return s;
  std::vector<Tensor> separate;
  auto inputs = detail::separateOperands(arguments, outputs, separate);
  if (!inputs)
    return std::move(inputs.error());
  auto executable = state_->executableFor(*inputs, &outputs);
  if (!executable)
    return std::move(executable.error());
  return (*executable)->run(*inputs, outputs);
}

std::vector<Tensor> Function::call(TensorList arguments) const {
  return try_call(arguments).value();
}

Tensor Function::operator()(TensorList arguments) const {
  return std::move(call(arguments).front());
}

void Function::into(TensorList arguments, TensorList outputs) const {
  try_into(arguments, outputs).value();
}

const std::vector<Parameter> &Function::parameters() const { return state().parameters; }
const std::vector<TensorType> &Function::results() const { return state().results; }
bool Function::returnsTuple() const { return state().program.returnsTuple; }
const std::string &Function::source() const { return state().program.source; }
const std::shared_ptr<const Executable> &Function::executable() const { return state().executable; }

Expected<std::string> Function::try_emit(Stage stage) const {
  if (!state_)
    return noFunction();
  return emit_program(state_->program, state_->options, stage);
}

std::string Function::emit(std::string_view stage) const {
  std::optional<Stage> parsed = parseStage(stage);
  if (!parsed)
    throw Error(
        usageError(fmt::format("there is no stage '{}'; the stages are {}", stage, stageNames())));
  return try_emit(*parsed).value();
}

Expected<Plan> Function::try_plan() const {
  if (!state_)
    return noFunction();
  return plan_program(state_->program, state_->options);
}

Plan Function::plan() const { return try_plan().value(); }

Expected<Function> try_compile(Program program, std::vector<Parameter> parameters,
                               const ProgramOptions &options) {
  static std::atomic<uint64_t> count{0};
  auto executable = detail::compileProgram(program, options);
  if (!executable)
    return std::move(executable.error());
  Expected<std::vector<Parameter>> normal = normalizeParameters(std::move(parameters));
  if (!normal)
    return std::move(normal.error());
  auto state = std::make_shared<Function::State>();
  state->number = count++;
  for (int result : program.results)
    state->results.push_back(program.nodes[size_t(result)].type);
  for (TensorType &type : state->results)
    type.strides = contiguousStrides(type.shape); // a result may be an argument as it is
  state->program = std::move(program);
  state->parameters = std::move(*normal);
  state->options = options;
  state->executable = std::move(*executable);
  return Function(std::move(state));
}

Expected<Function> try_compile(std::string_view program, const std::vector<Parameter> &parameters,
                               const ProgramOptions &options) {
  Expected<std::vector<Parameter>> normal = normalizeParameters(parameters);
  if (!normal)
    return std::move(normal.error());
  Expected<Program> parsed = parseProgram(std::string(program), *normal);
  if (!parsed)
    return std::move(parsed.error());
  return try_compile(std::move(*parsed), std::move(*normal), options);
}

Function compile(std::string_view program, const std::vector<Parameter> &parameters,
                 const ProgramOptions &options) {
  return try_compile(program, parameters, options).value();
}

Expected<std::vector<Tensor>> try_evaluate(std::string_view program,
                                           const std::vector<NamedTensor> &arguments,
                                           const ProgramOptions &options, bool *isTuple) {
  const std::vector<Tensor> tensors = tensorsOf(arguments);
  Expected<Device> device = detail::deviceOf(options, tensors);
  if (!device)
    return std::move(device.error());
  Expected<Compiled> compiled = compiledOn(*device, program, arguments, nullptr, options);
  if (!compiled)
    return std::move(compiled.error());
  Expected<std::vector<Tensor>> outputs = detail::allocateOutputs(*compiled->executable, tensors);
  if (!outputs)
    return outputs;
  if (Status s = compiled->executable->run(tensors, *outputs); !s)
    return std::move(s.error());
  if (isTuple)
    *isTuple = compiled->returnsTuple;
  return outputs;
}

Status try_evaluate_into(std::string_view program, const std::vector<NamedTensor> &arguments,
                         const std::vector<Tensor> &outputs, const ProgramOptions &options) {
  if (Status s = checkOutputs(outputs); !s)
    return s;
  const std::vector<Tensor> tensors = tensorsOf(arguments);
  std::vector<Tensor> separate;
  auto inputs = detail::separateOperands(tensors, outputs, separate);
  if (!inputs)
    return std::move(inputs.error());
  // A copy has other strides than the argument it stands for.
  std::vector<NamedTensor> copied;
  if (!separate.empty()) {
    copied = arguments;
    for (size_t i = 0; i < copied.size(); ++i)
      copied[i].tensor = separate[i];
  }
  Expected<Device> device = detail::deviceOf(options, *inputs, outputs);
  if (!device)
    return std::move(device.error());
  Expected<Compiled> compiled =
      compiledOn(*device, program, copied.empty() ? arguments : copied, &outputs, options);
  if (!compiled)
    return std::move(compiled.error());
  return compiled->executable->run(*inputs, outputs);
}

std::vector<Tensor> evaluate(std::string_view program, const std::vector<NamedTensor> &arguments,
                             const ProgramOptions &options, bool *isTuple) {
  return try_evaluate(program, arguments, options, isTuple).value();
}

void evaluate_into(std::string_view program, const std::vector<NamedTensor> &arguments,
                   const std::vector<Tensor> &outputs, const ProgramOptions &options) {
  try_evaluate_into(program, arguments, outputs, options).value();
}

} // namespace ricci
