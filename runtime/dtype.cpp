//===- dtype.cpp - element types -----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/dtype.h"

#include <algorithm>
#include <cassert>

namespace ricci {
namespace {

struct Row {
  std::string_view shortName, numpyName;
  uint8_t bytes;
  DTypeKind kind;
};

constexpr Row rows[kNumDTypes] = {
    {"b1", "bool", 1, DTypeKind::Bool},
    {"i8", "int8", 1, DTypeKind::Int},
    {"i16", "int16", 2, DTypeKind::Int},
    {"i32", "int32", 4, DTypeKind::Int},
    {"i64", "int64", 8, DTypeKind::Int},
    {"u8", "uint8", 1, DTypeKind::UInt},
    {"u16", "uint16", 2, DTypeKind::UInt},
    {"u32", "uint32", 4, DTypeKind::UInt},
    {"u64", "uint64", 8, DTypeKind::UInt},
    {"f16", "float16", 2, DTypeKind::Float},
    {"bf16", "bfloat16", 2, DTypeKind::Float},
    {"f32", "float32", 4, DTypeKind::Float},
    {"f64", "float64", 8, DTypeKind::Float},
    {"c64", "complex64", 8, DTypeKind::Complex},
    {"c128", "complex128", 16, DTypeKind::Complex},
};

const Row &row(DType type) {
  assert(int(type) < kNumDTypes);
  return rows[int(type)];
}

DType intOfBytes(size_t bytes) {
  return bytes == 1 ? DType::i8 : bytes == 2 ? DType::i16 : bytes == 4 ? DType::i32 : DType::i64;
}

/// Bytes of the smallest float that an integer (or bool) promotes to.
size_t floatBytes(DType integer) {
  if (integer == DType::b1)
    return 0;
  return std::min<size_t>(8, 2 * itemSize(integer));
}

/// Both real, at least one of them a float.
DType promoteFloat(DType a, DType b) {
  if (kindOf(a) != DTypeKind::Float)
    std::swap(a, b);
  size_t bytes = itemSize(a);
  if (kindOf(b) == DTypeKind::Float)
    // Neither of the two 16-bit formats holds the other.
    bytes = a != b && itemSize(a) == 2 && itemSize(b) == 2 ? 4 : std::max(bytes, itemSize(b));
  else
    bytes = std::max(bytes, floatBytes(b));
  if (bytes == 2)
    return a;
  return bytes == 4 ? DType::f32 : DType::f64;
}

} // namespace

size_t itemSize(DType type) { return row(type).bytes; }
DTypeKind kindOf(DType type) { return row(type).kind; }
std::string_view shortName(DType type) { return row(type).shortName; }
std::string_view numpyName(DType type) { return row(type).numpyName; }

std::optional<DType> parseDType(std::string_view name) {
  for (int i = 0; i < kNumDTypes; ++i)
    if (name == rows[i].shortName || name == rows[i].numpyName)
      return DType(i);
  return std::nullopt;
}

DType promote(DType a, DType b) {
  if (a == b)
    return a;
  const DTypeKind ka = kindOf(a), kb = kindOf(b);
  if (ka == DTypeKind::Complex || kb == DTypeKind::Complex) {
    auto part = [](DType t) {
      return t == DType::c64 ? DType::f32 : t == DType::c128 ? DType::f64 : t;
    };
    const DType real = promote(part(a), part(b));
    return itemSize(real) == 8 ? DType::c128 : DType::c64;
  }
  if (ka == DTypeKind::Float || kb == DTypeKind::Float)
    return promoteFloat(a, b);
  if (ka == DTypeKind::Bool)
    return b;
  if (kb == DTypeKind::Bool)
    return a;
  if (ka == kb)
    return itemSize(a) > itemSize(b) ? a : b;
  // Signed with unsigned: the signed type that holds both, and f64 where there is none.
  const DType s = ka == DTypeKind::Int ? a : b, u = ka == DTypeKind::Int ? b : a;
  if (itemSize(u) == 8)
    return DType::f64;
  return intOfBytes(std::max(itemSize(s), 2 * itemSize(u)));
}

bool castsSameKind(DType from, DType to) {
  auto rank = [](DType type) {
    switch (kindOf(type)) {
    case DTypeKind::Bool:
      return 0;
    case DTypeKind::UInt:
      return 1;
    case DTypeKind::Int:
      return 2;
    case DTypeKind::Float:
      return 3;
    case DTypeKind::Complex:
      break;
    }
    return 4;
  };
  return rank(from) <= rank(to);
}

} // namespace ricci
