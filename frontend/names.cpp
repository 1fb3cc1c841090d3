//===- names.cpp - names that every program knows -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/names.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

namespace ricci {
namespace {

enum Where : uint8_t { kPython = 1, kNumpy = 2, kBoth = 3 };

struct TypeRow {
  std::string_view name;
  DType dtype;
  std::string_view function; ///< what a call of it is
  Where where = kBoth;
};
/// NumPy's types have the sizes of 64-bit Linux.
constexpr TypeRow kTypes[] = {
    {"bool", DType::b1, "bool", kPython},
    {"bool", DType::b1, "bool_", kNumpy},
    {"bool_", DType::b1, "bool_"},
    {"int", DType::i64, "int", kPython},
    {"float", DType::f64, "float", kPython},
    {"complex", DType::c128, "complex", kPython},
    {"int8", DType::i8, "int8"},
    {"byte", DType::i8, "int8"},
    {"int16", DType::i16, "int16"},
    {"short", DType::i16, "int16"},
    {"int32", DType::i32, "int32"},
    {"intc", DType::i32, "int32"},
    {"int64", DType::i64, "int64"},
    {"int_", DType::i64, "int64"},
    {"intp", DType::i64, "int64"},
    {"long", DType::i64, "int64"},
    {"longlong", DType::i64, "int64"},
    {"uint8", DType::u8, "uint8"},
    {"ubyte", DType::u8, "uint8"},
    {"uint16", DType::u16, "uint16"},
    {"ushort", DType::u16, "uint16"},
    {"uint32", DType::u32, "uint32"},
    {"uintc", DType::u32, "uint32"},
    {"uint64", DType::u64, "uint64"},
    {"uint", DType::u64, "uint64"},
    {"uintp", DType::u64, "uint64"},
    {"ulong", DType::u64, "uint64"},
    {"ulonglong", DType::u64, "uint64"},
    {"float16", DType::f16, "float16"},
    {"half", DType::f16, "float16"},
    {"bfloat16", DType::bf16, "bfloat16", kPython},
    {"float32", DType::f32, "float32"},
    {"single", DType::f32, "float32"},
    {"float64", DType::f64, "float64"},
    {"double", DType::f64, "float64"},
    {"complex64", DType::c64, "complex64"},
    {"csingle", DType::c64, "complex64"},
    {"complex128", DType::c128, "complex128"},
    {"cdouble", DType::c128, "complex128"},
};

struct NumberRow {
  std::string_view name;
  double value;
};
constexpr NumberRow kNumbers[] = {{"pi", std::numbers::pi},
                                  {"e", std::numbers::e},
                                  {"inf", INFINITY},
                                  {"nan", NAN},
                                  {"euler_gamma", std::numbers::egamma}};

constexpr std::string_view kModules[] = {"linalg", "random",  "fft",   "lib",  "ma",
                                         "char",   "special", "scipy", "math", "polynomial"};

const TypeRow *typeRow(std::string_view name, bool inNumpy) {
  auto fits = [&](const TypeRow &row) {
    return row.name == name && (row.where & (inNumpy ? kNumpy : kPython));
  };
  auto found = std::find_if(std::begin(kTypes), std::end(kTypes), fits);
  return found == std::end(kTypes) ? nullptr : found;
}

} // namespace

std::optional<Value> knownValue(std::string_view name, bool inNumpy) {
  for (const NumberRow &row : kNumbers)
    if (row.name == name)
      return Value(row.value);
  if (name == "newaxis")
    return Value(NoneValue{});
  if (name == "Ellipsis" && !inNumpy)
    return Value(EllipsisValue{});
  if ((name == "True_" || name == "False_") && inNumpy)
    return Value(name == "True_");
  if (const TypeRow *row = typeRow(name, inNumpy))
    return Value(row->dtype);
  return std::nullopt;
}

std::string_view typeFunction(std::string_view name, bool inNumpy) {
  const TypeRow *row = typeRow(name, inNumpy);
  return row ? row->function : std::string_view();
}

bool isModule(std::string_view name) {
  return std::find(std::begin(kModules), std::end(kModules), name) != std::end(kModules);
}

void appendKnownNames(std::vector<std::string_view> &names) {
  for (const NumberRow &row : kNumbers)
    names.push_back(row.name);
  for (const TypeRow &row : kTypes)
    names.push_back(row.name);
  names.push_back("newaxis");
}

} // namespace ricci
