//===- first_result.cpp - what a fresh process waits for ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the milliseconds from main to the first result. Run it twice: the second process finds the
// program on disk, unless RICCI_CACHE_DIR is off.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"

#include <chrono>
#include <cstdio>

int main() {
  const auto start = std::chrono::steady_clock::now();
  const ricci::Shape shape = {2, 4, 64, 64};
  std::vector<float> a(2 * 4 * 64 * 64, 1.0f), b(a.size(), 2.0f);
  const ricci::Tensor c =
      ricci::einsum("bhid,bhjd->bhij", {ricci::Tensor::borrow(a.data(), shape),
                                        ricci::Tensor::borrow(b.data(), shape)});
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  std::printf("%.3f ms to the first result, which begins with %g\n", time.count(),
              double(*c.data<float>()));
}
