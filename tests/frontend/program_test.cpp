//===- program_test.cpp - texts of the typed program ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/helpers.h"
#include "tests/frontend/program_text.h"

#include <set>

using namespace ricci;
using namespace ricci::test;

namespace {

std::string keyOf(std::string_view equation, const std::vector<TensorType> &types) {
  return program(equation, types).value().key();
}

TEST(Program, StrListsNodesWithTypes) {
  std::vector<TensorType> types = {typeOf({3, 4}), {DType::f64, {2, 4, 5}, {20, 1, 4}}};
  EXPECT_EQ(program("ij,...jk", types).value().str(),
            "%0 = input 0 : f32[3,4]\n"
            "%1 = input 1 : f64[2,4,5] strides [20,1,4]\n"
            "%2 = einsum \"ij,…0jk->…0ik\" (%0, %1) {i=3, j=4, …0=2, k=5} : f64[2,3,5]\n"
            "return %2\n");
}

TEST(Program, KeyLeavesOutTheSpelling) {
  std::vector<TensorType> types = typesOf({{3, 4}, {4, 5}});
  std::string key = keyOf("ij,jk->ik", types);
  EXPECT_EQ(key, keyOf("ab,bc->ac", types));
  EXPECT_EQ(key, keyOf(" zβ , βA -> zA ", types));
  EXPECT_EQ(key, keyOf("ij,jk", types));
  EXPECT_EQ(keyOf("...k->k...", typesOf({{3, 4}})), keyOf("ab->ba", typesOf({{3, 4}})));
}

TEST(Program, KeyTellsProgramsApart) {
  std::vector<TensorType> types = typesOf({{4, 4}, {4, 4}});
  std::vector<std::string> keys = {
      keyOf("ij,jk->ik", types),
      keyOf("ij,jk->ki", types),
      keyOf("ij,kj->ik", types),
      keyOf("ij,jk->i", types),
      keyOf("ij,ij->ij", types),
      keyOf("ii,jk->ik", types),
      keyOf("ij->ij", typesOf({{4, 4}})),
      keyOf("ij,jk->ik", typesOf({{4, 5}, {5, 4}})),
      keyOf("ij,jk->ik", typesOf({{4, 4}, {4, 4}}, DType::f64)),
      keyOf("ij,jk->ik", {typeOf({4, 4}), {DType::f32, {4, 4}, {1, 4}}}),
      keyOf("ij,jk->ik", {typeOf({4, 4}), {DType::f32, {4, 4}, {0, 1}}}),
      keyOf("ij,jk->ik", {typeOf({4, 1}), typeOf({4, 4})}),
  };
  for (size_t a = 0; a < keys.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      EXPECT_NE(keys[a], keys[b]) << a << " " << b;
}

TEST(Program, KeyIgnoresStridesThatAreNeverUsed) {
  EXPECT_EQ(keyOf("ij->ji", {{DType::f32, {1, 4}, {4, 1}}}),
            keyOf("ij->ji", {{DType::f32, {1, 4}, {-7, 1}}}));
  EXPECT_EQ(keyOf("ij->ji", {{DType::f32, {0, 4}, {4, 1}}}),
            keyOf("ij->ji", {{DType::f32, {0, 4}, {1, 9}}}));
}

TEST(Program, StrShowsEveryKindOfNode) {
  const std::pair<const char *, const char *> rows[] = {
      {"x + 0.5", "%3 = constant 0.5 : f32[]\n%4 = add %0, %3 : f32[2,3]\nreturn %4\n"},
      {"arange(3)", "%3 = iota : i64[3]\nreturn %3\n"},
      {"x.astype(int8)", "%3 = cast %0 : i8[2,3]\nreturn %3\n"},
      {"x.prod(axis=1)", "%3 = prod %0 axes [1] : f32[2]\nreturn %3\n"},
      {"max(x)", "%3 = max %0 axes [0,1] : f32[]\nreturn %3\n"},
      {"argmin(x, 1)", "%3 = argmin %0 axis 1 : i64[2]\nreturn %3\n"},
      {"cumsum(x, 0)", "%3 = cumsum %0 axis 0 : f32[2,3]\nreturn %3\n"},
      {"x.reshape(6), x", "%3 = reshape %0 : f32[6]\nreturn (%3, %0)\n"},
      {"x.T,", "%3 = transpose %0 axes [1,0] : f32[3,2]\nreturn (%3,)\n"},
      {"broadcast_to(x, (4, 2, 3))", "%3 = broadcast %0 : f32[4,2,3]\nreturn %3\n"},
      {"x[:, ::-2]", "%3 = slice %0 start [0,2] step [1,-2] : f32[2,2]\nreturn %3\n"},
      {"sliding_window_view(x, 2, axis=1)",
       "%3 = windows %0 axis 1 size 2 : f32[2,2,2]\nreturn %3\n"},
      {"pad(x, ((1, 2), (0, 3)))", "%3 = constant 0 : f32[]\n"
                                   "%4 = pad %0, %3 before [1,0] after [2,3] : f32[5,6]\n"
                                   "return %4\n"},
      {"concatenate((x, x), axis=1)", "%3 = concatenate %0, %0 axis 1 : f32[2,6]\nreturn %3\n"},
      {"x[i]", "%3 = gather %0, %2 axes [0] at 0 : f32[4,3]\nreturn %3\n"},
      {"array([1.5, inf, nan])", "%3 = constant [1.5, inf, nan] : f64[3]\nreturn %3\n"},
      {"zeros(3, uint8)", "%3 = constant 0 : u8[3]\nreturn %3\n"},
      {"True, 1j", "%3 = constant True : b1[]\n%4 = constant 0+1j : c128[]\nreturn (%3, %4)\n"},
      {"float16(0.1)", "%3 = constant 0.099975586 : f16[]\nreturn %3\n"},
      {"array([1, 2, 3, 4, 5, 6, 7, 8, 9])",
       "%3 = constant [1, 2, 3, 4, 5, 6, 7, 8, …] : i64[9]\nreturn %3\n"},
      {"where(x > y, y, x)",
       "%3 = greater %0, %1 : b1[2,3]\n%4 = where %3, %1, %0 : f32[2,3]\nreturn %4\n"},
  };
  for (auto [text, nodes] : rows)
    EXPECT_EQ(textOf(text, {{"x", "f32[2,3]"}, {"y", "f32[3]"}, {"i", "i64[4]"}}), nodes) << text;
}

TEST(Program, KeyHoldsEverythingButNamesAndPlaces) {
  auto key = [](const std::string &text, const char *name = "x") {
    return programOf(text, {{name, "f32[3,3]"}}).value().key();
  };
  EXPECT_EQ(key("y = x + 1\ny * 2"), key("( x+1 )*2"));
  EXPECT_EQ(key("x + 1"), key("y + 1", "y"));
  // Errors of the run point into the text.
  EXPECT_NE(key("x[[0, 1]]"), key("x[ [0, 1] ]"));
  EXPECT_NE(key("x[[0, 1]] + 1"), key("x[[0, 1]]+ 1"));
  const char *texts[] = {
      "x",
      "x,",
      "x, x",
      "x + 1",
      "x + 2",
      "x + float64(1)",
      "x - 1",
      "1 - x",
      "x.astype(float64)",
      "x.astype(int64)",
      "sum(x)",
      "prod(x)",
      "sum(x, axis=0)",
      "sum(x, axis=1)",
      "argmax(x, axis=0)",
      "argmax(x, axis=1)",
      "argmin(x, axis=1)",
      "cumsum(x, axis=0)",
      "cumsum(x, axis=1)",
      "cumprod(x, axis=1)",
      "x.T",
      "x.reshape(9)",
      "x.reshape(1, 9)",
      "broadcast_to(x, (2, 3, 3))",
      "broadcast_to(x, (3, 3, 3))",
      "x[1:]",
      "x[:2]",
      "x[::2]",
      "x[:, 1:]",
      "sliding_window_view(x, 2, axis=0)",
      "sliding_window_view(x, 2, axis=1)",
      "sliding_window_view(x, 3, axis=1)",
      "pad(x, ((1, 0), (0, 0)))",
      "pad(x, ((0, 1), (0, 0)))",
      "pad(x, ((0, 1), (0, 0)), constant_values=1)",
      "concatenate((x, x))",
      "concatenate((x, x), axis=1)",
      "x[[0, 1]]",
      "x[[0, 2]]",
      "x[:, [0, 2]]",
      "x[[0, 2], [0, 2]]",
      "arange(3)",
      "arange(4)",
      "array([1, 2])",
      "array([1, 3])",
      "array([1, 3], int8)",
      "zeros(2)",
      "zeros((2, 1))",
      "x @ x",
      "einsum('ij,kj', x, x)",
      "einsum('ij,kj', x, x).astype(float64)",
  };
  std::set<std::string> keys;
  for (const char *text : texts)
    EXPECT_TRUE(keys.insert(key(text)).second) << text;
}

} // namespace
