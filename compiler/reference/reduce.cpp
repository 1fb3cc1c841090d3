//===- reduce.cpp - reductions over axes, scans along one ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/ordering.h"
#include "compiler/reference/scalar_functions.h"

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

/// Summed and multiplied in the wider type, rounded once.
template <typename T>
void accumulate(bool isSum, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    Wide<T> total = isSum ? zero<Wide<T>>() : one<Wide<T>>();
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      Wide<T> x = widen(input.data<T>()[base + offset]);
      total = isSum ? plus(total, x) : times(total, x);
    });
    out.data<T>()[o] = narrow<T>(total);
  });
}

template <typename T>
void extreme(bool isMax, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    std::optional<T> best;
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      T x = input.data<T>()[base + offset];
      best = !best ? x : isMax ? maximum(*best, x) : minimum(*best, x);
    });
    out.data<T>()[o] = *best; // the verifier wants an element
  });
}

void test(bool isAny, const Tensor &input, const Axes &axes, const Tensor &out) {
  forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
    bool result = !isAny;
    forEachOffset<1>(axes.reducedShape, {axes.reduced}, [&](int64_t offset) {
      bool x = value(input.data<Bool>()[base + offset]);
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
    using T = typename decltype(tag)::Type;
    switch (kind) {
    case Reduction::Sum:
    case Reduction::Prod:
      return accumulate<T>(kind == Reduction::Sum, input, axes, out);
    case Reduction::Max:
    case Reduction::Min:
      return extreme<T>(kind == Reduction::Max, input, axes, out);
    case Reduction::Any:
    case Reduction::All:
      return test(kind == Reduction::Any, input, axes, out);
    }
  });
}

void argReduce(ArgReduction kind, const Tensor &input, int64_t dim, const Tensor &out) {
  Axes axes = split(input, {dim});
  bool isMax = kind == ArgReduction::Argmax;
  visit(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    forEachOffset<2>(out.shape(), {axes.kept, out.strides()}, [&](int64_t base, int64_t o) {
      const T *data = input.data<T>() + base;
      int64_t best = 0;
      int32_t &left = elementsToPoll();
      for (int64_t i = 1; i < axes.reducedShape[0] && !endsEarly(left); ++i) {
        T x = data[i * axes.reduced[0]], y = data[best * axes.reduced[0]];
        if (!isNaN(y) && (isNaN(x) || (isMax ? less(y, x) : less(x, y))))
          best = i;
      }
      out.data<int64_t>()[o] = best;
    });
  });
}

void scan(Scan kind, const Tensor &input, const Tensor *before, int64_t dim, const Tensor &out) {
  // A step is the scalar operation: 16-bit floats round, integers wrap.
  ScalarOp op = kind == Scan::Cumsum ? ScalarOp::Add : ScalarOp::Multiply;
  ScalarFunction step = scalarFunction(op, input.dtype());
  size_t axis = size_t(dim);
  int64_t size = int64_t(itemSize(input.dtype()));
  int64_t inStep = input.strides()[axis] * size, outStep = out.strides()[axis] * size;
  Shape lines = out.shape();
  lines[axis] = std::min<int64_t>(lines[axis], 1);
  Strides starts(lines.size(), 0);
  if (before) {
    starts = before->strides();
    starts.insert(starts.begin() + dim, 0);
  }
  std::array<Strides, 3> strides = {input.strides(), starts, out.strides()};
  forEachOffset<3>(lines, strides, [&](int64_t i, int64_t start, int64_t o) {
    const char *x = input.data<char>() + i * size;
    char *y = out.data<char>() + o * size;
    if (before) {
      const void *operands[] = {before->data<char>() + start * size, x};
      step(operands, y);
    } else {
      std::memcpy(y, x, size_t(size));
    }
    int32_t &left = elementsToPoll();
    for (int64_t k = 1; k < out.shape()[axis] && !endsEarly(left); ++k) {
      const void *operands[] = {y + (k - 1) * outStep, x + k * inStep};
      step(operands, y + k * outStep);
    }
  });
}

} // namespace ricci::reference
