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
    : b_(b), values_(values), type_(shortName(values.compute())),
      bytes_(int64_t(itemSize(values.compute()))), line_(kCacheLine / bytes_) {
  emitCopy(module);
  emitFlush(module);
  emitBegin(module);
}

Value LineStreams::before(Value to, Value index) {
  Value inLine = b_.both(addressOf(b_, to, index, bytes_), b_.idx(kCacheLine - 1));
  return b_.div(inLine, b_.idx(bytes_));
}

// stream_copy(from, first, to, start, count): through the caches
void LineStreams::emitCopy(ModuleOp module) {
  Type index = b_.getIndexType(),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  copy_ = b_.beginFunction(module, "stream_copy_" + type_, {buffer, index, buffer, index, index}, true);
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
  flush_ = b_.beginFunction(module, "stream_flush_" + type_, {buffer, table, buffer, index}, true);
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

// stream_begin(lines, next, to, stream, from, first, start, count) -> head
//   what the stream carries is stored, and so are the elements up to the next line
void LineStreams::emitBegin(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  begin_ = b_.beginFunction(module, "stream_begin_" + type_,
                            {buffer, table, buffer, index, buffer, index, index, index}, true);
  auto args = begin_.getArguments();
  b_.op<func::CallOp>(flush_, ValueRange{args[0], args[1], args[2], args[3]});
  Value used = before(args[2], args[6]);
  Value head = b_.min(b_.rem(b_.sub(b_.idx(line_), used), b_.idx(line_)), args[7]);
  b_.op<func::CallOp>(copy_, ValueRange{args[4], args[5], args[2], args[6], head});
  b_.endFunction(head);
}

void LineStreams::begin(const State &state, Value count) {
  b_.forLoop(count, [&](Value i) { b_.store(b_.idx(kNowhere), state.next, i); });
}

void LineStreams::put(const State &state, Value stream, Value from, Value first, Value start,
                      Value count) {
  Value goesOn = b_.eq(b_.load(state.next, stream), start);
  Value head = b_.ifYield(
      goesOn, [&] { return LoopBuilder::Values{b_.idx(0)}; },
      [&] {
        auto call = b_.op<func::CallOp>(begin_, ValueRange{state.lines, state.next, state.to,
                                                           stream, from, first, start, count});
        return LoopBuilder::Values{call.getResult(0)};
      })[0];
  first = b_.add(first, head), start = b_.add(start, head), count = b_.sub(count, head);
  int lanes = values_.lanes();
  Value line = b_.mul(stream, line_);
  auto carried = loadCarried(state, line);
  auto vectorAt = [&](Value i) { return values_.loadComponent(from, b_.add(first, i), lanes); };
  Value rest = b_.rem(count, b_.idx(lanes)), whole = b_.sub(count, rest);
  carried = b_.forIter(b_.idx(0), whole, b_.idx(lanes), carried, [&](Value i, ValueRange carried) {
    Value at = b_.add(start, i);
    return append(state.to, carried, vectorAt(i), at, before(state.to, at), {});
  });
  carried = b_.ifYield(
      b_.ne(rest, b_.idx(0)),
      [&] {
        Value at = b_.add(start, whole);
        return append(state.to, carried, vectorAt(whole), at, before(state.to, at), rest);
      },
      [&] { return carried; });
  storeCarried(carried, state, line);
  // A piece that ends before its first line does carries nothing.
  Value carries = b_.either(goesOn, b_.eq(before(state.to, start), b_.idx(0)));
  b_.store(b_.select(carries, b_.add(start, count), b_.idx(kNowhere)), state.next, stream);
}

Value LineStreams::goOn(const State &state, Value first, ArrayRef<Value> starts) {
  Value all;
  for (auto [r, start] : llvm::enumerate(starts)) {
    Value next = b_.load(state.next, b_.add(first, int64_t(r)));
    Value apart = b_.rem(b_.sub(start, starts[0]), b_.idx(line_));
    Value goesOn = b_.both(b_.eq(next, start), b_.eq(apart, b_.idx(0)));
    all = all ? b_.both(all, goesOn) : goesOn;
  }
  return all;
}

void LineStreams::putRows(const State &state, Value first, ArrayRef<Value> starts,
                          ArrayRef<Number> vectors) {
  int64_t lanes = values_.lanes(), row = int64_t(vectors.size() / starts.size());
  LoopBuilder::Values used{before(state.to, starts[0])};
  for (int64_t v = 1; v < row; ++v)
    used.push_back(b_.rem(b_.add(used[0], v * lanes), b_.idx(line_)));
  for (auto [r, start] : llvm::enumerate(starts)) {
    Value stream = b_.add(first, int64_t(r)), line = b_.mul(stream, line_);
    auto carried = loadCarried(state, line);
    for (int64_t v = 0; v < row; ++v)
      carried = append(state.to, carried, vectors[r * size_t(row) + size_t(v)].re,
                       b_.add(start, v * lanes), used[size_t(v)], {});
    storeCarried(carried, state, line);
    b_.store(b_.add(start, row * lanes), state.next, stream);
  }
}

LoopBuilder::Values LineStreams::loadCarried(const State &state, Value line) {
  LoopBuilder::Values carried;
  for (int64_t v = 0; v < line_; v += values_.lanes())
    carried.push_back(values_.loadComponent(state.lines, b_.add(line, v), values_.lanes()));
  return carried;
}

void LineStreams::storeCarried(ValueRange carried, const State &state, Value line) {
  int lanes = values_.lanes();
  for (auto [v, vector] : llvm::enumerate(carried))
    values_.storeComponent(vector, state.lines, b_.add(line, int64_t(v) * lanes), lanes);
}

LoopBuilder::Values LineStreams::append(Value to, ValueRange carried, Value vector, Value start,
                                        Value used, Value count) {
  int lanes = values_.lanes();
  Value lane = b_.rem(used, b_.idx(lanes)), filled = b_.sub(used, lane);
  auto fills = [&](size_t v) { return b_.eq(filled, b_.idx(int64_t(v) * lanes)); };
  Value current = carried[0];
  for (size_t v = 1; v < carried.size(); ++v)
    current = b_.select(fills(v), carried[v], current);
  // Lanes before `lane` are carried; those that this vector has no room for come to the front.
  Value turned = values_.rotateLanes(vector, lane);
  Value joined = values_.selectLanes({current, {}}, {turned, {}}, lanes, lane).re;
  auto endsLine = [&] { return fills(carried.size() - 1); };
  auto storeLine = [&] {
    for (size_t v = 0; v < carried.size(); ++v)
      storePast(b_, v + 1 < carried.size() ? carried[v] : joined, to,
                b_.add(b_.sub(start, used), int64_t(v) * lanes));
  };
  Value isFull = count ? b_.ge(b_.add(lane, count), b_.idx(lanes)) : Value();
  if (isFull && carried.size() > 1)
    b_.ifThen(b_.both(isFull, endsLine()), storeLine);
  else if (isFull)
    b_.ifThen(isFull, storeLine);
  else if (carried.size() > 1)
    b_.ifThen(endsLine(), storeLine);
  else
    storeLine();
  // What is carried goes to the vector that comes next, at the end to the first.
  Value onwards = isFull ? b_.select(isFull, turned, joined) : turned;
  if (carried.size() == 1)
    return {onwards};
  LoopBuilder::Values next;
  for (size_t v = 0; v < carried.size(); ++v) {
    Value after = fills(v == 0 ? carried.size() - 1 : v - 1);
    if (isFull)
      after = b_.both(after, isFull);
    next.push_back(b_.select(after, turned, b_.select(fills(v), joined, carried[v])));
  }
  return next;
}

void LineStreams::finish(const State &state, Value count) {
  b_.forLoop(count, [&](Value i) {
    b_.op<func::CallOp>(flush_, ValueRange{state.lines, state.next, state.to, i});
  });
}

} // namespace ricci
