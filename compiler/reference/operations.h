//===- operations.h - the tensor IR's operations on tensors -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each writes all elements of `out`, whose shape and dtype the op's verifier has checked against
// the operands; one that is interrupted leaves the rest undefined. No MLIR.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "runtime/interrupt.h"

#include <array>

namespace ricci::reference {

/// An einsum over dense labels.
struct EinsumSpec {
  std::vector<std::vector<int32_t>> operands; ///< labels of each operand's axes
  std::vector<int32_t> output;
  std::vector<int64_t> extents; ///< by label
};

/// The elements are converted to the result's type, or to f32 where that is f16 or bf16 (so that an
/// f32 intermediate is not rounded), multiplied and summed in a wider type, and rounded once. An
/// error when the nested loops would take days.
Status einsum(const EinsumSpec &spec, const std::vector<Tensor> &inputs, const Tensor &out);

/// As NumPy computes; the rules are beside the functions (scalar_functions.h). f16 and bf16 round
/// after the operation; transcendental functions are those of the next wider type, rounded.
void elementwise(ScalarOp op, const std::vector<Tensor> &inputs, const Tensor &out);

/// Sums and products are made in a wider type and rounded once.
void reduce(Reduction kind, const Tensor &input, const std::vector<int64_t> &dims,
            const Tensor &out);
/// The index of the first NaN, or else of the first of the greatest or least.
void argReduce(ArgReduction kind, const Tensor &input, int64_t dim, const Tensor &out);
/// Rounds at each step.
/// `before`, which lacks the axis, comes before the first element; null: nothing does.
void scan(Scan kind, const Tensor &input, const Tensor *before, int64_t dim, const Tensor &out);

void cast(const Tensor &input, const Tensor &out);
void fill(const void *element, const Tensor &out);
/// 0, 1, 2, …
void iota(const Tensor &out);
void pad(const Tensor &input, const Tensor &value, const std::vector<int64_t> &low,
         const Tensor &out);
void concatenate(const std::vector<Tensor> &inputs, int64_t dim, const Tensor &out);
/// The operand at index tensors, whose axes stand at `position` among its other axes. An error,
/// before anything is read, when an index is outside.
Status gather(const Tensor &input, const std::vector<Tensor> &indices,
              const std::vector<int64_t> &dims, int64_t position, const Tensor &out);

/// Copies the elements of the same index; an axis of extent 1 is broadcast.
void copy(const Tensor &input, const Tensor &out);

/// A view of the input: index `i` of axis `a` adds `start[a] + i * step[a]` to that of axis
/// `axes[a]`.
Tensor view(const Tensor &input, const std::vector<int64_t> &axes,
            const std::vector<int64_t> &start, const Shape &size, const std::vector<int64_t> &step);

/// The strides of a tensor that is broadcast to a shape, aligned at the last axis.
Strides broadcastStrides(const Tensor &tensor, const Shape &shape);

/// How many elements this thread does before it next asks whether it is interrupted. Loops within
/// loops share it.
int32_t &elementsToPoll();
/// Whether a loop is to end early, asked after each element. Once interrupted, all loops end.
inline bool endsEarly(int32_t &left) {
  if (--left > 0)
    return false;
  left = interrupted() ? 0 : 1 << 16;
  return left == 0;
}

/// Calls `fn(o1, …, oN)` for every index of the shape in C order: the offsets, in elements, that
/// the index has with each of the strides. Ends early when interrupted.
template <size_t N, typename Fn>
void forEachOffset(const Shape &shape, const std::array<Strides, N> &strides, Fn fn) {
  for (int64_t extent : shape)
    if (extent == 0)
      return;
  std::array<int64_t, N> offsets{};
  std::vector<int64_t> index(shape.size(), 0);
  int32_t &left = elementsToPoll();
  for (;;) {
    std::apply(fn, offsets);
    if (endsEarly(left))
      return;
    size_t axis = shape.size();
    for (; axis > 0; --axis) {
      size_t a = axis - 1;
      for (size_t i = 0; i < N; ++i)
        offsets[i] += strides[i][a];
      if (++index[a] < shape[a])
        break;
      for (size_t i = 0; i < N; ++i)
        offsets[i] -= strides[i][a] * shape[a];
      index[a] = 0;
    }
    if (axis == 0)
      return;
  }
}

} // namespace ricci::reference
