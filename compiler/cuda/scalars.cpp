//===- scalars.cpp - elements and their operations in CUDA C++
//----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/scalars.h"

#include "compiler/cuda/device_code.h"
#include "runtime/half.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace ricci {

namespace {

bool isHalf(DType type) { return type == DType::f16 || type == DType::bf16; }
bool isInteger(DType type) {
  return kindOf(type) == DTypeKind::Int || kindOf(type) == DTypeKind::UInt;
}
bool isSingle(DType type) { return type == DType::f32 || type == DType::c64 || isHalf(type); }

/// In these, x, y and z stand for the operands, T for the type of the values, U for the unsigned
/// type that wraps, F for the function suffix of floats.
std::string expand(llvm::StringRef pattern, DType type, llvm::ArrayRef<std::string> operands) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      text += pattern[i];
      continue;
    }
    char name = pattern[++i];
    if (name == 'T')
      text += valueTypeName(type);
    else if (name == 'U')
      text += itemSize(type) == 8 ? "u64" : "u32";
    else if (name == 'F')
      text += isSingle(type) ? "f" : "";
    else
      text += operands[size_t(name - 'x')];
  }
  return text;
}

struct Pattern {
  ScalarOp op;
  llvm::StringLiteral text;
};

template <size_t n> llvm::StringRef find(const Pattern (&patterns)[n], ScalarOp op) {
  for (const Pattern &pattern : patterns)
    if (pattern.op == op)
      return pattern.text;
  return "";
}

constexpr Pattern kBool[] = {
    {ScalarOp::Add, "$x | $y"},         {ScalarOp::Multiply, "$x & $y"},
    {ScalarOp::Maximum, "$x | $y"},     {ScalarOp::Minimum, "$x & $y"},
    {ScalarOp::Fmax, "$x | $y"},        {ScalarOp::Fmin, "$x & $y"},
    {ScalarOp::Absolute, "$x"},         {ScalarOp::Invert, "!$x"},
    {ScalarOp::Less, "!$x & $y"},       {ScalarOp::LessEqual, "!$x | $y"},
    {ScalarOp::Greater, "$x & !$y"},    {ScalarOp::GreaterEqual, "$x | !$y"},
    {ScalarOp::BitwiseAnd, "$x & $y"},  {ScalarOp::BitwiseOr, "$x | $y"},
    {ScalarOp::BitwiseXor, "$x != $y"},
};

/// Signed numbers wrap as unsigned ones: C++ has no overflow of them.
constexpr Pattern kInteger[] = {
    {ScalarOp::Add, "($T)(($U)$x + ($U)$y)"},
    {ScalarOp::Subtract, "($T)(($U)$x - ($U)$y)"},
    {ScalarOp::Multiply, "($T)(($U)$x * ($U)$y)"},
    {ScalarOp::Negative, "($T)(0 - ($U)$x)"},
    {ScalarOp::Absolute, "$x < 0 ? ($T)(0 - ($U)$x) : $x"},
    {ScalarOp::Sign, "($T)(($x > 0) - ($x < 0))"},
    {ScalarOp::FloorDivide, "floorQuotient<$T>($x, $y)"},
    {ScalarOp::Remainder, "floorRemainder<$T>($x, $y)"},
    {ScalarOp::Fmod, "truncatedRemainder<$T>($x, $y)"},
    {ScalarOp::Power, "integerPower<$T>($x, $y)"},
    {ScalarOp::Maximum, "$x > $y ? $x : $y"},
    {ScalarOp::Minimum, "$x < $y ? $x : $y"},
    {ScalarOp::Fmax, "$x > $y ? $x : $y"},
    {ScalarOp::Fmin, "$x < $y ? $x : $y"},
    {ScalarOp::BitwiseAnd, "($T)($x & $y)"},
    {ScalarOp::BitwiseOr, "($T)($x | $y)"},
    {ScalarOp::BitwiseXor, "($T)($x ^ $y)"},
    {ScalarOp::Invert, "($T)~$x"},
    {ScalarOp::LeftShift, "shiftedLeft<$T>($x, $y)"},
    {ScalarOp::RightShift, "shiftedRight<$T>($x, $y)"},
};

