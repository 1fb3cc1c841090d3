//===- kernel_harness.h - MLIR text at the loops stage to a loaded kernel ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"
#include "runtime/image.h"

namespace ricci::test {

/// The target of a name that must be valid.
const Target &targetOf(const std::string &cpu);
/// Those of x86-64, -v2, -v3, -v4 and native that this machine can run.
std::vector<std::string> runnableCpus();

Expected<std::string> compileObject(const std::string &loops, const Target &target);
Expected<std::string> compileAssembly(const std::string &loops, const Target &target);
Expected<std::shared_ptr<const Kernel>> compileKernel(const std::string &loops,
                                                      const Target &target);

/// Wraps a body in a function with the entry's signature. `buffers` are element types; the
/// arguments are %b0, %b1, …, %desc, %work, %begin and %end.
std::string entry(const std::vector<std::string> &buffers, const std::string &body);

} // namespace ricci::test
