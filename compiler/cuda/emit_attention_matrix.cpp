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
#include "compiler/cuda/attention_text.h"
#include "compiler/cuda/scalars.h"

namespace ricci {

namespace {

using Unit = AttentionGrid::Unit;

/// What one product has: rows and steps, columns.
constexpr int kStep = 16, kColumns = 8;

class MatrixEmitter : AttentionText {
public:
  MatrixEmitter(const AttentionGrid &grid, unsigned inputs)
      : AttentionText(grid, inputs), suffix_(grid.unit == Unit::F16 ? "F16" : "Bf16"),
        tiles_(grid.warpRows / kStep), element_(storageTypeName(grid.attention.type)) {}

  KernelText emit() {
    open(fmt::format("{} rows a block and {} a warp on matrix units, {} keys at once, {} tiles in "
                     "shared memory",
                     g_.rows, g_.warpRows, g_.keys, g_.stages));
    text_.line("const int warpRow = thread / 32 * {}, lane = thread % 32;", g_.warpRows);
    text_.line("const int quad = lane / 4, pair = lane % 4 * 2;");
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
    text_.blank();
    text_.line("// Of each row: the largest logit so far, and the sum of the powers.");
    text_.line("float most[{}][2], total[{}][2] = {{}};", tiles_, tiles_);
    text_.line("float sums[{}][{}][4] = {{}};", tiles_, g_.columns / kColumns);
    text_.unrolled("i", tiles_, [&] { text_.line("most[i][0] = most[i][1] = -kInfinity;"); });
    text_.line("int now = 0;");
    text_.block(fmt::format("for ({} key0 = 0; key0 < {}; key0 += {})", index_, n_, g_.keys), [&] {
      text_.line("waitForCopies<0>();");
      text_.line("__syncthreads();");
      text_.line("if (key0 + {} < {}) fetch(1 - now, key0 + {});", g_.keys, n_, g_.keys);
      emitScores();
      emitLogits();
      emitPowers();
      emitSums();
      text_.line("now = 1 - now;");
    });
    emitResult();
    return std::move(kernel_);
  }

private:
  void loadQueries() {
    text_.line("u32 queries[{}][{}][4];", tiles_, g_.depth / kStep);
    text_.unrolled("i", tiles_, [&] {
      text_.unrolled("j", g_.depth / kStep, [&] {
        text_.unrolled("part", 4, [&] {
          text_.line("const {} row = row0 + warpRow + i * {} + quad + part % 2 * 8;", index_,
                     kStep);
          text_.line("const int depth = j * {} + pair + part / 2 * 8;", kStep);
          text_.line("{0} first = {0}{{}}, second = {0}{{}};", element_);
          auto at = [&](const char *depth) {
            return fmt::format("q[{} + {}]", offset("row", Attention::Q, "row"),
                               offset("depth", Attention::Q, depth));
          };
          auto exists = [&](const char *depth) {
            std::string text;
            if (m_ % g_.rows != 0)
              text = fmt::format("row < {}", m_);
            if (depth_ != g_.depth)
              text += fmt::format("{}{} < {}", text.empty() ? "" : " && ", depth, depth_);
            return text.empty() ? "{" : "if (" + text + ")";
          };
          if (g_.queryRun == 2) {
            text_.block(exists("depth"), [&] {
              text_.line("const auto both = loadPack<2>(&{}, isAlignedQ);", at("depth"));
              text_.line("first = both.at[0], second = both.at[1];");
            });
          } else {
            text_.block(exists("depth"), [&] { text_.line("first = {};", at("depth")); });
            text_.block(exists("depth + 1"), [&] { text_.line("second = {};", at("depth + 1")); });
          }
          text_.line("queries[i][j][part] = pairOf(first, second);");
        });
      });
    });
  }

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

  /// Of what lies in memory or depends on the place; keys that do not exist count for nothing.
  void emitLogits() {
    auto each = [&](llvm::function_ref<void()> body) {
      text_.unrolled("i", tiles_, [&] {
        text_.unrolled("j", g_.keys / kColumns, [&] {
          text_.unrolled("part", 4, [&] {
            text_.line("const {} key = key0 + j * {} + pair + part % 2;", index_, kColumns);
            body();
          });
        });
      });
    };
    if (!a_.isPlain())
      return each([&] {
        text_.line("const {} row = row0 + warpRow + i * {} + quad + part / 2 * 8;", index_, kStep);
        logit("scores[i][j][part]");
      });
    if (n_ % g_.keys == 0)
      return;
    text_.block(fmt::format("if (key0 + {} > {})", g_.keys, n_), [&] {
      each([&] { text_.line("if (key >= {}) scores[i][j][part] = -kInfinity;", n_); });
    });
  }

