//===- group_product.cpp - products of four warps as PTX -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/emit.h"

#include <algorithm>

namespace ricci {

void writeGroupProduct(CudaText &text, const std::string &shape, int columns,
                       const std::string &operands, llvm::ArrayRef<std::string> inputs) {
  constexpr int kNamesOfLine = 16;
  int products = columns / 8, words = 4 * products;
  text.line("  asm volatile(\"wgmma.mma_async.sync.aligned.{} {{\"", shape);
  for (int i = 0; i < words; i += kNamesOfLine) {
    std::string names;
    for (int j = i; j < std::min(words, i + kNamesOfLine); ++j)
      names += fmt::format("%{}{}", j, j + 1 == words ? "" : ", ");
    text.line("               \"{}\"", names);
  }
  text.line("               \"}}, {};\"", operands);
  for (int i = 0; i < products; ++i)
    text.line("               {} \"+f\"(sums[{}][0]), \"+f\"(sums[{}][1]), \"+f\"(sums[{}][2]), "
              "\"+f\"(sums[{}][3]){}",
              i == 0 ? ":" : " ", i, i, i, i, i + 1 == products ? "" : ",");
  for (size_t i = 0; i < inputs.size(); ++i)
    text.line("               {} {}{}", i == 0 ? ":" : " ", inputs[i],
              i + 1 == inputs.size() ? ");" : ",");
}

} // namespace ricci