/// Bools and integers have neither fractions nor NaNs.
constexpr Pattern kWhole[] = {
    {ScalarOp::Floor, "$x"},    {ScalarOp::Ceil, "$x"},     {ScalarOp::Trunc, "$x"},
    {ScalarOp::Isnan, "false"}, {ScalarOp::Isinf, "false"}, {ScalarOp::Isfinite, "true"},
};

/// Where f16 and bf16 are not as f32.
constexpr Pattern kF16[] = {
    {ScalarOp::Maximum, "firstMaximum($x, $y)"},    {ScalarOp::Minimum, "firstMinimum($x, $y)"},
    {ScalarOp::Fmax, "firstMaximumNumber($x, $y)"}, {ScalarOp::Fmin, "firstMinimumNumber($x, $y)"},
    {ScalarOp::Nextafter, "nextF16($x, $y)"},
};
constexpr Pattern kBf16[] = {
    {ScalarOp::Sign, "signOfBf16($x)"},
    {ScalarOp::Nextafter, "nextBf16($x, $y)"},
};

constexpr Pattern kComplex[] = {
    {ScalarOp::Divide, "complexQuotient($x, $y)"},
    {ScalarOp::Power, "complexPower($x, $y)"},
    {ScalarOp::Absolute, "complexAbsolute($x)"},
    {ScalarOp::Sign, "complexSign($x)"},
    {ScalarOp::Maximum, "complexMaximum($x, $y)"},
    {ScalarOp::Minimum, "complexMinimum($x, $y)"},
    {ScalarOp::Fmax, "complexMaximumNumber($x, $y)"},
    {ScalarOp::Fmin, "complexMinimumNumber($x, $y)"},
    {ScalarOp::Exp, "complexExp($x)"},
    {ScalarOp::Sqrt, "complexSqrt($x)"},
    {ScalarOp::Isnan, "$x != $x"},
    {ScalarOp::Isinf, "isInfinite($x.re) || isInfinite($x.im)"},
    {ScalarOp::Isfinite, "isFinite($x.re) && isFinite($x.im)"},
    {ScalarOp::Less, "complexLess($x, $y)"},
    {ScalarOp::LessEqual, "complexLessEqual($x, $y)"},
    {ScalarOp::Greater, "complexLess($y, $x)"},
    {ScalarOp::GreaterEqual, "complexLessEqual($y, $x)"},
    {ScalarOp::Conjugate, "$T{$x.re, -$x.im}"},
    {ScalarOp::Real, "$x.re"},
    {ScalarOp::Imag, "$x.im"},
};

/// What an operation on floats of 16 bits gives without rounding.
bool isExact(ScalarOp op) {
  switch (op) {
  case ScalarOp::Negative:
  case ScalarOp::Absolute:
  case ScalarOp::Sign:
  case ScalarOp::Maximum:
  case ScalarOp::Minimum:
  case ScalarOp::Fmax:
  case ScalarOp::Fmin:
  case ScalarOp::Floor:
  case ScalarOp::Ceil:
  case ScalarOp::Trunc:
  case ScalarOp::Rint:
  case ScalarOp::Copysign:
  case ScalarOp::Nextafter:
  case ScalarOp::Heaviside:
  case ScalarOp::Where:
    return true;
  default:
    return resultDType(op, DType::f32) == DType::b1;
  }
}

std::string rounded(DType type, const std::string &value) {
  if (!isHalf(type))
    return value;
  return fmt::format("{}({})", type == DType::f16 ? "roundF16" : "roundBf16", value);
}

