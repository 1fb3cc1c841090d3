//===- expr_test.cpp - programs built with operators ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <gtest/gtest.h>
#include <ricci/ricci.h>

#include <array>
#include <cmath>

using namespace ricci;

namespace {

Expr in(const char *name) { return Expr::input(name, f32, {2, 3}); }

TEST(Expr, Text) {
  Expr x = in("x"), y = in("y");
  auto text = [](const Expr &e) { return e.text(); };
  EXPECT_EQ(text(exp(-x * x) * tanh(x)), "exp((-x) * x) * tanh(x)");
  EXPECT_EQ(text(x + y * 2 - 1.5), "(x + (y * 2)) - 1.5");
  EXPECT_EQ(text(power(x, -1) / 3.0f), "(x ** (-1)) / 3.0");
  EXPECT_EQ(text((x > 0) & ~(x <= y)), "(x > 0) & (~(x <= y))");
  EXPECT_EQ(text(matmul(x, y.T())), "x @ y.T");
  EXPECT_EQ(text((x + y).T() % 2), "(x + y).T % 2");
  EXPECT_EQ(text(where(x == 0, true, 1e-5)), "where(x == 0, True, 1e-05)");
  EXPECT_EQ(text(x + INFINITY - NAN), "(x + inf) - nan");
  EXPECT_EQ(text(x - -INFINITY), "x - (-inf)");
  EXPECT_EQ(text(x * std::complex<double>(1, -2)), "x * (1.0 + ((-2.0) * 1j))");
  EXPECT_EQ(text(x * std::complex<double>(0, 1)), "x * (1.0 * 1j)");
  EXPECT_EQ(text(x.astype(f16).reshape({3, -1})), "reshape(x.astype('float16'), (3, -1))");
  EXPECT_EQ(text(einsum("ij,ij->", x, y)), "einsum('ij,ij->', x, y)");
}

TEST(Expr, Indices) {
  Expr x = in("x"), i = in("i");
  EXPECT_EQ(x[0].text(), "x[0]");
  EXPECT_EQ((x[{slice(1, -1), newaxis, ellipsis, -1}].text()), "x[1:-1, None, ..., -1]");
  EXPECT_EQ((x[{slice(), slice({}, {}, -1)}].text()), "x[:, ::-1]");
  EXPECT_EQ((x[{i % 2, slice(2)}].text()), "x[i % 2, 2:]");
  EXPECT_EQ((-x)[i].text(), "(-x)[i]");
}

TEST(Expr, Reductions) {
  Expr x = in("x");
  EXPECT_EQ(sum(x).text(), "sum(x, axis=None)");
  EXPECT_EQ(mean(x, -1, true).text(), "mean(x, axis=-1, keepdims=True)");
  EXPECT_EQ(ricci::max(x, {0, 1}).text(), "max(x, axis=(0, 1))");
  EXPECT_EQ(any(x, {1}).text(), "any(x, axis=(1,))");
  EXPECT_EQ(call("pad", {x, Expr::tuple({1, 2})}, {{"constant_values", 2}}).text(),
            "pad(x, (1, 2), constant_values=2)");
  EXPECT_EQ(call("zeros", {}, {{"shape", Expr::list({2})}, {"dtype", Expr::dtype(f32)}}).text(),
            "zeros(shape=[2], dtype='float32')");
}

TEST(Expr, WhatIsSharedHasALine) {
  Expr x = in("x"), t = in("t0");
  Expr y = x + t;
  EXPECT_EQ((y * y).text(), "t1 = x + t0\nt1 * t1");
  Expr e = exp(x);
  EXPECT_EQ((e / sum(e)).text(), "t0 = exp(x)\nt0 / sum(t0, axis=None)");
}

TEST(Expr, TensorsHaveNames) {
  std::array<float, 6> data{};
  Tensor a = Tensor::borrow(data.data(), {2, 3}), b = Tensor::borrow(data.data(), {3, 2});
  EXPECT_EQ((a * a + 1).text(), "(x0 * x0) + 1");
  EXPECT_EQ(matmul(a, b).text(), "x0 @ x1");
  EXPECT_EQ((in("x0") * a).text(), "x0 * x1");
}

TEST(Expr, SizeAndDepthAreFree) {
  Expr deep = in("x"), wide = in("x");
  for (int i = 0; i < 100'000; ++i)
    deep = -deep;
  for (int i = 0; i < 60; ++i)
    wide = wide + wide; // 2**60 paths
  EXPECT_LT(deep.text().size(), 1'000'000u);
  EXPECT_LT(wide.text().size(), 2'000u);
}

TEST(Expr, WrongUse) {
  float number = 0;
  Tensor a = Tensor::borrow(&number, {});
  auto message = [](const auto &result) { return result ? "" : result.error().message; };
  EXPECT_EQ(message((in("x") + Expr::input("x", f64, {2})).try_eval()),
            "input 'x' is f32[2,3] and f64[2]");
  EXPECT_EQ(message(in("x").try_eval()), "there is no tensor for the input 'x'");
  EXPECT_EQ(message(in("x").try_eval({{"x", a}})), "input 'x' is f32[2,3], but f32[] is given");
  EXPECT_EQ(message(Expr(a).try_eval({{"x", a}})), "the expression has no input 'x'");
  EXPECT_EQ(message(try_compile({in("x") + a})).substr(0, 35),
            "the expression holds the tensor x0 ");
  EXPECT_THROW((void)(in("x") + Expr::input("x", f64, {2})).text(), Error);
}

TEST(Expr, RunsAsTheTextWould) {
  if (!loadCompiler())
    GTEST_SKIP() << "built without libricci_compiler";
  ProgramOptions options;
  options.device = DeviceKind::Reference;
  std::array<float, 6> data{1, -2, 3, -4, 5, -6};
  Tensor x = Tensor::borrow(data.data(), {2, 3});

  Tensor y = (abs(x) + 0.5).eval({}, options);
  EXPECT_EQ(y.dtype(), f32) << "numbers are weak";
  EXPECT_EQ(y.data<float>()[1], 2.5f);

  Expr e = exp(x);
  std::vector<Tensor> both = evaluate({e / sum(e), sum(x, 0)}, {}, options);
  Tensor text = evaluate("exp(x) / sum(exp(x))", {{"x", x}}, options).front();
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(both[0].data<float>()[i], text.data<float>()[i]);
  EXPECT_EQ(both[1].data<float>()[2], -3);

  Expr q = Expr::input("q", f32, {2, 3}), k = Expr::input("k", f32, {4, 3});
  Function f = compile(softmax(matmul(q, k.T()) / 8.0, -1), options);
  EXPECT_EQ(f.parameters()[0].name, "q");
  EXPECT_EQ(f.results()[0].str(), "f32[2,4]");
  EXPECT_EQ(f.source(), "softmax((q @ k.T) / 8.0, axis=-1)");

  Expected<Tensor> wrong = (x + Tensor::borrow(data.data(), {2})).try_eval({}, options);
  EXPECT_EQ(wrong.error().message.substr(0, 44), "shapes (2, 3) and (2,) do not broadcast: axi");
  EXPECT_EQ(wrong.error().source, "x0 + x1");

  Expr deep = x;
  for (int i = 0; i < 2000; ++i)
    deep = deep + 1;
  EXPECT_EQ(deep.eval({}, options).data<float>()[0], 2001);
}

} // namespace
