//===- create_functions_test.cpp - what creation makes --------------------===//
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

TEST(CreateFunctions, CarryOneElement) {
  EXPECT_EQ(listingOf("zeros((100, 100), float32)"), "%8 = constant 0 : f32[100,100]\n"
                                                     "return %8\n");
  EXPECT_EQ(listingOf("ones_like(i)"), "%8 = constant 1 : i64[7]\n"
                                       "return %8\n");
  EXPECT_EQ(listingOf("full((2, 3), 7, int8)"), "%8 = constant 7 : i8[2,3]\n"
                                                "return %8\n");
  EXPECT_EQ(listingOf("full(x.shape, x[0])"), "%8 = slice %0 start [0,0] step [1,1] : f32[1,4]\n"
                                              "%9 = reshape %8 : f32[4]\n"
                                              "%10 = broadcast %9 : f32[3,4]\n"
                                              "return %10\n");
}

TEST(CreateFunctions, BoolsBoundRanges) {
  EXPECT_EQ(listingOf("arange(True)"), listingOf("arange(1)"));
  EXPECT_EQ(listingOf("arange(False, 5, True)"), listingOf("arange(0, 5, 1)"));
  EXPECT_EQ(listingOf("linspace(False, True, 3)"), listingOf("linspace(0, 1, 3)"));
}

TEST(CreateFunctions, CountWithIota) {
  EXPECT_EQ(listingOf("eye(1000)"), "%8 = iota : i64[1000]\n"
                                    "%9 = reshape %8 : i64[1000,1]\n"
                                    "%10 = equal %9, %8 : b1[1000,1000]\n"
                                    "%11 = cast %10 : f64[1000,1000]\n"
                                    "return %11\n");
  EXPECT_EQ(listingOf("tril(x)"), "%8 = iota : i64[3]\n"
                                  "%9 = reshape %8 : i64[3,1]\n"
                                  "%10 = iota : i64[4]\n"
                                  "%11 = greater_equal %9, %10 : b1[3,4]\n"
                                  "%12 = constant 0 : f32[]\n"
                                  "%13 = where %11, %0, %12 : f32[3,4]\n"
                                  "return %13\n");
  EXPECT_EQ(listingOf("triu(x, 1)"), "%8 = iota : i64[3]\n"
                                     "%9 = reshape %8 : i64[3,1]\n"
                                     "%10 = iota : i64[4]\n"
                                     "%11 = greater_equal %9, %10 : b1[3,4]\n"
                                     "%12 = constant 0 : f32[]\n"
                                     "%13 = where %11, %12, %0 : f32[3,4]\n"
                                     "return %13\n");
  EXPECT_EQ(listingOf("diag(c, 1)"), "%8 = constant 0+0j : c64[]\n"
                                     "%9 = pad %7, %8 before [0] after [1] : c64[4]\n"
                                     "%10 = reshape %9 : c64[4,1]\n"
                                     "%11 = iota : i64[4]\n"
                                     "%12 = reshape %11 : i64[4,1]\n"
                                     "%13 = constant 1 : i64[]\n"
                                     "%14 = add %12, %13 : i64[4,1]\n"
                                     "%15 = equal %14, %11 : b1[4,4]\n"
                                     "%16 = where %15, %10, %8 : c64[4,4]\n"
                                     "return %16\n");
  EXPECT_EQ(listingOf("indices((2, 3))"), "%8 = iota : i64[2]\n"
                                          "%9 = reshape %8 : i64[1,2,1]\n"
                                          "%10 = broadcast %9 : i64[1,2,3]\n"
                                          "%11 = iota : i64[3]\n"
                                          "%12 = reshape %11 : i64[1,1,3]\n"
                                          "%13 = broadcast %12 : i64[1,2,3]\n"
                                          "%14 = concatenate %10, %13 axis 0 : i64[2,2,3]\n"
                                          "return %14\n");
  EXPECT_EQ(listingOf("arange(5, dtype=int8)"), "%8 = iota : i64[5]\n"
                                                "%9 = cast %8 : i8[5]\n"
                                                "return %9\n");
  EXPECT_EQ(listingOf("arange(5, 0, -2)"), "%8 = iota : i64[3]\n"
                                           "%9 = constant -2 : i64[]\n"
                                           "%10 = multiply %8, %9 : i64[3]\n"
                                           "%11 = constant 5 : i64[]\n"
                                           "%12 = add %10, %11 : i64[3]\n"
                                           "return %12\n");
}

