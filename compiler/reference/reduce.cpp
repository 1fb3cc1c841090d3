//===- reduce.cpp - reductions over axes --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar.h"

#include <algorithm>
#include <optional>

namespace ricci::reference {
namespace {

/// The axes that are kept, as a tensor, and those that are reduced.
struct Axes {
  Strides kept;
  Shape reducedShape;
  Strides reduced;
};

Axes split(const Tensor &input, const std::vector<int64_t> &dims) {
  Axes axes;
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    if (std::find(dims.begin(), dims.end(), axis) == dims.end()) {
      axes.kept.push_back(input.strides()[size_t(axis)]);
    } else {
      axes.reducedShape.push_back(input.shape()[size_t(axis)]);
      axes.reduced.push_back(input.strides()[size_t(axis)]);
    }
  }
  return axes;
}

template <typename From, typename To>
void accumulate(bool isSum, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    Wide<To> total = isSum ? zero<Wide<To>>() : one<Wide<To>>();
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      Wide<To> x = widen(convert<To>(input.data<From>()[base + offset]));
      total = isSum ? plus(total, x) : times(total, x);
    });
    out.data<To>()[o] = narrow<To>(total);
  });
}

template <typename T>
void extreme(bool isMax, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    std::optional<T> best;
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      T x = input.data<T>()[base + offset];
      auto b = value(best.value_or(x));
      bool isNaN = value(x) != value(x), keepsNaN = b != b;
      if (!best || (!keepsNaN && (isNaN || (isMax ? value(x) > b : value(x) < b))))
        best = x;
    });
    out.data<T>()[o] = *best; // the verifier wants an element
  });
}

template <typename T>
void test(bool isAny, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    bool result = !isAny;
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      bool x = convert<Bool>(input.data<T>()[base + offset]).value != 0;
      result = isAny ? result || x : result && x;
    });
    out.data<Bool>()[o] = {uint8_t(result)};
  });
}

} // namespace

void reduce(Reduction kind, const Tensor &input, const std::vector<int64_t> &dims,
            const Tensor &out) {
  Axes axes = split(input, dims);
  visit(input.dtype(), [&](auto tag) {
    using From = typename decltype(tag)::Type;
    switch (kind) {
    case Reduction::Sum:
    case Reduction::Prod:
      visit(out.dtype(), [&](auto outTag) {
        accumulate<From, typename decltype(outTag)::Type>(kind == Reduction::Sum, input, axes, out);
      });
      return;
    case Reduction::Max:
    case Reduction::Min:
      if constexpr (!isComplex<From>)
        extreme<From>(kind == Reduction::Max, input, axes, out);
      return;
    case Reduction::Any:
    case Reduction::All:
      test<From>(kind == Reduction::Any, input, axes, out);
      return;
    }
  });
}

} // namespace ricci::reference