/// By the spelling of the table: an operator, one of the device's own functions, or one of CUDA's.
std::string bySpelling(ScalarOp op, DType type, llvm::ArrayRef<std::string> operands) {
  llvm::StringRef name = info(op).cuda;
  if (op == ScalarOp::Where)
    return fmt::format("{} ? {} : {}", operands[0], operands[1], operands[2]);
  if (!llvm::isAlpha(name[0]))
    return operands.size() == 1 ? fmt::format("{}{}", name.str(), operands[0])
                                : fmt::format("{} {} {}", operands[0], name.str(), operands[1]);
  std::string suffix = isDeviceFunction(name) || !isSingle(type) ? "" : "f";
  return fmt::format("{}{}({})", name.str(), suffix, llvm::join(operands, ", "));
}

template <typename F> std::string floatLiteral(F value, const char *suffix) {
  if (std::isnan(value))
    return *suffix ? "kNaN" : "kNaNF64";
  if (std::isinf(value))
    return std::string(value < 0 ? "-" : "") + (*suffix ? "kInfinity" : "kInfinityF64");
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  // Negative ones are operands too: -1 - -2.
  return std::signbit(value) ? "(" + text + suffix + ")" : text + suffix;
}

std::string integerLiteral(DType type, int64_t value) {
  std::string number = itemSize(type) < 8                ? fmt::format("{}", value)
                       : kindOf(type) == DTypeKind::UInt ? fmt::format("{}ull", uint64_t(value))
                       : value == INT64_MIN              ? "-0x7fffffffffffffffll - 1"
                                                         : fmt::format("{}ll", value);
  if (type == DType::i32 && value == INT32_MIN)
    number = "-0x7fffffff - 1";
  return fmt::format("({})({})", valueTypeName(type), number);
}

template <typename T> T read(const void *element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

} // namespace

std::string storageTypeName(DType type) {
  if (type == DType::b1)
    return "u8";
  return isHalf(type) ? std::string(shortName(type)) : valueTypeName(type);
}

std::string valueTypeName(DType type) {
  switch (type) {
  case DType::b1:
    return "bool";
  case DType::i32:
    return "int";
  case DType::f16:
  case DType::bf16:
  case DType::f32:
    return "float";
  case DType::f64:
    return "double";
  default:
    return std::string(shortName(type));
  }
}

std::string loaded(DType type, const std::string &element) {
  if (type == DType::b1)
    return element + " != 0";
  if (isHalf(type))
    return fmt::format("{}({})", type == DType::f16 ? "fromF16" : "fromBf16", element);
  return element;
}

std::string stored(DType type, const std::string &value) {
  if (isHalf(type))
    return fmt::format("{}({})", type == DType::f16 ? "toF16" : "toBf16", value);
  return value;
}

std::string literal(DType type, const void *element) {
  switch (type) {
  case DType::b1:
    return read<uint8_t>(element) ? "true" : "false";
  case DType::i8:
    return integerLiteral(type, read<int8_t>(element));
  case DType::i16:
    return integerLiteral(type, read<int16_t>(element));
  case DType::i32:
    return integerLiteral(type, read<int32_t>(element));
  case DType::i64:
  case DType::u64:
    return integerLiteral(type, read<int64_t>(element));
  case DType::u8:
    return integerLiteral(type, read<uint8_t>(element));
  case DType::u16:
    return integerLiteral(type, read<uint16_t>(element));
  case DType::u32:
    return integerLiteral(type, read<uint32_t>(element));
  case DType::f16:
    return floatLiteral(halfToFloat(read<uint16_t>(element)), "f");
  case DType::bf16:
    return floatLiteral(bf16ToFloat(read<uint16_t>(element)), "f");
  case DType::f32:
    return floatLiteral(read<float>(element), "f");
  case DType::f64:
    return floatLiteral(read<double>(element), "");
  case DType::c64:
  case DType::c128: {
    DType part = type == DType::c64 ? DType::f32 : DType::f64;
    const auto *bytes = static_cast<const char *>(element);
    return fmt::format("{}{{{}, {}}}", shortName(type), literal(part, bytes),
                       literal(part, bytes + itemSize(part)));
  }
  }
  return {};
}

std::string zeroLiteral(DType type) { return literal(type, 0.0); }

