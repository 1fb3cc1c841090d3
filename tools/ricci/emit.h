//===- emit.h - --emit ------------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/ricci/options.h"

namespace ricci::driver {

/// Prints stages of a compilation, to stdout or to the file `output`. Several stages are each
/// headed by `// ----- name -----`. Gives the exit code.
int emitStages(const Program &program, const CompileFlags &flags, const std::vector<Stage> &stages,
               const std::string &output);

} // namespace ricci::driver
