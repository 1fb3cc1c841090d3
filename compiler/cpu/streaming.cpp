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

/// Where a stream goes on that carries nothing.
static constexpr int64_t kNowhere = INT64_MIN;

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

LineStreams::LineStreams(LoopBuilder &b, ModuleOp module, ValueBuilder &values)
    : b_(b), values_(values), bytes_(int64_t(itemSize(values.compute()))),
      line_(kCacheLine / bytes_) {
  emitCopy(module);
  emitFlush(module);
  emitPut(module);
}

Value LineStreams::before(Value to, Value index) {
  Value inLine = b_.both(addressOf(b_, to, index, bytes_), b_.idx(kCacheLine - 1));
  return b_.div(inLine, b_.idx(bytes_));
}

// stream_copy(from, first, to, start, count): through the caches
void LineStreams::emitCopy(ModuleOp module) {
  Type index = b_.getIndexType(),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  copy_ = b_.beginFunction(module, "stream_copy", {buffer, index, buffer, index, index}, true);
  auto args = copy_.getArguments();
  DType type = values_.compute();
  values_.forVectors(args[4], {type}, {type}, [&](Value i, Value length, int width) {
    Value from = b_.add(args[1], i), to = b_.add(args[3], i);
    if (length)
      values_.storeMasked(values_.loadMasked(args[0], type, from, width, length), args[2], type, to,
                          width, length);
    else
      values_.store(values_.load(args[0], type, from, width), args[2], type, to, width);
  });
  b_.endFunction();
}

// stream_flush(lines, next, to, stream): what the stream carries is stored; it carries nothing then
void LineStreams::emitFlush(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  flush_ = b_.beginFunction(module, "stream_flush", {buffer, table, buffer, index}, true);
  auto args = flush_.getArguments();
  Value lines = args[0], next = args[1], to = args[2], stream = args[3];
  Value end = b_.load(next, stream);
  b_.ifThen(b_.ne(end, b_.idx(kNowhere)), [&] {
    Value count = before(to, end);
    b_.op<func::CallOp>(copy_,
                        ValueRange{lines, b_.mul(stream, line_), to, b_.sub(end, count), count});
    b_.store(b_.idx(kNowhere), next, stream);
  });
  b_.endFunction();
}

// stream_put(lines, next, to, stream, from, first, start, count)
//   a stream that ended elsewhere is flushed, and the elements up to the next line are stored
//   whole lines go past the caches, the first with what is carried
//   the rest is carried
void LineStreams::emitPut(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  put_ = b_.beginFunction(module, "stream_put",
                          {buffer, table, buffer, index, buffer, index, index, index}, true);
  auto args = put_.getArguments();
  Value lines = args[0], next = args[1], to = args[2], stream = args[3], from = args[4];
  int lanes = values_.lanes();
  Value carried = b_.mul(stream, line_);
  auto copy = [&](Value source, Value first, Value target, Value start, Value count) {
    b_.op<func::CallOp>(copy_, ValueRange{source, first, target, start, count});
  };
  auto loadLine = [&](Value buffer, Value at) {
    SmallVector<Value> line;
    for (int64_t v = 0; v < line_; v += lanes)
      line.push_back(values_.loadComponent(buffer, b_.add(at, v), lanes));
    return line;
  };
  auto streamed = b_.ifYield(
      b_.eq(b_.load(next, stream), args[6]),
      [&] { return LoopBuilder::Values{args[5], args[6], args[7]}; },
      [&] {
        b_.op<func::CallOp>(flush_, ValueRange{lines, next, to, stream});
        Value used = before(to, args[6]);
        Value head = b_.min(b_.rem(b_.sub(b_.idx(line_), used), b_.idx(line_)), args[7]);
        copy(from, args[5], to, args[6], head);
        return LoopBuilder::Values{b_.add(args[5], head), b_.add(args[6], head),
                                   b_.sub(args[7], head)};
      });
  Value count = streamed[2], used = before(to, streamed[1]);
  // Places from the start of the line that is being filled.
  Value first = b_.sub(streamed[0], used), start = b_.sub(streamed[1], used);
  Value end = b_.add(used, count), rest = b_.rem(end, b_.idx(line_)), whole = b_.sub(end, rest);
  b_.ifThen(
      b_.eq(whole, b_.idx(0)),
      [&] { copy(from, streamed[0], lines, b_.add(carried, used), count); },
      [&] {
        auto begun = loadLine(lines, carried), added = loadLine(from, first);
        for (auto [v, vectors] : llvm::enumerate(llvm::zip(begun, added))) {
          auto [old, now] = vectors;
          int64_t lane = int64_t(v) * lanes;
          Number n = values_.selectLanes({old, {}}, {now, {}}, lanes, b_.sub(used, b_.idx(lane)));
          storePast(b_, n.re, to, b_.add(start, lane));
        }
        b_.forLoop(b_.idx(line_), whole, b_.idx(line_), [&](Value i) {
          for (auto [v, vector] : llvm::enumerate(loadLine(from, b_.add(first, i))))
            storePast(b_, vector, to, b_.add(b_.add(start, i), int64_t(v) * lanes));
        });
        for (auto [v, vector] : llvm::enumerate(loadLine(from, b_.add(first, whole))))
          values_.storeComponent(vector, lines, b_.add(carried, int64_t(v) * lanes), lanes);
      });
  // A piece that ends before its first line does carries nothing.
  Value carries = b_.either(b_.ne(whole, b_.idx(0)),
                            b_.either(b_.eq(streamed[1], args[6]), b_.eq(used, b_.idx(0))));
  b_.store(b_.select(carries, b_.add(start, end), b_.idx(kNowhere)), next, stream);
  b_.endFunction();
}

void LineStreams::begin(const State &state, Value count) {
  b_.forLoop(count, [&](Value i) { b_.store(b_.idx(kNowhere), state.next, i); });
}

void LineStreams::put(const State &state, Value stream, Value from, Value first, Value start,
                      Value count) {
  b_.op<func::CallOp>(
      put_, ValueRange{state.lines, state.next, state.to, stream, from, first, start, count});
}

void LineStreams::finish(const State &state, Value count) {
  b_.forLoop(count, [&](Value i) {
    b_.op<func::CallOp>(flush_, ValueRange{state.lines, state.next, state.to, i});
  });
}

} // namespace ricci
