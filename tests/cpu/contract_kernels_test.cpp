//===- contract_kernels_test.cpp - packed contractions, run directly ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/launch_harness.h"
#include "tests/cpu/level_fixture.h"

#include <cmath>

namespace ricci::test {
namespace {

using ContractKernels = OnLevel;
INSTANTIATE_LEVELS(ContractKernels);

constexpr Packing kPackings[] = {Packing::AlongRows, Packing::AlongK, Packing::Across,
                                 Packing::Gather};

/// Small blocks, so that small problems have several of each and an edge.
Blocks smallBlocks(const KernelSpec &spec, int64_t k = 5) {
  return {2 * spec.tileRows, 2 * spec.tileColumns, k};
}

// Every side of a tile, of a block and of two blocks; K = 0 writes zeros.
TEST_P(ContractKernels, sizesAroundTilesAndBlocks) {
  for (DType t : {DType::f32, DType::f16}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    int64_t rows = spec.tileRows, columns = spec.tileColumns;
    for (int64_t m : {int64_t(0), int64_t(1), rows - 1, rows, rows + 1, 2 * rows, 4 * rows + 3})
      for (int64_t n : {int64_t(0), int64_t(1), columns - 1, columns, columns + 1, 2 * columns,
                        4 * columns + 3})
        for (int64_t k : {0, 1, 4, 5, 6, 13}) {
          auto product = makeProduct("mk,kn->mn", {{'m', m}, {'n', n}, {'k', k}}, {t, t}, t);
          expectRight(contractSchedule(product, spec, smallBlocks(spec), Packing::AlongK,
                                       Packing::AlongRows),
                      product, target());
          if (HasFailure())
            return;
        }
  }
}

// Register tiles of one to three vectors.
TEST_P(ContractKernels, tiles) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::bf16, DType::i8})
    for (int vectors : {1, 2, 3}) {
      KernelSpec spec = contractSpec({t, t}, t, target(), vectors);
      for (int rows : {4, spec.tileRows}) {
        spec.tileRows = rows;
        auto product = makeProduct("mk,kn->mn",
                                   {{'m', 3 * rows + 1}, {'n', 3 * spec.tileColumns - 1}, {'k', 9}},
                                   {t, t}, t);
        Packing packing = kPackings[(vectors + rows) % 4];
        expectRight(contractSchedule(product, spec, smallBlocks(spec), packing, packing), product,
                    target());
      }
    }
}

// B is contiguous along the second dim of columns: strips of columns that lie apart in B are turned
// across panels. Ends of dims, blocks and panels fall inside of them.
TEST_P(ContractKernels, packsAcrossPanels) {
  for (DType t : {DType::f32, DType::f64, DType::i32, DType::f16, DType::i8, DType::c64}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    int64_t lanes = target().lanes(componentDType(computeType(t)));
    for (int64_t inner : {int64_t(1), int64_t(3), lanes, lanes + 1, int64_t(spec.tileColumns) + 5})
      for (int64_t second : {int64_t(1), int64_t(2), lanes, 2 * lanes + 1}) {
        std::map<char, int64_t> extents{{'m', 5}, {'n', inner}, {'N', second}, {'x', 3}, {'k', 4}};
        auto product = makeProduct("mk,kxnN->mxNn", extents, {t, t}, t);
        for (int64_t columns : {1, 3})
          expectRight(contractSchedule(product, spec,
                                       {spec.tileRows, columns * spec.tileColumns, 3},
                                       Packing::AlongK, Packing::Across),
                      product, target());
      }
  }
}

