//===- dtype.h - element types ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ricci {

/// Element types, in NumPy's promotion order within each kind. A bool is one byte, 0 or 1; complex
/// numbers are two floats, real part first.
enum class DType : uint8_t {
  b1,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f16,
  bf16,
  f32,
  f64,
  c64,
  c128
};
inline constexpr int kNumDTypes = 15;

enum class DTypeKind : uint8_t { Bool, Int, UInt, Float, Complex };

/// Bytes of one element.
size_t itemSize(DType type);
DTypeKind kindOf(DType type);
/// The short name that the driver and messages use: "b1", "i8", …, "bf16", "c128".
std::string_view shortName(DType type);
/// NumPy's name: "bool", "int8", …, "bfloat16", "complex128".
std::string_view numpyName(DType type);
/// Takes a short or a NumPy name.
std::optional<DType> parseDType(std::string_view name);
/// numpy.promote_types. bfloat16 as ml_dtypes: with float16 and float32 to float32, with integers
/// as float16 (where promote_types has no answer, the type that numpy.multiply gives).
DType promote(DType a, DType b);
/// numpy.can_cast(from, to, "same_kind"): to the same or a later kind of bool, unsigned, signed,
/// float and complex, of any size.
bool castsSameKind(DType from, DType to);

} // namespace ricci
