//===- compare.cpp - results, element by element ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/compare.h"

#include "tools/ricci/elements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ricci::driver {

Precision precisionOf(DType dtype) {
  switch (partType(dtype)) {
  case DType::f16:
    return {0x1p-24, 0x1p-11, 65504, 0x1p-24};
  case DType::bf16:
    return {0x1p-24, 0x1p-8, 0x1.fep127, 0x1p-133};
  case DType::f32:
    return {0x1p-24, 0x1p-24, 0x1.fffffep127, 0x1p-149};
  default:
    return {0x1p-53, 0x1p-53, 0x1.fffffffffffffp1023, 0x1p-1074};
  }
}

void compareExactly(const Tensor &got, const Tensor &expected, CheckResult &result) {
  result.exact = true;
  DType dtype = got.dtype();
  forEachIndex(got.shape(), [&](const std::vector<int64_t> &index) {
    const void *a = elementAt(got, index), *b = elementAt(expected, index);
    if (std::memcmp(a, b, itemSize(dtype)) == 0 || result.wrong++ != 0)
      return;
    result.index = index;
    result.got = elementText(dtype, a);
    result.expected = elementText(dtype, b);
    result.difference = std::abs(loadComplex(dtype, a) - loadComplex(dtype, b));
  });
}

static bool sameNonFinite(double got, double expected) {
  return (std::isnan(got) && std::isnan(expected)) || got == expected;
}

bool Comparison::beats(double ratio, bool fine) const {
  if (!any_ || fine == wrong_)
    return !any_ || !fine;
  return ratio > result_.worstRatio;
}

void Comparison::add(const std::vector<int64_t> &index, double bound, bool mayOverflow) {
  const void *gotAt = elementAt(got_, index), *expectedAt = elementAt(expected_, index);
  std::complex<double> a = loadComplex(got_.dtype(), gotAt);
  std::complex<double> b = loadComplex(expected_.dtype(), expectedAt);
  bool finite = std::isfinite(a.real()) && std::isfinite(a.imag());
  bool expectFinite = std::isfinite(b.real()) && std::isfinite(b.imag());

  double difference = finite && expectFinite ? std::abs(a - b) : INFINITY;
  bool fine = difference <= bound;
  if (!finite || !expectFinite) {
    // A complex product spreads what is not finite over both parts. Otherwise infinities and NaNs
    // must be where they belong.
    bool complex = kindOf(got_.dtype()) == DTypeKind::Complex;
    fine = complex ? finite == expectFinite : sameNonFinite(a.real(), b.real());
    fine = fine || (!finite && mayOverflow);
    difference = fine ? 0 : INFINITY;
  }
  double ratio = difference == 0 ? 0 : difference / bound;
  if (!fine)
    ++result_.wrong;
  if (beats(ratio, fine)) {
    result_.index = index;
    result_.difference = difference;
    result_.bound = bound;
    result_.got = elementText(got_.dtype(), gotAt);
    result_.expected = elementText(expected_.dtype(), expectedAt);
    any_ = true;
    wrong_ = !fine;
  }
  result_.worstRatio = std::max(result_.worstRatio, ratio);
}

std::string CheckResult::summary(const std::string &name) const {
  std::string what = fmt::format("check: all {} elements", elements);
  if (!name.empty())
    what += " of " + name;
  if (exact)
    return what + " equal the reference interpreter's";
  return fmt::format("{} agree with the reference interpreter; the worst is off by {:.2g} of "
                     "{:.2g} allowed",
                     what, difference, bound);
}

Diagnostic CheckResult::error(const std::string &name) const {
  std::string place = index.empty() ? "" : fmt::format(" at [{}]", fmt::join(index, ", "));
  Diagnostic diagnostic =
      inputError(fmt::format("{} differs from the reference interpreter{}: {} instead of {}",
                             name.empty() ? "the result" : name, place, got, expected));
  if (!exact)
    diagnostic.notes.push_back(
        fmt::format("off by {:.3g} where {:.3g} is allowed", difference, bound));
  diagnostic.notes.push_back(fmt::format("{} of {} elements differ", wrong, elements));
  return diagnostic;
}

} // namespace ricci::driver
