//===- functions_shape.cpp - shapes of tensors ===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

namespace ricci {

std::span<const FunctionEntry> shapeFunctions() { return {}; }

} // namespace ricci
