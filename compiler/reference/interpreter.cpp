//===- interpreter.cpp - the oracle -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The module becomes a list of instructions over numbered values, each with all that it needs at
// run time. Kernels are transparent: their bodies are instructions like any other.
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/interpreter.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "compiler/reference/computation.h"
#include "compiler/reference/operations.h"
#include "runtime/interrupt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <fmt/format.h>

#include <new>

namespace ricci {
namespace {

using namespace reference;

struct Instruction {
  std::vector<int> inputs;
  int result = 0;
  /// `out` has the result's type; what it holds is undefined.
  Computation run;
  std::optional<Span> span;   ///< in the source
  std::vector<int> deadAfter; ///< values that nothing reads from here on
};

class ReferenceProgram : public HostProgram {
public:
  Status run(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) const override {
    if (Status status = check("input", inputs, inputs_); !status)
      return status;
    if (Status status = check("output", outputs, outputs_); !status)
      return status;
    try {
      return interpret(inputs, outputs);
    } catch (const std::bad_alloc &) {
      return machineError("the reference interpreter ran out of memory");
    }
  }

private:
  friend class Reader;

  static Status check(const char *what, const std::vector<Tensor> &tensors,
                      const std::vector<TensorType> &types) {
    if (tensors.size() != types.size())
      return usageError(
          fmt::format("the program has {} {}s, not {}", types.size(), what, tensors.size()));
    for (size_t i = 0; i < types.size(); ++i)
      if (tensors[i].dtype() != types[i].dtype || tensors[i].shape() != types[i].shape)
        return usageError(fmt::format("{} {} is {}, not {}", what, i + 1, types[i].str(),
                                      tensors[i].type().str()));
    return success();
  }

  Status interpret(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) const {
    std::vector<Tensor> values(types_.size());
    std::copy(inputs.begin(), inputs.end(), values.begin());
    for (const Instruction &instruction : instructions_) {
      const TensorType &type = types_[size_t(instruction.result)];
      Expected<Tensor> out = Tensor::allocate(type.dtype, type.shape);
      if (!out)
        return out.error();
      std::vector<Tensor> operands;
      for (int input : instruction.inputs)
        operands.push_back(values[size_t(input)]);
      if (Status status = instruction.run(operands, *out); !status) {
        if (instruction.span && status.error().source.empty()) {
          status.error().source = source_;
          status.error().spans = {*instruction.span};
        }
        return status;
      }
      if (interrupted())
        return interruptedError();
      values[size_t(instruction.result)] = std::move(*out);
      for (int dead : instruction.deadAfter)
        values[size_t(dead)] = Tensor();
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor &result = values[size_t(results_[i])];
      if (accumulate_)
        elementwise(ScalarOp::Add, {outputs[i], result}, outputs[i]);
      else
        copy(result, outputs[i]);
    }
    return interrupted() ? Status(interruptedError()) : success();
  }

  std::vector<TensorType> inputs_, outputs_;
  std::vector<TensorType> types_; ///< by value; the inputs come first
  std::vector<Instruction> instructions_;
  std::vector<int> results_; ///< values
  bool accumulate_ = false;
  std::string source_; ///< empty where nothing points into it
};

/// Reads the module into a program.
class Reader {
public:
  explicit Reader(const std::string &source) : source_(source), lines_(source) {}

  Expected<std::shared_ptr<const HostProgram>> read(mlir::ModuleOp module) {
    auto main = module.lookupSymbol<mlir::func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock())
      return internalError("the reference interpreter needs a function main of one block");
    program_ = std::make_shared<ReferenceProgram>();
    program_->accumulate_ = main->hasAttr(kAccumulateAttr);
    for (mlir::BlockArgument argument : main.getArguments()) {
      if (!isTensor(argument.getType()))
        return internalError("the reference interpreter takes tensors only");
      define(argument);
    }
    program_->inputs_ = program_->types_;
    mlir::Block &body = main.getBody().front();
    for (mlir::Operation &op : body) {
      if (Status status = readOp(op); !status)
        return status.error();
    }
    for (mlir::Value result : body.getTerminator()->getOperands()) {
      int id = values_.lookup(result);
      program_->results_.push_back(id);
      program_->outputs_.push_back(program_->types_[size_t(id)]);
    }
    findLastUses();
    return std::shared_ptr<const HostProgram>(std::move(program_));
  }

private:
  static bool isTensor(mlir::Type type) {
    auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() && mlirToDType(tensor.getElementType());
  }

  int define(mlir::Value value) {
    auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
    Shape shape(type.getShape().begin(), type.getShape().end());
    Strides strides = contiguousStrides(shape);
    program_->types_.push_back({elementDType(type), std::move(shape), std::move(strides)});
    int id = int(program_->types_.size()) - 1;
    values_[value] = id;
    return id;
  }

  Status readOp(mlir::Operation &op) {
    if (auto kernel = mlir::dyn_cast<KernelOp>(op))
      return readKernel(kernel);
    if (mlir::isa<mlir::func::ReturnOp>(op))
      return success();
    Expected<Computation> run = computationOf(op);
    if (!run)
      return run.error();
    Instruction instruction;
    for (mlir::Value operand : op.getOperands())
      instruction.inputs.push_back(values_.lookup(operand));
    instruction.result = define(op.getResult(0));
    instruction.run = std::move(*run);
    // Nothing else can fail.
    if (mlir::isa<GatherOp>(op) && !source_.empty()) {
      instruction.span = spanOf(op.getLoc(), lines_);
      program_->source_ = source_;
    }
    program_->instructions_.push_back(std::move(instruction));
    return success();
  }

  Status readKernel(KernelOp kernel) {
    for (auto [argument, input] :
         llvm::zip_equal(kernel.block().getArguments(), kernel.getInputs()))
      values_[argument] = values_.lookup(input);
    for (mlir::Operation &op : kernel.block()) {
      if (mlir::isa<YieldOp>(op))
        continue;
      if (mlir::isa<KernelOp>(op))
        return internalError("a kernel inside a kernel");
      if (Status status = readOp(op); !status)
        return status;
    }
    for (auto [output, value] : llvm::zip_equal(kernel.getOutputs(), kernel.yield().getResults()))
      values_[output] = values_.lookup(value);
    return success();
  }

  /// So that no more intermediates are alive than must be.
  void findLastUses() {
    std::vector<bool> used(program_->types_.size(), false);
    for (int result : program_->results_)
      used[size_t(result)] = true;
    auto &instructions = program_->instructions_;
    for (size_t i = instructions.size(); i-- > 0;) {
      auto use = [&](int value) {
        if (!used[size_t(value)])
          instructions[i].deadAfter.push_back(value);
        used[size_t(value)] = true;
      };
      use(instructions[i].result);
      for (int input : instructions[i].inputs)
        use(input);
    }
  }

  const std::string &source_;
  SourceLines lines_;
  std::shared_ptr<ReferenceProgram> program_;
  llvm::DenseMap<mlir::Value, int> values_;
};

} // namespace

Expected<std::shared_ptr<const HostProgram>> makeReferenceProgram(mlir::ModuleOp module,
                                                                  const std::string &source) {
  return Reader(source).read(module);
}

} // namespace ricci
