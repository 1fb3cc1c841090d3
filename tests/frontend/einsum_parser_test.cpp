//===- einsum_parser_test.cpp - the grammar of einsum strings -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/helpers.h"

#include <ctime>
#include <functional>

using namespace ricci;

namespace {

/// One character for each axis, '.' for an ellipsis: "i.j|jk>ik".
std::string shown(const EinsumSyntax &syntax) {
  auto term = [](const EinsumSyntax::Term &t) {
    std::string s;
    for (const EinsumSyntax::Axis &axis : t.axes)
      s += axis.label == EinsumSyntax::kEllipsis ? '.' : axis.label < 128 ? char(axis.label) : '?';
    return s;
  };
  std::string s;
  for (size_t i = 0; i < syntax.operands.size(); ++i)
    s += (i ? "|" : "") + term(syntax.operands[i]);
  return syntax.output ? s + ">" + term(*syntax.output) : s;
}

std::string parsed(std::string_view equation) {
  Expected<EinsumSyntax> syntax = parseEinsum(equation);
  return syntax ? shown(*syntax) : syntax.error().render();
}

/// Of the processor, so that a busy machine makes no difference.
double secondsOf(const std::function<void()> &work) {
  std::clock_t begin = std::clock();
  work();
  return double(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(EinsumParser, Grammar) {
  EXPECT_EQ(parsed("ij,jk->ik"), "ij|jk>ik");
  EXPECT_EQ(parsed("ij,jk"), "ij|jk");
  EXPECT_EQ(parsed("  i j , j k  ->  i k  "), "ij|jk>ik");
  EXPECT_EQ(parsed("i...j->...j i"), "i.j>.ji");
  EXPECT_EQ(parsed(""), "");
  EXPECT_EQ(parsed(" "), "");
  EXPECT_EQ(parsed("->"), ">");
  EXPECT_EQ(parsed(","), "|");
  EXPECT_EQ(parsed(", ,->"), "||>");
  EXPECT_EQ(parsed("ij,->ij"), "ij|>ij");
  EXPECT_EQ(parsed("i->...i"), "i>.i")
      << "as in NumPy, the output's ellipsis may stand for nothing";
}

TEST(EinsumParser, SpansPointAtLabelsAndTerms) {
  Expected<EinsumSyntax> syntax = parseEinsum(" iβ , ...k->");
  ASSERT_TRUE(bool(syntax));
  auto expectSpan = [](Span span, size_t begin, size_t end) {
    EXPECT_EQ(span.begin, begin);
    EXPECT_EQ(span.end, end);
  };
  expectSpan(syntax->operands[0].span, 1, 4);
  expectSpan(syntax->operands[0].axes[1].span, 2, 4);
  expectSpan(syntax->operands[1].axes[0].span, 7, 10);
  expectSpan(syntax->operands[1].axes[1].span, 10, 11);
  expectSpan(syntax->output->span, 13, 13);
}

TEST(EinsumParser, AnyLetterIsALabel) {
  Expected<EinsumSyntax> syntax = parseEinsum("αβ,β漢->α漢");
  ASSERT_TRUE(bool(syntax)) << syntax.error().render();
  EXPECT_EQ(syntax->operands[0].axes[0].label, 0x3B1);
  EXPECT_EQ(syntax->output->axes[1].label, 0x6F22);
}

TEST(EinsumParser, Errors) {
  EXPECT_EQ(parsed("i.j->ij"), "a lone '.': an ellipsis is three dots, '...'\n"
                               "  i.j->ij\n"
                               "   ^");
  EXPECT_EQ(parsed("i..j"), "2 dots in a row: an ellipsis is three dots, '...'\n"
                            "  i..j\n"
                            "   ^~");
  EXPECT_EQ(parsed("i....j"), "4 dots in a row: an ellipsis is three dots, '...'\n"
                              "  i....j\n"
                              "   ^~~~");
  EXPECT_EQ(parsed(". . ."), "a lone '.': an ellipsis is three dots, '...'\n"
                             "  . . .\n"
                             "  ^");
  EXPECT_EQ(parsed("...i...->i"), "'...' appears twice in operand 1\n"
                                  "  ...i...->i\n"
                                  "  ^~~ ^~~");
  EXPECT_EQ(parsed("i->...i..."), "'...' appears twice in the output\n"
                                  "  i->...i...\n"
                                  "     ^~~ ^~~");
  EXPECT_EQ(parsed("i-j"), "'-' without '>' right after it: an arrow is '->'\n"
                           "  i-j\n"
                           "   ^");
  EXPECT_EQ(parsed("ij - > ji"), "'-' without '>' right after it: an arrow is '->'\n"
                                 "  ij - > ji\n"
                                 "     ^");
  EXPECT_EQ(parsed("i>j"), "'>' without '-' right before it: an arrow is '->'\n"
                           "  i>j\n"
                           "   ^");
  EXPECT_EQ(parsed("ij->ji->ij"), "a second '->': an equation has one output\n"
                                  "  ij->ji->ij\n"
                                  "    ^~  ^~");
  EXPECT_EQ(parsed("i,j->i,j"), "',' in the output: an equation has one output\n"
                                "  i,j->i,j\n"
                                "        ^");
  EXPECT_EQ(parsed("ij,jk->i$"), "'$' is not a label: labels are letters\n"
                                 "  ij,jk->i$\n"
                                 "          ^");
  EXPECT_EQ(parsed("i1"), "'1' is not a label: labels are letters\n"
                          "  i1\n"
                          "   ^");
  EXPECT_EQ(parsed("ij->iij"), "label 'i' appears twice in the output\n"
                               "  ij->iij\n"
                               "      ^^");
  EXPECT_EQ(parsed("αβ->αγ"), "output label 'γ' is in no operand\n"
                              "  αβ->αγ\n"
                              "       ^");
  EXPECT_EQ(parsed("i→j"), "U+2192 is not a label: labels are letters\n"
                           "  i→j\n"
                           "   ^");
  EXPECT_EQ(parsed("e\u0301"), "U+0301 is not a label: labels are letters\n"
                               "  e\u0301\n"
                               "  ^");
}

TEST(EinsumParser, BytesThatAreNoTextAreShownEscaped) {
  auto messageAt = [](std::string_view equation, std::string_view message, size_t at) {
    Expected<EinsumSyntax> syntax = parseEinsum(equation);
    ASSERT_FALSE(bool(syntax));
    EXPECT_EQ(syntax.error().message, message);
    EXPECT_EQ(syntax.error().spans.at(0).begin, at);
    for (char c : syntax.error().render())
      EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << int(c);
  };
  messageAt(std::string_view("i\0j", 3), "'\\0' is not a label: labels are letters", 1);
  messageAt("i\tj", "'\\t' is not a label: labels are letters", 1);
  messageAt("i\x1b[31m", "'\\x1b' is not a label: labels are letters", 1);
  messageAt("ij\xff", "byte 0xff at offset 2 is not valid UTF-8", 2);
  messageAt("i\xce", "byte 0xce at offset 1 is not valid UTF-8", 1);
  messageAt("i\xc0\x80", "byte 0xc0 at offset 1 is not valid UTF-8", 1);
  messageAt("\xed\xa0\x80", "byte 0xed at offset 0 is not valid UTF-8", 0);
  messageAt("\xf4\x90\x80\x80", "byte 0xf4 at offset 0 is not valid UTF-8", 0);
}

TEST(EinsumParser, LongTextsTakeLinearTime) {
  constexpr size_t n = 100'000;
  std::string commas(n, ','), dots(n, '.'), labels(n, 'i'), spaces(n, ' ');
  std::string arrows, ellipses, distinct, output;
  for (size_t i = 0; i < n / 3; ++i) {
    arrows += "->";
    ellipses += "...,";
    char32_t c = char32_t(0x4E00 + i % 20'000); // CJK ideographs
    distinct += {char(0xE0 | c >> 12), char(0x80 | (c >> 6 & 0x3F)), char(0x80 | (c & 0x3F))};
  }
  for (const std::string &text :
       {commas, dots, labels, spaces, arrows, ellipses, distinct, distinct + "->" + distinct,
        labels + "->" + labels, labels + "$", commas + "->j"}) {
    std::string error;
    EXPECT_LT(secondsOf([&] {
                Expected<EinsumSyntax> syntax = parseEinsum(text);
                error = syntax ? "" : syntax.error().render();
              }),
              1.0)
        << text.substr(0, 20);
    EXPECT_LT(error.size(), 2000u) << text.substr(0, 20);
  }
}

} // namespace
