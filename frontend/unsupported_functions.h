//===- unsupported_functions.h - what to do instead of calling a NumPy function ----===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ricci {

/// For a name of NumPy that the language leaves out, why it does and what to do instead; nothing
/// for any other name. `name` has no "np.".
std::optional<std::string> whyUnsupported(std::string_view name);

} // namespace ricci
