//===- size_list.h - comma-separated sizes in a text --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string_view>

namespace ricci::detail {

/// Reads "1024, 768" and the `close` bracket from byte `pos` on, which must end the text but for
/// spaces. A comma may follow the last size if `trailingComma`.
Expected<Shape> parseSizes(std::string_view text, size_t pos, char close, bool trailingComma);

} // namespace ricci::detail
