//===- contract_functions_test.cpp - einsum, matmul and the other contractions ---===//
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

TEST(ContractFunctions, AreEinsums) {
  EXPECT_EQ(listingOf("x @ b"), "%8 = einsum \"ik,kj->ij\" (%0, %2) {i=3, k=4, j=5} : f64[3,5]\n"
                                "return %8\n");
  EXPECT_EQ(
      listingOf("y @ b.T"),
      "%8 = transpose %2 axes [1,0] : f64[5,4]\n"
      "%9 = einsum \"…0…1ik,kj->…0…1ij\" (%1, %8) {…0=2, …1=3, i=4, k=5, j=4} : f64[2,3,4,4]\n"
      "return %9\n");
  EXPECT_EQ(listingOf("x @ x[0]"), "%8 = slice %0 start [0,0] step [1,1] : f32[1,4]\n"
                                   "%9 = reshape %8 : f32[4]\n"
                                   "%10 = einsum \"ik,k->i\" (%0, %9) {i=3, k=4} : f32[3]\n"
                                   "return %10\n");
  EXPECT_EQ(listingOf("x[0] @ x[0]"), "%8 = slice %0 start [0,0] step [1,1] : f32[1,4]\n"
                                      "%9 = reshape %8 : f32[4]\n"
                                      "%10 = einsum \"k,k->\" (%9, %9) {k=4} : f32[]\n"
                                      "return %10\n");
  EXPECT_EQ(listingOf("einsum(\"ij,jk->ki\", x, b)"),
            "%8 = einsum \"ij,jk->ki\" (%0, %2) {i=3, j=4, k=5} : f64[5,3]\n"
            "return %8\n");
  EXPECT_EQ(listingOf("einsum(x, [0, 1], b, [1, 2])"),
            "%8 = einsum \"#0#1,#1#2->#0#2\" (%0, %2) {#0=3, #1=4, #2=5} : f64[3,5]\n"
            "return %8\n");
  EXPECT_EQ(listingOf("dot(x, y)"),
            "%8 = einsum \"ab,cdbe->acde\" (%0, %1) {a=3, b=4, c=2, d=3, e=5} : f32[3,2,3,5]\n"
            "return %8\n");
  EXPECT_EQ(listingOf("inner(x, y[..., :4])"),
            "%8 = slice %1 start [0,0,0,0] step [1,1,1,1] : f32[2,3,4,4]\n"
            "%9 = einsum \"ab,cdeb->acde\" (%0, %8) {a=3, b=4, c=2, d=3, e=4} : f32[3,2,3,4]\n"
            "return %9\n");
  EXPECT_EQ(listingOf("tensordot(y, x, ((1, 2), (0, 1)))"),
            "%8 = einsum \"abcd,bc->ad\" (%1, %0) {a=2, b=3, c=4, d=5} : f32[2,5]\n"
            "return %8\n");
  EXPECT_EQ(listingOf("vdot(c, c)"), "%8 = conjugate %7 : c64[3]\n"
                                     "%9 = einsum \"a,a->\" (%8, %7) {a=3} : c64[]\n"
                                     "return %9\n");
  EXPECT_EQ(listingOf("vecdot(x, x)"), "%8 = einsum \"…0k,…0k->…0\" (%0, %0) {…0=3, k=4} : f32[3]\n"
                                       "return %8\n");
}

TEST(ContractFunctions, ProductsWithoutASumMultiply) {
  EXPECT_EQ(listingOf("outer(c, c)"), "%8 = reshape %7 : c64[3,1]\n"
                                      "%9 = multiply %8, %7 : c64[3,3]\n"
                                      "return %9\n");
  EXPECT_EQ(listingOf("kron(c, k)"), "%8 = reshape %7 : c64[3,1]\n"
                                     "%9 = reshape %6 : i32[1,1]\n"
                                     "%10 = cast %8 : c128[3,1]\n"
                                     "%11 = cast %9 : c128[1,1]\n"
                                     "%12 = multiply %10, %11 : c128[3,1]\n"
                                     "%13 = reshape %12 : c128[3]\n"
                                     "return %13\n");
  EXPECT_EQ(listingOf("dot(x, 2)"), "%8 = constant 2 : i64[]\n"
                                    "%9 = cast %0 : f64[3,4]\n"
                                    "%10 = cast %8 : f64[]\n"
                                    "%11 = multiply %9, %10 : f64[3,4]\n"
                                    "return %11\n");
}

