//===- scalar_ops_test.cpp - every scalar operation and cast, on every dtype -----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/level_fixture.h"
#include "tests/cpu/scalar_operands.h"

namespace ricci::test {
namespace {

class ScalarOpsOnLevel : public OnLevel {};
INSTANTIATE_LEVELS(ScalarOpsOnLevel);

TEST_P(ScalarOpsOnLevel, matchNumPy) {
  for (DType dtype : allDTypes()) {
    ScalarPrograms programs{dtype, {}, {}, {}};
    for (int i = 0; i < kNumScalarOps; ++i)
      if (computeDType(ScalarOp(i), dtype) == dtype && !isElementary(ScalarOp(i), dtype))
        programs.ops.push_back(ScalarOp(i));
    visit(dtype, [&](auto tag) {
      using T = typename decltype(tag)::Type;
      Operands<T> operands = operandPairs<T>();
      Random random(3);
      std::vector<Bool> conditions(operands.x.size());
      for (Bool &condition : conditions)
        condition.value = uint8_t(random() & 1);
      auto results =
          runScalarPrograms(programs, target(), Elements(dtype, operands.x),
                            Elements(dtype, operands.y), Elements(DType::b1, conditions));
      for (size_t p = 0; p < results.size(); ++p) {
        ScalarOp op = programs.ops[p];
        Elements want;
        want.dtype = results[p].dtype;
        for (size_t i = 0; i < operands.x.size(); ++i) {
          auto bytes = expected(op, conditions[i].value != 0, operands.x[i], operands.y[i]);
          ASSERT_EQ(bytes.size(), itemSize(want.dtype)) << "no oracle for " << nameOf(op);
          want.bytes.insert(want.bytes.end(), bytes.begin(), bytes.end());
        }
        for (size_t i = 0; i < operands.x.size(); ++i)
          if (!sameElement(results[p], want, i)) {
            ADD_FAILURE() << nameOf(op) << " of " << shortName(dtype) << " at "
                          << print(operands.x[i]) << ", " << print(operands.y[i]) << ": "
                          << testing::PrintToString(std::vector<uint8_t>(
                                 results[p].bytes.begin() + long(i * itemSize(want.dtype)),
                                 results[p].bytes.begin() + long((i + 1) * itemSize(want.dtype))));
            break;
          }
      }
    });
  }
}

TEST_P(ScalarOpsOnLevel, casts) {
  for (DType from : allDTypes()) {
    ScalarPrograms programs{from, {}, allDTypes(), {}};
    visit(from, [&](auto fromTag) {
      using From = typename decltype(fromTag)::Type;
      std::vector<From> operands = castOperands<From>();
      Elements x(from, operands), condition(DType::b1, std::vector<Bool>(operands.size()));
      auto results = runScalarPrograms(programs, target(), x, x, condition);
      for (size_t p = 0; p < results.size(); ++p)
        visit(programs.casts[p], [&](auto toTag) {
          using To = typename decltype(toTag)::Type;
          std::vector<To> want;
          for (From element : operands)
            if constexpr (std::is_same_v<From, To>)
              want.push_back(element);
            else
              want.push_back(cast<To>(element));
          Elements wanted(programs.casts[p], want);
          for (size_t i = 0; i < operands.size(); ++i)
            if (!sameElement(results[p], wanted, i)) {
              ADD_FAILURE() << shortName(from) << " " << print(operands[i]) << " to "
                            << shortName(programs.casts[p]) << ": " << print(results[p].at<To>(i))
                            << " and not " << print(want[i]);
              break;
            }
        });
    });
  }
}

TEST_P(ScalarOpsOnLevel, constants) {
  ScalarPrograms programs{DType::b1, {}, {}, {}};
  for (DType dtype : allDTypes())
    visit(dtype, [&](auto tag) {
      using T = typename decltype(tag)::Type;
      auto elements = specialElements<T>();
      for (size_t i = 0; i < elements.size(); i += isComplexType<T> ? 5 : 1)
        programs.constants.push_back(Elements(dtype, std::vector<T>{elements[i]}));
    });
  std::vector<Bool> none(9);
  Elements x(DType::b1, none);
  auto results = runScalarPrograms(programs, target(), x, x, x);
  for (size_t p = 0; p < results.size(); ++p)
    for (size_t i = 0; i < none.size(); ++i) {
      size_t size = itemSize(results[p].dtype);
      // A NaN keeps its bits too.
      EXPECT_EQ(
          std::memcmp(results[p].bytes.data() + i * size, programs.constants[p].bytes.data(), size),
          0)
          << shortName(results[p].dtype) << " constant " << p;
    }
}

} // namespace
} // namespace ricci::test
