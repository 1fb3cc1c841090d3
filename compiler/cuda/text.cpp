//===- text.cpp - CUDA C++ text while it is written
//---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/text.h"

namespace ricci {

void CudaText::block(const std::string &head, llvm::function_ref<void()> body) {
  if (head.empty())
    return body();
  line(head == "{" ? head : head + " {");
  ++depth_;
  body();
  --depth_;
  line("}");
}

void CudaText::lambda(const std::string &head, llvm::function_ref<void()> body) {
  line(head + " {");
  ++depth_;
  body();
  --depth_;
  line("};");
}

void CudaText::unrolled(const std::string &index, int64_t count, llvm::function_ref<void()> body) {
  line("#pragma unroll");
  block(fmt::format("for (int {0} = 0; {0} < {1}; ++{0})", index, count), body);
}

} // namespace ricci
