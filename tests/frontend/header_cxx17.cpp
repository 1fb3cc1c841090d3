//===- header_cxx17.cpp - ricci.h compiles as C++17 ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <ricci/c_api.h>
#include <ricci/dlpack.h>
#include <ricci/ricci.h>

static_assert(ricci::f32 == ricci::DType::f32 && ricci::bf16 == ricci::DType::bf16);

ricci::Tensor matmul(const float *a, const float *b) {
  return ricci::einsum("ij,jk->ik",
                       {ricci::Tensor::borrow(a, {2, 3}), ricci::Tensor::borrow(b, {3, 4})});
}

ricci::Tensor matmulByNumbers(const ricci::Tensor &a, const ricci::Tensor &b) {
  return ricci::einsum(ricci::EinsumLabels{{{0, 1}, {1, 2}}, {{0, 2}}}, {a, b});
}

ricci::Tensor attention(const ricci::Tensor &q, const ricci::Tensor &k) {
  ricci::Function f = ricci::compile("softmax(q @ k.T / 8.0, axis=-1)",
                                     {{"q", ricci::f32, {128, 64}}, {"k", ricci::f32, {256, 64}}});
  ricci::Tensor out = f({q, k});
  f.into({q, k}, {out});
  return ricci::evaluate("exp(s)", {{"s", out}}).front();
}

ricci::Tensor withOperators(const ricci::Tensor &x, const ricci::Tensor &i) {
  using namespace ricci;
  Expr y = exp(-x * x) * tanh(x) + 2 * where(x > 0.5, x, 1);
  y = y[{slice(1, -1), newaxis, 0, ellipsis, i}] + sum(y, {0, -1}, true) + ricci::max(y, 1);
  Expr z = Expr::input("z", f32, {3, 4});
  Function f = compile({y, einsum("ij,jk->ik", z, z.T())});
  return matmul(x, y[0]).eval();
}
