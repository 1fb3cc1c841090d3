//===- streaming.h - stores that go past the caches ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A store first reads the cache line that it writes to. For a result that no cache holds, that is
// twice the traffic or more; a non-temporal store of a whole line saves it. It needs an address
// that is aligned to its vector, and pays only where a line is written at once.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"

namespace ricci {

inline constexpr int64_t kCacheLine = 64;

/// The address of an element, in bytes.
mlir::Value addressOf(LoopBuilder &b, mlir::Value memref, mlir::Value index, int64_t bytes);
/// Whether an address (or several, or-ed together) is that of a cache line.
mlir::Value isOnLine(LoopBuilder &b, mlir::Value address);
/// Stores a vector past the caches; its address is a multiple of its size or of a cache line.
void storePast(LoopBuilder &b, mlir::Value vector, mlir::Value memref, mlir::Value index);
/// The same where `streams` holds, it is not null, and the address allows; else as any store.
void storePastIf(LoopBuilder &b, mlir::Value streams, mlir::Value vector, mlir::Value memref,
                 mlir::Value index);
/// To be done before anybody else may read what was stored so.
void fenceStores(LoopBuilder &b);

/// The private function that copies elements of the compute type, whole lines of them past the
/// caches:
///   (from, first element there, to, first element there, count)
mlir::func::FuncOp emitStreamOut(LoopBuilder &b, mlir::ModuleOp module, ValueBuilder &values);

} // namespace ricci
