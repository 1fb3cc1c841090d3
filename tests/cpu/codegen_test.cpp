//===- codegen_test.cpp - loops to machine code, run -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"
#include "tests/cpu/kernel_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>

namespace ricci::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string vectorAdd = entry({"f32", "f32", "f32"}, R"(
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %mask = arith.constant -8 : index
  %count = arith.subi %end, %begin : index
  %whole = arith.andi %count, %mask : index
  %middle = arith.addi %begin, %whole : index
  scf.for %i = %begin to %middle step %c8 {
    %x = vector.load %b0[%i] : memref<?xf32>, vector<8xf32>
    %y = vector.load %b1[%i] : memref<?xf32>, vector<8xf32>
    %z = arith.addf %x, %y : vector<8xf32>
    vector.store %z, %b2[%i] : memref<?xf32>, vector<8xf32>
  }
  scf.for %i = %middle to %end step %c1 {
    %x = memref.load %b0[%i] : memref<?xf32>
    %y = memref.load %b1[%i] : memref<?xf32>
    %z = arith.addf %x, %y : f32
    memref.store %z, %b2[%i] : memref<?xf32>
  })");

class OnEveryCpu : public testing::TestWithParam<std::string> {
protected:
  /// Compiles; fails the test with the message where that goes wrong.
  std::shared_ptr<const Kernel> compile(const std::string &loops) {
    auto kernel = compileKernel(loops, targetOf(GetParam()));
    if (!kernel) {
      ADD_FAILURE() << kernel.error().render();
      return nullptr;
    }
    return *kernel;
  }
};

std::string testName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Cpus, OnEveryCpu, testing::ValuesIn(runnableCpus()), testName);

TEST_P(OnEveryCpu, addsWithTail) {
  auto kernel = compile(vectorAdd);
  ASSERT_TRUE(kernel);
  std::vector<float> x(23), y(23), z(23, -1);
  std::iota(x.begin(), x.end(), 1.0f);
  std::iota(y.begin(), y.end(), 100.0f);
  void *buffers[] = {x.data(), y.data(), z.data()};
  kernel->entry()(buffers, nullptr, nullptr, 2, 22);
  for (size_t i = 0; i < z.size(); ++i)
    EXPECT_EQ(z[i], i >= 2 && i < 22 ? x[i] + y[i] : -1) << i;
}

