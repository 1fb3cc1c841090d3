//===- prebuilt.h - the functions that were compiled at build time --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/codegen.h"

namespace ricci {

/// Sorted by level and name.
llvm::ArrayRef<PrebuiltFunction> prebuiltFunctions();

} // namespace ricci
