//===- einsum.h - einsum strings to typed programs -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"

#include <string_view>

namespace ricci {

/// An einsum as written, before shapes are known. Labels are Unicode code points, or any
/// non-negative integers when it was built from a sublist.
struct EinsumSyntax {
  static constexpr int64_t kEllipsis = -1;
  struct Axis {
    int64_t label; ///< code point or integer label, or kEllipsis
    Span span;
  };
  struct Term {
    std::vector<Axis> axes;
    Span span;
  };
  std::string source;
  std::vector<Term> operands;
  std::optional<Term> output; ///< absent in the implicit form
  bool integerLabels = false;
};

/// Parses the whole NumPy grammar; any Unicode letter is a label. Time and memory are linear in the
/// length of the text.
Expected<EinsumSyntax> parseEinsum(std::string_view equation);

/// The sublist form: labels as integers without limit, -1 for the ellipsis.
Expected<EinsumSyntax> einsumFromLabels(const std::vector<std::vector<int64_t>> &operands,
                                        const std::optional<std::vector<int64_t>> &output);

/// Checks the syntax against the operands' types and makes a program of one einsum node. The
/// result's dtype is the promotion of the operands'; its shape and all byte counts are checked for
/// overflow.
Expected<Program> resolveEinsum(const EinsumSyntax &syntax,
                                const std::vector<TensorType> &operands);

} // namespace ricci
