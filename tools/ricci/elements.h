//===- elements.h - reads single elements of tensors ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <complex>
#include <string>

namespace ricci::driver {

/// The address of one element.
const void *elementAt(const Tensor &tensor, const std::vector<int64_t> &index);

int64_t loadInt(DType dtype, const void *element);   ///< of kind Bool or Int
uint64_t loadUInt(DType dtype, const void *element); ///< of kind UInt
double loadFloat(DType dtype, const void *element);  ///< of kind Float
/// Of any kind; 64-bit integers are rounded to double.
std::complex<double> loadComplex(DType dtype, const void *element);

/// The element as Python would write it: "True", "-3", "0.1", "(1+2j)". Floats have the fewest
/// digits that tell them from their neighbours.
std::string elementText(DType dtype, const void *element);

/// The float type that a complex type is made of; other types as they are.
DType partType(DType dtype);

/// The fewest digits, as "d.ddde+xx" without trailing zeros, that give `value` back in `dtype`.
std::string shortestScientific(DType dtype, double value);

/// Calls fn(index) for every index of a shape, in C order.
template <typename Fn> void forEachIndex(const Shape &shape, Fn fn) {
  for (int64_t extent : shape)
    if (extent == 0)
      return;
  std::vector<int64_t> index(shape.size(), 0);
  while (true) {
    fn(index);
    size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1])
      index[--axis] = 0;
    if (axis == 0)
      return;
  }
}

} // namespace ricci::driver
