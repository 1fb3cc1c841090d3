//===- interpreter_test.cpp - tests of the oracle -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/reference/run_module.h"

#include "compiler/reference/scalar_functions.h"
#include "runtime/half.h"

#include <cmath>
#include <complex>
#include <thread>

namespace ricci::test {
namespace {

/// Runs one operation: `body` computes %r of type `result` from the arguments.
Tensor runBody(const std::string &arguments, const std::string &body, const std::string &result,
               const std::vector<Tensor> &inputs, DType dtype, Shape shape) {
  Module m("func.func @main(" + arguments + ") -> " + result + " {\n" + body +
           "\nreturn %r : " + result + "\n}");
  if (!m.module)
    return Tensor::allocate(dtype, shape).value();
  return run(*m.module, inputs, dtype, shape);
}

Tensor iota(Shape shape) {
  Tensor t = Tensor::allocate(DType::i64, std::move(shape)).value();
  for (int64_t i = 0; i < t.size(); ++i)
    t.data<int64_t>()[i] = i;
  return t;
}

using I64 = std::vector<int64_t>;
using F32 = std::vector<float>;

TEST(Reference, MatrixProductOfStridedOperands) {
  Tensor a = iota({2, 3});
  // The second operand is a transposed, reversed view.
  I64 memory = {5, 4, 3, 2, 1, 0};
  Tensor b = Tensor::borrow(memory.data() + 5, {3, 2}, {-2, -1}); // [[0,1],[2,3],[4,5]]
  Tensor r = runBody(
      "%a: tensor<2x3xi64>, %b: tensor<3x2xi64>",
      R"(%r = ricci.einsum "ij,jk->ki" ins(%a, %b : tensor<2x3xi64>, tensor<3x2xi64>) -> tensor<2x2xi64>)",
      "tensor<2x2xi64>", {a, b}, DType::i64, {2, 2});
  EXPECT_EQ(elements<int64_t>(r), (I64{10, 28, 13, 40}));
}

TEST(Reference, DiagonalsBroadcastsScalarsAndEmptySums) {
  EXPECT_EQ(elements<int64_t>(
                runBody("%a: tensor<3x3xi64>",
                        R"(%r = ricci.einsum "ii->i" ins(%a : tensor<3x3xi64>) -> tensor<3xi64>)",
                        "tensor<3xi64>", {iota({3, 3})}, DType::i64, {3})),
            (I64{0, 4, 8}));
  EXPECT_EQ(elements<int64_t>(
                runBody("%a: tensor<3x3xi64>",
                        R"(%r = ricci.einsum "ii->" ins(%a : tensor<3x3xi64>) -> tensor<i64>)",
                        "tensor<i64>", {iota({3, 3})}, DType::i64, {})),
            (I64{12}));
  // j is 1 in the first operand: it is multiplied with the sum of the second's rows.
  EXPECT_EQ(
      elements<int64_t>(runBody(
          "%a: tensor<2x1xi64>, %b: tensor<3xi64>",
          R"(%r = ricci.einsum "ij,j->i" ins(%a, %b : tensor<2x1xi64>, tensor<3xi64>) -> tensor<2xi64>)",
          "tensor<2xi64>", {tensor<int64_t>(DType::i64, {2, 1}, {5, 7}), iota({3})}, DType::i64,
          {2})),
      (I64{15, 21}));
  EXPECT_EQ(
      elements<int64_t>(runBody(
          "%a: tensor<2x0xi64>, %b: tensor<i64>",
          R"(%r = ricci.einsum "ij,->i" ins(%a, %b : tensor<2x0xi64>, tensor<i64>) -> tensor<2xi64>)",
          "tensor<2xi64>", {iota({2, 0}), iota({})}, DType::i64, {2})),
      (I64{0, 0}));
  EXPECT_EQ(runBody("%a: tensor<0x3xi64>",
                    R"(%r = ricci.einsum "ij->i" ins(%a : tensor<0x3xi64>) -> tensor<0xi64>)",
                    "tensor<0xi64>", {iota({0, 3})}, DType::i64, {0})
                .size(),
            0);
  EXPECT_EQ(
      elements<int64_t>(runBody(
          "%a: tensor<2xi64>, %b: tensor<2xi64>, %c: tensor<2x2xi64>",
          R"(%r = ricci.einsum "i,j,ij->" ins(%a, %b, %c : tensor<2xi64>, tensor<2xi64>, tensor<2x2xi64>) -> tensor<i64>)",
          "tensor<i64>", {iota({2}), iota({2}), iota({2, 2})}, DType::i64, {})),
      (I64{3}));
}

TEST(Reference, IntegersWrapAndBoolsAreOrOfAnd) {
  auto dot = [](const char *type, const Tensor &a, const Tensor &b, DType dtype) {
    std::string t = "tensor<2x" + std::string(type) + ">", s = "tensor<" + std::string(type) + ">";
    return runBody("%a: " + t + ", %b: " + t,
                   "%r = ricci.einsum \"i,i->\" ins(%a, %b : " + t + ", " + t + ") -> " + s, s,
                   {a, b}, dtype, {});
  };
  EXPECT_EQ(elements<int8_t>(dot("i8", tensor<int8_t>(DType::i8, {2}, {100, -3}),
                                 tensor<int8_t>(DType::i8, {2}, {3, 5}), DType::i8)),
            std::vector<int8_t>{29}); // 285 - 256
  EXPECT_EQ(
      elements<uint64_t>(dot("ui64", tensor<uint64_t>(DType::u64, {2}, {uint64_t(1) << 63, 7}),
                             tensor<uint64_t>(DType::u64, {2}, {2, 1}), DType::u64)),
      std::vector<uint64_t>{7});
  EXPECT_EQ(elements<uint8_t>(dot("i1", tensor<uint8_t>(DType::b1, {2}, {1, 1}),
                                  tensor<uint8_t>(DType::b1, {2}, {1, 1}), DType::b1)),
            std::vector<uint8_t>{1});
  EXPECT_EQ(elements<uint8_t>(dot("i1", tensor<uint8_t>(DType::b1, {2}, {1, 0}),
                                  tensor<uint8_t>(DType::b1, {2}, {0, 1}), DType::b1)),
            std::vector<uint8_t>{0});
}

TEST(Reference, SumsRoundOnce) {
  // 2^24 + 1 - 2^24: an f32 sum would lose the 1.
  EXPECT_EQ(elements<float>(runBody(
                "%a: tensor<3xf32>",
                R"(%r = ricci.einsum "i->" ins(%a : tensor<3xf32>) -> tensor<f32>)", "tensor<f32>",
                {tensor<float>(DType::f32, {3}, {16777216, 1, -16777216})}, DType::f32, {})),
            F32{1});
  EXPECT_EQ(elements<double>(
                runBody("%a: tensor<3xf64>",
                        R"(%r = ricci.reduce sum %a dims = [0] : tensor<3xf64> -> tensor<f64>)",
                        "tensor<f64>", {tensor<double>(DType::f64, {3}, {0x1p53, 1, -0x1p53})},
                        DType::f64, {})),
            std::vector<double>{1});
  // 1 + 2^-8 + 2^-40 lies just above the middle of two bf16: through f32 it would become the
  // middle, and round down to even.
  Tensor x = tensor<float>(DType::f32, {3}, {1, 0x1p-8f, 0x1p-40f});
  EXPECT_EQ(elements<uint16_t>(
                runBody("%a: tensor<3xf32>",
                        R"(%r = ricci.einsum "i->" ins(%a : tensor<3xf32>) -> tensor<bf16>)",
                        "tensor<bf16>", {x}, DType::bf16, {})),
            std::vector<uint16_t>{bf16FromFloat(1 + 0x1p-7f)});
}

TEST(Reference, IntermediatesOfSmallFloatsAreNotRounded) {
  // 1 + 2^-12 is an f32 intermediate; as f16 it would be 1, and the difference 0.
  Tensor a = tensor<float>(DType::f32, {2}, {1 + 0x1p-12f, -1});
  Tensor b = tensor<uint16_t>(DType::f16, {2}, {halfFromFloat(1), halfFromFloat(1)});
  EXPECT_EQ(
      elements<uint16_t>(runBody(
          "%a: tensor<2xf32>, %b: tensor<2xf16>",
          R"(%r = ricci.einsum "i,i->" ins(%a, %b : tensor<2xf32>, tensor<2xf16>) -> tensor<f16>)",
          "tensor<f16>", {a, b}, DType::f16, {})),
      std::vector<uint16_t>{halfFromFloat(0x1p-12f)});
}

TEST(Reference, MixedTypesConvertFirst) {
  Tensor a = tensor<int8_t>(DType::i8, {2}, {100, 100});
  Tensor b = tensor<float>(DType::f32, {2}, {2, 0.5});
  EXPECT_EQ(
      elements<float>(runBody(
          "%a: tensor<2xi8>, %b: tensor<2xf32>",
          R"(%r = ricci.einsum "i,i->" ins(%a, %b : tensor<2xi8>, tensor<2xf32>) -> tensor<f32>)",
          "tensor<f32>", {a, b}, DType::f32, {})),
      F32{250});
  Tensor c = tensor<std::complex<float>>(DType::c64, {2}, {{1, 2}, {3, -1}});
  EXPECT_EQ(
      elements<std::complex<float>>(runBody(
          "%a: tensor<2xf32>, %b: tensor<2xcomplex<f32>>",
          R"(%r = ricci.einsum "i,i->" ins(%a, %b : tensor<2xf32>, tensor<2xcomplex<f32>>) -> tensor<complex<f32>>)",
          "tensor<complex<f32>>", {b, c}, DType::c64, {})),
      (std::vector<std::complex<float>>{{3.5, 3.5}}));
}

TEST(Reference, Elementwise) {
  float nan = NAN, inf = INFINITY;
  auto binary = [](const char *kind, F32 a, F32 b) {
    int64_t n = int64_t(a.size());
    std::string t = "tensor<" + std::to_string(n) + "xf32>";
    return elements<float>(runBody(
        "%a: " + t + ", %b: " + t,
        "%r = ricci.elementwise " + std::string(kind) + "(%a, %b) : (" + t + ", " + t + ") -> " + t,
        t, {tensor<float>(DType::f32, {n}, a), tensor<float>(DType::f32, {n}, b)}, DType::f32,
        {n}));
  };
  EXPECT_EQ(binary("add", {1, 2}, {3, 4}), (F32{4, 6}));
  EXPECT_EQ(binary("subtract", {1, 2}, {3, 5}), (F32{-2, -3}));
  EXPECT_EQ(binary("multiply", {3, 2}, {3, 5}), (F32{9, 10}));
  EXPECT_EQ(binary("divide", {3, 1}, {2, 0}), (F32{1.5, inf}));
  EXPECT_EQ(binary("maximum", {3, -1}, {2, 0}), (F32{3, 0}));
  EXPECT_EQ(binary("minimum", {3, -1}, {2, 0}), (F32{2, -1}));
  for (const char *kind : {"maximum", "minimum"})
    for (float x : binary(kind, {nan, 1, nan}, {1, nan, nan}))
      EXPECT_TRUE(std::isnan(x)) << kind;
  auto unary = [](const char *kind, float a) {
    return elements<float>(runBody(
        "%a: tensor<f32>",
        "%r = ricci.elementwise " + std::string(kind) + "(%a) : (tensor<f32>) -> tensor<f32>",
        "tensor<f32>", {tensor<float>(DType::f32, {}, {a})}, DType::f32, {}))[0];
  };
  EXPECT_EQ(unary("negative", 2), -2);
  EXPECT_TRUE(std::signbit(unary("negative", 0)));
  EXPECT_EQ(unary("absolute", -2), 2);
  EXPECT_EQ(unary("exp", 1), 2.7182817f);
  EXPECT_EQ(unary("log", 10), 2.3025851f);
  EXPECT_EQ(unary("sqrt", 2), 1.4142135f);
  EXPECT_EQ(unary("tanh", 0.5), 0.46211717f);
  // Broadcasting, integers and complex numbers.
  EXPECT_EQ(
      elements<int64_t>(runBody("%a: tensor<2x1xi64>, %b: tensor<3xi64>",
                                "%r = ricci.elementwise add(%a, %b) : (tensor<2x1xi64>, "
                                "tensor<3xi64>) -> tensor<2x3xi64>",
                                "tensor<2x3xi64>", {iota({2, 1}), iota({3})}, DType::i64, {2, 3})),
      (I64{0, 1, 2, 1, 2, 3}));
  EXPECT_EQ(elements<int8_t>(runBody(
                "%a: tensor<2xi8>",
                "%r = ricci.elementwise absolute(%a) : (tensor<2xi8>) -> tensor<2xi8>",
                "tensor<2xi8>", {tensor<int8_t>(DType::i8, {2}, {-128, -5})}, DType::i8, {2})),
            (std::vector<int8_t>{-128, 5}));
  EXPECT_EQ(
      elements<float>(runBody(
          "%a: tensor<complex<f32>>",
          "%r = ricci.elementwise absolute(%a) : (tensor<complex<f32>>) -> tensor<f32>",
          "tensor<f32>", {tensor<std::complex<float>>(DType::c64, {}, {{3, 4}})}, DType::f32, {})),
      F32{5});
  EXPECT_EQ(elements<std::complex<float>>(
                runBody("%a: tensor<complex<f32>>",
                        "%r = ricci.elementwise divide(%a, %a) : (tensor<complex<f32>>, "
                        "tensor<complex<f32>>) -> tensor<complex<f32>>",
                        "tensor<complex<f32>>",
                        {tensor<std::complex<float>>(DType::c64, {}, {{3, 4}})}, DType::c64, {})),
            (std::vector<std::complex<float>>{{1, 0}}));
  // f16 rounds after the operation: 2048 + 1 is no f16.
  Tensor h = tensor<uint16_t>(DType::f16, {2}, {halfFromFloat(2048), halfFromFloat(1)});
  EXPECT_EQ(
      elements<uint16_t>(runBody(
          "%a: tensor<2xf16>, %b: tensor<1xf16>",
          "%r = ricci.elementwise add(%a, %b) : (tensor<2xf16>, tensor<1xf16>) -> tensor<2xf16>",
          "tensor<2xf16>", {h, tensor<uint16_t>(DType::f16, {1}, {halfFromFloat(1)})}, DType::f16,
          {2})),
      (std::vector<uint16_t>{halfFromFloat(2048), halfFromFloat(2)}));
}

TEST(Reference, KnowsEveryScalarOperation) {
  for (auto op = ScalarOp::Add; op <= ScalarOp::Imag; op = ScalarOp(int(op) + 1))
    for (int d = 0; d < kNumDTypes; ++d) {
      bool isComputed = computeDType(op, DType(d)) == DType(d);
      EXPECT_EQ(reference::scalarFunction(op, DType(d)) != nullptr, isComputed)
          << nameOf(op) << " on " << shortName(DType(d));
    }
}

TEST(Reference, Reductions) {
  auto reduce = [](const char *kind, const char *dims, const char *type, Shape shape) {
    return elements<int64_t>(runBody("%a: tensor<2x3xi64>",
                                     "%r = ricci.reduce " + std::string(kind) +
                                         " %a dims = " + dims + " : tensor<2x3xi64> -> " + type,
                                     type, {iota({2, 3})}, DType::i64, shape));
  };
  EXPECT_EQ(reduce("sum", "[1]", "tensor<2xi64>", {2}), (I64{3, 12}));
  EXPECT_EQ(reduce("sum", "[0]", "tensor<3xi64>", {3}), (I64{3, 5, 7}));
  EXPECT_EQ(reduce("prod", "[0, 1]", "tensor<i64>", {}), (I64{0}));
  EXPECT_EQ(reduce("max", "[0]", "tensor<3xi64>", {3}), (I64{3, 4, 5}));
  EXPECT_EQ(reduce("min", "[]", "tensor<2x3xi64>", {2, 3}), (I64{0, 1, 2, 3, 4, 5}));
  auto empty = [](const char *kind) {
    return elements<float>(runBody(
        "%a: tensor<0xf32>",
        "%r = ricci.reduce " + std::string(kind) + " %a dims = [0] : tensor<0xf32> -> tensor<f32>",
        "tensor<f32>", {tensor<float>(DType::f32, {0}, {})}, DType::f32, {}))[0];
  };
  EXPECT_EQ(empty("sum"), 0);
  EXPECT_EQ(empty("prod"), 1);
  Tensor x = tensor<float>(DType::f32, {2, 2}, {1, NAN, 0, 2});
  std::vector<float> max = elements<float>(
      runBody("%a: tensor<2x2xf32>",
              "%r = ricci.reduce max %a dims = [1] : tensor<2x2xf32> -> tensor<2xf32>",
              "tensor<2xf32>", {x}, DType::f32, {2}));
  EXPECT_TRUE(std::isnan(max[0]));
  EXPECT_EQ(max[1], 2);
  Tensor bools = tensor<uint8_t>(DType::b1, {2, 2}, {0, 1, 1, 1});
  auto test = [&](const char *kind) {
    return elements<uint8_t>(runBody("%a: tensor<2x2xi1>",
                                     "%r = ricci.reduce " + std::string(kind) +
                                         " %a dims = [1] : tensor<2x2xi1> -> tensor<2xi1>",
                                     "tensor<2xi1>", {bools}, DType::b1, {2}));
  };
  EXPECT_EQ(test("any"), (std::vector<uint8_t>{1, 1}));
  EXPECT_EQ(test("all"), (std::vector<uint8_t>{0, 1}));
}

TEST(Reference, ShapesAndConstants) {
  auto shape = [](const char *op, const char *type, Shape result) {
    return elements<int64_t>(runBody("%a: tensor<2x3xi64>",
                                     "%r = ricci." + std::string(op) + " -> " + type, type,
                                     {iota({2, 3})}, DType::i64, result));
  };
  EXPECT_EQ(shape("transpose %a perm = [1, 0] : tensor<2x3xi64>", "tensor<3x2xi64>", {3, 2}),
            (I64{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(shape("reshape %a : tensor<2x3xi64>", "tensor<3x2xi64>", {3, 2}),
            (I64{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(shape("broadcast %a : tensor<2x3xi64>", "tensor<2x2x3xi64>", {2, 2, 3}),
            (I64{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(shape("slice %a start = [1, 2] size = [2, 2] step = [-1, -2] : tensor<2x3xi64>",
                  "tensor<2x2xi64>", {2, 2}),
            (I64{5, 3, 2, 0}));
  EXPECT_EQ(shape("slice %a start = [9, 9] size = [0, 0] step = [1, 1] : tensor<2x3xi64>",
                  "tensor<0x0xi64>", {0, 0}),
            I64{});
  // A reshape reads a strided input in C order.
  I64 memory = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(elements<int64_t>(runBody(
                "%a: tensor<3x2xi64>", "%r = ricci.reshape %a : tensor<3x2xi64> -> tensor<6xi64>",
                "tensor<6xi64>", {Tensor::borrow(memory.data(), {3, 2}, {1, 3})}, DType::i64, {6})),
            (I64{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(elements<float>(runBody("", "%r = ricci.constant dense<1.5> : tensor<2xf32>",
                                    "tensor<2xf32>", {}, DType::f32, {2})),
            (F32{1.5, 1.5}));
  EXPECT_EQ(elements<int16_t>(runBody("", "%r = ricci.constant dense<-7> : tensor<1xi16>",
                                      "tensor<1xi16>", {}, DType::i16, {1})),
            std::vector<int16_t>{-7});
  EXPECT_EQ(elements<uint8_t>(runBody("", "%r = ricci.constant dense<true> : tensor<1xi1>",
                                      "tensor<1xi1>", {}, DType::b1, {1})),
            std::vector<uint8_t>{1});
  EXPECT_EQ(elements<std::complex<double>>(
                runBody("", "%r = ricci.constant dense<(1.0, -2.0)> : tensor<complex<f64>>",
                        "tensor<complex<f64>>", {}, DType::c128, {})),
            (std::vector<std::complex<double>>{{1, -2}}));
}

TEST(Reference, Casts) {
  auto cast = [](const Tensor &x, const char *from, const char *to, DType dtype) {
    std::string n = "tensor<" + std::to_string(x.size()) + "x";
    return runBody("%a: " + n + from + ">",
                   "%r = ricci.cast %a : " + n + from + "> -> " + n + to + ">", n + to + ">", {x},
                   dtype, x.shape());
  };
  Tensor x = tensor<float>(DType::f32, {4}, {-1.9f, 300, NAN, 1e10f});
  EXPECT_EQ(elements<int32_t>(cast(x, "f32", "i32", DType::i32)),
            (std::vector<int32_t>{-1, 300, INT32_MIN, INT32_MIN}));
  EXPECT_EQ(elements<int64_t>(cast(x, "f32", "i64", DType::i64)),
            (I64{-1, 300, INT64_MIN, 10000000000}));
  EXPECT_EQ(elements<uint8_t>(cast(x, "f32", "ui8", DType::u8)),
            (std::vector<uint8_t>{255, 44, 0, 0}));
  EXPECT_EQ(elements<uint8_t>(cast(x, "f32", "i1", DType::b1)), (std::vector<uint8_t>{1, 1, 1, 1}));
  Tensor big = tensor<uint64_t>(DType::u64, {1}, {uint64_t(1) << 63});
  EXPECT_EQ(elements<double>(cast(big, "ui64", "f64", DType::f64)), std::vector<double>{0x1p63});
  EXPECT_EQ(elements<uint64_t>(
                cast(tensor<double>(DType::f64, {1}, {0x1p63}), "f64", "ui64", DType::u64)),
            std::vector<uint64_t>{uint64_t(1) << 63});
  EXPECT_EQ(
      elements<uint16_t>(cast(tensor<double>(DType::f64, {1}, {1.5}), "f64", "f16", DType::f16)),
      std::vector<uint16_t>{0x3E00});
  EXPECT_EQ(elements<float>(cast(tensor<std::complex<double>>(DType::c128, {1}, {{2.5, 9}}),
                                 "complex<f64>", "f32", DType::f32)),
            F32{2.5});
}

TEST(Reference, KernelsAreTransparent) {
  Tensor r =
      runBody("%a: tensor<2x2xi64>",
              R"(%k = ricci.kernel "twice" ins(%x = %a : tensor<2x2xi64>) -> tensor<2x2xi64> {
                          %1 = ricci.elementwise add(%x, %x) : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
                          ricci.yield %1 : tensor<2x2xi64>
                        }
                        %r = ricci.einsum "ij,jk->ik" ins(%k, %a : tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>)",
              "tensor<2x2xi64>", {iota({2, 2})}, DType::i64, {2, 2});
  EXPECT_EQ(elements<int64_t>(r), (I64{4, 6, 12, 22}));
}

TEST(Reference, AccumulatesIntoStridedOutputs) {
  Module m(
      R"(func.func @main(%a: tensor<2x2xf32>) -> tensor<2x2xf32> attributes {ricci.accumulate} {
    return %a : tensor<2x2xf32>
  })");
  ASSERT_TRUE(m.module);
  auto program = makeReferenceProgram(*m.module).value();
  F32 memory = {10, 20, 30, 40};
  Tensor out = Tensor::borrow(memory.data(), {2, 2}, {1, 2});
  Tensor a = tensor<float>(DType::f32, {2, 2}, {1, 2, 3, 4});
  ASSERT_TRUE(program->run({a}, {out}));
  EXPECT_EQ(memory, (F32{11, 23, 32, 44}));
}

TEST(Reference, OutlivesItsModuleAndServesManyThreads) {
  std::shared_ptr<const HostProgram> program;
  {
    Module m(
        R"(func.func @main(%a: tensor<8x8xi64>, %b: tensor<8x8xi64>) -> (tensor<8x8xi64>, tensor<i64>) {
      %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<8x8xi64>, tensor<8x8xi64>) -> tensor<8x8xi64>
      %1 = ricci.einsum "ij->" ins(%0 : tensor<8x8xi64>) -> tensor<i64>
      return %0, %1 : tensor<8x8xi64>, tensor<i64>
    })");
    program = makeReferenceProgram(*m.module).value();
  }
  std::vector<std::thread> threads;
  std::vector<int64_t> sums(8);
  for (int64_t &sum : sums)
    threads.emplace_back([&] {
      Tensor r = Tensor::allocate(DType::i64, {8, 8}).value(),
             s = Tensor::allocate(DType::i64, {}).value();
      if (program->run({iota({8, 8}), iota({8, 8})}, {r, s}))
        sum = *s.data<int64_t>();
    });
  for (std::thread &thread : threads)
    thread.join();
  // Sum over j of (column sum of a) * (row sum of b).
  int64_t expected = 0;
  for (int64_t j = 0; j < 8; ++j)
    expected += (224 + 8 * j) * (64 * j + 28);
  for (int64_t sum : sums)
    EXPECT_EQ(sum, expected);
}

TEST(Reference, Errors) {
  Module m(R"(func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> { return %a : tensor<2xf32> })");
  auto program = makeReferenceProgram(*m.module).value();
  Tensor out = Tensor::allocate(DType::f32, {2}).value();
  Status wrong = program->run({tensor<float>(DType::f32, {3}, {1, 2, 3})}, {out});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "input 1 is f32[2], not f32[3]");
  Status missing = program->run({}, {out});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "the program has 1 inputs, not 0");

  Module unknown("func.func @main() { func.call @main() : () -> ()\n return }");
  auto failed = makeReferenceProgram(*unknown.module);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "the reference interpreter does not know the operation func.call");

  Module huge(
      R"(func.func @main(%a: tensor<65536xi8>, %b: tensor<65536xi8>, %c: tensor<65536xi8>) -> tensor<i8> {
    %0 = ricci.einsum "i,j,k->" ins(%a, %b, %c : tensor<65536xi8>, tensor<65536xi8>, tensor<65536xi8>) -> tensor<i8>
    return %0 : tensor<i8>
  })");
  auto slow = makeReferenceProgram(*huge.module).value();
  Tensor x = Tensor::allocate(DType::i8, {65536}).value();
  Status refused = slow->run({x, x, x}, {Tensor::allocate(DType::i8, {}).value()});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("more than 2^46 points"), std::string::npos);
}

} // namespace
} // namespace ricci::test
