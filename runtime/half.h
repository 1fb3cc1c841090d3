//===- half.h - 16-bit floats in plain C++ -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace ricci {

/// IEEE binary16 and bfloat16 as their bits. Conversions to them round to nearest even once, keep
/// infinities and subnormals, and make every NaN quiet, with its sign.
float halfToFloat(uint16_t half);
uint16_t halfFromFloat(float value);
uint16_t halfFromDouble(double value);
float bf16ToFloat(uint16_t bf16);
uint16_t bf16FromFloat(float value);

} // namespace ricci
