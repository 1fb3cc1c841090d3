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

/// Of its registers, of which the largest are a cache line.
static int64_t alignmentOf(Value vector, int64_t registerBytes) {
  auto type = cast<VectorType>(vector.getType());
  return std::min(registerBytes, type.getNumElements() * type.getElementTypeBitWidth() / 8);
}

void storePast(LoopBuilder &b, Value vector, Value memref, Value index, int64_t registerBytes) {
  b.op<vector::StoreOp>(vector, memref, ValueRange{index}, /*nontemporal=*/true,
                        llvm::MaybeAlign(uint64_t(alignmentOf(vector, registerBytes))));
}

void storePastIf(LoopBuilder &b, Value streams, Value vector, Value memref, Value index,
                 int64_t registerBytes) {
  auto through = [&] { b.op<vector::StoreOp>(vector, memref, ValueRange{index}); };
  // Vectors that are a small part of a line would not be gathered into one.
  int64_t alignment = alignmentOf(vector, registerBytes);
  if (!streams || alignment < 16)
    return through();
  int64_t bytes = cast<MemRefType>(memref.getType()).getElementTypeBitWidth() / 8;
  Value offLine = b.both(addressOf(b, memref, index, bytes), b.idx(alignment - 1));
  b.ifThen(
      b.both(streams, b.eq(offLine, b.idx(0))),
      [&] { storePast(b, vector, memref, index, registerBytes); }, through);
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
  emitBits(module);
  emitTile(module);
  emitEnds(module);
}

Value LineStreams::before(Value to, Value index) {
  Value inLine = b_.both(addressOf(b_, to, index, bytes_), b_.idx(kCacheLine - 1));
  return b_.div(inLine, b_.idx(bytes_));
}

// stream_copy(from, first, to, start, count): through the caches
void LineStreams::emitCopy(ModuleOp module) {
  Type index = b_.getIndexType(),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  copy_ =
      b_.beginFunction(module, "stream_copy_" + type_, {buffer, index, buffer, index, index}, true);
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

// stream_bits(places, count) -> their bits
void LineStreams::emitBits(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index);
  bits_ = b_.beginFunction(module, "stream_bits", {table, index}, true);
  auto args = bits_.getArguments();
  Value bits = b_.forIter(b_.idx(0), args[1], b_.idx(1), {b_.idx(0)}, [&](Value i, ValueRange so) {
    return LoopBuilder::Values{b_.either(so[0], b_.load(args[0], i))};
  })[0];
  b_.endFunction(bits);
}

// stream_tile(lines, next, to, streams, buffer, columns, whether rows are lines,
//             first, count, column, places, runs, extent)
void LineStreams::emitTile(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType()),
       flag = b_.getI1Type();
  tile_ = b_.beginFunction(
      module, "stream_tile_" + type_,
      {buffer, table, buffer, index, buffer, index, flag, index, index, index, table, table, index},
      true);
  auto args = tile_.getArguments();
  State state{args[0], args[1], args[2]};
  Value streams = args[3], from = args[4], columns = args[5], areLines = args[6];
  Rows rows{args[7], args[8], args[9], args[10], args[11], args[12]};
  auto stream = [&] {
    Value isVectors = b_.eq(b_.rem(columns, b_.idx(values_.lanes())), b_.idx(0));
    Value goesOn = b_.ifYield(
        isVectors, [&] { return LoopBuilder::Values{goOn(state, streams, rows)}; },
        [&] { return LoopBuilder::Values{isVectors}; })[0];
    b_.ifThen(
        goesOn, [&] { putVectors(state, streams, rows, from, columns); },
        [&] { putPieces(state, streams, rows, from, columns); });
  };
  auto copy = [&] {
    b_.forLoop(rows.count, [&](Value r) {
      b_.op<func::CallOp>(
          copy_, ValueRange{from, b_.mul(r, columns), state.to, placeOf(rows, r), columns});
    });
  };
  // No element of an odd address begins a line.
  Value odd = b_.rem(addressOf(b_, state.to, b_.idx(0), 0), b_.idx(bytes_));
  b_.ifThen(
      areLines, [&] { storeLines(state, rows, from, columns); },
      [&] { b_.ifThen(b_.eq(odd, b_.idx(0)), stream, copy); });
  b_.endFunction();
}

