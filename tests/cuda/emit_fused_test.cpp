//===- emit_fused_test.cpp - fused kernels as CUDA C++, on the emulator -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emit_harness.h"
#include "tests/fuse/program_writer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ricci::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char *kTypes[] = {"i1",   "i8",   "i16",  "i32",          "i64",
                                  "ui8",  "ui16", "ui32", "ui64",         "f16",
                                  "bf16", "f32",  "f64",  "complex<f32>", "complex<f64>"};

/// A program with every {0} … replaced; `{{` are braces.
template <typename... Args> std::string program(const char *text, Args &&...args) {
  return fmt::format(fmt::runtime(text), std::forward<Args>(args)...);
}

EmitOptions disordered(uint64_t seed) {
  EmitOptions options;
  options.disorder = true;
  options.seed = seed;
  return options;
}

TEST(EmitFused, MapsOfEveryType) {
  const char *text =
      R"(func.func @main(%a: tensor<{0}x{1}>, %b: tensor<5x{1}>) -> (tensor<{0}x{1}>, tensor<{0}x{1}>) {{
  %0 = ricci.elementwise multiply(%a, %b) : (tensor<{0}x{1}>, tensor<5x{1}>) -> tensor<{0}x{1}>
  %1 = ricci.elementwise add(%0, %a) : (tensor<{0}x{1}>, tensor<{0}x{1}>) -> tensor<{0}x{1}>
  return %0, %1 : tensor<{0}x{1}>, tensor<{0}x{1}>
}}
)";
  uint64_t seed = 0;
  for (const char *type : kTypes) {
    expectEmulated(program(text, "37x5", type));
    expectEmulated(program(text, "3x7x5", type), disordered(++seed));
    if (HasFailure())
      return;
  }
}

TEST(EmitFused, RandomPrograms) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    EmitOptions options;
    options.disorder = seed % 3 == 0;
    options.seed = seed;
    options.fuse = seed % 8 != 0;
    expectEmulated(ProgramWriter(seed).write(4 + int(seed % 12)), options);
    if (HasFailure())
      return;
  }
}

} // namespace
} // namespace ricci::test
