//===- build_module_test.cpp - programs as modules, equations, diagnostics --===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/build_module.h"
#include "compiler/ir/context.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "frontend/einsum.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace ricci;

static TensorType tensor(Shape shape, DType dtype = DType::f32) {
  return {dtype, shape, contiguousStrides(shape)};
}

static Program program(const char *equation, const std::vector<TensorType> &operands) {
  return resolveEinsum(parseEinsum(equation).value(), operands).value();
}

static llvm::FailureOr<EinsumEquation> parse(mlir::MLIRContext &context, llvm::StringRef text) {
  return EinsumEquation::parse(text,
                               [&] { return mlir::emitError(mlir::UnknownLoc::get(&context)); });
}

TEST(BuildModule, PrintsStridesOfArgumentsAndResults) {
  auto context = makeContext();
  TensorType a{DType::f32, {3, 4}, {1, 3}};
  CompileOptions options;
  options.outputStrides = {{1, 3}};
  options.accumulate = true;
  auto module = buildModule(*context, program("ij,jk->ik", {a, tensor({4, 5})}), options);
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*module)));
  EXPECT_EQ(printModule(*module), R"(module {
  func.func @main(%arg0: tensor<3x4xf32> {ricci.strides = array<i64: 1, 3>}, %arg1: tensor<4x5xf32> {ricci.strides = array<i64: 5, 1>}) -> (tensor<3x5xf32> {ricci.strides = array<i64: 1, 3>}) attributes {ricci.accumulate} {
    %0 = ricci.einsum "ij,jk->ik" ins(%arg0, %arg1 : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    return %0 : tensor<3x5xf32>
  }
}
)");
}

TEST(BuildModule, SpellsEveryKindOfLabel) {
  auto context = makeContext();
  auto module =
      buildModule(*context, program("...β,βj->...j", {tensor({2, 3}), tensor({3, 4})}), {});
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*module)));
  EXPECT_NE(printModule(*module).find("\"{…0}β,βj->{…0}j\""), std::string::npos);
}

TEST(BuildModule, TakesAThousandOperands) {
  auto context = makeContext();
  std::vector<std::vector<int64_t>> labels;
  for (int64_t i = 0; i < 1000; ++i)
    labels.push_back({i, i + 1});
  std::vector<TensorType> types(1000, tensor({2, 2}));
  auto syntax = einsumFromLabels(labels, std::vector<int64_t>{0, 1000}).value();
  auto module = buildModule(*context, resolveEinsum(syntax, types).value(), {});
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*module)));
  module->walk([](EinsumOp op) {
    EinsumEquation equation = op.parsedEquation();
    EXPECT_EQ(equation.operands.size(), 1000u);
    EXPECT_EQ(equation.labelNames.size(), 1001u);
    EXPECT_EQ(equation.str(), op.getEquation());
  });
}

TEST(Equation, PrintsWhatItParses) {
  auto context = makeContext();
  for (const char *text :
       {"->", ",->", "ij,jk->ik", "iij->j", "{…0}β,{#57}->{#57}{…0}", "{->},{,}->{,}"}) {
    auto equation = parse(*context, text);
    ASSERT_TRUE(mlir::succeeded(equation)) << text;
    EXPECT_EQ(equation->str(), text);
  }
  // Braces around a letter are dropped: it is the same label.
  EXPECT_EQ(parse(*context, "{i}j->i")->str(), "ij->i");
}

TEST(Equation, FindsExtentsBehindBroadcastAxes) {
  auto context = makeContext();
  mlir::Type inputs[] = {tensorToMlir(tensor({1, 0}), context.get()),
                         tensorToMlir(tensor({3, 1, 1}), context.get())};
  EXPECT_EQ(parse(*context, "ij,ijk->k")->extents(inputs), (llvm::SmallVector<int64_t>{3, 0, 1}));
}

TEST(Types, DtypesAreKeptBothWays) {
  auto context = makeContext();
  for (int i = 0; i < kNumDTypes; ++i)
    EXPECT_EQ(mlirToDType(dtypeToMlir(DType(i), context.get())), DType(i));
  EXPECT_EQ(mlirToDType(mlir::IndexType::get(context.get())), std::nullopt);
  EXPECT_EQ(mlirToDType(mlir::IntegerType::get(context.get(), 7)), std::nullopt);
}

TEST(Diagnostics, LocationsKeepSpans) {
  auto context = makeContext();
  std::string source = "a = β\n\nb + c";
  SourceLines lines(source);
  for (Span span : {Span{0, 1}, Span{4, 6}, Span{6, 7}, Span{8, 13}, Span{13, 13}}) {
    auto back = spanOf(locationOf(span, lines, context.get()), lines);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->begin, span.begin);
    EXPECT_EQ(back->end, span.end);
  }
  EXPECT_FALSE(spanOf(mlir::UnknownLoc::get(context.get()), lines));
}

TEST(Diagnostics, AreCapturedWithTheirSpan) {
  auto context = makeContext();
  auto module = buildModule(*context, program("ij,jk->ik", {tensor({3, 4}), tensor({4, 5})}), {});
  module->walk([](EinsumOp op) { op.setEquation("ij,jk->iz"); });
  ScopedDiagnosticCapture capture(context.get(), "ij,jk->ik");
  EXPECT_FALSE(capture.hasError());
  EXPECT_TRUE(mlir::failed(mlir::verify(*module)));
  ASSERT_TRUE(capture.hasError());
  Diagnostic error = capture.take(ErrorKind::Internal, "verification");
  EXPECT_EQ(error.kind, ErrorKind::Internal);
  EXPECT_EQ(error.message, "'ricci.einsum' op output label 'z' is in no operand");
  ASSERT_EQ(error.spans.size(), 1u);
  EXPECT_EQ(error.spans[0].begin, 0u);
  EXPECT_EQ(error.spans[0].end, 9u);
  EXPECT_EQ(capture.take(ErrorKind::Internal, "a pass").message,
            "a pass failed without saying why");
}
