//===- nvrtc_contract_test.cpp - kernels of contractions to machine code -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels that are tuned keep all in registers on every architecture, and what the emulator
// does in its own way is PTX that is accepted.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/nvrtc.h"
#include "tests/cuda/contractions.h"
#include "tests/cuda/emit_harness.h"

#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::HasSubstr;

class NvrtcContract : public testing::Test {
protected:
  void SetUp() override {
    Expected<const Nvrtc *> found = Nvrtc::get();
    if (!found)
      GTEST_SKIP() << found.error().message;
    nvrtc_ = *found;
  }

  /// PTX of the last architecture.
  std::string compile(const std::string &text, const std::string &title, EmitOptions options,
                      std::vector<const char *> architectures = {"sm_90a"}) {
    std::string ptx;
    for (const char *arch : architectures) {
      options.arch = arch;
      auto kernels = emittedKernels(text, options);
      EXPECT_EQ(kernels.size(), 1u);
      EXPECT_EQ(kernels.front().title, title) << arch;
      auto target = resolveCudaTarget(arch);
      auto binary = nvrtc_->compile(kernels.front().source, kernels.front().name, *target);
      if (!binary) {
        ADD_FAILURE() << binary.error().message;
        return "";
      }
      EXPECT_EQ(binary->spillBytes, 0) << title << " " << arch;
      EXPECT_EQ(binary->stackBytes, 0) << title << " " << arch;
      if (binary->arch.starts_with("sm_")) {
        EXPECT_LE(binary->registers, 65536 / 256) << title << " " << arch;
      }
      ptx = binary->ptx;
    }
    return ptx;
  }

  const Nvrtc *nvrtc_ = nullptr;
};

/// The largest tiles, in sizes that vectors divide and others, with operands in either order.
TEST_F(NvrtcContract, TunedKernelsKeepAllInRegisters) {
  struct Case {
    const char *type, *title;
    bool tf32;
    std::vector<const char *> architectures;
    std::vector<std::string> instructions;
  };
  const std::vector<const char *> all = {"sm_80", "sm_120", "sm_90a"}, but90 = {"sm_80", "sm_120"},
                                  only90 = {"sm_90a"};
  const Case cases[] = {
      {"f32", "contract f32 128x128x8", false, all, {"cp.async.cg.shared.global", "fma.rn.f32"}},
      {"f16",
       "contract f16 128x128x32",
       false,
       but90,
       {"cp.async.cg.shared.global", "ldmatrix.sync.aligned.m8n8.x4",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"}},
      {"bf16",
       "contract bf16 128x128x32",
       false,
       but90,
       {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"}},
      {"f16",
       "contract f16 128x256x64",
       false,
       only90,
       {"cp.async.cg.shared.global", "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16"}},
      {"bf16",
       "contract bf16 128x256x64",
       false,
       only90,
       {"wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16"}},
      {"f64",
       "contract f64 64x64x16",
       false,
       {"sm_80"},
       {"cp.async.cg.shared.global", "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64"}},
      {"f64",
       "contract f64 64x64x16",
       false,
       {"sm_120", "sm_90a"},
       {"mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64"}},
      {"f32",
       "contract f32 tf32 128x128x16",
       true,
       but90,
       {"cvt.rna.tf32.f32", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"}},
      {"f32",
       "contract f32 tf32 256x128x32",
       true,
       only90,
       {"wgmma.mma_async.sync.aligned.m64n128k8.f32.tf32.tf32"}},
  };
  for (const Case &c : cases) {
    EmitOptions options;
    options.emit.allowTf32 = c.tf32;
    for (int order : {0, 3}) {
      std::string ptx = compile(product(order, 4096, 4096, 4096, c.type, c.type), c.title, options,
                                c.architectures);
      for (const std::string &instruction : c.instructions)
        EXPECT_THAT(ptx, HasSubstr(instruction));
    }
    const std::vector<const char *> last = {c.architectures.back()};
    std::string odd = c.title;
    // Elements that are no vectors pass registers.
    if (size_t at = odd.find("128x256x64"); at != std::string::npos)
      odd.replace(at, 10, "128x128x64");
    compile(product(1, 4001, 4003, 1001, c.type, c.type), odd, options, last);
    compile(productAndEpilogue(4096, 4096, 512, c.type), c.title + std::string(" + epilogue"),
            options, last);
  }
}

/// Smaller tiles, and indices of 64 bits.
TEST_F(NvrtcContract, OtherTiles) {
  EmitOptions options;
  options.emit.processors = 1;
  compile(product(0, 64, 64, 64, "f32", "f32"), "contract f32 64x64x16", options);
  compile(product(2, 64, 64, 64, "f16", "f32"), "contract f16 f16 f32 64x64x64", options);
  compile(product(0, 32, 32, 64, "f64", "f64"), "contract f64 32x32x16", options);
  compile(product(0, 64, 64, 64, "complex<f32>", "complex<f32>"), "contract c64 64x64x8", options);
  compile(product(0, 32, 32, 64, "complex<f64>", "complex<f64>"), "contract c128 32x32x8", options);
  options.emit.wideIndices = true;
  compile(product(1, 64, 64, 64, "f32", "f32"), "contract f32 64x64x16", options);
  compile(product(2, 64, 64, 64, "bf16", "bf16"), "contract bf16 64x64x64", options);
}

/// An operand that is computed passes registers on its way.
TEST_F(NvrtcContract, ComputedOperandsKeepAllInRegisters) {
  struct Case {
    const char *type, *arch, *title;
  };
  for (const Case &c : {Case{"f32", "sm_80", "contract f32 128x128x8 + prologue"},
                        Case{"f32", "sm_120", "contract f32 128x128x8 + prologue"},
                        Case{"f16", "sm_80", "contract f16 128x128x32 + prologue"},
                        Case{"bf16", "sm_120", "contract bf16 128x128x32 + prologue"},
                        Case{"f16", "sm_90a", "contract f16 128x128x64 + prologue"},
                        Case{"f64", "sm_90a", "contract f64 64x64x16 + prologue"}})
    for (bool second : {false, true})
      for (int order : {0, 3})
        compile(second ? computedProduct(order, second, 256, 16384, 1024, "i8", c.type)
                       : computedProduct(order, second, 16384, 256, 1024, "i8", c.type),
                c.title, EmitOptions(), {c.arch});
}

} // namespace
} // namespace ricci::test
