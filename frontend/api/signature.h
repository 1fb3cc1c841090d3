//===- signature.h - a call as a byte string --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/session.h"

namespace ricci::detail {

/// A key's memory for calls of this thread, whose contents the next call replaces.
std::string &signatureBuffer();

// Each function replaces `key` by everything that a call's executable depends on. Each part is
// written with its length, so different calls have different keys. `key` keeps its memory from call
// to call. Of `outputs` (null: none are given) the strides count, and those of C order are not
// written.

/// Of an einsum: equation, operand types, options with `cpu` in the place of theirs.
void writeSignature(std::string &key, EinsumEquation equation, const OperandTypes &operands,
                    const EinsumOptions &options, std::string_view cpu,
                    const OperandTypes *outputs);

/// Of a program: its text, names and types of the arguments, options with `cpu` in the place of
/// theirs.
void writeSignature(std::string &key, std::string_view program,
                    const std::vector<NamedTensor> &arguments, const ProgramOptions &options,
                    std::string_view cpu, const OperandTypes *outputs);

/// Of the function of this number, whose arguments have the dtypes and shapes of its parameters.
void writeSignature(std::string &key, uint64_t function, const OperandTypes &arguments,
                    const OperandTypes *outputs);

} // namespace ricci::detail
