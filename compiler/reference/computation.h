//===- computation.h - what an operation of the tensor IR does ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include "mlir/IR/Operation.h"

#include <functional>

namespace ricci::reference {

/// Writes the result; `out` has its type, and what it holds before is undefined.
using Computation = std::function<Status(const std::vector<Tensor> &inputs, const Tensor &out)>;

/// What a verified operation with one result does; it needs no MLIR any more. An internal error for
/// an operation that is not of the ricci dialect.
Expected<Computation> computationOf(mlir::Operation &op);

} // namespace ricci::reference
