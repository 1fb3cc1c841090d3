//===- fit_formula.h - formulas of a size from values --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/object_entry.h"

#include <optional>
#include <vector>

namespace ricci {

/// Sizes to know values at first: all small ones and a few hundred up to `largest`, rising.
std::vector<int64_t> fitSizes(int64_t largest);

/// A formula that has these values at these sizes, which rise from 1 on, all small ones among them;
/// nothing where no SizeTerm has all of them.
std::optional<SizeTerm> fitFormula(const std::vector<int64_t> &sizes,
                                   const std::vector<int64_t> &values);

/// Adds sizes at which a formula that is a little wrong would show it: around its steps and its
/// cap.
void addEdges(const SizeTerm &term, int64_t largest, std::vector<int64_t> &sizes);

} // namespace ricci
