//===- einsum_sublist_test.cpp - einsum from integer labels ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/helpers.h"

using namespace ricci;
using namespace ricci::test;

namespace {

std::string sublist(const std::vector<std::vector<int64_t>> &operands,
                    const std::optional<std::vector<int64_t>> &output,
                    const std::vector<Shape> &shapes) {
  Expected<EinsumSyntax> syntax = einsumFromLabels(operands, output);
  if (!syntax)
    return syntax.error().render();
  Expected<Program> p = resolveEinsum(*syntax, typesOf(shapes));
  return p ? result(*p).einsum.equation() : p.error().render();
}

TEST(EinsumSublist, LabelsHaveNoLimit) {
  EXPECT_EQ(sublist({{0, 1}, {1, 2}}, {{0, 2}}, {{2, 3}, {3, 4}}), "#0#1,#1#2->#0#2");
  EXPECT_EQ(sublist({{INT64_MAX, 57}}, std::nullopt, {{2, 3}}),
            "#9223372036854775807#57->#57#9223372036854775807");
  EXPECT_EQ(sublist({{-1, 4}}, {{4, -1}}, {{2, 3}}), "…0#4->#4…0");
  EXPECT_EQ(sublist({{}}, std::nullopt, {{}}), "->");
}

TEST(EinsumSublist, Errors) {
  EXPECT_EQ(sublist({{0, 1}, {1, 2}}, {{0, 2}}, {{3, 4}, {5, 6}}),
            "label 1 is 4 in operand 1 and 5 in operand 2\n"
            "  [0, 1], [1, 2] -> [0, 2]\n"
            "      ^    ^\n"
            "  operand 1: f32[3,4]\n"
            "  operand 2: f32[5,6]");
  EXPECT_EQ(sublist({{0, -2}}, std::nullopt, {{2, 3}}),
            "-2 is not a label: labels are not negative\n"
            "  [0, -2]\n"
            "      ^~");
  EXPECT_EQ(sublist({{0}}, {{7}}, {{2}}), "output label 7 is in no operand\n"
                                          "  [0] -> [7]\n"
                                          "          ^");
  EXPECT_EQ(sublist({{-1, -1}}, std::nullopt, {{2}}), "'...' appears twice in operand 1\n"
                                                      "  [..., ...]\n"
                                                      "   ^~~  ^~~");
  EXPECT_EQ(sublist({}, std::nullopt, {}), "einsum needs at least one operand");
}

} // namespace
