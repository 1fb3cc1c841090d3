//===- function_test.cpp - compile, evaluate, Function ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/signature.h"

#include <gtest/gtest.h>
#include <ricci/ricci.h>

#include <array>
#include <thread>

using namespace ricci;

namespace {

/// Runs on every device; skipped where the library has no compiler.
class FunctionTest : public testing::TestWithParam<DeviceKind> {
protected:
  void SetUp() override {
    if (!loadCompiler())
      GTEST_SKIP() << "built without libricci_compiler";
    options.device = GetParam();
  }

  Function compiled(const char *program, const std::vector<Parameter> &parameters) {
    return compile(program, parameters, options);
  }

  ProgramOptions options;
  std::array<float, 6> data{1, 2, 3, 4, 5, 6};
  Tensor x = Tensor::borrow(data.data(), {2, 3});
};

std::vector<float> floats(const Tensor &tensor) {
  EXPECT_EQ(tensor.dtype(), f32);
  EXPECT_TRUE(tensor.isContiguous());
  return {tensor.data<float>(), tensor.data<float>() + tensor.size()};
}

template <typename T> std::string message(const Expected<T> &result) {
  return result ? "" : result.error().message;
}

TEST_P(FunctionTest, Calls) {
  Function f = compiled("x.T * s", {{"x", f32, {2, 3}}, {"s", f32, {}}});
  float s = 10;
  EXPECT_EQ(floats(f({x, Tensor::borrow(&s, {})})), (std::vector<float>{10, 40, 20, 50, 30, 60}));
  EXPECT_EQ(f.parameters()[1].name, "s");
  EXPECT_EQ(f.results()[0].str(), "f32[3,2]");
  EXPECT_FALSE(f.returnsTuple());
  EXPECT_EQ(f.source(), "x.T * s");
  EXPECT_NE(f.emit("ast").find("multiply"), std::string::npos);
  EXPECT_THROW((void)f.emit("wasm"), Error);
}

TEST_P(FunctionTest, SeveralResults) {
  Function f = compiled("(x.sum(), x[0])", {{"x", f32, {2, 3}}});
  EXPECT_TRUE(f.returnsTuple());
  std::vector<Tensor> results = f.call({x});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(floats(results[0]), std::vector<float>{21});
  EXPECT_EQ(floats(results[1]), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(floats(f({x})), std::vector<float>{21}) << "the first";
}

TEST_P(FunctionTest, OtherStridesFindTheirOwnExecutable) {
  Function f = compiled("x + 0", {{"x", f32, {2, 3}}});
  Tensor reversed = Tensor::borrow(data.data() + 5, f32, {2, 3}, {-3, -1});
  Tensor transposed = Tensor::borrow(data.data(), f32, {2, 3}, {1, 2});
  Tensor repeated = Tensor::borrow(data.data(), f32, {2, 3}, {0, 1});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(floats(f({reversed})), (std::vector<float>{6, 5, 4, 3, 2, 1}));
    EXPECT_EQ(floats(f({transposed})), (std::vector<float>{1, 3, 5, 2, 4, 6}));
    EXPECT_EQ(floats(f({repeated})), (std::vector<float>{1, 2, 3, 1, 2, 3}));
    EXPECT_EQ(floats(f({x})), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  }
}

TEST_P(FunctionTest, CompiledForStrides) {
  Function f = compiled("x + 0", {{"x", {f32, {2, 3}, {1, 2}}}});
  EXPECT_EQ(floats(f({Tensor::borrow(data.data(), f32, {2, 3}, {1, 2})})),
            (std::vector<float>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(floats(f({x})), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_P(FunctionTest, WrongArguments) {
  Function f = compiled("q + k", {{"q", f32, {2, 3}}, {"k", f32, {3}}});
  EXPECT_EQ(message(f.try_call({x})), "the function takes 2 arguments (q, k), not 1");
  EXPECT_EQ(message(f.try_call({x, x})),
            "argument 'k' is f32[2,3], but the function was compiled for f32[3]");
  Tensor ints = Tensor::borrow(data.data(), i32, {2, 3});
  EXPECT_EQ(message(f.try_call({ints, x})),
            "argument 'q' is i32[2,3], but the function was compiled for f32[2,3]");
  EXPECT_THROW((void)f({x}), Error);
  EXPECT_EQ(message(try_compile("q", {{"q", {f32, {-1}, {}}}}, options)).substr(0, 13),
            "argument 'q':");
}

TEST_P(FunctionTest, Into) {
  Function f = compiled("x.T", {{"x", f32, {2, 3}}});
  std::array<float, 12> room{};
  Tensor out = Tensor::borrow(room.data() + 11, f32, {3, 2}, {-4, -2});
  f.into({x}, {out});
  EXPECT_EQ(room, (std::array<float, 12>{0, 6, 0, 3, 0, 5, 0, 2, 0, 4, 0, 1}));

  auto into = [&](Tensor output) { return message(f.try_into({x}, {output})); };
  EXPECT_EQ(into(Tensor::borrow(room.data(), {2, 3})),
            "out is f32[2,3], but the result is f32[3,2]");
  EXPECT_EQ(into(Tensor::borrow(room.data(), f32, {3, 2}, {0, 1})),
            "out f32[3,2] with strides [0,1] has one place for several elements");
  EXPECT_EQ(into(Tensor::borrowConst(room.data(), f32, {3, 2})), "output 1 is read-only");
  EXPECT_EQ(message(f.try_into({x}, {})), "0 outputs for a program of 1 result");
}

TEST_P(FunctionTest, IntoStridesThatDoNotNest) {
  Function f = compiled("x + 0", {{"x", f32, {2, 3}}});
  std::array<float, 8> room{};
  f.into({x}, {Tensor::borrow(room.data(), f32, {2, 3}, {3, 2})});
  EXPECT_EQ(room, (std::array<float, 8>{1, 0, 2, 4, 3, 5, 0, 6}));
  std::vector<float> many(2 << 20);
  const Tensor large = Tensor::borrow(many.data(), f32, {1024, 1025}, {1025, 1024});
  EXPECT_NE(message(f.try_into({x}, {large})).find("] may have one place for several elements: a"),
            std::string::npos);
}

TEST(EmptyFunction, IsAnError) {
  const Function f;
  float number = 1;
  const Tensor x = Tensor::borrow(&number, {});
  const std::string empty = "the function is empty: assign what compile gives before it is used";
  EXPECT_FALSE(f);
  EXPECT_EQ(message(f.try_call({x})), empty);
  EXPECT_EQ(message(f.try_into({x}, {x})), empty);
  EXPECT_EQ(message(f.try_plan()), empty);
  EXPECT_EQ(message(f.try_emit(Stage::Ast)), empty);
  EXPECT_THROW((void)f({x}), Error);
  EXPECT_THROW((void)f.parameters(), Error);
  EXPECT_THROW((void)f.results(), Error);
  EXPECT_THROW((void)f.returnsTuple(), Error);
  EXPECT_THROW((void)f.source(), Error);
  EXPECT_THROW((void)f.executable(), Error);
}

TEST_P(FunctionTest, TensorsWithoutData) {
  Function f = compiled("x + 0", {{"x", f32, {}}});
  float number = 1;
  const Tensor x = Tensor::borrow(&number, {});
  EXPECT_EQ(message(f.try_call({Tensor()})), "operand 1 (f32[]) has no data");
  EXPECT_EQ(message(f.try_into({x}, {Tensor()})), "output 1 (f32[]) has no data");
  EXPECT_FALSE(try_einsum_view("->", Tensor()));
}

TEST_P(FunctionTest, IntoAnArgument) {
  Function f = compiled("(x[::-1] + 1, x.sum())", {{"x", f32, {2, 3}}});
  float sum = 0;
  f.into({x}, {x, Tensor::borrow(&sum, {})});
  EXPECT_EQ(data, (std::array<float, 6>{5, 6, 7, 2, 3, 4}));
  EXPECT_EQ(sum, 21);
  EXPECT_EQ(message(f.try_into({x}, {x, Tensor::borrow(data.data(), {})})),
            "output 2 overlaps output 1 in memory");
}

TEST_P(FunctionTest, Evaluate) {
  bool isTuple = true;
  std::vector<Tensor> results = evaluate("y = x * 2\ny[1]", {{"x", x}}, options, &isTuple);
  EXPECT_EQ(floats(results.front()), (std::vector<float>{8, 10, 12}));
  EXPECT_FALSE(isTuple);
  for (int i = 0; i < 2; ++i) { // compiled, then from the cache
    evaluate("(x,)", {{"x", x}}, options, &isTuple);
    EXPECT_TRUE(isTuple);
  }
  std::array<float, 6> room{};
  Tensor out = Tensor::borrow(room.data(), {3, 2});
  evaluate_into("x.T", {{"x", x}}, {out}, options);
  EXPECT_EQ(room, (std::array<float, 6>{1, 4, 2, 5, 3, 6}));
  evaluate_into("x.T.reshape(2, 3)", {{"x", x}}, {x}, options);
  EXPECT_EQ(data, room);
  Expected<std::vector<Tensor>> wrong = try_evaluate("x + y", {{"x", x}}, options);
  EXPECT_EQ(message(wrong), "name 'y' is not defined");
  EXPECT_EQ(wrong.error().spans.at(0).begin, 4u);
}

TEST_P(FunctionTest, MemoryLimit) {
  options.memoryLimit = 47;
  EXPECT_EQ(message(try_compile("(x, x)", {{"x", f32, {2, 3}}}, options)),
            "the 2 results take 48 bytes, more than the memory limit of 47");
  EXPECT_EQ(message(try_compile("x.reshape(2, 6)", {{"x", f32, {2, 6}}}, options)),
            "the result f32[2,6] takes 48 bytes, more than the memory limit of 47");
}

TEST_P(FunctionTest, ThreadsShareAFunction) {
  Function f = compiled("x * 2", {{"x", f32, {2, 3}}});
  std::vector<std::thread> threads;
  std::array<bool, 4> right{};
  for (size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&, t] {
      right[t] = true;
      for (int i = 0; i < 100; ++i) {
        Tensor given = i % 2 ? x : Tensor::borrow(data.data() + 5, f32, {2, 3}, {-3, -1});
        right[t] = right[t] && floats(f({given}))[0] == (i % 2 ? 2 : 12);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, (std::array<bool, 4>{true, true, true, true}));
}

INSTANTIATE_TEST_SUITE_P(Devices, FunctionTest,
                         testing::Values(DeviceKind::Cpu, DeviceKind::Reference),
                         [](const auto &info) {
                           return info.param == DeviceKind::Cpu ? "cpu" : "reference";
                         });

TEST(ProgramSignature, TellsCallsApart) {
  std::array<float, 6> data{};
  Tensor x = Tensor::borrow(data.data(), {2, 3});
  Tensor transposed = Tensor::borrow(data.data(), {2, 3}, {1, 2});
  ProgramOptions plain, reference;
  reference.device = DeviceKind::Reference;
  auto signature = [&](const char *program, std::vector<NamedTensor> arguments,
                       const ProgramOptions &options, std::vector<Tensor> *outputs) {
    std::string key = "what was there before";
    std::vector<Tensor> none;
    detail::OperandTypes types(outputs ? *outputs : none);
    detail::writeSignature(key, program, arguments, options, "native", outputs ? &types : nullptr);
    return key;
  };
  std::vector<Tensor> inOrder{x}, strided{transposed}, two{x, transposed};
  std::vector<std::string> keys = {
      signature("a", {{"a", x}}, plain, nullptr),
      signature("b", {{"a", x}}, plain, nullptr),
      signature("a", {{"b", x}}, plain, nullptr),
      signature("a", {{"a", transposed}}, plain, nullptr),
      signature("a", {{"a", x}, {"b", x}}, plain, nullptr),
      signature("a", {{"a", x}}, reference, nullptr),
      signature("a", {{"a", x}}, plain, &inOrder),
      signature("a", {{"a", x}}, plain, &strided),
      signature("a", {{"a", x}}, plain, &two),
  };
  for (size_t a = 0; a < keys.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      EXPECT_NE(keys[a], keys[b]) << a << " " << b;
}

} // namespace
