//===- ranges.h - arange and linspace -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/function_table.h"

namespace ricci::detail {

/// (start, stop, step, dtype)
Expected<Value> arange(Call &call);
/// (start, stop, num, endpoint, dtype)
Expected<Value> linspace(Call &call);

} // namespace ricci::detail
