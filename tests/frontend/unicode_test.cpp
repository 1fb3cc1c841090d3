//===- unicode_test.cpp - which characters are labels ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/unicode.h"
#include "runtime/utf8.h"

#include <gtest/gtest.h>

using namespace ricci;

TEST(Unicode, LettersByGeneralCategory) {
  for (char32_t c : U"azAZªµºÀÖØöøͰβЖאعकあア漢가ǅʰ𝔄𝒳𠀀")
    EXPECT_TRUE(c == 0 || isLetter(c)) << quoteCharacter(c);
  // Digits, marks, symbols, letter numbers, punctuation, white space, unassigned, surrogates.
  for (char32_t c :
       {U'0', U'_', U'@', U'[', U'`', U'{', U'×', U'÷', U'\u0301', U'²', U'Ⅷ', U'→', U'\u200d',
        U'\u00a0', U'\u0378', U'\U0001F600', char32_t(0xD800), char32_t(0x10FFFF), char32_t(-1)})
    EXPECT_FALSE(isLetter(c)) << quoteCharacter(c);
}

TEST(Unicode, EncodeGivesBackWhatDecodeRead) {
  for (char32_t c : {U'a', U'\x7f', U'\x80', U'β', U'\u07ff', U'\u0800', U'漢', U'\uffff',
                     U'\U00010000', U'\U0010FFFF'}) {
    std::string bytes = encodeUtf8(c);
    Utf8Char back = decodeUtf8(bytes, 0);
    EXPECT_TRUE(back.valid);
    EXPECT_EQ(back.code, c);
    EXPECT_EQ(back.bytes, bytes.size());
  }
}

TEST(Unicode, QuotedCharactersAreAscii) {
  EXPECT_EQ(quoteCharacter(U'$'), "'$'");
  EXPECT_EQ(quoteCharacter(U'\t'), "'\\t'");
  EXPECT_EQ(quoteCharacter(U'\0'), "'\\0'");
  EXPECT_EQ(quoteCharacter(U'\x1b'), "'\\x1b'");
  EXPECT_EQ(quoteCharacter(U'→'), "U+2192");
}
