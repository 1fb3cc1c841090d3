//===- nvrtc_attention_test.cpp - kernels of attention to machine code ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/nvrtc.h"
#include "tests/cuda/attentions.h"
#include "tests/cuda/emit_harness.h"

#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::HasSubstr;

/// Nothing leaves the registers, and two blocks of 128 threads have a multiprocessor.
TEST(NvrtcAttention, KeepsAllInRegisters) {
  Expected<const Nvrtc *> nvrtc = Nvrtc::get();
  if (!nvrtc)
    GTEST_SKIP() << nvrtc.error().message;
  AttentionCase causal{"f16", 64, 1000, 1000, 64, 64};
  causal.arguments = ", %bias: tensor<1000xT>";
  causal.logits = R"(%1 = ricci.elementwise add(%s, %bias) : (S, tensor<1000xT>) -> S
  %i = ricci.iota : tensor<1000xi64>
  %i1 = ricci.reshape %i : tensor<1000xi64> -> tensor<1000x1xi64>
  %2 = ricci.elementwise greater_equal(%i1, %i) : (tensor<1000x1xi64>, tensor<1000xi64>) -> tensor<1000x1000xi1>
  %inf = ricci.constant dense<0xFC00> : tensor<T>
  %t = ricci.elementwise where(%2, %1, %inf) : (tensor<1000x1000xi1>, S, tensor<T>) -> S
)";
  const AttentionCase cases[] = {
      {"f16", 64, 1024, 1024, 64, 64},
      {"bf16", 64, 1024, 1024, 128, 128},
      {"f16", 64, 1000, 1000, 33, 70},
      {"bf16", 1, 64, 64, 64, 64},
      {"f16", 64, 1000, 1000, 128, 16},
      causal,
      [&] {
        AttentionCase wide = causal;
        wide.depth = wide.columns = 128;
        return wide;
      }(),
  };
  for (const AttentionCase &c : cases) {
    for (const char *arch : {"sm_80", "sm_90a", "sm_120"}) {
      EmitOptions options;
      options.arch = arch;
      auto kernels = emittedKernels(attention(c), options);
      ASSERT_EQ(kernels.size(), 1u);
      const CudaKernel &kernel = kernels.front();
      EXPECT_THAT(kernel.title, HasSubstr("attention"));
      auto binary = (*nvrtc)->compile(kernel.source, kernel.name, *resolveCudaTarget(arch));
      ASSERT_TRUE(binary) << binary.error().message;
      EXPECT_EQ(binary->spillBytes, 0)
          << kernel.title << " " << arch << " of " << c.depth << " " << c.columns;
      EXPECT_EQ(binary->stackBytes, 0)
          << kernel.title << " " << arch << " of " << c.depth << " " << c.columns;
      EXPECT_THAT(binary->ptx, HasSubstr("ex2.approx.ftz.f32"));
      bool byGroups = arch == std::string("sm_90a");
      EXPECT_THAT(binary->ptx,
                  HasSubstr(byGroups ? "wgmma.mma_async.sync.aligned.m64n"
                                     : "mma.sync.aligned.m16n8k16.row.col.f32." + c.type));
    }
  }
}

} // namespace
} // namespace ricci::test
