//===- emit_contract_matrix.cpp - contractions on matrix units
//----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As emit_contract.cpp, of f16 or bf16 and with sums of f32. Tiles lie in shared memory with k
// inside, as the instructions want pairs along it; rows are kRun elements longer than the tile is
// deep, so that the lanes of a warp are in different banks. A thread moves runs of kRun elements.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

namespace ricci {

namespace {

/// Of one instruction: rows, columns and steps.
constexpr int kRows = 16, kColumns = 8, kSteps = 16;

class MatrixEmitter : ContractText {
public:
  explicit MatrixEmitter(const ContractGrid &grid) : ContractText(grid) {}

  KernelText emit() {
    describe(fmt::format("tiles of {} x {} a block and {} x {} a warp on matrix units, {} steps at "
                         "once",
                         g_.rows, g_.columns, g_.warpRows, g_.warpColumns, g_.depth));
    defineOffsets();
    startBlock();
    declareTiles();
    emitLoads();
    emitSteps();
    emitResult();
    return std::move(kernel_);
  }

private:
  static const char *letter(int side) { return side == 0 ? "A" : "B"; }
  std::string element() const { return storageTypeName(g_.operands[0]); }
  int runs(int side) const { return sideOfTile(side) * g_.depth / kRun / g_.threads(); }

  void declareTiles() {
    for (int side : {0, 1}) {
      text_.line("__shared__ __align__(16) {} tile{}[2][{}][{}];", element(), letter(side),
                 sideOfTile(side), g_.depth + kRun);
      if (g_.packed[side])
        text_.line("const bool isAligned{} = isAlignedTo(16, {});", letter(side),
                   side == 0 ? "a" : "b");
    }
    text_.line("Pack<{}, {}> nextA[{}], nextB[{}];", element(), kRun, runs(0), runs(1));
    text_.line("float sums[{}][{}][4] = {{}};", g_.warpRows / kRows, g_.warpColumns / kColumns);
  }

  /// The lines of a loop over a thread's runs of a tile: the first element is at `side` and `k`.
  void eachRun(int side, llvm::function_ref<void()> body) {
    text_.unrolled("i", runs(side), [&] {
      text_.line("const int at = thread + i * {};", g_.threads());
      if (g_.depthFirst[side])
        text_.line("const int k = at % {0} * {1}, side = at / {0};", g_.depth / kRun, kRun);
      else // two neighbours fill a sector of memory
        text_.line("const int k = at / 2 % {0}, side = (at / {1} * 2 + at % 2) * {2};", g_.depth,
                   2 * g_.depth, kRun);
      body();
    });
  }

  void emitLoads() {
    text_.blank();
    text_.lambda(fmt::format("auto load = [&]({} depth)", index_), [&] {
      for (int side : {0, 1})
        eachRun(side, [&] { emitRun(side); });
    });
    text_.lambda("auto put = [&](int buffer)", [&] {
      for (int side : {0, 1})
        eachRun(side, [&] {
          if (g_.depthFirst[side])
            return text_.line("*(Pack<{0}, {1}> *)&tile{2}[buffer][side][k] = next{2}[i];",
                              element(), kRun, letter(side));
          text_.unrolled("j", kRun, [&] {
            text_.line("tile{0}[buffer][side + j][k] = next{0}[i].at[j];", letter(side));
          });
        });
    });
  }

