//===- cuda_target.h - what a GPU has -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <string>

namespace ricci {

/// A compute architecture, as NVRTC and ptxas call it.
struct CudaTarget {
  std::string arch;    ///< "sm_90a"
  int capability = 80; ///< 10 * major + minor
};

/// "sm_80", "sm_90a", "compute_90": a usage error names what is known.
Expected<CudaTarget> resolveCudaTarget(const std::string &arch);

} // namespace ricci
