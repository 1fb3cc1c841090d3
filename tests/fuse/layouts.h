//===- layouts.h - strides of a test's arguments and results ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/ir/dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <random>

namespace ricci::test {

/// Strides in C order, or with `disorder` of any order and sign, with gaps, and 0 in arguments.
inline llvm::SmallVector<int64_t> makeLayout(llvm::ArrayRef<int64_t> shape, bool isArgument,
                                             bool disorder, std::mt19937_64 &random) {
  llvm::SmallVector<int64_t> strides(shape.size(), 0), order(shape.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = int64_t(i);
  if (disorder)
    std::shuffle(order.begin(), order.end(), random);
  int64_t next = disorder && random() % 4 == 0 ? 2 : 1;
  for (int64_t axis : llvm::reverse(order)) {
    strides[size_t(axis)] = next;
    next *= std::max<int64_t>(shape[size_t(axis)], 1);
    if (!disorder)
      continue;
    next += random() % 3 == 0;
    if (random() % 4 == 0)
      strides[size_t(axis)] *= -1;
    if (isArgument && random() % 6 == 0)
      strides[size_t(axis)] = 0;
  }
  return strides;
}

/// Gives them to all arguments and results of the function.
inline void setLayouts(mlir::func::FuncOp function, bool disorder, std::mt19937_64 &random) {
  mlir::OpBuilder b(function.getContext());
  auto layout = [&](mlir::Type type, bool isArgument) {
    llvm::ArrayRef<int64_t> shape = mlir::cast<mlir::RankedTensorType>(type).getShape();
    return b.getDenseI64ArrayAttr(makeLayout(shape, isArgument, disorder, random));
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    function.setArgAttr(i, kStridesAttr, layout(function.getArgumentTypes()[i], true));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    function.setResultAttr(i, kStridesAttr, layout(function.getResultTypes()[i], false));
}

} // namespace ricci::test
