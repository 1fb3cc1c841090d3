//===- pack_steps.cpp - what is packed of an operand for one step of K ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/pack_steps.h"

using namespace mlir;

namespace ricci {

/// Steps of K that are prefetched where vectors along K are turned.
static constexpr int64_t kStepsAhead = 160;

StepReader::Offsets StepReader::offsets(Value step, OffsetOf offsetOf) {
  if (!pairs_)
    return {offsetOf(step), {}, {}};
  Value k = b_.mul(step, 2), next = b_.add(k, 1), last = b_.sub(kCount_, b_.idx(1));
  Value keep = b_.op<arith::ExtSIOp>(b_.getI32Type(), b_.lt(next, kCount_));
  return {offsetOf(k), offsetOf(b_.min(next, last)), keep};
}

Number StepReader::load(Value base, Offsets at, int lanes, Value count) {
  // Bits of bf16 are widened as those of integers.
  DType storage = pairs_ ? DType::u16 : storage_;
  auto load = [&](Value offset) {
    Value from = b_.add(base, offset);
    return count ? values_.loadMasked(buffer_, storage, from, lanes, count)
                 : values_.load(buffer_, storage, from, lanes);
  };
  Number n = load(at.first);
  if (!pairs_)
    return n;
  auto spread = [&](Value scalar) {
    return lanes ? values_.broadcast({scalar, {}}, lanes).re : scalar;
  };
  Value half = spread(b_.op<arith::ConstantIntOp>(16, 32));
  Value high = b_.both(b_.op<arith::ShLIOp>(load(at.second).re, half), spread(at.keep));
  return {b_.either(n.re, high), {}};
}

void StepReader::prefetch(Value at) {
  // What waits for lines to come to the L1 cache keeps loads from going there.
  b_.op<memref::PrefetchOp>(buffer_, ValueRange{b_.mul(at, ValueBuilder::componentsOf(storage_))},
                            /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

StepReader::Vectors StepReader::loadAll(ArrayRef<Value> sources, Offsets at, Value count) {
  const int parts = ValueBuilder::componentsOf(storage_);
  auto type =
      VectorType::get({parts * turned()}, ValueBuilder::storageType(b_.getContext(), storage_));
  Vectors vectors;
  for (Value source : sources)
    vectors.push_back(parts == 1 ? load(source, at, turned(), count).re
                                 : loadBits(type, b_.mul(b_.add(source, at.first), parts),
                                            count ? b_.mul(count, parts) : Value()));
  return vectors;
}

Value StepReader::loadBits(VectorType type, Value at, Value count) {
  if (!count)
    return b_.op<vector::LoadOp>(type, buffer_, ValueRange{at});
  Value none = b_.op<arith::ConstantOp>(cast<TypedAttr>(b_.getZeroAttr(type)));
  auto mask = VectorType::get(type.getShape(), b_.getI1Type());
  return b_.op<vector::MaskedLoadOp>(type, buffer_, ValueRange{at},
                                     b_.op<vector::CreateMaskOp>(mask, ValueRange{count}), none);
}

SmallVector<Number> StepReader::turnLoaded(ArrayRef<Value> rows) {
  const int parts = ValueBuilder::componentsOf(storage_);
  SmallVector<Number> turned;
  for (Value vector : transposeInRegisters(b_, rows, parts)) {
    if (parts == 2) {
      auto apart = b_.op<vector::DeinterleaveOp>(vector);
      turned.push_back(
          values_.converted({apart.getRes1(), apart.getRes2()}, storage_, this->turned()));
    } else {
      turned.push_back(
          {vector, values_.components() == 2 ? values_.zero(this->turned()).im : Value()});
    }
  }
  return turned;
}

SmallVector<Number> StepReader::turn(ArrayRef<Value> sources, Offsets at, Value count) {
  return turnLoaded(loadAll(sources, at, count));
}

StepReader::Vectors StepReader::loadPairs(ArrayRef<Value> sources, Value offset, Value count) {
  int lanes = turned();
  auto bits = VectorType::get({2 * lanes}, b_.getI16Type());
  Vectors vectors;
  for (Value source : sources) {
    Value loaded = loadBits(bits, b_.add(source, offset), count);
    vectors.push_back(b_.op<vector::BitCastOp>(VectorType::get({lanes}, b_.getI32Type()), loaded));
  }
  return vectors;
}

void StepReader::turnAlongK(ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                            llvm::function_ref<void(Value, Number)> put,
                            llvm::function_ref<void(Value, Value, Value)> gather) {
  pairs_ ? turnPairs(sources, ks, runs, distance, put, gather)
         : turnNumbers(sources, ks, runs, distance, put, gather);
}

void StepReader::turnNumbers(ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                             llvm::function_ref<void(Value, Number)> put,
                             llvm::function_ref<void(Value, Value, Value)> gather) {
  int lanes = turned();
  b_.forLoop(b_.min(distance, kCount_), [&](Value start) {
    b_.forStrips(start, kCount_, [&](Value k) {
      Value length = b_.min(b_.load(runs, k), b_.idx(lanes));
      Offsets at{b_.load(ks, k), {}, {}};
      // Runs that are short are no streams that the CPU would follow.
      Value ahead =
          b_.load(ks, b_.min(b_.add(k, b_.mul(distance, kStepsAhead)), b_.sub(kCount_, b_.idx(1))));
      for (Value source : sources)
        prefetch(b_.add(source, ahead));
      auto putAll = [&](ArrayRef<Value> rows) {
        for (auto [j, vector] : llvm::enumerate(turnLoaded(rows)))
          put(b_.add(k, b_.mul(distance, int64_t(j))), vector);
      };
      // Masked loads are not prefetched: only the end of a run has them.
      Value whole = b_.eq(length, b_.idx(lanes));
      if (values_.hasMaskedLoad(storage_))
        putAll(b_.ifYield(
            whole, [&] { return loadAll(sources, at, {}); },
            [&] { return loadAll(sources, at, length); }));
      else
        b_.ifThen(
            whole, [&] { putAll(loadAll(sources, at, {})); }, [&] { gather(k, length, distance); });
      return b_.add(k, b_.mul(length, distance));
    });
  });
}

// Numbers that are consecutive in K are pairs in memory, but for one where a run ends and the next
// begins. An even distance apart, both halves of a pair are consecutive with those of the next.
void StepReader::turnPairs(ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                           llvm::function_ref<void(Value, Number)> put,
                           llvm::function_ref<void(Value, Value, Value)> gather) {
  Value lanes = b_.idx(turned()), one = b_.idx(1), two = b_.idx(2);
  Value inPairs = b_.eq(distance, one), isOdd = b_.ne(b_.rem(distance, two), b_.idx(0));
  Value step = b_.select(isOdd, one, b_.div(distance, two));
  auto offsetOf = [&](Value k) { return b_.load(ks, k); };
  b_.forLoop(b_.min(step, steps_), [&](Value start) {
    b_.forStrips(start, steps_, [&](Value pair) {
      Value k = b_.mul(pair, 2), run = b_.load(runs, k);
      Offsets at = offsets(pair, offsetOf);
      Value numbers = b_.min(run, b_.mul(lanes, 2)), end = b_.add(k, numbers);
      // The last pair of an odd K is whole with one number.
      Value whole = b_.div(b_.select(b_.eq(end, kCount_), b_.add(numbers, 1), numbers), two);
      Value next = b_.load(runs, b_.min(b_.add(k, 1), b_.sub(kCount_, one)));
      Value apart = b_.min(b_.min(run, next), lanes);
      Value count = b_.select(inPairs, whole, b_.select(isOdd, b_.idx(0), apart));
      b_.ifThen(
          b_.eq(count, b_.idx(0)), [&] { gather(pair, one, one); },
          [&] {
            auto rows = b_.ifYield(
                inPairs,
                [&] {
                  return b_.ifYield(
                      b_.eq(numbers, b_.mul(lanes, 2)),
                      [&] { return loadPairs(sources, at.first, {}); },
                      [&] { return loadPairs(sources, at.first, numbers); });
                },
                [&] { return loadAll(sources, at, apart); });
            for (auto [j, vector] : llvm::enumerate(transposeInRegisters(b_, rows)))
              put(b_.add(pair, b_.mul(step, int64_t(j))), {vector, {}});
          });
      return b_.add(pair, b_.mul(b_.max(count, one), step));
    });
  });
}

} // namespace ricci
