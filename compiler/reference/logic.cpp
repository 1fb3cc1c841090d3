//===- logic.cpp - comparisons, bits and where ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/ordering.h"
#include "compiler/reference/scalar_functions.h"

namespace ricci::reference {
namespace {

Bool boolean(bool x) { return {uint8_t(x)}; }

template <typename T> bool isInfinite(T x) {
  if constexpr (isComplex<T>)
    return std::isinf(x.real()) || std::isinf(x.imag());
  else if constexpr (isFloat<T>)
    return std::isinf(value(x));
  else
    return false;
}

/// The bits of an integer; a bool is one bit.
template <typename T> uint64_t bits(T x) {
  if constexpr (std::is_same_v<T, Bool>)
    return x.value;
  else
    return uint64_t(x);
}
template <typename T> T fromBits(uint64_t x) {
  if constexpr (std::is_same_v<T, Bool>)
    return {uint8_t(x & 1)};
  else
    return T(x);
}

/// A count that is negative or no less than the width shifts everything out.
template <typename T> T leftShift(T x, T count) {
  return bits(count) < 8 * sizeof(T) ? T(bits(x) << count) : T(0);
}
template <typename T> T rightShift(T x, T count) {
  if (bits(count) < 8 * sizeof(T))
    return T(x >> count);
  return x < 0 ? T(-1) : T(0);
}

template <typename T> void where(const void *const *operands, void *result) {
  bool condition = static_cast<const Bool *>(operands[0])->value != 0;
  *static_cast<T *>(result) = *static_cast<const T *>(operands[condition ? 1 : 2]);
}

template <typename T> ScalarFunction findBits(ScalarOp op) {
  switch (op) {
  case ScalarOp::BitwiseAnd:
    return binary<T, [](T a, T b) { return fromBits<T>(bits(a) & bits(b)); }>;
  case ScalarOp::BitwiseOr:
    return binary<T, [](T a, T b) { return fromBits<T>(bits(a) | bits(b)); }>;
  case ScalarOp::BitwiseXor:
    return binary<T, [](T a, T b) { return fromBits<T>(bits(a) ^ bits(b)); }>;
  case ScalarOp::Invert:
    return unary<T, [](T a) { return fromBits<T>(~bits(a)); }>;
  default:
    return nullptr;
  }
}

template <typename T> ScalarFunction find(ScalarOp op) {
  switch (op) {
  case ScalarOp::Equal:
    return binary<T, [](T a, T b) { return boolean(equal(a, b)); }>;
  case ScalarOp::NotEqual:
    return binary<T, [](T a, T b) { return boolean(!equal(a, b)); }>;
  case ScalarOp::Less:
    return binary<T, [](T a, T b) { return boolean(less(a, b)); }>;
  case ScalarOp::LessEqual:
    return binary<T, [](T a, T b) { return boolean(lessEqual(a, b)); }>;
  case ScalarOp::Greater:
    return binary<T, [](T a, T b) { return boolean(less(b, a)); }>;
  case ScalarOp::GreaterEqual:
    return binary<T, [](T a, T b) { return boolean(lessEqual(b, a)); }>;
  case ScalarOp::Isnan:
    return unary<T, [](T a) { return boolean(isNaN(a)); }>;
  case ScalarOp::Isinf:
    return unary<T, [](T a) { return boolean(isInfinite(a)); }>;
  case ScalarOp::Isfinite:
    return unary<T, [](T a) { return boolean(!isNaN(a) && !isInfinite(a)); }>;
  case ScalarOp::Where:
    return where<T>;
  default:
    break;
  }
  if constexpr (isInteger<T>) {
    if (op == ScalarOp::LeftShift)
      return binary<T, leftShift<T>>;
    if (op == ScalarOp::RightShift)
      return binary<T, rightShift<T>>;
  }
  if constexpr (isInteger<T> || std::is_same_v<T, Bool>)
    return findBits<T>(op);
  return nullptr;
}

} // namespace

ScalarFunction logicFunction(ScalarOp op, DType type) {
  return visit(type, [&](auto tag) { return find<typename decltype(tag)::Type>(op); });
}

} // namespace ricci::reference
