//===- functions_test.cpp - functions, operators and attributes of the language ------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "frontend/unsupported_functions.h"
#include "tests/frontend/helpers.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

using namespace ricci;
using NodeKind = Program::NodeKind;

namespace {

class Functions : public ::testing::Test {
protected:
  Value input(Shape shape, DType dtype = DType::f32) {
    return Value(builder.input(inputs++, test::typeOf(std::move(shape), dtype), {}));
  }
  static Value list(std::vector<Value> items) {
    return Value(SequenceValue{std::move(items), true});
  }
  static Value tuple(std::vector<Value> items) {
    return Value(SequenceValue{std::move(items), false});
  }
  static Value integer(int64_t x) { return Value(x); }

  Expected<Value> call(std::string_view name, std::vector<Value> positional,
                       std::vector<std::pair<std::string, Value>> keywords = {},
                       bool method = false) {
    std::vector<Argument> arguments;
    for (Value &value : positional)
      arguments.push_back({"", value});
    for (auto &[keyword, value] : keywords)
      arguments.push_back({keyword, value});
    return method ? callMethod(builder, name, {}, {}, std::move(arguments))
                  : callFunction(builder, name, {}, {}, std::move(arguments));
  }
  Expected<Value> binary(std::string_view op, const Value &a, const Value &b) {
    return binaryOperator(builder, op, {}, {}, a, b);
  }
  Expected<Value> unary(std::string_view op, const Value &a) {
    return unaryOperator(builder, op, {}, {}, a);
  }

  /// "f32[2,3]", a number, or the error.
  std::string shown(const Expected<Value> &value) {
    return value ? shown(*value) : value.error().message;
  }
  std::string shown(const Value &value) {
    if (const auto *x = value.as<bool>())
      return *x ? "True" : "False";
    if (const auto *x = value.as<int64_t>())
      return std::to_string(*x);
    if (const auto *x = value.as<double>())
      return fmt::format("{}", *x) + (*x == std::floor(*x) && std::abs(*x) < 1e15 ? ".0" : "");
    if (const auto *x = value.as<std::complex<double>>())
      return fmt::format("{}+{}j", x->real(), x->imag());
    if (const auto *x = value.as<DType>())
      return std::string(numpyName(*x));
    if (const auto *x = value.as<TensorValue>())
      return builder.type(*x).str();
    if (const auto *x = value.as<SequenceValue>()) {
      std::string text;
      for (const Value &item : x->items)
        text += (text.empty() ? "" : ", ") + shown(item);
      return (x->isList ? "[" : "(") + text + (x->isList ? "]" : ")");
    }
    return "?";
  }
  const Program::Node &node(const Expected<Value> &value) {
    return builder.program().nodes[size_t(value->as<TensorValue>()->node)];
  }
  const Program::Node &operand(const Program::Node &node, size_t i) {
    return builder.program().nodes[size_t(node.operands[i])];
  }
  template <typename T> T element(const Program::Node &node) {
    EXPECT_EQ(node.kind, NodeKind::Constant);
    T x{};
    EXPECT_EQ(node.data.size(), sizeof x);
    std::memcpy(&x, node.data.data(), std::min(sizeof x, node.data.size()));
    return x;
  }

