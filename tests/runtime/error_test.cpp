//===- error_test.cpp - how diagnostics look -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/error.h"
#include "runtime/utf8.h"

#include <gtest/gtest.h>

using namespace ricci;

static std::string render(std::string source, std::vector<Span> spans,
                          std::vector<std::string> notes = {}) {
  return Diagnostic{ErrorKind::Input, "m", std::move(source), std::move(spans), std::move(notes)}
      .render();
}

TEST(Diagnostic, CaretsAndNotes) {
  EXPECT_EQ(render("ij,jk->ik", {{1, 2}, {3, 4}}, {"operand 1: f32[3,4]", "operand 2: f32[5,6]"}),
            "m\n"
            "  ij,jk->ik\n"
            "   ^ ^\n"
            "  operand 1: f32[3,4]\n"
            "  operand 2: f32[5,6]");
  EXPECT_EQ(render("a + bcd", {{4, 7}}), "m\n  a + bcd\n      ^~~");
  EXPECT_EQ(render("", {}), "m");
  EXPECT_EQ(render("ij->", {}), "m\n  ij->");
}

TEST(Diagnostic, PointsAtTheEnd) {
  EXPECT_EQ(render("ij->", {{4, 4}}), "m\n  ij->\n      ^");
  EXPECT_EQ(render("ij", {{1, 1}}), "m\n  ij\n   ^");
  // Spans outside of the text are pulled in.
  EXPECT_EQ(render("ij", {{7, 9}}), "m\n  ij\n    ^");
  EXPECT_EQ(render("ij", {{1, 0}}), "m\n  ij\n   ^");
  EXPECT_EQ(render("", {{0, 1}}), "m");
}

TEST(Diagnostic, ColumnsCountCodePoints) {
  // α, β and γ have two bytes each.
  EXPECT_EQ(render("αβ,γ->α", {{5, 7}}), "m\n  αβ,γ->α\n     ^");
  EXPECT_EQ(render("αβ", {{0, 4}}), "m\n  αβ\n  ^~");
}

TEST(Diagnostic, WideAndCombiningCharacters) {
  EXPECT_EQ(displayWidth('a'), 1);
  EXPECT_EQ(displayWidth(U'β'), 1);
  EXPECT_EQ(displayWidth(U'…'), 1);
  EXPECT_EQ(displayWidth(0x0301), 0);
  EXPECT_EQ(displayWidth(0x200B), 0);
  for (char32_t c :
       {U'一', U'漢', U'あ', U'가', U'ａ', U'（', char32_t(0x20000), char32_t(0x1F600)})
    EXPECT_EQ(displayWidth(c), 2) << std::hex << uint32_t(c);
  EXPECT_EQ(displayWidth(U'ｱ'), 1) << "halfwidth";
  // Three bytes and two columns each.
  EXPECT_EQ(render("漢字+x", {{7, 8}}), "m\n  漢字+x\n       ^");
  EXPECT_EQ(render("漢字+x", {{3, 6}}), "m\n  漢字+x\n    ^~");
  EXPECT_EQ(render("漢字+x", {{0, 6}}), "m\n  漢字+x\n  ^~~~");
  // Two bytes, with an acute accent that takes no column.
  EXPECT_EQ(render("e\u0301+x", {{4, 5}}), "m\n  e\u0301+x\n    ^");
  EXPECT_EQ(render("e\u0301+x", {{1, 3}}), "m\n  e\u0301+x\n  ^");
  EXPECT_EQ(render("\u0301+x", {{2, 3}}), "m\n  \u0301+x\n  ^");
}

TEST(Diagnostic, EscapesWhatCannotBeShown) {
  EXPECT_EQ(render("i\xffj", {{2, 3}}), "m\n  i\\xFFj\n       ^");
  EXPECT_EQ(render("i\xffj", {{1, 2}}), "m\n  i\\xFFj\n   ^~~~");
  EXPECT_EQ(render(std::string("i\0j", 3), {{2, 3}}), "m\n  i\\x00j\n       ^");
  EXPECT_EQ(render("\x1b[31mi", {{5, 6}}), "m\n  \\x1B[31mi\n          ^");
  EXPECT_EQ(render("\ti", {{1, 2}}), "m\n   i\n   ^");
  EXPECT_EQ(render("a\\b", {{1, 2}}), "m\n  a\\b\n   ^");
  Diagnostic d{ErrorKind::Input, "label '\xff'\nand", "", {}, {"note \x07"}};
  EXPECT_EQ(d.render(), "label '\\xFF'\nand\n  note \\x07");
}

TEST(Diagnostic, ShowsTheLinesOfTheSpans) {
  const std::string source = "a = 1\nb = c\r\nd = e";
  EXPECT_EQ(render(source, {{10, 11}}), "m\n  b = c\n      ^");
  EXPECT_EQ(render(source, {{17, 18}, {10, 11}, {6, 7}}), "m\n  d = e\n      ^\n  b = c\n  ^   ^");
  // A span over lines is underlined on its first.
  EXPECT_EQ(render(source, {{2, 11}}), "m\n  a = 1\n    ^~~");
  // At a line feed: after the end of its line.
  EXPECT_EQ(render(source, {{5, 5}}), "m\n  a = 1\n       ^");
  EXPECT_EQ(render(source, {}), "m");
}

TEST(Diagnostic, CutsLongLines) {
  const std::string source = std::string(500, 'a') + "βX" + std::string(100000, 'b');
  const std::string text = render(source, {{502, 503}});
  const size_t first = text.find('\n') + 1, second = text.find('\n', first) + 1;
  const std::string line = text.substr(first, second - first - 1), carets = text.substr(second);
  EXPECT_LE(columns(line), 100);
  EXPECT_EQ(line.substr(0, 6), "  …a");
  EXPECT_EQ(line.substr(line.size() - 4), "b…");
  // The caret stands under the X.
  EXPECT_EQ(columns(line.substr(0, line.find('X'))), int64_t(carets.find('^')));

  const std::string end = render(std::string(300, 'a') + "X", {{300, 301}});
  EXPECT_EQ(end.substr(end.size() - 1), "^");
  EXPECT_NE(end.find("aX\n"), std::string::npos);
  const std::string begin = render("X" + std::string(300, 'a'), {{0, 1}});
  EXPECT_EQ(begin.substr(0, 5), "m\n  X");
  EXPECT_NE(begin.find("a…\n  ^"), std::string::npos);
  // Two-byte characters before the window: it begins with a whole one.
  std::string greek;
  for (int i = 0; i < 3000; ++i)
    greek += "β";
  const std::string wide = render("x" + greek + "X", {{6001, 6002}});
  EXPECT_EQ(wide.find("\\x"), std::string::npos);
  const std::string fits = std::string(95, 'a') + "X";
  EXPECT_EQ(render(fits, {{95, 96}}), "m\n  " + fits + "\n" + std::string(97, ' ') + "^");
}

TEST(Expected, ValueOrThrow) {
  Expected<int> good = 3;
  EXPECT_TRUE(bool(good));
  EXPECT_EQ(std::move(good).value(), 3);
  Expected<int> bad = Diagnostic{ErrorKind::Usage, "no", "src", {{1, 2}}, {}};
  EXPECT_FALSE(bool(bad));
  try {
    std::move(bad).value();
    FAIL();
  } catch (const Error &e) {
    EXPECT_STREQ(e.what(), "no\n  src\n   ^");
    EXPECT_EQ(e.message(), "no");
    EXPECT_EQ(e.span().begin, 1u);
    EXPECT_EQ(e.diagnostic().kind, ErrorKind::Usage);
  }
}