  void emitRun(int side) {
    bool isDeep = g_.depthFirst[side];
    auto offset = [&](const char *along) {
      std::string place = fmt::format("side{}", isDeep ? "" : along),
                  depth = fmt::format("depth + k{}", isDeep ? along : "");
      return side == 0 ? fmt::format("rowOfA(row0 + {}) + depthOfA({})", place, depth)
                       : fmt::format("depthOfB({}) + columnOfB(column0 + {})", depth, place);
    };
    const char *from = side == 0 ? "a" : "b";
    std::string next = fmt::format("next{}[i]", letter(side));
    if (g_.packed[side]) {
      std::string inside = isInside(side, "side", "k"),
                  value = fmt::format("loadPack<{}>({} + {}, isAligned{})", kRun, from, offset(""),
                                      letter(side));
      text_.line("{} = {};", next,
                 inside.empty()
                     ? value
                     : fmt::format("{} ? {} : Pack<{}, {}>{{}}", inside, value, element(), kRun));
      return;
    }
    text_.unrolled("j", kRun, [&] {
      std::string inside = isInside(side, isDeep ? "side" : "side + j", isDeep ? "k + j" : "k");
      std::string value = fmt::format("{}[{}]", from, offset(" + j"));
      text_.line("{}.at[j] = {};", next,
                 inside.empty() ? value
                                : fmt::format("{} ? {} : {}{{}}", inside, value, element()));
    });
  }

  void emitSteps() {
    int warpsDown = g_.rows / g_.warpRows;
    text_.line("const int warp = thread / 32, quad = thread % 32 / 4, pair = thread % 4 * 2;");
    text_.line("const int warpRow = warp % {0} * {1}, warpColumn = warp / {0} * {2};", warpsDown,
               g_.warpRows, g_.warpColumns);
    text_.line("load(0);");
    text_.line("put(0);");
    text_.line("__syncthreads();");
    text_.line("int now = 0;");
    text_.block(
        fmt::format("for ({} depth = 0; depth < {}; depth += {}, now ^= 1)", index_, k_, g_.depth),
        [&] {
          text_.line("const bool isLast = depth + {} >= {};", g_.depth, k_);
          text_.line("if (!isLast) load(depth + {});", g_.depth);
          text_.line("#pragma unroll");
          text_.block(fmt::format("for (int k = 0; k < {}; k += {})", g_.depth, kSteps),
                      [&] { emitProducts(); });
          text_.line("if (!isLast) put(now ^ 1);");
          text_.line("__syncthreads();");
        });
  }

  /// Fragments as mma.sync.m16n8k16 has them: thread 4 * quad + pair / 2 holds two steps of row
  /// `quad` and of the one 8 further, and of column `quad`; then the same 8 steps further.
  void emitProducts() {
    int rows = g_.warpRows / kRows, columns = g_.warpColumns / kColumns;
    text_.line("u32 rows[{}][4], columns[{}][2];", rows, columns);
    text_.unrolled("i", rows, [&] {
      text_.line("const int row = warpRow + i * {} + quad;", kRows);
      for (int part = 0; part < 4; ++part)
        text_.line("rows[i][{}] = *(const u32 *)&tileA[now][row{}][k + pair{}];", part,
                   part % 2 ? " + 8" : "", part / 2 ? " + 8" : "");
    });
    text_.unrolled("j", columns, [&] {
      text_.line("const int column = warpColumn + j * {} + quad;", kColumns);
      for (int part = 0; part < 2; ++part)
        text_.line("columns[j][{}] = *(const u32 *)&tileB[now][column][k + pair{}];", part,
                   part ? " + 8" : "");
    });
    text_.unrolled("i", rows, [&] {
      text_.unrolled("j", columns, [&] {
        text_.line("multiplyTiles{}(sums[i][j], rows[i], columns[j]);",
                   g_.operands[0] == DType::f16 ? "F16" : "Bf16");
      });
    });
  }

  void emitResult() {
    text_.unrolled("i", g_.warpRows / kRows, [&] {
      text_.unrolled("j", g_.warpColumns / kColumns, [&] {
        text_.unrolled("part", 4, [&] {
          text_.line("const {} row = row0 + warpRow + i * {} + quad + part / 2 * 8;", index_,
                     kRows);
          text_.line("const {} column = column0 + warpColumn + j * {} + pair + part % 2;", index_,
                     kColumns);
          storeResult("sums[i][j][part]");
        });
      });
    });
  }
};

} // namespace

KernelText emitMatrixContract(const ContractGrid &grid) { return MatrixEmitter(grid).emit(); }

} // namespace ricci
