//===- module.h - the parts of the module -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/python/numpy_api.h"

namespace ricci::python {

/// Adds `einsum` to the module.
void addEinsum(nb::module_ &module);
/// Adds `evaluate`, `compile` and `Function`.
void addPrograms(nb::module_ &module);
/// Adds `plan` and `emit`.
void addPlan(nb::module_ &module);
/// Adds what `ricci.build` is made of.
void addBuild(nb::module_ &module);
void addDeviceArray(nb::module_ &module);

} // namespace ricci::python
