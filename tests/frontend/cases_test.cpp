//===- cases_test.cpp - the decisions of tests/cases/*.json ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/parse_program.h"
#include "tests/frontend/helpers.h"

#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ricci::test {
namespace {

/// As much JSON as the case files hold: no escapes but \", \\ and \n, and integers only.
struct Json {
  std::string text;
  int64_t number = 0;
  std::vector<Json> list;
  std::map<std::string, Json> fields;

  Shape shape() const {
    Shape sizes;
    for (const Json &item : list)
      sizes.push_back(item.number);
    return sizes;
  }
};

class JsonReader {
public:
  explicit JsonReader(std::string source) : source(std::move(source)) {}

  Json read() {
    Json value;
    char c = peek();
    if (c == '"') {
      value.text = readString();
    } else if (c == '[' || c == '{') {
      char close = c == '[' ? ']' : '}';
      for (++at; peek() != close;) {
        if (c == '[') {
          value.list.push_back(read());
        } else {
          std::string name = readString();
          expect(':');
          value.fields[name] = read();
        }
        if (peek() != close)
          expect(',');
      }
      ++at;
    } else {
      size_t used = 0;
      value.number = std::stoll(source.substr(at, 24), &used);
      at += used;
    }
    return value;
  }

private:
  char peek() {
    while (std::isspace(static_cast<unsigned char>(source.at(at))))
      ++at;
    return source.at(at);
  }
  void expect(char c) {
    if (peek() != c)
      throw std::runtime_error("bad JSON at byte " + std::to_string(at));
    ++at;
  }
  std::string readString() {
    expect('"');
    std::string text;
    for (; source.at(at) != '"'; ++at) {
      bool escaped = source[at] == '\\';
      char c = source.at(at += escaped);
      if (escaped && c != '"' && c != '\\' && c != 'n')
        throw std::runtime_error("unknown escape at byte " + std::to_string(at));
      text += escaped && c == 'n' ? '\n' : c;
    }
    ++at;
    return text;
  }

