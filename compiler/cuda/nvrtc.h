//===- nvrtc.h - CUDA C++ to machine code -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/cuda_target.h"

#include <memory>
#include <string>
#include <string_view>

namespace ricci {

/// What NVRTC makes of a text.
struct CudaBinary {
  std::string arch; ///< "sm_90a": the image is a cubin; "compute_90": it is PTX
  std::string image;
  std::string ptx;
  int registers = 0;  ///< of a thread, in the kernel that takes most; 0 where it was not told
  int spillBytes = 0; ///< stored and loaded, of all kernels
  int stackBytes = 0; ///< of a thread, in the kernel that takes most
};

/// NVRTC as it was found, once for each process.
class Nvrtc {
public:
  /// A machine error that says where it was looked for.
  static Expected<const Nvrtc *> get();

  const std::string &version() const { return version_; } ///< "13.0"
  const std::string &path() const { return path_; }

  /// A cubin for the architecture where this NVRTC knows it, else PTX for the newest one below. An
  /// internal error holds the log: texts come from emitCuda.
  Expected<CudaBinary> compile(const std::string &source, const std::string &name,
                               const CudaTarget &target) const;

private:
  struct Functions;
  Expected<std::string> architectureFor(const CudaTarget &target) const;
  static Expected<Nvrtc> find();

  std::shared_ptr<const Functions> functions_;
  std::string version_, path_;
};

/// What ptxas -v says of registers, spills and stacks, in any log.
void readResources(std::string_view log, CudaBinary &binary);

} // namespace ricci
