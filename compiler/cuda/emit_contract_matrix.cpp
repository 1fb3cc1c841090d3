//===- emit_contract_matrix.cpp - contractions on matrix units -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As emit_contract.cpp, but the threads of a warp multiply together. They hold fragments of a tile
// of theirs: thread 4 * quad + pair / 2 has of a product, and of what is multiplied, rows and
// columns that start at `quad` and at `pair`.
//
// Numbers of 16 bits come from shared memory as matrices of 8 x 8. Their results go back there,
// to be stored as whole rows: a fragment's would be 16 bytes.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include <cassert>

namespace ricci {

namespace {

using Unit = ContractGrid::Unit;

/// What one instruction multiplies.
struct Product {
  int rows, steps; ///< times 8 columns
  const char *function;
};

Product productOf(Unit unit) {
  switch (unit) {
  case Unit::F16:
    return {16, 16, "multiplyTilesF16"};
  case Unit::Bf16:
    return {16, 16, "multiplyTilesBf16"};
  case Unit::Tf32:
    return {16, 8, "multiplyTilesTf32"};
  default:
    return {8, 4, "multiplyTilesF64"};
  }
}
constexpr int kColumns = 8;
/// Rows of a warp that are stored together, and what keeps them in different banks.
constexpr int kRowsTogether = 16, kPad = 8;

class MatrixEmitter : ContractText {
public:
  explicit MatrixEmitter(const ContractGrid &grid)
      : ContractText(grid), product_(productOf(grid.unit)), rows_(grid.warpRows / product_.rows),
        columns_(grid.warpColumns / kColumns) {}

  KernelText emit() {
    open(fmt::format("tiles of {} x {} a block and {} x {} a warp on matrix units, {} steps at "
                     "once, {} tiles in shared memory",
                     g_.rows, g_.columns, g_.warpRows, g_.warpColumns, g_.depth, g_.stages));
    declareTiles();
    int warpsDown = g_.rows / g_.warpRows;
    text_.line("const int warp = thread / 32, lane = thread % 32;");
    text_.line("const int quad = lane / 4, pair = lane % 4 * 2;");
    text_.line("const int warpRow = warp % {0} * {1}, warpColumn = warp / {0} * {2};", warpsDown,
               g_.warpRows, g_.warpColumns);
    text_.line("{} sums[{}][{}][{}] = {{}};", sum_, rows_, columns_, product_.rows / 4);
    emitSteps([&] {
      text_.line("#pragma unroll");
      text_.block(fmt::format("for (int k = 0; k < {}; k += {})", g_.depth, product_.steps),
                  [&] { emitProducts(); });
    });
    areMatrices() ? emitRows() : emitFragments();
    return std::move(kernel_);
  }

private:
  bool areMatrices() const { return g_.unit == Unit::F16 || g_.unit == Unit::Bf16; }

  //===--- products ----------------------------------------------------===//

  void emitProducts() {
    if (areMatrices())
      loadMatrices();
    else
      loadNumbers();
    text_.unrolled("i", rows_, [&] {
      text_.unrolled("j", columns_, [&] {
        text_.line("{}(sums[i][j], rows[i], columns[j]);", product_.function);
      });
    });
  }

  /// Two steps of each row and column, and those 8 further; of rows also those of the one 8
  /// further.
  void loadMatrices() {
    text_.line("u32 rows[{}][4], columns[{}][2];", rows_, columns_);
    auto load = [&](int side, const std::string &to, const std::string &along,
                    const std::string &depth) {
      bool isDeep = g_.sides[side].deep;
      text_.line("const int side = {}, depth = k + {};", along, depth);
      text_.line("loadMatrices{}({}, &{});", isDeep ? "" : "Transposed", to,
                 inTile(side, "now", isDeep ? "side" : "depth", isDeep ? "depth" : "side"));
    };
    // Lane i says where row i % 8 of matrix i / 8 is: of k, where the tile is not deep.
    text_.unrolled("i", rows_, [&] {
      std::string first = fmt::format("warpRow + i * {} + ", product_.rows);
      g_.sides[0].deep ? load(0, "rows[i]", first + "lane % 16", "lane / 16 * 8")
                       : load(0, "rows[i]", first + "lane / 8 % 2 * 8", "lane / 16 * 8 + lane % 8");
    });
    text_.unrolled("j", columns_ / 2, [&] {
      text_.line("u32 both[4];");
      std::string first = fmt::format("warpColumn + j * {} + ", 2 * kColumns);
      g_.sides[1].deep ? load(1, "both", first + "lane / 16 * 8 + lane % 8", "lane / 8 % 2 * 8")
                       : load(1, "both", first + "lane / 16 * 8", "lane % 16");
      text_.line("columns[2 * j][0] = both[0], columns[2 * j][1] = both[1];");
      text_.line("columns[2 * j + 1][0] = both[2], columns[2 * j + 1][1] = both[3];");
    });
  }

