//===- plan_test.cpp - the plan's table ----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/executable.h"
#include "runtime/utf8.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace ricci;

static Plan chain() {
  Plan plan;
  plan.equation = "ij,jk,kl->il";
  plan.orderedBy = "dynamic programming (optimal)";
  plan.naiveScaling = 4;
  plan.optimizedScaling = 3;
  plan.naiveFlops = 9e8;
  plan.optimizedFlops = 8e6;
  plan.largestIntermediate = 1e4;
  plan.peakBytes = 40000;
  plan.workspaceBytes = 98304;
  plan.steps = {{"jk,kl->jl", "contract f32 6x16", 6e6, 348160, 72e-6, "ij,jl->il"},
                {"ij,jl->il", "contract f32 6x16", 2e6, 143360, 25e-6, "il->il"}};
  return plan;
}

TEST(Plan, Table) {
  EXPECT_EQ(chain().str(), R"(  Complete contraction:  ij,jk,kl->il
         Naive scaling:  4
     Optimized scaling:  3
      Naive FLOP count:  9.000e+08
  Optimized FLOP count:  8.000e+06
   Theoretical speedup:  112.5
  Largest intermediate:  1.000e+04 elements
------------------------------------------------------------------------------------------------
 step  contraction         kernel                      flops      bytes   predicted   remaining
------------------------------------------------------------------------------------------------
    1  jk,kl->jl           contract f32 6x16         6.0e+06    340 KiB       72 us   ij,jl->il
    2  ij,jl->il           contract f32 6x16         2.0e+06    140 KiB       25 us   il->il
------------------------------------------------------------------------------------------------
 peak memory: 39.1 KiB of intermediates + 96.0 KiB of packing buffers; order by dynamic programming (optimal)
)");
}

TEST(Plan, StepsThatRunTogether) {
  Plan plan = chain();
  plan.steps[0].blockRows = 64;
  EXPECT_NE(plan.str().find("\n steps 1 to 2 run together, 64 rows at a time\n peak memory"),
            std::string::npos);
  plan.steps.insert(plan.steps.begin(), PlanStep{});
  EXPECT_NE(plan.str().find("\n steps 2 to 3 run together"), std::string::npos);
}

TEST(Plan, WidthsFollowLongAndWideTexts) {
  Plan plan = chain();
  plan.steps[0].contraction = "αβγδεζηθικλμνξοπρ,στ->α";
  plan.steps[0].remaining = std::string(5000, 'x');
  plan.steps[1].kernel = std::string(40, 'k');
  std::istringstream text(plan.str());
  std::vector<std::string> table;
  for (std::string line; std::getline(text, line);)
    if (line.rfind("    1  ", 0) == 0 || line.rfind("    2  ", 0) == 0 || line[0] == '-')
      table.push_back(line);
  ASSERT_EQ(table.size(), 5u);
  EXPECT_EQ(table[0], table[1]);
  const std::string &first = table[2], &second = table[3];
  EXPECT_EQ(columns(first), columns(table[0])); // the rule is as wide as the widest row
  EXPECT_NE(first.find("x…x"), std::string::npos);
  EXPECT_LT(columns(first), 220);
  // The columns stand below each other, in code points.
  EXPECT_EQ(columns(first.substr(0, first.find("contract f32"))),
            columns(second.substr(0, second.find("kkk"))));
}

TEST(Plan, OfAProgramHasNoFactsOfAnEinsum) {
  Plan plan = chain();
  plan.equation.clear();
  EXPECT_EQ(plan.str(), chain().str().substr(chain().str().find("---")));
}

TEST(Plan, WithoutSteps) {
  Plan plan;
  plan.equation = "i->i";
  const std::string text = plan.str();
  EXPECT_EQ(text.find("speedup"), std::string::npos); // nothing to divide by
  EXPECT_NE(text.find("peak memory: 0 B of intermediates + 0 B of packing buffers\n"),
            std::string::npos);
}