// stream_ends(to, first, count, column, places, width, next)
void LineStreams::emitEnds(ModuleOp module) {
  Type index = b_.getIndexType(), table = MemRefType::get({ShapedType::kDynamic}, index),
       buffer = MemRefType::get({ShapedType::kDynamic}, values_.componentType());
  ends_ = b_.beginFunction(module, "stream_ends_" + type_,
                           {buffer, index, index, index, table, index, index}, true);
  auto args = ends_.getArguments();
  Rows rows{args[1], args[2], args[3], args[4], {}, {}};
  b_.forLoop(rows.count, [&](Value r) {
    Value place = placeOf(rows, r);
    for (Value at : {b_.add(place, args[5]), b_.add(place, b_.sub(args[6], rows.column))})
      b_.op<memref::PrefetchOp>(args[0], ValueRange{at}, /*isWrite=*/true, /*localityHint=*/3,
                                /*isDataCache=*/true);
  });
  b_.endFunction();
}

void LineStreams::begin(const State &state, Value count) {
  b_.forLoop(count, [&](Value i) { b_.store(b_.idx(kNowhere), state.next, i); });
}

void LineStreams::putTile(const State &state, Value streams, const Rows &rows, Value buffer,
                          Value columns, Value areLines) {
  b_.op<func::CallOp>(tile_, ValueRange{state.lines, state.next, state.to, streams, buffer, columns,
                                        areLines, rows.first, rows.count, rows.column, rows.places,
                                        rows.runs, rows.extent});
}

Value LineStreams::bitsOf(Value places, Value count) {
  return b_.op<func::CallOp>(bits_, ValueRange{places, count}).getResult(0);
}

Value LineStreams::areLines(const State &state, Value bits, Value columns) {
  Value all = b_.mul(b_.either(bits, columns), bytes_);
  return isOnLine(b_, b_.either(all, addressOf(b_, state.to, b_.idx(0), bytes_)));
}

Value LineStreams::goOn(const State &state, Value streams, const Rows &rows) {
  Value first = placeOf(rows, b_.idx(0));
  return b_.forIter(b_.idx(0), rows.count, b_.idx(1), {b_.op<arith::ConstantIntOp>(1, 1)},
                    [&](Value r, ValueRange so) {
                      Value place = placeOf(rows, r),
                            next = b_.load(state.next, b_.add(streams, r));
                      Value apart = b_.both(b_.sub(place, first), b_.idx(line_ - 1));
                      Value goesOn = b_.both(b_.eq(next, place), b_.eq(apart, b_.idx(0)));
                      return LoopBuilder::Values{b_.both(so[0], goesOn)};
                    })[0];
}

void LineStreams::putRegisters(const State &state, Value streams, const Rows &rows,
                               ArrayRef<Number> vectors, int count) {
  int64_t lanes = values_.lanes(), row = int64_t(vectors.size()) / count;
  Value used = before(state.to, placeOf(rows, b_.idx(0))), lane = b_.rem(used, b_.idx(lanes));
  LoopBuilder::Values usedAt;
  for (int64_t v = 0; v < row; ++v)
    usedAt.push_back(b_.both(b_.add(used, v * lanes), b_.idx(line_ - 1)));
  for (int64_t r = 0; r < count; ++r) {
    Value stream = b_.add(streams, r), line = b_.mul(stream, line_), to = placeOf(rows, b_.idx(r));
    auto carried = loadCarried(state, line);
    for (int64_t v = 0; v < row; ++v)
      carried = append(state.to, carried, vectors[size_t(r * row + v)].re, b_.add(to, v * lanes),
                       usedAt[size_t(v)], lane, {});
    storeCarried(carried, state, line);
    b_.store(b_.add(to, row * lanes), state.next, stream);
  }
}

