//===- context.h - the MLIR context Ricci works in --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <memory>

namespace mlir {
class DialectRegistry;
class MLIRContext;
} // namespace mlir

namespace ricci {

/// The dialects of all stages: ricci, func, arith, index, math, scf, vector, memref, LLVM.
void registerDialects(mlir::DialectRegistry &registry);

/// A context without threads that knows these dialects; ricci and func are loaded, the others are
/// when a pass or a text needs them. One context serves one thread.
std::unique_ptr<mlir::MLIRContext> makeContext();

} // namespace ricci
