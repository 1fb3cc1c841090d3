//===- compiler_options_test.cpp - options of one compilation ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_interface.h"

#include <gtest/gtest.h>

#include <set>

using namespace ricci;

TEST(CompileOptions, EveryFieldIsInTheKey) {
  std::vector<CompileOptions> all(17);
  all[1].device = DeviceKind::Reference;
  all[2].cpu = "x86-64-v3";
  all[3].order.method = OrderOptions::Method::Greedy;
  all[4].order.seconds = 0.5;
  all[5].order.method = OrderOptions::Method::Path;
  all[6].order.method = OrderOptions::Method::Path;
  all[6].order.path = {{0, 1}, {0, 1}};
  all[7].order.method = OrderOptions::Method::Path;
  all[7].order.path = {{0, 1, 0}, {1}};
  all[8].memoryLimit = 0;
  all[9].memoryLimit = 1;
  all[10].outputStrides = {{1, 2}};
  all[11].outputStrides = {{1}, {2}};
  all[12].accumulate = true;
  all[13].printIrAfter = "all";
  all[14].device = DeviceKind::Cuda;
  all[15].device = Device(DeviceKind::Cuda, 1);
  all[16].device = DeviceKind::Cuda;
  all[16].arch = "sm_90a";
  std::set<std::string> keys;
  for (const CompileOptions &options : all)
    keys.insert(options.key());
  EXPECT_EQ(keys.size(), all.size());
  EXPECT_EQ(CompileOptions().key(), all[0].key());

  // A path counts only where it is used.
  CompileOptions unused;
  unused.order.path = {{0, 1}};
  EXPECT_EQ(unused.key(), all[0].key());
}

TEST(CompileOptions, Stages) {
  EXPECT_EQ(parseStage("ast"), Stage::Ast);
  EXPECT_EQ(parseStage("tensor"), Stage::Tensor);
  EXPECT_EQ(parseStage("ordered"), Stage::Ordered);
  EXPECT_EQ(parseStage("kernels"), Stage::Kernels);
  EXPECT_EQ(parseStage("loops"), Stage::Loops);
  EXPECT_EQ(parseStage("llvm"), Stage::Llvm);
  EXPECT_EQ(parseStage("asm"), Stage::Asm);
  EXPECT_EQ(parseStage("obj"), Stage::Obj);
  EXPECT_EQ(parseStage("cuda"), Stage::Cuda);
  EXPECT_EQ(parseStage("ptx"), Stage::Ptx);
  EXPECT_EQ(parseStage("cubin"), Stage::Cubin);
  EXPECT_EQ(stageName(Stage::Cubin), "cubin");
  EXPECT_EQ(stageNames(),
            "ast, tensor, ordered, kernels, loops, llvm, asm, obj, cuda, ptx and cubin");
  EXPECT_FALSE(parseStage(""));
  EXPECT_FALSE(parseStage("AST"));
  EXPECT_FALSE(parseStage("llvm "));
}
