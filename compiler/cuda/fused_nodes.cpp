//===- fused_nodes.cpp - the nodes of a fused kernel in CUDA C++
//--------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/fused_nodes.h"

#include "compiler/cuda/scalars.h"

#include "llvm/ADT/StringExtras.h"

namespace ricci {

using Kind = LoopProgram::Kind;

FusedNodes::FusedNodes(CudaText &text, const FusedGrid &grid, unsigned inputs)
    : text_(text), grid_(grid) {
  llvm::DenseMap<unsigned, int> uses;
  for (const LoopProgram::Access &access : grid.loops.accesses) {
    bool isResult = access.buffer >= inputs;
    std::string name =
        fmt::format("{}{}", isResult ? "out" : "in", access.buffer - (isResult ? inputs : 0));
    if (int use = uses[access.buffer]++)
      name += "_" + std::to_string(use);
    names_.push_back(name);
  }
}

std::vector<std::string> FusedNodes::parameters() const {
  const LoopProgram &loops = grid_.loops;
  std::vector<std::string> list;
  for (auto [i, access] : llvm::enumerate(loops.accesses)) {
    bool isStored = llvm::any_of(
        loops.stores, [&](const LoopProgram::Store &store) { return size_t(store.access) == i; });
    list.push_back(fmt::format("{}{} *__restrict__ {}", isStored ? "" : "const ",
                               storageTypeName(access.type), names_[i]));
  }
  return list;
}

void FusedNodes::indices(llvm::ArrayRef<Named> axes, const std::string &linear) {
  std::string rest = linear;
  for (size_t axis = axes.size(); axis-- > 0;) {
    const auto &[name, extent] = axes[axis];
    if (axis == 0) {
      text_.line("const {} {} = {};", indexType(), name, rest);
      return;
    }
    text_.line("const {} {} = {} % {};", indexType(), name, rest, extent);
    std::string next = name + "Rest";
    text_.line("const {} {} = {} / {};", indexType(), next, rest, extent);
    rest = next;
  }
}

void FusedNodes::scope(llvm::function_ref<void()> body) {
  auto before = known_;
  body();
  known_ = std::move(before);
}

std::string FusedNodes::sum(const LoopProgram::Numbers &factors, int64_t offset,
                            bool isWide) const {
  std::string text;
  auto add = [&](const std::string &term, bool isNegative) {
    if (!text.empty())
      text += isNegative ? " - " : " + ";
    else if (isNegative)
      text += "-";
    text += term;
  };
  for (auto [axis, factor] : llvm::enumerate(factors)) {
    if (factor == 0)
      continue;
    std::string index = fmt::format("{}i{}", isWide && !grid_.isWide ? "(i64)" : "", axis);
    uint64_t size = factor < 0 ? 0 - uint64_t(factor) : uint64_t(factor);
    add(size == 1 ? index : fmt::format("{} * {}", index, size), factor < 0);
  }
  if (offset != 0 || text.empty()) {
    uint64_t size = offset < 0 ? 0 - uint64_t(offset) : uint64_t(offset);
    add(std::to_string(size), offset < 0);
  }
  return text;
}

std::string FusedNodes::element(int access) const {
  const LoopProgram::Access &a = grid_.loops.accesses[size_t(access)];
  return fmt::format("{}[{}]", names_[size_t(access)], sum(a.strides, 0, false));
}

void FusedNodes::define(int index, const std::string &value) {
  text_.line("const {} {} = {};", valueTypeName(node(index).type), variable(index), value);
  known_[index] = variable(index);
}

std::string FusedNodes::get(int index) {
  if (auto known = known_.find(index); known != known_.end())
    return known->second;
  const LoopProgram::Node &n = node(index);
  std::vector<std::string> operands;
  if (n.kind != Kind::Pad)
    for (int operand : n.operands)
      operands.push_back(get(operand));
  switch (n.kind) {
  case Kind::Load:
    define(index, loaded(n.type, element(n.access)));
    break;
  case Kind::Pad:
    pad(index);
    break;
  case Kind::Gather:
    gather(index);
    break;
  case Kind::Constant:
    known_[index] = literal(n.type, n.data.data());
    break;
  case Kind::Position:
    define(index, sum(n.index.factors, n.index.offset, true));
    break;
  case Kind::Scalar:
    define(index, applied(n.scalar, n.computed, operands));
    break;
  case Kind::Cast:
    define(index, converted(node(n.operands[0]).type, n.type, operands[0]));
    break;
  case Kind::Reduce:
  case Kind::ArgReduce:
  case Kind::Scan:
    llvm_unreachable("the emitter of the loops says what a reduction is");
  }
  return known_[index];
}

void FusedNodes::pad(int index) {
  const LoopProgram::Node &n = node(index);
  std::vector<std::string> holds;
  for (const LoopProgram::Guard &guard : n.guards)
    holds.push_back(fmt::format("({})({}) < {}u", grid_.isWide ? "u64" : "u32",
                                sum(guard.index.factors, guard.index.offset, false), guard.extent));
  text_.line("{} {} = {};", valueTypeName(n.type), variable(index), get(n.operands[0]));
  std::string condition = llvm::join(holds, " && ");
  auto assign = [&](const std::string &value) { text_.line("{} = {};", variable(index), value); };
  if (condition.empty())
    assign(n.access < 0 ? get(n.operands[1]) : loaded(n.type, element(n.access)));
  else if (n.access < 0)
    block("if (" + condition + ")", [&] { assign(get(n.operands[1])); });
  else
    text_.line("if ({}) {} = {};", condition, variable(index), loaded(n.type, element(n.access)));
  known_[index] = variable(index);
}

void FusedNodes::gather(int index) {
  const LoopProgram::Node &n = node(index);
  std::vector<std::string> isInside;
  std::string offset = sum(grid_.loops.accesses[size_t(n.access)].strides, 0, true);
  for (auto [g, gathered] : llvm::enumerate(n.gathered)) {
    std::string at = fmt::format("at{}_{}", index, g);
    text_.line("i64 {} = {};", at, get(n.operands[g]));
    isInside.push_back(
        fmt::format("checkedIndex({}, {}ll, {}, status)", at, gathered.extent, gathered.axis));
    offset += fmt::format(" + {} * {}ll", at, gathered.stride);
  }
  text_.line("{} {} = {};", valueTypeName(n.type), variable(index), zeroLiteral(n.type));
  // All of them are looked at, as each may have something to report.
  text_.line("if ({}) {} = {};", llvm::join(isInside, " & "), variable(index),
             loaded(n.type, fmt::format("{}[{}]", pointer(n.access), offset)));
  known_[index] = variable(index);
}

void FusedNodes::store(const LoopProgram::Store &store) {
  DType type = grid_.loops.accesses[size_t(store.access)].type;
  std::string value = get(store.node);
  text_.line("{} = {};", element(store.access), stored(type, value));
}

} // namespace ricci
