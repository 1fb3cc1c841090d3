//===- attention_fragments.cpp - rows of attention in fragments ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_fragments.h"

#include "compiler/cuda/scalars.h"

namespace ricci {

AttentionFragments::AttentionFragments(const AttentionGrid &grid, unsigned inputs)
    : AttentionText(grid, inputs), suffix_(grid.unit == AttentionGrid::Unit::F16 ? "F16" : "Bf16"),
      tiles_(grid.warpRows / kStep), element_(storageTypeName(grid.attention.type)) {}

void AttentionFragments::declarePlaces() {
  text_.line("const int warpRow = thread / 32 * {}, lane = thread % 32;", g_.warpRows);
  text_.line("const int quad = lane / 4, pair = lane % 4 * 2;");
}

void AttentionFragments::loadQueries() {
  text_.line("u32 queries[{}][{}][4];", tiles_, g_.depth / kStep);
  text_.unrolled("i", tiles_, [&] {
    text_.unrolled("j", g_.depth / kStep, [&] {
      text_.unrolled("part", 4, [&] {
        text_.line("const {} row = row0 + warpRow + i * {} + quad + part % 2 * 8;", index_, kStep);
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

void AttentionFragments::declareSums() {
  text_.blank();
  text_.line("// Of each row: the largest logit so far, and the sum of the powers.");
  text_.line("float most[{}][2], total[{}][2] = {{}};", tiles_, tiles_);
  text_.line("float rescales[{}][2];", tiles_);
  text_.line("float sums[{}][{}][4] = {{}};", tiles_, g_.columns / kColumns);
  text_.unrolled("i", tiles_, [&] { text_.line("most[i][0] = most[i][1] = -kInfinity;"); });
}

void AttentionFragments::emitLogits() {
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

void AttentionFragments::emitPowers() {
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
      text_.line("rescales[i][half] = rescale;");
    });
  });
}

void AttentionFragments::rescaleSums() {
  text_.unrolled("i", tiles_, [&] {
    text_.unrolled("j", g_.columns / kColumns, [&] {
      text_.unrolled("part", 4, [&] { text_.line("sums[i][j][part] *= rescales[i][part / 2];"); });
    });
  });
}

void AttentionFragments::roundPowers(const char *rows, const char *step) {
  text_.unrolled("i", tiles_, [&] {
    text_.unrolled("part", 4, [&] {
      text_.line("const float (&from)[4] = scores[i][2 * {} + part / 2];", step);
      text_.line("{}[part] = toPair{}(from[part % 2 * 2], from[part % 2 * 2 + 1]);", rows, suffix_);
    });
  });
}

void AttentionFragments::emitResult() {
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

void AttentionFragments::storeColumns() {
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
      text_.line("const Pack<{}, 2> both = {{{{{}, {}}}}};", storageTypeName(a_.result), value("0"),
                 value("1"));
      text_.line("storePack(&o[{}], both, isAlignedO);", at("column"));
    });
  text_.block(exists("column"), [&] { text_.line("o[{}] = {};", at("column"), value("0")); });
  text_.block(exists("column + 1"),
              [&] { text_.line("o[{}] = {};", at("column + 1"), value("1")); });
}

} // namespace ricci
