//===- kernels_test.cpp - maps, transposes and reductions, run directly ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/launch_harness.h"
#include "tests/cpu/level_fixture.h"

#include <cmath>
#include <cstring>

namespace ricci::test {
namespace {

class Kernels : public OnLevel {
protected:
  using Extents = std::map<char, int64_t>;

  /// A kernel of this family on operands of one type.
  void expectRightFor(Family family, const std::string &equation, const Extents &extents, DType t,
                      bool vectorized, bool accumulate = false, Disorder disorder = {},
                      int rowsAtOnce = 1) {
    size_t operands = size_t(std::count(equation.begin(), equation.end(), ',')) + 1;
    auto product = makeProduct(equation, extents, std::vector<DType>(operands, t), t, disorder);
    product.accumulate = accumulate;
    expectRight(elementwiseSchedule(family, product, vectorized, rowsAtOnce), product, target());
  }

  /// Lengths around vectors and around an unrolled loop's step.
  std::vector<int64_t> lengths(DType t) const {
    int64_t lanes = target().lanes(componentDType(computeType(t)));
    return {0,
            1,
            2,
            3,
            7,
            lanes - 1,
            lanes,
            lanes + 1,
            2 * lanes + 1,
            4 * lanes,
            4 * lanes + 1,
            9 * lanes - 1};
  }

