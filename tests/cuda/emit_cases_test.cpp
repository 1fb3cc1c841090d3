//===- emit_cases_test.cpp - tests/cases/*.json as CUDA C++, on the emulator --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/order_contractions.h"
#include "compiler/ir/build_module.h"
#include "compiler/ir/context.h"
#include "compiler/passes.h"
#include "frontend/parse_program.h"
#include "tests/cuda/emit_harness.h"
#include "tests/frontend/helpers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

namespace ricci::test {
namespace {

llvm::json::Array goodCases(const char *name) {
  auto file = llvm::MemoryBuffer::getFile(std::string(RICCI_CASES_DIR "/") + name);
  auto cases = llvm::json::parse((*file)->getBuffer());
  return std::move(*cases->getAsObject()->getArray("good"));
}

Shape shapeOf(const llvm::json::Value &value) {
  Shape shape;
  for (const llvm::json::Value &extent : *value.getAsArray())
    shape.push_back(*extent.getAsInteger());
  return shape;
}

/// The ordered program as MLIR.
std::string orderedText(const Program &program) {
  auto context = makeContext();
  auto module = buildModule(*context, program, {});
  mlir::PassManager manager(context.get());
  manager.addNestedPass<mlir::func::FuncOp>(createSimplify());
  if (failed(manager.run(*module)) ||
      failed(orderContractions(*module, {}, std::nullopt, nullptr))) {
    ADD_FAILURE() << "the passes fail";
    return "";
  }
  return printModule(*module);
}

double toleranceOf(const Program &program) {
  double tolerance = 1e-12;
  for (const Program::Node &node : program.nodes)
    if (node.type.dtype == DType::f16 || node.type.dtype == DType::bf16)
      return 2e-2;
    else if (node.type.dtype == DType::f32 || node.type.dtype == DType::c64)
      tolerance = 1e-5;
  return tolerance;
}

/// Every third case in any layout too.
void expectCase(const Expected<Program> &program, size_t number) {
  ASSERT_TRUE(bool(program)) << program.error().render();
  std::string text = orderedText(*program);
  EmitOptions options;
  options.tolerance = toleranceOf(*program);
  options.integersBelow = 100;
  for (bool disorder : {false, true}) {
    if (disorder && number % 3 != 0)
      continue;
    options.disorder = disorder;
    options.seed = disorder + 1;
    expectEmulated(text, options);
  }
}

TEST(EmitCases, Einsums) {
  size_t number = 0;
  for (const llvm::json::Value &entry : goodCases("einsum.json")) {
    std::vector<Shape> shapes;
    for (const llvm::json::Value &shape : *entry.getAsObject()->getArray("shapes"))
      shapes.push_back(shapeOf(shape));
    std::string equation = entry.getAsObject()->getString("equation")->str();
    SCOPED_TRACE(equation);
    expectCase(program(equation, shapes), number++);
    if (HasFailure())
      return;
  }
}

TEST(EmitCases, Expressions) {
  size_t number = 0;
  for (const llvm::json::Value &entry : goodCases("expressions.json")) {
    std::vector<Parameter> parameters;
    for (const auto &[name, type] : *entry.getAsObject()->getObject("params")) {
      const llvm::json::Object &of = *type.getAsObject();
      parameters.push_back({name.str(), typeOf(shapeOf(*of.get("shape")),
                                               *parseDType(of.getString("dtype")->str()))});
    }
    std::string text = entry.getAsObject()->getString("program")->str();
    SCOPED_TRACE(text);
    expectCase(parseProgram(text, parameters), number++);
    if (HasFailure())
      return;
  }
}

} // namespace
} // namespace ricci::test
