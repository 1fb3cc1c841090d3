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
// On sm_90a four warps, a group, multiply together and have the tiles read from shared memory. Of
// 64 rows each warp has 16, in fragments as above.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include <cassert>

namespace ricci {

namespace {

using Unit = ContractGrid::Unit;

constexpr int kColumns = 8;
/// Rows of a warp that are stored together, and what keeps them in different banks.
constexpr int kRowsTogether = 16, kPad = 8;

class MatrixEmitter : ContractText {
public:
  explicit MatrixEmitter(const ContractGrid &grid)
      : ContractText(grid), rows_(grid.warpRows / grid.productRows),
        columns_(grid.warpColumns / kColumns), words_(grid.productRows == 8 ? 2 : 4) {}

  KernelText emit() {
    open(fmt::format("tiles of {} x {} a block and {} x {} {} on matrix units, {} steps at once, "
                     "{} tiles in shared memory",
                     g_.rows, g_.columns, g_.warpRows, g_.warpColumns,
                     g_.byGroups ? "four warps" : "a warp", g_.depth, g_.stages));
    if (g_.byGroups)
      defineGroupProduct();
    declareTiles();
    int warpsDown = g_.rows / g_.warpRows;
    text_.line("const int warp = thread / 32, lane = thread % 32;");
    text_.line("const int quad = lane / 4, pair = lane % 4 * 2;");
    text_.line("const int {2}Row = {0} % {1} * {3}, {2}Column = {0} / {1} * {4};",
               g_.byGroups ? "(warp / 4)" : "warp", warpsDown, g_.byGroups ? "group" : "warp",
               g_.warpRows, g_.warpColumns);
    text_.line("{} sums[{}][{}][{}] = {{}};", sum_, rows_, columns_, words_);
    emitSteps([&](const char *unroll) {
      if (g_.byGroups)
        text_.line("beginProducts();");
      text_.line(std::string(unroll));
      text_.block(fmt::format("for (int k = 0; k < {}; k += {})", g_.depth, g_.productSteps),
                  [&] { g_.byGroups ? emitGroupProducts() : emitProducts(); });
      if (g_.byGroups) {
        text_.line("commitProducts();");
        text_.line("waitForProducts<1>();");
      }
    });
    if (g_.byGroups)
      text_.line("waitForProducts<0>();");
    areMatrices() || g_.byGroups ? emitRows() : emitFragments();
    return std::move(kernel_);
  }

private:
  bool areMatrices() const { return g_.unit == Unit::F16 || g_.unit == Unit::Bf16; }

  //===--- products ----------------------------------------------------===//

  const char *productName() const {
    switch (g_.unit) {
    case Unit::F16:
      return "multiplyTilesF16";
    case Unit::Bf16:
      return "multiplyTilesBf16";
    case Unit::Tf32:
      return "multiplyTilesTf32";
    default:
      return g_.productRows == 8 ? "multiplyTilesF64" : "multiplyTilesWideF64";
    }
  }

  std::string groupProductName() const {
    return fmt::format("multiplyTiles{}x{}", g_.productRows, g_.warpColumns);
  }

  /// wgmma of the PTX ISA: sums += A B over a few steps. A side is flat where it is contiguous
  /// along rows or columns, not along k; `lead` is then from 128 bytes of it to the next.
  void defineGroupProduct() {
    CudaText &text = kernel_.helpers;
    bool isTf32 = g_.unit == Unit::Tf32;
    const char *type = isTf32 ? "tf32" : g_.unit == Unit::F16 ? "f16" : "bf16";
    const char *kind = isTf32 ? "Tf32" : g_.unit == Unit::F16 ? "F16" : "Bf16";
    int words = columns_ * words_;
    llvm::SmallVector<std::string> inputs = {
        "\"l\"(tileDescriptor(a, 16)), \"l\"(tileDescriptor(b, leadB))"};
    if (!isTf32)
      inputs.push_back("\"n\"(isFlatA), \"n\"(isFlatB)");
    text.line("// sums += A B over {} steps, by four warps together, from tiles in shared memory.",
              g_.productSteps);
    text.line("template <int isFlatA, int isFlatB>");
    text.line("FN void {}(float (&sums)[{}][{}], const void *a, const void *b, int leadB) {{",
              groupProductName(), columns_, words_);
    text.line("#ifdef RICCI_CUDA_EMULATOR");
    text.line("  ricciEmulatorMultiplyGroup{}(&sums[0][0], {}, a, isFlatA, b, isFlatB, leadB);",
              kind, g_.warpColumns);
    text.line("#else");
    writeGroupProduct(text,
                      fmt::format("m{0}n{1}k{2}.f32.{3}.{3}", g_.productRows, g_.warpColumns,
                                  g_.productSteps, type),
                      g_.warpColumns,
                      fmt::format("%{}, %{}, 1, 1, 1{}", words, words + 1,
                                  isTf32 ? "" : fmt::format(", %{}, %{}", words + 2, words + 3)),
                      inputs);
    text.line("#endif");
    text.line("}");
  }