// Panels of columns within one run of the result, whole and cut, that rows follow directly or not,
// stored through the caches and past them. Buffers begin on a cache line or end anywhere.
TEST_P(ContractKernels, panels) {
  for (DType t : {DType::f32, DType::f64, DType::i64, DType::f16, DType::i8, DType::c64})
    for (int vectors : {0, 1}) {
      if (t != DType::f32 && vectors)
        continue;
      KernelSpec spec = contractSpec({t, t}, t, target(), vectors);
      spec.panels = true;
      bool streams = computeType(t) == t && kindOf(t) != DTypeKind::Complex;
      int64_t tile = spec.tileColumns, rows = spec.tileRows;
      int turn = 0;
      for (const char *equation : {"mk,kxn->xmn", "km,xkn->mxn", "Mmk,nkx->xMmn", "mk,nxk->mxn"})
        for (int64_t inner :
             {int64_t(1), tile / 2 + 1, tile - 1, tile, tile + 1, 3 * tile, 4 * tile})
          for (int64_t m : {int64_t(1), rows, 2 * rows + 3}) {
            std::map<char, int64_t> extents{{'m', m}, {'M', 2}, {'n', inner}, {'x', 3}, {'k', 5}};
            auto product = makeProduct(equation, extents, {t, t}, t);
            auto schedule = contractSchedule(product, spec, {2 * rows, 2 * tile, 5},
                                             kPackings[turn % 4], kPackings[(turn + 2) % 4]);
            // Only contiguous columns are packed along rows.
            if (schedule.spec.packing[1] == Packing::AlongRows && schedule.n[0].strides[1] != 1)
              schedule.spec.packing[1] = Packing::Across;
            ++turn;
            for (bool past : {false, true}) {
              schedule.streams = schedule.spec.streams = past;
              if (!past || streams)
                expectRight(schedule, product, target());
            }
            if (HasFailure())
              return;
          }
    }
}

// Runs of rows, columns and K that end inside, at and after a vector, in every order of axes, with
// every packing. A packing is a way to read, never an assumption. All pairs of packings for one
// type.
TEST_P(ContractKernels, packingsRunsAndTypes) {
  const char *as[] = {"kKrR", "RrKk", "rKRk"}, *bs[] = {"KkNn", "nNkK", "KknN"},
             *cs[] = {"RrNn", "NRnr"};
  for (int type = 0; type < kNumDTypes; ++type) {
    DType t = DType(type);
    KernelSpec spec = contractSpec({t, t}, t, target());
    int64_t lanes = target().lanes(componentDType(computeType(t)));
    Random random(1);
    const int64_t runs[] = {2, 3, lanes - 1, lanes, lanes + 1};
    uint64_t turn = 0, packingA = 0;
    for (const char *a : as)
      for (const char *b : bs)
        for (const char *c : cs)
          for (uint64_t shift = 0; shift < std::size(kPackings); ++shift, ++turn) {
            packingA = (shift + (t == DType::f32 ? turn / 4 : 1)) % std::size(kPackings);
            auto run = [&] { return std::max<int64_t>(1, runs[random() % std::size(runs)]); };
            // One group is long at a time.
            std::map<char, int64_t> extents{{'r', 3}, {'R', 2}, {'n', 5},
                                            {'N', 2}, {'k', 3}, {'K', 2}};
            for (auto [label, outer] : {std::pair('r', 'R'), {'n', 'N'}, {'k', 'K'}})
              if (turn % 3 == uint64_t(label) % 3)
                extents[label] = run(), extents[outer] = lanes <= 16 ? 5 : 3;
              else if (lanes <= 16 && random() % 2)
                extents[label] = run();
            Disorder disorder{&random, true, turn % 2 == 0, turn % 5 == 0, false};
            auto product =
                makeProduct(std::string(a) + "," + b + "->" + c, extents, {t, t}, t, disorder);
            // What is read ahead changes nothing, wherever it is.
            auto schedule = contractSchedule(product, spec, smallBlocks(spec, lanes + 3),
                                             kPackings[packingA], kPackings[shift]);
            schedule.prefetches = kPackings[shift] == Packing::AlongRows && turn % 2;
            expectRight(schedule, product, target());
            if (HasFailure())
              return;
          }
  }
}

TEST_P(ContractKernels, mixedTypes) {
  const std::tuple<DType, DType, DType> types[] = {
      {DType::b1, DType::f32, DType::f32},   {DType::i8, DType::i32, DType::i32},
      {DType::i32, DType::f32, DType::f64},  {DType::f16, DType::bf16, DType::f32},
      {DType::f32, DType::c64, DType::c64},  {DType::c64, DType::f64, DType::c128},
      {DType::u8, DType::f16, DType::f16},   {DType::u32, DType::i16, DType::i64},
      {DType::b1, DType::i64, DType::i64},   {DType::f16, DType::f16, DType::f32},
      {DType::bf16, DType::f32, DType::f32}, {DType::u64, DType::f64, DType::f64},
  };
  for (auto [a, b, c] : types) {
    KernelSpec spec = contractSpec({a, b}, c, target());
    auto rows = makeProduct("km,kn->mn", {{'m', 19}, {'n', 37}, {'k', 21}}, {a, b}, c);
    auto alongK = makeProduct("mk,nk->mn", {{'m', 19}, {'n', 37}, {'k', 21}}, {a, b}, c);
    expectRight(
        contractSchedule(rows, spec, smallBlocks(spec, 9), Packing::AlongRows, Packing::AlongRows),
        rows, target());
    expectRight(
        contractSchedule(alongK, spec, smallBlocks(spec, 9), Packing::AlongK, Packing::AlongK),
        alongK, target());
  }
}

