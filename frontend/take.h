//===- take.h - take and take_along_axis --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/function_table.h"

namespace ricci::detail {

/// (a, indices, axis): the index on that axis, of the flattened array without one.
Expected<Value> take(Call &call);
/// (arr, indices, axis): along the axis, at the indices that the other axes' place has.
Expected<Value> takeAlongAxis(Call &call);

} // namespace ricci::detail
