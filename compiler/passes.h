//===- passes.h - the compiler's passes -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Pass/Pass.h"

// What the generated declarations name.
namespace mlir {
class ModuleOp;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace ricci {

// create…() for each pass of passes.td, and its options. A pass's own file defines
// GEN_PASS_DEF_<NAME> and includes passes.h.inc in this namespace for the base class.
#define GEN_PASS_DECL
#include "compiler/passes.h.inc"

} // namespace ricci
