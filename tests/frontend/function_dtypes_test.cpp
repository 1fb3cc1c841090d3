//===- function_dtypes_test.cpp - results' dtypes against NumPy's --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// function_dtypes.txt is NumPy's (make_function_dtypes.py): for each function and operator, the
// dtype of the result for every dtype of the operands and for Python numbers.
//
//===----------------------------------------------------------------------===//
#include "frontend/functions.h"
#include "tests/frontend/helpers.h"

#include <fstream>
#include <set>
#include <sstream>

using namespace ricci;

namespace {

/// Elementary functions take no complex numbers but these, and round none.
const std::set<std::string> kRealAlone = {"rint",    "exp2", "expm1", "log",  "log2",    "log10",
                                          "log1p",   "sin",  "cos",   "tan",  "arcsin",  "arccos",
                                          "arctan",  "sinh", "cosh",  "tanh", "arcsinh", "arccosh",
                                          "arctanh", "asin", "acosh", "round"};

/// "True", "2", "0.5", "2j" as a number; a dtype's name as an input of that type.
Value::State operandOf(ProgramBuilder &builder, const std::string &word) {
  if (word == "True")
    return true;
  if (std::optional<DType> dtype = parseDType(word))
    return builder.input(0, test::typeOf({2}, *dtype), {});
  if (word.back() == 'j')
    return std::complex<double>(0, std::stod(word));
  if (word.find('.') != std::string::npos)
    return std::stod(word);
  return int64_t(std::stoll(word));
}

std::string dtypeOfResult(const std::string &name, const std::string &first,
                          const std::string &second) {
  ProgramBuilder builder("");
  bool isUnary = first == "x", isNumber = !isUnary && !parseDType(first);
  std::vector<Argument> operands(isUnary ? 1 : 2);
  operands.back().value.state = operandOf(builder, second);
  if (!isUnary)
    operands.front().value.state = operandOf(builder, first);
  // A number stands on the right, as in the table's rows of them.
  if (isNumber)
    std::swap(operands[0], operands[1]);
  Expected<Value> result =
      std::isalpha(name[0])
          ? callFunction(builder, name, {}, {}, operands)
          : binaryOperator(builder, name, {}, {}, operands[0].value, operands[1].value);
  if (!result)
    return "-";
  return std::string(shortName(builder.type(*result->as<TensorValue>()).dtype));
}

TEST(FunctionDTypes, AreNumPys) {
  std::ifstream file(RICCI_FUNCTION_DTYPES);
  ASSERT_TRUE(file.good());
  std::vector<std::string> names;
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    if (row.empty()) {
      names.clear();
      continue;
    }
    if (names.empty()) {
      names = row;
      continue;
    }
    ASSERT_EQ(row.size(), size_t(1 + kNumDTypes)) << line;
    for (const std::string &name : names)
      for (int i = 0; i < kNumDTypes; ++i) {
        bool isComplex = kindOf(DType(i)) == DTypeKind::Complex;
        std::string expected =
            isComplex && row[0] == "x" && kRealAlone.contains(name) ? "-" : row[size_t(i) + 1];
        EXPECT_EQ(dtypeOfResult(name, row[0], std::string(shortName(DType(i)))), expected)
            << name << " of " << row[0] << " and " << shortName(DType(i));
        ++checked;
      }
  }
  EXPECT_GT(checked, 15000);
}

} // namespace
