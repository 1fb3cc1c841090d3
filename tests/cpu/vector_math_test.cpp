//===- vector_math_test.cpp - elementary functions on samples ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On every level: errors within the bounds of docs/vector_math.md on special operands, around the
// thresholds of the algorithms and on random ones; the same bits from vectors of a register, of
// an odd number of lanes, and from scalars. The sweep over all of f32 is sweep_vector_math.
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/level_fixture.h"
#include "tests/cpu/math_kernel.h"
#include "tests/cpu/math_samples.h"

#include <fmt/format.h>

#include <bit>

namespace ricci::test {
namespace {

uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }
uint64_t bitsOf(double x) { return std::bit_cast<uint64_t>(x); }

using Parameter = std::tuple<const char *, ScalarOp>;

class VectorMath : public testing::TestWithParam<Parameter> {
protected:
  void SetUp() override {
    if (!isRunnable())
      GTEST_SKIP() << "this CPU is not " << std::get<0>(GetParam());
  }
  bool isRunnable() const {
    auto runnable = runnableCpus();
    return std::find(runnable.begin(), runnable.end(), std::get<0>(GetParam())) != runnable.end();
  }
  const Target &target() const { return targetOf(std::get<0>(GetParam())); }
  ScalarOp op() const { return std::get<1>(GetParam()); }

  template <typename T>
  std::vector<T> compute(DType dtype, int lanes, std::vector<T> &x, std::vector<T> &y) {
    std::vector<T> result(x.size());
    void *buffers[] = {x.data(), info(op()).arity == 1 ? result.data() : y.data(), result.data()};
    mathKernel(op(), dtype, lanes, target())
        ->entry()(buffers, nullptr, nullptr, 0, int64_t(x.size()));
    return result;
  }

