//===- build_module.h - from the frontend's program to the ricci dialect ----===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "runtime/compiler_interface.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ricci {

/// A module of one function, `@main`: an argument for each input, a result for each of the
/// program's. Strides come from the inputs' types and from `options.outputStrides`; locations are
/// the nodes' spans. Checked by nobody yet: the caller verifies it.
mlir::OwningOpRef<mlir::ModuleOp> buildModule(mlir::MLIRContext &context, const Program &program,
                                              const CompileOptions &options);

/// The module's text, as ricci-opt reads it back.
std::string printModule(mlir::ModuleOp module);

} // namespace ricci
