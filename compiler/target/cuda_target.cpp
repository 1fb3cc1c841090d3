//===- cuda_target.cpp - what a GPU has -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/target/cuda_target.h"

#include <fmt/format.h>

namespace ricci {

/// Two or three digits, the last of them the minor version; then perhaps a letter.
Expected<CudaTarget> resolveCudaTarget(const std::string &arch) {
  std::string_view rest = arch;
  for (std::string_view prefix : {"sm_", "compute_"})
    if (rest.starts_with(prefix))
      rest.remove_prefix(prefix.size());
  CudaTarget target{arch, 0};
  size_t digits = 0;
  for (; digits < rest.size() && digits < 3 && rest[digits] >= '0' && rest[digits] <= '9'; ++digits)
    target.capability = 10 * target.capability + (rest[digits] - '0');
  std::string_view suffix = rest.substr(digits);
  if (rest.size() == arch.size() || digits < 2 || suffix.size() > 1 ||
      (suffix.size() == 1 && suffix != "a" && suffix != "f"))
    return usageError(
        fmt::format("'{}' is no CUDA architecture; give one like sm_80 or sm_90a", arch));
  if (target.capability < 80)
    return usageError(
        fmt::format("'{}' is older than sm_80, the oldest that kernels are made for", arch));
  return target;
}

} // namespace ricci
