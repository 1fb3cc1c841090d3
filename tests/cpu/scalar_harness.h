//===- scalar_harness.h - scalar operations in one kernel, run -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/target.h"
#include "frontend/scalar_ops.h"
#include "runtime/dtype.h"

#include <complex>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace ricci::test {

// One C++ type for each element type.
struct Bool {
  uint8_t value;
};
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};
using C64 = std::complex<float>;
using C128 = std::complex<double>;

template <typename T> struct Tag {
  using Type = T;
};

/// fn(Tag<T>) for the C++ type of a dtype.
template <typename Fn> auto visit(DType dtype, Fn fn) {
  switch (dtype) {
  case DType::b1:
    return fn(Tag<Bool>{});
  case DType::i8:
    return fn(Tag<int8_t>{});
  case DType::i16:
    return fn(Tag<int16_t>{});
  case DType::i32:
    return fn(Tag<int32_t>{});
  case DType::i64:
    return fn(Tag<int64_t>{});
  case DType::u8:
    return fn(Tag<uint8_t>{});
  case DType::u16:
    return fn(Tag<uint16_t>{});
  case DType::u32:
    return fn(Tag<uint32_t>{});
  case DType::u64:
    return fn(Tag<uint64_t>{});
  case DType::f16:
    return fn(Tag<Half>{});
  case DType::bf16:
    return fn(Tag<BFloat>{});
  case DType::f32:
    return fn(Tag<float>{});
  case DType::f64:
    return fn(Tag<double>{});
  case DType::c64:
    return fn(Tag<C64>{});
  default:
    return fn(Tag<C128>{});
  }
}

/// Elements of one dtype.
struct Elements {
  DType dtype = DType::b1;
  std::vector<uint8_t> bytes;

  Elements() = default;
  template <typename T>
  Elements(DType dtype, const std::vector<T> &values)
      : dtype(dtype), bytes(values.size() * sizeof(T)) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  size_t size() const { return bytes.size() / itemSize(dtype); }
  template <typename T> T at(size_t i) const {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return value;
  }
};

/// Same bits, or both NaN (of complex numbers: each part).
bool sameElement(const Elements &a, const Elements &b, size_t i);

/// What a kernel computes of one element each of x and y, and of a condition.
struct ScalarPrograms {
  DType dtype;
  std::vector<ScalarOp> ops;       ///< computed in dtype; of x, (x, y) or (condition, x, y)
  std::vector<DType> casts;        ///< of x
  std::vector<Elements> constants; ///< one element each; x is not used

  size_t size() const { return ops.size() + casts.size() + constants.size(); }
  DType resultType(size_t i) const;
};

/// Compiles one kernel and runs it on vectors of 8, on vectors that fill a register, and on single
/// elements. Fails the test where that cannot be done or where the results differ (by more than the
/// bits of a NaN). The results, one a program; empty where it failed.
std::vector<Elements> runScalarPrograms(const ScalarPrograms &programs, const Target &target,
                                        const Elements &x, const Elements &y,
                                        const Elements &condition);

} // namespace ricci::test
