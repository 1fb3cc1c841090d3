//===- schedule_test.cpp - what choose_schedule decides ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/ir/context.h"
#include "tests/fuse/products.h"

#include "mlir/IR/BuiltinOps.h"

#include <set>

namespace ricci::test {
namespace {

TEST(Schedule, names) {
  KernelSpec spec;
  spec.family = Family::Contract;
  spec.operands = {DType::f32, DType::f32};
  spec.tileRows = 14, spec.tileColumns = 32;
  EXPECT_EQ(spec.name(), "contract_f32_14x32_gather_gather");
  EXPECT_EQ(spec.title(), "contract f32 14x32 gather");
  spec.packing[0] = Packing::AlongK, spec.packing[1] = Packing::AlongRows;
  EXPECT_EQ(spec.title(), "contract f32 14x32");
  spec.packing[0] = spec.packing[1] = Packing::Gather;
  spec.operands[1] = DType::f16;
  EXPECT_EQ(spec.name(), "contract_f32_f16_f32_14x32_gather_gather");
  spec = {};
  spec.family = Family::ReduceRows;
  spec.operands = {DType::f64, DType::f64};
  spec.result = DType::f64;
  EXPECT_EQ(spec.name(), "reduce_rows_f64_sss");
  EXPECT_EQ(spec.title(), "reduce rows f64 scalar");
  spec.vectorized = true, spec.unit = 0b001, spec.accumulate = true;
  EXPECT_EQ(spec.name(), "reduce_rows_f64_100_add");
  EXPECT_EQ(spec.title(), "reduce rows f64 vector");
}

// A kernel is found by its name: two specs that shape different code must not share one.
TEST(Schedule, namesAreUnique) {
  std::set<std::string> names;
  size_t specs = 0;
  auto insert = [&](const KernelSpec &spec) {
    ++specs;
    EXPECT_TRUE(names.insert(spec.name()).second) << spec.name();
  };
  std::vector<llvm::SmallVector<DType, 3>> operandLists;
  for (int a = 0; a < kNumDTypes; ++a) {
    operandLists.push_back({DType(a)});
    for (int b = 0; b < kNumDTypes; ++b)
      operandLists.push_back({DType(a), DType(b)});
  }
  for (const auto &operands : operandLists)
    for (int result = 0; result < kNumDTypes; ++result) {
      KernelSpec spec;
      spec.operands = operands;
      spec.result = DType(result);
      spec.family = Family::Transpose;
      if (operands.size() == 1)
        insert(spec);
      spec.family = Family::Contract;
      for (auto [rows, columns] : {std::pair(1, 16), {11, 6}, {6, 16}})
        if (operands.size() == 2) {
          spec.family = Family::Contract, spec.accumulate = false;
          spec.tileRows = rows, spec.tileColumns = columns;
          insert(spec);
          spec.pairs = true;
          insert(spec);
          spec.pairs = false;
          spec.family = Family::ContractDirect;
          for (bool accumulate : {false, true}) {
            spec.accumulate = accumulate;
            insert(spec);
          }
        }
      for (Family family : {Family::Map, Family::ReduceRows, Family::ReduceColumns})
        for (bool accumulate : {false, true}) {
          spec.family = family, spec.accumulate = accumulate, spec.vectorized = false,
          spec.unit = 0;
          insert(spec);
          spec.vectorized = true;
          for (spec.unit = 0; spec.unit < 2u << operands.size(); ++spec.unit)
            insert(spec);
        }
    }
  EXPECT_EQ(names.size(), specs);
}

TEST(Schedule, computeTypes) {
  EXPECT_EQ(computeType(DType::f16), DType::f32);
  EXPECT_EQ(computeType(DType::bf16), DType::f32);
  EXPECT_EQ(computeType(DType::u8), DType::i16);
  EXPECT_EQ(computeType(DType::u64), DType::i64);
  EXPECT_EQ(computeType(DType::c64), DType::c64);
  EXPECT_EQ(componentDType(DType::c128), DType::f64);
  EXPECT_EQ(componentDType(DType::b1), DType::b1);
}

TEST(Schedule, attributeRoundTrip) {
  auto context = makeContext();
  auto op = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
  std::vector<Schedule> schedules;
  for (DType t : {DType::f32, DType::c128, DType::b1}) {
    schedules.push_back(chooseSchedule(matmul(1000, 2000, 300, t), target()));
    schedules.push_back(chooseSchedule(matmul(8, 64, 8, t), target()));
    // Columns of the result first: the operands change places.
    schedules.push_back(chooseSchedule(
        product({{100, {300, 0, 1}, true}, {200, {0, 1, 100}, true}, {300, {1, 200, 0}, false}}, t),
        target()));
    schedules.push_back(
        chooseSchedule(product({{90, {1, 90}, true}, {80, {90, 1}, true}}, t), target()));
    schedules.push_back(
        chooseSchedule(product({{90, {80, 1}, true}, {80, {1, 0}, false}}, t), target()));
    schedules.push_back(
        chooseSchedule(product({{90, {1, 1}, true}, {80, {90, 0}, false}}, t), target()));
    schedules.push_back(
        chooseSchedule(product({{90, {1, 1, 1}, true}, {80, {90, -7, -90}, true}}, t), target()));
    schedules.push_back(chooseSchedule(
        product({{5000, {9, 9}, true}, {3, {1, 3}, true}, {3, {3, 1}, true}}, t), target()));
    LabelledProduct add = product({{90, {1, 1}, true}}, t);
    add.accumulate = true;
    schedules.push_back(chooseSchedule(add, target()));
  }
  std::set<Family> families;
  for (const Schedule &s : schedules) {
    families.insert(s.spec.family);
    auto back = fromAttribute(toAttribute(s, context.get()), op);
    ASSERT_TRUE(succeeded(back));
    EXPECT_EQ(back->spec.name(), s.spec.name());
    EXPECT_EQ(back->spec.operands, s.spec.operands);
    EXPECT_EQ(back->spec.vectorized, s.spec.vectorized);
    EXPECT_EQ(back->spec.unit, s.spec.unit);
    EXPECT_EQ(back->spec.accumulate, s.spec.accumulate);
    EXPECT_EQ(back->accumulate, s.accumulate);
    EXPECT_EQ(back->swapped, s.swapped);
    for (Dims Schedule::*group : {&Schedule::batch, &Schedule::m, &Schedule::n, &Schedule::k})
      expectDims((*back).*group, std::vector<Dim>((s.*group).begin(), (s.*group).end()));
    EXPECT_EQ(back->blockRows, s.blockRows);
    EXPECT_EQ(back->blockColumns, s.blockColumns);
    EXPECT_EQ(back->blockK, s.blockK);
    if (s.spec.family == Family::Contract) {
      EXPECT_EQ(back->spec.packing[0], s.spec.packing[0]);
      EXPECT_EQ(back->spec.packing[1], s.spec.packing[1]);
    }
    EXPECT_EQ(back->flops, s.flops);
    EXPECT_EQ(back->bytes, s.bytes);
    EXPECT_EQ(back->predictedSeconds, s.predictedSeconds);
    EXPECT_EQ(toAttribute(*back, context.get()), toAttribute(s, context.get()));
  }
  EXPECT_EQ(families.size(), 7u);
  op.erase();
}

TEST(Schedule, mergesWhatAllBuffersWalkAsOne) {
  // abc->abc, contiguous: one axis.
  Schedule s = chooseSchedule(product({{2, {12, 12}, true}, {3, {4, 4}, true}, {4, {1, 1}, true}}),
                              target());
  expectDims(s.batch, {{24, {1, 1}}});
  // Padded rows of the operand: two axes; those of extent 1 are nothing.
  s = chooseSchedule(
      product({{2, {12, 12}, true}, {3, {5, 4}, true}, {1, {77, 99}, true}, {4, {1, 1}, true}}),
      target());
  expectDims(s.batch, {{4, {1, 1}}, {3, {5, 4}}, {2, {12, 12}}});
  // Backwards in both: a merged axis too.
  s = chooseSchedule(product({{2, {-12, -12}, true}, {12, {-1, -1}, true}}), target());
  expectDims(s.batch, {{24, {-1, -1}}});
  // A broadcast axis does not merge with the other's.
  s = chooseSchedule(product({{3, {0, 4}, true}, {4, {1, 1}, true}}), target());
  expectDims(s.batch, {{4, {1, 1}}, {3, {0, 4}}});
  // The labels of a contraction, group by group: "abij,ijcd->abcd".
  s = chooseSchedule(product({{8, {400, 0, 1152}, true},
                              {9, {50, 0, 128}, true},
                              {16, {0, 8, 8}, true},
                              {8, {0, 1, 1}, true},
                              {5, {10, 1280, 0}, false},
                              {10, {1, 128, 0}, false}}),
                     target());
  ASSERT_EQ(s.spec.family, Family::Contract);
  expectDims(s.n, {{128, {0, 1, 1}}});
  expectDims(s.k, {{50, {1, 128, 0}}});
  expectDims(s.m, {{9, {50, 0, 128}}, {8, {400, 0, 1152}}});
  EXPECT_TRUE(s.batch.empty());
}

TEST(Schedule, families) {
  auto family = [](std::vector<Axis> axes, DType t = DType::f32) {
    return chooseSchedule(product(std::move(axes), t), target()).spec.family;
  };
  EXPECT_EQ(chooseSchedule(matmul(512, 512, 512), target()).spec.family, Family::Contract);
  EXPECT_EQ(chooseSchedule(matmul(64, 64, 64), target()).spec.family, Family::ContractDirect);
  // B's columns are contiguous along K: they must be packed.
  EXPECT_EQ(family({{64, {64, 0, 64}, true}, {64, {0, 64, 1}, true}, {64, {1, 1, 0}, false}}),
            Family::Contract);
  EXPECT_EQ(family({{1000, {1, 1000}, true}, {1000, {1000, 1}, true}}), Family::Transpose);
  EXPECT_EQ(family({{1000, {1, 1000}, true}, {1000, {1000, 1}, true}}, DType::c128),
            Family::Transpose);
  // What is narrower than a tile, and what an entry of few numbers is turned to.
  EXPECT_EQ(family({{5, {1, 3}, true}, {3, {5, 1}, true}, {1000, {15, 15}, true}}), Family::Lanes);
  EXPECT_EQ(family({{5, {1, 3}, true}, {3, {5, 1}, true}, {20, {15, 15}, true}}), Family::Map);
  EXPECT_EQ(family({{1000, {1000, 1000}, true}, {1000, {1, 1}, true}}), Family::Map);
  EXPECT_EQ(family({{1000, {1000, 1}, true}, {1000, {1, 0}, false}}), Family::ReduceRows);
  EXPECT_EQ(family({{1000, {1, 1}, true}, {1000, {1000, 0}, false}}), Family::ReduceColumns);
  // A matrix times a vector has no columns.
  EXPECT_EQ(family({{1000, {1000, 0, 1}, true}, {1000, {1, 1, 0}, false}}), Family::ReduceRows);
}

// Rows of memory whose pieces are short and far apart are read as they lie: those of the next rows
// come before the next piece.
TEST(Schedule, rowsInPieces) {
  auto chosen = [](int64_t outer, int64_t rows, int64_t inner, bool isKept) {
    return chooseSchedule(product({{outer, {rows * inner, 0}, false},
                                   {rows, {inner, 1}, true},
                                   {inner, {1, isKept ? rows : 0}, isKept}}),
                          target("znver4"));
  };
  Schedule pieces = chosen(2000, 100, 40, false);
  EXPECT_EQ(pieces.spec.family, Family::ReduceRows);
  EXPECT_TRUE(pieces.spec.inPieces);
  EXPECT_EQ(pieces.spec.rowsAtOnce, 1);
  EXPECT_TRUE(chosen(2000, 100, 7, false).spec.inPieces);
  EXPECT_EQ(chosen(2000, 1000, 7, false).spec.rowsAtOnce, 4); // less than a vector
  EXPECT_FALSE(chosen(20, 100, 40, false).spec.inPieces);     // in the cache
  EXPECT_FALSE(chosen(20, 100, 4000, false).spec.inPieces);   // long pieces
  EXPECT_FALSE(chosen(2000, 100, 40, true).spec.inPieces);    // columns
}

// What rows share is loaded once for several; those of memory are read in their order, unless the
// operand that they share is in no L1 cache.
TEST(Schedule, rowsAtOnceFromMemory) {
  auto byRows = [](int64_t rows, int64_t terms, bool shares) {
    Schedule s =
        chooseSchedule(shares ? product({{rows, {terms, 0, 1}, true}, {terms, {1, 1, 0}, false}})
                              : product({{rows, {terms, 1}, true}, {terms, {1, 0}, false}}),
                       target("znver4"));
    EXPECT_EQ(s.spec.family, Family::ReduceRows);
    return s.spec.rowsAtOnce;
  };
  EXPECT_EQ(byRows(100, 500, true), 4);
  EXPECT_EQ(byRows(1000000, 500, true), 1);
  EXPECT_EQ(byRows(1000, 1000000, true), 4);
  EXPECT_EQ(byRows(1000000, 50, true), 4);
  EXPECT_EQ(byRows(1000, 50, false), 4);
  EXPECT_EQ(byRows(1000, 500, false), 1);
  auto byColumns = [](int64_t rows, int64_t columns) {
    Schedule s = chooseSchedule(product({{columns, {1, 1}, true}, {rows, {columns, 0}, false}}),
                                target("znver4"));
    EXPECT_EQ(s.spec.family, Family::ReduceColumns);
    return s.spec.rowsAtOnce;
  };
  EXPECT_EQ(byColumns(100, 500), 8);
  EXPECT_EQ(byColumns(1000000, 500), 1);
  EXPECT_EQ(byColumns(100000, 5000), 8); // a page each
  EXPECT_EQ(byColumns(10000000, 16), 8); // a line each
}

TEST(Schedule, columnsFromMemoryArePrefetched) {
  auto prefetches = [](int64_t m, int64_t n, int64_t k) {
    Schedule s = chooseSchedule(matmul(m, n, k), target());
    EXPECT_EQ(s.spec.family, Family::Contract);
    EXPECT_TRUE(s.spec.mayPrefetch());
    return s.prefetches;
  };
  EXPECT_TRUE(prefetches(64, 500000, 64) && prefetches(512, 500000, 64));
  EXPECT_FALSE(prefetches(64, 2000, 64));     // B is in the cache
  EXPECT_FALSE(prefetches(64, 500000, 5000)); // the next block is one of K
}

TEST(Schedule, transposesJoinWhatFollowsInTheResult) {
  // abcd->dbca: the rows of the result are (b, c, a).
  Schedule s = chooseSchedule(product({{64, {1, 262144}, true},
                                       {64, {4096, 4096}, true},
                                       {64, {64, 64}, true},
                                       {64, {262144, 1}, true}}),
                              target());
  ASSERT_EQ(s.spec.family, Family::Transpose);
  expectDims(s.n, {{64, {1, 262144}}});
  expectDims(s.m, {{64, {262144, 1}}, {4096, {64, 64}}});
  EXPECT_TRUE(s.batch.empty());
  EXPECT_TRUE(s.streams && s.prefetches);
  // abc->cab, rows with gaps: only b.
  s = chooseSchedule(product({{50, {1, 9000}, true}, {60, {3000, 150}, true}, {70, {50, 1}, true}}),
                     target());
  ASSERT_EQ(s.spec.family, Family::Transpose);
  expectDims(s.m, {{70, {50, 1}}});
  expectDims(s.batch, {{60, {3000, 150}}});
  EXPECT_FALSE(s.streams);
}

TEST(Schedule, vectorsRunAlongUnitStrides) {
  // ij,i->ij: the second operand is constant along j.
  Schedule s = chooseSchedule(product({{50, {60, 1, 60}, true}, {60, {1, 0, 1}, true}}), target());
  EXPECT_TRUE(s.spec.vectorized);
  EXPECT_EQ(s.spec.unit, 0b101u);
  // Backwards, or by steps of 2: element by element.
  for (int64_t stride : {-1, 2}) {
    s = chooseSchedule(product({{60, {stride, 1, 1}, true}}), target());
    EXPECT_EQ(s.spec.family, Family::Map);
    EXPECT_FALSE(s.spec.vectorized);
  }
  // Of two reduced axes the longest that is contiguous goes innermost.
  s = chooseSchedule(product({{7, {3000, 1}, true}, {3, {1000, 0}, false}, {900, {1, 0}, false}}),
                     target());
  EXPECT_EQ(s.spec.family, Family::ReduceRows);
  expectDims(s.k, {{900, {1, 0}}, {3, {1000, 0}}});
}

TEST(Schedule, tilesFillTheRegisters) {
  auto tile = [](DType t, const char *cpu) {
    // A shape that no tile fits better than another.
    KernelSpec spec = chooseSchedule(matmul(6000, 6000, 4096, t), target(cpu)).spec;
    return std::pair(spec.tileRows, spec.tileColumns);
  };
  EXPECT_EQ(tile(DType::f32, "x86-64-v3"), std::pair(6, 16));
  EXPECT_EQ(tile(DType::f64, "x86-64-v3"), std::pair(6, 8));
  EXPECT_EQ(tile(DType::f16, "x86-64-v3"), std::pair(6, 16));
  EXPECT_EQ(tile(DType::c64, "x86-64-v3"), std::pair(6, 8));
  EXPECT_EQ(tile(DType::f32, "x86-64-v4"), std::pair(14, 32));
  EXPECT_EQ(tile(DType::u8, "x86-64-v4"), std::pair(14, 64));
  EXPECT_EQ(tile(DType::f32, "x86-64"), std::pair(6, 8));
}

TEST(Schedule, blocksAreWholeTilesThatFitTheCaches) {
  for (const char *cpu : {"x86-64", "x86-64-v3", "x86-64-v4"})
    for (DType t : {DType::f32, DType::f64, DType::bf16, DType::c128})
      for (int64_t m : {1, 100, 777, 5000})
        for (int64_t n : {1, 100, 777, 100000})
          for (int64_t k : {1, 64, 1000, 20000}) {
            Schedule s = chooseSchedule(matmul(m, n, k, t), target(cpu));
            if (s.spec.family != Family::Contract)
              continue;
            int64_t bytes = int64_t(itemSize(computeType(t)));
            // The operands may have changed places.
            int64_t rows = totalExtent(s.m), columns = totalExtent(s.n);
            EXPECT_EQ(s.blockRows % s.spec.tileRows, 0);
            EXPECT_EQ(s.blockColumns % s.spec.tileColumns, 0);
            EXPECT_LT(s.blockRows, rows + 2 * s.spec.tileRows * (rows / s.blockRows + 1));
            EXPECT_LT(s.blockColumns,
                      columns + 2 * s.spec.tileColumns * (columns / s.blockColumns + 1));
            EXPECT_LE(s.blockK, k);
            EXPECT_LE(s.blockK * s.spec.tileColumns * bytes, target(cpu).l2Bytes / 2);
            EXPECT_LE(s.blockK * s.blockRows * bytes, target(cpu).l2Bytes);
            EXPECT_LE(s.blockK * s.blockColumns * bytes, target(cpu).l3Bytes);
            // The places where K is cut follow from K alone: a row's sums do not depend on M or N.
            Schedule other = chooseSchedule(matmul(m, 2 * n, k, t), target(cpu));
            if (other.spec.family == Family::Contract) {
              EXPECT_EQ(s.blockK, other.blockK);
            }
          }
}

// Results that leave the caches are stored past them, unless they are added to, summed in several
// blocks of K, or of a size that varies.
TEST(Schedule, largeResultsStream) {
  Target large = target("x86-64-v4");
  large.l3Bytes = 8 << 20;
  LabelledProduct wide = matmul(1024, 4096, 64);
  Schedule s = chooseSchedule(wide, large);
  EXPECT_TRUE(s.streams && s.spec.streams && s.spec.panels);
  EXPECT_EQ(streamPeriod(s, large), 1);
  auto streams = [&](LabelledProduct other) { return chooseSchedule(other, large).streams; };
  EXPECT_FALSE(streams(matmul(256, 1024, 64)));
  EXPECT_FALSE(streams(matmul(1024, 4096, 20000)));
  LabelledProduct added = wide, sized = wide;
  added.accumulate = true;
  sized.size = 1024;
  EXPECT_FALSE(streams(added));
  EXPECT_FALSE(streams(sized));
  large.l3Bytes = 64 << 20;
  EXPECT_FALSE(streams(wide));
}

// Rows of 8 that follow each other in the result, 4 and then 16 of them, are one piece.
TEST(Schedule, joinedRows) {
  Schedule s;
  s.spec.tileColumns = 16;
  s.n = {{8, {0, 1, 1}}, {5, {0, 8, 8 * 64}}};
  s.m = {{4, {1, 0, 8}}, {16, {4, 0, 32}}};
  EXPECT_EQ(joinedRows(s), 64);
  EXPECT_EQ(streamPeriod(s, target()), 1);
  s.n = {{8, {0, 1, 1}}, {3, {0, 40, 8 * 64 * 5}}, {5, {0, 8, 8 * 64}}};
  EXPECT_EQ(streamPeriod(s, target()), 3);
  s.m[1].strides[2] = 64;
  EXPECT_EQ(joinedRows(s), 4);
  EXPECT_EQ(streamPeriod(s, target()), 0);
}

// acd,dbc->ab: A is contiguous along d, B along c; a part of d comes before c.
TEST(Schedule, operandsContiguousAlongDifferentDimsOfK) {
  Schedule s = chooseSchedule(product({{204, {40800, 0, 204}, true},
                                       {204, {0, 204, 1}, true},
                                       {204, {200, 1, 0}, false},
                                       {200, {1, 41616, 0}, false}}),
                              target());
  EXPECT_EQ(s.spec.packing[0], Packing::AlongK);
  EXPECT_EQ(s.spec.packing[1], Packing::AlongK);
  ASSERT_EQ(s.k.size(), 3u);
  EXPECT_EQ(s.k[0].strides[0], 1);
  EXPECT_EQ(s.k[1].strides[1], 1);
  EXPECT_EQ(s.k[0].extent * s.k[2].extent, 200);
}

// Products of bf16 go in pairs where the CPU multiplies them so, packed or in place, whatever the
// result's type and M and N; a block of K has whole ones, and as many bytes as one of f32.
TEST(Schedule, pairsOfBf16) {
  const Target &zen = target("znver4");
  for (auto [m, n, k] : {std::tuple(600, 800, 481), {8, 8, 8}, {2000, 40, 5000}, {40, 2000, 5001}})
    for (DType result : {DType::bf16, DType::f32}) {
      LabelledProduct p = matmul(m, n, k, DType::bf16);
      p.result = result;
      Schedule s = chooseSchedule(p, zen);
      ASSERT_TRUE(isContraction(s.spec.family));
      EXPECT_TRUE(s.spec.pairs);
      EXPECT_EQ(s.blockK % 2, 0);
      EXPECT_FALSE(chooseSchedule(p, target("x86-64-v4")).spec.pairs);
    }
  Schedule s = chooseSchedule(matmul(600, 800, 481, DType::bf16), zen);
  EXPECT_EQ(s.spec.title(), "contract bf16 14x32 pairs");
  EXPECT_EQ(s.spec.name(), "contract_bf16_14x32_pairs_k_rows");
  EXPECT_EQ(packedItemSize(s.spec), 2);
  EXPECT_LT(s.predictedSeconds, chooseSchedule(matmul(600, 800, 481), zen).predictedSeconds);
  // As many pairs in a block as there are numbers of f32.
  EXPECT_EQ(chooseSchedule(matmul(600, 800, 4096, DType::bf16), zen).blockK,
            2 * chooseSchedule(matmul(600, 800, 4096), zen).blockK);
  LabelledProduct mixed = matmul(600, 800, 480, DType::f32);
  mixed.operands[0] = DType::bf16;
  EXPECT_FALSE(chooseSchedule(mixed, zen).spec.pairs);
  EXPECT_FALSE(chooseSchedule(matmul(600, 800, 480, DType::f16), zen).spec.pairs);
}

// acd,dbc->ab again: what comes before the other operand's dim has whole pairs, or its operand is
// gathered.
TEST(Schedule, pairsAlongDifferentDimsOfK) {
  auto chosen = [](int64_t d) {
    return chooseSchedule(product({{204, {204 * d, 0, 204}, true},
                                   {204, {0, 204, 1}, true},
                                   {204, {d, 1, 0}, false},
                                   {d, {1, 41616, 0}, false}},
                                  DType::bf16),
                          target("znver4"));
  };
  Schedule s = chosen(200);
  EXPECT_EQ(s.spec.packing[0], Packing::AlongK);
  EXPECT_EQ(s.spec.packing[1], Packing::AlongK);
  ASSERT_EQ(s.k.size(), 3u);
  EXPECT_EQ(s.k[0].extent % 2, 0);
  s = chosen(65);
  EXPECT_EQ(s.spec.packing[0], Packing::AlongK);
  EXPECT_EQ(s.spec.packing[1], Packing::Gather);
}

TEST(Schedule, flopsAndBytes) {
  Schedule s = chooseSchedule(matmul(64, 80, 48), target());
  EXPECT_EQ(s.flops, 2.0 * 64 * 80 * 48);
  EXPECT_EQ(s.bytes, 4.0 * (64 * 80 + 64 * 48 + 48 * 80));
  s = chooseSchedule(matmul(64, 80, 48, DType::c64), target());
  EXPECT_EQ(s.flops, 8.0 * 64 * 80 * 48);
  // A copy; what broadcasts is read once.
  s = chooseSchedule(product({{10, {0, 20}, true}, {20, {1, 1}, true}}), target());
  EXPECT_EQ(s.flops, 0);
  EXPECT_EQ(s.bytes, 4.0 * (20 + 200));
  EXPECT_EQ(s.predictedSeconds, predictSeconds(s, target()));
  // More work takes longer.
  EXPECT_LT(chooseSchedule(matmul(64, 80, 48), target()).predictedSeconds,
            chooseSchedule(matmul(128, 80, 48), target()).predictedSeconds);
}

} // namespace
} // namespace ricci::test
