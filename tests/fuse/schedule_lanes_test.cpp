//===- schedule_lanes_test.cpp - when entries go side by side ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/fuse/products.h"

namespace ricci::test {
namespace {

/// "nij,njk->nik" in C order.
LabelledProduct smallMatrices(int64_t n, int64_t d, DType t = DType::f32) {
  return product({{n, {d * d, d * d, d * d}, true},
                  {d, {d, 0, d}, true},
                  {d, {0, 1, 1}, true},
                  {d, {1, d, 0}, false}},
                 t);
}

Family familyOf(const LabelledProduct &p, const char *cpu = "x86-64-v3") {
  return chooseSchedule(p, target(cpu)).spec.family;
}

TEST(ScheduleLanes, manySmallMatrices) {
  for (const char *cpu : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
    for (int64_t d : {2, 3, 4, 5})
      EXPECT_EQ(familyOf(smallMatrices(10000, d), cpu), Family::Lanes) << cpu << " " << d;
  // A vector of columns; and what would be unrolled for too long.
  EXPECT_EQ(familyOf(smallMatrices(10000, 8)), Family::ContractDirect);
  EXPECT_EQ(familyOf(smallMatrices(10000, 16)), Family::ContractDirect);
  // A kernel that no other shape shares must save something.
  EXPECT_NE(familyOf(smallMatrices(16, 3)), Family::Lanes);
}

TEST(ScheduleLanes, groupsOfAnEntry) {
  Schedule s = chooseSchedule(smallMatrices(10000, 3), target());
  expectDims(s.m, {{10000, {9, 9, 9}}});
  expectDims(s.n, {{3, {0, 1, 1}}, {3, {3, 0, 3}}});
  expectDims(s.k, {{3, {1, 3, 0}}});
  EXPECT_TRUE(s.batch.empty());
  EXPECT_EQ(s.spec.entry->points(), 27);
}

// A gate on one of 20 qubits: the extents of what is inside and outside follow from which.
TEST(ScheduleLanes, gates) {
  auto gate = [](int64_t inner) {
    int64_t outer = (1 << 19) / inner;
    return product({{outer, {2 * inner, 0, 2 * inner}, true},
                    {2, {0, 2, inner}, true},
                    {inner, {1, 0, 1}, true},
                    {2, {inner, 1, 0}, false}});
  };
  for (int64_t inner : {1, 2, 4, 1 << 10}) {
    Schedule s = chooseSchedule(gate(inner), target());
    ASSERT_EQ(s.spec.family, Family::Lanes) << inner;
    EXPECT_EQ(s.m[0].extent, std::max(inner, (1 << 19) / inner));
  }
  // Far strides are words of the launch: positions share a kernel.
  auto name = [&](int64_t inner) { return chooseSchedule(gate(inner), target()).spec.name(); };
  EXPECT_EQ(name(1 << 8), name(1 << 10));
  EXPECT_NE(name(2), name(4));
}

// A dim that an operand of the entries lacks is inside them where it is small, so that the operand
// is read once; one that all of them have is outside.
TEST(ScheduleLanes, insideAndOutside) {
  // "bnj,bij->bni"
  Schedule s = chooseSchedule(product({{100, {9000, 9, 9000}, true},
                                       {3000, {3, 0, 3}, true},
                                       {3, {0, 3, 1}, true},
                                       {3, {1, 1, 0}, false}}),
                              target());
  ASSERT_EQ(s.spec.family, Family::Lanes);
  expectDims(s.m, {{3000, {3, 0, 3}}});
  expectDims(s.batch, {{100, {9000, 9, 9000}}});
  // "bni,nij->bnj"
  s = chooseSchedule(product({{2, {30000, 0, 30000}, true},
                              {10000, {3, 9, 3}, true},
                              {3, {0, 1, 1}, true},
                              {3, {1, 3, 0}, false}}),
                     target());
  ASSERT_EQ(s.spec.family, Family::Lanes);
  expectDims(s.n, {{3, {0, 1, 1}}, {2, {30000, 0, 30000}}});
  EXPECT_TRUE(s.batch.empty());
}

TEST(ScheduleLanes, permutationsOfLessThanATile) {
  auto turned = [](int64_t d) {
    return product({{10000, {d * d, d * d}, true}, {d, {1, d}, true}, {d, {d, 1}, true}});
  };
  EXPECT_EQ(familyOf(turned(3)), Family::Lanes);
  EXPECT_EQ(familyOf(turned(8)), Family::Lanes);
  EXPECT_EQ(familyOf(turned(64)), Family::Transpose);
}

TEST(ScheduleLanes, noEntries) {
  auto entry = [](const LabelledProduct &p) {
    Schedule s;
    for (const auto &axis : p.axes)
      (!axis.kept ? s.k : s.m.empty() ? s.m : s.n).push_back({axis.extent, axis.strides});
    return entryOf(s);
  };
  EXPECT_TRUE(entry(smallMatrices(100, 5)));
  EXPECT_FALSE(entry(smallMatrices(100, 9))); // too many numbers
  // More streams than memory has; a result whose entries go backwards, or stand still.
  EXPECT_FALSE(entry(product({{64, {1, 1}, true}, {17, {64, 0}, false}})));
  EXPECT_FALSE(entry(product({{64, {3, -1}, true}, {3, {1, 0}, false}})));
  EXPECT_FALSE(entry(product({{64, {3, 0}, true}, {3, {1, 0}, false}})));
  EXPECT_FALSE(entry(product({{64, {-100, 1}, true}, {3, {1, 0}, false}})));
  // No overflow.
  const int64_t huge = int64_t(1) << 40;
  EXPECT_FALSE(entry(product({{64, {3, 1}, true}, {huge, {1, 0}, false}, {huge, {1, 0}, false}})));
}

} // namespace
} // namespace ricci::test
