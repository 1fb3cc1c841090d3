//===- array_json.cpp - tensors as JSON -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/array_json.h"

#include "tools/ricci/elements.h"

#include <fmt/format.h>

#include <cmath>

namespace ricci::driver {
namespace {

std::string floatJson(DType dtype, double value) {
  if (std::isnan(value))
    return "\"nan\"";
  if (std::isinf(value))
    return value < 0 ? "\"-inf\"" : "\"inf\"";
  return shortestScientific(dtype, value);
}

std::string elementJson(DType dtype, const void *element) {
  switch (kindOf(dtype)) {
  case DTypeKind::Bool:
    return loadInt(dtype, element) ? "true" : "false";
  case DTypeKind::Int:
  case DTypeKind::UInt:
    return elementText(dtype, element);
  case DTypeKind::Float:
    return floatJson(dtype, loadFloat(dtype, element));
  case DTypeKind::Complex:
    break;
  }
  std::complex<double> value = loadComplex(dtype, element);
  DType part = partType(dtype);
  return fmt::format("[{}, {}]", floatJson(part, value.real()), floatJson(part, value.imag()));
}

void append(std::string &out, const Tensor &tensor, std::vector<int64_t> &index) {
  size_t axis = index.size();
  if (axis == size_t(tensor.rank())) {
    out += elementJson(tensor.dtype(), elementAt(tensor, index));
    return;
  }
  out += '[';
  index.push_back(0);
  for (int64_t i = 0; i < tensor.shape()[axis]; ++i) {
    if (i)
      out += ", ";
    index[axis] = i;
    append(out, tensor, index);
  }
  index.pop_back();
  out += ']';
}

} // namespace

std::string arrayJson(const Tensor &tensor) {
  std::string out;
  std::vector<int64_t> index;
  append(out, tensor, index);
  return out;
}

} // namespace ricci::driver