TEST(CreateFunctions, RangesAreExact) {
  EXPECT_EQ(listingOf("arange(0, 1, 0.1)"), "%8 = iota : i64[10]\n"
                                            "%9 = cast %8 : f64[10]\n"
                                            "%10 = constant 0.1 : f64[]\n"
                                            "%11 = multiply %9, %10 : f64[10]\n"
                                            "return %11\n");
  EXPECT_EQ(listingOf("arange(0.1, 1, 0.3)"), "%8 = iota : i64[3]\n"
                                              "%9 = cast %8 : f64[3]\n"
                                              "%10 = constant 0.30000000000000004 : f64[]\n"
                                              "%11 = multiply %9, %10 : f64[3]\n"
                                              "%12 = constant 0.1 : f64[]\n"
                                              "%13 = add %11, %12 : f64[3]\n"
                                              "return %13\n");
  // In f32, 0.3 + (1.6 - 0.3) is not 1.6.
  EXPECT_EQ(listingOf("arange(0.3, 2, 1.3, dtype=float32)"), "%8 = iota : i64[2]\n"
                                                             "%9 = cast %8 : f32[2]\n"
                                                             "%10 = constant 1.3 : f32[]\n"
                                                             "%11 = multiply %9, %10 : f32[2]\n"
                                                             "%12 = constant 0.3 : f32[]\n"
                                                             "%13 = add %11, %12 : f32[2]\n"
                                                             "%14 = constant 1 : i64[]\n"
                                                             "%15 = equal %8, %14 : b1[2]\n"
                                                             "%16 = constant 1.6 : f32[]\n"
                                                             "%17 = where %15, %16, %13 : f32[2]\n"
                                                             "return %17\n");
  EXPECT_EQ(listingOf("linspace(0, 1, 5)"), "%8 = iota : i64[5]\n"
                                            "%9 = cast %8 : f64[5]\n"
                                            "%10 = constant 0.25 : f64[]\n"
                                            "%11 = multiply %9, %10 : f64[5]\n"
                                            "return %11\n");
  EXPECT_EQ(listingOf("linspace(0.1, 1, 7, dtype=float32)"), "%8 = iota : i64[7]\n"
                                                             "%9 = cast %8 : f64[7]\n"
                                                             "%10 = constant 0.15 : f64[]\n"
                                                             "%11 = multiply %9, %10 : f64[7]\n"
                                                             "%12 = constant 0.1 : f64[]\n"
                                                             "%13 = add %11, %12 : f64[7]\n"
                                                             "%14 = constant 6 : i64[]\n"
                                                             "%15 = equal %8, %14 : b1[7]\n"
                                                             "%16 = constant 1 : f64[]\n"
                                                             "%17 = where %15, %16, %13 : f64[7]\n"
                                                             "%18 = cast %17 : f32[7]\n"
                                                             "return %18\n");
  EXPECT_EQ(listingOf("linspace(0, 5, 3, dtype=int32)"), "%8 = iota : i64[3]\n"
                                                         "%9 = cast %8 : f64[3]\n"
                                                         "%10 = constant 2.5 : f64[]\n"
                                                         "%11 = multiply %9, %10 : f64[3]\n"
                                                         "%12 = floor %11 : f64[3]\n"
                                                         "%13 = cast %12 : i32[3]\n"
                                                         "return %13\n");
}

