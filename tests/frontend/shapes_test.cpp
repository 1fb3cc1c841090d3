//===- shapes_test.cpp - broadcasting reports and shapes as text ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/shapes.h"

#include <gtest/gtest.h>

using namespace ricci;

namespace {

TEST(Shapes, ReportSaysWhatHappensToEachAxis) {
  BroadcastReport r = broadcastShapes({32, 512}, {512});
  EXPECT_TRUE(r.broadcasts());
  EXPECT_EQ(r.result, (Shape{32, 512}));
  EXPECT_EQ(r.str(), "         axis        0      1\n"
                     "         left       32    512\n"
                     "        right        1    512   padded on the left\n"
                     "       result       32    512\n"
                     "               stretch  equal\n");
  EXPECT_EQ(broadcastShapes({2, 1, 0}, {3, 1}).result, (Shape{2, 3, 0}));
  EXPECT_EQ(broadcastShapes({}, {}).result, Shape{});
}

TEST(Shapes, ConflictsNameTheAxis) {
  BroadcastReport r = broadcastShapes({3, 4}, {3, 5});
  EXPECT_FALSE(r.broadcasts());
  EXPECT_EQ(
      r.error().message,
      "shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 on the left and 5 on the right");
  EXPECT_EQ(broadcastShapes({4}, {2, 3}).error().message,
            "shapes (4,) and (2, 3) do not broadcast: axis 1 is 4 on the left and 3 on the right");
  EXPECT_FALSE(broadcastShapes({0}, {2}).broadcasts());
}

TEST(Shapes, ParseTakesPythonTuples) {
  auto parse = [](std::string_view text) { return parseShape(text).value(); };
  EXPECT_EQ(parse("(32,512)"), (Shape{32, 512}));
  EXPECT_EQ(parse(" ( 512 , ) "), (Shape{512}));
  EXPECT_EQ(parse("(512)"), (Shape{512}));
  EXPECT_EQ(parse("()"), Shape{});
  EXPECT_EQ(parse("(9223372036854775807,0)"), (Shape{INT64_MAX, 0}));
}

TEST(Shapes, ParseErrors) {
  auto error = [](std::string_view text) {
    Expected<Shape> shape = parseShape(text);
    return shape ? "accepted" : shape.error().render();
  };
  EXPECT_EQ(error("(3,x)"), "expected a size\n  (3,x)\n     ^");
  EXPECT_EQ(error("(3,-1)"), "a size cannot be negative\n  (3,-1)\n     ^");
  EXPECT_EQ(error("(3 4)"), "expected ',' or ')'\n  (3 4)\n     ^");
  EXPECT_EQ(error("(9223372036854775808)"),
            "this size does not fit 63 bits\n  (9223372036854775808)\n   ^~~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(error("(3) 4"), "text after ')'\n  (3) 4\n      ^");
  for (const char *text :
       {"", "3", "[3]", "(", "(3", "(3,", "(,)", "(3,,4)", "(+3)", "(0x3)", "(3.0)"})
    EXPECT_NE(error(text), "accepted") << text;
}

} // namespace
