//===- function_kernel.h - a kernel that is a function of the test --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

class FunctionKernel final : public ricci::Kernel {
public:
  explicit FunctionKernel(ricci::KernelFn fn) : fn_(fn) {}
  ricci::KernelFn entry() const override { return fn_; }
  const std::string &key() const override { return key_; }
  size_t codeBytes() const override { return 0; }

private:
  ricci::KernelFn fn_;
  std::string key_ = "function";
};
