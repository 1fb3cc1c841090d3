//===- compiler_loader.h - loading libricci_compiler ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/compiler_interface.h"

namespace ricci {

/// Loads a compiler from `path`. The library stays loaded for good: its code and vtables live on in
/// whatever it made.
Expected<CompilerInterface *> loadCompilerFrom(const std::string &path);

/// The library, or program, that holds this code.
Expected<std::string> libraryPath();
/// libricci_compiler.so in the same folder, whether it exists or not.
Expected<std::string> compilerPath();

} // namespace ricci