  ProgramBuilder builder{"source"};
  int64_t inputs = 0;
};

TEST_F(Functions, PythonArithmetic) {
  auto calculated = [&](Value a, std::string_view op, Value b) { return shown(binary(op, a, b)); };
  EXPECT_EQ(calculated(integer(2), "**", integer(3)), "8");
  EXPECT_EQ(calculated(integer(2), "**", integer(-1)), "0.5");
  EXPECT_EQ(calculated(integer(0), "**", integer(0)), "1");
  EXPECT_EQ(calculated(integer(-3), "**", integer(39)), "-4052555153018976267");
  EXPECT_EQ(calculated(integer(-1), "**", integer(INT64_MAX)), "-1");
  EXPECT_EQ(calculated(integer(7), "//", integer(-2)), "-4");
  EXPECT_EQ(calculated(integer(-7), "%", integer(3)), "2");
  EXPECT_EQ(calculated(integer(5), "%", integer(-3)), "-1");
  EXPECT_EQ(calculated(integer(6), "/", integer(4)), "1.5");
  EXPECT_EQ(calculated(Value(7.5), "//", integer(-2)), "-4.0");
  EXPECT_EQ(calculated(Value(-7.5), "%", integer(2)), "0.5");
  EXPECT_EQ(calculated(Value(true), "+", Value(true)), "2");
  EXPECT_EQ(calculated(Value(true), "^", Value(true)), "False");
  EXPECT_EQ(calculated(Value(true), "&", integer(1)), "1");
  EXPECT_EQ(calculated(integer(-1), ">>", integer(70)), "-1");
  EXPECT_EQ(calculated(integer(1), "<<", integer(62)), "4611686018427387904");
  EXPECT_EQ(calculated(integer(-1), "<<", integer(63)), "-9223372036854775808");
  EXPECT_EQ(calculated(integer((int64_t(1) << 53) + 1), "==", Value(0x1p53)), "False");
  EXPECT_EQ(calculated(Value(std::complex<double>(0, 1)), "**", integer(2)), "-1+0j");
  EXPECT_EQ(calculated(Value(std::complex<double>(1, 0)), "==", integer(1)), "True");
  EXPECT_EQ(calculated(tuple({integer(1)}), "+", tuple({integer(2)})), "(1, 2)");
  EXPECT_EQ(calculated(tuple({integer(1)}), "==", tuple({Value(1.0)})), "True");
  EXPECT_EQ(calculated(Value(DType::f32), "==", Value(DType::f64)), "False");
  EXPECT_EQ(shown(unary("-", Value(true))), "-1");
  EXPECT_EQ(shown(unary("~", integer(5))), "-6");
  EXPECT_EQ(shown(unary("-", Value(2.5))), "-2.5");
  EXPECT_TRUE(builder.program().nodes.empty()) << "nothing is computed at run time";
}

TEST_F(Functions, PythonErrors) {
  auto error = [&](Value a, std::string_view op, Value b) {
    Expected<Value> result = binary(op, a, b);
    return result ? "accepted" : result.error().message;
  };
  std::string tooLarge = "the integer does not fit 64 bits";
  EXPECT_EQ(error(integer(INT64_MAX), "+", integer(1)), tooLarge);
  EXPECT_EQ(error(integer(INT64_MIN), "//", integer(-1)), tooLarge);
  EXPECT_EQ(error(integer(3), "**", integer(41)), tooLarge);
  EXPECT_EQ(error(integer(1), "<<", integer(63)), tooLarge);
  EXPECT_EQ(error(integer(1), "<<", integer(-1)), "the shift count -1 is negative");
  EXPECT_EQ(error(integer(1), "//", integer(0)), "division by zero");
  EXPECT_EQ(error(Value(0.0), "**", integer(-1)), "division by zero");
  EXPECT_EQ(error(Value(10.0), "**", integer(400)), "the power is too large for a float");
  EXPECT_EQ(error(Value(1.5), "&", integer(1)), "'&' is not defined for floats");
  EXPECT_EQ(error(Value(std::complex<double>(0, 1)), "<", integer(1)),
            "'<' is not defined for complex numbers");
  EXPECT_EQ(error(list({integer(1)}), "-", integer(1)),
            "'-' is not defined for a list and the integer 1; array(…) makes a tensor of numbers");
  EXPECT_EQ(error(input({2}), "+", Value(std::string("a"))), "a string is not a tensor");
  EXPECT_EQ(error(input({2}), "+", Value()), "None is not a tensor");
}

TEST_F(Functions, ArgumentsBindAsInPython) {
  Value x = input({2, 3});
  EXPECT_EQ(shown(call("exp", {x, x})), "exp takes 1 argument, not 2");
  EXPECT_EQ(shown(call("exp", {})), "exp needs the argument 'x'");
  EXPECT_EQ(shown(call("exp", {}, {{"x", x}})), "exp has no argument 'x'");
  EXPECT_EQ(shown(call("sum", {x}, {{"axes", integer(0)}})),
            "sum has no argument 'axes'; did you mean 'axis'?");
  EXPECT_EQ(shown(call("sum", {x, integer(0)}, {{"axis", integer(0)}})),
            "sum has two values for 'axis'");
  EXPECT_EQ(shown(call("argmax", {x, integer(0), Value(), Value(true)})),
            "argmax takes 1 to 3 arguments, not 4");
  EXPECT_EQ(shown(call("round", {x, integer(1), integer(2)}, {}, true)),
            "round takes 0 to 1 arguments, not 2")
      << "the object of a method is not counted";
  EXPECT_EQ(shown(call("sum", {x}, {{"keepdims", Value(true)}, {"axis", integer(1)}})), "f32[2,1]");
  EXPECT_EQ(shown(call("sum", {x, integer(-1)}, {}, true)), "f32[2]");
}

TEST_F(Functions, UnknownNames) {
  Value x = input({2});
  EXPECT_EQ(shown(call("foo", {x})), "there is no function 'foo'");
  EXPECT_EQ(shown(call("sqr", {x})), "there is no function 'sqr'; did you mean 'sqrt'?");
  EXPECT_EQ(shown(call("maen", {x}, {}, true)), "there is no method 'maen'; did you mean 'mean'?");
  EXPECT_EQ(shown(call("exp", {x}, {}, true)), "'exp' is a function, not a method: write exp(x)");
  EXPECT_EQ(shown(call("sum", {integer(3)}, {}, true)), "the integer 3 has no method 'sum'");
  EXPECT_EQ(shown(call("linalg.svd", {x})),
            "'linalg.svd' is not in the language: use NumPy for it and pass the result in");
  EXPECT_EQ(shown(call("random.rand", {x})),
            "'random.rand' is not in the language: a program computes the same result each time; "
            "pass random data in");
  EXPECT_EQ(shown(call("unique", {x})),
            "'unique' is not in the language: the shape of its result depends on data; use "
            "where(condition, x, y), or NumPy");
  EXPECT_EQ(shown(call(std::string(100000, 'x'), {x})).size(), 23u + 100000u)
      << "no search for a name that near nothing is";
  EXPECT_TRUE(isFunction("exp") && isFunction("sum") && !isFunction("foo"));
  EXPECT_TRUE(isMethod("sum") && !isMethod("exp") && isMethod("clip"));
}

TEST_F(Functions, ErrorsPointIntoTheSource) {
  Value x = input({3, 4}), y = input({3, 5});
  Expected<Value> sum = binaryOperator(builder, "+", {2, 3}, {0, 5}, x, y);
  ASSERT_FALSE(sum);
  EXPECT_EQ(sum.error().message, "shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 on the "
                                 "left and 5 on the right");
  EXPECT_EQ(sum.error().source, "source");
  ASSERT_EQ(sum.error().spans.size(), 1u);
  EXPECT_EQ(sum.error().spans[0].begin, 2u);
  Value axis(int64_t(2), {4, 5});
  Expected<Value> reduced = callFunction(builder, "sum", {0, 3}, {0, 6}, {{"", x}, {"", axis}});
  ASSERT_FALSE(reduced);
  EXPECT_EQ(reduced.error().message, "axis 2 is out of bounds for an array of dimension 2");
  EXPECT_EQ(reduced.error().spans.at(0).begin, 4u);
}

TEST_F(Functions, NumbersAreWeak) {
  Value i8 = input({2}, DType::i8), f16 = input({2}, DType::f16), u64 = input({2}, DType::u64);
  EXPECT_EQ(shown(binary("+", i8, integer(300))), "the integer 300 is out of bounds for int8");
  EXPECT_EQ(shown(binary("-", u64, integer(-1))), "the integer -1 is out of bounds for uint64");
  Expected<Value> quotient = binary("/", i8, integer(300));
  EXPECT_EQ(shown(quotient), "f64[2]");
  EXPECT_EQ(element<double>(operand(node(quotient), 1)), 300.0)
      << "the number is converted to the type that is computed in";
  EXPECT_EQ(shown(binary("*", f16, Value(1e6))), "f16[2]") << "inf, as in NumPy";
  EXPECT_EQ(shown(binary("*", f16, *call("sqrt", {Value(2.0)}))), "f64[2]")
      << "the result of a function is no literal";
  EXPECT_EQ(shown(binary("+", list({integer(1), integer(2)}), i8)), "i64[2]");
}

TEST_F(Functions, ComparisonsBeyondTheDTypeAreConstant) {
  Value i8 = input({2}, DType::i8), u64 = input({2}, DType::u64);
  auto answer = [&](Value a, std::string_view op, Value b) {
    Expected<Value> result = binary(op, a, b);
    EXPECT_EQ(shown(result), "b1[2]");
    return element<bool>(node(result));
  };
  EXPECT_TRUE(answer(i8, "<", integer(300)));
  EXPECT_FALSE(answer(i8, ">", integer(300)));
  EXPECT_TRUE(answer(integer(300), ">", i8));
  EXPECT_FALSE(answer(integer(300), "<=", i8));
  EXPECT_TRUE(answer(i8, ">=", integer(-300)));
  EXPECT_FALSE(answer(u64, "==", integer(-1)));
  EXPECT_TRUE(answer(integer(-1), "!=", u64));
}

TEST_F(Functions, SignedAndUnsignedCompareExactly) {
  Value i64 = input({2}, DType::i64), u64 = input({2}, DType::u64);
  // i < u: i < 0 or uint64(i) < u; u < i: i >= 0 and uint64(i) > u.
  const Program::Node &less = node(binary("<", i64, u64));
  EXPECT_EQ(less.scalar, ScalarOp::BitwiseOr);
  EXPECT_EQ(operand(less, 0).scalar, ScalarOp::Less);
  EXPECT_EQ(operand(less, 1).scalar, ScalarOp::Less);
  EXPECT_EQ(operand(operand(less, 1), 0).type.dtype, DType::u64);
  const Program::Node &greater = node(binary("<", u64, i64));
  EXPECT_EQ(greater.scalar, ScalarOp::BitwiseAnd);
  EXPECT_EQ(operand(greater, 0).scalar, ScalarOp::GreaterEqual);
  EXPECT_EQ(operand(greater, 1).scalar, ScalarOp::Greater);
}

TEST_F(Functions, PowersHaveShortCuts) {
  Value f = input({2}), i = input({2}, DType::i32), b = input({2}, DType::b1),
        h = input({2}, DType::f16);
  EXPECT_EQ(node(binary("**", f, integer(2))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", f, Value(2.0))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", f, Value(0.5))).scalar, ScalarOp::Sqrt);
  EXPECT_EQ(node(binary("**", f, integer(-1))).scalar, ScalarOp::Divide);
  EXPECT_EQ(node(binary("**", f, integer(1))).kind, NodeKind::Input);
  EXPECT_EQ(node(binary("**", f, integer(3))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", f, Value(4.0))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", f, integer(5))).scalar, ScalarOp::Power);
  EXPECT_EQ(node(binary("**", h, integer(3))).scalar, ScalarOp::Power);
  EXPECT_EQ(node(binary("**", i, integer(16))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", i, integer(17))).scalar, ScalarOp::Power);
  EXPECT_EQ(node(binary("**", i, integer(2))).scalar, ScalarOp::Multiply);
  EXPECT_EQ(node(binary("**", i, Value(0.5))).scalar, ScalarOp::Sqrt);
  EXPECT_EQ(shown(binary("**", b, integer(2))), "i8[2]");
  EXPECT_EQ(node(binary("**", h, Value(0.5))).scalar, ScalarOp::Sqrt);
  EXPECT_EQ(node(call("power", {h, Value(0.5)})).scalar, ScalarOp::Power);
  EXPECT_EQ(shown(binary("**", i, integer(-1))),
            "integers to the negative integer power -1 are not allowed; write the exponent as a "
            "float");
}

TEST_F(Functions, WrongDTypes) {
  Value b = input({2}, DType::b1), f = input({2}), c = input({2}, DType::c64);
  EXPECT_EQ(shown(binary("-", b, b)), "subtract does not take bool; use '^' or logical_xor");
  EXPECT_EQ(shown(unary("-", b)), "negative does not take bool; use '~' or logical_not");
  EXPECT_EQ(shown(unary("~", f)), "invert does not take float32");
  EXPECT_EQ(shown(binary("&", f, b)),
            "bitwise_and does not take float32, the promotion of its operands' dtypes");
  EXPECT_EQ(shown(call("log", {c})), "log does not take complex64");
  EXPECT_EQ(shown(call("float32", {Value(std::complex<double>(0, 1))})),
            "a complex number is no float32; take its real part");
}

TEST_F(Functions, WhereAndClip) {
  Value b = input({2, 1}, DType::b1), f = input({3}), i8 = input({3}, DType::i8);
  EXPECT_EQ(shown(call("where", {b, f, integer(0)})), "f32[2,3]");
  EXPECT_EQ(shown(call("where", {b, i8, Value(2.5)})), "f64[2,3]");
  EXPECT_EQ(shown(call("where", {f, Value(true), Value(false)})), "b1[3]");
  EXPECT_EQ(shown(call("where", {b, i8, integer(300)})), "i8[2,3]");
  EXPECT_EQ(shown(call("where", {b})),
            "where with a condition alone has a shape that depends on data; give it both values, "
            "where(condition, x, y)");
  EXPECT_EQ(shown(call("where", {b, f, input({4})})),
            "shapes (2, 3) and (4,) do not broadcast: axis 1 is 3 on the left and 4 on the right");
  // The upper bound is no bound.
  Expected<Value> clipped = call("clip", {i8, integer(0), integer(300)});
  EXPECT_EQ(shown(clipped), "i8[3]");
  EXPECT_EQ(node(clipped).scalar, ScalarOp::Maximum);
  EXPECT_EQ(shown(call("clip", {i8, integer(300), Value()})),
            "the integer 300 is out of bounds for int8");
  EXPECT_EQ(shown(call("clip", {f}, {{"min", integer(0)}})), "f32[3]");
  EXPECT_EQ(shown(call("clip", {f, integer(0)}, {}, true)), "f32[3]");
  EXPECT_EQ(shown(call("clip", {f, integer(0)})),
            "clip needs both bounds; one of them may be None");
  EXPECT_EQ(shown(call("clip", {i8, integer(0), Value(2.5)})), "f64[3]");
}

TEST_F(Functions, Casts) {
  Value f = input({2});
  EXPECT_EQ(shown(call("astype", {f, Value(DType::i8)}, {}, true)), "i8[2]");
  EXPECT_EQ(shown(call("astype", {f, Value(std::string("f8"))}, {}, true)), "f64[2]");
  EXPECT_EQ(shown(call("astype", {f, Value(std::string("i8"))}, {}, true)),
            "the dtype 'i8' is int64 to NumPy and int8 to Ricci: write the long name");
  EXPECT_EQ(shown(call("astype", {f, Value(std::string("f31"))}, {}, true)),
            "there is no dtype 'f31'");
  for (auto [code, dtype] :
       std::initializer_list<std::pair<const char *, const char *>>{{"<f4", "f32"},
                                                                    {"=i8", "i64"},
                                                                    {"|u8", "u64"},
                                                                    {"<b1", "b1"},
                                                                    {"|?", "b1"},
                                                                    {"<c16", "c128"},
                                                                    {"<i1", "i8"},
                                                                    {"<i", "i32"},
                                                                    {"d", "f64"},
                                                                    {"e", "f16"},
                                                                    {"F", "c64"},
                                                                    {"b", "i8"},
                                                                    {"p", "i64"},
                                                                    {"Q", "u64"}})
    EXPECT_EQ(shown(call("astype", {f, Value(std::string(code))}, {}, true)),
              std::string(dtype) + "[2]")
        << code;
  for (const char *code : {">f4", "<f16", "<float", "<float32", "g", "<", "=", "<=f4", "f", "<O"})
    EXPECT_EQ(shown(call("astype", {f, Value(std::string(code))}, {}, true)),
              code == std::string("f") ? "f32[2]" : fmt::format("there is no dtype '{}'", code));
  EXPECT_EQ(element<float>(node(call("float32", {integer(2)}))), 2.0f);
  EXPECT_EQ(element<int8_t>(node(call("int8", {Value(2.7)}))), 2);
  EXPECT_EQ(shown(call("int8", {integer(300)})), "the integer 300 is out of bounds for int8");
  EXPECT_EQ(shown(call("uint64", {Value(-1.5)})), "the float -1.5 is out of bounds for uint64");
  EXPECT_EQ(shown(call("int64", {Value(0x1p63)})),
            "the float 9.223372036854776e+18 is out of bounds for int64");
  EXPECT_EQ(shown(call("int", {Value(2.7)})), "2");
  EXPECT_EQ(shown(call("float", {integer(2)})), "2.0");
  EXPECT_EQ(shown(call("int", {f})), "int takes a number that is known when the program is "
                                     "compiled; for a tensor write x.astype(int64)");
}

TEST_F(Functions, ReciprocalsOfComplexZerosAreNan) {
  Value z = input({3}, DType::c64), f = input({3});
  for (const Expected<Value> &result : {call("reciprocal", {z}), call("power", {z, integer(-1)}),
                                        call("power", {z, Value(-1.0)})}) {
    EXPECT_EQ(shown(result), "c64[3]");
    EXPECT_EQ(node(result).scalar, ScalarOp::Divide);
    const Program::Node &dividend = builder.program().nodes[size_t(node(result).operands[0])];
    EXPECT_EQ(dividend.scalar, ScalarOp::Where);
  }
  Expected<Value> real = call("reciprocal", {f});
  EXPECT_EQ(builder.program().nodes[size_t(node(real).operands[0])].kind, NodeKind::Constant);
}

TEST_F(Functions, WhatThereIsIsNotUnsupported) {
  for (std::span<const FunctionEntry> table :
       {elementwiseFunctions(), castFunctions(), inspectionFunctions(), reductionFunctions(),
        shapeFunctions(), joinFunctions(), creationFunctions(), contractionFunctions()})
    for (const FunctionEntry &entry : table) {
      if (!entry.name.starts_with("linalg.")) // is found before that module is
        EXPECT_FALSE(whyUnsupported(entry.name)) << entry.name;
    }
}

TEST_F(Functions, Reductions) {
  Value x = input({2, 0, 3}), i = input({2, 3}, DType::i8);
  EXPECT_EQ(shown(call("sum", {x})), "f32[]");
  EXPECT_EQ(shown(call("sum", {x, tuple({integer(0), integer(-1)})})), "f32[0]");
  EXPECT_EQ(shown(call("sum", {x, tuple({})})), "f32[2,0,3]");
  EXPECT_EQ(shown(call("max", {x, integer(0)})), "f32[0,3]");
  EXPECT_EQ(shown(call("max", {x, integer(1)})),
            "max of no elements: shape (2, 0, 3) is empty along the reduced axes, and a maximum "
            "has no identity");
  EXPECT_EQ(shown(call("argmin", {x})),
            "argmin of no elements: shape (2, 0, 3) has size 0 along the reduced axis");
  EXPECT_EQ(shown(call("mean", {x})), "f32[]") << "nan";
  EXPECT_EQ(shown(call("sum", {i, tuple({integer(0), integer(-2)})})),
            "axis 0 stands twice in 'axis'");
  EXPECT_EQ(shown(call("sum", {i, list({integer(0)})})), "several axes are a tuple, not a list");
  EXPECT_EQ(shown(call("sum", {i, Value(1.0)})),
            "axis is an integer or a tuple of integers, not the float 1.0");
  EXPECT_EQ(shown(call("max", {i, i})), "axis is an integer, not a tensor");
  EXPECT_EQ(call("max", {integer(3), integer(4)}).error().notes.at(0),
            "of two tensors or numbers, write maximum(a, b)");
  EXPECT_EQ(shown(call("sum", {i}, {{"initial", integer(1)}})),
            "the argument 'initial' of sum is not in the language; combine the result with it");
  EXPECT_EQ(shown(call("sum", {i}, {{"dtype", Value(std::string("float32"))}})), "f32[]");
  EXPECT_EQ(shown(call("sum", {Value(3.0), integer(-1)})), "f64[]") << "the axis of a scalar";
  EXPECT_EQ(shown(call("cumsum", {i})), "i64[6]");
  EXPECT_EQ(shown(call("cumsum", {i, integer(1)})), "i64[2,3]");
  EXPECT_EQ(shown(call("argmax", {i}, {{"keepdims", Value(true)}})), "i64[1,1]");
  EXPECT_EQ(shown(call("argmax", {i, integer(1)}, {{"keepdims", Value(true)}})), "i64[2,1]");
  EXPECT_EQ(shown(call("argmax", {i, tuple({integer(0)})})),
            "axis of argmax is one integer or None, not a tuple");
  EXPECT_EQ(shown(call("count_nonzero", {i, integer(0)})), "i64[3]");
  EXPECT_EQ(shown(call("mean", {i}, {{"dtype", Value(DType::i8)}})),
            "the dtype of mean is a float or complex type, not int8");
}

TEST_F(Functions, SumsOf16BitFloatsAreRoundedOnce) {
  Value h = input({100000}, DType::f16);
  const Program::Node &sum = node(call("sum", {h}));
  EXPECT_EQ(sum.kind, NodeKind::Cast);
  EXPECT_EQ(operand(sum, 0).kind, NodeKind::Reduce);
  EXPECT_EQ(operand(sum, 0).type.dtype, DType::f32);
  // The mean is divided before it is rounded, by a count that float16 does not have.
  const Program::Node &mean = node(call("mean", {h}));
  EXPECT_EQ(mean.kind, NodeKind::Cast);
  EXPECT_EQ(operand(mean, 0).scalar, ScalarOp::Divide);
  EXPECT_EQ(element<float>(operand(operand(mean, 0), 1)), 100000.0f);
}

TEST_F(Functions, Variances) {
  Value x = input({4, 5}), c = input({4}, DType::c64);
  auto divisor = [&](std::vector<std::pair<std::string, Value>> keywords) {
    return element<float>(operand(node(call("var", {x, integer(1)}, std::move(keywords))), 1));
  };
  EXPECT_EQ(divisor({}), 5.0f);
  EXPECT_EQ(divisor({{"ddof", integer(1)}}), 4.0f);
  EXPECT_EQ(divisor({{"ddof", Value(0.5)}}), 4.5f);
  EXPECT_EQ(divisor({{"correction", integer(2)}}), 3.0f);
  EXPECT_EQ(divisor({{"ddof", integer(7)}}), 0.0f);
  EXPECT_EQ(shown(call("var", {x}, {{"ddof", integer(1)}, {"correction", integer(1)}})),
            "var takes ddof or correction, not both");
  EXPECT_EQ(shown(call("std", {x, integer(0)}, {{"keepdims", Value(true)}})), "f32[1,5]");
  EXPECT_EQ(shown(call("var", {c})), "f32[]");
}

TEST_F(Functions, Attributes) {
  Value x = input({2, 3, 4}, DType::c64), v = input({3});
  auto of = [&](const Value &object, std::string_view name) {
    return shown(attribute(builder, object, name, {}));
  };
  EXPECT_EQ(of(x, "shape"), "(2, 3, 4)");
  EXPECT_EQ(of(x, "ndim"), "3");
  EXPECT_EQ(of(x, "size"), "24");
  EXPECT_EQ(of(x, "dtype"), "complex64");
  EXPECT_EQ(of(x, "itemsize"), "8");
  EXPECT_EQ(of(x, "nbytes"), "192");
  EXPECT_EQ(of(x, "T"), "c64[4,3,2]");
  EXPECT_EQ(of(x, "mT"), "c64[2,4,3]");
  EXPECT_EQ(of(x, "real"), "f32[2,3,4]");
  EXPECT_EQ(of(v, "imag"), "f32[3]");
  EXPECT_EQ(of(v, "mT"), "mT needs at least 2 dimensions, not shape (3,)");
  EXPECT_EQ(of(v, "__class__"), "a tensor has no attribute '__class__'");
  EXPECT_EQ(of(v, "sum"), "'sum' is a method: call it, x.sum(…)");
  EXPECT_EQ(of(integer(3), "shape"), "the integer 3 has no attribute 'shape'");
  EXPECT_EQ(shown(call("len", {x})), "2");
  EXPECT_EQ(shown(call("size", {x, integer(-1)})), "4");
}

TEST_F(Functions, ListsAreTensors) {
  auto tensor = [&](const Value &value) -> std::string {
    Expected<TensorValue> x = toTensor(builder, value);
    return x ? builder.type(*x).str() : x.error().message;
  };
  Value row = list({integer(1), Value(2.5)});
  EXPECT_EQ(tensor(list({row, row, row})), "f64[3,2]");
  EXPECT_EQ(tensor(list({Value(true), Value(false)})), "b1[2]");
  EXPECT_EQ(tensor(list({})), "f64[0]");
  EXPECT_EQ(tensor(list({row, list({integer(1)})})), "the lists at depth 1 differ in length");
  EXPECT_EQ(tensor(list({row, integer(1)})), "numbers and lists are mixed at one depth");
  EXPECT_EQ(tensor(list({integer(1), row})), "the lists at depth 1 differ in length");
  EXPECT_EQ(tensor(list({input({2}), input({2})})),
            "a list with tensors in it is no tensor: join them with stack or concatenate");
  EXPECT_EQ(tensor(Value(std::string("a"))), "a string is not a tensor");
  Value deep = integer(1);
  for (int i = 0; i < 65; ++i)
    deep = list({deep});
  EXPECT_EQ(tensor(deep), "lists are nested more than 64 deep");
}

TEST_F(Functions, EqualNodesAreMadeOnce) {
  Value x = input({2}), y = input({2});
  Expected<Value> a = binary("+", x, integer(1)), b = binary("+", x, integer(1)),
                  c = binary("+", y, integer(1)), d = binary("+", x, integer(2));
  EXPECT_EQ(a->as<TensorValue>()->node, b->as<TensorValue>()->node);
  EXPECT_NE(a->as<TensorValue>()->node, c->as<TensorValue>()->node);
  EXPECT_NE(a->as<TensorValue>()->node, d->as<TensorValue>()->node);
  EXPECT_EQ(call("float32", {x})->as<TensorValue>()->node, x.as<TensorValue>()->node);
}

TEST_F(Functions, SizesOfResultsAreChecked) {
  Value column = input({int64_t(1) << 40, 1}, DType::b1),
        row = input({int64_t(1) << 40}, DType::b1);
  EXPECT_EQ(shown(binary("&", column, row)),
            "shape (1099511627776, 1099511627776) has more than 2**63 - 1 elements");
}

} // namespace