TEST(ContractFunctions, Diagonals) {
  EXPECT_EQ(listingOf("trace(x, 1)"), "%8 = slice %0 start [0,1] step [1,1] : f32[3,3]\n"
                                      "%9 = einsum \"ii->i\" (%8) {i=3} : f32[3]\n"
                                      "%10 = sum %9 axes [0] : f32[]\n"
                                      "return %10\n");
  EXPECT_EQ(listingOf("trace(m)"), "%8 = slice %5 start [0,0] step [1,1] : b1[3,3]\n"
                                   "%9 = einsum \"ii->i\" (%8) {i=3} : b1[3]\n"
                                   "%10 = cast %9 : i64[3]\n"
                                   "%11 = sum %10 axes [0] : i64[]\n"
                                   "return %11\n");
  EXPECT_EQ(listingOf("diagonal(y, -1, 2, 0)"),
            "%8 = slice %1 start [0,0,1,0] step [1,1,1,1] : f32[2,3,2,5]\n"
            "%9 = einsum \"i…0i…1->…0…1i\" (%8) {i=2, …0=3, …1=5} : f32[3,5,2]\n"
            "return %9\n");
  EXPECT_EQ(listingOf("diagonal(x, 9)"), "%8 = slice %0 start [0,0] step [1,1] : f32[0,4]\n"
                                         "%9 = slice %8 start [0,0] step [1,1] : f32[0,0]\n"
                                         "%10 = einsum \"ii->i\" (%9) {i=0} : f32[0]\n"
                                         "return %10\n");
}

TEST(ContractFunctions, ErrorsPointIntoTheEquation) {
  EXPECT_EQ(listingOf("einsum(\"ij,jk\", x, x)"), "label 'j' is 4 in operand 1 and 3 in operand 2\n"
                                                  "  einsum(\"ij,jk\", x, x)\n"
                                                  "           ^ ^\n"
                                                  "  operand 1: f32[3,4]\n"
                                                  "  operand 2: f32[3,4]");
  EXPECT_EQ(listingOf("einsum(\"ij,jk->iz\", x, b)"), "output label 'z' is in no operand\n"
                                                      "  einsum(\"ij,jk->iz\", x, b)\n"
                                                      "                  ^");
  EXPECT_EQ(listingOf("einsum(\"ij,jk\", x)"), "the equation names 2 operands, but 1 is given\n"
                                               "  einsum(\"ij,jk\", x)\n"
                                               "             ^~\n"
                                               "  operand 1: f32[3,4]");
  EXPECT_EQ(listingOf("einsum(\"ij;jk\", x, b)"), "';' is not a label: labels are letters\n"
                                                  "  einsum(\"ij;jk\", x, b)\n"
                                                  "            ^");
  EXPECT_EQ(listingOf("x[0]; einsum('i j , jj', x, b)"),
            "label 'j' repeats in operand 2, where axis 0 is 4 and axis 1 is 5: a diagonal needs "
            "equal sizes\n"
            "  x[0]; einsum('i j , jj', x, b)\n"
            "                      ^^\n"
            "  operand 2: f64[4,5]");
  EXPECT_EQ(listingOf("e = \"ij,jk\"; einsum(e, x, x)"),
            "label 'j' is 4 in operand 1 and 3 in operand 2\n"
            "  e = \"ij,jk\"; einsum(e, x, x)\n"
            "                      ^\n"
            "  operand 1: f32[3,4]\n"
            "  operand 2: f32[3,4]");
}

