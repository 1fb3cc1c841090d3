//===- elements.cpp - reads single elements of tensors ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/elements.h"

#include "runtime/half.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>

namespace ricci::driver {

template <typename T> static T load(const void *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

const void *elementAt(const Tensor &tensor, const std::vector<int64_t> &index) {
  int64_t offset = 0;
  for (size_t axis = 0; axis < index.size(); ++axis)
    offset += index[axis] * tensor.strides()[axis];
  return static_cast<const char *>(tensor.raw()) + offset * int64_t(itemSize(tensor.dtype()));
}

DType partType(DType dtype) {
  return dtype == DType::c64 ? DType::f32 : dtype == DType::c128 ? DType::f64 : dtype;
}

int64_t loadInt(DType dtype, const void *element) {
  switch (dtype) {
  case DType::b1:
    return load<uint8_t>(element) != 0;
  case DType::i8:
    return load<int8_t>(element);
  case DType::i16:
    return load<int16_t>(element);
  case DType::i32:
    return load<int32_t>(element);
  default:
    return load<int64_t>(element);
  }
}

uint64_t loadUInt(DType dtype, const void *element) {
  switch (dtype) {
  case DType::u8:
    return load<uint8_t>(element);
  case DType::u16:
    return load<uint16_t>(element);
  case DType::u32:
    return load<uint32_t>(element);
  default:
    return load<uint64_t>(element);
  }
}

double loadFloat(DType dtype, const void *element) {
  switch (dtype) {
  case DType::f16:
    return halfToFloat(load<uint16_t>(element));
  case DType::bf16:
    return bf16ToFloat(load<uint16_t>(element));
  case DType::f32:
    return load<float>(element);
  default:
    return load<double>(element);
  }
}

std::complex<double> loadComplex(DType dtype, const void *element) {
  switch (kindOf(dtype)) {
  case DTypeKind::Bool:
  case DTypeKind::Int:
    return double(loadInt(dtype, element));
  case DTypeKind::UInt:
    return double(loadUInt(dtype, element));
  case DTypeKind::Float:
    return loadFloat(dtype, element);
  case DTypeKind::Complex:
    break;
  }
  DType part = partType(dtype);
  return {loadFloat(part, element),
          loadFloat(part, static_cast<const char *>(element) + itemSize(part))};
}

std::string shortestScientific(DType dtype, double value) {
  char text[64];
  auto done = [&](std::to_chars_result r) { return std::string(text, r.ptr); };
  if (dtype == DType::f64 || value == 0)
    return done(std::to_chars(text, text + sizeof text, value, std::chars_format::scientific));
  if (dtype == DType::f32)
    return done(
        std::to_chars(text, text + sizeof text, float(value), std::chars_format::scientific));
  // 16-bit floats: the first number of digits that reads back as `value`.
  for (int digits = 0;; ++digits) {
    std::to_chars_result r =
        std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, digits);
    double back = 0;
    std::from_chars(text, r.ptr, back);
    double rounded = dtype == DType::f16 ? halfToFloat(halfFromDouble(back))
                                         : bf16ToFloat(bf16FromFloat(float(back)));
    if (rounded == value || digits == 17)
      return done(r);
  }
}

/// Where NumPy changes to an exponent: as many digits as the type has, 16 for f64.
static int exponentFrom(DType dtype) {
  return dtype == DType::f16 ? 3 : dtype == DType::bf16 ? 2 : dtype == DType::f32 ? 6 : 16;
}

/// str() of a NumPy float.
static std::string floatText(DType dtype, double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  std::string digits = shortestScientific(dtype, value);
  size_t e = digits.find('e');
  int exponent = 0;
  const char *first = digits.data() + e + 1 + (digits[e + 1] == '+');
  std::from_chars(first, digits.data() + digits.size(), exponent);
  if (exponent < -4 || exponent >= exponentFrom(dtype))
    return digits;
  // Move the point: the digits before and after it.
  std::string sign = digits[0] == '-' ? "-" : "";
  std::string all = digits.substr(sign.size(), e - sign.size());
  std::erase(all, '.');
  if (exponent < 0)
    return sign + "0." + std::string(size_t(-exponent - 1), '0') + all;
  if (all.size() <= size_t(exponent) + 1)
    return sign + all + std::string(size_t(exponent) + 1 - all.size(), '0') + ".0";
  return sign + all.substr(0, size_t(exponent) + 1) + "." + all.substr(size_t(exponent) + 1);
}

std::string elementText(DType dtype, const void *element) {
  switch (kindOf(dtype)) {
  case DTypeKind::Bool:
    return loadInt(dtype, element) ? "True" : "False";
  case DTypeKind::Int:
    return fmt::format("{}", loadInt(dtype, element));
  case DTypeKind::UInt:
    return fmt::format("{}", loadUInt(dtype, element));
  case DTypeKind::Float:
    return floatText(dtype, loadFloat(dtype, element));
  case DTypeKind::Complex:
    break;
  }
  std::complex<double> value = loadComplex(dtype, element);
  DType part = partType(dtype);
  auto text = [&](double x) {
    std::string s = floatText(part, x);
    return s.ends_with(".0") ? s.substr(0, s.size() - 2) : s;
  };
  std::string imaginary = text(value.imag()) + "j";
  if (value.real() == 0 && !std::signbit(value.real()))
    return imaginary;
  return fmt::format("({}{}{})", text(value.real()), imaginary[0] == '-' ? "" : "+", imaginary);
}

} // namespace ricci::driver
