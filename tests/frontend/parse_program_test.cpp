//===- parse_program_test.cpp - texts of the language to typed programs ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/program_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace ricci;
using namespace ricci::test;

namespace {

/// Both texts, on x of f32[3] and m of f32[2,3], are the same program.
void expectSame(const std::string &a, const std::string &b) {
  Specs specs = {{"x", "f32[3]"}, {"m", "f32[2,3]"}, {"n", "i32[3]"}};
  Expected<Program> first = programOf(a, specs), second = programOf(b, specs);
  ASSERT_TRUE(bool(first)) << a << "\n" << first.error().render();
  ASSERT_TRUE(bool(second)) << b << "\n" << second.error().render();
  EXPECT_EQ(first->str(), second->str()) << a;
}

std::string errorOf(const std::string &text) {
  Expected<Program> p = programOf(text, {{"x", "f32[3]"}, {"m", "f32[2,3]"}, {"n", "i32[3]"}});
  return p ? "no error: " + p->str() : p.error().render();
}

std::string repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

TEST(ParseProgram, MakesNodes) {
  EXPECT_EQ(textOf("y = x * 2\ny + exp(-y)", {{"x", "f32[3]"}}), "%1 = constant 2 : f32[]\n"
                                                                 "%2 = multiply %0, %1 : f32[3]\n"
                                                                 "%3 = negative %2 : f32[3]\n"
                                                                 "%4 = exp %3 : f32[3]\n"
                                                                 "%5 = add %2, %4 : f32[3]\n"
                                                                 "return %5\n");
}

TEST(ParseProgram, EveryParameterIsAnInput) {
  Program p = programOf("y", {{"x", "f32[3]"}, {"y", "i8[]"}}).value();
  ASSERT_EQ(p.nodes.size(), 2u);
  EXPECT_EQ(p.nodes[0].type.str(), "f32[3]");
  EXPECT_EQ(p.results, std::vector<int>{1});
  EXPECT_FALSE(p.returnsTuple);
}

TEST(ParseProgram, Results) {
  EXPECT_EQ(textOf("x,", {{"x", "f32[3]"}}), "return (%0,)\n");
  EXPECT_EQ(textOf("x, 2", {{"x", "f32[3]"}}), "%1 = constant 2 : i64[]\nreturn (%0, %1)\n");
  EXPECT_EQ(textOf("2 ** 3 - 1.5"), "%0 = constant 6.5 : f64[]\nreturn %0\n");
  EXPECT_EQ(errorOf(""), "the program is empty: it ends with an expression, its result");
  EXPECT_EQ(errorOf("# nothing"), "the program is empty: it ends with an expression, its result");
  EXPECT_EQ(errorOf("y = x"), "the program ends with an assignment: the last statement is an "
                              "expression, the result\n  y = x\n  ^~~~~");
  EXPECT_EQ(errorOf("def f(a): return a; f(x)"),
            "the program ends with the definition of 'f': the last statement is an expression, the "
            "result\n  def f(a): return a; f(x)\n      ^\n"
            "  everything on the line of a 'def' belongs to its body");
  EXPECT_EQ(errorOf("[x]"), "the result is a list: a program gives an expression or a tuple\n"
                            "  [x]\n  ^~~");
  EXPECT_EQ(errorOf("()"), "the result is an empty tuple\n  ()\n  ^~");
  EXPECT_EQ(errorOf("x, (x, x)"), "a sequence inside a tuple is no result: a program gives tensors"
                                  "\n  x, (x, x)\n     ^~~~~~");
  EXPECT_EQ(errorOf("None"), "None is no result: a program gives tensors\n  None\n  ^~~~");
  EXPECT_EQ(errorOf("'x'"), "a string is no result: a program gives tensors\n  'x'\n  ^~~");
  EXPECT_EQ(errorOf("float32"), "a dtype is no result: a program gives tensors\n  float32\n"
                                "  ^~~~~~~");
}

TEST(ParseProgram, Names) {
  expectSame("np.exp(x) + numpy.pi", "exp(x) + pi");
  expectSame("x[np.newaxis] * np.e + np.inf", "x[None] * e + inf");
  expectSame("x.astype(np.single)", "x.astype(float32)");
  expectSame("n.astype(float)", "n.astype(float64)");
  expectSame("np.lib.stride_tricks.sliding_window_view(x, 2)", "sliding_window_view(x, 2)");
  // What the program assigns hides what is known, but not behind "np.".
  expectSame("e = x + 1\ne * 2", "(x + 1) * 2");
  expectSame("pi = x\npi * np.pi", "x * pi");
  expectSame("exp = x\nnp.exp(exp)", "exp(x)");
  expectSame("softmax = x\nsoftmax", "x");
  expectSame("def exp(a): return a + 1\nexp(x)", "x + 1");
  expectSame("np = x\nnp.sum()", "sum(x)");

  EXPECT_EQ(errorOf("x + quantity"), "name 'quantity' is not defined\n  x + quantity\n      "
                                     "^~~~~~~~");
  EXPECT_EQ(errorOf("scale = 2\nx * sclae"),
            "name 'sclae' is not defined; did you mean 'scale'?\n  x * sclae\n      ^~~~~");
  EXPECT_EQ(errorOf("x.astype(f16)"), "name 'f16' is not defined; did you mean 'float16'?\n"
                                      "  x.astype(f16)\n           ^~~");
  EXPECT_EQ(errorOf("sofmax(x)"), "there is no function 'sofmax'; did you mean 'softmax'?\n"
                                  "  sofmax(x)\n  ^~~~~~");
  EXPECT_EQ(errorOf("np.softmax(x)"), "'softmax' is not NumPy's: write it without 'np.'\n"
                                      "  np.softmax(x)\n  ^~~~~~~~~~");
  EXPECT_EQ(errorOf("exp + x"), "'exp' is a function: call it, as in exp(x)\n  exp + x\n  ^~~");
  EXPECT_EQ(errorOf("softmax"),
            "'softmax' is a function: call it, as in softmax(x)\n  softmax\n  ^~~~~~~");
  EXPECT_EQ(errorOf("np"), "'np' stands only before a dot and a name\n  np\n  ^~");
  EXPECT_EQ(errorOf("np.float(1)"),
            "there is no 'np.float': write float without 'np.'\n  np.float(1)\n  ^~~~~~~~");
  EXPECT_EQ(errorOf("np.float"), "there is no 'np.float'\n  np.float\n  ^~~~~~~~");
  EXPECT_EQ(errorOf("max = x\nmax(x)"), "'max' is a value here, not a function\n  max(x)\n  ^~~\n"
                                        "  the program hides the function 'max' behind it");
  EXPECT_EQ(errorOf("t = float32\nt(x)"), "'t' is a value here, not a function\n  t(x)\n  ^\n"
                                          "  to convert x, write x.astype(t)");
  EXPECT_EQ(errorOf("pi(x)"), "'pi' is a constant, not a function\n  pi(x)\n  ^~");
  EXPECT_EQ(errorOf("x[0](1)"), "this is not a function\n  x[0](1)\n  ^~~~");
}

TEST(ParseProgram, ParametersAreNames) {
  auto errorOfParameters = [](std::vector<Parameter> parameters) {
    return parseProgram("1", parameters).error().message;
  };
  TensorType type = parseSpec("f32[2]").value();
  EXPECT_EQ(errorOfParameters({{"1x", type}}), "'1x' cannot be a parameter: it is no name");
  EXPECT_EQ(errorOfParameters({{"if", type}}), "'if' cannot be a parameter: it is no name");
  EXPECT_EQ(errorOfParameters({{"x", type}, {"x", type}}), "two parameters are called 'x'");
  EXPECT_EQ(errorOfParameters({{"x", {DType::f32, {-1}, {}}}}),
            "'x': axis 0 has the negative size -1");
}

TEST(ParseProgram, Assignments) {
  expectSame("a = b = x + 1\na * b", "(x + 1) * (x + 1)");
  expectSame("a, b = x, 2\na * b", "x * 2");
  expectSame("a, b = b, a = x, 2\na * b", "2 * x");
  expectSame("[a, b] = m\na - b", "m[0] - m[1]");
  expectSame("r, c = m.shape\nm * c", "m * 3");
  EXPECT_EQ(errorOf("a, b, c = m\na"),
            "3 names on the left, but 2 values on the right\n  a, b, c = m\n  ^~~~~~~");
  EXPECT_EQ(errorOf("a, = 1, 2\na"),
            "1 name on the left, but 2 values on the right\n  a, = 1, 2\n  ^~");
  EXPECT_EQ(errorOf("a, b = 1\na"), "this value does not come apart: a tuple, a list or a tensor "
                                    "does\n  a, b = 1\n         ^");
  EXPECT_EQ(errorOf("a, b = sum(x)\na"),
            "a tensor without axes does not come apart\n  a, b = sum(x)\n         ^~~~~~");
}

TEST(ParseProgram, AugmentedAssignmentKeepsTheType) {
  expectSame("y = x * 2\ny += 1\ny", "x * 2 + 1");
  expectSame("x **= 2\nx", "x ** 2");
  expectSame("x += m[0].astype(float64)\nx", "(x + m[0].astype(float64)).astype(float32)");
  expectSame("k = 1; k += 2; k *= x; k", "3 * x");
  expectSame("s = sum(x)\ns += 1\ns", "sum(x) + 1");
  EXPECT_EQ(errorOf("n /= 2\nn"), "'/=' keeps the type of 'n', which is i32[3], but the result is "
                                  "f64[3]: write n = n / …\n  n /= 2\n    ^");
  EXPECT_EQ(errorOf("x += m\nx"), "'+=' keeps the type of 'x', which is f32[3], but the result is "
                                  "f32[2,3]: write x = x + …\n  x += m\n    ^");
  EXPECT_EQ(errorOf("s = sum(x)\ns += sqrt(2.0)\ns"),
            "'+=' keeps the type of 's', which is f32[], but the result is f64[]: write s = s + …\n"
            "  s += sqrt(2.0)\n    ^");
  EXPECT_EQ(errorOf("s = [1]\ns += [2]\nx"),
            "'+=' would change a list: write s = s + …\n  s += [2]\n    ^");
  EXPECT_EQ(errorOf("y += 1\ny"), "name 'y' is not defined\n  y += 1\n  ^");
}

TEST(ParseProgram, AugmentedAssignmentOfSharedArrays) {
  const char *message = "'+=' would also change the other names that share the array of ";
  // NumPy changes both names in all of these.
  for (const char *text :
       {"y = x\nx += 1\ny", "y = x\ny += 1\nx", "y = m.T[1:]\nm += 1\ny",
        "y = m.reshape(3, 2)\ny += 1\nm", "y = x[None]\ny += 1\nx", "a, b = m\na += 1\nm",
        "a, b = x, x\na += 1\nb", "a = [x]\nb = a[0]\nb += 1\nx", "a = x, 1\nx += 1\na[0]",
        "def f(t):\n  t += 1\n  return t\nf(x) + x", "def f(t): return t.T\ny = f(m)\ny += 1\nm",
        "def f(): return x\ny = f()\ny += 1\nx", "def f(t, u=x):\n  u += t\n  return u\nf(x)"})
    EXPECT_TRUE(errorOf(text).starts_with(message)) << text << "\n" << errorOf(text);
  // Here there is nothing to share.
  expectSame("y = x.copy()\ny += 1\ny + x", "x + 1 + x");
  expectSame("y = x + 0\ny += 1\ny - x", "x + 0 + 1 - x");
  expectSame("a = zeros(3)\nb = zeros(3)\na += 1\na - b", "zeros(3) + 1 - zeros(3)");
  expectSame("y = x\ny = x + 1\nx += 2\ny - x", "x + 1 - (x + 2)");
  expectSame("def f(t):\n  t += 1\n  return t\nf(x * 2) + x", "x * 2 + 1 + x");
  expectSame("def f(t): return t * 2\ny = f(x)\nx += 1\ny - x", "x * 2 - (x + 1)");
}

TEST(ParseProgram, Definitions) {
  expectSame("def f(a, b=2): return a * b\nf(x)", "x * 2");
  expectSame("def f(a, b=2): return a * b\nf(b=3, a=x)", "x * 3");
  expectSame("def f(a):\n  'what it does'\n  a = a + 1\n  return a, x\n  a\nf(n)", "n + 1, x");
  expectSame("def f(a): return a * k\nk = 2\nk = 3\nf(x)", "x * 3");
  expectSame("k = 2\ndef f(a, b=k): return a * b\nk = 3\nf(x)", "x * 2");
  expectSame("def f(x): return g(x) + 1\ndef g(y): return y * 2\nf(m)", "m * 2 + 1");
  expectSame("def f(max): return max + 1\nf(x)", "x + 1");
  expectSame("f = 1\ndef f(a): return a\nf(x)", "x");

  EXPECT_EQ(errorOf("def f(a, b=2): return a\nf()"), "f needs the argument 'a'\n  f()\n  ^");
  EXPECT_EQ(errorOf("def f(a, b=2): return a\nf(1, 2, 3)"),
            "f takes 2 arguments, not 3\n  f(1, 2, 3)\n          ^");
  EXPECT_EQ(errorOf("def f(alpha): return alpha\nf(alhpa=1)"),
            "f has no argument 'alhpa'; did you mean 'alpha'?\n  f(alhpa=1)\n          ^");
  EXPECT_EQ(errorOf("def f(a): return a\nf(1, a=2)"),
            "f has two values for 'a'\n  f(1, a=2)\n         ^");
  EXPECT_EQ(errorOf("def f(a): return f(a)\nf(x)"),
            "'f' calls itself: recursive calls are not supported\n"
            "  def f(a): return f(a)\n                   ^\n  in the call f(x)");
  EXPECT_EQ(errorOf("def f(a): return a + m\n1 + f(n[:2])"),
            "shapes (2,) and (2, 3) do not broadcast: axis 1 is 2 on the left and 3 on the right\n"
            "  def f(a): return a + m\n                     ^\n  in the call f(n[:2])");
  EXPECT_EQ(errorOf("def f(a):\n  b = k + a\n  k = 2\n  return b\nk = 1\nf(x)"),
            "'k' is used before 'f' assigns it\n    b = k + a\n        ^\n  in the call f(x)");
}

TEST(ParseProgram, CompileTimeConditions) {
  expectSame("x if m.ndim == 2 else n", "x");
  expectSame("x if None is None and m is not None else n", "x");
  expectSame("x if m.shape == (2, 3) and x.dtype == float32 and n.dtype != 'int64' else n", "x");
  expectSame("x if not (1 > 2 or 3 < 2) else n", "x");
  expectSame("x if 1 < 2 < 3 else n", "x");
  expectSame("n if 1 < 3 < 3 else x", "x");
  expectSame("0 or x", "x");
  expectSame("1 and x", "x");
  expectSame("x if True else undefined", "x");
  EXPECT_EQ(errorOf("x if x > 0 else n"),
            "the condition is a tensor, whose values are not known at compile time: use "
            "where(condition, a, b)\n  x if x > 0 else n\n       ^~~~~");
  EXPECT_EQ(errorOf("x > 0 and x < 1"),
            "'and' needs one truth value, but a tensor's are not known at compile time: use '&', "
            "with parentheses around comparisons\n  x > 0 and x < 1\n  ^~~~~");
  EXPECT_EQ(errorOf("not x"),
            "'not' needs one truth value, but a tensor's are not known at compile time: use '~', "
            "with parentheses around comparisons\n  not x\n      ^");
  EXPECT_EQ(errorOf("0 < x < 1"),
            "a chained comparison needs one truth value, but a tensor's are not known at compile "
            "time: write (a < b) & (b < c)\n  0 < x < 1\n    ^");
  EXPECT_EQ(errorOf("x is m"), "'is' compares with None only: use '=='\n  x is m\n    ^~");
  EXPECT_EQ(errorOf("1 in x"), "'in' is not supported\n  1 in x\n    ^~");
}

TEST(ParseProgram, Indices) {
  expectSame("m[1:, ::2]", "m[1:2, 0:3:2]");
  expectSame("m[(0, 1)]", "m[0, 1]");
  expectSame("m[0,]", "m[0]");
  expectSame("m[:m.shape[0] - 1, None]", "m[:1, newaxis]");
  expectSame("x[True:]", "x[1:]");
  EXPECT_EQ(errorOf("x[:n[0]]"),
            "a slice with bounds that depend on data has no shape known at compile time: use "
            "integers\n  x[:n[0]]\n     ^~~~");
  EXPECT_EQ(errorOf("x[:1.5]"),
            "the bounds and the step of a slice are integers\n  x[:1.5]\n     ^~~");
}

TEST(ParseProgram, Integers) {
  EXPECT_EQ(textOf("-9223372036854775808"),
            "%0 = constant -9223372036854775808 : i64[]\nreturn %0\n");
  EXPECT_EQ(errorOf("9223372036854775808"),
            "this integer does not fit int64\n  9223372036854775808\n  ^~~~~~~~~~~~~~~~~~~");
}

TEST(ParseProgram, LongChainsAndTexts) {
  Program p = programOf("x" + repeat(" + x", 10000), {{"x", "f32[3]"}}).value();
  EXPECT_EQ(p.nodes.size(), 10001u);
  EXPECT_EQ(programOf("x" + repeat(".T", 10000), {{"x", "f32[3]"}}).value().nodes.size(), 1u);
  EXPECT_EQ(programOf(repeat("y=x+1;", 180000) + "y", {{"x", "f32[3]"}}).value().nodes.size(), 3u);
}

TEST(ParseProgram, WorkIsBounded) {
  auto doubling = [](const char *body) {
    std::string text = "def f0(a): return a\n";
    for (int i = 1; i < 50; ++i)
      text += fmt::format("def f{}(a): return f{}(a) {} f{}(a)\n", i, i - 1, body, i - 1);
    return text + "f49(1)";
  };
  EXPECT_TRUE(errorOf(doubling("*")).starts_with("the program takes more than 4000000 steps"));
  EXPECT_TRUE(errorOf("t = 1, 1\n" + repeat("t = t, t\n", 50) + "x")
                  .starts_with("the program takes more than 4000000 steps"));
  EXPECT_TRUE(errorOf("t = 1, 1\n" + repeat("t = t,\n", 100000) + "x")
                  .starts_with("this sequence is nested more than 64 levels deep"));
  EXPECT_EQ(programOf("x" + repeat(",x", 16383), {{"x", "f32[3]"}}).value().results.size(), 16384u);
  EXPECT_TRUE(errorOf("x" + repeat(",x", 16384))
                  .starts_with("the result is a tuple of 16385 tensors: 16384 are the most"));
  std::string deep = "def f0(a): return a\n";
  for (int i = 1; i < 1000; ++i)
    deep += fmt::format("def f{}(a): return f{}(a) + 1\n", i, i - 1);
  EXPECT_TRUE(errorOf(deep + "f999(x)").starts_with("calls are nested more than 100 deep"));
  EXPECT_TRUE(errorOf(repeat("1 | (2 + (3 < ", 150) + "x" + repeat("))", 150))
                  .starts_with("the expression is nested more than 200 levels deep"));
}

} // namespace