  void emitGroupProducts() {
    auto first = [&](int side, const std::string &along) {
      const ContractGrid::Side &s = g_.sides[side];
      if (s.deep)
        return fmt::format("&tile{}[now][{}][k]", letter(side), along);
      return fmt::format("&tile{}[now][({}) / {} * {} + k][0]", letter(side), along, s.pitch,
                         g_.depth);
    };
    text_.unrolled("i", rows_, [&] {
      text_.line("{}<{}, {}>(sums[i], {}, {}, {});", groupProductName(), g_.sides[0].deep ? 0 : 1,
                 g_.sides[1].deep ? 0 : 1,
                 first(0, fmt::format("groupRow + i * {}", g_.productRows)),
                 first(1, "groupColumn"), g_.sides[1].deep ? 16 : g_.depth * kGroupRowBytes);
    });
  }

  void emitProducts() {
    if (areMatrices())
      loadMatrices();
    else
      loadNumbers();
    text_.unrolled("i", rows_, [&] {
      text_.unrolled("j", columns_,
                     [&] { text_.line("{}(sums[i][j], rows[i], columns[j]);", productName()); });
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
      std::string first = fmt::format("warpRow + i * {} + ", g_.productRows);
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

  /// One step of each row and column; of larger products the one 4 further too, and of rows those
  /// of the one 8 further.
  void loadNumbers() {
    bool isTf32 = g_.unit == Unit::Tf32, isLarge = g_.productRows == 16;
    text_.line("{} rows[{}]{}, columns[{}]{};", isTf32 ? "u32" : sum_, rows_, isLarge ? "[4]" : "",
               columns_, isLarge ? "[2]" : "");
    auto load = [&](int side, const char *along, const std::string &depth) {
      std::string element = g_.sides[side].deep ? inTile(side, "now", along, depth)
                                                : inTile(side, "now", depth, along);
      return isTf32 ? fmt::format("toTf32({})", element) : element;
    };
    text_.unrolled("i", rows_, [&] {
      text_.line("const int row = warpRow + i * {} + quad;", g_.productRows);
      if (!isLarge)
        return text_.line("rows[i] = {};", load(0, "row", "k + lane % 4"));
      for (int part = 0; part < 4; ++part)
        text_.line("rows[i][{}] = {};", part,
                   load(0, part % 2 ? "row + 8" : "row",
                        fmt::format("k + lane % 4{}", part / 2 ? " + 4" : "")));
    });
    text_.unrolled("j", columns_, [&] {
      text_.line("const int column = warpColumn + j * {} + quad;", kColumns);
      if (!isLarge)
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
        text_.block(fmt::format("for (int part = 0; part < {}; part += {})", words_, g_.resultRun),
                    [&] {
                      text_.line("const {} row = row0 + warpRow + i * {} + quad + part / 2 * 8;",
                                 index_, g_.productRows);
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
    auto allTiles = [&](int side) { return g_.stages * g_.tileBytes[side]; };
    int side = allTiles(0) >= allTiles(1) ? 0 : 1;
    assert(4 * g_.threads() / 32 * kRowsTogether * pitch <=
           (g_.isSharedDynamic() ? g_.sharedBytes() : allTiles(side)));
    std::string place =
        g_.isSharedDynamic() ? std::string("shared") : fmt::format("tile{}", letter(side));
    text_.line("float (*const lines)[{0}] = (float (*)[{0}]){1} + warp * {2};", pitch, place,
               kRowsTogether);
    text_.line("__syncthreads();");
    text_.unrolled("i", rows_, [&] {
      text_.unrolled("j", columns_, [&] {
        text_.unrolled("part", 2, [&] {
          text_.line("*(Pack<float, 2> *)&lines[quad + part * 8][j * {} + pair] =", kColumns);
          text_.line("    {{sums[i][j][2 * part], sums[i][j][2 * part + 1]}};");
        });
      });
      text_.line("__syncwarp();");
      // Loads of two are on their way together.
      text_.line("#pragma unroll {}", g_.operandRuns.empty() ? 1 : 2);
      int parts = kRowsTogether * runs / 32;
      text_.block(fmt::format("for (int part = 0; part < {}; ++part)", parts), [&] {
        text_.line(
            "const int line = (lane + part * 32) / {0}, place = (lane + part * 32) % {0}{1};", runs,
            g_.resultRun == 1 ? "" : fmt::format(" * {}", g_.resultRun));
        if (g_.byGroups)
          text_.line("const {} row = row0 + groupRow + i * {} + warp % 4 * {} + line;", index_,
                     g_.productRows, kRowsTogether);
        else
          text_.line("const {} row = row0 + warpRow + i * {} + line;", index_, kRowsTogether);
        text_.line("const {} column = column0 + {}Column + place;", index_,
                   g_.byGroups ? "group" : "warp");
        text_.line("const Pack<float, {0}> from = *(const Pack<float, {0}> *)&lines[line][place];",
                   g_.resultRun);
        storeResults([](const std::string &item) { return fmt::format("from.at[{}]", item); });
      });
      text_.line("__syncwarp();");
    });
  }

  const int rows_, columns_; ///< products of a warp, or of four
  const int words_;          ///< sums of a product that a thread has, for 8 columns
};

} // namespace

KernelText emitMatrixContract(const ContractGrid &grid) { return MatrixEmitter(grid).emit(); }

} // namespace ricci
