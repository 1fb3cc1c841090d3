//===- shape_functions_test.cpp - reshape, transpose, joining, padding ----===//
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

TEST(ShapeFunctions, AreFewNodes) {
  EXPECT_EQ(listingOf("x.T.reshape(2, -1)"), "%8 = transpose %0 axes [1,0] : f32[4,3]\n"
                                             "%9 = reshape %8 : f32[2,6]\n"
                                             "return %9\n");
  EXPECT_EQ(listingOf("squeeze(expand_dims(x, (0, 2)))"), "%8 = reshape %0 : f32[1,3,1,4]\n"
                                                          "%9 = reshape %8 : f32[3,4]\n"
                                                          "return %9\n");
  EXPECT_EQ(listingOf("flip(x, 1)"), "%8 = slice %0 start [0,3] step [1,-1] : f32[3,4]\n"
                                     "return %8\n");
  EXPECT_EQ(listingOf("roll(x, 1)"), "%8 = reshape %0 : f32[12]\n"
                                     "%9 = slice %8 start [11] step [1] : f32[1]\n"
                                     "%10 = slice %8 start [0] step [1] : f32[11]\n"
                                     "%11 = concatenate %9, %10 axis 0 : f32[12]\n"
                                     "%12 = reshape %11 : f32[3,4]\n"
                                     "return %12\n");
  EXPECT_EQ(listingOf("roll(x, 4, axis=1)"), "return %0\n");
  EXPECT_EQ(listingOf("sliding_window_view(x, (2, 3))"),
            "%8 = windows %0 axis 0 size 2 : f32[2,4,2]\n"
            "%9 = windows %8 axis 1 size 3 : f32[2,2,2,3]\n"
            "return %9\n");
  EXPECT_EQ(listingOf("moveaxis(y, 0, -1)"), "%8 = transpose %1 axes [1,2,3,0] : f32[3,4,5,2]\n"
                                             "return %8\n");
  EXPECT_EQ(listingOf("rot90(x)"), "%8 = slice %0 start [0,3] step [1,-1] : f32[3,4]\n"
                                   "%9 = transpose %8 axes [1,0] : f32[4,3]\n"
                                   "return %9\n");
}

TEST(ShapeFunctions, JoinCasts) {
  EXPECT_EQ(listingOf("concatenate((x, b[:, :4]))"),
            "%8 = slice %2 start [0,0] step [1,1] : f64[4,4]\n"
            "%9 = cast %0 : f64[3,4]\n"
            "%10 = concatenate %9, %8 axis 0 : f64[7,4]\n"
            "return %10\n");
  EXPECT_EQ(listingOf("stack([k, 2])"), "%8 = constant 2 : i64[]\n"
                                        "%9 = reshape %6 : i32[1]\n"
                                        "%10 = reshape %8 : i64[1]\n"
                                        "%11 = cast %9 : i64[1]\n"
                                        "%12 = concatenate %11, %10 axis 0 : i64[2]\n"
                                        "return %12\n");
  EXPECT_EQ(listingOf("concatenate((x, 2.0), axis=None)"),
            "%8 = constant 2 : f32[]\n"
            "%9 = reshape %0 : f32[12]\n"
            "%10 = reshape %8 : f32[1]\n"
            "%11 = concatenate %9, %10 axis 0 : f32[13]\n"
            "return %11\n");
  EXPECT_EQ(listingOf("concatenate((x,))"), "return %0\n");
}

TEST(ShapeFunctions, RepetitionIsABroadcast) {
  EXPECT_EQ(listingOf("tile(x, (2, 1))"), "%8 = reshape %0 : f32[1,3,4]\n"
                                          "%9 = broadcast %8 : f32[2,3,4]\n"
                                          "%10 = reshape %9 : f32[6,4]\n"
                                          "return %10\n");
  EXPECT_EQ(listingOf("repeat(x, 3, axis=1)"), "%8 = reshape %0 : f32[3,4,1]\n"
                                               "%9 = broadcast %8 : f32[3,4,3]\n"
                                               "%10 = reshape %9 : f32[3,12]\n"
                                               "return %10\n");
  EXPECT_EQ(listingOf("repeat(x, [1, 0, 2], axis=0)"),
            "%8 = constant [0, 2, 2] : i64[3]\n"
            "%9 = gather %0, %8 axes [0] at 0 : f32[3,4]\n"
            "return %9\n");
}

