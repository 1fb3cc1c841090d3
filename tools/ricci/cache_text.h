//===- cache_text.h - the disk cache in a line -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/disk_cache.h"

namespace ricci::driver {

/// "3 programs and 2 kernels, 21 KiB of 256 MiB, in FOLDER", or why it is not used.
std::string cacheSummary(const CacheState &state);

} // namespace ricci::driver