  /// One step of each row and column; of tf32 the one 4 further too, and of rows those of the one 8
  /// further.
  void loadNumbers() {
    bool isTf32 = g_.unit == Unit::Tf32;
    text_.line("{} rows[{}]{}, columns[{}]{};", isTf32 ? "u32" : sum_, rows_, isTf32 ? "[4]" : "",
               columns_, isTf32 ? "[2]" : "");
    auto load = [&](int side, const char *along, const std::string &depth) {
      std::string element = g_.sides[side].deep ? inTile(side, "now", along, depth)
                                                : inTile(side, "now", depth, along);
      return isTf32 ? fmt::format("toTf32({})", element) : element;
    };
    text_.unrolled("i", rows_, [&] {
      text_.line("const int row = warpRow + i * {} + quad;", product_.rows);
      if (!isTf32)
        return text_.line("rows[i] = {};", load(0, "row", "k + lane % 4"));
      for (int part = 0; part < 4; ++part)
        text_.line("rows[i][{}] = {};", part,
                   load(0, part % 2 ? "row + 8" : "row",
                        fmt::format("k + lane % 4{}", part / 2 ? " + 4" : "")));
    });
    text_.unrolled("j", columns_, [&] {
      text_.line("const int column = warpColumn + j * {} + quad;", kColumns);
      if (!isTf32)
        return text_.line("columns[j] = {};", load(1, "column", "k + lane % 4"));
      for (int part = 0; part < 2; ++part)
        text_.line("columns[j][{}] = {};", part,
                   load(1, "column", fmt::format("k + lane % 4{}", part ? " + 4" : "")));
    });
  }

  //===--- the result --------------------------------------------------===//

  /// Two neighbours of a row each.
  void emitFragments() {
    text_.unrolled("i", rows_, [&] {
      text_.unrolled("j", columns_, [&] {
        text_.line("#pragma unroll");
        text_.block(fmt::format("for (int part = 0; part < {}; part += {})", product_.rows / 4,
                                g_.resultRun),
                    [&] {
                      text_.line("const {} row = row0 + warpRow + i * {} + quad + part / 2 * 8;",
                                 index_, product_.rows);
                      text_.line("const {} column = column0 + warpColumn + j * {} + pair + part % "
                                 "2;",
                                 index_, kColumns);
                      storeResults([](const std::string &item) {
                        return item == "0" ? "sums[i][j][part]"
                                           : fmt::format("sums[i][j][part + {}]", item);
                      });
                    });
      });
    });
  }

  /// A few rows of the warp's tile at a time lie where a tile was.
  void emitRows() {
    int pitch = g_.warpColumns + kPad, runs = g_.warpColumns / g_.resultRun;
    auto tileBytes = [&](int side) {
      const ContractGrid::Side &s = g_.sides[side];
      return 2 * g_.stages * s.pitch * (s.deep ? g_.sideOfTile(side) : g_.depth);
    };
    int side = tileBytes(0) >= tileBytes(1) ? 0 : 1;
    assert(tileBytes(side) >= 4 * g_.threads() / 32 * kRowsTogether * pitch);
    text_.line("float (*const lines)[{0}] = (float (*)[{0}])tile{1} + warp * {2};", pitch,
               letter(side), kRowsTogether);
    text_.line("__syncthreads();");
    text_.unrolled("i", rows_, [&] {
      text_.unrolled("j", columns_, [&] {
        text_.unrolled("part", 2, [&] {
          text_.line("*(Pack<float, 2> *)&lines[quad + part * 8][j * {} + pair] =", kColumns);
          text_.line("    {{sums[i][j][2 * part], sums[i][j][2 * part + 1]}};");
        });
      });
      text_.line("__syncwarp();");
      text_.unrolled("part", kRowsTogether * runs / 32, [&] {
        text_.line(
            "const int line = (lane + part * 32) / {0}, place = (lane + part * 32) % {0}{1};", runs,
            g_.resultRun == 1 ? "" : fmt::format(" * {}", g_.resultRun));
        text_.line("const {} row = row0 + warpRow + i * {} + line;", index_, kRowsTogether);
        text_.line("const {} column = column0 + warpColumn + place;", index_);
        text_.line("const Pack<float, {0}> from = *(const Pack<float, {0}> *)&lines[line][place];",
                   g_.resultRun);
        storeResults([](const std::string &item) { return fmt::format("from.at[{}]", item); });
      });
      text_.line("__syncwarp();");
    });
  }

  const Product product_;
  const int rows_, columns_; ///< products of a warp
};

} // namespace

KernelText emitMatrixContract(const ContractGrid &grid) { return MatrixEmitter(grid).emit(); }

} // namespace ricci
