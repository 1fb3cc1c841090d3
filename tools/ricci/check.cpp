//===- check.cpp - compares a result with the reference interpreter ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/check.h"

#include "frontend/einsum.h"
#include "tools/ricci/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ricci::driver {
namespace {

/// What rounding may do in arithmetic of one type.
struct Precision {
  double accumulate; ///< unit roundoff of sums and products
  double store;      ///< unit roundoff of the type itself
  double largest;    ///< largest finite value
  double smallest;   ///< smallest subnormal of the type
};

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

double gamma(double roundings, double unit) {
  double x = roundings * unit;
  return x < 1 ? x / (1 - x) : INFINITY;
}

/// A copy as f64 or c128: the values themselves, or their absolute values as f64.
Expected<Tensor> widen(const Tensor &from, bool absolute) {
  bool complex = kindOf(from.dtype()) == DTypeKind::Complex && !absolute;
  Expected<Tensor> wide = Tensor::allocate(complex ? DType::c128 : DType::f64, from.shape());
  if (!wide)
    return wide;
  double *to = static_cast<double *>(wide->raw());
  forEachIndex(from.shape(), [&](const std::vector<int64_t> &index) {
    std::complex<double> value = loadComplex(from.dtype(), elementAt(from, index));
    *to++ = absolute ? std::abs(value) : value.real();
    if (complex)
      *to++ = value.imag();
  });
  return wide;
}

Expected<Tensor> runReference(const std::string &equation, const std::vector<Tensor> &operands) {
  EinsumOptions options;
  options.device = DeviceKind::Reference;
  return try_einsum(equation, operands, options);
}

Expected<Tensor> runWidened(const std::string &equation, const std::vector<Tensor> &operands,
                            bool absolute) {
  std::vector<Tensor> wide;
  for (const Tensor &operand : operands) {
    Expected<Tensor> copy = widen(operand, absolute);
    if (!copy)
      return copy;
    wide.push_back(std::move(*copy));
  }
  return runReference(equation, wide);
}

/// How many numbers meet in one element of the result.
struct Counts {
  double terms = 1;         ///< products that are summed
  double intermediates = 0; ///< at most so many stored results go into it
};

Expected<Counts> countRoundings(const std::string &equation, const std::vector<Tensor> &operands) {
  std::vector<TensorType> types;
  for (const Tensor &operand : operands)
    types.push_back(operand.type());
  Expected<EinsumSyntax> syntax = parseEinsum(equation);
  if (!syntax)
    return syntax.error();
  Expected<Program> program = resolveEinsum(*syntax, types);
  if (!program)
    return program.error();
  const Einsum &einsum = program->nodes[size_t(program->results[0])].einsum;

  size_t labels = einsum.extents.size();
  std::vector<bool> kept(labels);
  for (Label label : einsum.output)
    kept[size_t(label)] = true;
  Counts counts;
  for (size_t label = 0; label < labels; ++label)
    if (!kept[label])
      counts.terms *= double(einsum.extents[label]);

  // Contractions of pairs but for the last one, and sums over one operand alone before that.
  constexpr int kNone = -1, kSeveral = -2;
  std::vector<int> owner(labels, kNone);
  for (size_t i = 0; i < einsum.operands.size(); ++i)
    for (Label label : einsum.operands[i])
      owner[size_t(label)] =
          owner[size_t(label)] == kNone || owner[size_t(label)] == int(i) ? int(i) : kSeveral;
  std::vector<bool> summedAlone(einsum.operands.size());
  for (size_t label = 0; label < labels; ++label)
    if (!kept[label] && owner[label] >= 0)
      summedAlone[size_t(owner[label])] = true;
  if (einsum.operands.size() > 1)
    counts.intermediates = double(einsum.operands.size() - 2) +
                           double(std::count(summedAlone.begin(), summedAlone.end(), true));
  return counts;
}

/// Remembers the element that is furthest outside, or the closest to, what is allowed.
class Worst {
public:
  explicit Worst(CheckResult &result) : result_(result) {}

