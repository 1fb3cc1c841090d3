//===- emit_attention_groups.cpp - attention by groups of four warps -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As emit_attention_matrix.cpp, but on sm_90a four warps multiply 64 rows at once and have K and V
// read from shared memory. Products go on by themselves, so a group has two on their way:
//
//   scores = Q times the next K     first, and waited for first
//   sums += weights times V         of the tile before, while the scores become weights
//
// Shah et al., "FlashAttention-3" (2024), has this order. There are three tiles in shared memory
// at least: the one whose V is read, the one whose K is, and the one that comes.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_fragments.h"

namespace ricci {

namespace {

class GroupEmitter : AttentionFragments {
public:
  GroupEmitter(const AttentionGrid &grid, unsigned inputs)
      : AttentionFragments(grid, inputs), ahead_(grid.stages - 2) {}

  KernelText emit() {
    open(fmt::format("{} rows a block and 64 four warps on matrix units, {} keys at once, {} tiles "
                     "in shared memory",
                     g_.rows, g_.keys, g_.stages));
    defineProduct(g_.keys);
    if (g_.columns != g_.keys)
      defineProduct(g_.columns);
    declarePlaces();
    declareShared(element_, {{"tileK", {g_.stages, g_.k.pieces(), g_.k.pitch}},
                             {"tileV", {g_.stages, g_.v.pieces(), g_.v.pitch}}});
    declareAlignments();
    text_.lambda(fmt::format("auto fetch = [&](int stage, {} key0)", index_), [&] {
      text_.block(fmt::format("if (key0 < {})", n_), [&] {
        fetchTile(Attention::K, "tileK[stage]");
        fetchTile(Attention::V, "tileV[stage]");
      });
      text_.line("commitCopies();");
    });
    text_.line("#pragma unroll 1");
    text_.line("for (int stage = 0; stage < {}; ++stage) fetch(stage, stage * {});", ahead_,
               g_.keys);
    loadQueries();
    declareSums();
    text_.line("float scores[1][{}][4];", g_.keys / kColumns);
    text_.line("u32 weights[{}][4];", g_.keys / kStep);
    defineSteps();
    text_.line("arrive(0, 0);");
    text_.line("multiplyK(0);");
    text_.line("waitForProducts<0>();");
    text_.line("settle(scores[0]);");
    text_.line("weigh(0);");
    text_.line("round();");
    text_.line("int now = 0;");
    text_.line("#pragma unroll 1");
    text_.block(fmt::format("for ({0} key0 = {1}; key0 < {2}; key0 += {1})", index_, g_.keys, n_),
                [&] {
                  text_.line("const int next = now == {} ? 0 : now + 1;", g_.stages - 1);
                  text_.line("arrive(next, key0);");
                  text_.line("multiplyK(next);");
                  text_.line("multiplyV(now);");
                  text_.line("waitForProducts<1>();");
                  text_.line("settle(scores[0]);");
                  text_.line("weigh(key0);");
                  text_.line("waitForProducts<0>();");
                  text_.line("settle(sums[0]);");
                  text_.line("keep(weights);");
                  rescaleSums();
                  text_.line("round();");
                  text_.line("now = next;");
                });
    text_.line("multiplyV(now);");
    text_.line("waitForProducts<0>();");
    text_.line("settle(sums[0]);");
    emitResult();
    return std::move(kernel_);
  }

private:
  void defineSteps() {
    // Everyone is done with the tile before the one whose V is read next.
    text_.lambda(fmt::format("auto arrive = [&](int stage, {} key0)", index_), [&] {
      text_.line("waitForCopies<{}>();", ahead_ - 1);
      text_.line("publishTiles();");
      text_.line("__syncthreads();");
      text_.line("fetch(stage < 2 ? stage + {0} : stage - 2, key0 + {1});", ahead_,
                 ahead_ * g_.keys);
    });
    text_.lambda("auto multiplyK = [&](int stage)", [&] {
      text_.line("beginProducts();");
      multiply(g_.depth / kStep, g_.k, g_.k.keysInside, "tileK", "scores[0]", "queries[0][{}]",
               g_.keys, false);
      text_.line("commitProducts();");
    });
    text_.lambda("auto multiplyV = [&](int stage)", [&] {
      text_.line("beginProducts();");
      multiply(g_.keys / kStep, g_.v, !g_.v.keysInside, "tileV", "sums[0]", "weights[{}]",
               g_.columns, true);
      text_.line("commitProducts();");
    });
    text_.lambda(fmt::format("auto weigh = [&]({} key0)", index_), [&] {
      emitLogits();
      emitPowers();
    });
    text_.lambda("auto round = [&]()", [&] {
      text_.unrolled("step", g_.keys / kStep, [&] { roundPowers("weights[step]", "step"); });
    });
  }

  /// The product's columns are the tile's lines or, where it is flat, lie within them.
  void multiply(int steps, const AttentionGrid::Side &side, bool isFlat, const char *tile,
                const char *sums, const char *rows, int columns, bool adds) {
    for (int step = 0; step < steps; ++step) {
      int at = step * kStep;
      std::string first =
          isFlat ? fmt::format("[{}][0]", at)
                 : fmt::format("[{}][{}]", at / side.pitch * side.lines, at % side.pitch);
      text_.line("multiplyRows64x{}<{}, {}>({}, {}, &{}[stage]{}, {});", columns, isFlat ? 1 : 0,
                 adds || step > 0 ? 1 : 0, sums, fmt::format(fmt::runtime(rows), step), tile, first,
                 isFlat ? side.lines * kGroupRowBytes : 16);
    }
  }

  /// wgmma of the PTX ISA with A in registers.
  void defineProduct(int columns) {
    CudaText &text = kernel_.helpers;
    const char *type = suffix_[0] == 'F' ? "f16" : "bf16";
    int products = columns / kColumns, words = 4 * products;
    text.line("// sums = A B over 16 steps, or sums + A B, by four warps together: A in registers, "
              "B a tile.");
    text.line("template <int isFlatB, int adds>");
    text.line(
        "FN void multiplyRows64x{}(float (&sums)[{}][4], const u32 (&rows)[4], const void *b, "
        "int leadB) {{",
        columns, products);
    text.line("#ifdef RICCI_CUDA_EMULATOR");
    text.line("  ricciEmulatorMultiplyRows{}(&sums[0][0], {}, rows, b, isFlatB, leadB, adds);",
              suffix_, columns);
    text.line("#else");
    writeGroupProduct(text, fmt::format("m64n{0}k16.f32.{1}.{1}", columns, type), columns,
                      fmt::format("{{%{}, %{}, %{}, %{}}}, %{}, %{}, 1, 1, %{}", words, words + 1,
                                  words + 2, words + 3, words + 4, words + 5, words + 6),
                      {"\"r\"(rows[0]), \"r\"(rows[1]), \"r\"(rows[2]), \"r\"(rows[3])",
                       "\"l\"(tileDescriptor(b, leadB)), \"n\"(adds), \"n\"(isFlatB)"});
    text.line("#endif");
    text.line("}");
  }

  const int ahead_; ///< tiles that are on their way while one is multiplied
};

} // namespace

KernelText emitGroupAttention(const AttentionGrid &grid, unsigned inputs) {
  return GroupEmitter(grid, inputs).emit();
}

} // namespace ricci