  static std::vector<DType> allTypes() {
    std::vector<DType> types;
    for (int i = 0; i < kNumDTypes; ++i)
      types.push_back(DType(i));
    return types;
  }
};
INSTANTIATE_LEVELS(Kernels);

TEST_P(Kernels, mapsAlongVectors) {
  for (DType t : allTypes())
    for (int64_t n : lengths(t))
      for (const char *equation : {"ij->ij", "ij,ij->ij", "i,ij->ij"})
        expectRightFor(Family::Map, equation, {{'i', 3}, {'j', n}}, t, true);
}

TEST_P(Kernels, mapsElementByElement) {
  Random random(3);
  for (DType t : {DType::f32, DType::i8, DType::bf16, DType::c64, DType::b1})
    for (const char *equation : {"ji->ij", "ii,ji->ij", "xij,jx->ixj"})
      for (int64_t n : {0, 1, 5, 13})
        expectRightFor(Family::Map, equation, {{'i', 5}, {'j', n}, {'x', 3}}, t, false, false,
                       {&random, true, true, true, true});
}

TEST_P(Kernels, mapsThreeOperandsAndCasts) {
  for (DType t : {DType::f32, DType::i32, DType::c128})
    for (int64_t n : lengths(t))
      expectRightFor(Family::Map, "ij,j,i->ij", {{'i', 2}, {'j', n}}, t, true);
  const std::tuple<DType, DType, DType> types[] = {
      {DType::i8, DType::f64, DType::f64},   {DType::b1, DType::c64, DType::c64},
      {DType::u16, DType::i32, DType::i32},  {DType::f16, DType::f32, DType::f32},
      {DType::bf16, DType::f16, DType::f32}, {DType::i64, DType::f16, DType::f64},
      {DType::u64, DType::f32, DType::f64},  {DType::f32, DType::c128, DType::c128},
  };
  for (auto [a, b, c] : types)
    for (int64_t n : lengths(c)) {
      auto product = makeProduct("j,ij->ij", {{'i', 2}, {'j', n}}, {a, b}, c);
      expectRight(elementwiseSchedule(Family::Map, product, true), product, target());
    }
}

// Edges of tiles and of blocks, results that begin anywhere in a cache line, past the caches or
// not.
TEST_P(Kernels, transposes) {
  Random random(5);
  for (DType t : allTypes()) {
    int64_t tile = std::min<int64_t>(16, target().vectorBytes / int64_t(itemSize(t)));
    for (int64_t m :
         {int64_t(0), int64_t(1), tile - 1, tile, 2 * tile + 3, int64_t(67), int64_t(131)})
      for (int64_t n : {int64_t(1), tile - 1, tile, 3 * tile + 1, int64_t(133)}) {
        auto product = makeProduct("xji->ixj", {{'x', 2}, {'i', n}, {'j', m}}, {t}, t,
                                   {&random, true, false, false, false});
        Schedule s = transposeSchedule(product, 0, 1);
        s.spec.streams = random() % 2;
        s.streams = s.prefetches = s.spec.streams && random() % 4;
        expectRight(s, product, target());
      }
  }
}

// Rows of the result of which every one begins at the same place of a cache line, but not on one.
TEST_P(Kernels, transposesToWholeLines) {
  Random random(7);
  for (DType t : {DType::i8, DType::f16, DType::f32, DType::f64, DType::c128})
    for (int64_t m : {256, 250, 67})
      for (int64_t n : {64, 200}) {
        auto product = makeProduct("ji->ij", {{'i', n}, {'j', m}}, {t}, t);
        product.axes[0].strides[1] = 256;
        Schedule s = transposeSchedule(product, 0, 1);
        s.streams = s.prefetches = s.spec.streams = true;
        expectRight(s, product, target());
        expectSplitsAgree(s, product, target());
      }
}

// Rows of several dims, which the operand walks in any way.
TEST_P(Kernels, transposesJoinedRows) {
  Random random(9);
  for (DType t : {DType::u8, DType::i16, DType::f32, DType::c64, DType::c128})
    for (const char *equation : {"xyji->ixyj", "yjxi->ixyj", "jyxi->ixyj", "yxi->ixy"})
      for (int64_t j : {5, 19, 70}) {
        std::map<char, int64_t> extents{{'x', 3}, {'y', 6}, {'i', 37}, {'j', j}};
        auto product = makeProduct(equation, extents, {t}, t, {&random, true, true, false, true}),
             inOrder = makeProduct(equation, extents, {t}, t);
        for (auto [axis, plain] : llvm::zip(product.axes, inOrder.axes))
          axis.strides[1] = plain.strides[1];
        product.axes[0].strides[0] = 1;
        Schedule s = transposeSchedule(product, 0, product.axes.size() - 1);
        s.spec.streams = random() % 2;
        s.streams = s.prefetches = s.spec.streams && random() % 4;
        expectRight(s, product, target());
      }
}

TEST_P(Kernels, sumsRowsAlongVectors) {
  for (DType t : allTypes())
    for (int64_t n : lengths(t))
      for (const char *equation : {"ij->i", "ij,ij->i", "ij,i->i"})
        expectRightFor(Family::ReduceRows, equation, {{'i', 3}, {'j', n}}, t, true);
}

TEST_P(Kernels, sumsRowsOfSeveralAxes) {
  Random random(11);
  for (DType t : {DType::f32, DType::i16, DType::f16, DType::c64}) {
    for (int64_t n : {0, 1, 6, 17}) {
      Extents extents{{'i', 2}, {'I', 3}, {'x', 2}, {'y', n}, {'z', 2}, {'j', 19}};
      expectRightFor(Family::ReduceRows, "iIxyzj,Ixzj->Ii", extents, t, true, n % 2,
                     {&random, true, false, false, false});
      expectRightFor(Family::ReduceRows, "jziyxI,jj->iI", extents, t, false, n % 2,
                     {&random, true, true, true, true});
    }
    expectRightFor(Family::ReduceRows, "xyz->", {{'x', 3}, {'y', 2}, {'z', 33}}, t, true);
    expectRightFor(Family::ReduceRows, "xx->", {{'x', 33}}, t, false);
  }
}

// Four rows at once share x where there are registers; one to three rows are left.
TEST_P(Kernels, sumsSeveralRowsAtOnce) {
  for (DType t : allTypes())
    for (int64_t rows : {1, 3, 4, 5, 8, 11})
      for (int64_t n : {1, 31, 300})
        for (const char *equation : {"ij->i", "ij,j->i", "j,ij->i", "ij,j,ij->i", "bij,bj->bi"})
          expectRightFor(Family::ReduceRows, equation, {{'b', 2}, {'i', rows}, {'j', n}}, t, true,
                         false, {}, 4);
}

// The sums of all rows of a block wait for the next piece of each.
TEST_P(Kernels, sumsRowsInPieces) {
  Random random(17);
  int turn = 0;
  for (DType t : allTypes())
    for (int64_t rows : {0, 1, 3, 4, 11, 1500})
      for (int64_t n : {1, 7, 16, 33}) {
        if (rows == 1500 && n != 7)
          continue;
        for (const char *equation :
             {"xik->i", "xik,xk->i", "xik,xik->i", "bxiyk,xyk->bi", "xyik,xk,yik->i"}) {
          Extents extents{{'b', 2}, {'x', 5}, {'y', 2}, {'i', rows}, {'k', n}};
          size_t operands = size_t(std::count(equation, equation + std::strlen(equation), ',')) + 1;
          const bool accumulates = ++turn % 3 == 0;
          auto product = makeProduct(equation, extents, std::vector<DType>(operands, t), t,
                                     {&random, turn % 2 == 0, false, false, false});
          product.accumulate = accumulates;
          Schedule s = elementwiseSchedule(Family::ReduceRows, product, true, turn / 2 % 2 ? 4 : 1);
          s.spec.inPieces = true;
          expectRight(s, product, target());
          if (HasFailure())
            return;
        }
      }
}

// Long rows are summed block by block.
TEST_P(Kernels, sumsLongRows) {
  for (DType t : {DType::f32, DType::u8, DType::c64})
    for (int64_t n : {4095, 4096, 4097, 12301})
      expectRightFor(Family::ReduceRows, "ij,j->i", {{'i', 2}, {'j', n}}, t, true);
}

TEST_P(Kernels, sumsColumns) {
  for (DType t : allTypes())
    for (int64_t n : lengths(t))
      for (int64_t k : {0, 1, 7, 8, 17})
        for (int rowsAtOnce : {1, 8})
          expectRightFor(Family::ReduceColumns, k % 2 ? "kj,k->j" : "kj,kj->j",
                         {{'k', k}, {'j', n}}, t, true, false, {}, rowsAtOnce);
}

TEST_P(Kernels, sumsColumnsOfSeveralAxes) {
  Random random(13);
  for (DType t : {DType::f32, DType::f64, DType::i8, DType::bf16, DType::c128})
    for (int64_t n : {0, 1, 7, 21, 4100}) {
      Extents extents{{'i', 2}, {'I', 2}, {'x', 2}, {'y', 5}, {'z', 2}, {'j', n}};
      expectRightFor(Family::ReduceColumns, "xiyIzj,zxI->iIj", extents, t, true, n % 2,
                     {&random, true, false, false, true});
    }
}

TEST_P(Kernels, accumulate) {
  for (DType t : allTypes())
    for (int64_t n : lengths(t)) {
      expectRightFor(Family::Map, "ij,ij->ij", {{'i', 2}, {'j', n}}, t, true, true);
      expectRightFor(Family::ReduceColumns, "kj->j", {{'k', 3}, {'j', n}}, t, true, true);
    }
}

// Axes that are cut into many tasks.
TEST_P(Kernels, manyTasks) {
  auto check = [&](Family family, const char *equation, const Extents &extents, DType t,
                   bool vectorized) {
    size_t operands = std::string(equation).find(',') == std::string::npos ? 1 : 2;
    auto product = makeProduct(equation, extents, std::vector<DType>(operands, t), t);
    Schedule s = family == Family::Transpose ? transposeSchedule(product, 0, 1)
                                             : elementwiseSchedule(family, product, vectorized);
    expectSplitsAgree(s, product, target());
    expectRight(s, product, target());
  };
  for (DType t : {DType::f32, DType::bf16, DType::c64}) {
    check(Family::Map, "j,ij->ij", {{'i', 2}, {'j', 65541}}, t, true);
    check(Family::Map, "ij,i->ij", {{'i', 80}, {'j', 1021}}, t, true);
    check(Family::Map, "ji,i->ij", {{'i', 70}, {'j', 1021}}, t, false);
    check(Family::Transpose, "ji->ij", {{'i', 131}, {'j', 1031}}, t, false);
    check(Family::ReduceRows, "ij,j->i", {{'i', 19}, {'j', 8191}}, t, true);
    check(Family::ReduceColumns, "kj,kj->j", {{'k', 5}, {'j', 4099}}, t, true);
    check(Family::ReduceColumns, "ikj,k->ij", {{'i', 9}, {'k', 400}, {'j', 61}}, t, true);
  }
}

// A lane past the end is 0 times the infinite operand: it must not reach the sum.
TEST_P(Kernels, infinitiesStayOutsideEdges) {
  for (DType t : {DType::f32, DType::f64, DType::f16})
    for (int64_t n : lengths(t)) {
      if (n == 0)
        continue;
      auto rows = makeProduct("i,ij->i", {{'i', 2}, {'j', n}}, {t, t}, t);
      for (double value : runFilled(elementwiseSchedule(Family::ReduceRows, rows, true), rows,
                                    target(), {HUGE_VAL, 1.0}))
        EXPECT_EQ(value, HUGE_VAL) << n;
      auto columns = makeProduct("k,kj->j", {{'k', 5}, {'j', n}}, {t, t}, t);
      for (double value : runFilled(elementwiseSchedule(Family::ReduceColumns, columns, true),
                                    columns, target(), {HUGE_VAL, 1.0}))
        EXPECT_EQ(value, HUGE_VAL) << n;
    }
}

// Whatever choose_schedule makes of random equations.
TEST_P(Kernels, chosenSchedules) {
  Random random(17);
  std::map<Family, int> seen;
  auto pick = [&](int64_t low, int64_t high) {
    return low + int64_t(random() % uint64_t(high - low + 1));
  };
  auto shuffled = [&](std::string labels) {
    std::shuffle(labels.begin(), labels.end(), random);
    return labels;
  };
  for (int round = 0; round < 250; ++round) {
    DType types[] = {DType::f32, DType::f64, DType::i32, DType::f16, DType::c64, DType::i8};
    DType t = types[random() % std::size(types)];
    // Each label goes to some of: operand 0, operand 1, result.
    std::string terms[3];
    Extents extents;
    bool binary = random() % 4 != 0;
    for (char label = 'a', end = char('a' + pick(1, 6)); label < end; ++label) {
      int64_t extent = pick(0, 25) == 0                ? 0
                       : end <= 'd' || pick(0, 3) == 0 ? pick(10, 60)
                                                       : pick(1, 5);
      extents[label] = extent;
      uint64_t where = binary ? random() % 7 + 1 : random() % 2 ? 1 : 5;
      if (where == 4)
        where = 5;
      for (int term = 0; term < 3; ++term)
        if (where >> term & 1)
          terms[term] += label;
    }
    std::string equation =
        shuffled(terms[0]) + (binary ? "," + shuffled(terms[1]) : "") + "->" + shuffled(terms[2]);
    double points = 1;
    for (auto [label, extent] : extents)
      points *= double(extent);
    if (points > 2e5)
      continue;
    SCOPED_TRACE(equation);
    bool tidy = random() % 2;
    Disorder disorder{&random, true, !tidy, !tidy, !tidy};
    auto product =
        makeProduct(equation, extents, std::vector<DType>(binary ? 2 : 1, t), t, disorder);
    product.accumulate = random() % 8 == 0;
    Schedule s = chooseSchedule(product, target());
    ++seen[s.spec.family];
    expectRight(s, product, target());
    if (HasFailure())
      return;
  }
  // Permutations of few numbers are maps.
  for (DType t : {DType::f32, DType::c128, DType::i8}) {
    auto product = makeProduct("abc->cba", {{'a', 70}, {'b', 3}, {'c', 90}}, {t}, t);
    Schedule s = chooseSchedule(product, target());
    ++seen[s.spec.family];
    expectRight(s, product, target());
  }
  EXPECT_EQ(seen.size(), 7u) << "every family is chosen sometimes";
}

} // namespace
} // namespace ricci::test
