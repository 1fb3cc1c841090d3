//===- emit_contract.cpp - tiled contractions
//--------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes a tile of the result. Each thread multiplies rows of the tiles of A and columns
// of those of B into sums in registers.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ricci {

namespace {

/// Threads of a warp: down and across.
constexpr int kDown = 4, kAcross = 8;

class ContractEmitter : ContractText {
public:
  explicit ContractEmitter(const ContractGrid &grid) : ContractText(grid) {}

  KernelText emit() {
    open(fmt::format("tiles of {} x {} a block and {} x {} a thread, {} steps at once, {} tiles in "
                     "shared memory",
                     g_.rows, g_.columns, g_.threadRows, g_.threadColumns, g_.depth, g_.stages));
    declareTiles();
    text_.line("{} sums[{}][{}] = {{}};", sum_, g_.threadRows, g_.threadColumns);
    declarePlaces();
    emitSteps([&](const char *unroll) {
      text_.line(std::string(unroll));
      text_.block(fmt::format("for (int k = 0; k < {}; ++k)", g_.depth), [&] { emitProducts(); });
    });
    emitResult();
    return std::move(kernel_);
  }

private:
  /// Two threads that differ in one of the lowest bits read the same columns, or the same rows: a
  /// vector load of half a warp is one access to shared memory then.
  void declarePlaces() {
    int warpsAcross = g_.columns / g_.threadColumns / kAcross;
    std::string warp = "thread / 32", down = "lane % 2 + lane / 16 * 2", across = "lane / 2 % 8";
    text_.line("const int lane = thread % 32;");
    text_.line("const int threadRow = {} * {} + {};",
               warpsAcross == 1 ? warp : fmt::format("{} / {}", warp, warpsAcross), kDown, down);
    text_.line("const int threadColumn = {}{};",
               warpsAcross == 1 ? "" : fmt::format("{} % {} * {} + ", warp, warpsAcross, kAcross),
               across);
  }

  //===--- products ----------------------------------------------------===//

  /// Rows (columns) of a thread: runs of a vector each, spread over the tile.
  int run(int count) const { return std::min(count, std::max(1, kVectorBytes / int(sumBytes_))); }
  /// The position in the tile of the i-th row or column of a thread.
  std::string position(int count, int side, const std::string &thread, const std::string &i) const {
    int length = run(count), runs = count / length;
    if (runs == 1)
      return length == 1 ? thread : fmt::format("{} * {} + {}", thread, length, i);
    return fmt::format("{0} / {1} * {2} + {3} * {1} + {0} % {1}", i, length, side / runs, thread);
  }

  void emitProducts() {
    text_.line("__align__({}) {} rows[{}], columns[{}];", kVectorBytes, sum_, g_.threadRows,
               g_.threadColumns);
    auto fetch = [&](const char *to, const char *tile, int count, int side, const char *thread) {
      int length = run(count), runs = count / length;
      for (int i = 0; i < runs; ++i) {
        std::string from =
            fmt::format("tile{}[now][k][{}{} * {}]", tile,
                        i == 0 ? "" : fmt::format("{} + ", i * (side / runs)), thread, length);
        if (length == 1) {
          text_.line("{}[{}] = {};", to, i, from);
          continue;
        }
        text_.line("*(Pack<{0}, {1}> *)&{2}[{3}] = *(const Pack<{0}, {1}> *)&{4};", sum_, length,
                   to, i * length, from);
      }
    };
    fetch("rows", "A", g_.threadRows, g_.rows, "threadRow");
    fetch("columns", "B", g_.threadColumns, g_.columns, "threadColumn");
    text_.unrolled("i", g_.threadRows, [&] {
      text_.unrolled("j", g_.threadColumns, [&] {
        text_.line("sums[i][j] = {};", step("rows[i]", "columns[j]", "sums[i][j]"));
      });
    });
  }

  /// x * y + sum. Floats of contractions are the only ones whose products are not rounded.
  std::string step(const char *x, const char *y, const char *sum) const {
    switch (kindOf(computed_)) {
    case DTypeKind::Bool:
      return fmt::format("{} | ({} & {})", sum, x, y);
    case DTypeKind::Int:
    case DTypeKind::UInt:
      return fmt::format("{} * {} + {}", x, y, sum);
    case DTypeKind::Float:
      return fmt::format("{}({}, {}, {})", computed_ == DType::f64 ? "fma" : "fmaf", x, y, sum);
    case DTypeKind::Complex:
      return fmt::format("multiplyAddComplex({}, {}, {})", x, y, sum);
    }
    llvm_unreachable("a kind without a product");
  }

  //===--- the result --------------------------------------------------===//

  void emitResult() {
    text_.unrolled("i", g_.threadRows, [&] {
      text_.line("const {} row = row0 + {};", index_,
                 position(g_.threadRows, g_.rows, "threadRow", "i"));
      text_.line("#pragma unroll");
      text_.block(fmt::format("for (int j = 0; j < {}; j += {})", g_.threadColumns, g_.resultRun),
                  [&] {
                    text_.line("const {} column = column0 + {};", index_,
                               position(g_.threadColumns, g_.columns, "threadColumn", "j"));
                    storeResults([](const std::string &item) {
                      return item == "0" ? "sums[i][j]" : fmt::format("sums[i][j + {}]", item);
                    });
                  });
    });
  }
};

} // namespace

KernelText emitContract(const ContractGrid &grid) {
  return grid.warpRows ? emitMatrixContract(grid) : ContractEmitter(grid).emit();
}

} // namespace ricci
