//===- build_id.h - which build of Ricci this is ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>

namespace ricci {

/// The linker's build id of an ELF file, in hexadecimal; for a file without one, its size, time of
/// modification and number. Empty where it cannot be read.
std::string fileIdentity(const std::string &path);

/// Of the libricci that runs and the libricci_compiler that it would load (which is not loaded for
/// it): what one build has compiled, another must not run. Empty where either cannot be read.
const std::string &buildIdentity();

/// Whether the file of libricci_compiler is still the one that `buildIdentity` has seen.
bool compilerIsUnchanged();

} // namespace ricci
