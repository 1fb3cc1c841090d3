//===- emit_transpose.cpp - permutations by in-register transposes --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/values.h"

using namespace mlir;

namespace ricci {

/// Rows and columns of a tile; more would not stay in registers.
static int tileSize(const Target &target, size_t bytes) {
  return std::min(16, int(target.vectorBytes / int(bytes)));
}

// for each task (outer index, block of mid, block of inner): by tiles of T x T:
//   load T vectors along inner, transpose, store T vectors along mid
// Elements only move, so all types of one size are one type.
void emitTranspose(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  size_t bytes = itemSize(spec.result);
  Type element = bytes == 4   ? b.getF32Type()
                 : bytes == 8 ? b.getF64Type()
                              : Type(b.getIntegerType(8 * bytes));
  int tile = tileSize(target, bytes);
  auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  auto args = b.beginFunction(module, spec.name(),
                              {flat(element), flat(element), flat(b.getIndexType()),
                               flat(b.getI8Type()), b.getIndexType(), b.getIndexType()},
                              false)
                  .getArguments();
  Value from = args[0], to = args[1], descriptor = args[2];
  auto word = [&](int64_t w) { return b.load(descriptor, b.idx(w)); };
  // inner: 1 in the operand; mid: 1 in the result.
  Value toInner = loadStrides(b, descriptor, TransposeWord::Count, 2)[1];
  Value fromMid = loadStrides(b, descriptor, TransposeWord::Count + 2, 2)[0];
  auto type = VectorType::get({tile}, element);

  b.forLoop(args[4], args[5], b.idx(1), [&](Value task) {
    Value innerBlocks = word(TransposeWord::InnerBlocks),
          midBlocks = word(TransposeWord::MidBlocks);
    Value rest = b.div(task, innerBlocks);
    auto outer =
        offsetsAt(b, descriptor, b.idx(TransposeWord::Count + 4), b.div(rest, midBlocks), 2);
    auto bounds = [&](Value index, int64_t block, int64_t extent) {
      Value first = b.mul(index, word(block));
      return std::pair(first, b.min(b.add(first, word(block)), word(extent)));
    };
    auto [inner0, inner1] =
        bounds(b.rem(task, innerBlocks), TransposeWord::InnerBlock, TransposeWord::Inner);
    auto [mid0, mid1] = bounds(b.rem(rest, midBlocks), TransposeWord::MidBlock, TransposeWord::Mid);
    auto source = [&](Value inner, Value mid) {
      return b.add(b.add(outer[0], inner), b.mul(mid, fromMid));
    };
    auto target = [&](Value inner, Value mid) {
      return b.add(b.add(outer[1], mid), b.mul(inner, toInner));
    };
    // Along inner innermost: whole rows of the operand are read in order, which is what prefetching
    // and address translation want.
    b.forLoop(mid0, mid1, b.idx(tile), [&](Value mid) {
      b.forLoop(inner0, inner1, b.idx(tile), [&](Value inner) {
        Value innerEnd = b.min(b.add(inner, tile), inner1), midEnd = b.min(b.add(mid, tile), mid1);
        Value whole = b.both(b.eq(innerEnd, b.add(inner, tile)), b.eq(midEnd, b.add(mid, tile)));
        b.ifThen(
            whole,
            [&] {
              SmallVector<Value> rows;
              for (int r = 0; r < tile; ++r)
                rows.push_back(
                    b.op<vector::LoadOp>(type, from, ValueRange{source(inner, b.add(mid, r))}));
              for (auto [c, column] : llvm::enumerate(transposeInRegisters(b, rows)))
                b.op<vector::StoreOp>(column, to,
                                      ValueRange{target(b.add(inner, int64_t(c)), mid)});
            },
            [&] {
              b.forLoop(inner, innerEnd, b.idx(1), [&](Value i) {
                b.forLoop(mid, midEnd, b.idx(1),
                          [&](Value m) { b.store(b.load(from, source(i, m)), to, target(i, m)); });
              });
            });
      });
    });
  });
  b.endFunction();
}

} // namespace ricci
