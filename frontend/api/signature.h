//===- signature.h - a call as a byte string --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/session.h"

namespace ricci::detail {

/// Replaces `key` by everything that a call's executable depends on: equation, operand types,
/// options with `cpu` in the place of theirs, and the output's strides (null: C order). Each part
/// is written with its length, so different calls have different keys. `key` keeps its memory from
/// call to call.
void writeSignature(std::string &key, EinsumEquation equation, const OperandTypes &operands,
                    const EinsumOptions &options, std::string_view cpu,
                    const Strides *outputStrides);

} // namespace ricci::detail