  template <typename T> void check(DType dtype) {
    MathSamples<T> samples(op());
    std::vector<T> x, y;
    auto add = [&](std::pair<T, T> operands) {
      x.push_back(operands.first);
      y.push_back(operands.second);
    };
    for (auto operands : samples.special())
      add(operands);
    // A multiple of every number of lanes.
    constexpr int odd = 5;
    while (x.size() < 100'000 || x.size() % size_t(odd * 16) != 0)
      add(samples.next());

    std::vector<T> result = compute(dtype, target().lanes(dtype), x, y);
    double limit = bound(op(), dtype, target().fma);
    int failures = 0;
    for (size_t i = 0; i < x.size() && failures < 5; ++i) {
      T operands[] = {x[i], y[i]};
      double error;
      mathErrors(op(), operands, result[i], error);
      if (error > limit) {
        ADD_FAILURE() << fmt::format("{} {}({:a}, {:a}) is {:a}: {} units in the last place",
                                     shortName(dtype), nameOf(op()), x[i], y[i], result[i], error);
        ++failures;
      }
    }
    for (int lanes : {0, odd}) {
      std::vector<T> other = compute(dtype, lanes, x, y);
      for (size_t i = 0; i < x.size() && failures < 5; ++i) {
        if (bitsOf(result[i]) == bitsOf(other[i]))
          continue;
        ADD_FAILURE() << fmt::format("{} {}({:a}, {:a}): {:a} in vectors, {:a} in {} lanes",
                                     shortName(dtype), nameOf(op()), x[i], y[i], result[i],
                                     other[i], lanes);
        ++failures;
      }
    }
  }
};

TEST_P(VectorMath, f32) { check<float>(DType::f32); }
TEST_P(VectorMath, f64) { check<double>(DType::f64); }

INSTANTIATE_TEST_SUITE_P(Levels, VectorMath,
                         testing::Combine(testing::Values("x86-64", "x86-64-v2", "x86-64-v3",
                                                          "x86-64-v4"),
                                          testing::ValuesIn(elementaryFunctions())),
                         [](const testing::TestParamInfo<Parameter> &info) {
                           std::string name = fmt::format("{}_{}", std::get<0>(info.param),
                                                          nameOf(std::get<1>(info.param)));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// One lane, and more lanes than a register has.
TEST(VectorMathLanes, anyNumber) {
  const Target &target = targetOf("native");
  for (ScalarOp op : elementaryFunctions()) {
    std::vector<float> x, y;
    MathSamples<float> samples(op);
    for (int i = 0; i < 64; ++i) {
      auto [first, second] = samples.next();
      x.push_back(first);
      y.push_back(second);
    }
    std::vector<float> expected(64), results(64);
    auto compute = [&](int lanes, std::vector<float> &into) {
      void *buffers[] = {x.data(), info(op).arity == 1 ? into.data() : y.data(), into.data()};
      mathKernel(op, DType::f32, lanes, target)->entry()(buffers, nullptr, nullptr, 0, 64);
    };
    compute(0, expected);
    for (int lanes : {1, 2, 64}) {
      compute(lanes, results);
      for (size_t i = 0; i < 64; ++i)
        EXPECT_EQ(bitsOf(results[i]), bitsOf(expected[i])) << nameOf(op) << " in " << lanes;
    }
  }
}

/// What users expect of whole numbers: 10.0 ** 3 is 1000, and log10 of that 3.
template <typename T> void checkWholeNumbers(DType dtype, const Target &target) {
  std::vector<T> x, y, expected;
  for (int base = 2; base < 1000; ++base) {
    T power = T(base);
    for (int exponent = 2; power < std::ldexp(T(1), std::numeric_limits<T>::digits) / T(base);
         ++exponent) {
      power *= T(base); // exact
      x.push_back(T(base));
      y.push_back(T(exponent));
      expected.push_back(power);
    }
  }
  std::vector<T> result(x.size());
  void *buffers[] = {x.data(), y.data(), result.data()};
  mathKernel(ScalarOp::Power, dtype, 0, target)
      ->entry()(buffers, nullptr, nullptr, 0, int64_t(x.size()));
  EXPECT_EQ(result, expected);

  std::vector<T> tens = {1, 10, 100, 1000, 10000, 100000, 1000000}, logs(tens.size());
  void *unary[] = {tens.data(), logs.data()};
  mathKernel(ScalarOp::Log10, dtype, 0, target)->entry()(unary, nullptr, nullptr, 0, 7);
  EXPECT_EQ(logs, (std::vector<T>{0, 1, 2, 3, 4, 5, 6}));
}

class WholeNumbers : public OnLevel {};
TEST_P(WholeNumbers, f32) { checkWholeNumbers<float>(DType::f32, target()); }
TEST_P(WholeNumbers, f64) { checkWholeNumbers<double>(DType::f64, target()); }
INSTANTIATE_LEVELS(WholeNumbers);

/// Values that NumPy's documentation and C99 fix, independently of the reference.
TEST(VectorMathValues, exact) {
  const Target &target = targetOf("native");
  auto value = [&](ScalarOp op, double x, double y = 0) {
    double results[2] = {};
    std::vector<double> a{x}, b{y};
    void *buffers[] = {a.data(), info(op).arity == 1 ? results : b.data(), results};
    mathKernel(op, DType::f64, 0, target)->entry()(buffers, nullptr, nullptr, 0, 1);
    return results[0];
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(value(ScalarOp::Exp, 0), 1);
  EXPECT_EQ(value(ScalarOp::Exp, -infinity), 0);
  EXPECT_EQ(value(ScalarOp::Exp2, -1074), 0x1p-1074);
  EXPECT_EQ(value(ScalarOp::Log, 1), 0);
  EXPECT_EQ(value(ScalarOp::Log2, 0x1p-1074), -1074);
  EXPECT_EQ(value(ScalarOp::Log, 0), -infinity);
  EXPECT_TRUE(std::isnan(value(ScalarOp::Log, -1)));
  EXPECT_TRUE(std::signbit(value(ScalarOp::Log1p, -0.0)));
  EXPECT_EQ(value(ScalarOp::Cbrt, -27), -3);
  EXPECT_EQ(value(ScalarOp::Power, 1, nan), 1);
  EXPECT_EQ(value(ScalarOp::Power, nan, 0), 1);
  EXPECT_EQ(value(ScalarOp::Power, -1, infinity), 1);
  EXPECT_EQ(value(ScalarOp::Power, -2, 3), -8);
  EXPECT_EQ(value(ScalarOp::Power, -0.0, -3), -infinity);
  EXPECT_TRUE(std::isnan(value(ScalarOp::Power, -2, 0.5)));
  EXPECT_EQ(value(ScalarOp::Hypot, infinity, nan), infinity);
  EXPECT_EQ(value(ScalarOp::Hypot, 3e300, 4e300), 5e300);
  EXPECT_EQ(value(ScalarOp::Arctan2, 0, -1), 0x1.921fb54442d18p+1);
  EXPECT_EQ(value(ScalarOp::Logaddexp2, -1, -1), 0);
  EXPECT_EQ(value(ScalarOp::Logaddexp, -infinity, -infinity), -infinity);
  EXPECT_EQ(value(ScalarOp::FloorDivide, 1, 0.1), 9);
  EXPECT_EQ(value(ScalarOp::Remainder, -1, 3), 2);
  EXPECT_EQ(value(ScalarOp::Remainder, 1, -infinity), -infinity);
  EXPECT_EQ(value(ScalarOp::Fmod, 0x1.fffffffffffffp+1023, 0x1p-1074), 0);
  // The multiple of pi/2 that comes nearest to a number: cos is 0x1p-61 or so.
  EXPECT_EQ(value(ScalarOp::Cos, 6381956970095103.0 * 0x1p797), -0x1.14ae72e6ba22fp-61);
}

} // namespace
} // namespace ricci::test
