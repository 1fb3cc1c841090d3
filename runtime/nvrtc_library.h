//===- nvrtc_library.h - where NVRTC is ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NVRTC is never linked. It is looked for in this order: RICCI_NVRTC (a file); what the process has
// loaded; the packages nvidia-cuda-nvrtc of PyPI in the site-packages that libricci is in or
// beside, or of the active environment; the system's library path; CUDA_HOME, CUDA_PATH; and where
// NVIDIA's installers put it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <string>

namespace ricci {

/// The library, loaded once for each process. What compiles with it is the compiler's; the rest
/// asks for the version, on which compiled kernels depend.
struct NvrtcLibrary {
  void *handle = nullptr;
  std::string path, version; ///< "13.0"

  /// A machine error that says where it was looked for.
  static Expected<const NvrtcLibrary *> get();
};

} // namespace ricci
