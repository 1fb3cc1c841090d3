//===- array_text.h - tensors as NumPy prints them --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string>

namespace ricci::driver {

/// The text of `print(array)` in NumPy 2: at most 8 digits after the point, lines of 75 columns,
/// and the first and last three of every long axis when there are more than 1000 elements.
std::string arrayText(const Tensor &tensor);

} // namespace ricci::driver
