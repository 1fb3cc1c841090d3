//===- launch_harness.h - runs a schedule beside a naive loop ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every buffer and the workspace end (or begin) at a page that may not be touched, the memory
// between the result's elements is compared too, and the workspace starts full of NaNs.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/descriptor.h"
#include "runtime/executable.h"

#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <random>

namespace ricci::test {

using Random = std::mt19937_64;

/// How `makeProduct` spoils C order. `random` chooses where.
struct Disorder {
  Random *random = nullptr;
  bool pad = false;  ///< gaps between rows
  bool flip = false; ///< negative strides
  bool gap = false;  ///< innermost strides above 1
  bool zero = false; ///< operands that do not move along a label
};

/// What "ab,bc->ac" computes for operands in C order, or in the disorder asked for. A label that
/// repeats in an operand is its diagonal. Axes: the output's labels in order, then the reduced
/// ones.
LabelledProduct makeProduct(const std::string &equation, const std::map<char, int64_t> &extents,
                            llvm::ArrayRef<DType> operands, DType result, Disorder disorder = {});

/// The register-tiled kernel for these types: as many rows as leave registers for `vectors` vectors
/// of columns (0: two, one of complex numbers).
KernelSpec contractSpec(llvm::ArrayRef<DType> operands, DType result, const Target &target,
                        int vectors = 0);
/// A contraction of two operands on this kernel, with these cache blocks and packings.
struct Blocks {
  int64_t rows, columns, k;
};
Schedule contractSchedule(const LabelledProduct &product, const KernelSpec &spec, Blocks blocks,
                          Packing a, Packing b);
/// A transpose, in the smallest blocks: the operand is contiguous along this axis, the result along
/// its last `rows` axes.
Schedule transposeSchedule(const LabelledProduct &product, size_t column, size_t rows);
/// A map or reduction: axes innermost last, as the product lists them. Vectorized where
/// `vectorized` is set; the product must allow it. A reduction reads so many rows at once.
Schedule elementwiseSchedule(Family family, const LabelledProduct &product, bool vectorized,
                             int rowsAtOnce = 1);

/// Compiled once for each spec and target; null, and a failed test, where that goes wrong.
KernelFn kernelOf(const KernelSpec &spec, const Target &target);

/// Runs on whole numbers, all tasks at once and in random pieces, and compares with a naive loop
/// bit for bit. The product is the meaning; its operands are in the user's order
/// (`schedule.swapped`).
void expectRight(const Schedule &schedule, const LabelledProduct &product, const Target &target);
/// On fractions: all tasks at once, one by one and in random pieces give equal bits. There must be
/// several tasks.
void expectSplitsAgree(const Schedule &schedule, const LabelledProduct &product,
                       const Target &target);

/// The elements of the result in C order (real parts) where every element of operand i is
/// values[i].
std::vector<double> runFilled(const Schedule &schedule, const LabelledProduct &product,
                              const Target &target, llvm::ArrayRef<double> values);

} // namespace ricci::test
