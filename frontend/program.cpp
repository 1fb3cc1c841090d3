//===- program.cpp - texts of the typed program -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/program.h"

#include "runtime/half.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
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

namespace {

using Node = Program::Node;
using NodeKind = Program::NodeKind;

const char *nameOf(Reduction op) {
  static constexpr const char *names[] = {"sum", "prod", "max", "min", "any", "all"};
  return names[size_t(op)];
}
const char *nameOf(ArgReduction op) { return op == ArgReduction::Argmax ? "argmax" : "argmin"; }
const char *nameOf(Scan op) { return op == Scan::Cumsum ? "cumsum" : "cumprod"; }

std::string_view nameOf(const Node &node) {
  switch (node.kind) {
  case NodeKind::Input:
    return "input";
  case NodeKind::Constant:
    return "constant";
  case NodeKind::Iota:
    return "iota";
  case NodeKind::Elementwise:
    return nameOf(node.scalar);
  case NodeKind::Cast:
    return "cast";
  case NodeKind::Reduce:
    return nameOf(node.reduction);
  case NodeKind::ArgReduce:
    return nameOf(node.argReduction);
  case NodeKind::Scan:
    return nameOf(node.scan);
  case NodeKind::Einsum:
    return "einsum";
  case NodeKind::Reshape:
    return "reshape";
  case NodeKind::Transpose:
    return "transpose";
  case NodeKind::Broadcast:
    return "broadcast";
  case NodeKind::Slice:
    return "slice";
  case NodeKind::Windows:
    return "windows";
  case NodeKind::Pad:
    return "pad";
  case NodeKind::Concatenate:
    return "concatenate";
  case NodeKind::Gather:
    return "gather";
  }
  return "";
}

template <typename T> T load(const uint8_t *data) {
  T value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

/// One element, so that the number can be read back.
std::string formatElement(DType type, const uint8_t *data) {
  switch (type) {
  case DType::b1:
    return *data ? "True" : "False";
  case DType::i8:
    return fmt::format("{}", load<int8_t>(data));
  case DType::i16:
    return fmt::format("{}", load<int16_t>(data));
  case DType::i32:
    return fmt::format("{}", load<int32_t>(data));
  case DType::i64:
    return fmt::format("{}", load<int64_t>(data));
  case DType::u8:
    return fmt::format("{}", *data);
  case DType::u16:
    return fmt::format("{}", load<uint16_t>(data));
  case DType::u32:
    return fmt::format("{}", load<uint32_t>(data));
  case DType::u64:
    return fmt::format("{}", load<uint64_t>(data));
  case DType::f16:
    return fmt::format("{}", halfToFloat(load<uint16_t>(data)));
  case DType::bf16:
    return fmt::format("{}", bf16ToFloat(load<uint16_t>(data)));
  case DType::f32:
    return fmt::format("{}", load<float>(data));
  case DType::f64:
    return fmt::format("{}", load<double>(data));
  case DType::c64:
    return fmt::format("{}{:+}j", load<float>(data), load<float>(data + 4));
  case DType::c128:
    return fmt::format("{}{:+}j", load<double>(data), load<double>(data + 8));
  }
  return "";
}

/// "0.5" for one element or for all, else "[1, 2, 3]", cut after the first few.
std::string formatData(const Node &node) {
  constexpr size_t kShown = 8;
  size_t bytes = itemSize(node.type.dtype), count = node.data.size() / bytes;
  if (count == 1)
    return formatElement(node.type.dtype, node.data.data());
  std::string text = "[";
  for (size_t i = 0; i < std::min(count, kShown); ++i)
    text += (i ? ", " : "") + formatElement(node.type.dtype, node.data.data() + i * bytes);
  return text + (count > kShown ? ", …]" : "]");
}

/// What a node has beyond its operands: " axes [0,2]", or nothing.
std::string attributesOf(const Node &node) {
  switch (node.kind) {
  case NodeKind::Reduce:
  case NodeKind::Transpose:
    return fmt::format(" axes [{}]", fmt::join(node.axes, ","));
  case NodeKind::ArgReduce:
  case NodeKind::Scan:
  case NodeKind::Concatenate:
    return fmt::format(" axis {}", node.axes[0]);
  case NodeKind::Slice:
    return fmt::format(" start [{}] step [{}]", fmt::join(node.start, ","),
                       fmt::join(node.step, ","));
  case NodeKind::Windows:
    return fmt::format(" axis {} size {}", node.axes[0], node.start[0]);
  case NodeKind::Pad:
    return fmt::format(" before [{}] after [{}]", fmt::join(node.start, ","),
                       fmt::join(node.step, ","));
  case NodeKind::Gather:
    return fmt::format(" axes [{}] at {}", fmt::join(node.axes, ","), node.start[0]);
  default:
    return "";
  }
}

std::string operandsOf(const Node &node) {
  std::string text;
  for (size_t i = 0; i < node.operands.size(); ++i)
    text += fmt::format("{}%{}", i ? ", " : "", node.operands[i]);
  return text;
}

} // namespace

// One line for each node, in order, then the results:
//
//   %0 = input 0 : f32[3,4]
//   %1 = input 1 : f32[4,5] strides [1,4]
//   %2 = einsum "ij,jk->ik" (%0, %1) {i=3, j=4, k=5} : f32[3,5]
//   %3 = constant 0.5 : f32[]
//   %4 = multiply %2, %3 : f32[3,5]
//   %5 = sum %4 axes [1] : f32[3]
//   return %5
//
// Strides are written in elements, and only where they are not C order. The equation is the
// resolved one: an explicit output, and the ellipsis as the labels …0 …1 of the broadcast shape. A
// tuple is returned in parentheses.
std::string Program::str() const {
  std::string text;
  auto out = std::back_inserter(text);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node &node = nodes[i];
    fmt::format_to(out, "%{} = {}", i, nameOf(node));
    if (node.kind == NodeKind::Input) {
      fmt::format_to(out, " {}", node.input);
    } else if (node.kind == NodeKind::Constant) {
      fmt::format_to(out, " {}", formatData(node));
    } else if (node.kind == NodeKind::Einsum) {
      fmt::format_to(out, " \"{}\" ({}) {{", node.einsum.equation(), operandsOf(node));
      for (size_t k = 0; k < node.einsum.extents.size(); ++k)
        fmt::format_to(out, "{}{}={}", k ? ", " : "", node.einsum.labelNames[k],
                       node.einsum.extents[k]);
      text += '}';
    } else {
      fmt::format_to(out, "{}{}{}", node.operands.empty() ? "" : " ", operandsOf(node),
                     attributesOf(node));
    }
    fmt::format_to(out, " : {}", node.type.str());
    if (!isContiguous(node.type.shape, node.type.strides))
      fmt::format_to(out, " strides [{}]", fmt::join(node.type.strides, ","));
    text += '\n';
  }
  text += returnsTuple ? "return (" : "return ";
  for (size_t i = 0; i < results.size(); ++i)
    fmt::format_to(out, "{}%{}", i ? ", " : "", results[i]);
  if (returnsTuple)
    text += results.size() == 1 ? ",)" : ")";
  return text + "\n";
}

