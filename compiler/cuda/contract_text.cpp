//===- contract_text.cpp - a block's tile of a contraction ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"

#include "compiler/cuda/fused_nodes.h"
#include "compiler/cuda/scalars.h"
#include "compiler/fuse/loop_program.h"

#include <algorithm>

namespace ricci {

/// Tiles of rows that are walked through before the next column, so that B stays in the cache.
static constexpr int64_t kGroup = 8;

static bool isHalf(DType type) { return type == DType::f16 || type == DType::bf16; }

ContractText::ContractText(const ContractGrid &grid)
    : g_(grid), text_(kernel_.body), index_(grid.isWide ? "i64" : "int") {
  DTypeKind kind = kindOf(g_.result);
  computed_ = isHalf(g_.result) ? DType::f32 : g_.result;
  bool isInteger = kind == DTypeKind::Int || kind == DTypeKind::UInt;
  sum_ = !isInteger ? valueTypeName(computed_) : itemSize(computed_) == 8 ? "u64" : "u32";
  sumBytes_ = isInteger ? std::max<size_t>(itemSize(computed_), 4) : itemSize(computed_);
  m_ = totalExtent(g_.m), n_ = totalExtent(g_.n), k_ = totalExtent(g_.k);
}

void ContractText::open(const std::string &schedule) {
  describe(schedule);
  defineOffsets();
  startBlock();
}

void ContractText::describe(const std::string &schedule) {
  std::string types = typeNames();
  kernel_.name = fmt::format("contract_{}_{}x{}x{}", types, g_.rows, g_.columns, g_.depth);
  std::replace(types.begin(), types.end(), '_', ' ');
  kernel_.title = fmt::format("contract {} {}x{}x{}", types, g_.rows, g_.columns, g_.depth);
  kernel_.schedule = schedule;
  // Left alone, ptxas spills what a prologue holds rather than take more than 80 registers.
  if (g_.blocksAtOnce > 1 || g_.prologue)
    kernel_.blocksAtOnce = g_.blocksAtOnce;
  kernel_.grid.threads = {uint32_t(g_.threads()), 1, 1};
  llvm::SmallVector<DType> dtypes = {memoryType(0), memoryType(1), g_.result};
  if (g_.epilogue) {
    kernel_.name += "_then";
    kernel_.title += " + epilogue";
    for (const LoopProgram::Access *access : operandsOf(*g_.epilogue))
      dtypes.push_back(access->type);
  }
  if (g_.prologue) {
    kernel_.name += "_of";
    kernel_.title += " + prologue";
    for (const LoopProgram::Access *access : otherOperandsOf(*g_.prologue))
      dtypes.push_back(access->type);
  }
  for (auto [name, dtype] : llvm::zip(buffers(), dtypes))
    kernel_.parameters.push_back(fmt::format("{}{} *__restrict__ {}", name == "c" ? "" : "const ",
                                             storageTypeName(dtype), name));
  if (g_.swapped)
    std::swap(kernel_.parameters[0], kernel_.parameters[1]);
}

std::string ContractText::typeNames() const {
  std::string result(shortName(g_.result));
  if (g_.unit == ContractGrid::Unit::Tf32)
    return result + "_tf32";
  if (g_.operands[0] == g_.result && g_.operands[1] == g_.result)
    return result;
  return fmt::format("{}_{}_{}", shortName(g_.operands[0]), shortName(g_.operands[1]), result);
}

std::vector<std::string> ContractText::buffers() const {
  std::vector<std::string> names = {"a", "b", "c"};
  for (size_t i = 0; i < g_.operandRuns.size(); ++i)
    names.push_back(fmt::format("e{}", i));
  if (g_.prologue)
    for (size_t i = 1; i < operandsOf(*g_.prologue).size(); ++i)
      names.push_back(fmt::format("p{}", i));
  return names;
}

static std::string capital(std::string name) {
  name[0] = char(name[0] - 'a' + 'A');
  return name;
}

void ContractText::defineOffsets() {
  for (auto [i, name] : llvm::enumerate(buffers())) {
    bool isComputed = i >= 3 + g_.operandRuns.size();
    if (isComputed ? g_.computed == 0 : i != 1)
      defineOffset(kernel_, "rowOf" + capital(name), g_.m, i, index_);
    if (isComputed ? g_.computed == 1 : i != 0)
      defineOffset(kernel_, "columnOf" + capital(name), g_.n, i, index_);
    if (isComputed || i < 2)
      defineOffset(kernel_, "depthOf" + capital(name), g_.k, i, index_);
    if (!g_.batch.empty())
      defineOffset(kernel_, "batchOf" + capital(name), g_.batch, i, index_);
  }
}

void ContractText::startBlock() {
  defineBlock(kernel_, g_.blocks(), index_);
  int64_t rowTiles = g_.tilesOfRows(), columnTiles = g_.tilesOfColumns();
  std::string tile = "block";
  if (!g_.batch.empty()) {
    text_.line("const {} batch = block / {};", index_, rowTiles * columnTiles);
    text_.line("const {} tile = block % {};", index_, rowTiles * columnTiles);
    for (const std::string &name : buffers())
      text_.line("{} += batchOf{}(batch);", name, capital(name));
    tile = "tile";
  }
  if (rowTiles > kGroup && columnTiles > 1) {
    text_.line("// Neighbouring blocks share rows and columns.");
    text_.line("const {0} group = {1} / {2} * {3}, inGroup = {1} % {2};", index_, tile,
               kGroup * columnTiles, kGroup);
    text_.line("const {0} rowsInGroup = {1} - group < {2} ? {1} - group : {2};", index_, rowTiles,
               kGroup);
    text_.line("const {} row0 = (group + inGroup % rowsInGroup) * {};", index_, g_.rows);
    text_.line("const {} column0 = inGroup / rowsInGroup * {};", index_, g_.columns);
  } else {
    text_.line("const {} row0 = {} % {} * {};", index_, tile, rowTiles, g_.rows);
    text_.line("const {} column0 = {} / {} * {};", index_, tile, rowTiles, g_.columns);
  }
  // The compiler knows that it is not negative.
  text_.line("const int thread = (int)threadIdx.x & {};", g_.threads() - 1);
}

void ContractText::defineAlignment() {
  if (g_.resultRun > 1)
    text_.line("const bool isAlignedC = isAlignedTo({}, c);",
               g_.resultRun * int(itemSize(g_.result)));
  for (auto [i, inRuns] : llvm::enumerate(g_.operandRuns))
    if (inRuns)
      text_.line("const bool isAlignedE{0} = isAlignedTo({1}, e{0});", i,
                 g_.resultRun * int(itemSize(operandsOf(*g_.epilogue)[i]->type)));
}

DType ContractText::memoryType(int side) const {
  return side == g_.computed ? g_.prologue->accesses[0].type : g_.operands[side];
}

/// As it would have been stored and loaded.
std::string ContractText::prologue(const std::string &element, const std::string &along,
                                   const std::string &depth) {
  FusedGrid grid;
  grid.loops = *g_.prologue;
  FusedNodes nodes(text_, grid, 0);
  for (auto [i, node] : llvm::enumerate(grid.loops.nodes)) {
    if (node.kind != LoopProgram::Kind::Load)
      continue;
    std::string from = element;
    if (node.access > 0) {
      std::string name = fmt::format("p{}", node.access);
      from = fmt::format("{}[{}]", name, elementAt(capital(name), g_.computed, along, depth));
    }
    nodes.define(int(i), loaded(node.type, from));
  }
  return stored(g_.operands[g_.computed], nodes.get(grid.loops.stores[0].node));
}

std::string ContractText::summand(DType type, const std::string &element) const {
  std::string value = loaded(type, element);
  if (type != computed_ && !(isHalf(type) && computed_ == DType::f32))
    value = converted(type, computed_, "(" + value + ")");
  return valueTypeName(computed_) == sum_ ? value : fmt::format("({})({})", sum_, value);
}

std::string ContractText::result(const std::string &sum, const std::string &element,
                                 const std::string &item) {
  std::string value = sum;
  if (g_.accumulate)
    value = fmt::format(kindOf(computed_) == DTypeKind::Bool ? fmt::runtime("({}) | {}")
                                                             : fmt::runtime("{} + {}"),
                        summand(g_.result, element), sum);
  if (valueTypeName(computed_) != sum_)
    value = fmt::format("({})({})", valueTypeName(computed_), value);
  value = stored(g_.result, value);
  return g_.epilogue ? epilogue(loaded(g_.result, value), item) : value;
}

std::string ContractText::placeIn(const std::string &buffer, const std::string &item) const {
  return fmt::format("rowOf{0}(row) + columnOf{0}(column{1})", buffer,
                     item == "0" ? "" : " + " + item);
}

/// The sums are rounded as if they had been stored and loaded.
std::string ContractText::epilogue(const std::string &sums, const std::string &item) {
  FusedGrid grid;
  grid.loops = *g_.epilogue;
  FusedNodes nodes(text_, grid, 0);
  const LoopProgram::Store &store = grid.loops.stores[0];
  unsigned result = grid.loops.accesses[size_t(store.access)].buffer;
  for (auto [i, node] : llvm::enumerate(grid.loops.nodes)) {
    if (node.kind != LoopProgram::Kind::Load)
      continue;
    size_t number = 0;
    for (const LoopProgram::Access &access :
         llvm::ArrayRef(grid.loops.accesses).take_front(size_t(node.access)))
      number += access.buffer != result;
    std::string element =
        fmt::format("e{0}[{1}]", number, placeIn(fmt::format("E{}", number), item));
    if (grid.loops.accesses[size_t(node.access)].buffer == result)
      nodes.define(int(i), sums);
    else if (g_.operandRuns[number])
      nodes.define(int(i), loaded(node.type, fmt::format("pack{}.at[{}]", number, item)));
    else
      nodes.define(int(i), loaded(node.type, element));
  }
  return stored(g_.result, nodes.get(store.node));
}

void ContractText::storeResults(llvm::function_ref<std::string(const std::string &)> sum) {
  std::string condition;
  if (m_ % g_.rows != 0)
    condition = fmt::format("row < {}", m_);
  if (n_ % g_.columns != 0)
    condition += fmt::format("{}column < {}", condition.empty() ? "" : " && ", n_);
  std::string head = condition.empty() ? "" : "if (" + condition + ")";
  text_.block(head.empty() && g_.epilogue ? "{" : head, [&] {
    std::string place = placeIn("C", "0");
    if (g_.resultRun == 1) {
      std::string element = fmt::format("c[{}]", place), value = result(sum("0"), element, "0");
      return text_.line("{} = {};", element, value);
    }
    std::string type = storageTypeName(g_.result);
    text_.line("{} *const to = c + ({});", type, place);
    for (auto [number, inRuns] : llvm::enumerate(g_.operandRuns))
      if (inRuns)
        text_.line("const auto pack{0} = loadPack<{1}>(e{0} + ({2}), isAlignedE{0});", number,
                   g_.resultRun, placeIn(fmt::format("E{}", number), "0"));
    text_.line("Pack<{}, {}> results;", type, g_.resultRun);
    text_.unrolled("item", g_.resultRun, [&] {
      std::string value = result(sum("item"), "to[item]", "item");
      text_.line("results.at[item] = {};", value);
    });
    text_.line("storePack(to, results, isAlignedC);");
  });
}

} // namespace ricci
