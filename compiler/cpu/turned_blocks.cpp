//===- turned_blocks.cpp - operands that lie the other way round -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is contiguous along the axis before the vector axis is read in squares, which are turned in
// registers and kept in the workspace, as rows along the vector axis (docs/decisions/0016).
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fused_kernel.h"

using namespace mlir;

namespace ricci {

Value FusedKernel::turnedPitch() {
  return b.mul(b.ceilDiv(word(FusedLayout::InnerBlock), lanes), lanes);
}

void FusedKernel::turnBlocks(const Values &base, Value rows, Value columns) {
  const int axis = program.vectorAxis, square = std::min(lanes, 16);
  auto steps = [&](Value n) { return b.sub(n, b.rem(n, b.idx(square))); };
  Value wholeRows = steps(rows), wholeColumns = steps(columns), pitch = turnedPitch();
  for (auto [i, slot] : llvm::enumerate(layout.turned)) {
    if (slot < 0)
      continue;
    const DType type = program.accesses[i].type;
    Type element = ValueBuilder::storageType(b.getContext(), type);
    Value from = buffers[i], first = base[i], stride = word(layout.factor(int64_t(i), axis));
    Value to = b.view(workspace, word(layout.slots + slot), b.idx(INT64_MAX / 16), element);
    auto place = [&](Value row, Value column) { return b.add(b.mul(row, pitch), column); };
    auto source = [&](Value row, Value column) {
      return b.add(b.add(first, row), b.mul(column, stride));
    };
    auto oneByOne = [&](Value row0, Value row1, Value column0, Value column1) {
      b.forLoop(column0, column1, b.idx(1), [&](Value column) {
        b.forLoop(row0, row1, b.idx(1), [&](Value row) {
          b.store(b.load(from, source(row, column)), to, place(row, column));
        });
      });
    };
    auto vector = VectorType::get({square}, element);
    b.forLoop(b.idx(0), wholeColumns, b.idx(square), [&](Value column) {
      b.forLoop(b.idx(0), wholeRows, b.idx(square), [&](Value row) {
        SmallVector<Value> loaded;
        for (int c = 0; c < square; ++c)
          loaded.push_back(
              b.op<vector::LoadOp>(vector, from, ValueRange{source(row, b.add(column, c))}));
        for (auto [r, turned] : llvm::enumerate(transposeInRegisters(b, loaded)))
          b.op<vector::StoreOp>(turned, to, ValueRange{place(b.add(row, int64_t(r)), column)});
      });
      oneByOne(wholeRows, rows, column, b.add(column, square));
    });
    oneByOne(b.idx(0), rows, wholeColumns, columns);
    turned_[int(i)] = to;
  }
}

void FusedKernel::toTurned(Values &base, Value row) {
  for (auto [access, block] : turned_)
    base[size_t(access)] = b.mul(row, turnedPitch());
}

} // namespace ricci
