//===- emit_contract.cpp - tiled contractions
//---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes a tile of the result. Step by step along k, tiles of A and B go through
// registers into shared memory, where the next ones are laid down beside those that are multiplied;
// each thread multiplies rows of the one and columns of the other into sums in registers.
//
// Indices along groups of several dims become offsets by functions before the kernel.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ricci {

namespace {

constexpr int kVectorBytes = 16;

class ContractEmitter : ContractText {
public:
  explicit ContractEmitter(const ContractGrid &grid) : ContractText(grid) {}

  KernelText emit() {
    describe(fmt::format("tiles of {} x {} a block and {} x {} a thread, {} steps at once", g_.rows,
                         g_.columns, g_.threadRows, g_.threadColumns, g_.depth));
    defineOffsets();
    startBlock();
    declareTiles();
    emitLoads();
    emitSteps();
    emitResult();
    return std::move(kernel_);
  }

private:
  //===--- the block's tile --------------------------------------------===//

  void declareTiles() {
    // Rows of the tiles are a vector longer: those along k go into different banks.
    int pad = int(std::max<size_t>(1, kVectorBytes / sumBytes_));
    text_.line("__shared__ __align__({}) {} tileA[2][{}][{}];", kVectorBytes, sum_, g_.depth,
               g_.rows + pad);
    text_.line("__shared__ __align__({}) {} tileB[2][{}][{}];", kVectorBytes, sum_, g_.depth,
               g_.columns + pad);
    text_.line("{} nextA[{}], nextB[{}];", sum_, perThread(g_.rows), perThread(g_.columns));
    text_.line("{} sums[{}][{}] = {{}};", sum_, g_.threadRows, g_.threadColumns);
  }

  int perThread(int side) const { return side * g_.depth / g_.threads(); }

  //===--- from memory into tiles --------------------------------------===//

  /// The lines of a loop over a thread's elements of the tile of A (side 0) or B.
  void eachElement(int side, llvm::function_ref<void()> body) {
    int extent = sideOfTile(side);
    text_.unrolled("i", perThread(extent), [&] {
      text_.line("const int at = thread + i * {};", g_.threads());
      if (g_.depthFirst[side])
        text_.line("const int k = at % {0}, side = at / {0};", g_.depth);
      else
        text_.line("const int side = at % {0}, k = at / {0};", extent);
      body();
    });
  }

  void emitLoads() {
    text_.blank();
    text_.lambda(fmt::format("auto load = [&]({} depth)", index_), [&] {
      for (int side : {0, 1}) {
        eachElement(side, [&] {
          bool isA = side == 0;
          std::string inside = isInside(side, "side", "k");
          std::string value = summand(g_.operands[side],
                                      isA ? "a[rowOfA(row0 + side) + depthOfA(depth + k)]"
                                          : "b[depthOfB(depth + k) + columnOfB(column0 + side)]");
          text_.line("next{}[i] = {};", isA ? "A" : "B",
                     inside.empty() ? value : fmt::format("{} ? {} : {}{{}}", inside, value, sum_));
        });
      }
    });
    text_.lambda("auto put = [&](int buffer)", [&] {
      for (int side : {0, 1})
        eachElement(side, [&] {
          text_.line("tile{0}[buffer][k][side] = next{0}[i];", side == 0 ? "A" : "B");
        });
    });
  }
  //===--- products ----------------------------------------------------===//

  /// Rows (columns) of a thread: runs of a vector each, spread over the tile.
  int run(int count) const {
    return std::min(count, int(std::max<size_t>(1, kVectorBytes / sumBytes_)));
  }
  /// The position in the tile of the i-th row or column of a thread.
  std::string position(int count, int side, const std::string &thread, const std::string &i) const {
    int length = run(count), runs = count / length;
    if (runs == 1)
      return length == 1 ? thread : fmt::format("{} * {} + {}", thread, length, i);
    return fmt::format("{0} / {1} * {2} + {3} * {1} + {0} % {1}", i, length, side / runs, thread);
  }

  void emitSteps() {
    int across = g_.columns / g_.threadColumns;
    text_.line("const int threadRow = thread / {0}, threadColumn = thread % {0};", across);
    text_.line("load(0);");
    text_.line("put(0);");
    text_.line("__syncthreads();");
    text_.line("int now = 0;");
    text_.block(
        fmt::format("for ({} depth = 0; depth < {}; depth += {}, now ^= 1)", index_, k_, g_.depth),
        [&] {
          text_.line("const bool isLast = depth + {} >= {};", g_.depth, k_);
          text_.line("if (!isLast) load(depth + {});", g_.depth);
          text_.unrolled("k", g_.depth, [&] { emitProducts(); });
          text_.line("if (!isLast) put(now ^ 1);");
          text_.line("__syncthreads();");
        });
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
      text_.unrolled("j", g_.threadColumns, [&] {
        text_.line("const {} column = column0 + {};", index_,
                   position(g_.threadColumns, g_.columns, "threadColumn", "j"));
        storeResult("sums[i][j]");
      });
    });
  }
};

} // namespace

KernelText emitContract(const ContractGrid &grid) {
  return grid.warpRows ? emitMatrixContract(grid) : ContractEmitter(grid).emit();
}

} // namespace ricci