TEST_P(ContractKernels, accumulates) {
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8, DType::u32, DType::b1,
                  DType::c64})
    for (int64_t k : {0, 3, 11})
      for (const char *equation : {"mk,kn->mn", "mk,kn->nm"}) {
        KernelSpec spec = contractSpec({t, t}, t, target());
        auto product = makeProduct(equation, {{'m', 31}, {'n', 67}, {'k', k}}, {t, t}, t);
        product.accumulate = true;
        expectRight(
            contractSchedule(product, spec, smallBlocks(spec), Packing::AlongK, Packing::AlongRows),
            product, target());
      }
}

// Batches of any rank, operands that do not move along a label, negative strides, diagonals.
TEST_P(ContractKernels, batchesAndStrides) {
  for (DType t : {DType::f32, DType::c128, DType::bf16, DType::i16}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    Random random(7);
    for (const char *equation :
         {"xymk,ykxn->xmyn", "kxmy,nkyx->nyxm", "xxmk,kn->xmn", "mkk,kn->mn"})
      for (int i = 0; i < 8; ++i) {
        auto product = makeProduct(
            equation, {{'x', 2}, {'y', 3}, {'m', 9 + i}, {'n', 17 + 5 * i}, {'k', 6 + i}}, {t, t},
            t, {&random, true, true, true, true});
        expectRight(contractSchedule(product, spec, smallBlocks(spec), kPackings[i % 4],
                                     kPackings[(i + 3) % 4]),
                    product, target());
      }
  }
}

// Without packing. Every side of a tile; the last tiles of rows and of columns are done with those
// before them, whichever of both comes first. Half of the batches, or the next rows, are
// prefetched, with their results, which no cache holds.
TEST_P(ContractKernels, direct) {
  Target small = target();
  small.l3Bytes = 0;
  small.l2Bytes = 2048;
  for (int type = 0; type < kNumDTypes; ++type) {
    DType t = DType(type);
    if (kindOf(t) == DTypeKind::Complex)
      continue;
    bool masks = target().avx512 || (target().vectorBytes == 32 && itemSize(t) >= 4);
    for (int vectors : {2, 1, 3})
      for (int rows : {1, contractSpec({t, t}, t, target(), vectors).tileRows}) {
        if (t != DType::f32 && (vectors != 2 || rows == 1))
          continue; // all tiles for one type, all types for one tile
        KernelSpec spec = contractSpec({t, t}, t, target(), vectors);
        spec.family = Family::ContractDirect;
        spec.tileRows = rows;
        int64_t columns = spec.tileColumns;
        for (int64_t m : {int64_t(rows), int64_t(rows) + 1, int64_t(3 * rows) - 1, int64_t(0)})
          for (int64_t n : {columns, 2 * columns, int64_t(1), columns - 1, columns + 1,
                            3 * columns - 2, int64_t(0)})
            for (int64_t k : {0, 1, 6, 7}) {
              bool accumulates = m % rows == 0 && (n + k) % 3 == 0;
              if ((m != 0 && m < rows) ||
                  (!masks && (accumulates ? n % columns != 0 : n < columns)))
                continue;
              auto product = makeProduct(k % 2 ? "mk,kn->mn" : "xkm,kxn->mxn",
                                         {{'m', m}, {'n', n}, {'k', k}, {'x', 2}}, {t, t}, t);
              spec.accumulate = product.accumulate = accumulates;
              spec.prefetches = k >= 6 && (m + n) % 2;
              auto schedule =
                  contractSchedule(product, spec, {0, 0, 0}, Packing::Gather, Packing::Gather);
              schedule.prefetches = spec.prefetches;
              expectRight(schedule, product, small);
            }
        spec.accumulate = spec.prefetches = false;
        auto product = makeProduct(
            "xmk,kn->xmn", {{'x', 2}, {'m', 67 * rows}, {'n', columns}, {'k', 5}}, {t, t}, t);
        auto schedule =
            contractSchedule(product, spec, {0, 0, 0}, Packing::Gather, Packing::Gather);
        expectRight(schedule, product, target());
        expectSplitsAgree(schedule, product, target());
        if (HasFailure())
          return;
      }
  }
}

