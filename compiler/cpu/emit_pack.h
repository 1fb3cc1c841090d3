//===- emit_pack.h - packing of contraction operands ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"
#include "compiler/fuse/schedule.h"

namespace ricci {

/// A panel holds `width` rows (of A; columns of B) for a range of K: for each step of K
/// (pack_steps.h) `pitch` components, the imaginary parts after the real ones. `pitch` is `width`
/// rounded up to whole vectors.
struct PanelShape {
  int width, pitch;
  PanelShape(int width, int lanes) : width(width), pitch((width + lanes - 1) / lanes * lanes) {}
};

/// Numbers (components) from one panel of columns to the next: an odd number of cache lines, so
/// that the same place of neighbouring panels is in different sets of the caches.
mlir::Value columnPanelSize(LoopBuilder &b, const ValueBuilder &values, mlir::Value steps,
                            int64_t kPitch);
/// The most that it is above `steps * kPitch`.
inline constexpr int64_t kPanelPadding = 2 * 64;

/// What tells the packing functions apart: "f32_as_f32_rows".
std::string packedName(DType storage, bool pairs, DType packed, Packing packing);

/// The private function that packs a block of an operand of type `storage`, converted to the
/// compute type or in pairs; `values` are of what panels hold. Operands of one type and packing
/// share it:
///   (operand, base, rows, row runs, ks, k runs, row count, k count, panels, width, pitch, k step)
/// `base` is the offset of the batch entry, `rows` and `ks` are tables of offsets with their runs
/// (see offsets.h), those of K over places `k step` apart. Rows that fill up the last panel are
/// zero. Not for Packing::Across.
mlir::func::FuncOp emitPack(LoopBuilder &b, mlir::ModuleOp module, ValueBuilder &values,
                            DType storage, bool pairs, Packing packing);

/// The private function that packs columns where KernelSpec::panels is set:
///   (operand, base, panel offsets, first columns, panel runs, ks, k runs, panel count, k count,
///   panels, extent, stride, distance, k step)
/// `panel offsets` are those of each panel's first column, which is number `first columns` of the
/// innermost dim's `extent`; columns are `stride` apart. Panel runs are over panels `distance`
/// apart and used by Packing::Across alone. The panels' memory has room for one more.
mlir::func::FuncOp emitPackColumns(LoopBuilder &b, mlir::ModuleOp module, ValueBuilder &values,
                                   DType storage, bool pairs, Packing packing, int columns);

} // namespace ricci
