//===- contract_text.cpp - what kernels of contractions have in common ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"

#include "compiler/cuda/scalars.h"

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

void ContractText::describe(const std::string &schedule) {
  std::string types = typeNames();
  kernel_.name = fmt::format("contract_{}_{}x{}x{}", types, g_.rows, g_.columns, g_.depth);
  std::replace(types.begin(), types.end(), '_', ' ');
  kernel_.title = fmt::format("contract {} {}x{}x{}", types, g_.rows, g_.columns, g_.depth);
  kernel_.schedule = schedule;
  kernel_.grid.threads = {uint32_t(g_.threads()), 1, 1};
  const char *names[3] = {"a", "b", "c"};
  DType dtypes[3] = {g_.operands[0], g_.operands[1], g_.result};
  for (int i : g_.swapped ? std::array{1, 0, 2} : std::array{0, 1, 2})
    kernel_.parameters.push_back(fmt::format("{}{} *__restrict__ {}", i < 2 ? "const " : "",
                                             storageTypeName(dtypes[i]), names[i]));
}

std::string ContractText::typeNames() const {
  std::string result(shortName(g_.result));
  if (g_.operands[0] == g_.result && g_.operands[1] == g_.result)
    return result;
  return fmt::format("{}_{}_{}", shortName(g_.operands[0]), shortName(g_.operands[1]), result);
}

void ContractText::defineOffset(const std::string &name, const Dims &dims, size_t buffer) {
  std::string sum;
  int64_t inner = 1;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    std::string at = inner == 1 ? "index" : fmt::format("index / {}", inner);
    if (i + 1 < dims.size())
      at += fmt::format(" % {}", dim.extent);
    inner *= dim.extent;
    int64_t stride = dim.strides[buffer];
    if (stride == 0)
      continue;
    std::string place = at == "index" ? at : "(" + at + ")";
    std::string term = stride == 1 ? at : fmt::format("{} * {}", place, stride);
    sum += (sum.empty() ? "" : " + ") + term;
  }
  kernel_.helpers.line("FN {0} {1}({0} index) {{ return {2}; }}", index_, name,
                       sum.empty() ? "0" : sum);
}

void ContractText::defineOffsets() {
  defineOffset("rowOfA", g_.m, 0), defineOffset("depthOfA", g_.k, 0);
  defineOffset("depthOfB", g_.k, 1), defineOffset("columnOfB", g_.n, 1);
  defineOffset("rowOfC", g_.m, 2), defineOffset("columnOfC", g_.n, 2);
  if (g_.batch.empty())
    return;
  defineOffset("batchOfA", g_.batch, 0), defineOffset("batchOfB", g_.batch, 1);
  defineOffset("batchOfC", g_.batch, 2);
}

void ContractText::startBlock() {
  defineBlock(kernel_, g_.blocks(), index_);
  int64_t rowTiles = g_.tilesOfRows(), columnTiles = g_.tilesOfColumns();
  std::string tile = "block";
  if (!g_.batch.empty()) {
    text_.line("const {} batch = block / {};", index_, rowTiles * columnTiles);
    text_.line("const {} tile = block % {};", index_, rowTiles * columnTiles);
    for (const char *name : {"a", "b", "c"})
      text_.line("{} += batchOf{}(batch);", name, char(name[0] - 'a' + 'A'));
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
  text_.line("const int thread = (int)threadIdx.x;");
}

std::string ContractText::summand(DType type, const std::string &element) const {
  std::string value = loaded(type, element);
  if (type != computed_ && !(isHalf(type) && computed_ == DType::f32))
    value = converted(type, computed_, "(" + value + ")");
  return valueTypeName(computed_) == sum_ ? value : fmt::format("({})({})", sum_, value);
}

std::string ContractText::isInside(int side, const std::string &place,
                                   const std::string &depth) const {
  std::string text;
  int64_t extent = side == 0 ? m_ : n_;
  if (extent % sideOfTile(side) != 0)
    text = fmt::format("{} + {} < {}", side == 0 ? "row0" : "column0", place, extent);
  if (k_ % g_.depth != 0)
    text += fmt::format("{}depth + {} < {}", text.empty() ? "" : " && ", depth, k_);
  return text;
}

void ContractText::storeResult(const std::string &sum) {
  std::string condition;
  if (m_ % g_.rows != 0)
    condition = fmt::format("row < {}", m_);
  if (n_ % g_.columns != 0)
    condition += fmt::format("{}column < {}", condition.empty() ? "" : " && ", n_);
  std::string element = "c[rowOfC(row) + columnOfC(column)]", value = sum;
  if (g_.accumulate)
    value = fmt::format(kindOf(computed_) == DTypeKind::Bool ? fmt::runtime("({}) | {}")
                                                             : fmt::runtime("{} + {}"),
                        summand(g_.result, element), sum);
  if (valueTypeName(computed_) != sum_)
    value = fmt::format("({})({})", valueTypeName(computed_), value);
  text_.block(condition.empty() ? "" : "if (" + condition + ")",
              [&] { text_.line("{} = {};", element, stored(g_.result, value)); });
}

} // namespace ricci
