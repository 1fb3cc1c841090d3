//===- plan_json.h - a plan as JSON -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"
#include "runtime/json.h"

namespace ricci {

/// The facts of `Plan::str()` under the names that the Python module's plan has.
void writePlan(JsonWriter &json, const Plan &plan);

} // namespace ricci