TEST_P(OnEveryCpu, readsDescriptorAndConstantsAndWritesWorkspace) {
  auto kernel = compile(entry({"i32"}, R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %table = arith.constant dense<[3, 1, 4, 1, 5, 9, 2, 6]> : vector<8xi32>
    %offset = memref.load %desc[%c1] : memref<?xindex>
    %size = memref.load %desc[%c0] : memref<?xindex>
    %view = memref.view %work[%offset][%size] : memref<?xi8> to memref<?xi32>
    %x = vector.load %b0[%begin] : memref<?xi32>, vector<8xi32>
    %y = arith.muli %x, %table : vector<8xi32>
    vector.store %y, %view[%c1] : memref<?xi32>, vector<8xi32>)"));
  ASSERT_TRUE(kernel);
  std::vector<int32_t> x(10);
  std::iota(x.begin(), x.end(), 0);
  alignas(64) int32_t work[32] = {};
  int64_t descriptor[] = {16, 64};
  void *buffers[] = {x.data()};
  kernel->entry()(buffers, descriptor, work, 2, 10);
  const int32_t table[] = {3, 1, 4, 1, 5, 9, 2, 6};
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(work[17 + i], table[i] * (i + 2)) << i;
  EXPECT_EQ(work[16], 0);
  EXPECT_EQ(work[25], 0);
}

TEST_P(OnEveryCpu, masksGathersAndReduces) {
  auto kernel = compile(entry({"f32", "i32", "f32"}, R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %no = arith.constant dense<0> : vector<8xi32>
    %count = memref.load %desc[%c0] : memref<?xindex>
    %mask = vector.create_mask %count : vector<8xi1>
    %i = vector.maskedload %b1[%c0], %mask, %no : memref<?xi32>, vector<8xi1>, vector<8xi32> into vector<8xi32>
    %g = vector.gather %b0[%c0] [%i], %mask, %zero : memref<?xf32>, vector<8xi32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
    %sum = vector.reduction <add>, %g : vector<8xf32> into f32
    memref.store %sum, %b2[%c0] : memref<?xf32>
    vector.maskedstore %b2[%c1], %mask, %g : memref<?xf32>, vector<8xi1>, vector<8xf32>)"));
  ASSERT_TRUE(kernel);
  std::vector<float> data(100);
  std::iota(data.begin(), data.end(), 0.0f);
  std::vector<int32_t> index = {7, 99, 0, 42, 3, 1 << 30, 1 << 30, 1 << 30};
  // Beyond the lanes, below zero, and both beyond 32 bits.
  for (int64_t count : {int64_t(5), int64_t(0), int64_t(-1), -(int64_t(1) << 32) + 5}) {
    std::vector<float> out(9, -1);
    void *buffers[] = {data.data(), index.data(), out.data()};
    kernel->entry()(buffers, &count, nullptr, 0, 1);
    int64_t active = std::max<int64_t>(count, 0);
    EXPECT_EQ(out[0], active ? 151 : 0) << count;
    for (int64_t i = 0; i < 8; ++i)
      EXPECT_EQ(out[size_t(i) + 1], i < active ? float(index[size_t(i)]) : -1) << count;
  }
  int64_t many = (int64_t(1) << 32) + 1;
  index = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> out(9, -1);
  void *buffers[] = {data.data(), index.data(), out.data()};
  kernel->entry()(buffers, &many, nullptr, 0, 1);
  EXPECT_EQ(out[0], 36);
}

TEST_P(OnEveryCpu, transposesAndReducesTwoAxes) {
  auto kernel = compile(entry({"f32", "f32"}, R"(
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c12 = arith.constant 12 : index
    %c16 = arith.constant 16 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %m0 = arith.constant dense<0.0> : vector<4x4xf32>
    %r0 = vector.load %b0[%c0] : memref<?xf32>, vector<4xf32>
    %r1 = vector.load %b0[%c4] : memref<?xf32>, vector<4xf32>
    %r2 = vector.load %b0[%c8] : memref<?xf32>, vector<4xf32>
    %r3 = vector.load %b0[%c12] : memref<?xf32>, vector<4xf32>
    %m1 = vector.insert %r0, %m0[0] : vector<4xf32> into vector<4x4xf32>
    %m2 = vector.insert %r1, %m1[1] : vector<4xf32> into vector<4x4xf32>
    %m3 = vector.insert %r2, %m2[2] : vector<4xf32> into vector<4x4xf32>
    %m4 = vector.insert %r3, %m3[3] : vector<4xf32> into vector<4x4xf32>
    %t = vector.transpose %m4, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
    %t1 = vector.extract %t[1] : vector<4xf32> from vector<4x4xf32>
    vector.store %t1, %b1[%c0] : memref<?xf32>, vector<4xf32>
    %s = vector.multi_reduction <add>, %t, %zero [0] : vector<4x4xf32> to vector<4xf32>
    vector.store %s, %b1[%c4] : memref<?xf32>, vector<4xf32>)"));
  ASSERT_TRUE(kernel);
  std::vector<float> in(16), out(8);
  std::iota(in.begin(), in.end(), 0.0f);
  void *buffers[] = {in.data(), out.data()};
  kernel->entry()(buffers, nullptr, nullptr, 0, 1);
  EXPECT_EQ(out, (std::vector<float>{1, 5, 9, 13, 6, 22, 38, 54}));
}

TEST_P(OnEveryCpu, callsPrivateFunctions) {
  auto kernel = compile(R"(
    func.func private @twice(%x: memref<?xf32>, %i: index) -> f32 {
      %v = memref.load %x[%i] : memref<?xf32>
      %w = arith.addf %v, %v : f32
      return %w : f32
    })" + entry({"f32"}, R"(
      %v = func.call @twice(%b0, %begin) : (memref<?xf32>, index) -> f32
      memref.store %v, %b0[%end] : memref<?xf32>)"));
  ASSERT_TRUE(kernel);
  float data[] = {0, 21, 0};
  void *buffers[] = {data};
  kernel->entry()(buffers, nullptr, nullptr, 1, 2);
  EXPECT_EQ(data[2], 42);
}

TEST_P(OnEveryCpu, rounds) {
  std::string body = "%c0 = arith.constant 0 : index\n"
                     "%x = vector.load %b0[%c0] : memref<?xTYPE>, vector<16xTYPE>\n";
  const char *names[] = {"floor", "ceil", "trunc", "roundeven", "round"};
  for (int i = 0; i < 5; ++i) {
    std::string n = std::to_string(i);
    body += "%r" + n + " = math." + names[i] + " %x : vector<16xTYPE>\n%o" + n +
            " = arith.constant " + std::to_string(16 * i) + " : index\nvector.store %r" + n +
            ", %b1[%o" + n + "] : memref<?xTYPE>, vector<16xTYPE>\n";
  }
  auto check = [&](auto zero, const std::string &type) {
    using T = decltype(zero);
    std::string text = body;
    for (size_t at; (at = text.find("TYPE")) != std::string::npos;)
      text.replace(at, 4, type);
    auto kernel = compile(entry({type, type}, text));
    ASSERT_TRUE(kernel);
    const T inf = std::numeric_limits<T>::infinity();
    const T big = std::is_same_v<T, float> ? T(8388607.5) : T(4503599627370495.5);
    const T below = std::nextafter(T(0.5), T(0));
    std::vector<T> in = {T(0),    T(-0.0), T(0.5), T(-0.5), T(1.5),  T(2.5), T(-2.5),  T(-1.25),
                         T(1.75), below,   -below, big,     T(1e30), -inf,   T(-0.25), T(NAN)};
    std::vector<T> out(80);
    void *buffers[] = {in.data(), out.data()};
    kernel->entry()(buffers, nullptr, nullptr, 0, 1);
    for (size_t i = 0; i < 16; ++i) {
      T x = in[i];
      T want[] = {std::floor(x), std::ceil(x), std::trunc(x), std::nearbyint(x), std::round(x)};
      for (size_t k = 0; k < 5; ++k) {
        T got = out[16 * k + i];
        if (std::isnan(x)) {
          EXPECT_TRUE(std::isnan(got)) << names[k];
          continue;
        }
        EXPECT_EQ(got, want[k]) << names[k] << " of " << x;
        EXPECT_EQ(std::signbit(got), std::signbit(want[k])) << names[k] << " of " << x;
      }
    }
  };
  check(0.0f, "f32");
  check(0.0, "f64");
}

TEST(Codegen, emitsObjectsForEveryLevel) {
  for (const char *cpu : {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "skylake-avx512"}) {
    auto object = compileObject(vectorAdd, targetOf(cpu));
    ASSERT_TRUE(object) << object.error().render();
    EXPECT_EQ(object->substr(0, 4), "\177ELF");
    auto image = linkImage(*object);
    ASSERT_TRUE(image) << image.error().render();
    EXPECT_LT(image->bytes.size(), 512u);
  }
}

TEST(Codegen, usesTheWholeVectorWidth) {
  const std::string wide = entry({"f32"}, R"(
    %x = vector.load %b0[%begin] : memref<?xf32>, vector<16xf32>
    %y = arith.addf %x, %x : vector<16xf32>
    vector.store %y, %b0[%begin] : memref<?xf32>, vector<16xf32>)");
  auto assembly = [&](const char *cpu) { return compileAssembly(wide, targetOf(cpu)).value(); };
  EXPECT_THAT(assembly("x86-64-v4"), HasSubstr("%zmm0"));
  EXPECT_THAT(assembly("skylake-avx512"), HasSubstr("%zmm0"));
  EXPECT_THAT(assembly("x86-64-v3"), HasSubstr("%ymm0"));
  EXPECT_THAT(assembly("x86-64-v3"), Not(HasSubstr("%zmm0")));
  EXPECT_THAT(assembly("x86-64-v2"), Not(HasSubstr("%ymm0")));
}

TEST(Codegen, namesOutsideSymbols) {
  auto kernel = compileKernel("func.func private @elsewhere(f32) -> f32\n" + entry({"f32"}, R"(
      %v = memref.load %b0[%begin] : memref<?xf32>
      %w = func.call @elsewhere(%v) : (f32) -> f32
      memref.store %w, %b0[%begin] : memref<?xf32>)"),
                              targetOf("native"));
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().kind, ErrorKind::Internal);
  EXPECT_THAT(kernel.error().message, HasSubstr("outside symbols: elsewhere"));
}

TEST(Codegen, keepsFloatingPointOrder) {
  // x + y - x is not y, and x*x - x*x is fused by no one.
  auto kernel = compileKernel(entry({"f32"}, R"(
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %x = memref.load %b0[%begin] : memref<?xf32>
      %y = memref.load %b0[%end] : memref<?xf32>
      %s = arith.addf %x, %y : f32
      %d = arith.subf %s, %x : f32
      memref.store %d, %b0[%c2] : memref<?xf32>
      %p = arith.mulf %x, %y : f32
      %q = arith.mulf %x, %y : f32
      %z = arith.subf %p, %q : f32
      memref.store %z, %b0[%c3] : memref<?xf32>)"),
                              targetOf("native"));
  ASSERT_TRUE(kernel) << kernel.error().render();
  float data[] = {16777216.0f, 0.3f, -1, -1};
  void *buffers[] = {data};
  (*kernel)->entry()(buffers, nullptr, nullptr, 0, 1);
  EXPECT_EQ(data[2], 0.0f);
  EXPECT_EQ(data[3], 0.0f);
}

TEST(Codegen, refusesAModuleWithoutEntry) {
  auto object = compileObject("func.func @kernel() { return }", targetOf("native"));
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message, HasSubstr("no function marked ricci.entry"));
}

TEST(Codegen, refusesAnEntryOfAnotherSignature) {
  auto object = compileObject("func.func @kernel(%x: memref<?xf32>) attributes {ricci.entry} {\n"
                              "  return\n}",
                              targetOf("native"));
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message, HasSubstr("an entry takes buffers"));
}

