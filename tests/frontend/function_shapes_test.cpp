//===- function_shapes_test.cpp - the results' types against NumPy's ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// function_shapes.txt is NumPy's (make_function_shapes.py): programs and the types of their
// results.
//
//===----------------------------------------------------------------------===//
#include "frontend/parse_program.h"
#include "tests/frontend/helpers.h"

#include <fstream>
#include <set>

using namespace ricci;
using test::typeOf;

namespace {

/// What NumPy takes and Ricci does not: results of no array, axis 0 of no axes, bounds that only
/// the run knows, a size that is a float.
const std::set<std::string> kRejected = {"unstack(z)", "squeeze(s, 0)", "arange(s)", "tri(2.0)"};

const std::vector<Parameter> kOperands = {
    {"a", typeOf({3, 4})},
    {"b", typeOf({4, 5}, DType::f64)},
    {"h", typeOf({2, 3, 4}, DType::i32)},
    {"s", typeOf({})},
    {"z", typeOf({0, 3})},
    {"v", typeOf({4}, DType::f16)},
    {"o", typeOf({1, 3, 1}, DType::u8)},
    {"t", typeOf({4, 4}, DType::b1)},
    {"c", typeOf({2, 4, 2}, DType::c64)},
    {"i", typeOf({2}, DType::i64)},
    {"j", typeOf({3, 1}, DType::i8)},
    {"k", typeOf({}, DType::u64)},
};

/// "f32[3,4];f32[4]", or "-".
std::string typesOfResults(const std::string &text, std::string &error) {
  Expected<Program> program = parseProgram(text, kOperands);
  if (!program) {
    error = program.error().message;
    return "-";
  }
  std::string types;
  for (int result : program->results)
    types += (types.empty() ? "" : ";") + program->nodes[size_t(result)].type.str();
  return types;
}

TEST(FunctionShapes, AreNumPys) {
  std::ifstream file(RICCI_FUNCTION_SHAPES);
  ASSERT_TRUE(file.good());
  int checked = 0;
  for (std::string line; std::getline(file, line); ++checked) {
    size_t space = line.find(' ');
    std::string text = line.substr(space + 1), expected = line.substr(0, space), error;
    if (kRejected.contains(text))
      expected = "-";
    std::string types = typesOfResults(text, error);
    EXPECT_EQ(types, expected) << text << "\n" << error;
  }
  EXPECT_GT(checked, 3000);
}

} // namespace
