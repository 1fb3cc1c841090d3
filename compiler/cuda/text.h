//===- text.h - CUDA C++ text while it is written
//-----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <fmt/format.h>

#include <string>

namespace ricci {

/// Lines of a kernel, indented by the blocks that they are in.
class CudaText {
public:
  void line(const std::string &text) {
    text_ += std::string(size_t(2 * depth_), ' ') + text + "\n";
  }
  template <typename First, typename... Rest>
  void line(fmt::format_string<First, Rest...> format, First &&first, Rest &&...rest) {
    line(fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...));
  }
  void blank() { text_ += "\n"; }
  /// `head {`, the body, `}`. Without a head the body alone; of the head "{" nothing else.
  void block(const std::string &head, llvm::function_ref<void()> body);
  /// The same, with the semicolon of a definition: `auto f = [&]() {`.
  void lambda(const std::string &head, llvm::function_ref<void()> body);
  /// `#pragma unroll` and a loop over [0, count).
  void unrolled(const std::string &index, int64_t count, llvm::function_ref<void()> body);

  const std::string &str() const { return text_; }

private:
  std::string text_;
  int depth_ = 0;
};

} // namespace ricci
