//===- pair_kernels_test.cpp - contractions of bf16 in pairs, run directly ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/kernel_harness.h"
#include "tests/cpu/launch_harness.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ricci::test {
namespace {

constexpr Packing kPackings[] = {Packing::AlongRows, Packing::AlongK, Packing::Across,
                                 Packing::Gather};
constexpr DType kResults[] = {DType::bf16, DType::f32};

class PairKernels : public testing::Test {
protected:
  void SetUp() override {
    if (!target().avx512bf16)
      GTEST_SKIP() << "this CPU has no AVX512-BF16";
  }
  static const Target &target() { return targetOf("native"); }
  static KernelSpec pairSpec(DType result, int vectors = 0) {
    KernelSpec spec = contractSpec({DType::bf16, DType::bf16}, result, target(), vectors);
    spec.pairs = true;
    return spec;
  }
  static LabelledProduct pairProduct(const std::string &equation,
                                     const std::map<char, int64_t> &extents, DType result,
                                     Disorder disorder = {}) {
    return makeProduct(equation, extents, {DType::bf16, DType::bf16}, result, disorder);
  }
  /// Small blocks, so that small problems have several of each and an edge.
  static Blocks smallBlocks(const KernelSpec &spec, int64_t k = 4) {
    return {2 * spec.tileRows, 2 * spec.tileColumns, k};
  }
};

// Every side of a tile, of a block and of two blocks, for odd and even K; K = 0 writes zeros.
TEST_F(PairKernels, sizesAroundTilesAndBlocks) {
  for (DType result : kResults) {
    KernelSpec spec = pairSpec(result);
    int64_t rows = spec.tileRows, columns = spec.tileColumns;
    for (int64_t m : {int64_t(0), int64_t(1), rows - 1, rows, rows + 1, 4 * rows + 3})
      for (int64_t n : {int64_t(0), int64_t(1), columns - 1, columns, columns + 1, 4 * columns + 3})
        for (int64_t k : {0, 1, 2, 3, 4, 5, 8, 13}) {
          auto product = pairProduct("mk,kn->mn", {{'m', m}, {'n', n}, {'k', k}}, result);
          expectRight(contractSchedule(product, spec, smallBlocks(spec), Packing::AlongK,
                                       Packing::AlongRows),
                      product, target());
          if (HasFailure())
            return;
        }
  }
}

// Vectors along K: whole ones, a rest, an odd one at the end, of each operand.
TEST_F(PairKernels, depths) {
  KernelSpec spec = pairSpec(DType::bf16);
  for (int64_t k : {1, 2, 15, 31, 32, 33, 34, 63, 64, 65, 97})
    for (int64_t block : {32, 34, 128})
      for (Packing packing : kPackings) {
        for (bool panels : {false, true}) {
          spec.panels = panels;
          auto product = pairProduct("mk,nk->mn", {{'m', 19}, {'n', 37}, {'k', k}}, DType::bf16);
          // Only contiguous columns are packed along rows.
          if (packing == Packing::AlongRows)
            product = pairProduct("km,kn->mn", {{'m', 19}, {'n', 37}, {'k', k}}, DType::bf16);
          expectRight(contractSchedule(product, spec, smallBlocks(spec, block), packing, packing),
                      product, target());
        }
      }
}

TEST_F(PairKernels, tiles) {
  for (int vectors : {1, 2, 3, 4}) {
    KernelSpec spec = pairSpec(DType::bf16, vectors);
    for (int rows : {4, spec.tileRows}) {
      spec.tileRows = rows;
      auto product =
          pairProduct("mk,kn->mn", {{'m', 3 * rows + 1}, {'n', 3 * spec.tileColumns - 1}, {'k', 9}},
                      DType::bf16);
      Packing packing = kPackings[(vectors + rows) % 4];
      expectRight(contractSchedule(product, spec, smallBlocks(spec), packing, packing), product,
                  target());
    }
  }
}

// Runs of rows, columns and K that end inside, at and after a vector, even and odd, in every order
// of axes, with gaps and negative strides, with every pair of packings.
TEST_F(PairKernels, packingsAndRuns) {
  const char *as[] = {"kKrR", "RrKk", "rKRk", "rkRK"}, *bs[] = {"KkNn", "nNkK", "KknN", "NnKk"},
             *cs[] = {"RrNn", "NRnr"};
  Random random(1);
  const int64_t runs[] = {2, 3, 5, 15, 16, 17, 31, 32, 33};
  uint64_t turn = 0;
  for (const char *a : as)
    for (const char *b : bs)
      for (const char *c : cs)
        for (Packing packingA : kPackings)
          for (Packing packingB : kPackings) {
            ++turn;
            KernelSpec spec = pairSpec(kResults[turn % 2]);
            auto run = [&] { return runs[random() % std::size(runs)]; };
            // One group is long at a time.
            std::map<char, int64_t> extents{{'r', 3}, {'R', 2}, {'n', 5},
                                            {'N', 2}, {'k', 3}, {'K', 2}};
            for (auto [label, outer] : {std::pair('r', 'R'), {'n', 'N'}, {'k', 'K'}})
              if (turn % 3 == uint64_t(label) % 3)
                extents[label] = run(), extents[outer] = 2 + int64_t(random() % 4);
            Disorder disorder{&random, true, turn % 2 == 0, turn % 5 == 0, false};
            auto product =
                pairProduct(std::string(a) + "," + b + "->" + c, extents, spec.result, disorder);
            expectRight(contractSchedule(product, spec, smallBlocks(spec, turn % 7 ? 20 : 34),
                                         packingA, packingB),
                        product, target());
            if (HasFailure())
              return;
          }
}

// Panels of columns within one run of the result, whole and cut, packed in every way.
TEST_F(PairKernels, panels) {
  KernelSpec spec = pairSpec(DType::bf16);
  spec.panels = true;
  int64_t tile = spec.tileColumns, rows = spec.tileRows;
  int turn = 0;
  for (const char *equation : {"mk,kxn->xmn", "km,xkn->mxn", "Mmk,nkx->xMmn", "mk,nxk->mxn"})
    for (int64_t inner : {int64_t(1), tile / 2 + 1, tile - 1, tile, tile + 1, 3 * tile})
      for (int64_t x : {3, 16, 18})
        for (int64_t k : {5, 6}) {
          std::map<char, int64_t> extents{
              {'m', rows + 3}, {'M', 2}, {'n', inner}, {'x', x}, {'k', k}};
          auto product = pairProduct(equation, extents, DType::bf16);
          auto schedule = contractSchedule(product, spec, {2 * rows, 2 * tile, 4},
                                           kPackings[turn % 4], kPackings[(turn + 2) % 4]);
          ++turn;
          if (schedule.spec.packing[1] == Packing::AlongRows && schedule.n[0].strides[1] != 1)
            schedule.spec.packing[1] = Packing::Across;
          expectRight(schedule, product, target());
          if (HasFailure())
            return;
        }
}

TEST_F(PairKernels, accumulatesBatchesAndStrides) {
  Random random(7);
  for (DType result : kResults) {
    KernelSpec spec = pairSpec(result);
    for (const char *equation :
         {"xymk,ykxn->xmyn", "kxmy,nkyx->nyxm", "xxmk,kn->xmn", "mkk,kn->mn", "mk,kn->nm"})
      for (int i = 0; i < 8; ++i) {
        auto product = pairProduct(
            equation, {{'x', 2}, {'y', 3}, {'m', 9 + i}, {'n', 17 + 5 * i}, {'k', 6 + i}}, result,
            {&random, true, true, true, true});
        product.accumulate = i % 2;
        expectRight(contractSchedule(product, spec, smallBlocks(spec), kPackings[i % 4],
                                     kPackings[(i + 3) % 4]),
                    product, target());
      }
  }
}

// Without packing.
TEST_F(PairKernels, direct) {
  for (DType result : kResults)
    for (int vectors : {2, 1, 3})
      for (int rows : {1, pairSpec(result, vectors).tileRows}) {
        KernelSpec spec = pairSpec(result, vectors);
        spec.family = Family::ContractDirect;
        spec.tileRows = rows;
        int64_t columns = spec.tileColumns;
        for (int64_t m : {int64_t(rows), int64_t(3 * rows) - 1, int64_t(0)})
          for (int64_t n : {columns, int64_t(1), columns + 1, int64_t(0)})
            for (int64_t k : {0, 1, 2, 7, 8}) {
              if (m != 0 && m < rows)
                continue;
              auto product = pairProduct(k % 3 ? "mk,kn->mn" : "xkm,kxn->mxn",
                                         {{'m', m}, {'n', n}, {'k', k}, {'x', 2}}, result);
              product.accumulate = m % rows == 0 && (n + k) % 3 == 0;
              spec.accumulate = product.accumulate;
              expectRight(
                  contractSchedule(product, spec, {0, 0, 0}, Packing::Gather, Packing::Gather),
                  product, target());
            }
      }
}

// What fills up the last pair of an odd K is zero on both sides: no infinity beside it, and none
// in an edge tile, becomes a NaN.
TEST_F(PairKernels, infinitiesStayOutside) {
  for (Family family : {Family::Contract, Family::ContractDirect})
    for (Packing packing : kPackings)
      for (int64_t k : {1, 7, 33}) {
        KernelSpec spec = pairSpec(DType::bf16);
        spec.family = family;
        auto product = pairProduct(
            "mk,kn->mn", {{'m', spec.tileRows + 1}, {'n', spec.tileColumns + 1}, {'k', k}},
            DType::bf16);
        auto schedule = contractSchedule(product, spec, smallBlocks(spec), packing, packing);
        for (auto [a, b] : {std::pair(HUGE_VAL, 1.0), {1.0, HUGE_VAL}})
          for (double value : runFilled(schedule, product, target(), {a, b}))
            EXPECT_EQ(value, HUGE_VAL);
      }
}

// Slabs of rows and of columns give equal bits.
TEST_F(PairKernels, splitsAgreeBitForBit) {
  for (DType result : kResults)
    for (auto [m, n] : {std::pair<int64_t, int64_t>(13, 300), {200, 21}, {97, 97}}) {
      KernelSpec spec = pairSpec(result);
      auto product = pairProduct("bmk,bkn->bmn", {{'b', 2}, {'m', m}, {'n', n}, {'k', 23}}, result);
      auto schedule = contractSchedule(product, spec, smallBlocks(spec, 8), Packing::AlongK,
                                       Packing::AlongRows);
      expectSplitsAgree(schedule, product, target());
    }
}

// Sums are f32 until the last block of K, and rounded once.
TEST_F(PairKernels, sumsAreRoundedOnce) {
  KernelSpec spec = pairSpec(DType::bf16);
  auto product = pairProduct("mk,kn->mn", {{'m', 5}, {'n', 40}, {'k', 4096}}, DType::bf16);
  auto schedule =
      contractSchedule(product, spec, smallBlocks(spec, 64), Packing::AlongK, Packing::AlongRows);
  for (double value : runFilled(schedule, product, target(), {1.0, 1.0}))
    EXPECT_EQ(value, 4096);
}

// The instruction takes denormals for zero: 2^-130 * 2^10 is 0, 2^-126 * 2^10 is not.
TEST_F(PairKernels, denormalsAreZero) {
  for (Family family : {Family::Contract, Family::ContractDirect}) {
    KernelSpec spec = pairSpec(DType::f32);
    spec.family = family;
    auto product =
        pairProduct("mk,kn->mn", {{'m', spec.tileRows}, {'n', 32}, {'k', 3}}, DType::f32);
    auto schedule =
        contractSchedule(product, spec, smallBlocks(spec), Packing::AlongK, Packing::AlongRows);
    for (double value : runFilled(schedule, product, target(), {0x1p-130, 1024}))
      EXPECT_EQ(value, 0);
    for (double value : runFilled(schedule, product, target(), {0x1p-126, 1024}))
      EXPECT_EQ(value, 3 * 0x1p-116);
  }
}

} // namespace
} // namespace ricci::test
