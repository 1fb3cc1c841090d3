//===- simplify_test.cpp - simplified programs give the same bits ---------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/build_module.h"
#include "compiler/passes.h"
#include "compiler/reference/scalar.h"
#include "tests/reference/run_module.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace ricci::test {
namespace {

using Kind = Program::NodeKind;

Program::Node node(Kind kind, DType dtype, std::vector<int> operands = {}, int64_t size = 2) {
  Program::Node result;
  result.kind = kind;
  result.type = {dtype, {size}, {1}};
  result.operands = std::move(operands);
  return result;
}

/// Zeros, ones, ends and what overflows, as elements of a type.
std::vector<std::vector<uint8_t>> specialElements(DType dtype) {
  std::vector<std::vector<uint8_t>> elements;
  for (double x :
       {0.0,    -0.0,  1.0,   -1.0,    2.0,      3.0,          -2.75,         0.1,          127.0,
        -128.0, 255.0, 300.0, 65504.0, 65520.0,  2147483647.0, -2147483648.0, 4294967295.0, 1e18,
        -1e18,  1e30,  1e-30, 1e-310,  HUGE_VAL, -HUGE_VAL,    std::nan("")})
    reference::visit(dtype, [&](auto tag) {
      auto element = reference::convert<typename decltype(tag)::Type>(x);
      std::vector<uint8_t> bytes(sizeof element);
      std::memcpy(bytes.data(), &element, sizeof element);
      elements.push_back(std::move(bytes));
    });
  return elements;
}

/// Runs the program as it is and simplified, and wants equal bytes. Returns how many operations
/// are left.
size_t expectSame(Program program, const std::string &what) {
  for (int i = 0; i < int(program.nodes.size()); ++i)
    if (program.nodes[size_t(i)].kind != Kind::Constant)
      program.results.push_back(i);
  auto context = makeContext();
  auto module = buildModule(*context, program, {});
  auto results = [&] {
    std::vector<Tensor> tensors;
    for (int result : program.results) {
      const TensorType &type = program.nodes[size_t(result)].type;
      tensors.push_back(Tensor::allocate(type.dtype, type.shape).value());
    }
    EXPECT_TRUE(makeReferenceProgram(*module).value()->run({}, tensors));
    return tensors;
  };
  std::vector<Tensor> before = results();
  mlir::PassManager manager(context.get());
  manager.addNestedPass<mlir::func::FuncOp>(createSimplify());
  EXPECT_TRUE(mlir::succeeded(manager.run(*module)));
  std::vector<Tensor> after = results();
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(std::memcmp(before[i].raw(), after[i].raw(),
                          size_t(before[i].size()) * itemSize(before[i].dtype())),
              0)
        << what << ", result " << i;
  size_t left = 0;
  module->walk([&](mlir::Operation *op) { left += op->getNumOperands() > 0; });
  return left - 1; // the return
}

TEST(Simplify, FoldsScalarOperationsToTheSameBits) {
  size_t all = 0, left = 0;
  for (int d = 0; d < kNumDTypes; ++d) {
    DType dtype = DType(d);
    auto elements = specialElements(dtype);
    for (auto op = ScalarOp::Add; op <= ScalarOp::Imag; op = ScalarOp(int(op) + 1)) {
      if (computeDType(op, dtype) != dtype || info(op).arity > 2)
        continue;
      Program program;
      for (auto &element : elements) {
        program.nodes.push_back(node(Kind::Constant, dtype));
        program.nodes.back().data = element;
      }
      int count = int(elements.size()); // a quarter of the pairs will do
      for (int i = 0; i < count; ++i)
        for (int k = i % 4; k < (info(op).arity == 2 ? count : i % 4 + 1); k += 4) {
          program.nodes.push_back(node(Kind::Elementwise, resultDType(op, dtype), {i}));
          if (info(op).arity == 2)
            program.nodes.back().operands.push_back(k);
          program.nodes.back().scalar = op;
          ++all;
        }
      left += expectSame(std::move(program),
                         std::string(nameOf(op)) + " on " + std::string(shortName(dtype)));
    }
  }
  EXPECT_LT(left, all * 2 / 3);
}

TEST(Simplify, FoldsCastsToTheSameBits) {
  size_t all = 0, left = 0;
  for (int d = 0; d < kNumDTypes; ++d) {
    Program program;
    auto elements = specialElements(DType(d));
    for (auto &element : elements) {
      program.nodes.push_back(node(Kind::Constant, DType(d)));
      program.nodes.back().data = element;
    }
    for (int to = 0; to < kNumDTypes; ++to)
      for (int i = 0; i < int(elements.size()); ++i, ++all)
        program.nodes.push_back(node(Kind::Cast, DType(to), {i}));
    left += expectSame(std::move(program), "casts of " + std::string(shortName(DType(d))));
  }
  EXPECT_LT(left, all / 2);
}

TEST(Simplify, MergesCastsToTheSameBits) {
  size_t all = 0, left = 0;
  for (int d = 0; d < kNumDTypes; ++d) {
    std::vector<uint8_t> data;
    auto elements = specialElements(DType(d));
    for (auto &element : elements)
      data.insert(data.end(), element.begin(), element.end());
    int64_t size = int64_t(elements.size());
    Program program;
    program.nodes.push_back(node(Kind::Constant, DType(d), {}, size));
    program.nodes[0].data = std::move(data);
    for (int middle = 0; middle < kNumDTypes; ++middle)
      for (int to = 0; to < kNumDTypes; ++to, all += 2) {
        program.nodes.push_back(node(Kind::Cast, DType(middle), {0}, size));
        program.nodes.push_back(node(Kind::Cast, DType(to), {int(program.nodes.size()) - 1}, size));
      }
    left += expectSame(std::move(program), "chains of " + std::string(shortName(DType(d))));
  }
  EXPECT_LT(left, all * 2 / 5);
}

/// An operation that moves elements of the last node, drawn at random.
Program::Node randomShapeNode(const Program &program, std::minstd_rand &random) {
  auto below = [&](int64_t n) { return int64_t(random() >> 8) % n; };
  const Shape &shape = program.nodes.back().type.shape;
  Program::Node result = node(Kind::Broadcast, DType::i32, {int(program.nodes.size()) - 1});
  Shape &out = result.type.shape;
  out = shape;
  switch (below(4)) {
  case 0:
    result.kind = Kind::Transpose;
    result.axes.resize(shape.size());
    std::iota(result.axes.begin(), result.axes.end(), 0);
    std::shuffle(result.axes.begin(), result.axes.end(), random);
    for (size_t i = 0; i < shape.size(); ++i)
      out[i] = shape[size_t(result.axes[i])];
    break;
  case 1:
    result.kind = Kind::Reshape;
    if (out.size() > 1 && below(2)) { // two axes become one
      out[1] *= out[0];
      out.erase(out.begin());
    } else {
      out.insert(out.begin() + below(int64_t(out.size()) + 1), 1);
    }
    break;
  case 2:
    for (int64_t &extent : out)
      if (extent == 1)
        extent = 1 + below(3);
    break;
  case 3:
    result.kind = Kind::Slice;
    for (int64_t &extent : out) {
      int64_t step = 1 + below(2), size = extent == 0 ? 0 : 1 + below((extent + step - 1) / step);
      size -= below(20) == 0 && size > 0;
      int64_t reach = size == 0 ? 0 : (size - 1) * step,
              start = size == 0 ? 0 : below(extent - reach);
      bool backwards = below(2);
      result.start.push_back(backwards ? start + reach : start);
      result.step.push_back(backwards ? -step : step);
      extent = size;
    }
    break;
  }
  result.type.strides = contiguousStrides(out);
  return result;
}

TEST(Simplify, KeepsElementsInTheirPlaces) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    Program program;
    program.nodes.push_back(node(Kind::Constant, DType::i32));
    program.nodes[0].type = {DType::i32, {4, 1, 6}, {6, 6, 1}};
    for (int32_t i = 0; i < 24; ++i)
      for (int32_t byte : {i, 0, 0, 0})
        program.nodes[0].data.push_back(uint8_t(byte));
    for (int i = 0; i < 8; ++i)
      program.nodes.push_back(randomShapeNode(program, random));
    expectSame(std::move(program), "round " + std::to_string(round));
  }
}

} // namespace
} // namespace ricci::test
