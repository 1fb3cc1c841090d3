//===- python_arithmetic.h - operators on numbers that are known -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/value.h"

#include <string_view>

namespace ricci {

/// `left op right` as Python computes it on its numbers (True counts as 1). Errors: what Python
/// raises, and an integer beyond 64 bits.
Expected<Value> pythonBinary(std::string_view op, const Value &left, const Value &right);
Expected<Value> pythonUnary(std::string_view op, const Value &operand);

} // namespace ricci
