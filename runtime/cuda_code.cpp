//===- cuda_code.cpp - kernels of CUDA devices --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_code.h"

#include <fmt/format.h>

namespace ricci {
namespace {

class CudaKernelCode final : public Kernel {
public:
  CudaKernelCode(std::string key, CudaCode code) : key_(std::move(key)), code_(std::move(code)) {}

  KernelFn entry() const override { return nullptr; }
  const std::string &key() const override { return key_; }
  size_t codeBytes() const override { return code_.image.size(); }
  const uint8_t *code() const override {
    return reinterpret_cast<const uint8_t *>(code_.image.data());
  }
  const CudaCode *cuda() const override { return &code_; }

private:
  std::string key_;
  CudaCode code_;
};

} // namespace

std::shared_ptr<const Kernel> makeCudaKernel(std::string key, CudaCode code) {
  return std::make_shared<CudaKernelCode>(std::move(key), std::move(code));
}

std::string cudaKernelKey(const std::string &title, const std::string &arch,
                          const std::string &compiler, const std::string &source) {
  return fmt::format("cuda {} {}|NVRTC {}\n{}", title, arch, compiler, source);
}

bool isCudaKernelKey(std::string_view key) { return key.starts_with("cuda "); }

} // namespace ricci
