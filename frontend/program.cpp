//===- program.cpp - texts of the typed program -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/program.h"

#include <fmt/format.h>

#include <iterator>

namespace ricci {

static std::string spell(const std::vector<Label> &labels, const std::vector<std::string> &names) {
  std::string out;
  for (Label label : labels)
    out += names[size_t(label)];
  return out;
}

std::string Einsum::equation() const {
  std::string out;
  for (size_t i = 0; i < operands.size(); ++i)
    out += (i ? "," : "") + spell(operands[i], labelNames);
  return out + "->" + spell(output, labelNames);
}

// One line for each node, in order, then the results:
//
//   %0 = input 0 : f32[3,4]
//   %1 = input 1 : f32[4,5] strides [1,4]
//   %2 = einsum "ij,jk->ik" (%0, %1) {i=3, j=4, k=5} : f32[3,5]
//   return %2
//
// Strides are written in elements, and only where they are not C order. The equation is the
// resolved one: an explicit output, and the ellipsis as the labels …0 …1 of the broadcast shape.
std::string Program::str() const {
  std::string text;
  auto out = std::back_inserter(text);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node &node = nodes[i];
    fmt::format_to(out, "%{} = ", i);
    if (node.kind == NodeKind::Input) {
      fmt::format_to(out, "input {}", node.input);
    } else {
      fmt::format_to(out, "einsum \"{}\" (", node.einsum.equation());
      for (size_t k = 0; k < node.operands.size(); ++k)
        fmt::format_to(out, "{}%{}", k ? ", " : "", node.operands[k]);
      text += ") {";
      for (size_t k = 0; k < node.einsum.extents.size(); ++k)
        fmt::format_to(out, "{}{}={}", k ? ", " : "", node.einsum.labelNames[k],
                       node.einsum.extents[k]);
      text += '}';
    }
    fmt::format_to(out, " : {}", node.type.str());
    if (!isContiguous(node.type.shape, node.type.strides))
      fmt::format_to(out, " strides [{}]", fmt::join(node.type.strides, ","));
    text += '\n';
  }
  text += "return";
  for (size_t i = 0; i < results.size(); ++i)
    fmt::format_to(out, "{}%{}", i ? ", " : " ", results[i]);
  return text + "\n";
}

// Labels are written as their dense numbers, so the spelling is no part of it. Every list ends in a
// character that cannot be inside it.
std::string Program::key() const {
  std::string text;
  auto out = std::back_inserter(text);
  for (const Node &node : nodes) {
    if (node.kind == NodeKind::Input) {
      fmt::format_to(out, "in{} {}[{}]({})\n", node.input, shortName(node.type.dtype),
                     fmt::join(node.type.shape, ","), fmt::join(node.type.strides, ","));
      continue;
    }
    fmt::format_to(out, "einsum ({}) ", fmt::join(node.operands, ","));
    for (const std::vector<Label> &labels : node.einsum.operands)
      fmt::format_to(out, "[{}]", fmt::join(labels, ","));
    fmt::format_to(out, "->[{}]\n", fmt::join(node.einsum.output, ","));
  }
  fmt::format_to(out, "return {}", fmt::join(results, ","));
  return text;
}

} // namespace ricci
