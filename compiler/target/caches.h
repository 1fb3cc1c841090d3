//===- caches.h - cache sizes by name -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cpu_id.h"

#include <string_view>

namespace ricci {

/// From a table of LLVM's CPU names; all 0 for a name that is not in it.
CacheSizes cachesOf(std::string_view cpu);

} // namespace ricci
