//===- spec.h - operand specifications -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string_view>

namespace ricci {

/// Reads "f32[1024,768]" or "float32[]": a dtype by its short or NumPy name and the sizes of the
/// axes. The type is in C order; its element count and bytes fit 63 bits.
Expected<TensorType> parseSpec(std::string_view text);

} // namespace ricci
