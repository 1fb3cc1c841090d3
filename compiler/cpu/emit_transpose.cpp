//===- emit_transpose.cpp - permutations by in-register transposes --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/streaming.h"
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
  // Tiles that make a cache line of the result together are done together, if they are two at most.
  int64_t row = tile * int64_t(bytes);
  int group = row * 2 == kCacheLine ? 2 : 1;
  bool lines = row * group == kCacheLine;
  Value streams = b.ne(word(TransposeWord::Streams), b.idx(0));

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
    auto single = [&](Value inner, Value innerEnd, Value mid, Value midEnd) {
      b.forLoop(inner, innerEnd, b.idx(1), [&](Value i) {
        b.forLoop(mid, midEnd, b.idx(1),
                  [&](Value m) { b.store(b.load(from, source(i, m)), to, target(i, m)); });
      });
    };
    // A line of the result, or a tile, at a time.
    auto turn = [&](Value inner, Value mid, int group, Value past) {
      SmallVector<SmallVector<Value>> tiles;
      for (int g = 0; g < group; ++g) {
        SmallVector<Value> rows;
        for (int r = 0; r < tile; ++r)
          rows.push_back(b.op<vector::LoadOp>(type, from,
                                              ValueRange{source(inner, b.add(mid, g * tile + r))}));
        tiles.push_back(transposeInRegisters(b, rows));
      }
      auto store = [&](bool streams) {
        for (int c = 0; c < tile; ++c)
          for (int g = 0; g < group; ++g) {
            Value at = target(b.add(inner, c), b.add(mid, g * tile));
            if (streams)
              storePast(b, tiles[size_t(g)][size_t(c)], to, at);
            else
              b.op<vector::StoreOp>(tiles[size_t(g)][size_t(c)], to, ValueRange{at});
          }
      };
      past ? b.ifThen(past, [&] { store(true); }, [&] { store(false); }) : store(false);
    };
    // Along inner innermost: whole rows of the operand are read in order, which is what prefetching
    // and address translation want.
    b.forLoop(mid0, mid1, b.idx(tile * group), [&](Value mid) {
      Value midEnd = b.min(b.add(mid, tile * group), mid1);
      Value wholeMid = b.eq(midEnd, b.add(mid, tile * group));
      Value past;
      if (lines) {
        Value address = b.either(addressOf(b, to, target(inner0, mid), int64_t(bytes)),
                                 b.mul(toInner, int64_t(bytes)));
        past = b.both(streams, isOnLine(b, address));
      }
      b.forLoop(inner0, inner1, b.idx(tile), [&](Value inner) {
        Value innerEnd = b.min(b.add(inner, tile), inner1);
        Value wholeInner = b.eq(innerEnd, b.add(inner, tile));
        b.ifThen(
            b.both(wholeInner, wholeMid), [&] { turn(inner, mid, group, past); },
            [&] {
              if (group == 1)
                return single(inner, innerEnd, mid, midEnd);
              // One tile may be left.
              Value next = b.min(b.add(mid, tile), midEnd);
              b.ifThen(
                  b.both(wholeInner, b.eq(next, b.add(mid, tile))),
                  [&] {
                    turn(inner, mid, 1, {});
                    single(inner, innerEnd, next, midEnd);
                  },
                  [&] { single(inner, innerEnd, mid, midEnd); });
            });
      });
    });
  });
  b.ifThen(streams, [&] { fenceStores(b); });
  b.endFunction();
}

} // namespace ricci
