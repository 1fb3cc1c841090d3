//===- conversion_test.cpp - f16 and bf16 casts, every value -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No conversion routine serves as the oracle: values come from the formats' definitions by ldexp,
// and what a number between two neighbours rounds to is known by construction.
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/kernel_harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace ricci::test {
namespace {

struct Format {
  const char *name;
  int mantissaBits, exponentBits;

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  uint16_t infinity() const { return uint16_t(((1 << exponentBits) - 1) << mantissaBits); }
  /// For a number from 0 to infinity(); infinity counts as the next power of two.
  double value(uint16_t bits) const {
    int exponent = bits >> mantissaBits, mantissa = bits & ((1 << mantissaBits) - 1);
    if (exponent == 0)
      return std::ldexp(mantissa, 1 - bias() - mantissaBits);
    return std::ldexp((1 << mantissaBits) + mantissa, exponent - bias() - mantissaBits);
  }
};
constexpr Format f16{"f16", 10, 5}, bf16{"bf16", 7, 8};

/// Converts vectors of 8, then the rest one by one.
std::string convert(const std::string &from, const std::string &to, const std::string &op) {
  return entry({from, to}, fmt::format(R"(
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %middle = memref.load %desc[%c1] : memref<?xindex>
  scf.for %i = %begin to %middle step %c8 {{
    %x = vector.load %b0[%i] : memref<?x{0}>, vector<8x{0}>
    %y = arith.{2} %x : vector<8x{0}> to vector<8x{1}>
    vector.store %y, %b1[%i] : memref<?x{1}>, vector<8x{1}>
  }}
  scf.for %i = %middle to %end step %c1 {{
    %x = memref.load %b0[%i] : memref<?x{0}>
    %y = arith.{2} %x : {0} to {1}
    memref.store %y, %b1[%i] : memref<?x{1}>
  }})",
                                       from, to, op));
}

using Parameter = std::tuple<std::string, const Format *>;

class Conversion : public testing::TestWithParam<Parameter> {
protected:
  const Format &format() { return *std::get<1>(GetParam()); }

  /// Runs vectors and, in a second call, scalars only; both must agree bit for bit.
  template <typename To, typename From>
  std::vector<To> run(const std::vector<From> &in, const std::string &from, const std::string &to,
                      const std::string &op) {
    auto kernel = compileKernel(convert(from, to, op), targetOf(std::get<0>(GetParam())));
    if (!kernel) {
      ADD_FAILURE() << kernel.error().render();
      return {};
    }
    std::vector<To> vectors(in.size()), scalars(in.size());
    int64_t count = int64_t(in.size());
    auto call = [&](std::vector<To> &out, int64_t middle) {
      void *buffers[] = {const_cast<From *>(in.data()), out.data()};
      int64_t descriptor[] = {0, middle};
      (*kernel)->entry()(buffers, descriptor, nullptr, 0, count);
    };
    call(vectors, count / 8 * 8);
    call(scalars, 0);
    EXPECT_EQ(std::memcmp(vectors.data(), scalars.data(), in.size() * sizeof(To)), 0);
    return vectors;
  }
};

INSTANTIATE_TEST_SUITE_P(Cpus, Conversion,
                         testing::Combine(testing::ValuesIn(runnableCpus()),
                                          testing::Values(&f16, &bf16)),
                         [](const testing::TestParamInfo<Parameter> &info) {
                           std::string name = std::get<0>(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::get<1>(info.param)->name;
                         });

TEST_P(Conversion, widensEveryValue) {
  std::vector<uint16_t> in(65536);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = uint16_t(i);
  auto check = [&](auto zero, const char *to) {
    using T = decltype(zero);
    std::vector<T> out = run<T>(in, format().name, to, "extf");
    ASSERT_EQ(out.size(), in.size());
    for (size_t i = 0; i < in.size(); ++i) {
      uint16_t magnitude = in[i] & 0x7fff;
      ASSERT_EQ(std::signbit(out[i]), (in[i] >> 15) != 0) << i;
      if (magnitude > format().infinity())
        ASSERT_TRUE(std::isnan(out[i])) << i;
      else if (magnitude == format().infinity())
        ASSERT_TRUE(std::isinf(out[i])) << i;
      else
        ASSERT_EQ(std::fabs(double(out[i])), format().value(magnitude)) << i;
    }
  };
  check(0.0f, "f32");
  check(0.0, "f64");
}

TEST_P(Conversion, roundsToNearestEven) {
  auto check = [&](auto zero, const char *from) {
    using T = decltype(zero);
    std::vector<T> in;
    std::vector<uint16_t> want;
    auto add = [&](T x, uint16_t bits) {
      in.insert(in.end(), {x, -x});
      want.insert(want.end(), {bits, uint16_t(bits | 0x8000)});
    };
    const T inf = std::numeric_limits<T>::infinity();
    for (uint16_t bits = 0; bits < format().infinity(); ++bits) {
      T low = T(format().value(bits));
      // bf16's last neighbour is beyond f32: halve first.
      T middle = T(format().value(bits) / 2 + format().value(uint16_t(bits + 1)) / 2);
      add(low, bits);
      add(middle, bits % 2 ? uint16_t(bits + 1) : bits);
      add(std::nextafter(middle, T(0)), bits);
      add(std::nextafter(middle, inf), uint16_t(bits + 1));
      // Just below: what rounding twice gets wrong.
      add(std::nextafter(T(format().value(uint16_t(bits + 1))), T(0)), uint16_t(bits + 1));
    }
    add(inf, format().infinity());
    add(std::numeric_limits<T>::max(), format().infinity());
    add(std::numeric_limits<T>::denorm_min(), 0);
    auto out = run<uint16_t>(in, from, format().name, "truncf");
    ASSERT_EQ(out.size(), in.size());
    for (size_t i = 0; i < in.size(); ++i)
      ASSERT_EQ(out[i], want[i]) << fmt::format("{} at {}", double(in[i]), i);
  };
  check(0.0f, "f32");
  check(0.0, "f64");
}

TEST_P(Conversion, keepsNaNQuiet) {
  std::vector<uint32_t> in;
  for (uint32_t bits :
       {0x7f800001u, 0x7fbfffffu, 0x7fc00000u, 0x7fffffffu, 0x7f801fffu, 0x7f80ffffu})
    in.insert(in.end(), {bits, bits | 0x80000000u});
  auto out = run<uint16_t>(in, "f32", format().name, "truncf");
  ASSERT_EQ(out.size(), in.size());
  uint16_t quiet = uint16_t(format().infinity() | 1 << (format().mantissaBits - 1));
  for (size_t i = 0; i < in.size(); ++i) {
    EXPECT_EQ(out[i] & quiet, quiet) << i;
    EXPECT_EQ(out[i] >> 15, in[i] >> 31) << i;
  }
}

TEST_P(Conversion, convertsIntegers) {
  std::vector<int32_t> in;
  for (int32_t i = -2050; i <= 2050; ++i)
    in.push_back(i);
  auto out = run<uint16_t>(in, "i32", format().name, "sitofp");
  ASSERT_EQ(out.size(), in.size());
  auto back = run<int32_t>(out, format().name, "i32", "fptosi");
  ASSERT_EQ(back.size(), in.size());
  int exact = 1 << (format().mantissaBits + 1);
  for (size_t i = 0; i < in.size(); ++i) {
    if (std::abs(in[i]) <= exact)
      EXPECT_EQ(back[i], in[i]);
    else
      EXPECT_LE(std::abs(back[i] - in[i]), std::abs(in[i]) / exact) << in[i];
  }
}

} // namespace
} // namespace ricci::test