TEST(ContractFunctions, ErrorsOfLists) {
  EXPECT_EQ(listingOf("einsum(x, [0, 1], b, [1, -2])"),
            "-2 is not a label: labels are not negative\n"
            "  einsum(x, [0, 1], b, [1, -2])\n"
            "                           ^~");
  EXPECT_EQ(listingOf("einsum(x, [0, 1], b, [0, 2])"),
            "label 0 is 3 in operand 1 and 4 in operand 2\n"
            "  einsum(x, [0, 1], b, [0, 2])\n"
            "  ^~~~~~\n"
            "  operand 1: f32[3,4]\n"
            "  operand 2: f64[4,5]");
  EXPECT_EQ(listingOf("einsum(x, b)"), "labels are a list of integers, not a tensor\n"
                                       "  einsum(x, b)\n"
                                       "            ^");
  EXPECT_EQ(listingOf("einsum(x)"),
            "einsum needs an equation, or a list of labels after each operand\n"
            "  einsum(x)\n"
            "  ^~~~~~");
  EXPECT_EQ(listingOf("einsum()"), "einsum needs an equation and operands\n"
                                   "  einsum()\n"
                                   "  ^~~~~~");
}

TEST(ContractFunctions, ErrorsNameTheAxes) {
  EXPECT_EQ(listingOf("x @ x"),
            "matmul: axis of 4 against 3: axis 1 of (3, 4) is summed with axis 0 of (3, 4)\n"
            "  x @ x\n"
            "    ^");
  EXPECT_EQ(listingOf("x @ 2.0"),
            "matmul: the right operand has 0 axes and needs 1; write * for a scalar\n"
            "  x @ 2.0\n"
            "    ^");
  EXPECT_EQ(
      listingOf("y @ y"),
      "matmul: axis of 5 against 4: axis 3 of (2, 3, 4, 5) is summed with axis 2 of (2, 3, 4, 5)\n"
      "  y @ y\n"
      "    ^");
  EXPECT_EQ(listingOf("matmul(zeros((3, 2, 4)), zeros((5, 4, 2)))"),
            "matmul: in front of the last axes, shapes (3,) and (5,) do not broadcast: axis 0 is 3 "
            "on the left and 5 on the right\n"
            "  matmul(zeros((3, 2, 4)), zeros((5, 4, 2)))\n"
            "  ^~~~~~");
  EXPECT_EQ(listingOf("dot(x, x)"),
            "dot: axis of 4 against 3: axis 1 of (3, 4) is summed with axis 0 of (3, 4)\n"
            "  dot(x, x)\n"
            "  ^~~");
  EXPECT_EQ(listingOf("inner(x, b)"),
            "inner: axis of 4 against 5: axis 1 of (3, 4) is summed with axis 1 of (4, 5)\n"
            "  inner(x, b)\n"
            "  ^~~~~");
  EXPECT_EQ(listingOf("tensordot(x, x, 1)"),
            "tensordot: axis of 4 against 3: axis 1 of (3, 4) is summed with axis 0 of (3, 4)\n"
            "  tensordot(x, x, 1)\n"
            "  ^~~~~~~~~");
  EXPECT_EQ(listingOf("tensordot(x, b, 3)"), "tensordot over 3 axes: the operands have 2 and 2\n"
                                             "  tensordot(x, b, 3)\n"
                                             "                  ^");
  EXPECT_EQ(listingOf("tensordot(x, b, ((0,), (0, 1)))"),
            "1 axis of the left operand for 2 of the right\n"
            "  tensordot(x, b, ((0,), (0, 1)))\n"
            "                  ^~~~~~~~~~~~~~");
  EXPECT_EQ(listingOf("tensordot(x, b, (0, 1, 1))"),
            "the axes are a number or a pair, not 3 items\n"
            "  tensordot(x, b, (0, 1, 1))\n"
            "                  ^~~~~~~~~");
  EXPECT_EQ(listingOf("vdot(x, b)"), "vdot of 12 elements and 20\n"
                                     "  vdot(x, b)\n"
                                     "  ^~~~");
  EXPECT_EQ(listingOf("diagonal(c)"), "diagonal needs two axes or more, not 1\n"
                                      "  diagonal(c)\n"
                                      "  ^~~~~~~~");
  EXPECT_EQ(listingOf("trace(x, 0, 1, 1)"), "a diagonal needs two axes, and both are 1\n"
                                            "  trace(x, 0, 1, 1)\n"
                                            "  ^~~~~");
}

} // namespace
