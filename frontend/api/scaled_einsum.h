//===- scaled_einsum.h - alpha times an einsum -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"

namespace ricci::detail {

/// The einsum with alpha as one more operand, the first, which has no axes: the order of
/// contractions then finds where it is multiplied at least cost, and another alpha compiles
/// nothing.
class ScaledEinsum {
public:
  /// An input error where alpha would change the result's dtype, and for what is wrong with the
  /// einsum itself.
  static Expected<ScaledEinsum> make(EinsumEquation equation, const std::vector<Tensor> &operands,
                                     const EinsumOptions &options);

  EinsumEquation equation() const { return isText ? EinsumEquation(text) : EinsumEquation(labels); }
  std::vector<Tensor> operands;
  EinsumOptions options; ///< without alpha

private:
  bool isText = true;
  std::string text;
  EinsumLabels labels;
};

/// Whether it is the number 1 of any type.
bool isOne(const Alpha &alpha);

} // namespace ricci::detail