// B whose rows are no vectors is copied first: contiguous along K, or not at all.
TEST_P(ContractKernels, directOfACopy) {
  for (DType t : {DType::f32, DType::f64, DType::bf16, DType::f16, DType::i8, DType::u64}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    spec.family = Family::ContractDirect;
    spec.copies = true;
    int64_t rows = spec.tileRows, columns = spec.tileColumns;
    for (const char *equation : {"mk,nk->mn", "km,nk->mn"})
      for (int64_t n : {columns - 1, columns, columns + 3, 3 * columns - 1})
        for (int64_t k : {0, 1, 7})
          for (bool prefetches : {false, true}) {
            bool masks = target().avx512 || (target().vectorBytes == 32 && itemSize(t) >= 4);
            if (n < columns && !masks)
              continue;
            auto product =
                makeProduct(equation, {{'m', 130 * rows + 1}, {'n', n}, {'k', k}}, {t, t}, t);
            spec.prefetches = prefetches;
            auto schedule =
                contractSchedule(product, spec, {0, 0, 0}, Packing::Gather, Packing::Gather);
            schedule.prefetches = prefetches;
            expectRight(schedule, product, target());
            if (k == 7 && n == columns + 3)
              expectSplitsAgree(schedule, product, target());
            if (HasFailure())
              return;
          }
  }
}

// What lies beside an edge tile, and a K block of zeros, never meets an infinity that is written.
TEST_P(ContractKernels, infinitiesStayOutsideEdges) {
  for (DType t : {DType::f32, DType::f64, DType::f16}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    for (Packing packing : kPackings) {
      auto product =
          makeProduct("mk,kn->mn",
                      {{'m', spec.tileRows + 1}, {'n', spec.tileColumns + 1}, {'k', 7}}, {t, t}, t);
      auto schedule = contractSchedule(product, spec, smallBlocks(spec), packing, packing);
      for (double value : runFilled(schedule, product, target(), {HUGE_VAL, 1.0}))
        EXPECT_EQ(value, HUGE_VAL);
    }
  }
}

// Slabs of rows and of columns; what one worker gets in a row is one slab.
TEST_P(ContractKernels, splitsAgreeBitForBit) {
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::c64})
    for (bool accumulate : {false, true})
      for (auto [m, n] : {std::pair<int64_t, int64_t>(13, 300), {200, 21}, {97, 97}}) {
        KernelSpec spec = contractSpec({t, t}, t, target());
        auto product =
            makeProduct("bmk,bkn->bmn", {{'b', 2}, {'m', m}, {'n', n}, {'k', 23}}, {t, t}, t);
        product.accumulate = accumulate;
        auto schedule = contractSchedule(product, spec, smallBlocks(spec, 7), Packing::AlongK,
                                         Packing::AlongRows);
        expectSplitsAgree(schedule, product, target());
        expectRight(schedule, product, target());
      }
}

// Sums of f16 and bf16 are kept for as many rows as a part of the L3 cache holds, or a block.
TEST_P(ContractKernels, narrowSumsOfAllRowsAndOfABlock) {
  Target small = target();
  small.l3Bytes = 0;
  for (DType t : {DType::f16, DType::bf16}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    auto product = makeProduct("mk,kn->mn", {{'m', 97}, {'n', 150}, {'k', 13}}, {t, t}, t);
    auto schedule =
        contractSchedule(product, spec, smallBlocks(spec), Packing::AlongK, Packing::AlongRows);
    auto rows = [&](const Target &on) {
      return describeLaunch(schedule, on).descriptor[ContractWord::SumRows];
    };
    EXPECT_EQ(rows(small), schedule.blockRows);
    EXPECT_GE(rows(target()), 97);
    expectRight(schedule, product, small);
    expectRight(schedule, product, target());
  }
}

// Sums of f16 and bf16 are rounded once, after the last block of K.
TEST_P(ContractKernels, narrowSumsAreRoundedOnce) {
  for (DType t : {DType::f16, DType::bf16}) {
    KernelSpec spec = contractSpec({t, t}, t, target());
    auto product = makeProduct("mk,kn->mn", {{'m', 5}, {'n', 40}, {'k', 4096}}, {t, t}, t);
    auto schedule =
        contractSchedule(product, spec, smallBlocks(spec, 64), Packing::AlongK, Packing::AlongRows);
    for (double value : runFilled(schedule, product, target(), {1.0, 1.0}))
      EXPECT_EQ(value, 4096);
  }
}

} // namespace
} // namespace ricci::test
