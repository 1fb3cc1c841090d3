//===- emit_reduce_rows.cpp - sums whose innermost loop runs along a reduced axis ===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_elementwise.h"
#include "compiler/cpu/offsets.h"

using namespace mlir;

namespace ricci {

/// Independent sums of a row, so that additions do not wait for each other; fewer of each of
/// several rows.
static constexpr int kAccumulators = 4, kFewAccumulators = 2;
/// Elements that are summed before their sum is added to the total: a long sum's error then grows
/// with the number of blocks.
static constexpr int64_t kBlock = 4096;

// for each task (outer index, block of mid): for mid, by rowsAtOnce:
//   sums = 0
//   for further reduced dims, for next, for blocks of inner:
//     sums += sums over the block, by vectors, of operand 0 * operand 1 * ...
//   results = sums of sums
//
// In pieces: for each task:
//   for further reduced dims, for next: for mid, by rowsAtOnce:
//     sums of the row += sums over inner, in one vector
//   results = sums of sums
//
// A row's sums are the same whichever rows are done with it.
namespace {

class RowsEmitter {
public:
  RowsEmitter(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b_(b), spec_(spec), kernel_(b, module, spec, target), values_(kernel_.values),
        lanes_(spec.vectorized ? values_.lanes() : 0),
        accumulators_(spec.vectorized ? kAccumulators : 0),
        masks_(spec.vectorized &&
               llvm::all_of(spec.operands, [&](DType t) { return values_.hasMaskedLoad(t); })) {
    // The accumulators of all rows, and vectors of what is loaded. Else rows go one by one.
    if (spec.rowsAtOnce > 1 && spec.vectorized &&
        spec.rowsAtOnce * kFewAccumulators * values_.components() + 4 <= target.vectorRegisters) {
      rowsAtOnce_ = spec.rowsAtOnce;
      accumulators_ = kFewAccumulators;
    }
  }

  void emit() {
    using Word = ReduceRowsWord;
    int buffers = kernel_.buffersCount();
    auto strides = [&](int64_t at) { return loadStrides(b_, kernel_.descriptor, at, buffers); };
    inner_ = strides(Word::Count), next_ = strides(Word::Count + buffers);
    auto midStrides = strides(Word::Count + 2 * buffers);
    kernel_.forTasks([&](Value task) {
      Value midBlocks = kernel_.word(Word::MidBlocks);
      auto outer = offsetsAt(b_, kernel_.descriptor, kernel_.word(Word::OuterList),
                             b_.div(task, midBlocks), buffers);
      auto [mid0, mid1] = kernel_.block(b_.rem(task, midBlocks), kernel_.word(Word::MidBlock),
                                        kernel_.word(Word::Mid));
      /// Rows of the block, by rowsAtOnce: where they begin, and the first one's place.
      auto eachRows = [&](const Offsets &start, function_ref<void(ArrayRef<Offsets>, Value)> body) {
        auto from = [&](Value first, Value end, int rows) {
          b_.forLoop(first, end, b_.idx(rows), [&](Value mid) {
            SmallVector<Offsets> bases;
            for (int r = 0; r < rows; ++r)
              bases.push_back(kernel_.advance(start, b_.add(mid, r), midStrides));
            body(bases, b_.sub(mid, mid0));
          });
        };
        Value single = mid0;
        if (rowsAtOnce_ > 1) {
          single = b_.sub(mid1, b_.rem(b_.sub(mid1, mid0), b_.idx(rowsAtOnce_)));
          from(mid0, single, rowsAtOnce_);
        }
        from(single, mid1, 1);
      };
      if (!spec_.inPieces)
        return eachRows(outer, [&](ArrayRef<Offsets> bases, Value) { sumRows(bases); });
      DType compute = values_.compute();
      Value sums = b_.view(kernel_.workspace, b_.idx(0),
                           b_.mul(kernel_.word(Word::MidBlock), lanes_ * values_.components()),
                           values_.componentType());
      auto placeOf = [&](Value row, size_t r) { return b_.mul(b_.add(row, int64_t(r)), lanes_); };
      b_.forLoop(b_.sub(mid1, mid0), [&](Value row) {
        values_.store(values_.zero(lanes_), sums, compute, placeOf(row, 0), lanes_);
      });
      eachPiece({outer}, {}, [&](ArrayRef<Offsets> start, ValueRange) {
        eachRows(start[0], [&](ArrayRef<Offsets> bases, Value row) {
          Sums piece = sumBlock(bases, b_.idx(0), kernel_.word(Word::Inner));
          for (size_t r = 0; r < bases.size(); ++r) {
            Value place = placeOf(row, r);
            Number sum = values_.load(sums, compute, place, lanes_);
            values_.store(values_.add(sum, vectorOf(piece, r)), sums, compute, place, lanes_);
          }
        });
        return LoopBuilder::Values{};
      });
      eachRows(outer, [&](ArrayRef<Offsets> bases, Value row) {
        Sums vectors;
        for (size_t r = 0; r < bases.size(); ++r)
          vectors.push_back(values_.load(sums, compute, placeOf(row, r), lanes_));
        write(bases, vectors, {});
      });
    });
  }

private:
  using Offsets = SmallVector<Value>; ///< of every buffer
  /// The accumulators of one row after those of the other, each row's followed by the scalar that
  /// takes a tail without masks (and everything, in a scalar kernel).
  using Sums = SmallVector<Number>;

  LoopBuilder::Values flatten(ArrayRef<Number> numbers) {
    LoopBuilder::Values flat;
    for (Number n : numbers) {
      flat.push_back(n.re);
      if (n.im)
        flat.push_back(n.im);
    }
    return flat;
  }
  Sums unflatten(ValueRange flat) {
    size_t parts = size_t(values_.components());
    Sums numbers;
    for (size_t i = 0; i < flat.size(); i += parts)
      numbers.push_back({flat[i], parts == 2 ? flat[i + 1] : Value()});
    return numbers;
  }
  Sums zeros(size_t rows) {
    Sums sums;
    for (size_t r = 0; r < rows; ++r) {
      for (int u = 0; u < accumulators_; ++u)
        sums.push_back(values_.zero(lanes_));
      sums.push_back(values_.zero(0));
    }
    return sums;
  }
  /// An accumulator of a row, or (accumulators_) its scalar.
  size_t at(size_t row, int accumulator) const {
    return row * size_t(accumulators_ + 1) + size_t(accumulator);
  }

  /// The further reduced dims and the next one, from what some rows begin at: body(rows, values).
  LoopBuilder::Values
  eachPiece(ArrayRef<Offsets> bases, ValueRange inits,
            function_ref<LoopBuilder::Values(ArrayRef<Offsets>, ValueRange)> body) {
    using Word = ReduceRowsWord;
    int buffers = kernel_.buffersCount();
    auto advanced = [&](ArrayRef<Offsets> from, function_ref<Offsets(const Offsets &)> step) {
      SmallVector<Offsets> to;
      for (const Offsets &base : from)
        to.push_back(step(base));
      return to;
    };
    return b_.forIter(
        b_.idx(0), kernel_.word(Word::Further), b_.idx(1), inits, [&](Value f, ValueRange sums) {
          auto further =
              offsetsAt(b_, kernel_.descriptor, kernel_.word(Word::FurtherList), f, buffers);
          auto rows = advanced(bases, [&](const Offsets &base) {
            Offsets sum;
            for (auto [x, y] : llvm::zip(further, base))
              sum.push_back(b_.add(x, y));
            return sum;
          });
          return b_.forIter(b_.idx(0), kernel_.word(Word::Next), b_.idx(1), sums,
                            [&](Value next, ValueRange inner) {
                              return body(advanced(rows,
                                                   [&](const Offsets &base) {
                                                     return kernel_.advance(base, next, next_);
                                                   }),
                                          inner);
                            });
        });
  }

  void sumRows(ArrayRef<Offsets> bases) {
    auto last =
        eachPiece(bases, flatten(zeros(bases.size())),
                  [&](ArrayRef<Offsets> rows, ValueRange sums) { return alongInner(rows, sums); });
    Sums sums = unflatten(last), vectors, scalars;
    for (size_t r = 0; r < bases.size(); ++r) {
      if (spec_.vectorized)
        vectors.push_back(sumOf(ArrayRef(sums).slice(at(r, 0), size_t(accumulators_))));
      scalars.push_back(sums[at(r, accumulators_)]);
    }
    write(bases, vectors, scalars);
  }

  /// All sums of a row as one vector.
  Number vectorOf(ArrayRef<Number> sums, size_t row) {
    Number vector = sumOf(sums.slice(at(row, 0), size_t(accumulators_)));
    if (masks_)
      return vector;
    Number scalar = sums[at(row, accumulators_)], none = values_.zero(lanes_);
    auto first = [&](Value number, Value zeros) -> Value {
      return number ? Value(b_.op<vector::InsertOp>(number, zeros, int64_t(0))) : number;
    };
    return values_.add(vector, {first(scalar.re, none.re), first(scalar.im, none.im)});
  }

  /// The results of rows, given the sums of their vectors, or scalars, or both.
  void write(ArrayRef<Offsets> bases, ArrayRef<Number> vectors, ArrayRef<Number> scalars) {
    // The sums of as many rows as a vector has lanes, at most, are one vector on the way.
    SmallVector<Number> totals;
    for (size_t r = 0; r < vectors.size(); r += size_t(lanes_)) {
      size_t count = std::min(vectors.size() - r, size_t(lanes_));
      totals.append(values_.horizontalSums(ArrayRef(vectors).slice(r, count)));
    }
    for (auto [r, base] : llvm::enumerate(bases)) {
      Number total = totals.empty()    ? scalars[r]
                     : scalars.empty() ? totals[r]
                                       : values_.add(scalars[r], totals[r]);
      kernel_.write(total, base.back(), {}, 0);
    }
  }

  /// Of a power of two of numbers, pair by pair.
  Number sumOf(ArrayRef<Number> numbers) {
    size_t half = numbers.size() / 2;
    return half == 0
               ? numbers[0]
               : values_.add(sumOf(numbers.take_front(half)), sumOf(numbers.drop_front(half)));
  }

  LoopBuilder::Values alongInner(ArrayRef<Offsets> rows, ValueRange sums) {
    Value count = kernel_.word(ReduceRowsWord::Inner);
    return b_.forIter(b_.idx(0), count, b_.idx(kBlock), sums, [&](Value begin, ValueRange s) {
      Sums total = unflatten(s);
      auto block = sumBlock(rows, begin, b_.min(b_.add(begin, kBlock), count));
      for (auto [sum, part] : llvm::zip(total, block))
        sum = values_.add(sum, part);
      return flatten(total);
    });
  }

  /// The sums of [begin, end) along inner, from zero.
  Sums sumBlock(ArrayRef<Offsets> rows, Value begin, Value end) {
    Sums sums = zeros(rows.size());
    auto scalarLoop = [&](Value from) {
      for (auto [r, base] : llvm::enumerate(rows)) {
        auto last = b_.forIter(from, end, b_.idx(1), flatten({values_.zero(0)}),
                               [&](Value i, ValueRange s) {
                                 Number acc = unflatten(s)[0];
                                 return flatten({kernel_.product(base, i, {}, 0, inner_, &acc)});
                               });
        sums[at(r, accumulators_)] = unflatten(last)[0];
      }
    };
    if (!spec_.vectorized) {
      scalarLoop(begin);
      return sums;
    }
    Value count = b_.sub(end, begin), step = b_.idx(lanes_ * accumulators_);
    Value whole = b_.sub(end, b_.rem(count, step)),
          single = b_.sub(end, b_.rem(count, b_.idx(lanes_)));
    auto vectors = [&](Value from, Value to, int unroll) {
      Value by = b_.idx(lanes_ * unroll);
      auto last = b_.forIter(from, to, by, flatten(sums), [&](Value i, ValueRange s) {
        Sums next = unflatten(s);
        for (int u = 0; u < unroll; ++u)
          addVector(rows, b_.add(i, u * lanes_), {}, u, next);
        return flatten(next);
      });
      sums = unflatten(last);
    };
    vectors(begin, whole, accumulators_);
    vectors(whole, single, 1);
    if (!masks_) {
      scalarLoop(single);
      return sums;
    }
    // Lanes past the end keep their sum: 0 * inf of a broadcast operand must not get in.
    Value rest = b_.sub(end, single);
    auto tail = b_.ifYield(
        b_.ne(rest, b_.idx(0)),
        [&] {
          Sums next = sums;
          addVector(rows, single, rest, 1, next);
          for (size_t r = 0; r < rows.size(); ++r)
            next[at(r, 1)] = values_.selectLanes(next[at(r, 1)], sums[at(r, 1)], lanes_, rest);
          return flatten(next);
        },
        [&] { return flatten(sums); });
    return unflatten(tail);
  }

  /// Adds the products at a vector of inner to an accumulator of each row.
  void addVector(ArrayRef<Offsets> rows, Value i, Value length, int accumulator, Sums &sums) {
    SmallVector<Number> operands(spec_.operands.size());
    for (auto [r, base] : llvm::enumerate(rows)) {
      for (int o = 0; o < kernel_.operands(); ++o)
        if (r == 0 || !(spec_.shared >> o & 1))
          operands[size_t(o)] = kernel_.operand(o, base, i, length, lanes_, {});
      Number &sum = sums[at(r, accumulator)];
      sum = kernel_.product(operands, &sum);
    }
  }

  LoopBuilder &b_;
  const KernelSpec &spec_;
  ElementwiseKernel kernel_;
  ValueBuilder &values_;
  int lanes_, accumulators_, rowsAtOnce_ = 1;
  bool masks_;
  Offsets inner_, next_;
};

} // namespace

void emitReduceRows(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  RowsEmitter(b, module, spec, target).emit();
}

} // namespace ricci