TEST(ShapeFunctions, PadsOnceWhereTheValuesAreEqual) {
  EXPECT_EQ(listingOf("pad(x, ((1, 0), (0, 2)))"),
            "%8 = constant 0 : f32[]\n"
            "%9 = pad %0, %8 before [1,0] after [0,2] : f32[4,6]\n"
            "return %9\n");
  EXPECT_EQ(listingOf("pad(k, 3)"), "%8 = constant 0 : i32[]\n"
                                    "return %6\n");
  EXPECT_EQ(listingOf("pad(x, 1, constant_values=((1, 2), (3, 4)))"),
            "%8 = constant 1 : f32[]\n"
            "%9 = constant 2 : f32[]\n"
            "%10 = constant 3 : f32[]\n"
            "%11 = constant 4 : f32[]\n"
            "%12 = pad %0, %8 before [1,0] after [0,0] : f32[4,4]\n"
            "%13 = pad %12, %9 before [0,0] after [1,0] : f32[5,4]\n"
            "%14 = pad %13, %10 before [0,1] after [0,0] : f32[5,5]\n"
            "%15 = pad %14, %11 before [0,0] after [0,1] : f32[5,6]\n"
            "return %15\n");
}

TEST(ShapeFunctions, ATensorHasAtMost64Axes) {
  auto repeat = [](const std::string &text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
      all += text;
    return all;
  };
  const std::string message = "the result has 65 axes; a tensor has at most 64\n";
  const std::string new62 = repeat("None, ", 62), new63 = repeat("None, ", 63);
  EXPECT_EQ(listingOf("x[" + new62 + "]").find("%8 = reshape %0 : f32[1,1,"), 0u);
  for (const std::string &text :
       {"x[" + new63 + "]", "x[" + new62 + "][None]",
        "x.reshape((3, 4, " + repeat("1, ", 63) + "))", "zeros((" + repeat("1, ", 65) + "))",
        "expand_dims(x[" + new62 + "], 0)", "sliding_window_view(x[" + new62 + "], 2, axis=-1)",
        "stack([x[" + new62 + "]])", "array([x[" + new62 + "]])",
        "tensordot(x[" + new62 + "], c, axes=0)", "x[" + new62 + "i % 3, None]",
        "meshgrid(" + repeat("1, ", 65) + "sparse=True)"})
    EXPECT_EQ(listingOf(text).substr(0, message.size()), message) << text;
  EXPECT_EQ(listingOf("y = k[" + repeat("None, ", 64) + "]\n1 + y[None]"), message +
                                                                               "  1 + y[None]\n"
                                                                               "      ^~~~~~~");
}

TEST(ShapeFunctions, ArraysThatTheProgramWritesAreSequences) {
  // The type of the result.
  auto results = [](const std::string &text) {
    std::string listing = listingOf(text);
    return listing.substr(listing.rfind(" : "), listing.rfind("return") - listing.rfind(" : "));
  };
  for (auto [array, sequence] : std::initializer_list<std::pair<const char *, const char *>>{
           {"x.reshape(array([2, 6]))", "x.reshape(2, 6)"},
           {"x.reshape(array(12))", "x.reshape(12)"},
           {"x.reshape(array([-1, 2], dtype=int8))", "x.reshape(-1, 2)"},
           {"x.reshape(array([4, 3], dtype='uint16'))", "x.reshape(4, 3)"},
           {"transpose(y, array([3, 1, 0, 2]))", "transpose(y, (3, 1, 0, 2))"},
           {"y.transpose(array([3, 1, 0, 2]))", "y.transpose(3, 1, 0, 2)"},
           {"moveaxis(y, array([0, 1]), array([2, 3]))", "moveaxis(y, (0, 1), (2, 3))"},
           {"repeat(x, array([1, 2, 1]), axis=0)", "repeat(x, (1, 2, 1), axis=0)"},
           {"repeat(x, array(2), axis=0)", "repeat(x, 2, axis=0)"},
           {"roll(x, array([1, 2]), axis=array([0, 1]))", "roll(x, (1, 2), axis=(0, 1))"},
           {"tile(x, array([2, 3]))", "tile(x, (2, 3))"},
           {"broadcast_to(x, array([2, 3, 4]))", "broadcast_to(x, (2, 3, 4))"},
           {"zeros(array([2, 3]))", "zeros((2, 3))"},
           {"split(x, array([1, 3]), axis=1)[1]", "split(x, (1, 3), axis=1)[1]"},
           {"split(x, array(2), axis=1)[1]", "split(x, 2, axis=1)[1]"}})
    EXPECT_EQ(results(array), results(sequence)) << array;
  EXPECT_EQ(listingOf("x.reshape(array([2.0, 6.0]))"),
            "the shape is an integer or a tuple of integers, not an array (2,) of float64\n"
            "  x.reshape(array([2.0, 6.0]))\n"
            "            ^~~~~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("repeat(x, array([[1, 2, 1]]), axis=0)"),
            "the number of repeats is an integer or a tuple of integers, not an array (1, 3) of "
            "int64\n"
            "  repeat(x, array([[1, 2, 1]]), axis=0)\n"
            "            ^~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("expand_dims(x, array([0, 1]))"),
            "the axis is an integer or a tuple of integers, not a tensor, whose elements are read "
            "only when the program runs\n"
            "  expand_dims(x, array([0, 1]))\n"
            "                 ^~~~~~~~~~~~~");
}

