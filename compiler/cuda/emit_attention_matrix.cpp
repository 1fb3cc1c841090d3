//===- emit_attention_matrix.cpp - attention on matrix units ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp has rows of its own: their Q is in registers as what is multiplied, and the sums over v as
// what a product gives. For each tile of keys
//
//   scores = Q times K              fragments: thread 4 * quad + pair / 2 has two neighbours of
//   logits, most, rescale           rows quad and quad + 8
//   scores = 2^(logits - most)
//   sums = sums * rescale + scores times V
//
// where the scores become what is multiplied without leaving their thread. Tri Dao,
// "FlashAttention-2" (2023), has the order of these.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_fragments.h"
#include "compiler/cuda/scalars.h"

namespace ricci {

namespace {

class MatrixEmitter : AttentionFragments {
public:
  MatrixEmitter(const AttentionGrid &grid, unsigned inputs) : AttentionFragments(grid, inputs) {}

  KernelText emit() {
    open(fmt::format("{} rows a block and {} a warp on matrix units, {} keys at once, {} tiles in "
                     "shared memory",
                     g_.rows, g_.warpRows, g_.keys, g_.stages));
    declarePlaces();
    declareShared(element_, {{"tileK", {g_.stages, g_.k.lines, g_.k.pitch}},
                             {"tileV", {g_.stages, g_.v.lines, g_.v.pitch}}});
    declareAlignments();
    text_.blank();
    text_.lambda(fmt::format("auto fetch = [&](int stage, {} key0)", index_), [&] {
      fetchTile(Attention::K, "tileK[stage]");
      fetchTile(Attention::V, "tileV[stage]");
      text_.line("commitCopies();");
    });
    text_.line("fetch(0, 0);");
    loadQueries();
    declareSums();
    text_.line("int now = 0;");
    text_.block(fmt::format("for ({} key0 = 0; key0 < {}; key0 += {})", index_, n_, g_.keys), [&] {
      text_.line("waitForCopies<0>();");
      text_.line("__syncthreads();");
      text_.line("if (key0 + {} < {}) fetch(1 - now, key0 + {});", g_.keys, n_, g_.keys);
      emitScores();
      emitLogits();
      emitPowers();
      rescaleSums();
      emitSums();
      text_.line("now = 1 - now;");
    });
    emitResult();
    return std::move(kernel_);
  }

private:
  /// The columns of two products, from a tile with lines along the columns or along the steps.
  void loadColumns(const char *tile, bool linesAreColumns, const char *column, const char *step) {
    text_.line("u32 both[4];");
    if (linesAreColumns)
      text_.line("loadMatrices(both, &{}[now][{} * 16 + lane / 16 * 8 + lane % 8][{} * 16 + lane / "
                 "8 % 2 * 8]);",
                 tile, column, step);
    else
      text_.line("loadMatricesTransposed(both, &{}[now][{} * 16 + lane % 16][{} * 16 + lane / 16 * "
                 "8]);",
                 tile, step, column);
    text_.line("const u32 columns[2][2] = {{both[0], both[1]}, {both[2], both[3]}};");
  }

  void emitScores() {
    text_.line("float scores[{}][{}][4] = {{}};", tiles_, g_.keys / kColumns);
    text_.unrolled("step", g_.depth / kStep, [&] {
      text_.unrolled("j", g_.keys / kStep, [&] {
        loadColumns("tileK", !g_.k.keysInside, "j", "step");
        text_.unrolled("i", tiles_, [&] {
          for (int part : {0, 1})
            text_.line("multiplyTiles{0}(scores[i][2 * j + {1}], queries[i][step], columns[{1}]);",
                       suffix_, part);
        });
      });
    });
  }

  void emitSums() {
    text_.unrolled("step", g_.keys / kStep, [&] {
      text_.line("u32 rows[{}][4];", tiles_);
      roundPowers("rows[i]", "step");
      text_.unrolled("j", g_.columns / kStep, [&] {
        loadColumns("tileV", g_.v.keysInside, "j", "step");
        text_.unrolled("i", tiles_, [&] {
          for (int part : {0, 1})
            text_.line("multiplyTiles{0}(sums[i][2 * j + {1}], rows[i], columns[{1}]);", suffix_,
                       part);
        });
      });
    });
  }
};

} // namespace

KernelText emitMatrixAttention(const AttentionGrid &grid, unsigned inputs) {
  return MatrixEmitter(grid, inputs).emit();
}

} // namespace ricci
