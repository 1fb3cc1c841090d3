//===- object_entry.h - a program as one function of an object file ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Executable::run does, as LLVM IR: for each launch, its buffers and descriptor, and the call
// of its kernel. docs/ahead_of_time.md shows the function from outside.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"
#include "runtime/executable.h"

#include "llvm/IR/Module.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ricci {

/// A number that may depend on the size argument n:
/// `add` + `mul` * min(`cap`, ceil((`factor` * n + `offset`) / `divisor`)).
struct SizeTerm {
  int64_t add = 0, mul = 0, factor = 0, offset = 0, divisor = 1, cap = INT64_MAX;

  static SizeTerm of(int64_t constant) { return {constant}; }
  bool isConstant() const { return mul == 0; }
  int64_t at(int64_t size) const {
    int64_t value = factor * size + offset;
    return add + mul * std::min(cap, value / divisor + (value % divisor != 0));
  }
};

struct ObjectBuffer {
  BufferRef::Kind kind{};
  int64_t index = 0;
  SizeTerm byteOffset;
};

/// As runtime/executable.h has it; the kernel is a function of the variant's module.
struct ObjectLaunch {
  std::string kernel;
  std::vector<ObjectBuffer> buffers;
  std::vector<SizeTerm> descriptor;
  SizeTerm tasks;
  int64_t tasksPerWorker = 1;
};

/// A program for one CPU.
struct ObjectVariant {
  const Target *target = nullptr;
  std::unique_ptr<llvm::Module> kernels; ///< null where nothing is launched
  std::vector<ObjectLaunch> launches;
  std::vector<std::vector<uint8_t>> constants;
  SizeFormula arenaBytes, workerBytes; ///< multiples of 64
};

/// An object with the function that `options` describes, for `inputs` and `outputs` pointers. The
/// variants' modules are in `context`. The first variant that the machine can run is run.
Expected<std::string> emitProgramObject(llvm::LLVMContext &context,
                                        std::vector<ObjectVariant> variants, size_t inputs,
                                        size_t outputs, const ObjectOptions &options);

/// Adds a function without arguments that returns the position of the first of `targets` that the
/// machine offers, or their number where it offers none. It asks the CPU once.
llvm::Function *emitDispatch(llvm::Module &module, const std::string &name,
                             llvm::ArrayRef<const Target *> targets);

/// What code for the target may use and this machine lacks: "avx512f, avx512bw"; empty: nothing.
std::string lackingFeatures(const Target &target);

/// Marks a function as code for every x86-64 CPU.
void setBaseline(llvm::Function &function);

} // namespace ricci