  void emitPowers() {
    text_.unrolled("i", tiles_, [&] {
      text_.unrolled("half", 2, [&] {
        text_.line("float largest = -kInfinity;");
        text_.unrolled("j", g_.keys / kColumns, [&] {
          text_.line("largest = fmaxf(largest, fmaxf(scores[i][j][2 * half], scores[i][j][2 * half "
                     "+ 1]));");
        });
        text_.line("largest = fmaxf(largest, shuffled(largest, 1));");
        text_.line("largest = fmaxf(largest, shuffled(largest, 2));");
        emitRescale("most[i][half]");
        text_.line("total[i][half] *= rescale;");
        text_.unrolled("j", g_.keys / kColumns, [&] {
          text_.unrolled("item", 2, [&] {
            text_.line("float &score = scores[i][j][2 * half + item];");
            text_.line("score = exp2Approximate(fmaf(score, {}, -shift));", scale());
            text_.line("total[i][half] += score;");
          });
        });
        text_.unrolled("j", g_.columns / kColumns, [&] {
          text_.line("sums[i][j][2 * half] *= rescale, sums[i][j][2 * half + 1] *= rescale;");
        });
      });
    });
  }

  void emitSums() {
    text_.unrolled("step", g_.keys / kStep, [&] {
      text_.line("u32 rows[{}][4];", tiles_);
      text_.unrolled("i", tiles_, [&] {
        text_.unrolled("part", 4, [&] {
          text_.line("const float (&from)[4] = scores[i][2 * step + part / 2];");
          text_.line("rows[i][part] = toPair{}(from[part % 2 * 2], from[part % 2 * 2 + 1]);",
                     suffix_);
        });
      });
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

  void emitResult() {
    text_.blank();
    text_.unrolled("i", tiles_, [&] {
      text_.unrolled("half", 2, [&] {
        text_.line("float sum = total[i][half];");
        text_.line("sum += shuffled(sum, 1);");
        text_.line("sum += shuffled(sum, 2);");
        text_.line("const float factor = 1.0f / sum;");
        text_.line("const {} row = row0 + warpRow + i * {} + quad + half * 8;", index_, kStep);
        text_.block(m_ % g_.rows == 0 ? "{" : fmt::format("if (row < {})", m_),
                    [&] { text_.unrolled("j", g_.columns / kColumns, [&] { storeColumns(); }); });
      });
    });
  }

  void storeColumns() {
    auto value = [&](const char *item) {
      return stored(a_.result, fmt::format("sums[i][j][2 * half + {}] * factor", item));
    };
    auto at = [&](const char *column) {
      return fmt::format("{} + {}", offset("row", Attention::Result, "row"),
                         offset("column", Attention::Result, column));
    };
    auto exists = [&](const char *column) {
      return columns_ == g_.columns ? std::string() : fmt::format("if ({} < {})", column, columns_);
    };
    text_.line("const int column = j * {} + pair;", kColumns);
    if (g_.resultRun == 2)
      return text_.block(exists("column"), [&] {
        text_.line("const Pack<{}, 2> both = {{{{{}, {}}}}};", storageTypeName(a_.result),
                   value("0"), value("1"));
        text_.line("storePack(&o[{}], both, isAlignedO);", at("column"));
      });
    text_.block(exists("column"), [&] { text_.line("o[{}] = {};", at("column"), value("0")); });
    text_.block(exists("column + 1"),
                [&] { text_.line("o[{}] = {};", at("column + 1"), value("1")); });
  }

  const char *suffix_;
  const int tiles_; ///< products of a warp, one below the other
  const std::string element_;
};

} // namespace

KernelText emitMatrixAttention(const AttentionGrid &grid, unsigned inputs) {
  return MatrixEmitter(grid, inputs).emit();
}

} // namespace ricci
