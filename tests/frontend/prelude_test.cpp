//===- prelude_test.cpp - functions that are written in the language -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/prelude.h"
#include "tests/frontend/program_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace ricci;
using namespace ricci::test;

namespace {

Program::Node resultOf(const std::string &text, Specs specs) {
  Program p = programOf(text, specs).value();
  return p.nodes[size_t(p.results.at(0))];
}

TEST(Prelude, HoldsDefinitionsAlone) {
  for (const Statement &statement : preludeSyntax().statements)
    EXPECT_EQ(statement.kind, Statement::Def);
  EXPECT_EQ(preludeSyntax().definitions.size(), 10u);
  EXPECT_EQ(preludeText(), preludeSyntax().source);
}

TEST(Prelude, KeepsTypesAndShapes) {
  for (const char *name :
       {"softmax", "log_softmax", "sigmoid", "gelu", "silu", "layer_norm", "rms_norm", "relu"})
    for (const char *type : {"f16[2,3]", "f32[2,3]", "f64[2,3]"})
      EXPECT_EQ(resultOf(fmt::format("{}(x)", name), {{"x", type}}).type.str(), type) << name;
  for (const char *name : {"softmax", "log_softmax", "relu"})
    EXPECT_EQ(resultOf(fmt::format("{}(x)", name), {{"x", "bf16[2,3]"}}).type.str(), "bf16[2,3]");
  auto logsumexp = [](const char *arguments) {
    return resultOf(fmt::format("logsumexp(x{})", arguments), {{"x", "f32[2,3,4]"}}).type.str();
  };
  EXPECT_EQ(logsumexp(""), "f32[]");
  EXPECT_EQ(logsumexp(", axis=-1"), "f32[2,3]");
  EXPECT_EQ(logsumexp(", (0, 2)"), "f32[3]");
  EXPECT_EQ(logsumexp(", axis=1, keepdims=True"), "f32[2,1,4]");
  Specs specs = {{"q", "f32[2,5,4]"}, {"k", "f32[2,7,4]"}, {"v", "f32[2,7,3]"},
                 {"b", "b1[5,7]"},    {"m", "f32[5,7]"},   {"g", "f32[4]"}};
  for (const char *text : {"attention(q, k, v)", "attention(q, k, v, b)", "attention(q, k, v, m)",
                           "attention(q, k, v, scale=0.5)", "attention(q, k, v, mask=m, scale=1)"})
    EXPECT_EQ(resultOf(text, specs).type.str(), "f32[2,5,3]") << text;
  for (const char *text : {"layer_norm(q, g)", "layer_norm(q, g, g)", "rms_norm(q, g, eps=1e-3)",
                           "layer_norm(q, h=g, eps=1e-3)", "layer_norm(q, axis=(1, 2))"})
    EXPECT_EQ(resultOf(text, specs).type.str(), "f32[2,5,4]") << text;
}

TEST(Prelude, IsWrittenInTheLanguage) {
  Specs specs = {{"x", "f32[2,3]"}};
  std::string own(preludeText());
  for (const char *text :
       {"softmax(x)", "logsumexp(x, axis=0)", "silu(x)", "layer_norm(x)", "attention(x, x, x)"})
    EXPECT_EQ(programOf(own + text, specs).value().key(), programOf(text, specs).value().key());
}

TEST(Prelude, ProgramsDoNotReachIntoIt) {
  Specs specs = {{"x", "f32[2,3]"}};
  EXPECT_EQ(programOf("exp = max = sum = 1\ny = 2\nsoftmax(x)", specs).value().key(),
            programOf("softmax(x)", specs).value().key());
  EXPECT_EQ(programOf("def sigmoid(x): return 0\nsilu(x)", specs).value().key(),
            programOf("silu(x)", specs).value().key());
  EXPECT_EQ(textOf("def softmax(x): return x\nsoftmax(x)", specs), "return %0\n");
}

TEST(Prelude, ErrorsPointAtTheCall) {
  Specs specs = {{"x", "f32[2,3]"}};
  EXPECT_EQ(textOf("1 + softmax(x, axis=2)", specs),
            "in softmax: axis 2 is out of bounds for an array of dimension 2\n"
            "  1 + softmax(x, axis=2)\n      ^~~~~~~");
  EXPECT_EQ(textOf("silu('x')", specs).substr(0, 9), "in silu: ");
  EXPECT_EQ(textOf("softmax(x, 1, 2)", specs), "softmax takes 2 arguments, not 3\n"
                                               "  softmax(x, 1, 2)\n                ^");
  EXPECT_EQ(textOf("softmax(x, dim=1)", specs), "softmax has no argument 'dim'\n"
                                                "  softmax(x, dim=1)\n                 ^");
  // Nodes, too, are where the call is.
  Program p = programOf("1 + softmax(x)", specs).value();
  for (const Program::Node &node : p.nodes)
    EXPECT_LE(node.span.end, p.source.size());
}

} // namespace
