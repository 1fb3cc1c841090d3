//===- gdb.h - names of kernels for GDB -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace ricci {

/// Tells GDB, by its JIT interface, that the function at offset `entry` of the code is called
/// `name` and what is before it `name`.parts, for as long as what is returned lives. The code must
/// outlive that. Any number of threads may do so at once.
std::shared_ptr<void> tellGdb(std::string_view name, const void *code, size_t bytes, size_t entry);

} // namespace ricci