  void add(const std::vector<int64_t> &index, double difference, double bound, bool fine,
           const std::string &got, const std::string &expected) {
    result_.index = index;
    result_.difference = difference;
    result_.bound = bound;
    result_.got = got;
    result_.expected = expected;
    any_ = true;
    wrong_ = !fine;
  }
  /// Whether an element is worse than the one that is kept.
  bool beats(double ratio, bool fine) const {
    if (!any_ || fine == wrong_)
      return !any_ || !fine;
    return ratio > result_.worstRatio;
  }

private:
  CheckResult &result_;
  bool any_ = false, wrong_ = false;
};

Status compareExactly(const Tensor &got, const Tensor &expected, CheckResult &result) {
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
  return success();
}

bool sameNonFinite(double got, double expected) {
  return (std::isnan(got) && std::isnan(expected)) || got == expected;
}

/// |got - expected| <= relative * S + store * |expected| + absolute.
struct Allowance {
  double relative, store, absolute, largest;
};

void compareElement(const Tensor &got, const Tensor &expected, const Tensor &magnitude,
                    const Allowance &allowance, const std::vector<int64_t> &index,
                    CheckResult &result, Worst &worst) {
  const void *gotAt = elementAt(got, index), *expectedAt = elementAt(expected, index);
  std::complex<double> a = loadComplex(got.dtype(), gotAt);
  std::complex<double> b = loadComplex(expected.dtype(), expectedAt);
  double sum = loadFloat(DType::f64, elementAt(magnitude, index));
  double bound = allowance.relative * sum + allowance.store * std::abs(b) + allowance.absolute;
  bool complex = kindOf(got.dtype()) == DTypeKind::Complex;
  bool finite = std::isfinite(a.real()) && std::isfinite(a.imag());
  bool expectFinite = std::isfinite(b.real()) && std::isfinite(b.imag());

  double difference = finite && expectFinite ? std::abs(a - b) : INFINITY;
  bool fine = difference <= bound;
  if (!finite || !expectFinite) {
    // Some order of contraction may overflow where another does not; a complex product spreads what
    // is not finite over both parts. Otherwise infinities and NaNs must be where they belong.
    bool mayOverflow = std::isfinite(sum) ? sum >= allowance.largest : expectFinite;
    fine = complex ? finite == expectFinite : sameNonFinite(a.real(), b.real());
    fine = fine || (!finite && mayOverflow);
    difference = fine ? 0 : INFINITY;
  }
  double ratio = difference == 0 ? 0 : difference / bound;
  if (!fine)
    ++result.wrong;
  if (worst.beats(ratio, fine))
    worst.add(index, difference, bound, fine, elementText(got.dtype(), gotAt),
              elementText(expected.dtype(), expectedAt));
  result.worstRatio = std::max(result.worstRatio, ratio);
}

} // namespace

Expected<CheckResult> checkEinsum(const std::string &equation, const std::vector<Tensor> &operands,
                                  const Tensor &result) {
  CheckResult outcome;
  outcome.elements = result.size();
  DTypeKind kind = kindOf(result.dtype());
  if (kind != DTypeKind::Float && kind != DTypeKind::Complex) {
    Expected<Tensor> expected = runReference(equation, operands);
    if (!expected)
      return expected.error();
    if (expected->type().dtype != result.dtype() || expected->shape() != result.shape())
      return internalError(fmt::format("the result is {}, the reference interpreter's {}",
                                       result.type().str(), expected->type().str()));
    if (Status s = compareExactly(result, *expected, outcome); !s)
      return s.error();
    return outcome;
  }
  Expected<Counts> counts = countRoundings(equation, operands);
  if (!counts)
    return counts.error();
  Expected<Tensor> expected = runWidened(equation, operands, false);
  if (!expected)
    return expected.error();
  Expected<Tensor> magnitude = runWidened(equation, operands, true);
  if (!magnitude)
    return magnitude.error();
  if (expected->shape() != result.shape())
    return internalError(fmt::format("the result is {}, the reference interpreter's {}",
                                     result.type().str(), expected->type().str()));

  Precision precision = precisionOf(result.dtype());
  // Each operand is converted, multiplied and summed.
  double roundings = counts->terms + 2 * double(operands.size());
  if (kind == DTypeKind::Complex)
    roundings *= 4; // a complex product is four real ones and two sums
  // The reference's own rounding doubles what is allowed where it runs in the same precision.
  double relative = gamma(roundings, precision.accumulate) + gamma(roundings, 0x1p-53) +
                    gamma(counts->intermediates, precision.store);
  // The last rounding is of a sum that may itself be off by the rest.
  relative *= 1 + precision.store + 1e-6;
  Allowance allowance{relative, precision.store, roundings * precision.smallest, precision.largest};
  Worst worst(outcome);
  forEachIndex(result.shape(), [&](const std::vector<int64_t> &index) {
    compareElement(result, *expected, *magnitude, allowance, index, outcome, worst);
  });
  return outcome;
}

std::string CheckResult::summary() const {
  if (exact)
    return fmt::format("check: all {} elements equal the reference interpreter's", elements);
  return fmt::format(
      "check: all {} elements agree with the reference interpreter; the worst is off "
      "by {:.2g} of {:.2g} allowed",
      elements, difference, bound);
}

Diagnostic CheckResult::error() const {
  std::string place = index.empty() ? "" : fmt::format(" at [{}]", fmt::join(index, ", "));
  Diagnostic diagnostic = inputError(
      fmt::format("the result differs from the reference interpreter{}: {} instead of {}", place,
                  got, expected));
  if (!exact)
    diagnostic.notes.push_back(
        fmt::format("off by {:.3g} where {:.3g} is allowed", difference, bound));
  diagnostic.notes.push_back(fmt::format("{} of {} elements differ", wrong, elements));
  return diagnostic;
}

} // namespace ricci::driver