TEST(CreateFunctions, ArraysOfTensorsStack) {
  EXPECT_EQ(listingOf("array([x[0, 0], 2.0])"), "%8 = slice %0 start [0,0] step [1,1] : f32[1,1]\n"
                                                "%9 = reshape %8 : f32[]\n"
                                                "%10 = constant 2 : f64[]\n"
                                                "%11 = reshape %9 : f32[1]\n"
                                                "%12 = reshape %10 : f64[1]\n"
                                                "%13 = cast %11 : f64[1]\n"
                                                "%14 = concatenate %13, %12 axis 0 : f64[2]\n"
                                                "return %14\n");
  EXPECT_EQ(listingOf("array([[1, 2], [3, 4]], float16)"), "%8 = constant [1, 2, 3, 4] : i64[2,2]\n"
                                                           "%9 = constant [1, 2, 3, 4] : f16[2,2]\n"
                                                           "return %9\n");
}

TEST(CreateFunctions, Errors) {
  EXPECT_EQ(listingOf("zeros(-1)"), "a size of -1 is negative\n"
                                    "  zeros(-1)\n"
                                    "        ^~");
  EXPECT_EQ(listingOf("zeros(2.5)"),
            "the shape is an integer or a tuple of integers, not the float 2.5\n"
            "  zeros(2.5)\n"
            "        ^~~");
  EXPECT_EQ(listingOf("zeros((1000000, 1000000, 10000000))"),
            "shape (1000000, 1000000, 10000000) has more than 2**63 - 1 elements\n"
            "  zeros((1000000, 1000000, 10000000))\n"
            "        ^~~~~~~~~~~~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("full((2, 3), x)"),
            "shape (3, 4) does not broadcast to (2, 3): axis 0 is 3 and is to be 2\n"
            "  full((2, 3), x)\n"
            "               ^");
  EXPECT_EQ(listingOf("arange(0, 3, 0)"), "the step of a range is not 0\n"
                                          "  arange(0, 3, 0)\n"
                                          "               ^");
  EXPECT_EQ(listingOf("arange(x)"), "arange takes ints and floats, not a tensor, whose elements "
                                    "are read only when the program runs\n"
                                    "  arange(x)\n"
                                    "         ^");
  EXPECT_EQ(listingOf("arange(0.0, inf)"), "the range is longer than 63 bits\n"
                                           "  arange(0.0, inf)\n"
                                           "  ^~~~~~");
  EXPECT_EQ(listingOf("arange(127, 130, dtype=int8)"), "the integer 128 is out of bounds for int8\n"
                                                       "  arange(127, 130, dtype=int8)\n"
                                                       "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("arange(3, dtype=bool)"), "a range of bools has 2 elements at most, not 3\n"
                                                "  arange(3, dtype=bool)\n"
                                                "  ^~~~~~");
  EXPECT_EQ(listingOf("linspace(0, 1, -1)"), "-1 samples: num is not negative\n"
                                             "  linspace(0, 1, -1)\n"
                                             "                 ^~");
  EXPECT_EQ(listingOf("linspace(k, 1)"), "linspace takes ints and floats, not a tensor, whose "
                                         "elements are read only when the program runs\n"
                                         "  linspace(k, 1)\n"
                                         "           ^");
  EXPECT_EQ(listingOf("array([[1, 2], [3]])"), "the lists at depth 1 differ in length\n"
                                               "  array([[1, 2], [3]])\n"
                                               "                 ^~~");
  EXPECT_EQ(listingOf("array([300], int8)"), "the integer 300 is out of bounds for int8\n"
                                             "  array([300], int8)\n"
                                             "         ^~~");
  EXPECT_EQ(listingOf("array([x, b])"), "an array of items of different shapes, (3, 4) and (4, 5)\n"
                                        "  array([x, b])\n"
                                        "            ^");
  EXPECT_EQ(listingOf("eye(-1)"), "a size of -1 is negative\n"
                                  "  eye(-1)\n"
                                  "      ^~");
  EXPECT_EQ(listingOf("diag(y)"), "diag takes an array of rank 1 or 2, not 4\n"
                                  "  diag(y)\n"
                                  "  ^~~~");
  EXPECT_EQ(listingOf("meshgrid(x, indexing=\"zz\")"), "indexing is 'xy' or 'ij'\n"
                                                       "  meshgrid(x, indexing=\"zz\")\n"
                                                       "                       ^~~~");
}

} // namespace
