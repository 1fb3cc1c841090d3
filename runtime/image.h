//===- image.h - relocation-free machine code -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ricci {

/// Position-independent code and constants laid out from address 0, without outside symbols: it
/// runs wherever it is copied to.
struct Image {
  std::vector<uint8_t> bytes;
  uint64_t entry = 0; ///< offset of the KernelFn
};

/// Copies the image into fresh anonymous memory and maps it read-execute (never writable and
/// executable at once). The memory is released with the last reference.
Expected<std::shared_ptr<const Kernel>> loadImage(std::string key, const Image &image);

} // namespace ricci
