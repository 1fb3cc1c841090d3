//===- einsum_resolve_test.cpp - equations against operand types ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/unicode.h"
#include "tests/frontend/helpers.h"

#include <fmt/format.h>

#include <ctime>

using namespace ricci;
using namespace ricci::test;

namespace {

TEST(EinsumResolve, ImplicitOutputIsTheEllipsisThenLabelsThatOccurOnceInCodePointOrder) {
  EXPECT_EQ(resolved("ba", {{4, 6}}), "ba->ab");
  EXPECT_EQ(resolved("aB", {{4, 6}}), "aB->Ba");
  EXPECT_EQ(resolved("ij,jk", {{5, 7}, {7, 3}}), "ij,jk->ik");
  EXPECT_EQ(resolved("ii", {{7, 7}}), "ii->");
  EXPECT_EQ(resolved("b...a", {{2, 3, 4}}), "b…0a->…0ab");
  EXPECT_EQ(resolved("βα,漢z", {{2, 3}, {4, 5}}), "βα,漢z->zαβ漢");
}

TEST(EinsumResolve, EllipsisAxesAlignAtTheRight) {
  EXPECT_EQ(resolved("...ij,...jk->...ik", {{3, 5, 7}, {2, 1, 7, 4}}), "…1ij,…0…1jk->…0…1ik");
  EXPECT_EQ(resolved("...,...", {{2, 3}, {3}}), "…0…1,…1->…0…1");
  EXPECT_EQ(resolved("i,...", {{2}, {3}}), "i,…0->…0i");
  EXPECT_EQ(resolved("i->...i", {{3}}), "i->i");
  EXPECT_EQ(resolved("...i->i", {{3}}), "i->i") << "an ellipsis of no axes may be left out";
  EXPECT_EQ(resolved("...->", {{}}), "->");
}

TEST(EinsumResolve, LabelsAreDenseInOrderOfFirstAppearance) {
  Expected<Program> p = program("z...a,az->...", {{2, 5, 3}, {3, 2}});
  ASSERT_TRUE(bool(p));
  const Einsum &einsum = result(*p).einsum;
  EXPECT_EQ(einsum.operands, (std::vector<std::vector<Label>>{{0, 1, 2}, {2, 0}}));
  EXPECT_EQ(einsum.output, (std::vector<Label>{1}));
  EXPECT_EQ(einsum.extents, (std::vector<int64_t>{2, 5, 3}));
  EXPECT_EQ(einsum.labelNames, (std::vector<std::string>{"z", "…0", "a"}));
}

TEST(EinsumResolve, SizeOneBroadcastsAcrossOperands) {
  auto shape = [](std::string_view equation, const std::vector<Shape> &shapes) {
    return result(*program(equation, shapes)).type.shape;
  };
  EXPECT_EQ(shape("ij,jk->ik", {{5, 1}, {7, 3}}), (Shape{5, 3}));
  EXPECT_EQ(shape("ii,i->i", {{1, 1}, {4}}), (Shape{4}));
  EXPECT_EQ(shape("i,i,i->i", {{1}, {4}, {1}}), (Shape{4}));
  EXPECT_EQ(shape("i,i->i", {{1}, {0}}), (Shape{0}));
  EXPECT_EQ(shape("i,i->i", {{0}, {1}}), (Shape{0}));
  EXPECT_EQ(shape("...,...->...", {{0, 3}, {1}}), (Shape{0, 3}));
}

TEST(EinsumResolve, DTypesPromoteAndHalfStaysHalf) {
  auto dtype = [](DType a, DType b) {
    return result(*program("i,i->i", {typeOf({3}, a), typeOf({3}, b)})).type.dtype;
  };
  EXPECT_EQ(dtype(DType::f16, DType::f16), DType::f16);
  EXPECT_EQ(dtype(DType::bf16, DType::bf16), DType::bf16);
  EXPECT_EQ(dtype(DType::f16, DType::bf16), DType::f32);
  EXPECT_EQ(dtype(DType::i32, DType::f32), DType::f64);
  EXPECT_EQ(dtype(DType::i8, DType::u8), DType::i16);
  EXPECT_EQ(dtype(DType::b1, DType::b1), DType::b1);
}

TEST(EinsumResolve, NodesHoldTypesAndSpans) {
  std::vector<TensorType> types = {{DType::f32, {1, 4}, {99, 2}}, typeOf({4, 2})};
  Expected<Program> p = program("ij,jk->ki", types);
  ASSERT_TRUE(bool(p));
  ASSERT_EQ(p->nodes.size(), 3u);
  EXPECT_EQ(p->nodes[0].type.strides, (Strides{4, 2})) << "canonical where the size is 1";
  EXPECT_EQ(p->nodes[1].input, 1);
  EXPECT_EQ(p->nodes[1].span.begin, 3u);
  EXPECT_EQ(p->nodes[2].type.strides, (Strides{1, 1}));
  EXPECT_EQ(p->source, "ij,jk->ki");
}

TEST(EinsumResolve, SizeConflicts) {
  EXPECT_EQ(errorOf("ij,jk->ik", {{3, 4}, {5, 6}}),
            "label 'j' is 4 in operand 1 and 5 in operand 2\n"
            "  ij,jk->ik\n"
            "   ^ ^\n"
            "  operand 1: f32[3,4]\n"
            "  operand 2: f32[5,6]");
  EXPECT_EQ(errorOf("i,i,i", {{1}, {3}, {2}}), "label 'i' is 3 in operand 2 and 2 in operand 3\n"
                                               "  i,i,i\n"
                                               "    ^ ^\n"
                                               "  operand 2: f32[3]\n"
                                               "  operand 3: f32[2]");
  EXPECT_EQ(errorOf("...a,...a->...", {{2, 7, 4}, {3, 7, 4}}),
            "the axes of '...' do not broadcast: axis 2 of them, from the right, is 2 in operand 1 "
            "and 3 in operand 2\n"
            "  ...a,...a->...\n"
            "  ^~~  ^~~\n"
            "  operand 1: f32[2,7,4]\n"
            "  operand 2: f32[3,7,4]");
  EXPECT_NE(errorOf("i,i", {{0}, {2}}), "");
}

TEST(EinsumResolve, ADiagonalNeedsEqualSizesEvenOfOne) {
  EXPECT_EQ(errorOf("ii->i", {{1, 3}}), "label 'i' repeats in operand 1, where axis 0 is 1 and "
                                        "axis 1 is 3: a diagonal needs equal sizes\n"
                                        "  ii->i\n"
                                        "  ^^\n"
                                        "  operand 1: f32[1,3]");
  EXPECT_NE(errorOf("ii", {{3, 1}}), "");
  EXPECT_NE(errorOf("i,ii", {{3}, {1, 3}}), "");
  EXPECT_NE(errorOf("iii->i", {{3, 3, 1}}), "");
}

TEST(EinsumResolve, RanksAndCounts) {
  EXPECT_EQ(errorOf("ij,ijk->i", {{3, 4}, {3, 4}}),
            "operand 2 has 2 axes, but the equation gives it 3 labels\n"
            "  ij,ijk->i\n"
            "     ^~~\n"
            "  operand 2: f32[3,4]");
  EXPECT_EQ(errorOf("ij...", {{3}}),
            "operand 1 has 1 axis, but the equation gives it 2 labels beside '...'\n"
            "  ij...\n"
            "  ^~~~~\n"
            "  operand 1: f32[3]");
  EXPECT_EQ(errorOf("ij,jk", {{3, 4}}), "the equation names 2 operands, but 1 is given\n"
                                        "  ij,jk\n"
                                        "     ^~\n"
                                        "  operand 1: f32[3,4]");
  EXPECT_EQ(errorOf("ij", {{3, 4}, {4, 5}}), "the equation names 1 operand, but 2 are given\n"
                                             "  ij\n"
                                             "  operand 1: f32[3,4]\n"
                                             "  operand 2: f32[4,5]");
  EXPECT_EQ(errorOf("", {}), "einsum needs at least one operand");
}

TEST(EinsumResolve, AnExplicitOutputMayNotDropEllipsisAxes) {
  EXPECT_EQ(errorOf("...ij->ij", {{2, 3, 4}}),
            "the output lacks '...', which stands for 1 axis in the operands\n"
            "  ...ij->ij\n"
            "  ^~~    ^~\n"
            "  operand 1: f32[2,3,4]");
  EXPECT_NE(errorOf("...i->i", {{1, 3}}), "") << "also of size 1, as in NumPy";
}

TEST(EinsumResolve, SizesThatOverflowAreErrors) {
  constexpr int64_t big = int64_t(1) << 32;
  std::vector<TensorType> spread(2, TensorType{DType::f32, {big}, {0}});
  Expected<Program> p = program("i,j->ij", spread);
  ASSERT_FALSE(bool(p));
  EXPECT_NE(p.error().message.find("the result is too large"), std::string::npos)
      << p.error().message;
  EXPECT_TRUE(bool(program("i,j->i", spread))) << "only tensors count, not the loops";

  auto rejected = [](TensorType type) {
    Expected<Program> p =
        program(std::string_view("ij->ji"), std::vector<TensorType>{std::move(type)});
    return p ? "" : p.error().message;
  };
  EXPECT_NE(rejected({DType::f32, {big, big}, {0, 0}}).find("operand 1: "), std::string::npos);
  EXPECT_NE(rejected({DType::f32, {-1, 2}, {2, 1}}).find("negative"), std::string::npos);
  EXPECT_NE(rejected({DType::f32, {2, 2}, {1}}).find("1 strides for 2 axes"), std::string::npos);
  EXPECT_NE(rejected({DType::f32, {2, 2}, {INT64_MAX, 1}}).find("63 bits"), std::string::npos);
  EXPECT_NE(rejected({DType::f32, {2, 2}, {INT64_MIN, 1}}).find("63 bits"), std::string::npos);
}

TEST(EinsumResolve, OperandsAndResultsHaveAtMost64Axes) {
  std::string labels;
  for (char32_t i = 0; i < 65; ++i)
    labels += encodeUtf8(0x4E00 + i);
  std::string_view text = labels; // of three bytes each
  std::string left(text.substr(0, 99)), right(text.substr(99));
  EXPECT_EQ(resolved(text.substr(0, 192), {Shape(64, 1)}),
            fmt::format("{0}->{0}", text.substr(0, 192)));
  EXPECT_NE(errorOf(labels, {Shape(65, 1)}).find("operand 1: 65 axes; a tensor has at most 64"),
            std::string::npos);
  const char *message = "the result has 65 axes; a tensor has at most 64";
  Expected<Program> p =
      program(left + "," + right + "->" + labels, typesOf({Shape(33, 1), Shape(32, 1)}));
  ASSERT_FALSE(bool(p));
  EXPECT_EQ(p.error().message, message);
  ASSERT_EQ(p.error().spans.size(), 1u);
  EXPECT_EQ(p.error().spans[0].begin, 198u) << "the output";
  EXPECT_EQ(p.error().spans[0].end, 393u);
  EXPECT_NE(errorOf(left + "," + right, {Shape(33, 1), Shape(32, 1)}).find(message),
            std::string::npos);
  EXPECT_EQ(errorOf(left + "," + right + "->", {Shape(33, 1), Shape(32, 1)}), "")
      << "summed labels are no axes of a tensor";
}

TEST(EinsumResolve, AThousandOperandsAndAHundredThousandLabelsAreQuick) {
  std::clock_t begin = std::clock();
  std::vector<std::vector<int64_t>> chain, wide(1);
  std::vector<Shape> shapes;
  for (int64_t i = 0; i < 1000; ++i) {
    chain.push_back({i, i + 1});
    shapes.push_back({2, 2});
  }
  Expected<EinsumSyntax> syntax = einsumFromLabels(chain, std::vector<int64_t>{0, 1000});
  ASSERT_TRUE(bool(syntax));
  Expected<Program> p = resolveEinsum(*syntax, typesOf(shapes));
  ASSERT_TRUE(bool(p));
  EXPECT_EQ(result(*p).einsum.extents.size(), 1001u);

  std::string text(100'000, 'i');
  EXPECT_LT(errorOf(text, {Shape(100'000, 1)}).size(), 1000u);
  EXPECT_LT(errorOf(text, {Shape(64, 1)}).size(), 1000u);
  for (int64_t i = 0; i < 100'000; ++i)
    wide[0].push_back(i << 20);
  syntax = einsumFromLabels(wide, std::nullopt);
  ASSERT_TRUE(bool(syntax));
  ASSERT_FALSE(bool(resolveEinsum(*syntax, {typeOf(Shape(100'000, 1))})));
  EXPECT_LT(double(std::clock() - begin) / CLOCKS_PER_SEC, 5.0);
}

} // namespace
