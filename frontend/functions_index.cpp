//===- functions_index.cpp - indexing ===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

namespace ricci {

Expected<Value> indexInto(ProgramBuilder &, const Value &, const std::vector<Value> &, Span) {
  return inputError("indexing is not in the language");
}

} // namespace ricci