  std::string source;
  size_t at = 0;
};

Json readCases(const char *name = "einsum.json") {
  std::ifstream file(std::string(RICCI_CASES_DIR "/") + name);
  std::stringstream text;
  text << file.rdbuf();
  return JsonReader(text.str()).read();
}

std::vector<Shape> shapesOf(const Json &entry) {
  std::vector<Shape> shapes;
  for (const Json &shape : entry.fields.at("shapes").list)
    shapes.push_back(shape.shape());
  return shapes;
}

TEST(EinsumCases, GoodOnesResolveToTheShapeThatNumPyGives) {
  Json cases = readCases();
  ASSERT_GE(cases.fields["good"].list.size(), 60u);
  for (const Json &entry : cases.fields["good"].list) {
    const std::string &equation = entry.fields.at("equation").text;
    SCOPED_TRACE(equation);
    Expected<Program> p = program(equation, shapesOf(entry));
    ASSERT_TRUE(bool(p)) << p.error().render();
    EXPECT_EQ(result(*p).type.shape, entry.fields.at("out_shape").shape());
  }
}

TEST(EinsumCases, BadOnesSayWhy) {
  // What the message must hold, by the case's equation and reason.
  const std::map<std::string, std::string> messages = {
      {"size of j: 4 in operand 0, 5 in operand 1",
       "label 'j' is 4 in operand 1 and 5 in operand 2"},
      {"k is in no operand", "output label 'k' is in no operand"},
      {"i twice in the output", "label 'i' appears twice in the output"},
      {"two operands named, one given", "the equation names 2 operands, but 1 is given"},
      {"one operand named, two given", "the equation names 1 operand, but 2 are given"},
      {"rank 2 given, 3 labels", "operand 1 has 2 axes, but the equation gives it 3 labels"},
      {"a second arrow", "a second '->'"},
      {"a lone dot", "a lone '.'"},
      {"four dots", "4 dots in a row"},
      {"two ellipses", "'...' appears twice in operand 1"},
      {"half an arrow", "an arrow is '->'"},
      {"not a label", "'$' is not a label"},
      {"diagonal of 3 by 4", "axis 0 is 3 and axis 1 is 4: a diagonal needs equal sizes"},
      {"diagonal of 1 by 3", "axis 0 is 1 and axis 1 is 3: a diagonal needs equal sizes"},
      {"ellipsis dims missing from the output", "the output lacks '...'"},
      {"empty equation for a rank-1 operand",
       "operand 1 has 1 axis, but the equation gives it 0 labels"},
      {"no labels for rank-1 operands", "operand 1 has 1 axis, but the equation gives it 0 labels"},
      {"ellipsis dims 2 and 3 do not broadcast", "is 2 in operand 1 and 3 in operand 2"},
  };
  Json cases = readCases();
  ASSERT_GE(cases.fields["bad"].list.size(), 19u);
  for (const Json &entry : cases.fields["bad"].list) {
    const std::string &equation = entry.fields.at("equation").text;
    SCOPED_TRACE(equation);
    Expected<Program> p = program(equation, shapesOf(entry));
    ASSERT_FALSE(bool(p));
    EXPECT_EQ(p.error().kind, ErrorKind::Input);
    auto message = messages.find(entry.fields.at("why").text);
    ASSERT_NE(message, messages.end()) << "a new case: " << p.error().render();
    EXPECT_NE(p.error().message.find(message->second), std::string::npos) << p.error().message;
  }
}

Expected<Program> programOfCase(const Json &entry) {
  std::vector<Parameter> parameters;
  for (const auto &[name, type] : entry.fields.at("params").fields) {
    const Json &dtype = type.list.empty() ? type.fields.at("dtype") : type.list[0],
               &shape = type.list.empty() ? type.fields.at("shape") : type.list[1];
    parameters.push_back({name, typeOf(shape.shape(), parseDType(dtype.text).value())});
  }
  return parseProgram(entry.fields.at("program").text, parameters);
}

TEST(ExpressionCases, GoodOnesHaveTheTypesThatNumPyGives) {
  for (const char *file : {"expressions.json", "fused.json"}) {
    Json cases = readCases(file);
    const std::vector<Json> &good = cases.list.empty() ? cases.fields["good"].list : cases.list;
    for (const Json &entry : good) {
      SCOPED_TRACE(entry.fields.at("program").text);
      Expected<Program> p = programOfCase(entry);
      ASSERT_TRUE(bool(p)) << p.error().render();
      auto results = entry.fields.find("results");
      if (results == entry.fields.end())
        continue;
      ASSERT_EQ(p->results.size(), results->second.list.size());
      for (size_t i = 0; i < p->results.size(); ++i) {
        const Json &expected = results->second.list[i];
        const TensorType &type = p->nodes[size_t(p->results[i])].type;
        EXPECT_EQ(type.shape, expected.fields.at("shape").shape());
        EXPECT_EQ(numpyName(type.dtype), expected.fields.at("dtype").text);
      }
    }
  }
}

TEST(ExpressionCases, BadOnesSayWhy) {
  // What the message must hold, by the case's reason.
  const std::map<std::string, std::string> messages = {
      {"shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 and 5",
       "shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 on the left and 5 on the right"},
      {"matmul: 4 against 5", "4 against 5"},
      {"12 elements do not divide by 5", "12 elements do not divide by 5"},
      {"q is not defined", "name 'q' is not defined"},
      {"expression expected", "expected an expression"},
      {"')' expected", "expected ')'"},
      {"shape has 2 entries", "shape has 2 entries"},
      {"index 5, axis size 3", "index 5 is out of bounds for axis 0 of size 3"},
      {"no function linalg.svd; use NumPy for it", "use NumPy for it"},
      {"tensors are values: no assignment to a part; use where or concatenate",
       "tensors are values: no assignment to a part; use where or concatenate"},
      {"no function random.rand; pass random data in", "pass random data in"},
      {"index 7, axis size 3", "index 7 is out of bounds for axis 0 of size 3"},
      {"two indices, rank 1", "2 indices for an array of rank 1"},
      {"axis 2, rank 2", "axis 2 is out of bounds for an array of dimension 2"},
      {"no function foo", "there is no function 'foo'"},
      {"exp takes one argument", "exp takes 1 argument, not 2"},
      {"repeated axis", "axis 0 is given twice"},
      {"axis 1 is 4 and 5", "axis 1 is 4 and 5"},
      {"a mask index gives a shape that depends on data; use where",
       "a mask index gives a shape that depends on data; use where"},
      {"no function __import__", "there is no function '__import__'"},
      {"no attribute __class__", "no attribute '__class__'"},
      {"'import' is not a statement here", "'import' is not a statement here"},
      {"a string is not a tensor", "a string is not a tensor"},
  };
  Json cases = readCases("expressions.json");
  ASSERT_GE(cases.fields["bad"].list.size(), 23u);
  for (const Json &entry : cases.fields["bad"].list) {
    SCOPED_TRACE(entry.fields.at("program").text);
    Expected<Program> p = programOfCase(entry);
    ASSERT_FALSE(bool(p));
    EXPECT_EQ(p.error().kind, ErrorKind::Input);
    EXPECT_EQ(p.error().source, entry.fields.at("program").text);
    EXPECT_FALSE(p.error().spans.empty());
    auto message = messages.find(entry.fields.at("why").text);
    ASSERT_NE(message, messages.end()) << "a new case: " << p.error().render();
    EXPECT_NE(p.error().message.find(message->second), std::string::npos) << p.error().message;
  }
}

} // namespace
} // namespace ricci::test
