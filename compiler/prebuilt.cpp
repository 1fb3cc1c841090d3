//===- prebuilt.cpp - the functions that were compiled at build time ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/prebuilt.h"

#include <vector>

// What ricci_prebuild wrote, as it is.
asm(R"(
  .pushsection .rodata
  .balign 64
ricci_prebuilt_code:
  .incbin ")" RICCI_PREBUILT_CODE R"("
  .popsection
)");
extern "C" __attribute__((visibility("hidden"))) const char ricci_prebuilt_code[];

namespace ricci {

namespace {

struct Row {
  const char *name, *level;
  size_t at, bytes;
  uint64_t entry;
};
constexpr Row kRows[] = {
#include "compiler/prebuilt.inc"
};

} // namespace

llvm::ArrayRef<PrebuiltFunction> prebuiltFunctions() {
  static const auto &functions = *[] {
    auto *all = new std::vector<PrebuiltFunction>; // outlives every user
    for (const Row &row : kRows)
      all->push_back({row.name, row.level, {ricci_prebuilt_code + row.at, row.bytes}, row.entry});
    return all;
  }();
  return functions;
}

} // namespace ricci