void LineStreams::prefetchEnds(const State &state, const Rows &rows, Value width, Value next) {
  b_.op<func::CallOp>(
      ends_, ValueRange{state.to, rows.first, rows.count, rows.column, rows.places, width, next});
}

Value LineStreams::placeOf(const Rows &rows, Value r) {
  return b_.add(rows.column, b_.load(rows.places, b_.add(rows.first, r)));
}

void LineStreams::storeLines(const State &state, const Rows &rows, Value buffer, Value columns) {
  int lanes = values_.lanes();
  b_.forLoop(rows.count, [&](Value r) {
    Value from = b_.mul(r, columns), to = placeOf(rows, r);
    b_.forLoop(b_.idx(0), columns, b_.idx(lanes), [&](Value c) {
      storePast(b_, values_.loadComponent(buffer, b_.add(from, c), lanes), state.to, b_.add(to, c));
    });
  });
}

void LineStreams::putVectors(const State &state, Value streams, const Rows &rows, Value buffer,
                             Value columns) {
  int lanes = values_.lanes();
  Value used = before(state.to, placeOf(rows, b_.idx(0))), lane = b_.rem(used, b_.idx(lanes));
  b_.forLoop(rows.count, [&](Value r) {
    Value stream = b_.add(streams, r), line = b_.mul(stream, line_);
    Value from = b_.mul(r, columns), to = placeOf(rows, r);
    auto carried = b_.forIter(
        b_.idx(0), columns, b_.idx(lanes), loadCarried(state, line), [&](Value c, ValueRange so) {
          Value vector = values_.loadComponent(buffer, b_.add(from, c), lanes);
          Value usedHere = b_.both(b_.add(used, c), b_.idx(line_ - 1));
          return append(state.to, so, vector, b_.add(to, c), usedHere, lane, {});
        });
    storeCarried(carried, state, line);
    b_.store(b_.add(to, columns), state.next, stream);
  });
}

void LineStreams::putPieces(const State &state, Value streams, const Rows &rows, Value buffer,
                            Value columns) {
  Value joins = b_.eq(columns, rows.extent);
  b_.forStrips(b_.idx(0), rows.count, [&](Value r) {
    Value run = b_.load(rows.runs, b_.add(rows.first, r)), left = b_.sub(rows.count, r);
    Value count = b_.select(joins, b_.min(run, left), b_.idx(1));
    // A run of rows is one stream, known by its last row.
    Value last = b_.select(joins, b_.sub(b_.add(r, run), b_.idx(1)), r);
    put(state, b_.add(streams, last), buffer, b_.mul(r, columns), placeOf(rows, r),
        b_.mul(count, columns));
    return b_.add(r, count);
  });
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
    Value at = b_.add(start, i), used = before(state.to, at);
    return append(state.to, carried, vectorAt(i), at, used, b_.rem(used, b_.idx(lanes)), {});
  });
  carried = b_.ifYield(
      b_.ne(rest, b_.idx(0)),
      [&] {
        Value at = b_.add(start, whole), used = before(state.to, at);
        return append(state.to, carried, vectorAt(whole), at, used, b_.rem(used, b_.idx(lanes)),
                      rest);
      },
      [&] { return carried; });
  storeCarried(carried, state, line);
  // A piece that ends before its first line does carries nothing.
  Value carries = b_.either(goesOn, b_.eq(before(state.to, start), b_.idx(0)));
  b_.store(b_.select(carries, b_.add(start, count), b_.idx(kNowhere)), state.next, stream);
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
                                        Value used, Value lane, Value count) {
  int lanes = values_.lanes();
  Value filled = b_.sub(used, lane);
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
