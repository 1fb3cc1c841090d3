//===- allocations_test.cpp - calls that allocate nothing -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program of its own: it replaces operator new, for libricci too.
//
//===----------------------------------------------------------------------===//
#include <gtest/gtest.h>
#include <ricci/ricci.h>

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<int64_t> allocations{0};

static void *counted(void *memory) {
  ++allocations;
  if (!memory)
    throw std::bad_alloc();
  return memory;
}

void *operator new(size_t bytes) { return counted(std::malloc(bytes)); }
void *operator new(size_t bytes, std::align_val_t alignment) {
  const size_t unit = size_t(alignment);
  return counted(std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit));
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void *memory, size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace ricci;

namespace {

class AllocationsTest : public testing::Test {
protected:
  void SetUp() override {
    if (!loadCompiler())
      GTEST_SKIP() << "built without libricci_compiler";
    set_num_threads(1);
  }

  /// Of `call`, made for the third time.
  template <typename F> static int64_t countOf(F call) {
    call();
    call();
    const int64_t before = allocations;
    call();
    return allocations - before;
  }

  /// Of `into`, with tensors in vectors.
  static int64_t countOfInto(const char *program, const std::vector<Parameter> &parameters) {
    const Function f = compile(program, parameters);
    std::vector<Tensor> arguments, outputs;
    for (const Parameter &parameter : f.parameters()) {
      arguments.push_back(Tensor::allocate(f32, parameter.type.shape).value());
      std::fill_n(arguments.back().data<float>(), arguments.back().size(), 1.0f);
    }
    for (const TensorType &type : f.results())
      outputs.push_back(Tensor::allocate(type.dtype, type.shape).value());
    return countOf([&] { f.into(arguments, outputs); });
  }
};

TEST_F(AllocationsTest, AreCounted) {
  EXPECT_GT(countOf([] { Tensor::allocate(f32, {2}).value(); }), 0) << "in libricci";
}

TEST_F(AllocationsTest, IntoMakesNone) {
  EXPECT_EQ(countOfInto("x @ y", {{"x", f32, {8, 8}}, {"y", f32, {8, 8}}}), 0);
  EXPECT_EQ(countOfInto("x * 2 + 1", {{"x", f32, {100}}}), 0);
  EXPECT_EQ(countOfInto("softmax(x)", {{"x", f32, {8, 100}}}), 0);
  EXPECT_EQ(countOfInto("y = softmax(x @ w); (y, y.sum(axis=0))",
                        {{"x", f32, {8, 16}}, {"w", f32, {16, 32}}}),
            0);
}

TEST_F(AllocationsTest, IntoMakesNoneForTensorsInBraces) {
  const Function f = compile("x @ y", {{"x", f32, {8, 8}}, {"y", f32, {8, 8}}});
  Tensor a = Tensor::allocate(f32, {8, 8}).value(), b = Tensor::allocate(f32, {8, 8}).value(),
         c = Tensor::allocate(f32, {8, 8}).value();
  EXPECT_EQ(countOf([&] { f.into({a, b}, {c}); }), 0);
  // Nor for strides that it was not compiled for.
  const Tensor aT = a.transpose(), cT = c.transpose();
  EXPECT_EQ(countOf([&] { f.into({aT, b}, {cT}); }), 0);
}

} // namespace
