//===- order_contractions_test.cpp - tests of the rewrite to binary einsums ===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/contract/order_contractions.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "tests/reference/run_module.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

#include <chrono>
#include <random>
#include <set>

namespace ricci::test {
namespace {

struct Operand {
  std::string labels;
  Shape shape;
  std::string element = "f32";
};

std::string typeOf(const Shape &shape, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

/// A function of one einsum.
std::string einsumText(const std::vector<Operand> &operands, const Operand &output) {
  std::string arguments, names, types, equation;
  for (size_t i = 0; i < operands.size(); ++i) {
    std::string comma = i ? ", " : "", name = "%a" + std::to_string(i);
    std::string type = typeOf(operands[i].shape, operands[i].element);
    arguments += comma + name + ": " + type;
    names += comma + name;
    types += comma + type;
    equation += (i ? "," : "") + operands[i].labels;
  }
  std::string result = typeOf(output.shape, output.element);
  return "func.func @main(" + arguments + ") -> " + result + " {\n  %r = ricci.einsum \"" +
         equation + "->" + output.labels + "\" ins(" + names + " : " + types + ") -> " + result +
         "\n  return %r : " + result + "\n}\n";
}

std::vector<EinsumOp> einsumsOf(mlir::ModuleOp module) {
  std::vector<EinsumOp> ops;
  module.walk([&](EinsumOp op) { ops.push_back(op); });
  return ops;
}

std::vector<std::string> equationsOf(mlir::ModuleOp module) {
  std::vector<std::string> equations;
  for (EinsumOp op : einsumsOf(module))
    equations.push_back(op.getEquation().str());
  return equations;
}

/// Orders, or gives the error.
std::string order(Module &m, const OrderOptions &options = {},
                  std::optional<int64_t> limit = std::nullopt, Plan *plan = nullptr) {
  ScopedDiagnosticCapture capture(m.context.get());
  if (failed(orderContractions(*m.module, options, limit, plan))) {
    Diagnostic error = capture.take(ErrorKind::Input, "ordering");
    for (const std::string &note : error.notes)
      error.message += "; " + note;
    return error.message;
  }
  if (failed(mlir::verify(*m.module)))
    return capture.take(ErrorKind::Internal, "verifying").message;
  return "";
}

/// What the header promises about the einsums.
void checkOrdered(mlir::ModuleOp module) {
  for (EinsumOp op : einsumsOf(module)) {
    SCOPED_TRACE(op.getEquation().str());
    EinsumEquation equation = op.parsedEquation();
    ASSERT_LE(op.getInputs().size(), 2u);
    auto extents = equation.extents(op.getInputs().getTypes());
    for (auto [labels, input] : llvm::zip(equation.operands, op.getInputs())) {
      std::set<int32_t> distinct(labels.begin(), labels.end());
      if (input.getDefiningOp()) {
        EXPECT_EQ(distinct.size(), labels.size()) << "an intermediate with a repeated label";
      }
    }
    if (op.getInputs().size() == 2)
      for (size_t label = 0; label < extents.size(); ++label) {
        bool kept = llvm::is_contained(equation.output, int32_t(label));
        bool carried[2];
        for (int i : {0, 1}) {
          carried[i] = false;
          auto shape = mlir::cast<mlir::RankedTensorType>(op.getInputs()[i].getType()).getShape();
          for (auto [l, extent] : llvm::zip(equation.operands[i], shape))
            carried[i] |= l == int32_t(label) && extent == extents[label];
        }
        EXPECT_TRUE(kept || extents[label] == 1 || (carried[0] && carried[1]))
            << "label " << equation.labelNames[label] << " should have been summed before";
      }
  }
}

TEST(OrderContractions, PlanAndSteps) {
  Module m(
      einsumText({{"ij", {100, 200}}, {"jk", {200, 300}}, {"kl", {300, 50}}}, {"il", {100, 50}}));
  Plan plan;
  ASSERT_EQ(order(m, {}, std::nullopt, &plan), "");
  EXPECT_EQ(equationsOf(*m.module), (std::vector<std::string>{"jk,kl->jl", "ij,jl->il"}));
  EXPECT_EQ(plan.equation, "ij,jk,kl->il");
  EXPECT_EQ(plan.path, (std::vector<std::vector<int64_t>>{{1, 2}, {0, 1}}));
  EXPECT_EQ(plan.orderedBy, "dynamic programming (optimal)");
  EXPECT_EQ(plan.naiveScaling, 4);
  EXPECT_EQ(plan.optimizedScaling, 3);
  EXPECT_EQ(plan.naiveFlops, 9e8);
  EXPECT_EQ(plan.optimizedFlops, 8e6);
  EXPECT_EQ(plan.largestIntermediate, 1e4);
  ASSERT_EQ(plan.steps.size(), 2u);
  EXPECT_EQ(plan.steps[0].contraction, "jk,kl->jl");
  EXPECT_EQ(plan.steps[0].flops, 6e6);
  EXPECT_EQ(plan.steps[0].remaining, "ij,jl->il");
  EXPECT_EQ(plan.steps[1].contraction, "ij,jl->il");
  EXPECT_EQ(plan.steps[1].flops, 2e6);
  EXPECT_EQ(plan.steps[1].remaining, "il->il");
}

TEST(OrderContractions, OneAndTwoOperandsStayAsTheyAre) {
  for (const std::string &text :
       {einsumText({{"iij", {3, 3, 4}}}, {"j", {4}}),
        einsumText(
            {
                {"ij", {3, 1}, "f16"},
                {"jk", {4, 5}, "f16"},
            },
            {"ijk", {3, 4, 5}, "f16"}),
        einsumText({{"iij", {3, 3, 4}}, {"jk", {4, 5}}}, {"ik", {3, 5}})}) {
    Module m(text);
    std::string before = einsumsOf(*m.module)[0].getEquation().str();
    Plan plan;
    ASSERT_EQ(order(m, {}, std::nullopt, &plan), "");
    ASSERT_EQ(equationsOf(*m.module), std::vector<std::string>{before});
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(plan.steps[0].contraction, before);
    EXPECT_EQ(plan.path.size(), 1u);
  }
}

TEST(OrderContractions, SumsWhatOneOperandHasAlone) {
  Module m(einsumText({{"ij", {3, 4}}, {"jk", {4, 5}}}, {"k", {5}}));
  Plan plan;
  ASSERT_EQ(order(m, {}, std::nullopt, &plan), "");
  EXPECT_EQ(equationsOf(*m.module), (std::vector<std::string>{"ij->j", "j,jk->k"}));
  EXPECT_EQ(plan.path, (std::vector<std::vector<int64_t>>{{0, 1}}));
  EXPECT_EQ(plan.steps.size(), 2u);

  // j is 1 in the first operand: only the second has it to sum.
  Module broadcast(einsumText({{"ij", {3, 1}}, {"jk", {4, 5}}}, {"ik", {3, 5}}));
  ASSERT_EQ(order(broadcast), "");
  EXPECT_EQ(equationsOf(*broadcast.module), (std::vector<std::string>{"jk->k", "ij,k->ik"}));
}

TEST(OrderContractions, IntermediatesOfSmallFloatsAreF32) {
  for (std::string element : {"f16", "bf16"}) {
    Module m(einsumText({{"ij", {3, 4}, element}, {"jk", {4, 5}, element}, {"kl", {5, 6}, element}},
                        {"il", {3, 6}, element}));
    ASSERT_EQ(order(m), "");
    auto ops = einsumsOf(*m.module);
    ASSERT_EQ(ops.size(), 2u);
    EXPECT_TRUE(mlir::cast<mlir::RankedTensorType>(ops[0].getType()).getElementType().isF32());
    EXPECT_EQ(elementDType(ops[1].getType()), *parseDType(element));
  }
  Module mixed(einsumText({{"ij", {3, 4}, "i8"}, {"jk", {4, 5}, "f32"}, {"kl", {5, 6}, "i16"}},
                          {"il", {3, 6}, "f32"}));
  ASSERT_EQ(order(mixed), "");
  EXPECT_EQ(elementDType(einsumsOf(*mixed.module)[0].getType()), DType::f32);
}

TEST(OrderContractions, AxesAreInTheOrderTheNextStepReads) {
  // b is common to all (first), i is the intermediate's own, then j and k in the last operand's
  // order.
  Module m(
      einsumText({{"bij", {2, 3, 40}}, {"bik", {2, 3, 50}}, {"bkj", {2, 50, 40}}}, {"ib", {3, 2}}));
  OrderOptions options;
  options.method = OrderOptions::Method::Path;
  options.path = {{0, 1}, {0, 1}};
  ASSERT_EQ(order(m, options), "");
  EXPECT_EQ(equationsOf(*m.module), (std::vector<std::string>{"bij,bik->bikj", "bkj,bikj->ib"}));
}

TEST(OrderContractions, GivenPathsOfManyOperandsAStep) {
  Module m(
      einsumText({{"ij", {3, 4}}, {"jk", {4, 5}}, {"kl", {5, 6}}, {"lm", {6, 2}}}, {"im", {3, 2}}));
  OrderOptions options;
  options.method = OrderOptions::Method::Path;
  options.path = {{2}, {0, 1, 3}, {0, 1}};
  Plan plan;
  ASSERT_EQ(order(m, options, std::nullopt, &plan), "");
  checkOrdered(*m.module);
  EXPECT_EQ(einsumsOf(*m.module).size(), 3u);
  EXPECT_EQ(plan.path, options.path);

  // A step is ordered for what is left of it: l goes on, and makes k,kl the dearer contraction.
  Module group(einsumText({{"ij", {10, 10}}, {"jk", {10, 10}}, {"kl", {10, 1000}}, {"l", {1000}}},
                          {"i", {10}}));
  options.path = {{0, 1, 2}, {0, 1}};
  ASSERT_EQ(order(group, options), "");
  EXPECT_EQ(equationsOf(*group.module),
            (std::vector<std::string>{"ij,jk->ki", "kl,ki->li", "l,li->i"}));

  options.path = {{0, 4}};
  Module wrong(einsumText({{"ij", {3, 4}}, {"jk", {4, 5}}}, {"ik", {3, 5}}));
  EXPECT_EQ(order(wrong, options),
            "the path's step 1 names operand 4, but there are 2 operands then (numbered from 0)");
}

TEST(OrderContractions, MemoryLimit) {
  std::string text =
      einsumText({{"ia", {10, 4}}, {"ja", {20, 4}}, {"ka", {30, 4}}}, {"ijk", {10, 20, 30}});
  // The result is 24000 bytes; the smallest intermediate is ija, 3200 bytes.
  Module fits(text), tooSmall(text), noResult(text);
  EXPECT_EQ(order(fits, {}, 27200), "");
  EXPECT_EQ(order(tooSmall, {}, 27199), "no order of contractions keeps every intermediate within "
                                        "799 elements, the memory limit; the order "
                                        "that needs least has an intermediate of 800 elements");
  EXPECT_EQ(order(noResult, {}, 23999),
            "the result takes 24000 bytes, more than the memory limit of 23999");
  Module sum(einsumText({{"ijk", {10, 20, 2}}, {"jl", {20, 2}}}, {"jl", {20, 2}}));
  EXPECT_EQ(order(sum, {}, 239), "the contraction ijk->j makes an intermediate of 80 bytes, more "
                                 "than the memory limit of 239 leaves "
                                 "beside the result");
}

TEST(OrderContractions, RefusesIntermediatesThatNoMemoryHolds) {
  int64_t large = int64_t(1) << 40;
  Module m(einsumText({{"a", {large}}, {"b", {large}}, {"abc", {1, 1, 2}}}, {"c", {2}}));
  EXPECT_EQ(order(m), ""); // both vectors are summed first
  Module outer(
      einsumText({{"ac", {large, 1}}, {"bc", {large, 1}}, {"ab", {1, 1}}, {"cab", {0, 1, 1}}},
                 {"abc", {large, large, 0}}));
  OrderOptions options;
  options.method = OrderOptions::Method::Path;
  options.path = {{0, 1}, {0, 1}, {0, 1}};
  EXPECT_EQ(order(outer, options),
            "the contraction ac,bc->ab makes an intermediate of 2^63 bytes or more");
}

TEST(OrderContractions, ThousandOperandsInBoundedTime) {
  std::vector<Operand> operands;
  auto label = [](size_t i) { return "{l" + std::to_string(i) + "}"; };
  for (size_t i = 0; i < 1000; ++i)
    operands.push_back({label(i) + label(i + 1), {4, 4}});
  Module m(einsumText(operands, {label(0) + label(1000), {4, 4}}));
  Plan plan;
  auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(order(m, {}, std::nullopt, &plan), "");
  auto time = std::chrono::steady_clock::now() - start;
  EXPECT_LT(time, std::chrono::seconds(20)) << "a bound against blow-up, far above what it takes";
  RecordProperty("milliseconds",
                 int(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  checkOrdered(*m.module);
  EXPECT_EQ(plan.steps.size(), 999u);
  size_t characters = 0;
  for (const PlanStep &step : plan.steps)
    characters += step.remaining.size();
  EXPECT_LT(characters, 100000u);
  EXPECT_EQ(plan.steps[0].remaining, "(999 operands)->{l0}{l1000}");
}

/// Random einsums of small integers: any order gives the same bits. Labels repeat inside operands,
/// operands lack labels, axes are broadcast, extents are 0 and 1 too.
TEST(OrderContractions, AnyOrderGivesTheSameBits) {
  std::mt19937_64 random(7);
  auto below = [&](size_t n) { return size_t(random() % n); };
  const std::vector<std::pair<std::vector<std::string>, std::string>> elementTypes = {
      {{"i64"}, "i64"},        {{"i8"}, "i8"},
      {{"ui16"}, "ui16"},      {{"i1"}, "i1"},
      {{"f32"}, "f32"},        {{"i8", "f32", "i1"}, "f32"},
      {{"f16"}, "f16"},        {{"bf16", "i8"}, "bf16"},
      {{"f64", "i32"}, "f64"}, {{"f32", "complex<f32>"}, "complex<f32>"}};
  int rewritten = 0;
  for (int trial = 0; trial < 400; ++trial) {
    size_t numLabels = 1 + below(6);
    std::vector<int64_t> extents;
    for (size_t l = 0; l < numLabels; ++l)
      extents.push_back(int64_t(below(20) == 0 ? 0 : 1 + below(3)));
    const auto &[types, resultType] = elementTypes[below(elementTypes.size())];
    std::vector<Operand> operands;
    std::vector<bool> carried(numLabels, false);
    for (size_t i = 0, n = 1 + below(5); i < n; ++i) {
      Operand operand{"", {}, types[below(types.size())]};
      std::vector<int64_t> here(numLabels, -1);
      for (size_t axis = 0, rank = below(4); axis < rank; ++axis) {
        size_t l = below(numLabels);
        if (here[l] < 0)
          here[l] = below(5) == 0 ? 1 : extents[l];
        carried[l] = carried[l] || here[l] == extents[l];
        operand.labels += char('a' + l);
        operand.shape.push_back(here[l]);
      }
      operands.push_back(operand);
    }
    // One of the types must be the result's, so that the types promote to it.
    operands[below(operands.size())].element = resultType;
    Operand output{"", {}, resultType};
    for (size_t l = 0; l < numLabels; ++l)
      if (carried[l] && below(3) == 0) {
        output.labels.insert(output.labels.begin() + below(output.labels.size() + 1),
                             char('a' + l));
      }
    for (char c : output.labels)
      output.shape.push_back(extents[size_t(c - 'a')]);

    std::string text = einsumText(operands, output);
    SCOPED_TRACE(text);
    Module plain(text), ordered(text);
    ASSERT_TRUE(plain.module && ordered.module);
    OrderOptions options;
    if (trial % 3 == 0)
      options.method = OrderOptions::Method::Greedy;
    if (trial % 3 == 1) { // a random path of one to three operands a step
      options.method = OrderOptions::Method::Path;
      for (size_t left = operands.size(); left > 1 || options.path.empty();) {
        std::set<int64_t> step;
        for (size_t wanted = std::min(left, 1 + below(3)); step.size() < wanted;)
          step.insert(int64_t(below(left)));
        left -= step.size() - 1;
        options.path.emplace_back(step.begin(), step.end());
      }
    }
    Plan plan;
    ASSERT_EQ(order(ordered, options, std::nullopt, &plan), "");
    checkOrdered(*ordered.module);
    auto equations = equationsOf(*ordered.module);
    rewritten += equations.size() > 1;
    ASSERT_EQ(plan.steps.size(), equations.size());
    for (size_t i = 0; i < equations.size(); ++i)
      EXPECT_EQ(plan.steps[i].contraction, equations[i]);

    // Values 0 to 2: every sum is exact in every type, or wraps.
    std::vector<Tensor> inputs;
    for (const Operand &operand : operands) {
      Module cast("func.func @main(%a: " + typeOf(operand.shape, "i8") + ") -> " +
                  typeOf(operand.shape, operand.element) + " { %r = ricci.cast %a : " +
                  typeOf(operand.shape, "i8") + " -> " + typeOf(operand.shape, operand.element) +
                  " return %r : " + typeOf(operand.shape, operand.element) + " }");
      Tensor small = Tensor::allocate(DType::i8, operand.shape).value();
      for (int64_t i = 0; i < small.size(); ++i)
        small.data<int8_t>()[i] = int8_t(below(3));
      DType dtype =
          elementDType(cast.module->lookupSymbol<mlir::func::FuncOp>("main").getResultTypes()[0]);
      inputs.push_back(run(*cast.module, {small}, dtype, operand.shape));
    }
    DType dtype =
        elementDType(plain.module->lookupSymbol<mlir::func::FuncOp>("main").getResultTypes()[0]);
    Tensor expected = run(*plain.module, inputs, dtype, output.shape);
    Tensor actual = run(*ordered.module, inputs, dtype, output.shape);
    ASSERT_EQ(std::string(expected.data<char>(), size_t(expected.size()) * itemSize(dtype)),
              std::string(actual.data<char>(), size_t(actual.size()) * itemSize(dtype)));
  }
  EXPECT_GT(rewritten, 200);
}

} // namespace
} // namespace ricci::test
