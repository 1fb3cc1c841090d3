//===- check.h - compares a result with the reference interpreter -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"

namespace ricci::driver {

/// The outcome of --check.
struct CheckResult {
  bool exact = false;         ///< compared bit for bit: integers and bools
  int64_t elements = 0;       ///< how many were compared
  int64_t wrong = 0;          ///< how many differ by more than is allowed
  std::vector<int64_t> index; ///< of the worst element; empty for a scalar or an empty result
  std::string got, expected;  ///< the worst element
  double difference = 0;      ///< there
  double bound = 0;           ///< there: what rounding in any order may add up to
  /// Of all elements: difference / bound.
  double worstRatio = 0;

  bool agrees() const { return wrong == 0; }
  /// "check: all 12 elements of result 2 agree with the reference interpreter; …". `name` is empty
  /// or "result 2".
  std::string summary(const std::string &name = "") const;
  /// The diagnostic of a difference.
  Diagnostic error(const std::string &name = "") const;
};

/// Runs the reference interpreter on the operands and compares. Integers and bools must be equal.
/// Floats are compared with a run on the operands as f64 (complex ones as c128), and may differ by
///     gamma(K + n) * S,  gamma(k) = k u / (1 - k u),
/// K terms summed, n operands, u the unit roundoff of accumulation, S the same einsum over the
/// operands' absolute values (Higham: Accuracy and Stability of Numerical Algorithms, 2002, 3.1);
/// the roundings to a 16-bit type after each contraction come on top, and with `isTf32` those of
/// f32 operands to 11 bits, of intermediates too.
Expected<CheckResult> checkEinsum(const std::string &equation, const std::vector<Tensor> &operands,
                                  const Tensor &result, bool isTf32);

/// The same for a program of these parameters, each result by itself. Floats are compared with a
/// run of the interpreter in their own types, and may differ by
///     (64 u + K v) (|e| + M) + 32 D,
/// u the unit roundoff of the result's type, v that of sums, K the longest sum, e the expected
/// element, M the largest of the result, and D the most that an element moves when every float of
/// the operands is changed in its last place: what the program itself makes of rounding. With
/// `isTf32` the last place of an f32 is the 11th, as contractions see it.
Expected<std::vector<CheckResult>> checkProgram(const Program &program,
                                                const std::vector<Parameter> &parameters,
                                                const std::vector<Tensor> &operands,
                                                const std::vector<Tensor> &results, bool isTf32);

} // namespace ricci::driver
