//===- contractions.h - contractions as the texts of functions ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <fmt/format.h>

#include <string>

namespace ricci::test {

inline std::string einsum(const std::string &equation, const std::string &a, const std::string &b,
                          const std::string &c, bool accumulate = false) {
  return fmt::format(R"(func.func @main(%a: tensor<{1}>, %b: tensor<{2}>) -> tensor<{3}>{4} {{
  %0 = ricci.einsum "{0}" ins(%a, %b : tensor<{1}>, tensor<{2}>) -> tensor<{3}>
  return %0 : tensor<{3}>
}}
)",
                     equation, a, b, c, accumulate ? " attributes {ricci.accumulate}" : "");
}

inline std::string matrix(int64_t rows, int64_t columns, const std::string &type) {
  return fmt::format("{}x{}x{}", rows, columns, type);
}

/// "ij,jk->ik" in one of the orders that A and B can be in.
inline std::string product(int order, int64_t m, int64_t n, int64_t k, const std::string &a,
                           const std::string &c) {
  bool turnedA = order & 1, turnedB = order & 2;
  return einsum(fmt::format("{},{}->ik", turnedA ? "ji" : "ij", turnedB ? "kj" : "jk"),
                turnedA ? matrix(k, m, a) : matrix(m, k, a),
                turnedB ? matrix(n, k, a) : matrix(k, n, a), matrix(m, n, c));
}

/// The same with a bias of columns, a factor of rows and a residual: max(%0 * %f + %bias, %0 * %f)
/// - %r.
inline std::string productAndEpilogue(int64_t m, int64_t n, int64_t k, const std::string &type) {
  return fmt::format(R"(func.func @main(%a: tensor<{0}x{2}x{3}>, %b: tensor<{2}x{1}x{3}>,
    %bias: tensor<{1}x{3}>, %f: tensor<{0}x1x{3}>, %r: tensor<{0}x{1}x{3}>) -> tensor<{0}x{1}x{3}> {{
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<{0}x{2}x{3}>, tensor<{2}x{1}x{3}>) -> tensor<{0}x{1}x{3}>
  %1 = ricci.elementwise multiply(%0, %f) : (tensor<{0}x{1}x{3}>, tensor<{0}x1x{3}>) -> tensor<{0}x{1}x{3}>
  %2 = ricci.elementwise add(%1, %bias) : (tensor<{0}x{1}x{3}>, tensor<{1}x{3}>) -> tensor<{0}x{1}x{3}>
  %3 = ricci.elementwise maximum(%2, %1) : (tensor<{0}x{1}x{3}>, tensor<{0}x{1}x{3}>) -> tensor<{0}x{1}x{3}>
  %4 = ricci.elementwise subtract(%3, %r) : (tensor<{0}x{1}x{3}>, tensor<{0}x{1}x{3}>) -> tensor<{0}x{1}x{3}>
  return %4 : tensor<{0}x{1}x{3}>
}}
)",
                     m, n, k, type);
}

/// "ij,jk->ik" in one of the orders that A and B can be in, of max(x * %s, %s) * %f for one of
/// them: %s along its first axis, %f along its second. It is widened from type x; the result is
/// multiplied with itself where `goesOn`.
inline std::string computedProduct(int order, bool second, int64_t m, int64_t n, int64_t k,
                                   const std::string &x, const std::string &type,
                                   bool goesOn = false) {
  bool turnedA = order & 1, turnedB = order & 2;
  int64_t a[2] = {turnedA ? k : m, turnedA ? m : k}, b[2] = {turnedB ? n : k, turnedB ? k : n};
  int64_t *own = second ? b : a, *other = second ? a : b;
  return fmt::format(
      R"(func.func @main(%x: tensor<{0}x{4}>, %s: tensor<{1}x1x{5}>, %f: tensor<{2}x{5}>,
    %y: tensor<{3}x{5}>) -> tensor<{6}x{5}> {{
  %w = ricci.cast %x : tensor<{0}x{4}> -> tensor<{0}x{5}>
  %0 = ricci.elementwise multiply(%w, %s) : (tensor<{0}x{5}>, tensor<{1}x1x{5}>) -> tensor<{0}x{5}>
  %1 = ricci.elementwise maximum(%0, %s) : (tensor<{0}x{5}>, tensor<{1}x1x{5}>) -> tensor<{0}x{5}>
  %2 = ricci.elementwise multiply(%1, %f) : (tensor<{0}x{5}>, tensor<{2}x{5}>) -> tensor<{0}x{5}>
  %3 = ricci.einsum "{7}" ins({8}) -> tensor<{6}x{5}>
  {9}
}}
)",
      fmt::format("{}x{}", own[0], own[1]), own[0], own[1],
      fmt::format("{}x{}", other[0], other[1]), x, type, fmt::format("{}x{}", m, n),
      fmt::format("{},{}->ik", turnedA ? "ji" : "ij", turnedB ? "kj" : "jk"),
      second ? fmt::format("%y, %2 : tensor<{0}x{1}x{4}>, tensor<{2}x{3}x{4}>", a[0], a[1], b[0],
                           b[1], type)
             : fmt::format("%2, %y : tensor<{0}x{1}x{4}>, tensor<{2}x{3}x{4}>", a[0], a[1], b[0],
                           b[1], type),
      goesOn ? fmt::format("%4 = ricci.elementwise multiply(%3, %3) : (tensor<{0}x{1}"
                           ">, tensor<{0}x{1}>) -> tensor<{0}x{1}>\n  return %4 : "
                           "tensor<{0}x{1}>",
                           fmt::format("{}x{}", m, n), type)
             : fmt::format("return %3 : tensor<{}x{}x{}>", m, n, type));
}

} // namespace ricci::test
