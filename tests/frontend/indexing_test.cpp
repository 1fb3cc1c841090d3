//===- indexing_test.cpp - what an index becomes --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Types of results are in function_shapes.txt; here are the nodes that are made, and the errors.
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/programs.h"

using namespace ricci;
using namespace ricci::test;

namespace {

TEST(Indexing, IntegersAndSlicesAreOneSlice) {
  EXPECT_EQ(listingOf("x[1, ::2, None]"), "%8 = slice %0 start [1,0] step [1,2] : f32[1,2]\n"
                                          "%9 = reshape %8 : f32[2,1]\n"
                                          "return %9\n");
  EXPECT_EQ(listingOf("x[::-1, 1:1]"), "%8 = slice %0 start [2,0] step [-1,1] : f32[3,0]\n"
                                       "return %8\n");
  EXPECT_EQ(listingOf("x[-1][2]"), "%8 = slice %0 start [2,0] step [1,1] : f32[1,4]\n"
                                   "%9 = reshape %8 : f32[4]\n"
                                   "%10 = slice %9 start [2] step [1] : f32[1]\n"
                                   "%11 = reshape %10 : f32[]\n"
                                   "return %11\n");
  EXPECT_EQ(listingOf("x[...]"), "return %0\n");
  EXPECT_EQ(listingOf("x[(0, 1)]"), "%8 = slice %0 start [0,1] step [1,1] : f32[1,1]\n"
                                    "%9 = reshape %8 : f32[]\n"
                                    "return %9\n");
}

TEST(Indexing, IndexArraysAreOneGather) {
  EXPECT_EQ(listingOf("y[0, :, i]"), "%8 = slice %1 start [0,0,0,0] step [1,1,1,1] : f32[1,3,4,5]\n"
                                     "%9 = reshape %8 : f32[3,4,5]\n"
                                     "%10 = gather %9, %3 axes [1] at 0 : f32[7,3,5]\n"
                                     "return %10\n");
  EXPECT_EQ(listingOf("y[i, j]"), "%8 = cast %4 : i64[2,1]\n"
                                  "%9 = broadcast %3 : i64[2,7]\n"
                                  "%10 = broadcast %8 : i64[2,7]\n"
                                  "%11 = gather %1, %9, %10 axes [0,1] at 0 : f32[2,7,4,5]\n"
                                  "return %11\n");
  EXPECT_EQ(listingOf("y[:, i, j]"), "%8 = cast %4 : i64[2,1]\n"
                                     "%9 = broadcast %3 : i64[2,7]\n"
                                     "%10 = broadcast %8 : i64[2,7]\n"
                                     "%11 = gather %1, %9, %10 axes [1,2] at 1 : f32[2,2,7,5]\n"
                                     "return %11\n");
  EXPECT_EQ(listingOf("y[:, 2, :, k]"),
            "%8 = cast %6 : i64[]\n"
            "%9 = slice %1 start [0,2,0,0] step [1,1,1,1] : f32[2,1,4,5]\n"
            "%10 = reshape %9 : f32[2,4,5]\n"
            "%11 = gather %10, %8 axes [2] at 0 : f32[2,4]\n"
            "return %11\n");
  EXPECT_EQ(listingOf("x[(0, 1),]"), "%8 = constant [0, 1] : i64[2]\n"
                                     "%9 = gather %0, %8 axes [0] at 0 : f32[2,4]\n"
                                     "return %9\n");
}

TEST(Indexing, KnownMasksAreIndices) {
  EXPECT_EQ(listingOf("x[[True, False, True]]"), "%8 = constant [True, False, True] : b1[3]\n"
                                                 "%9 = constant [0, 2] : i64[2]\n"
                                                 "%10 = gather %0, %9 axes [0] at 0 : f32[2,4]\n"
                                                 "return %10\n");
}

TEST(Indexing, OfSequences) {
  EXPECT_EQ(listingOf("x.shape[-1] * x[0, 0]"), "%8 = slice %0 start [0,0] step [1,1] : f32[1,1]\n"
                                                "%9 = reshape %8 : f32[]\n"
                                                "%10 = constant 4 : f32[]\n"
                                                "%11 = multiply %10, %9 : f32[]\n"
                                                "return %11\n");
  EXPECT_EQ(listingOf("zeros(y.shape[::2])"), "%8 = constant 0 : f64[2,4]\n"
                                              "return %8\n");
}

TEST(Indexing, ErrorsNameAxisAndSize) {
  EXPECT_EQ(listingOf("x[7]"), "index 7 is out of bounds for axis 0 of size 3\n"
                               "  x[7]\n"
                               "    ^");
  EXPECT_EQ(listingOf("x[-4]"), "index -4 is out of bounds for axis 0 of size 3\n"
                                "  x[-4]\n"
                                "    ^~");
  EXPECT_EQ(listingOf("x[[0, 5]]"), "index 5 is out of bounds for axis 0 of size 3\n"
                                    "  x[[0, 5]]\n"
                                    "    ^~~~~~");
  EXPECT_EQ(listingOf("x[0, 0, 0]"), "3 indices for an array of rank 2\n"
                                     "  x[0, 0, 0]\n"
                                     "  ^~~~~~~~~~");
  EXPECT_EQ(listingOf("x[0, [[1], [9]]]"), "index 9 is out of bounds for axis 1 of size 4\n"
                                           "  x[0, [[1], [9]]]\n"
                                           "       ^~~~~~~~~~");
  EXPECT_EQ(listingOf("zeros((0, 3))[i]"), "axis 0 has size 0: no index is in its bounds\n"
                                           "  zeros((0, 3))[i]\n"
                                           "                ^");
  EXPECT_EQ(listingOf("x[i, [0, 1]]"), "the index arrays: shapes (7,) and (2,) do not broadcast: "
                                       "axis 0 is 7 on the left and 2 on the right\n"
                                       "  x[i, [0, 1]]\n"
                                       "  ^~~~~~~~~~~~");
  EXPECT_EQ(listingOf("x[[True, False]]"), "the mask has 2 elements for axis 0 of size 3\n"
                                           "  x[[True, False]]\n"
                                           "    ^~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("x.shape[2] * x"), "index 2 is out of range: shape has 2 entries\n"
                                         "  x.shape[2] * x\n"
                                         "          ^");
  EXPECT_EQ(listingOf("(1, 2)[5] * x"), "index 5 is out of range: the tuple has 2 entries\n"
                                        "  (1, 2)[5] * x\n"
                                        "         ^");
  EXPECT_EQ(listingOf("x.shape[0, 1]"), "shape takes one index, not 2\n"
                                        "  x.shape[0, 1]\n"
                                        "  ^~~~~~~~~~~~~");
}

TEST(Indexing, ErrorsNameWhatIsNoIndex) {
  EXPECT_EQ(listingOf("x[m]"), "a mask index gives a shape that depends on data; use where\n"
                               "  x[m]\n"
                               "    ^");
  EXPECT_EQ(listingOf("x[x > 0]"), "a mask index gives a shape that depends on data; use where\n"
                                   "  x[x > 0]\n"
                                   "    ^~~~~");
  EXPECT_EQ(listingOf("x[True]"), "a bool is no index: None makes a new axis\n"
                                  "  x[True]\n"
                                  "    ^~~~");
  EXPECT_EQ(
      listingOf("x[1.0]"),
      "an index is an integer, a slice, None, '...' or an array of integers, not the float 1.0\n"
      "  x[1.0]\n"
      "    ^~~");
  EXPECT_EQ(listingOf("x[x]"), "an index array has integers, and this one is float32\n"
                               "  x[x]\n"
                               "    ^");
  EXPECT_EQ(listingOf("x[\"a\"]"),
            "an index is an integer, a slice, None, '...' or an array of integers, not a string\n"
            "  x[\"a\"]\n"
            "    ^~~");
  EXPECT_EQ(listingOf("x[..., ...]"), "an index has one '...' at most\n"
                                      "  x[..., ...]\n"
                                      "         ^~~");
  EXPECT_EQ(listingOf("x[::0]"), "the step of a slice is not 0\n"
                                 "  x[::0]\n"
                                 "    ^~~");
  EXPECT_EQ(listingOf("2[0]"), "the integer 2 has no indices\n"
                               "  2[0]\n"
                               "  ^");
}

} // namespace
