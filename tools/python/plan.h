//===- plan.h - plans and stages as Python objects ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/compiler_interface.h"
#include "tools/python/numpy_api.h"

#include <string>

namespace ricci::python {

/// A ricci.Plan.
nb::object planObject(const Plan &plan);

/// "kernels" and so on; ricci.Error for other names.
Stage stageOf(const std::string &name);
/// A stage as str, or bytes for an object file.
nb::object stageObject(Stage stage, const std::string &text);

} // namespace ricci::python