std::string literal(DType type, double value) {
  switch (kindOf(type)) {
  case DTypeKind::Bool:
    return value != 0 ? "true" : "false";
  case DTypeKind::Int:
  case DTypeKind::UInt:
    if (std::isinf(value)) {
      unsigned bits = unsigned(8 * itemSize(type)) - (kindOf(type) == DTypeKind::Int);
      uint64_t most = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
      uint64_t least = kindOf(type) == DTypeKind::Int ? ~most : 0;
      return integerLiteral(type, int64_t(value > 0 ? most : least));
    }
    return integerLiteral(type, int64_t(value));
  case DTypeKind::Float:
    return type == DType::f64 ? floatLiteral(value, "") : floatLiteral(float(value), "f");
  case DTypeKind::Complex: {
    std::string re = literal(type == DType::c64 ? DType::f32 : DType::f64, value);
    // The least number has the least parts; one is 1 + 0i.
    std::string im = std::isinf(value) ? re : type == DType::c64 ? "0.0f" : "0.0";
    return fmt::format("{}{{{}, {}}}", shortName(type), re, im);
  }
  }
  return {};
}

std::string applied(ScalarOp op, DType type, llvm::ArrayRef<std::string> operands) {
  auto by = [&](llvm::StringRef pattern) { return expand(pattern, type, operands); };
  llvm::StringRef pattern;
  switch (kindOf(type)) {
  case DTypeKind::Bool:
    pattern = find(kBool, op);
    break;
  case DTypeKind::Int:
  case DTypeKind::UInt:
    pattern = find(kInteger, op);
    if (op == ScalarOp::Absolute && kindOf(type) == DTypeKind::UInt)
      pattern = "$x";
    break;
  case DTypeKind::Complex:
    pattern = find(kComplex, op);
    break;
  case DTypeKind::Float:
    pattern = type == DType::f16    ? find(kF16, op)
              : type == DType::bf16 ? find(kBf16, op)
                                    : llvm::StringRef();
    break;
  }
  bool isWhole = kindOf(type) == DTypeKind::Bool || isInteger(type);
  if (pattern.empty() && isWhole)
    pattern = find(kWhole, op);
  if (!pattern.empty())
    return by(pattern);
  std::string value = bySpelling(op, type, operands);
  return isExact(op) ? value : rounded(type, value);
}

std::string converted(DType from, DType to, const std::string &value) {
  if (from == to)
    return value;
  DTypeKind kind = kindOf(from);
  auto part = [](DType complex) { return complex == DType::c64 ? DType::f32 : DType::f64; };
  if (to == DType::b1)
    return kind == DTypeKind::Complex ? fmt::format("{0}.re != 0 || {0}.im != 0", value)
                                      : fmt::format("{} != 0", value);
  if (kindOf(to) == DTypeKind::Complex) {
    std::string type = valueTypeName(to), element = valueTypeName(part(to));
    if (kind == DTypeKind::Complex)
      return fmt::format("{0}{{({1}){2}.re, ({1}){2}.im}}", type, element, value);
    return fmt::format("{}{{({}){}, 0}}", type, element, value);
  }
  if (kind == DTypeKind::Complex)
    return part(from) == to ? value + ".re" : converted(part(from), to, value + ".re");
  if (to == DType::f16)
    return isSingle(from) ? rounded(to, value) : fmt::format("roundF16Once({})", value);
  if (to == DType::bf16)
    return rounded(to, "(float)" + value);
  if (kind == DTypeKind::Float && isInteger(to)) {
    // Small types go through i32, u32 through i64.
    if (to == DType::u64)
      return fmt::format("truncatedToU64({})", value);
    bool isWide = to == DType::u32 || to == DType::i64;
    return fmt::format("({})truncated<{}>({})", valueTypeName(to), isWide ? "i64" : "int", value);
  }
  if (valueTypeName(from) == valueTypeName(to))
    return value;
  return fmt::format("({}){}", valueTypeName(to), value);
}

} // namespace ricci
