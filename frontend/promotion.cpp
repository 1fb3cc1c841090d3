//===- promotion.cpp - dtypes of numbers and of operands that meet -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"
#include "runtime/half.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace ricci {
namespace {

template <typename T> std::vector<uint8_t> bytesOf(T x) {
  std::vector<uint8_t> bytes(sizeof x);
  std::memcpy(bytes.data(), &x, sizeof x);
  return bytes;
}

Diagnostic outOfBounds(const Value &number, std::string_view what, DType dtype) {
  Diagnostic error =
      inputError(fmt::format("the integer {} is out of bounds for {}", what, numpyName(dtype)));
  error.spans = {number.span};
  return error;
}

template <typename T>
Expected<std::vector<uint8_t>> encodeInteger(const Value &number, DType dtype) {
  // A float or complex number is cut to an integer, as int(x) does.
  if (!number.is<int64_t>() && !number.is<bool>()) {
    const auto *z = number.as<std::complex<double>>();
    double x = std::trunc(z ? z->real() : *number.as<double>());
    // The least float above the greatest T: 2**(its bits).
    double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (!(x >= double(std::numeric_limits<T>::min()) && x < end))
      return outOfBounds(number, fmt::format("{}", x), dtype);
    return bytesOf(T(x));
  }
  int64_t x = number.is<bool>() ? *number.as<bool>() : *number.as<int64_t>();
  if (!std::in_range<T>(x))
    return outOfBounds(number, std::to_string(x), dtype);
  return bytesOf(T(x));
}

std::complex<double> complexOf(const Value &number) {
  if (const auto *x = number.as<bool>())
    return double(*x);
  if (const auto *x = number.as<int64_t>())
    return double(*x);
  if (const auto *x = number.as<double>())
    return *x;
  return *number.as<std::complex<double>>();
}

} // namespace

DType dtypeOfNumber(const Value &number) {
  return number.is<bool>()      ? DType::b1
         : number.is<int64_t>() ? DType::i64
         : number.is<double>()  ? DType::f64
                                : DType::c128;
}

Expected<std::vector<uint8_t>> encodeNumber(const Value &number, DType dtype) {
  std::complex<double> z = complexOf(number);
  double x = z.real();
  switch (dtype) {
  case DType::b1:
    return bytesOf(uint8_t(z != 0.0));
  case DType::i8:
    return encodeInteger<int8_t>(number, dtype);
  case DType::i16:
    return encodeInteger<int16_t>(number, dtype);
  case DType::i32:
    return encodeInteger<int32_t>(number, dtype);
  case DType::i64:
    return encodeInteger<int64_t>(number, dtype);
  case DType::u8:
    return encodeInteger<uint8_t>(number, dtype);
  case DType::u16:
    return encodeInteger<uint16_t>(number, dtype);
  case DType::u32:
    return encodeInteger<uint32_t>(number, dtype);
  case DType::u64:
    return encodeInteger<uint64_t>(number, dtype);
  case DType::f16:
    return bytesOf(halfFromDouble(x));
  case DType::bf16:
    return bytesOf(bf16FromFloat(float(x)));
  case DType::f32:
    return bytesOf(float(x));
  case DType::f64:
    return bytesOf(x);
  case DType::c64:
    return bytesOf(std::complex<float>(z));
  case DType::c128:
    return bytesOf(z);
  }
  return inputError("unknown dtype");
}

Expected<TensorValue> constantOf(ProgramBuilder &builder, const Value &number, DType dtype,
                                 Shape shape) {
  Expected<std::vector<uint8_t>> data = encodeNumber(number, dtype);
  if (!data) {
    data.error().source = builder.source();
    return std::move(data.error());
  }
  return builder.constant(dtype, std::move(shape), std::move(*data), number.span);
}

} // namespace ricci
