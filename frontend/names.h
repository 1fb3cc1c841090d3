//===- names.h - names that every program knows -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/value.h"

#include <string_view>
#include <vector>

namespace ricci {

/// A constant (pi, newaxis) or a type (float32, int). `inNumpy`: the name stood behind "np.", so
/// Python's own names (float, Ellipsis) do not count.
std::optional<Value> knownValue(std::string_view name, bool inNumpy);

/// The function that a type is when it is called: np.single is "float32", np.bool_ and np.bool are
/// "bool_", Python's int stays "int". Empty where the name is no type.
std::string_view typeFunction(std::string_view name, bool inNumpy);

/// Whether names of functions may stand behind this one and a dot (linalg, random), as far as the
/// messages know them.
bool isModule(std::string_view name);

/// Adds the names that `knownValue` knows.
void appendKnownNames(std::vector<std::string_view> &names);

} // namespace ricci
