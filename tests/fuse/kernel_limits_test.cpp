//===- kernel_limits_test.cpp - long programs become bounded kernels ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/context.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ricci::test {
namespace {

/// Of the kernels of a function of %a: tensor<8x8xf32>.
struct Kernels {
  size_t count = 0, mostOperations = 0;
  double seconds = 0;
};

Kernels kernelsOf(const std::string &body) {
  Kernels kernels;
  auto context = makeContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @main(%a: tensor<8x8xf32>) -> tensor<8x8xf32> {\n" + body + "}\n", context.get());
  if (!module) {
    ADD_FAILURE() << body;
    return kernels;
  }
  auto start = std::chrono::steady_clock::now();
  mlir::PassManager manager(context.get());
  manager.addNestedPass<mlir::func::FuncOp>(createFormKernels());
  EXPECT_TRUE(succeeded(manager.run(*module)));
  for (KernelOp kernel : (*module->getOps<mlir::func::FuncOp>().begin()).getOps<KernelOp>()) {
    auto program = buildLoopProgram(kernel);
    EXPECT_TRUE(program);
    size_t operations = 0;
    for (const LoopProgram::Pass &pass : program->passes())
      operations += pass.kept.size() + pass.full.size();
    ++kernels.count;
    kernels.mostOperations = std::max(kernels.mostOperations, operations);
  }
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  kernels.seconds = time.count();
  return kernels;
}

/// `line` with {0} the number of the last value and {1} that of the next, `count` times; "last" is
/// %a.
std::string repeated(int count, const char *line) {
  std::string body;
  for (int i = 0; i < count; ++i)
    body += fmt::format(fmt::runtime(line), i == 0 ? "a" : fmt::format("x{}", i - 1),
                        fmt::format("x{}", i));
  return body + fmt::format("  return %x{} : tensor<8x8xf32>\n", count - 1);
}

constexpr const char *kBinary = "(tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>\n";

TEST(KernelLimits, DoublingsAreCut) {
  Kernels kernels = kernelsOf(repeated(
      60, (std::string("  %{1} = ricci.elementwise add(%{0}, %{0}) : ") + kBinary).c_str()));
  EXPECT_LE(kernels.count, 12u);
  EXPECT_LE(kernels.mostOperations, 20u);
}

TEST(KernelLimits, ChainsOnOneArgumentAreCut) {
  Kernels kernels = kernelsOf(repeated(
      10000, (std::string("  %{1} = ricci.elementwise add(%{0}, %a) : ") + kBinary).c_str()));
  EXPECT_GT(kernels.count, 8u);
  EXPECT_LE(kernels.mostOperations, 1100u);
  EXPECT_LT(kernels.seconds, 20);
}

TEST(KernelLimits, DearOperationsAreCutEarlier) {
  Kernels kernels = kernelsOf(repeated(
      100, "  %{1} = ricci.elementwise sin(%{0}) : (tensor<8x8xf32>) -> tensor<8x8xf32>\n"));
  EXPECT_GE(kernels.count, 10u);
  EXPECT_LE(kernels.count, 20u);
}

TEST(KernelLimits, ChainsOfReductionsAreCut) {
  Kernels kernels = kernelsOf(repeated(300, R"(
  %m{1} = ricci.reduce max %{0} dims = [1] : tensor<8x8xf32> -> tensor<8xf32>
  %k{1} = ricci.reshape %m{1} : tensor<8xf32> -> tensor<8x1xf32>
  %{1} = ricci.elementwise subtract(%{0}, %k{1}) : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
)"));
  EXPECT_GT(kernels.count, 4u);
  // Every pass computes again what the one before has.
  EXPECT_LE(kernels.mostOperations, 2500u);
}

TEST(KernelLimits, ChainsOfViewsTakeLinearTime) {
  std::string body = "  %x = ricci.elementwise exp(%a) : (tensor<8x8xf32>) -> tensor<8x8xf32>\n";
  std::string last = "x";
  for (int i = 0; i < 10000; ++i) {
    body += fmt::format(
        "  %t{0} = ricci.transpose %{1} perm = [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>\n"
        "  %s{0} = ricci.slice %t{0} start = [7, 0] size = [8, 8] step = [-1, 1] : "
        "tensor<8x8xf32> -> tensor<8x8xf32>\n",
        i, last);
    last = fmt::format("s{}", i);
  }
  Kernels kernels = kernelsOf(body + fmt::format("  return %{} : tensor<8x8xf32>\n", last));
  EXPECT_EQ(kernels.count, 1u);
  EXPECT_LT(kernels.seconds, 4);
}

} // namespace
} // namespace ricci::test
