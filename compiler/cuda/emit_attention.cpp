//===- emit_attention.cpp - attention on arithmetic units ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every other thread of a warp has the same rows: each of the sixteen some of the keys, then some
// of the columns. So half a warp reads two rows and eight columns, which are one access to shared
// memory each. For each tile of keys
//
//   scores = Q times K                          K is there; V comes meanwhile
//   powers = 2^(logits - most), rescale sums    through shared memory, from a row's threads to them
//   sums += powers times V                      V is there; the next K comes meanwhile
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_text.h"
#include "compiler/cuda/scalars.h"

namespace ricci {

namespace {

/// Threads of a row, and rows that are side by side.
constexpr int kAcross = 16, kDown = 16;
/// Numbers of one access to shared memory.
constexpr int kVector = 4;

class ScalarEmitter : AttentionText {
public:
  ScalarEmitter(const AttentionGrid &grid, unsigned inputs)
      : AttentionText(grid, inputs), rows_(grid.rows / kDown), keys_(grid.keys / kAcross),
        ownColumns_(grid.columns / kAcross), run_(columnRun(grid)) {}

  KernelText emit() {
    open(fmt::format("{} rows a block, {} keys at once; {} x {} scores and {} x {} sums a thread",
                     g_.rows, g_.keys, rows_, keys_, rows_, ownColumns_));
    text_.line("const int down = thread / 32 * 2 + thread % 2, across = thread % 32 / 2;");
    int queryPitch = g_.depth + kVector, powerPitch = g_.keys + kVector;
    declareShared("float", {{"tileQ", {g_.rows, queryPitch}},
                            {"tileK", {g_.k.lines, g_.k.pitch}},
                            {"tileV", {g_.v.lines, g_.v.pitch}},
                            {"powers", {g_.rows, powerPitch}}});
    declareAlignments();
    text_.blank();
    for (Buffer buffer : {Attention::K, Attention::V})
      text_.lambda(
          fmt::format("auto fetch{} = [&]({} key0)", buffer == Attention::K ? "K" : "V", index_),
          [&] {
            fetchTile(buffer, buffer == Attention::K ? "tileK" : "tileV");
            text_.line("commitCopies();");
          });
    fetchQueries();
    text_.line("fetchK(0);");
    text_.blank();
    text_.line("// Of each row: the largest logit so far, and the sum of the thread's powers.");
    text_.line("float most[{0}], total[{0}] = {{}};", rows_);
    text_.line("float sums[{}][{}] = {{}};", rows_, ownColumns_);
    text_.unrolled("i", rows_, [&] { text_.line("most[i] = -kInfinity;"); });
    waitForTiles();
    text_.block(fmt::format("for ({} key0 = 0; key0 < {}; key0 += {})", index_, n_, g_.keys), [&] {
      text_.line("fetchV(key0);");
      emitScores();
      emitLogits();
      emitPowers();
      waitForTiles();
      text_.line("if (key0 + {0} < {1}) fetchK(key0 + {0});", g_.keys, n_);
      emitSums();
      waitForTiles();
    });
    emitResult();
    return std::move(kernel_);
  }

private:
  static int columnRun(const AttentionGrid &grid) {
    int run = kVector;
    while (grid.columns % (run * kAcross) != 0)
      run /= 2;
    return run;
  }

  void waitForTiles() {
    text_.line("waitForCopies<0>();");
    text_.line("__syncthreads();");
  }

  void fetchQueries() {
    int perLine = g_.depth / g_.queryRun, moves = g_.rows * perLine;
    std::string exists = m_ % g_.rows == 0 ? "" : fmt::format("row0 + line < {}", m_);
    if (depth_ != g_.depth)
      exists += fmt::format("{}depth < {}", exists.empty() ? "" : " && ", depth_);
    eachCopy(g_.queryRun > 1, "Q", [&](const char *copy) {
      text_.unrolled("i", (moves + g_.threads() - 1) / g_.threads(), [&] {
        text_.line("const int move = thread + i * {};", g_.threads());
        text_.line("const int line = move / {0}, depth = move % {0}{1};", perLine,
                   g_.queryRun == 1 ? "" : fmt::format(" * {}", g_.queryRun));
        text_.block(moves % g_.threads() == 0 ? "" : fmt::format("if (move < {})", moves), [&] {
          text_.line("{}<{}>(&tileQ[line][depth], q + ({} + {}), {});", copy, g_.queryRun,
                     offset("row", Attention::Q, "row0 + line"),
                     offset("depth", Attention::Q, "depth"), exists.empty() ? "true" : exists);
        });
      });
    });
  }

  void emitScores() {
    text_.line("float scores[{}][{}] = {{}};", rows_, keys_);
    text_.line("#pragma unroll 1");
    text_.block(
        fmt::format("for (int depth = 0; depth < {}; depth += {})", g_.depth, kVector), [&] {
          text_.line("Pack<float, {}> columns[{}];", kVector, keys_);
          text_.unrolled("j", keys_, [&] {
            text_.line("columns[j] = *(const Pack<float, {}> *)&tileK[across + j * {}][depth];",
                       kVector, kAcross);
          });
          text_.unrolled("i", rows_, [&] {
            text_.line("const auto row = *(const Pack<float, {}> *)&tileQ[down + i * {}][depth];",
                       kVector, kDown);
            text_.unrolled("j", keys_, [&] {
              text_.unrolled("item", kVector, [&] {
                text_.line("scores[i][j] = fmaf(row.at[item], columns[j].at[item], scores[i][j]);");
              });
            });
          });
        });
  }

