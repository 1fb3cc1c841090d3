//===- einsum.cpp - einsum by nested loops over all labels --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ricci::reference {
namespace {

/// Nested loops of more points than this would run for days.
constexpr int64_t kMaxPoints = int64_t(1) << 46;

/// An operand in the type it is summed in, C-contiguous.
template <typename T> std::vector<Wide<T>> wideCopy(const Tensor &tensor) {
  std::vector<Wide<T>> copy;
  copy.reserve(size_t(tensor.size()));
  visit(tensor.dtype(), [&](auto tag) {
    using From = typename decltype(tag)::Type;
    // 16-bit results take their operands as f32.
    using Compute = std::conditional_t<isSmallFloat<T>, float, T>;
    forEachOffset<1>(tensor.shape(), {tensor.strides()}, [&](int64_t offset) {
      Compute element = convert<Compute>(tensor.data<From>()[offset]);
      copy.push_back(widen(element));
    });
  });
  return copy;
}

/// One loop: over a label, with its stride in every operand.
struct Loop {
  int64_t extent = 1;
  std::vector<int64_t> strides;
};

std::vector<Loop> loopsOver(const EinsumSpec &spec, const std::vector<int32_t> &labels,
                            const std::vector<Tensor> &inputs) {
  std::vector<Loop> loops;
  for (int32_t label : labels) {
    Loop loop{spec.extents[size_t(label)], {}};
    for (size_t i = 0; i < inputs.size(); ++i) {
      // A label that repeats walks along the diagonal; an axis of extent 1 stands still.
      int64_t stride = 0;
      Strides strides = contiguousStrides(inputs[i].shape());
      for (size_t axis = 0; axis < strides.size(); ++axis)
        if (spec.operands[i][axis] == label && inputs[i].shape()[axis] != 1)
          stride += strides[axis];
      loop.strides.push_back(stride);
    }
    loops.push_back(std::move(loop));
  }
  return loops;
}

/// The position in a nest of loops.
class Odometer {
public:
  Odometer(const std::vector<Loop> &loops, size_t operands)
      : loops_(loops), index_(loops.size(), 0), offsets_(operands, 0) {}

  const std::vector<int64_t> &offsets() const { return offsets_; }

  /// False after the last position; then it is at the first one again.
  bool next() {
    for (size_t l = loops_.size(); l-- > 0;) {
      bool more = ++index_[l] < loops_[l].extent;
      for (size_t i = 0; i < offsets_.size(); ++i)
        offsets_[i] += loops_[l].strides[i] * (more ? 1 : 1 - loops_[l].extent);
      if (more)
        return true;
      index_[l] = 0;
    }
    return false;
  }

private:
  const std::vector<Loop> &loops_;
  std::vector<int64_t> index_, offsets_;
};

template <typename T>
void run(const EinsumSpec &spec, const std::vector<Tensor> &inputs, const Tensor &out) {
  std::vector<std::vector<Wide<T>>> operands;
  for (const Tensor &input : inputs) {
    operands.push_back(wideCopy<T>(input));
    if (int64_t(operands.back().size()) < input.size())
      return; // interrupted
  }

  std::vector<int32_t> summed(spec.extents.size());
  std::iota(summed.begin(), summed.end(), 0);
  std::erase_if(summed, [&](int32_t label) {
    return std::find(spec.output.begin(), spec.output.end(), label) != spec.output.end();
  });
  std::vector<Loop> outer = loopsOver(spec, spec.output, inputs);
  std::vector<Loop> inner = loopsOver(spec, summed, inputs);
  bool emptySum =
      std::any_of(inner.begin(), inner.end(), [](const Loop &l) { return l.extent == 0; });

  int32_t &left = elementsToPoll();
  Odometer kept(outer, inputs.size()), sum(inner, inputs.size());
  forEachOffset<1>(out.shape(), {out.strides()}, [&](int64_t outOffset) {
    Wide<T> total = zero<Wide<T>>();
    if (!emptySum)
      do {
        Wide<T> product = one<Wide<T>>();
        for (size_t i = 0; i < operands.size(); ++i)
          product = times(product, operands[i][size_t(kept.offsets()[i] + sum.offsets()[i])]);
        total = plus(total, product);
      } while (!endsEarly(left) && sum.next());
    out.data<T>()[outOffset] = narrow<T>(total);
    kept.next();
  });
}

} // namespace

Status einsum(const EinsumSpec &spec, const std::vector<Tensor> &inputs, const Tensor &out) {
  int64_t points = 1;
  bool empty = false, tooMany = false;
  for (int64_t extent : spec.extents) {
    empty |= extent == 0;
    tooMany |= __builtin_mul_overflow(points, std::max<int64_t>(extent, 1), &points) ||
               points > kMaxPoints;
  }
  if (tooMany && !empty)
    return inputError(
        fmt::format("an einsum of {} operands over {} labels has more than 2^46 points, too many "
                    "for the reference's nested loops; order the contractions first",
                    inputs.size(), spec.extents.size()));
  visit(out.dtype(), [&](auto tag) { run<typename decltype(tag)::Type>(spec, inputs, out); });
  return success();
}

} // namespace ricci::reference
