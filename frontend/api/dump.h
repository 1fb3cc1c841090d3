//===- dump.h - RICCI_DUMP_TO ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "runtime/compiler_interface.h"

namespace ricci::detail {

/// Whether RICCI_DUMP_TO names a folder. Nothing comes from a cache then.
bool dumpsStages();

/// Writes every stage of the program's compilation into a numbered folder of its own below that.
/// The first failure to do so in a process is a warning.
void dumpStages(CompilerInterface &compiler, const Program &program, CompileOptions options);

} // namespace ricci::detail