// Labels are written as their dense numbers, so the spelling is no part of it. Every list ends in a
// character that cannot be inside it; a constant's bytes come after their number. A program that
// may find an index out of range when it runs points into its own text then.
std::string Program::key() const {
  std::string text;
  auto out = std::back_inserter(text);
  bool pointsIntoText = false;
  for (const Node &node : nodes) {
    if (node.kind == NodeKind::Input) {
      fmt::format_to(out, "in{} {}[{}]({})\n", node.input, shortName(node.type.dtype),
                     fmt::join(node.type.shape, ","), fmt::join(node.type.strides, ","));
      continue;
    }
    fmt::format_to(out, "{} ({}) ", nameOf(node), fmt::join(node.operands, ","));
    if (node.kind == NodeKind::Einsum) {
      for (const std::vector<Label> &labels : node.einsum.operands)
        fmt::format_to(out, "[{}]", fmt::join(labels, ","));
      fmt::format_to(out, "->[{}]", fmt::join(node.einsum.output, ","));
    } else {
      fmt::format_to(out, "[{}][{}][{}][{}]", fmt::join(node.type.shape, ","),
                     fmt::join(node.axes, ","), fmt::join(node.start, ","),
                     fmt::join(node.step, ","));
      if (node.kind == NodeKind::Constant) {
        fmt::format_to(out, "{}:", node.data.size());
        text.append(node.data.begin(), node.data.end());
      }
    }
    if (node.kind == NodeKind::Gather) {
      fmt::format_to(out, " at {}:{}", node.span.begin, node.span.end);
      pointsIntoText = true;
    }
    fmt::format_to(out, " {}\n", shortName(node.type.dtype));
  }
  fmt::format_to(out, "return{} {}", returnsTuple ? " tuple" : "", fmt::join(results, ","));
  if (pointsIntoText)
    text += "\n" + source;
  return text;
}

} // namespace ricci