  /// Of what lies in memory or depends on the place; keys that do not exist count for nothing.
  void emitLogits() {
    bool isTail = a_.isPlain() && n_ % g_.keys != 0;
    if (a_.isPlain() && !isTail)
      return;
    text_.block(isTail ? fmt::format("if (key0 + {} > {})", g_.keys, n_) : "", [&] {
      text_.unrolled("i", rows_, [&] {
        text_.unrolled("j", keys_, [&] {
          text_.line("const {} key = key0 + across + j * {};", index_, kAcross);
          if (isTail)
            return text_.line("if (key >= {}) scores[i][j] = -kInfinity;", n_);
          text_.line("const {} row = row0 + down + i * {};", index_, kDown);
          logit("scores[i][j]");
        });
      });
    });
  }

  void emitPowers() {
    text_.unrolled("i", rows_, [&] {
      text_.line("float largest = -kInfinity;");
      text_.unrolled("j", keys_, [&] { text_.line("largest = fmaxf(largest, scores[i][j]);"); });
      text_.unrolled("bits", 4, [&] {
        text_.line("largest = fmaxf(largest, shuffled(largest, 2 << bits));");
      });
      emitRescale("most[i]");
      text_.line("total[i] *= rescale;");
      text_.unrolled("j", keys_, [&] {
        text_.line("const float power = exp2Approximate(fmaf(scores[i][j], {}, -shift));", scale());
        text_.line("total[i] += power;");
        text_.line("powers[down + i * {}][across + j * {}] = power;", kDown, kAcross);
      });
      text_.unrolled("j", ownColumns_, [&] { text_.line("sums[i][j] *= rescale;"); });
    });
  }

  void emitSums() {
    text_.line("#pragma unroll 1");
    text_.block(fmt::format("for (int key = 0; key < {}; key += {})", g_.keys, kVector), [&] {
      text_.line("Pack<float, {}> columns[{}][{}];", run_, kVector, ownColumns_ / run_);
      text_.unrolled("item", kVector, [&] {
        text_.unrolled("j", ownColumns_ / run_, [&] {
          text_.line("columns[item][j] = *(const Pack<float, {0}> *)&tileV[key + item][across * "
                     "{0} + j * {1}];",
                     run_, run_ * kAcross);
        });
      });
      text_.unrolled("i", rows_, [&] {
        text_.line("const auto row = *(const Pack<float, {}> *)&powers[down + i * {}][key];",
                   kVector, kDown);
        text_.unrolled("item", kVector, [&] {
          text_.unrolled("j", ownColumns_, [&] {
            text_.line("sums[i][j] = fmaf(row.at[item], columns[item][j / {0}].at[j % {0}], "
                       "sums[i][j]);",
                       run_);
          });
        });
      });
    });
  }

  void emitResult() {
    text_.blank();
    text_.unrolled("i", rows_, [&] {
      text_.line("float sum = total[i];");
      text_.unrolled("bits", 4, [&] { text_.line("sum += shuffled(sum, 2 << bits);"); });
      text_.line("const float factor = 1.0f / sum;");
      text_.line("const {} row = row0 + down + i * {};", index_, kDown);
      text_.block(m_ % g_.rows == 0 ? "{" : fmt::format("if (row < {})", m_), [&] {
        bool inRuns = g_.resultRun == run_ && run_ > 1;
        int step = inRuns ? run_ : 1;
        text_.line("#pragma unroll");
        text_.block(fmt::format("for (int j = 0; j < {}; j += {})", ownColumns_, step), [&] {
          text_.line("const int column = j / {0} * {1} + across * {0} + j % {0};", run_,
                     run_ * kAcross);
          std::string to = fmt::format("o[{} + {}]", offset("row", Attention::Result, "row"),
                                       offset("column", Attention::Result, "column"));
          text_.block(columns_ == g_.columns ? "" : fmt::format("if (column < {})", columns_), [&] {
            if (!inRuns)
              return text_.line("{} = sums[i][j] * factor;", to);
            text_.line("Pack<float, {}> results;", run_);
            text_.unrolled("item", run_,
                           [&] { text_.line("results.at[item] = sums[i][j + item] * factor;"); });
            text_.line("storePack(&{}, results, isAlignedO);", to);
          });
        });
      });
    });
  }

  const int rows_, keys_, ownColumns_; ///< of a thread
  const int run_;                      ///< of its columns, how many are neighbours
};

} // namespace

KernelText emitAttention(const AttentionGrid &grid, unsigned inputs) {
  if (grid.unit == AttentionGrid::Unit::Scalar)
    return ScalarEmitter(grid, inputs).emit();
  return grid.byGroups ? emitGroupAttention(grid, inputs) : emitMatrixAttention(grid, inputs);
}

} // namespace ricci
