//===- power.h - powers, with NumPy's short cuts -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/function_table.h"

namespace ricci {

/// base ** exponent, of which one at least is a tensor.
Expected<Value> powerOperator(ProgramBuilder &builder, Span opSpan, Span span, const Value &base,
                              const Value &exponent);
/// power(base, exponent).
Expected<Value> powerFunction(ProgramBuilder &builder, Span opSpan, Span span, const Value &base,
                              const Value &exponent);
/// 1 / x of a tensor. The reciprocal of a complex 0 is nan+nanj, as
/// NumPy's, where the quotient 1 / 0 would be infinite.
Expected<Value> reciprocalOf(ProgramBuilder &builder, Span opSpan, Span span, const Value &x);

} // namespace ricci
