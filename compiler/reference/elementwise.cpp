//===- elementwise.cpp - scalar operations on every element --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar_functions.h"

namespace ricci::reference {

int32_t &elementsToPoll() {
  static thread_local int32_t left = 0;
  return left;
}

ScalarFunction scalarFunction(ScalarOp op, DType type) {
  for (auto find : {arithmeticFunction, mathFunction, logicFunction, complexFunction})
    if (ScalarFunction function = find(op, type))
      return function;
  return nullptr;
}

void elementwise(ScalarOp op, const std::vector<Tensor> &inputs, const Tensor &out) {
  constexpr size_t kMaxOperands = 3;
  std::array<Strides, kMaxOperands + 1> strides;
  std::array<const char *, kMaxOperands> data{};
  std::array<int64_t, kMaxOperands> sizes{};
  strides.fill(Strides(out.shape().size(), 0));
  for (size_t i = 0; i < inputs.size(); ++i) {
    strides[i] = broadcastStrides(inputs[i], out.shape());
    data[i] = inputs[i].data<char>();
    sizes[i] = int64_t(itemSize(inputs[i].dtype()));
  }
  strides.back() = out.strides();
  int64_t outSize = int64_t(itemSize(out.dtype()));
  ScalarFunction function = scalarFunction(op, inputs.back().dtype());
  forEachOffset<kMaxOperands + 1>(
      out.shape(), strides, [&](int64_t x, int64_t y, int64_t z, int64_t o) {
        const void *operands[] = {data[0] + x * sizes[0], data[1] + y * sizes[1],
                                  data[2] + z * sizes[2]};
        function(operands, out.data<char>() + o * outSize);
      });
}

} // namespace ricci::reference
