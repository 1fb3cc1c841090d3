//===- cases_test.cpp - the decisions of tests/cases/einsum.json
//------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/frontend/helpers.h"

#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ricci::test {
namespace {

/// As much JSON as the case files hold: no escapes but \" and \\, and integers only.
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
      if (source[at] == '\\' && source.at(++at) != '"' && source[at] != '\\')
        throw std::runtime_error("unknown escape at byte " + std::to_string(at));
      text += source[at];
    }
    ++at;
    return text;
  }

  std::string source;
  size_t at = 0;
};

Json readCases() {
  std::ifstream file(RICCI_CASES_DIR "/einsum.json");
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

} // namespace
} // namespace ricci::test
