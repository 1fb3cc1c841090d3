//===- kernel_harness.cpp - MLIR text at the loops stage to a loaded kernel --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/kernel_harness.h"

#include "compiler/cpu/codegen.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"

#include <fmt/format.h>

namespace ricci::test {
namespace {

Expected<LlvmModule> compileModule(const std::string &loops, const Target &target) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.allowUnregisteredDialects();
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::math::MathDialect,
                      mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                      mlir::vector::VectorDialect>();
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(loops, mlir::ParserConfig(&context));
  if (!module || failed(lowerLoopsToLLVM(*module, target)))
    return internalError(messages);
  return translateAndOptimize(*module, target);
}

} // namespace

const Target &targetOf(const std::string &cpu) { return **resolveTarget(cpu); }

std::vector<std::string> runnableCpus() {
  std::vector<std::string> names;
  for (const char *level : {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    names.push_back(level);
    if (targetOf("native").level == level)
      break;
  }
  names.push_back("native");
  return names;
}

Expected<std::string> compileObject(const std::string &loops, const Target &target) {
  auto module = compileModule(loops, target);
  if (!module)
    return module.error();
  return emitObject(*module->module, target);
}

Expected<std::string> compileAssembly(const std::string &loops, const Target &target) {
  auto module = compileModule(loops, target);
  if (!module)
    return module.error();
  return emitAssembly(*module->module, target);
}

Expected<std::shared_ptr<const Kernel>> compileKernel(const std::string &loops,
                                                      const Target &target) {
  auto object = compileObject(loops, target);
  if (!object)
    return object.error();
  auto image = linkImage(*object);
  if (!image)
    return image.error();
  return loadImage("test", *image);
}

std::string entry(const std::vector<std::string> &buffers, const std::string &body) {
  std::string arguments;
  for (size_t i = 0; i < buffers.size(); ++i)
    arguments += fmt::format("%b{}: memref<?x{}>, ", i, buffers[i]);
  return fmt::format(
      "func.func @kernel({}%desc: memref<?xindex>, %work: memref<?xi8>, %begin: index, "
      "%end: index) attributes {{ricci.entry}} {{\n{}\n  return\n}}\n",
      arguments, body);
}

} // namespace ricci::test