TEST(ShapeFunctions, PaddingIsRectangular) {
  EXPECT_EQ(listingOf("pad(x, ((1, 2), (3,)))"),
            "the padding is a number, a pair, or a pair for each of 2 axes\n"
            "  pad(x, ((1, 2), (3,)))\n"
            "                  ^~~~");
  EXPECT_EQ(listingOf("pad(x, ((1,), (2,)))"), listingOf("pad(x, ((1, 1), (2, 2)))"));
}

TEST(ShapeFunctions, ErrorsOfReshape) {
  EXPECT_EQ(listingOf("x.reshape(5, -1)"),
            "12 elements do not divide by 5: (3, 4) does not reshape to (5, -1)\n"
            "  x.reshape(5, -1)\n"
            "            ^~~~~");
  EXPECT_EQ(listingOf("x.reshape(-1, -1)"), "only one size can be -1\n"
                                            "  x.reshape(-1, -1)\n"
                                            "            ^~~~~~");
  EXPECT_EQ(listingOf("x.reshape(5, 2)"), "(3, 4) has 12 elements and (5, 2) has 10\n"
                                          "  x.reshape(5, 2)\n"
                                          "            ^~~~");
  EXPECT_EQ(listingOf("x.reshape(-3, 4)"), "a size of -3 is negative\n"
                                           "  x.reshape(-3, 4)\n"
                                           "            ^~~~~");
  EXPECT_EQ(listingOf("x.reshape(4, 3, order='F')"), "only order='C' is possible\n"
                                                     "  x.reshape(4, 3, order='F')\n"
                                                     "                        ^~~");
  EXPECT_EQ(listingOf("x.reshape(i)"),
            "the shape is an integer or a tuple of integers, not a tensor, whose elements are "
            "read only when the program runs\n"
            "  x.reshape(i)\n"
            "            ^");
  EXPECT_EQ(listingOf("x.reshape()"), "reshape needs a shape\n"
                                      "  x.reshape()\n"
                                      "    ^~~~~~~");
}

TEST(ShapeFunctions, ErrorsOfAxes) {
  EXPECT_EQ(listingOf("squeeze(x, 0)"),
            "axis 0 has size 3, and only axes of size 1 can be squeezed out\n"
            "  squeeze(x, 0)\n"
            "             ^");
  EXPECT_EQ(listingOf("transpose(x, (0, 0))"), "axis 0 is given twice\n"
                                               "  transpose(x, (0, 0))\n"
                                               "               ^~~~~~");
  EXPECT_EQ(listingOf("x.transpose(0)"), "an order of 1 axis for an array of rank 2\n"
                                         "  x.transpose(0)\n"
                                         "              ^");
  EXPECT_EQ(listingOf("expand_dims(x, 5)"), "axis 5 is out of bounds for an array of dimension 3\n"
                                            "  expand_dims(x, 5)\n"
                                            "                 ^");
  EXPECT_EQ(listingOf("swapaxes(x, 0, 2)"), "axis 2 is out of bounds for an array of dimension 2\n"
                                            "  swapaxes(x, 0, 2)\n"
                                            "                 ^");
  EXPECT_EQ(listingOf("moveaxis(x, (0, 1), 0)"), "2 axes to move and 1 to move to\n"
                                                 "  moveaxis(x, (0, 1), 0)\n"
                                                 "                      ^");
  EXPECT_EQ(listingOf("roll(x, (1, 2), axis=(0, 1, 0))"), "2 shifts for 3 axes\n"
                                                          "  roll(x, (1, 2), axis=(0, 1, 0))\n"
                                                          "          ^~~~~~");
  EXPECT_EQ(listingOf("fliplr(i)"), "fliplr needs 2 axes or more\n"
                                    "  fliplr(i)\n"
                                    "  ^~~~~~");
}

