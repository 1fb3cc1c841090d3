//===- check.cpp - compares an einsum with the reference interpreter --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/check.h"
#include "tools/ricci/compare.h"

#include "frontend/einsum.h"
#include "tools/ricci/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ricci::driver {
namespace {

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

} // namespace

Expected<CheckResult> checkEinsum(const std::string &equation, const std::vector<Tensor> &operands,
                                  const Tensor &result, bool isTf32) {
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
    compareExactly(result, *expected, outcome);
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
  if (isTf32 && result.dtype() == DType::f32)
    relative += gamma(2 * double(operands.size()), kTf32);
  // The last rounding is of a sum that may itself be off by the rest.
  relative *= 1 + precision.store + 1e-6;
  Comparison comparison(result, *expected, outcome);
  forEachIndex(result.shape(), [&](const std::vector<int64_t> &index) {
    double sum = loadFloat(DType::f64, elementAt(*magnitude, index));
    double size = std::abs(loadComplex(expected->dtype(), elementAt(*expected, index)));
    // Some order of contraction may overflow where another does not.
    bool mayOverflow = std::isfinite(sum) ? sum >= precision.largest : std::isfinite(size);
    double bound = relative * sum + precision.store * size + roundings * precision.smallest;
    comparison.add(index, bound, mayOverflow);
  });
  return outcome;
}

} // namespace ricci::driver
