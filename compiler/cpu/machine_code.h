//===- machine_code.h - target machines ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"

#include "llvm/Target/TargetMachine.h"

namespace ricci {

inline constexpr char kTriple[] = "x86_64-unknown-linux-gnu";

/// A target machine for one thread's use. Making one costs as much as a small kernel, so they go
/// back to a pool.
class TargetMachineLease {
public:
  explicit TargetMachineLease(const Target &target);
  ~TargetMachineLease();
  TargetMachineLease(const TargetMachineLease &) = delete;
  TargetMachineLease &operator=(const TargetMachineLease &) = delete;

  llvm::TargetMachine &operator*() { return *machine_; }
  llvm::TargetMachine *operator->() { return machine_.get(); }

private:
  std::string key_;
  std::unique_ptr<llvm::TargetMachine> machine_;
};

} // namespace ricci
