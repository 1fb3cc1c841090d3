//===- streaming.cpp - stores that go past the caches -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/streaming.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace ricci {

Value addressOf(LoopBuilder &b, Value memref, Value index, int64_t bytes) {
  return b.add(b.op<memref::ExtractAlignedPointerAsIndexOp>(memref), b.mul(index, bytes));
}

Value isOnLine(LoopBuilder &b, Value address) {
  return b.eq(b.both(address, b.idx(kCacheLine - 1)), b.idx(0));
}

static int64_t alignmentOf(VectorType type) {
  return std::min(kCacheLine, type.getNumElements() * type.getElementTypeBitWidth() / 8);
}

void storePast(LoopBuilder &b, Value vector, Value memref, Value index) {
  b.op<vector::StoreOp>(
      vector, memref, ValueRange{index}, /*nontemporal=*/true,
      llvm::MaybeAlign(uint64_t(alignmentOf(cast<VectorType>(vector.getType())))));
}

void storePastIf(LoopBuilder &b, Value streams, Value vector, Value memref, Value index) {
  auto through = [&] { b.op<vector::StoreOp>(vector, memref, ValueRange{index}); };
  // Vectors that are a small part of a line would not be gathered into one.
  int64_t alignment = alignmentOf(cast<VectorType>(vector.getType()));
  if (!streams || alignment < 16)
    return through();
  int64_t bytes = cast<MemRefType>(memref.getType()).getElementTypeBitWidth() / 8;
  Value offLine = b.both(addressOf(b, memref, index, bytes), b.idx(alignment - 1));
  b.ifThen(
      b.both(streams, b.eq(offLine, b.idx(0))), [&] { storePast(b, vector, memref, index); },
      through);
}

void fenceStores(LoopBuilder &b) {
  b.getContext()->loadDialect<LLVM::LLVMDialect>();
  b.op<LLVM::FenceOp>(LLVM::AtomicOrdering::seq_cst, StringRef());
}

// the elements before the first whole line; whole lines; the rest
func::FuncOp emitStreamOut(LoopBuilder &b, ModuleOp module, ValueBuilder &values) {
  if (auto known = module.lookupSymbol<func::FuncOp>("stream_out"))
    return known;
  DType type = values.compute();
  Type index = b.getIndexType(),
       buffer = MemRefType::get({ShapedType::kDynamic}, values.componentType());
  auto function =
      b.beginFunction(module, "stream_out", {buffer, index, buffer, index, index}, true);
  auto args = function.getArguments();
  Value from = args[0], first = args[1], to = args[2], start = args[3], count = args[4];
  int64_t bytes = int64_t(itemSize(type)), line = kCacheLine / bytes, lanes = values.lanes();

  auto copy = [&](Value begin, Value end) {
    values.forVectors(b.sub(end, begin), {type}, {type}, [&](Value i, Value length, int width) {
      Value at = b.add(begin, i), source = b.add(first, at), target = b.add(start, at);
      if (length)
        values.storeMasked(values.loadMasked(from, type, source, width, length), to, type, target,
                           width, length);
      else
        values.store(values.load(from, type, source, width), to, type, target, width);
    });
  };
  // Elements may lie at any address: then none begins a line.
  Value address = addressOf(b, to, start, bytes);
  Value past = b.both(b.sub(b.idx(0), address), b.idx(kCacheLine - 1));
  Value odd = b.ne(b.rem(past, b.idx(bytes)), b.idx(0));
  Value head = b.select(odd, count, b.min(count, b.div(past, b.idx(bytes))));
  Value rest = b.sub(count, head), end = b.add(head, b.sub(rest, b.rem(rest, b.idx(line))));
  b.ifThen(b.ne(head, b.idx(0)), [&] { copy(b.idx(0), head); });
  b.forLoop(head, end, b.idx(line), [&](Value i) {
    for (int64_t v = 0; v < line; v += lanes) {
      Value at = b.add(i, v);
      storePast(b, values.load(from, type, b.add(first, at), int(lanes)).re, to, b.add(start, at));
    }
  });
  b.ifThen(b.ne(end, count), [&] { copy(end, count); });
  b.endFunction();
  return function;
}

} // namespace ricci
