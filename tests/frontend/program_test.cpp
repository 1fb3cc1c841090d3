//===- program_test.cpp - texts of the typed program ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/helpers.h"

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

} // namespace
