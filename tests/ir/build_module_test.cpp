//===- build_module_test.cpp - programs as modules, equations, diagnostics --===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/build_module.h"
#include "compiler/ir/constants.h"
#include "compiler/ir/context.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "frontend/einsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
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

static Program::Node node(Program::NodeKind kind, TensorType type, std::vector<int> operands = {}) {
  Program::Node result;
  result.kind = kind;
  result.type = std::move(type);
  result.operands = std::move(operands);
  result.span = {2, 5};
  return result;
}

static Program::Node constant(TensorType type, std::vector<uint8_t> data) {
  Program::Node result = node(Program::NodeKind::Constant, std::move(type));
  result.data = std::move(data);
  return result;
}

/// The function's body of a program whose last node is the result.
static std::string body(std::vector<Program::Node> nodes) {
  Program program;
  program.source = "a = b + c";
  program.nodes = std::move(nodes);
  program.results = {int(program.nodes.size()) - 1};
  auto context = makeContext();
  auto module = buildModule(*context, program, {});
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
  SourceLines lines(program.source);
  for (mlir::Operation &op : module->lookupSymbol<mlir::func::FuncOp>("main").front())
    if (!mlir::isa<mlir::func::ReturnOp>(op)) {
      EXPECT_EQ(spanOf(op.getLoc(), lines)->end, 5u);
    }
  std::string text = printModule(*module);
  size_t begin = text.find("    %"), end = text.find("    return");
  return text.substr(begin, end - begin);
}

TEST(BuildModule, HasAnOperationForEveryNode) {
  using Kind = Program::NodeKind;
  TensorType f = tensor({3, 4}), b = tensor({3, 4}, DType::b1), i = tensor({2}, DType::i64);
  std::vector<Program::Node> n = {node(Kind::Input, f), node(Kind::Input, b), node(Kind::Input, i)};
  n[1].input = 1;
  n[2].input = 2;
  auto add = [&](Program::Node node) -> Program::Node & { return n.emplace_back(std::move(node)); };
  add(node(Kind::Elementwise, f, {1, 0, 0})).scalar = ScalarOp::Where;
  add(node(Kind::Cast, tensor({3, 4}, DType::i8), {0}));
  for (Reduction reduction : {Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min}) {
    Program::Node &reduce = add(node(Kind::Reduce, tensor({4}), {0}));
    reduce.reduction = reduction;
    reduce.axes = {0};
  }
  for (Reduction reduction : {Reduction::Any, Reduction::All}) {
    Program::Node &reduce = add(node(Kind::Reduce, tensor({}, DType::b1), {1}));
    reduce.reduction = reduction;
    reduce.axes = {0, 1};
  }
  for (ArgReduction reduction : {ArgReduction::Argmax, ArgReduction::Argmin}) {
    Program::Node &reduce = add(node(Kind::ArgReduce, tensor({3}, DType::i64), {0}));
    reduce.argReduction = reduction;
    reduce.axes = {1};
  }
  for (Scan kind : {Scan::Cumsum, Scan::Cumprod}) {
    Program::Node &scan = add(node(Kind::Scan, f, {0}));
    scan.scan = kind;
    scan.axes = {1};
  }
  add(node(Kind::Reshape, tensor({12}), {0}));
  add(node(Kind::Transpose, tensor({4, 3}), {0})).axes = {1, 0};
  add(node(Kind::Broadcast, tensor({2, 3, 4}), {0}));
  Program::Node &slice = add(node(Kind::Slice, tensor({2, 2}), {0}));
  slice.start = {0, 3};
  slice.step = {1, -2};
  Program::Node &windows = add(node(Kind::Windows, tensor({3, 3, 2}), {0}));
  windows.axes = {1};
  windows.start = {2};
  add(constant(tensor({}), {0, 0, 0x80, 0x3F}));
  Program::Node &pad = add(node(Kind::Pad, tensor({4, 6}), {0, int(n.size()) - 1}));
  pad.start = {1, 0};
  pad.step = {0, 2};
  add(node(Kind::Concatenate, tensor({3, 8}), {0, 0})).axes = {1};
  Program::Node &gather = add(node(Kind::Gather, tensor({3, 2}), {0, 2}));
  gather.axes = {1};
  gather.start = {1};
  add(node(Kind::Iota, tensor({5}, DType::i64)));
  EXPECT_EQ(
      body(n),
      R"(    %0 = ricci.elementwise where(%arg1, %arg0, %arg0) : (tensor<3x4xi1>, tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %1 = ricci.cast %arg0 : tensor<3x4xf32> -> tensor<3x4xi8>
    %2 = ricci.reduce sum %arg0 dims = [0] : tensor<3x4xf32> -> tensor<4xf32>
    %3 = ricci.reduce prod %arg0 dims = [0] : tensor<3x4xf32> -> tensor<4xf32>
    %4 = ricci.reduce max %arg0 dims = [0] : tensor<3x4xf32> -> tensor<4xf32>
    %5 = ricci.reduce min %arg0 dims = [0] : tensor<3x4xf32> -> tensor<4xf32>
    %6 = ricci.reduce any %arg1 dims = [0, 1] : tensor<3x4xi1> -> tensor<i1>
    %7 = ricci.reduce all %arg1 dims = [0, 1] : tensor<3x4xi1> -> tensor<i1>
    %8 = ricci.arg_reduce argmax %arg0 dim = 1 : tensor<3x4xf32> -> tensor<3xi64>
    %9 = ricci.arg_reduce argmin %arg0 dim = 1 : tensor<3x4xf32> -> tensor<3xi64>
    %10 = ricci.scan cumsum %arg0 dim = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
    %11 = ricci.scan cumprod %arg0 dim = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
    %12 = ricci.reshape %arg0 : tensor<3x4xf32> -> tensor<12xf32>
    %13 = ricci.transpose %arg0 perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
    %14 = ricci.broadcast %arg0 : tensor<3x4xf32> -> tensor<2x3x4xf32>
    %15 = ricci.slice %arg0 start = [0, 3] size = [2, 2] step = [1, -2] : tensor<3x4xf32> -> tensor<2x2xf32>
    %16 = ricci.windows %arg0 dim = 1 size = 2 : tensor<3x4xf32> -> tensor<3x3x2xf32>
    %17 = ricci.constant dense<1.000000e+00> : tensor<f32>
    %18 = ricci.pad %arg0, %17 low = [1, 0] high = [0, 2] : tensor<3x4xf32>, tensor<f32> -> tensor<4x6xf32>
    %19 = ricci.concatenate dim = 1 (%arg0, %arg0) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x8xf32>
    %20 = ricci.gather %arg0[%arg2] dims = [1] position = 1 : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<3x2xf32>
    %21 = ricci.iota : tensor<5xi64>
)");
}

