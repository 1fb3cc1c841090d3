//===- attentions.h - attention as the texts of functions ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <fmt/format.h>

#include <string>

namespace ricci::test {

/// Sizes, types and spelling of softmax(s(q k^T)) v, in a batch.
struct AttentionCase {
  std::string type = "f16";
  int64_t batch = 1, rows = 16, keys = 16, depth = 16, columns = 16;
  std::string result; ///< type; that of the operands where it is empty
  std::string first = "bid,bjd->bij", second = "bij,bjc->bic";
  std::string logits = "";    ///< lines that define %t of %s
  std::string arguments = ""; ///< that these read
};

inline std::string shape(const std::string &labels, const AttentionCase &c) {
  std::string text;
  for (char label : labels)
    text += fmt::format("{}x", label == 'b'   ? c.batch
                               : label == 'i' ? c.rows
                               : label == 'j' ? c.keys
                               : label == 'd' ? c.depth
                                              : c.columns);
  return text;
}

/// In `logits` and `arguments`, S stands for the shape and type of the scores, T for the type.
inline std::string attention(const AttentionCase &c) {
  auto operand = [](const std::string &equation, int i) {
    size_t comma = equation.find(','), arrow = equation.find("->");
    return i == 0   ? equation.substr(0, comma)
           : i == 1 ? equation.substr(comma + 1, arrow - comma - 1)
                    : equation.substr(arrow + 2);
  };
  auto tensor = [&](const std::string &labels, const std::string &type) {
    return fmt::format("tensor<{}{}>", shape(labels, c), type);
  };
  const std::string result = c.result.empty() ? c.type : c.result;
  const std::string scores = tensor("bij", c.type), sums = tensor("bij", "f32"),
                    q = tensor(operand(c.first, 0), c.type),
                    k = tensor(operand(c.first, 1), c.type),
                    v = tensor(operand(c.second, 1), c.type),
                    o = tensor(operand(c.second, 2), result);
  std::string logits = c.logits.empty()
                           ? "%t = ricci.elementwise multiply(%s, %c) : (S, tensor<T>) "
                             "-> S\n"
                           : c.logits,
              arguments = c.arguments;
  for (std::string *text : {&logits, &arguments})
    for (size_t at = 0; at < text->size(); ++at)
      if ((*text)[at] == 'S')
        text->replace(at, 1, scores);
      else if ((*text)[at] == 'T')
        text->replace(at, 1, c.type);
  // Sums of 16-bit floats are those of f32.
  std::string sum =
      c.type == "f32"
          ? fmt::format("  %d = ricci.reduce sum %e dims = [2] : {} -> tensor<{}x{}xf32>\n", scores,
                        c.batch, c.rows)
          : fmt::format("  %wide = ricci.cast %e : {0} -> {1}\n"
                        "  %w = ricci.reduce sum %wide dims = [2] : {1} -> tensor<{2}x{3}xf32>\n"
                        "  %d = ricci.cast %w : tensor<{2}x{3}xf32> -> tensor<{2}x{3}x{4}>\n",
                        scores, sums, c.batch, c.rows, c.type);
  return fmt::format(
      R"(func.func @main(%q: {q}, %k: {k}, %v: {v}{arguments}) -> {o} {{
  %c = ricci.constant dense<0.25> : tensor<{type}>
  %s = ricci.einsum "{first}" ins(%q, %k : {q}, {k}) -> {s}
  {logits}
  %m = ricci.reduce max %t dims = [2] : {s} -> tensor<{b}x{i}x{type}>
  %m1 = ricci.reshape %m : tensor<{b}x{i}x{type}> -> tensor<{b}x{i}x1x{type}>
  %x = ricci.elementwise subtract(%t, %m1) : ({s}, tensor<{b}x{i}x1x{type}>) -> {s}
  %e = ricci.elementwise exp(%x) : ({s}) -> {s}
{sum}  %d1 = ricci.reshape %d : tensor<{b}x{i}x{type}> -> tensor<{b}x{i}x1x{type}>
  %p = ricci.elementwise divide(%e, %d1) : ({s}, tensor<{b}x{i}x1x{type}>) -> {s}
  %o = ricci.einsum "{second}" ins(%p, %v : {s}, {v}) -> {o}
  return %o : {o}
}}
)",
      fmt::arg("q", q), fmt::arg("k", k), fmt::arg("v", v), fmt::arg("o", o), fmt::arg("s", scores),
      fmt::arg("arguments", arguments), fmt::arg("logits", logits), fmt::arg("sum", sum),
      fmt::arg("first", c.first), fmt::arg("second", c.second), fmt::arg("type", c.type),
      fmt::arg("b", c.batch), fmt::arg("i", c.rows));
}

} // namespace ricci::test
