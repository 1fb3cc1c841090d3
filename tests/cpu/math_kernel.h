//===- math_kernel.h - an elementary function as a kernel --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/scalar_ops.h"
#include "tests/cpu/kernel_harness.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <vector>

namespace ricci::test {

/// The operations that emitMath writes.
const std::vector<ScalarOp> &elementaryFunctions();

/// MLIR at the loops stage of a kernel that writes op of its first buffers to its last one, over
/// [begin, end): a multiple of `lanes`, or scalar where that is 0.
std::string mathLoops(ScalarOp op, DType dtype, int lanes, const Target &target);

/// The same compiled; the process ends with a message where that fails.
std::shared_ptr<const Kernel> mathKernel(ScalarOp op, DType dtype, int lanes, const Target &target);

/// The distances of results from the true value (what glibc gives in a wider type), in units of the
/// last place of that value. 0 where both are NaN, or the same infinity or zero; infinity where one
/// of them is NaN or a zero has the wrong sign. fmod, remainder and floor_divide are exact: 0 or
/// infinity. For logaddexp and logaddexp2 of f64, which add a logarithm to the greater operand and
/// may cancel, the unit is that of the greatest of the three. Always two operands.
void mathErrors(ScalarOp op, llvm::ArrayRef<float> operands, llvm::ArrayRef<float> results,
                llvm::MutableArrayRef<double> errors);
void mathErrors(ScalarOp op, llvm::ArrayRef<double> operands, llvm::ArrayRef<double> results,
                llvm::MutableArrayRef<double> errors);

/// Allowed units in the last place.
double bound(ScalarOp op, DType dtype, bool fma);

} // namespace ricci::test
