//===- emit_scalars_test.cpp - operations on elements as CUDA C++, on the emulator --------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/scalar_ops.h"
#include "tests/cuda/emit_harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ricci::test {
namespace {

constexpr DType kTypes[] = {DType::b1,   DType::i8,  DType::i16, DType::i32, DType::i64,
                            DType::u8,   DType::u16, DType::u32, DType::u64, DType::f16,
                            DType::bf16, DType::f32, DType::f64, DType::c64, DType::c128};
constexpr int kExtent = 700;

std::string element(DType type) {
  switch (kindOf(type)) {
  case DTypeKind::Bool:
    return "i1";
  case DTypeKind::UInt:
    return "ui" + std::to_string(8 * itemSize(type));
  case DTypeKind::Complex:
    return type == DType::c64 ? "complex<f32>" : "complex<f64>";
  default:
    return std::string(shortName(type));
  }
}
std::string tensor(DType type) { return fmt::format("tensor<{}x{}>", kExtent, element(type)); }

double toleranceOf(DType type) {
  switch (type) {
  case DType::f16:
    return 0x1p-9;
  case DType::bf16:
    return 0x1p-6;
  case DType::f32:
  case DType::c64:
    return 1e-6;
  default:
    return 1e-14;
  }
}

class EmitScalars : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Types, EmitScalars, testing::ValuesIn(kTypes),
                         [](const auto &type) { return std::string(shortName(type.param)); });

/// All operations that compute in the type, in functions of a few each.
TEST_P(EmitScalars, Operations) {
  DType type = GetParam();
  std::string of = tensor(type), body, results, types;
  int count = 0;
  EmitOptions options;
  options.special = true;
  options.tolerance = toleranceOf(type);
  auto flush = [&] {
    if (count == 0)
      return;
    options.seed = uint64_t(count);
    expectEmulated(fmt::format("func.func @main(%c: {}, %x: {}, %y: {}) -> ({}) {{\n{}  return {} "
                               ": {}\n}}\n",
                               tensor(DType::b1), of, of, types, body, results, types),
                   options);
    body.clear(), results.clear(), types.clear();
    count = 0;
  };
  for (int i = 0; i <= int(ScalarOp::Imag); ++i) {
    auto op = ScalarOp(i);
    if (computeDType(op, type) != type)
      continue;
    // Powers of infinities differ where C's product of complex numbers does; near 0 a logarithm has
    // the error of what it is the sum of.
    bool isPower = op == ScalarOp::Power && kindOf(type) == DTypeKind::Complex;
    bool isSum = op == ScalarOp::Logaddexp || op == ScalarOp::Logaddexp2;
    if (isPower || isSum)
      flush();
    options.special = !isPower;
    options.tolerance = toleranceOf(type) * (isSum ? 1000 : isPower ? 20 : 1);
    bool selects = op == ScalarOp::Where;
    std::string operands = selects ? "%c, %x, %y" : info(op).arity == 1 ? "%x" : "%x, %y";
    std::string given = selects               ? tensor(DType::b1) + ", " + of + ", " + of
                        : info(op).arity == 1 ? of
                                              : of + ", " + of;
    std::string to = tensor(resultDType(op, type));
    body += fmt::format("  %{0} = ricci.elementwise {1}({2}) : ({3}) -> {4}\n", i, nameOf(op),
                        operands, given, to);
    results += fmt::format("{}%{}", count ? ", " : "", i);
    types += (count ? ", " : "") + to;
    if (++count == 12 || isPower || isSum)
      flush();
    if (HasFailure())
      return;
  }
  flush();
}

TEST_P(EmitScalars, CastsToEveryType) {
  DType type = GetParam();
  std::string body, results, types;
  for (DType to : kTypes) {
    if (to == type)
      continue;
    body += fmt::format("  %{0} = ricci.cast %x : {1} -> {2}\n", int(to), tensor(type), tensor(to));
    results += fmt::format("{}%{}", results.empty() ? "" : ", ", int(to));
    types += (types.empty() ? "" : ", ") + tensor(to);
  }
  EmitOptions options;
  options.special = true;
  expectEmulated(fmt::format("func.func @main(%x: {}) -> ({}) {{\n{}  return {} : {}\n}}\n",
                             tensor(type), types, body, results, types),
                 options);
}

} // namespace
} // namespace ricci::test
