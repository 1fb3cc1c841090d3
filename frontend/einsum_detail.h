//===- einsum_detail.h - shared by the einsum parser, sublists and resolution ----===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/einsum.h"

#include <unordered_map>

namespace ricci::detail {

/// Mixes the bits, so that no choice of integer labels makes a hash table slow by accident.
struct LabelHash {
  size_t operator()(int64_t label) const {
    uint64_t x = uint64_t(label) + 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return size_t(x ^ x >> 31);
  }
};
template <typename T> using LabelMap = std::unordered_map<int64_t, T, LabelHash>;

/// "i" or "#57".
std::string labelName(const EinsumSyntax &syntax, int64_t label);
/// As messages show it: 'i' or 57.
std::string quoteLabel(const EinsumSyntax &syntax, int64_t label);

/// An input error about the equation.
Diagnostic syntaxError(const EinsumSyntax &syntax, std::string message, std::vector<Span> spans);

/// What both forms must satisfy whatever the operands are: one ellipsis in a term, output labels
/// distinct and each in some operand.
Status checkSyntax(const EinsumSyntax &syntax);

} // namespace ricci::detail
