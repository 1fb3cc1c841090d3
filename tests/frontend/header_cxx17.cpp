//===- header_cxx17.cpp - ricci.h compiles as C++17 ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <ricci/ricci.h>

static_assert(ricci::f32 == ricci::DType::f32 && ricci::bf16 == ricci::DType::bf16);

ricci::Tensor matmul(const float *a, const float *b) {
  return ricci::einsum("ij,jk->ik",
                       {ricci::Tensor::borrow(a, {2, 3}), ricci::Tensor::borrow(b, {3, 4})});
}

ricci::Tensor matmulByNumbers(const ricci::Tensor &a, const ricci::Tensor &b) {
  return ricci::einsum(ricci::EinsumLabels{{{0, 1}, {1, 2}}, {{0, 2}}}, {a, b});
}
