//===- parser_test.cpp - texts of the language to syntax trees ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/syntax_text.h"

#include <gtest/gtest.h>

#include <string>

using namespace ricci;
using namespace ricci::test;

namespace {

TEST(Parser, ReadsAsPythonDoes) {
  // The right column is what Python 3.11's ast.parse makes of the left one.
  const std::pair<const char *, const char *> rows[] = {
      // clang-format off
      {"a + b * c", "(+ a (* b c))"},
      {"a * b + c", "(+ (* a b) c)"},
      {"a - b - c", "(- (- a b) c)"},
      {"a / b // c % d @ e", "(@ (% (// (/ a b) c) d) e)"},
      {"-a ** b", "(- (** a b))"},
      {"-a ** -b", "(- (** a (- b)))"},
      {"a ** b ** c", "(** a (** b c))"},
      {"(a ** b) ** c", "(** (** a b) c)"},
      {"2 ** -1", "(** 2 (- 1))"},
      {"-a * b", "(* (- a) b)"},
      {"~a & b", "(& (~ a) b)"},
      {"- + ~a", "(- (+ (~ a)))"},
      {"a << b + c", "(<< a (+ b c))"},
      {"a & b << c", "(& a (<< b c))"},
      {"a | b ^ c & d", "(| a (^ b (& c d)))"},
      {"a ^ b | c", "(| (^ a b) c)"},
      {"a == b | c", "(cmp a == (| b c))"},
      {"a < b == c", "(cmp a < b == c)"},
      {"(a < b) == c", "(cmp (cmp a < b) == c)"},
      {"a < b <= c != d", "(cmp a < b <= c != d)"},
      {"a is None", "(cmp a is None)"},
      {"a is not None", "(cmp a is not None)"},
      {"a not in b", "(cmp a not in b)"},
      {"not a == b", "(not (cmp a == b))"},
      {"not a and b or c and not d", "(or (and (not a) b) (and c (not d)))"},
      {"a or b or c", "(or a b c)"},
      {"(a or b) or c", "(or (or a b) c)"},
      {"not not a", "(not (not a))"},
      {"a if b else c", "(if a b c)"},
      {"a if b else c if d else e", "(if a b (if c d e))"},
      {"a + b if c or d else e", "(if (+ a b) (or c d) e)"},
      {"(a if b else c) + d", "(+ (if a b c) d)"},
      {"a, b", "(tuple a b)"},
      {"a,", "(tuple a)"},
      {"()", "(tuple)"},
      {"(a)", "a"},
      {"(a,)", "(tuple a)"},
      {"((a, b), c)", "(tuple (tuple a b) c)"},
      {"[a, (b), [c]]", "(list a b (list c))"},
      {"[]", "(list)"},
      {"a.b.c", "(. (. a b) c)"},
      {"a.b(c).d[e]", "([] (. (call (. a b) c) d) e)"},
      {"-a.b", "(- (. a b))"},
      {"a[b] ** c[d]", "(** ([] a b) ([] c d))"},
      {"f()", "(call f)"},
      {"f(a, b=c, d=(e, f))", "(call f a b=c d=(tuple e f))"},
      {"f(a,)", "(call f a)"},
      {"f(a if b else c, d)", "(call f (if a b c) d)"},
      {"a[1]", "([] a 1)"},
      {"a[1, 2]", "([] a (tuple 1 2))"},
      {"a[(1, 2)]", "([] a (tuple 1 2))"},
      {"a[1,]", "([] a (tuple 1))"},
      {"a[:]", "([] a (slice _ _ _))"},
      {"a[::]", "([] a (slice _ _ _))"},
      {"a[1:2:3]", "([] a (slice 1 2 3))"},
      {"a[::-1]", "([] a (slice _ _ (- 1)))"},
      {"a[..., None, 1:]", "([] a (tuple ... None (slice 1 _ _)))"},
      {"a[b:c, :d, ::e]", "([] a (tuple (slice b c _) (slice _ d _) (slice _ _ e)))"},
      {"a[[0, 1]]", "([] a (list 0 1))"},
      {"1_000 + 0x1F + 0b101 + 0o17", "(+ (+ (+ 1000 31) 5) 15)"},
      {"1.5e-3 * .5 + 1. - 1e400 + 2j", "(+ (- (+ (* f0.0015 f0.5) f1) finf) j2)"},
      {"'i,j' \"->\" 'ij'", "'i,j->ij'"},
      {"'\\n\\x41\\101\\u03b1\\q'", "'\nAAα\\q'"},
      {"r'\\n'", "'\\n'"},
      {"α + _x1", "(+ α _x1)"},
      {"True & False", "(& True False)"},
      {"x = a", "(= x a)"},
      {"x = y = a", "(= x y a)"},
      {"a, b = c", "(= (tuple a b) c)"},
      {"(a, b) = [c, d]", "(= (tuple a b) (list c d))"},
      {"[a, b] = c", "(= (list a b) c)"},
      {"a, = b", "(= (tuple a) b)"},
      {"x += a, b", "(+= x (tuple a b))"},
      {"x **= -y", "(**= x (- y))"},
      {"x @= y", "(@= x y)"},
      {"x //= y >> z", "(//= x (>> y z))"},
      {"a; b", "a; b"},
      {"a ; b ;", "a; b"},
      {"x = a # comment", "(= x a)"},
      {"(a +\n b)", "(+ a b)"},
      {"a + \\\n b", "(+ a b)"},
      {"def f(x): return x", "(def f (x) (return x))"},
      {"def f(): return 1; 2", "(def f () (return 1); 2)"},
      {"def f(x, y=1 + 2): y = x; return y, x", "(def f (x y=(+ 1 2)) (= y x); (return (tuple y x)))"},
      {"def f(x):\n  return x\nf(1)", "(def f (x) (return x)); (call f 1)"},
      {"def f(x):\n\n  # comment\n  y = x\n  return y\n\ny", "(def f (x) (= y x); (return y)); y"},
      // clang-format on
  };
  for (auto [text, tree] : rows)
    EXPECT_EQ(syntaxOf(text), tree) << text;
}

TEST(Parser, TextMayBeIndented) {
  EXPECT_EQ(syntaxOf("\n    x = a\n    def f(y):\n      return y\n    f(x)\n"),
            "(= x a); (def f (y) (return y)); (call f x)");
}

TEST(Parser, DefinitionFollowsASemicolon) {
  EXPECT_EQ(syntaxOf("x = 1; def f(): return x;\nf()"), "(= x 1); (def f () (return x)); (call f)");
}

std::string repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

TEST(Parser, NestingIsBounded) {
  std::string accepted = repeat("(", kMaxNesting) + "a" + repeat(")", kMaxNesting);
  EXPECT_EQ(syntaxOf(accepted), "a");
  for (const std::string &text :
       {"(" + accepted + ")", repeat("(", 10000) + "a" + repeat(")", 10000),
        repeat("[", 10000) + repeat("]", 10000), repeat("f(", 10000) + repeat(")", 10000),
        repeat("a[", 10000) + "0" + repeat("]", 10000), repeat("-", 10000) + "a",
        repeat("not ", 10000) + "a", repeat("a ** ", 10000) + "a",
        repeat("a if b else ", 10000) + "a"})
    EXPECT_TRUE(syntaxOf(text).starts_with("the expression is nested more than 200 levels deep\n"))
        << text.substr(0, 20);
}

TEST(Parser, ChainsMayBeLong) {
  for (const char *link : {" + a", " * a", ".T", "[0]", "(a)", " or a", " < a", ", a"})
    EXPECT_TRUE(bool(parseSyntax("a" + repeat(link, 100000)))) << link;
  EXPECT_TRUE(bool(parseSyntax(repeat("x = a\n", 100000))));
}

TEST(Parser, TextIsBounded) {
  EXPECT_EQ(syntaxOf(std::string((size_t(16) << 20) + 1, ' ')),
            "the program is longer than 16 MiB");
}

TEST(Parser, ErrorsShowThePlace) {
  const std::pair<const char *, const char *> rows[] = {
      {"a +", "expected an expression at the end of the program\n  a +\n     ^"},
      {"a +\nb", "expected an expression before the end of the line\n  a +\n     ^"},
      {"a + ; b", "expected an expression before the end of the statement\n  a + ; b\n      ^"},
      {"(a", "expected ')': this '(' is never closed\n  (a\n  ^"},
      {"(a]", "expected ')' to close the '(', not ']'\n  (a]\n  ^ ^"},
      {"a)", "')' closes nothing\n  a)\n   ^"},
      {"a b", "expected the end of the statement, not 'b'\n  a b\n    ^"},
      {"f(a b)", "expected ',' or ')', not 'b'\n  f(a b)\n      ^"},
      {"[a b]", "expected ',' or ']', not 'b'\n  [a b]\n     ^"},
      {"a[0 1]", "expected ',' or ']', not '1'\n  a[0 1]\n      ^"},
      {"a[]", "expected an expression, not ']'\n  a[]\n    ^"},
      {"a.1", "expected the end of the statement, not '.1'\n  a.1\n   ^~"},
      {"a.", "expected a name after '.' at the end of the program\n  a.\n    ^"},
      {"a if b", "expected 'else' of the conditional expression at the end of the program\n"
                 "  a if b\n        ^"},
      {"a + not b", "'not' binds too loosely to stand here: put it into parentheses\n"
                    "  a + not b\n      ^~~"},
      {"f(a=1, b)", "an argument by position stands after one by keyword\n"
                    "  f(a=1, b)\n         ^"},
      {"f(1=2)", "expected a parameter's name before '='\n  f(1=2)\n    ^"},
      {"f(*a)", "'*' before a value is not supported: write the values one by one\n"
                "  f(*a)\n    ^"},
      {"*a, b = c", "'*' before a value is not supported: write the values one by one\n"
                    "  *a, b = c\n  ^"},
      {"a[0] = 1", "tensors are values: no assignment to a part; use where or concatenate\n"
                   "  a[0] = 1\n  ^~~~"},
      {"a[0] += 1", "tensors are values: no assignment to a part; use where or concatenate\n"
                    "  a[0] += 1\n  ^~~~"},
      {"a.shape = 1", "tensors are values: no assignment to an attribute\n"
                      "  a.shape = 1\n  ^~~~~~~"},
      {"f(a) = 1", "only names can be assigned to\n  f(a) = 1\n  ^~~~"},
      {"(a, b), c = d", "nested targets are not supported: take the values apart in two "
                        "statements\n  (a, b), c = d\n  ^~~~~~"},
      {"a, b += c", "this assignment takes one name on the left\n  a, b += c\n  ^~~~"},
      {"a: int = 1", "annotations are not supported\n  a: int = 1\n   ^"},
      {"import os", "'import' is not a statement here\n  import os\n  ^~~~~~\n"
                    "  the functions are known without it, with 'np.' and without"},
      {"for i in a: i", "'for' is not a statement here\n  for i in a: i\n  ^~~\n"
                        "  write the operation on whole tensors"},
      {"while a: b", "'while' is not a statement here\n  while a: b\n  ^~~~~\n"
                     "  write the operation on whole tensors"},
      {"if a: b", "'if' is not a statement here\n  if a: b\n  ^~\n"
                  "  use where(condition, a, b)"},
      {"class A: b", "'class' is not a statement here\n  class A: b\n  ^~~~~"},
      {"lambda x: x", "'lambda' is not supported: use 'def'\n  lambda x: x\n  ^~~~~~"},
      {"[i for i in a]", "comprehensions are not supported: write the operation on whole tensors\n"
                         "  [i for i in a]\n     ^~~"},
      {"{a: b}", "sets and dictionaries are not supported\n  {a: b}\n  ^"},
      {"(a := b)", "':=' is not supported: assign in a statement of its own\n"
                   "  (a := b)\n     ^~"},
      {"return a", "'return' stands outside a 'def': a program ends with its result\n"
                   "  return a\n  ^~~~~~"},
      {"def f(a): a", "'f' gives no value: end it with 'return …'\n  def f(a): a\n      ^"},
      {"def f(a): return", "'return' without a value: a function here gives one\n"
                           "  def f(a): return\n            ^~~~~~"},
      {"def f(a):\nreturn a", "expected the indented body of 'f'\n  return a\n  ^~~~~~"},
      {"def f(a, a): return a", "two parameters are called 'a'\n"
                                "  def f(a, a): return a\n           ^"},
      {"def f(a=1, b): return a", "'b' has no default, but a parameter before it has\n"
                                  "  def f(a=1, b): return a\n             ^"},
      {"def f(*a): return a", "only plain parameters are supported: 'name' and 'name=default'\n"
                              "  def f(*a): return a\n        ^"},
      {"def f(a): def g(b): return b", "a 'def' inside a 'def' is not supported: put it before\n"
                                       "  def f(a): def g(b): return b\n            ^~~"},
      {"def f(a) return a", "expected ':' before the function's body, not 'return'\n"
                            "  def f(a) return a\n           ^~~~~~"},
      {"a\n  b", "this line is indented, but belongs to no 'def'\n    b\n  ^~"},
  };
  for (auto [text, message] : rows)
    EXPECT_EQ(syntaxOf(text), message);
}

} // namespace
