//===- array_json.h - tensors as JSON ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string>

namespace ricci::driver {

/// Nested lists of every element. A complex number is [real, imaginary]; NaN and infinities are the
/// strings "nan", "inf" and "-inf".
std::string arrayJson(const Tensor &tensor);

} // namespace ricci::driver