TEST(ShapeFunctions, ErrorsOfSizes) {
  EXPECT_EQ(listingOf("broadcast_to(x, (2, 3, 5))"),
            "shape (3, 4) does not broadcast to (2, 3, 5): axis 2 is 4 and is to be 5\n"
            "  broadcast_to(x, (2, 3, 5))\n"
            "                  ^~~~~~~~~");
  EXPECT_EQ(listingOf("broadcast_to(x, (4,))"),
            "shape (3, 4) does not broadcast to (4,): it has 2 axes\n"
            "  broadcast_to(x, (4,))\n"
            "                  ^~~~");
  EXPECT_EQ(listingOf("sliding_window_view(x, 5, axis=1)"), "a window of 5 on axis 1 of size 4\n"
                                                            "  sliding_window_view(x, 5, axis=1)\n"
                                                            "                         ^");
  EXPECT_EQ(listingOf("sliding_window_view(x, 2)"), "1 window size for 2 axes\n"
                                                    "  sliding_window_view(x, 2)\n"
                                                    "                         ^");
  EXPECT_EQ(listingOf("split(x, 3, axis=1)"),
            "axis 1 of size 4 does not divide into 3 equal parts\n"
            "  split(x, 3, axis=1)\n"
            "           ^");
  EXPECT_EQ(listingOf("array_split(x, 0)"), "0 sections: there are from 1 to 65536 of them\n"
                                            "  array_split(x, 0)\n"
                                            "                 ^");
  EXPECT_EQ(listingOf("repeat(x, -1)"), "-1 repeats: a count is not negative\n"
                                        "  repeat(x, -1)\n"
                                        "            ^~");
  EXPECT_EQ(listingOf("repeat(x, [1, 2], axis=0)"), "2 counts for axis 0 of size 3\n"
                                                    "  repeat(x, [1, 2], axis=0)\n"
                                                    "            ^~~~~~");
}

TEST(ShapeFunctions, ErrorsOfJoins) {
  EXPECT_EQ(listingOf("concatenate((x, b), axis=0)"), "concatenate: axis 1 is 4 and 5\n"
                                                      "  concatenate((x, b), axis=0)\n"
                                                      "               ^  ^\n"
                                                      "  array 1 has shape (3, 4)\n"
                                                      "  array 2 has shape (4, 5)");
  EXPECT_EQ(listingOf("concatenate((x, x[0]))"),
            "concatenate: array 1 has 2 axes and array 2 has 1\n"
            "  concatenate((x, x[0]))\n"
            "               ^  ^~~~\n"
            "  array 1 has shape (3, 4)\n"
            "  array 2 has shape (4,)");
  EXPECT_EQ(listingOf("concatenate(())"), "concatenate needs at least one array\n"
                                          "  concatenate(())\n"
                                          "              ^~");
  EXPECT_EQ(listingOf("concatenate(2)"), "concatenate needs a sequence of arrays\n"
                                         "  concatenate(2)\n"
                                         "              ^");
  EXPECT_EQ(listingOf("stack((x, b))"), "stack needs arrays of one shape, not (3, 4) and (4, 5)\n"
                                        "  stack((x, b))\n"
                                        "         ^  ^\n"
                                        "  array 1 has shape (3, 4)\n"
                                        "  array 2 has shape (4, 5)");
  EXPECT_EQ(listingOf("concatenate((x, x), dtype=int32)"),
            "float32 does not convert to int32 here: use astype\n"
            "  concatenate((x, x), dtype=int32)\n"
            "                            ^~~~~");
}

TEST(ShapeFunctions, ErrorsOfPadding) {
  EXPECT_EQ(listingOf("pad(x, 1, mode='edge')"), "only mode='constant' is possible\n"
                                                 "  pad(x, 1, mode='edge')\n"
                                                 "                 ^~~~~~");
  EXPECT_EQ(listingOf("pad(x, ((1, 2), (3, 4), (5, 6)))"),
            "the padding is a number, a pair, or a pair for each of 2 axes\n"
            "  pad(x, ((1, 2), (3, 4), (5, 6)))\n"
            "         ^~~~~~~~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("pad(x, -1)"), "a padding of -1 is negative\n"
                                     "  pad(x, -1)\n"
                                     "         ^~");
  EXPECT_EQ(listingOf("pad(x, 1, constant_values=m)"),
            "the padding's value is a number, not an array\n"
            "  pad(x, 1, constant_values=m)\n"
            "                            ^");
  EXPECT_EQ(listingOf("pad(k, 1, constant_values=3000000000)"),
            "the integer 3000000000 is out of bounds for int32\n"
            "  pad(k, 1, constant_values=3000000000)\n"
            "                            ^~~~~~~~~~");
}

} // namespace
