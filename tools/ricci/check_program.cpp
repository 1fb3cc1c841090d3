//===- check_program.cpp - compares a program with the reference interpreter ------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/check.h"
#include "tools/ricci/compare.h"
#include "tools/ricci/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ricci::driver {
namespace {

/// What each rounding, and a change of the operands in their last place, may grow to.
constexpr double kRoundings = 64, kSensitivity = 32;

bool isFloating(DType dtype) {
  DTypeKind kind = kindOf(dtype);
  return kind == DTypeKind::Float || kind == DTypeKind::Complex;
}

/// The most terms that one element of any node is summed over.
double longestSum(const Program &program) {
  double longest = 1;
  for (const Program::Node &node : program.nodes) {
    double terms = 1;
    auto addAxes = [&] {
      const Shape &shape = program.nodes[size_t(node.operands[0])].type.shape;
      for (int64_t axis : node.axes)
        terms *= double(shape[size_t(axis)]);
    };
    if (node.kind == Program::NodeKind::Reduce || node.kind == Program::NodeKind::Scan)
      addAxes();
    if (node.kind == Program::NodeKind::Einsum) {
      for (int64_t extent : node.einsum.extents)
        terms *= double(extent);
      for (Label label : node.einsum.output)
        terms /= std::max(1.0, double(node.einsum.extents[size_t(label)]));
    }
    longest = std::max(longest, terms);
  }
  return longest;
}

/// The real number that follows `value` in its type, up or down.
void step(DType part, void *value, bool up) {
  const double towards = up ? INFINITY : -INFINITY;
  switch (part) {
  case DType::f32: {
    auto &x = *static_cast<float *>(value);
    x = std::nextafter(x, float(towards));
    return;
  }
  case DType::f64: {
    auto &x = *static_cast<double *>(value);
    x = std::nextafter(x, towards);
    return;
  }
  default: { // the bit patterns of 16-bit floats of one sign are in order
    auto &bits = *static_cast<uint16_t *>(value);
    if ((bits & 0x7fff) != 0)
      bits = uint16_t(bits + (((bits & 0x8000) != 0) == up ? -1 : 1));
  }
  }
}

/// A copy whose finite floats are changed in their last place, some up and some down.
Expected<Tensor> nudge(const Tensor &tensor) {
  Expected<Tensor> copy = tensor.contiguous();
  if (!copy)
    return copy;
  const DType part = partType(copy->dtype());
  const int64_t size = int64_t(itemSize(part));
  const int64_t count = copy->size() * (int64_t(itemSize(copy->dtype())) / size);
  for (int64_t i = 0; i < count; ++i) {
    void *value = copy->data<char>() + i * size;
    if (std::isfinite(loadFloat(part, value)))
      step(part, value, (uint64_t(i) * 0x9e3779b97f4a7c15u >> 63) != 0);
  }
  return copy;
}

Expected<std::vector<Tensor>> nudgeAll(const std::vector<Tensor> &tensors) {
  std::vector<Tensor> changed;
  for (const Tensor &tensor : tensors) {
    Expected<Tensor> copy = isFloating(tensor.dtype()) ? nudge(tensor) : Expected<Tensor>(tensor);
    if (!copy)
      return std::move(copy.error());
    changed.push_back(std::move(*copy));
  }
  return changed;
}

std::complex<double> valueAt(const Tensor &tensor, const std::vector<int64_t> &index) {
  return loadComplex(tensor.dtype(), elementAt(tensor, index));
}

bool isFinite(std::complex<double> value) {
  return std::isfinite(value.real()) && std::isfinite(value.imag());
}

CheckResult compare(const Tensor &got, const Tensor &expected, const Tensor &changed, double terms,
                    bool isTf32) {
  CheckResult outcome;
  outcome.elements = got.size();
  if (!isFloating(got.dtype())) {
    compareExactly(got, expected, outcome);
    return outcome;
  }
  double largest = 0, spread = 0;
  forEachIndex(got.shape(), [&](const std::vector<int64_t> &index) {
    std::complex<double> a = valueAt(expected, index), b = valueAt(changed, index);
    if (!isFinite(a))
      return;
    largest = std::max(largest, std::abs(a));
    if (isFinite(b))
      spread = std::max(spread, std::abs(a - b));
  });
  const Precision precision = precisionOf(got.dtype());
  const double relative = kRoundings * precision.store + terms * precision.accumulate;
  if (isTf32 && got.dtype() == DType::f32)
    spread *= kTf32 / precision.store;
  Comparison comparison(got, expected, outcome);
  forEachIndex(got.shape(), [&](const std::vector<int64_t> &index) {
    double size = std::abs(valueAt(expected, index));
    double bound = relative * (size + largest) + kSensitivity * spread + precision.smallest;
    comparison.add(index, bound, std::isfinite(size) && size + bound >= precision.largest);
  });
  return outcome;
}

} // namespace

Expected<std::vector<CheckResult>> checkProgram(const Program &program,
                                                const std::vector<Parameter> &parameters,
                                                const std::vector<Tensor> &operands,
                                                const std::vector<Tensor> &results, bool isTf32) {
  ProgramOptions options;
  options.device = DeviceKind::Reference;
  Expected<Function> reference = try_compile(program, parameters, options);
  if (!reference)
    return std::move(reference.error());
  Expected<std::vector<Tensor>> expected = reference->try_call(operands);
  if (!expected)
    return std::move(expected.error());
  Expected<std::vector<Tensor>> changedOperands = nudgeAll(operands);
  if (!changedOperands)
    return std::move(changedOperands.error());
  Expected<std::vector<Tensor>> changed = reference->try_call(*changedOperands);
  if (!changed)
    return std::move(changed.error());

  const double terms = longestSum(program);
  std::vector<CheckResult> outcomes;
  for (size_t i = 0; i < results.size(); ++i)
    outcomes.push_back(compare(results[i], (*expected)[i], (*changed)[i], terms, isTf32));
  return outcomes;
}

} // namespace ricci::driver
