//===- emit_pack.h - packing of contraction operands ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"

namespace ricci {

/// A panel holds `width` rows (of A; columns of B) for a range of K: for each k, `pitch` components,
/// the imaginary parts after the real ones. `pitch` is `width` rounded up to whole vectors.
struct PanelShape {
  int width, pitch;
  PanelShape(int width, int lanes) : width(width), pitch((width + lanes - 1) / lanes * lanes) {}
};

/// One operand of a contraction inside the kernel that is being written.
struct PackSource {
  mlir::Value buffer;   ///< the operand
  DType storage;        ///< its element type
  mlir::Value base;     ///< offset of this batch entry
  mlir::Value rows, rowRuns; ///< tables of the block's rows
  mlir::Value ks, kRuns;     ///< tables of the block's k
  mlir::Value packing;  ///< a Packing, at run time
};

/// Packs rows [0, rowCount) of a block as panels of `shape` to `panels`, converting to the compute
/// type. Rows that fill up the last panel are zero.
void emitPack(LoopBuilder &b, ValueBuilder &values, const PackSource &source, mlir::Value rowCount,
              mlir::Value kCount, mlir::Value panels, PanelShape shape);

} // namespace ricci
