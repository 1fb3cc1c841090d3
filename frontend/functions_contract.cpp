//===- functions_contract.cpp - contractions of tensors ===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

namespace ricci {

std::span<const FunctionEntry> contractionFunctions() { return {}; }

Expected<Value> matmulOperator(ProgramBuilder &, Span, Span, const Value &, const Value &) {
  return inputError("'@' is not in the language");
}

} // namespace ricci
