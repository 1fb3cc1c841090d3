//===- run_module.cpp - runs a module's text on bytes ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// run_module MODULE.mlir < INPUTS > OUTPUTS: both are the elements of @main's arguments and results
// in C order, one tensor after the other. Errors go to the standard error output; exit status 1.
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/context.h"
#include "compiler/ir/types.h"
#include "compiler/reference/interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cstdio>

using namespace ricci;

static std::vector<Tensor> allocate(llvm::ArrayRef<mlir::Type> types) {
  std::vector<Tensor> tensors;
  for (mlir::Type type : types) {
    llvm::ArrayRef<int64_t> shape = mlir::cast<mlir::RankedTensorType>(type).getShape();
    tensors.push_back(
        Tensor::allocate(elementDType(type), Shape(shape.begin(), shape.end())).value());
  }
  return tensors;
}

static size_t bytes(const Tensor &tensor) {
  return size_t(tensor.size()) * itemSize(tensor.dtype());
}

static int fail(const std::string &message) {
  fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("usage: run_module MODULE.mlir < INPUTS > OUTPUTS");
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], context.get());
  if (!module)
    return 1; // MLIR has said why
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  auto program = makeReferenceProgram(*module);
  if (!program)
    return fail(program.error().message);
  std::vector<Tensor> inputs = allocate(function.getArgumentTypes());
  std::vector<Tensor> outputs = allocate(function.getResultTypes());
  for (const Tensor &input : inputs)
    if (fread(input.raw(), 1, bytes(input), stdin) != bytes(input))
      return fail("the input ends early");
  if (Status status = (*program)->run(inputs, outputs); !status)
    return fail(status.error().message);
  for (const Tensor &output : outputs)
    fwrite(output.raw(), 1, bytes(output), stdout);
  return 0;
}
