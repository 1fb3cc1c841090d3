//===- compare.h - results, element by element ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/ricci/check.h"

namespace ricci::driver {

/// What rounding may do in arithmetic of one type.
struct Precision {
  double accumulate; ///< unit roundoff of sums and products
  double store;      ///< unit roundoff of the type itself
  double largest;    ///< largest finite value
  double smallest;   ///< smallest subnormal of the type
};

Precision precisionOf(DType dtype);
/// Unit roundoff of TF32, to which a GPU may round the f32 operands of contractions.
inline constexpr double kTf32 = 0x1p-11;

/// Counts the elements that are not equal, bit for bit, and keeps the first.
void compareExactly(const Tensor &got, const Tensor &expected, CheckResult &result);

/// Compares floats or complex numbers, each within its own bound. Keeps the element that is
/// furthest outside, or the closest to, what is allowed.
class Comparison {
public:
  /// The tensors have one shape, but may have different dtypes.
  Comparison(const Tensor &got, const Tensor &expected, CheckResult &result)
      : got_(got), expected_(expected), result_(result) {}

  /// `mayOverflow`: the element may be infinite where the expected one is not.
  void add(const std::vector<int64_t> &index, double bound, bool mayOverflow);

private:
  /// Whether an element is worse than the one that is kept.
  bool beats(double ratio, bool fine) const;

  const Tensor &got_, &expected_;
  CheckResult &result_;
  bool any_ = false, wrong_ = false;
};

} // namespace ricci::driver
