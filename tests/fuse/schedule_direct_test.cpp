//===- schedule_direct_test.cpp - contractions in place, and kernels that exist -----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "tests/fuse/products.h"

namespace ricci::test {
namespace {

// Few rows times a large matrix: it is read once or twice, in place while that reads it fast, else
// in panels of whole rows.
TEST(ScheduleDirect, fewRowsOfALargeMatrix) {
  const Target &wide = target("znver4");
  auto rowsOfB = [&](int64_t m, int64_t n, int64_t k) {
    return chooseSchedule(matmul(m, n, k), wide);
  };
  EXPECT_EQ(rowsOfB(4, 4000, 4000).spec.family, Family::ContractDirect);
  EXPECT_EQ(rowsOfB(32, 1000, 300).spec.family, Family::ContractDirect); // three tiles
  for (Schedule s : {rowsOfB(16, 4000, 4000), rowsOfB(32, 4096, 1024), rowsOfB(200, 1000, 300)}) {
    EXPECT_EQ(s.spec.family, Family::Contract);
    EXPECT_TRUE(s.spec.panels);
  }
  // "mk,nk->mn": in rows, once for each m, or turned while it is packed.
  auto rowsOfResult = [&](int64_t m) {
    return chooseSchedule(product({{m, {4096, 0, 4096}, true},
                                   {4096, {0, 4096, 1}, true},
                                   {4096, {1, 1, 0}, false}}),
                          wide)
        .spec.family;
  };
  EXPECT_EQ(rowsOfResult(2), Family::ReduceRows);
  EXPECT_EQ(rowsOfResult(8), Family::Contract);
}

// However many entries there are, so that another number compiles nothing.
TEST(ScheduleDirect, smallMatricesOfABatchArePrefetched) {
  auto prefetches = [](int64_t entries, int64_t n) {
    int64_t size = n * n;
    Schedule s = chooseSchedule(product({{entries, {size, size, size}, true},
                                         {n, {n, 0, n}, true},
                                         {n, {0, 1, 1}, true},
                                         {n, {1, n, 0}, false}}),
                                target());
    EXPECT_EQ(s.spec.family, Family::ContractDirect);
    EXPECT_EQ(s.spec.prefetches, s.prefetches);
    return s.prefetches;
  };
  EXPECT_TRUE(prefetches(2, 16) && prefetches(5000, 16) && prefetches(2, 64));
  EXPECT_FALSE(prefetches(5000, 160)); // most of the L2 cache
  EXPECT_FALSE(chooseSchedule(matmul(16, 16, 16), target()).prefetches);
}

TEST(ScheduleDirect, rowsInPlaceFromMemoryArePrefetched) {
  auto prefetches = [](int64_t m) {
    Schedule s = chooseSchedule(matmul(m, 32, 100), target());
    EXPECT_EQ(s.spec.family, Family::ContractDirect);
    EXPECT_EQ(s.spec.prefetches, s.prefetches);
    return s.prefetches;
  };
  EXPECT_TRUE(prefetches(100000));
  EXPECT_FALSE(prefetches(1000)); // in the cache
  // Few rows of A, which stay in the cache, for many columns of B.
  Schedule wide = chooseSchedule(matmul(40, 64000, 40), target("znver4"));
  EXPECT_EQ(wide.spec.family, Family::ContractDirect);
  EXPECT_FALSE(wide.prefetches);
}

// "mk,nk->mn", as a layer's weights often lie: many rows are worth a copy of a small B.
TEST(ScheduleDirect, smallColumnsAreCopiedForManyRows) {
  auto choose = [](int64_t m, int64_t n, int64_t k) {
    return chooseSchedule(
        product({{m, {k, 0, n}, true}, {n, {0, k, 1}, true}, {k, {1, 1, 0}, false}}),
        target("znver4"));
  };
  Schedule many = choose(20000, 64, 64);
  EXPECT_EQ(many.spec.family, Family::ContractDirect);
  EXPECT_TRUE(many.spec.copies);
  EXPECT_FALSE(choose(100, 64, 64).spec.copies);
  EXPECT_FALSE(choose(20000, 1000, 1000).spec.copies); // it is larger than the L2 cache
  EXPECT_FALSE(chooseSchedule(matmul(20000, 64, 64), target("znver4")).spec.copies);
}

// Columns that fill no tile are done again, or cost a mask: few narrow vectors waste none of them.
TEST(ScheduleDirect, tilesInPlaceFitTheColumns) {
  auto columns = [](int64_t n, const char *cpu) {
    return chooseSchedule(matmul(1000, n, 40), target(cpu)).spec.tileColumns;
  };
  EXPECT_EQ(columns(16, "znver4"), 16);
  EXPECT_EQ(columns(40, "znver4"), 48);
  EXPECT_EQ(columns(100, "znver4"), 16); // 7 of 16, not 4 of 32
  EXPECT_EQ(columns(10, "x86-64-v3"), 16);
  EXPECT_EQ(columns(8, "x86-64-v3"), 8);
}

// A kernel that exists is taken if another one would save little, never if it is much slower.
TEST(ScheduleDirect, knownKernelsArePreferred) {
  Target t = target();
  llvm::StringSet<> known;
  auto choose = [&](int64_t m) {
    LabelledProduct product = matmul(m, 768, 768);
    product.known = known.empty() ? nullptr : &known;
    return chooseSchedule(product, t);
  };
  Schedule some = choose(512), alone = choose(10), large = choose(3000);
  ASSERT_NE(some.spec.key(), alone.spec.key()); // another register tile
  EXPECT_FALSE(some.takesKnown || alone.takesKnown);
  known.insert(some.spec.key() + "|" + t.key());
  EXPECT_EQ(choose(10).spec.key(), some.spec.key());
  EXPECT_TRUE(choose(10).takesKnown);
  EXPECT_FALSE(choose(512).takesKnown);
  known.clear();
  KernelSpec narrow = large.spec;
  narrow.tileRows = 4, narrow.tileColumns = t.lanes(DType::f32);
  known.insert(narrow.key() + "|" + t.key());
  EXPECT_EQ(choose(3000).spec.key(), large.spec.key());
  known.insert(some.spec.key() + "|another CPU");
  EXPECT_EQ(choose(10).spec.key(), alone.spec.key());
}

// In place, where another tile would be best for packed operands.
TEST(ScheduleDirect, knownKernelsInPlaceArePreferred) {
  Target t = target("x86-64-v4");
  llvm::StringSet<> known;
  auto choose = [&](int64_t m) {
    LabelledProduct product = matmul(m, 10, 256);
    product.known = known.empty() ? nullptr : &known;
    return chooseSchedule(product, t);
  };
  Schedule some = choose(128), alone = choose(33);
  ASSERT_EQ(some.spec.family, Family::ContractDirect);
  ASSERT_NE(some.spec.key(), alone.spec.key());
  known.insert(some.spec.key() + "|" + t.key());
  EXPECT_EQ(choose(33).spec.key(), some.spec.key());
  EXPECT_TRUE(choose(33).takesKnown);
  // There are as many rows as in the tile at least.
  EXPECT_NE(choose(some.spec.tileRows - 1).spec.key(), some.spec.key());
}

} // namespace
} // namespace ricci::test
