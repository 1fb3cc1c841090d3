//===- nvrtc_test.cpp - texts to machine code ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/nvrtc.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace ricci::test {
namespace {

const std::string kSource = R"(
extern "C" __global__ void __launch_bounds__(128) k(float *x, float y) {
  x[threadIdx.x] = x[threadIdx.x] * y + 1;
}
)";

/// Of this machine; a test without one is skipped.
const Nvrtc *nvrtc() {
  Expected<const Nvrtc *> found = Nvrtc::get();
  return found ? *found : nullptr;
}

#define NEEDS_NVRTC()                                                                              \
  if (!nvrtc())                                                                                    \
  GTEST_SKIP() << Nvrtc::get().error().message

TEST(Nvrtc, IsFoundOrSaysWhere) {
  Expected<const Nvrtc *> found = Nvrtc::get();
  if (found) {
    EXPECT_NE((*found)->path().find("libnvrtc.so"), std::string::npos);
    EXPECT_GE(std::atoi((*found)->version().c_str()), 12);
  } else {
    EXPECT_EQ(found.error().kind, ErrorKind::Machine);
    EXPECT_NE(found.error().message.find("RICCI_NVRTC"), std::string::npos);
  }
}

TEST(Nvrtc, MakesACubin) {
  NEEDS_NVRTC();
  auto binary = nvrtc()->compile(kSource, "k", resolveCudaTarget("sm_90a").value());
  ASSERT_TRUE(binary) << binary.error().message;
  EXPECT_EQ(binary->arch, "sm_90a");
  EXPECT_EQ(binary->image.substr(1, 3), "ELF");
  EXPECT_NE(binary->ptx.find(".target sm_90a"), std::string::npos);
  EXPECT_GT(binary->registers, 0);
  EXPECT_EQ(binary->spillBytes, 0);
  // A product and a sum of the text stay two roundings.
  EXPECT_EQ(binary->ptx.find("fma"), std::string::npos);
  EXPECT_NE(binary->ptx.find("mul"), std::string::npos);
}

TEST(Nvrtc, MakesPtxForWhatItDoesNotKnow) {
  NEEDS_NVRTC();
  auto binary = nvrtc()->compile(kSource, "k", {"sm_999", 999});
  ASSERT_TRUE(binary) << binary.error().message;
  EXPECT_EQ(binary->arch.substr(0, 8), "compute_");
  EXPECT_EQ(binary->image, binary->ptx);
}

TEST(Nvrtc, TellsWhatIsWrong) {
  NEEDS_NVRTC();
  auto binary = nvrtc()->compile("extern \"C\" __global__ void k() { nothing(); }", "k",
                                 resolveCudaTarget("sm_80").value());
  ASSERT_FALSE(binary);
  EXPECT_EQ(binary.error().kind, ErrorKind::Internal);
  EXPECT_NE(binary.error().message.find("k.cu(1): error: identifier \"nothing\" is undefined"),
            std::string::npos)
      << binary.error().message;
}

TEST(Nvrtc, ReadsRegistersAndSpills) {
  CudaBinary binary;
  readResources("ptxas info    : 0 bytes gmem\n"
                "    16 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads\n"
                "ptxas info    : Used 255 registers, used 1 barriers\n"
                "ptxas info    : Used 32 registers",
                binary);
  EXPECT_EQ(binary.registers, 255);
  EXPECT_EQ(binary.spillBytes, 20);
  EXPECT_EQ(binary.stackBytes, 16);
}

} // namespace
} // namespace ricci::test