TEST(BuildModule, SpellsConstantsOfEveryType) {
  auto spell = [](Shape shape, DType type, std::vector<uint8_t> data) {
    std::string text = body({constant(tensor(shape, type), std::move(data))});
    return text.substr(24, text.size() - 25);
  };
  EXPECT_EQ(spell({2}, DType::b1, {1, 0}), "dense<[true, false]> : tensor<2xi1>");
  EXPECT_EQ(spell({9}, DType::b1, {1}), "dense<true> : tensor<9xi1>");
  EXPECT_EQ(spell({1}, DType::b1, {1}), "dense<true> : tensor<1xi1>");
  EXPECT_EQ(spell({2}, DType::i8, {0xFF, 1}), "dense<[-1, 1]> : tensor<2xi8>");
  EXPECT_EQ(spell({2}, DType::u8, {0xFF, 1}), "dense<[255, 1]> : tensor<2xui8>");
  EXPECT_EQ(spell({2}, DType::u8, {7, 7}), "dense<7> : tensor<2xui8>");
  EXPECT_EQ(spell({}, DType::i16, {0, 1}), "dense<256> : tensor<i16>");
  EXPECT_EQ(spell({}, DType::bf16, {0x80, 0x3F}), "dense<1.000000e+00> : tensor<bf16>");
  EXPECT_EQ(spell({2}, DType::f16, {0, 0x3C, 0, 0x7C}),
            "dense<[1.000000e+00, 0x7C00]> : tensor<2xf16>");
  EXPECT_EQ(spell({3}, DType::c64, {0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}),
            "dense<(1.000000e+00,-2.000000e+00)> : tensor<3xcomplex<f32>>");
  EXPECT_EQ(spell({0}, DType::f32, {}), "dense<> : tensor<0xf32>");
}

TEST(Constants, KeepTheirBytes) {
  auto context = makeContext();
  for (int d = 0; d < kNumDTypes; ++d) {
    size_t size = itemSize(DType(d));
    for (int64_t count : {0, 1, 3, 9}) {
      auto type = tensorToMlir(tensor({count}, DType(d)), context.get());
      auto kept = [&](const std::vector<uint8_t> &bytes) {
        return constantToBytes(constantFromBytes(type, bytes));
      };
      std::vector<uint8_t> bytes(size_t(count) * size), one(size, 1);
      for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = uint8_t(DType(d) == DType::b1 ? i % 2 : i);
      EXPECT_EQ(kept(bytes), bytes) << d;
      if (count == 0)
        continue;
      EXPECT_EQ(kept(one), one) << d;
      // Equal elements are one.
      EXPECT_EQ(kept(std::vector<uint8_t>(bytes.size(), 1)), one) << d;
    }
  }
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
