//===- byte_range.h - where the elements of a tensor lie ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <utility>

namespace ricci {

/// The bytes [first, second) that the elements of a tensor lie in, which has some. No extents and
/// strides overflow them.
std::pair<__int128, __int128> byteRange(const Tensor &t);

} // namespace ricci
