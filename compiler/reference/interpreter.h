//===- interpreter.h - the oracle ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

#include "mlir/IR/BuiltinOps.h"

namespace ricci {

/// A program that carries out the function `main` of a verified module at the stage tensor, ordered
/// or kernels, one operation after the other, on one thread. It is made to be right, not fast:
/// nothing is fused, every float sum is made in a wider type and rounded once. The module is read
/// here and not needed afterwards; any number of threads may run the program at once. An internal
/// error names an operation that belongs to no such stage. Errors of a run point into `source`,
/// where the operations have their locations.
Expected<std::shared_ptr<const HostProgram>> makeReferenceProgram(mlir::ModuleOp module,
                                                                  const std::string &source = {});

} // namespace ricci