TEST(Codegen, compilesOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> objects(8);
  for (auto &object : objects)
    threads.emplace_back([&object] { object = *compileObject(vectorAdd, targetOf("x86-64-v3")); });
  for (auto &thread : threads)
    thread.join();
  for (const auto &object : objects)
    EXPECT_EQ(object, objects.front());
}

TEST(Target, resolvesLevels) {
  EXPECT_EQ(targetOf("x86-64").vectorBytes, 16);
  EXPECT_EQ(targetOf("x86-64-v2").level, "x86-64-v2");
  const Target &v3 = targetOf("x86-64-v3");
  EXPECT_EQ(v3.vectorBytes, 32);
  EXPECT_EQ(v3.vectorRegisters, 16);
  EXPECT_TRUE(v3.fma && v3.f16c && !v3.avx512);
  const Target &v4 = targetOf("x86-64-v4");
  EXPECT_EQ(v4.vectorBytes, 64);
  EXPECT_EQ(v4.vectorRegisters, 32);
  EXPECT_TRUE(v4.avx512 && !v4.avx512bf16);
  EXPECT_TRUE(targetOf("znver4").avx512bf16);
  EXPECT_EQ(targetOf("znver4").l2Bytes, 1 << 20);
  EXPECT_EQ(targetOf("skylake").level, "x86-64-v3");
  EXPECT_EQ(&targetOf("native"), &targetOf("native"));
}

TEST(Target, namesCloseOnesOfAnUnknownCpu) {
  auto target = resolveTarget("haswel");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().kind, ErrorKind::Usage);
  EXPECT_THAT(target.error().render(), HasSubstr("close names: haswell"));
  EXPECT_FALSE(resolveTarget(""));
  EXPECT_FALSE(resolveTarget("i386"));
  EXPECT_FALSE(resolveTarget(std::string(1 << 20, 'x')));
}

} // namespace
} // namespace ricci::test
