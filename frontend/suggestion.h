//===- suggestion.h - the name that was perhaps meant -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ricci {

/// The name among these that a slip of the pen turns into `name`; empty where none is near.
std::string_view nearestName(std::string_view name, const std::vector<std::string_view> &names);

/// "; did you mean 'axis'?", or nothing when no name is near.
std::string suggestion(std::string_view name, const std::vector<std::string_view> &names);

} // namespace ricci
