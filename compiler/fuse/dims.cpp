//===- dims.cpp - lists of merged axes --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/dims.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cstdlib>

namespace ricci {

Dims merged(llvm::ArrayRef<Dim> dims) {
  Dims result;
  for (const Dim &d : dims) {
    if (d.extent == 1)
      continue;
    if (!result.empty()) {
      Dim &inner = result.back();
      bool joins = llvm::all_of(llvm::zip(inner.strides, d.strides), [&](auto pair) {
        return std::get<1>(pair) == std::get<0>(pair) * inner.extent;
      });
      if (joins) {
        inner.extent *= d.extent;
        continue;
      }
    }
    result.push_back(d);
  }
  return result;
}

void sortByBuffer(llvm::SmallVectorImpl<Dim> &dims, size_t buffer) {
  auto key = [&](const Dim &d) {
    int64_t stride = std::abs(d.strides[buffer]), sum = 0;
    for (int64_t s : d.strides)
      sum += std::abs(s);
    return std::pair(stride ? stride : INT64_MAX, sum);
  };
  llvm::stable_sort(dims, [&](const Dim &x, const Dim &y) { return key(x) < key(y); });
}

void bringToFront(llvm::SmallVectorImpl<Dim> &dims, size_t index) {
  std::rotate(dims.begin(), dims.begin() + index, dims.begin() + index + 1);
}

std::optional<size_t> unitDim(llvm::ArrayRef<Dim> dims, size_t buffer) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].strides[buffer] == 1)
      return i;
  return std::nullopt;
}

} // namespace ricci
