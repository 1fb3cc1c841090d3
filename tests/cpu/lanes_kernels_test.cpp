//===- lanes_kernels_test.cpp - many small entries, run directly --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/launch_harness.h"
#include "tests/cpu/level_fixture.h"

namespace ricci::test {
namespace {

class LanesKernels : public OnLevel {
protected:
  using Extents = std::map<char, int64_t>;

  /// The kernel whose entries are those of label n; what else it keeps is in an entry, apart from
  /// label b. Runs it, where there is one.
  bool runs(const std::string &equation, const Extents &extents, llvm::ArrayRef<DType> operands,
            DType result, bool accumulate = false, Disorder disorder = {}) {
    auto product = makeProduct(equation, extents, operands, result, disorder);
    product.accumulate = accumulate;
    Schedule s = lanesSchedule(equation, product);
    if (!s.spec.entry)
      return false;
    expectRight(s, product, target());
    return true;
  }
  bool runs(const std::string &equation, const Extents &extents, DType t, bool accumulate = false,
            Disorder disorder = {}) {
    size_t operands = size_t(std::count(equation.begin(), equation.end(), ',')) + 1;
    return runs(equation, extents, std::vector<DType>(operands, t), t, accumulate, disorder);
  }

  static Schedule lanesSchedule(const std::string &equation, const LabelledProduct &product) {
    Schedule s;
    s.spec.family = Family::Lanes;
    s.spec.operands = product.operands;
    s.spec.result = product.result;
    s.accumulate = s.spec.accumulate = product.accumulate;
    std::string kept = equation.substr(equation.find('>') + 1);
    for (size_t i = product.axes.size(); i-- > 0;) {
      const auto &axis = product.axes[i];
      char label = i < kept.size() ? kept[i] : ' ';
      Dims &group = !axis.kept ? s.k : label == 'n' ? s.m : label == 'b' ? s.batch : s.n;
      group.push_back({axis.extent, axis.strides});
    }
    s.spec.entry = entryOf(s);
    return s;
  }

  /// Around vectors of entries.
  std::vector<int64_t> counts(DType t) const {
    int64_t lanes = std::min(target().vectorBytes, kEntryVectorBytes) /
                    int64_t(itemSize(componentDType(computeType(t))));
    return {0, 1, lanes - 1, lanes, lanes + 1, 2 * lanes, 3 * lanes + 2};
  }

  static std::vector<DType> allTypes() {
    std::vector<DType> types;
    for (int i = 0; i < kNumDTypes; ++i)
      types.push_back(DType(i));
    return types;
  }
};
INSTANTIATE_LEVELS(LanesKernels);

// Pieces of 16 bytes hold 1 to 16 components: entries of less, of as much, and of more.
TEST_P(LanesKernels, products) {
  for (DType t : allTypes())
    for (int64_t n : counts(t))
      for (auto [i, j, k] : {std::tuple(1, 1, 3), {2, 2, 2}, {3, 3, 3}, {1, 5, 2}, {4, 3, 1}})
        EXPECT_TRUE(runs("nij,njk->nik", {{'n', n}, {'i', i}, {'j', j}, {'k', k}}, t));
}

TEST_P(LanesKernels, permutations) {
  for (DType t : allTypes())
    for (int64_t n : counts(t))
      for (auto [i, j] : {std::pair(1, 2), {1, 3}, {3, 5}, {4, 4}, {2, 9}, {1, 17}})
        EXPECT_TRUE(runs("nij->nji", {{'n', n}, {'i', i}, {'j', j}}, t));
}

// Entries that are contiguous in one buffer and far apart, or the same, in another.
TEST_P(LanesKernels, entriesOfOtherOrders) {
  for (DType t : {DType::f32, DType::f64, DType::i16, DType::u8, DType::c64, DType::bf16})
    for (int64_t n : counts(t))
      for (const char *equation :
           {"ni,ji->nj", "in,ij->jn", "in,nj->nij", "nij,j->in", "ij,jn->ni", "nii->n", "nij->n",
            "bni,bij->bnj", "nbi,nij->bnj", "ni,nj,nk->n"})
        EXPECT_TRUE(runs(equation, {{'n', n}, {'b', 2}, {'i', 3}, {'j', 3}, {'k', 3}}, t));
}

// Runs of a result that are shorter than a piece, several in each entry.
TEST_P(LanesKernels, runsOfAnEntry) {
  for (DType t : {DType::f32, DType::f64, DType::bf16, DType::i8, DType::c64})
    for (int64_t n : {9, 17, 20})
      for (int64_t i : {2, 3, 5})
        EXPECT_TRUE(runs("jik,nk->jni", {{'n', n}, {'i', i}, {'j', 3}, {'k', 3}}, t));
}

// 16 streams of numbers that are far apart in an entry; strides that the launch says.
TEST_P(LanesKernels, farStrides) {
  for (DType t : {DType::f32, DType::f64, DType::i8, DType::c128})
    for (int64_t n : {5, 40})
      for (const char *equation : {"iajn,ki->kajn", "inaj,ki->knaj", "ianj,kija->kinj"})
        EXPECT_TRUE(runs(equation, {{'n', n}, {'i', 2}, {'j', 2}, {'k', 2}, {'a', 3}}, t));
}

TEST_P(LanesKernels, mixedTypes) {
  for (auto [a, b, result] : {std::tuple(DType::f32, DType::f64, DType::f64),
                              {DType::i8, DType::f32, DType::f32},
                              {DType::b1, DType::c128, DType::c128},
                              {DType::u8, DType::i64, DType::i64},
                              {DType::f32, DType::c64, DType::c64}})
    for (int64_t n : {3, 50})
      EXPECT_TRUE(runs("nij,njk->nik", {{'n', n}, {'i', 3}, {'j', 2}, {'k', 3}}, {a, b}, result));
}

// Gaps and padding stay as they are, nothing is added twice.
TEST_P(LanesKernels, anyStrides) {
  Random random(5);
  int run = 0, all = 0;
  for (DType t : {DType::f32, DType::f64, DType::i32, DType::f16, DType::i8, DType::c64})
    for (int64_t n : counts(t))
      for (const char *equation : {"nij,njk->nik", "ni,ji->nj", "nij->nji", "nki,nj->nijk"})
        for (bool accumulate : {false, true}) {
          Disorder disorder{&random, true, true, true, true};
          ++all;
          run += runs(equation, {{'n', n}, {'i', 3}, {'j', 2}, {'k', 3}}, t, accumulate, disorder);
          if (HasFailure())
            return;
        }
  // Results whose entries go backwards are none of these kernels.
  EXPECT_GT(run, all / 2);
}

TEST_P(LanesKernels, manyTasks) {
  for (DType t : {DType::f32, DType::c64, DType::u8}) {
    const char *equation = "nij,njk->nik";
    auto product = makeProduct(equation, {{'n', 5001}, {'i', 3}, {'j', 3}, {'k', 3}},
                               std::vector<DType>(2, t), t);
    expectSplitsAgree(lanesSchedule(equation, product), product, target());
  }
}

} // namespace
} // namespace ricci::test
