//===- run_module.h - runs the text of a module on the oracle -----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/context.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/reference/interpreter.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace ricci::test {

/// A module with the context that owns it; null when the text is wrong, which fails the test.
struct Module {
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Module(const std::string &text) {
    ScopedDiagnosticCapture capture(context.get());
    module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
    if (!module)
      ADD_FAILURE() << capture.take(ErrorKind::Internal, "parsing").message << "\n" << text;
  }
};

template <typename T> Tensor tensor(DType dtype, Shape shape, const std::vector<T> &elements) {
  Tensor result = Tensor::allocate(dtype, std::move(shape)).value();
  EXPECT_EQ(size_t(result.size()), elements.size());
  EXPECT_EQ(itemSize(dtype), sizeof(T));
  std::copy(elements.begin(), elements.end(), result.data<T>());
  return result;
}

template <typename T> std::vector<T> elements(const Tensor &contiguous) {
  return {contiguous.data<T>(), contiguous.data<T>() + contiguous.size()};
}

inline Tensor run(mlir::ModuleOp module, const std::vector<Tensor> &inputs, DType dtype,
                  Shape shape) {
  Expected<std::shared_ptr<const HostProgram>> program = makeReferenceProgram(module);
  if (!program) {
    ADD_FAILURE() << program.error().message;
    return {};
  }
  Tensor out = Tensor::allocate(dtype, std::move(shape)).value();
  Status status = (*program)->run(inputs, {out});
  if (!status)
    ADD_FAILURE() << status.error().message;
  return out;
}

} // namespace ricci::test
