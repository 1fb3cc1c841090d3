//===- emit_contract_direct.cpp - contractions without packing ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For matrices so small, or so narrow, that packing costs more than it saves: a register tile of C
// reads B's rows as vectors and A's elements as broadcasts from where they are.
//
//   for each task (batch entry, slab of rows): for tiles of rows: for tiles of columns (or these
//   first):
//     for k: tile[r][v] += a[i + r, k] * b[k, j + v]
//
// A small B whose rows are no vectors is copied first, once by each worker.
//
// Small matrices of a batch, and short rows of a large one, end before a prefetcher has found out
// about them: while one tile is computed, what the same tile of the next batch entry, or that of
// the next rows, reads is fetched.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_elementwise.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/pack_steps.h"
#include "compiler/cpu/streaming.h"

using namespace mlir;

namespace ricci {

namespace {

class DirectEmitter {
public:
  DirectEmitter(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b_(b), spec_(spec), kernel_(b, module, spec, target), values_(kernel_.values),
        packed_(b, target, StepReader::packedType(values_.compute(), spec.pairs)) {}

  void emit() {
    using W = DirectWord;
    Value m = kernel_.word(W::M), n = kernel_.word(W::N), list = b_.idx(W::Count);
    depth_ = kernel_.word(W::K);
    rowA_ = kernel_.word(W::RowA), kA_ = kernel_.word(W::KA), kB_ = kernel_.word(W::KB),
    rowC_ = kernel_.word(W::RowC);
    if (spec_.copies)
      copyB();
    kernel_.forTasks([&](Value task) {
      Value tasksM = kernel_.word(W::TasksM), taskM = kernel_.word(W::TaskM);
      // Small entries are one slab each, and not worth a division.
      auto parts = b_.ifYield(
          b_.eq(tasksM, b_.idx(1)), [&] { return LoopBuilder::Values{task, b_.idx(0)}; },
          [&] { return LoopBuilder::Values{b_.div(task, tasksM), b_.rem(task, tasksM)}; });
      Value entry = parts[0], slab = parts[1];
      auto offsetsOf = [&](Value entry) {
        return offsetsAt(b_, kernel_.descriptor, list, entry, 3);
      };
      auto base = offsetsOf(entry);
      if (spec_.prefetches)
        // Of the last one: the first, or a place nearby.
        next_ = offsetsOf(b_.add(entry, kernel_.word(W::AheadEntries)));
      // The last slab takes what is left, so that none has fewer rows than a tile.
      Value first = b_.mul(slab, taskM);
      Value end = b_.select(b_.eq(b_.add(slab, 1), tasksM), m, b_.add(first, taskM));
      Value lastTile = b_.sub(end, b_.idx(spec_.tileRows));
      // One loop inside the other, whichever comes first.
      Value rowsFirst = b_.ne(kernel_.word(W::RowsFirst), b_.idx(0));
      Value rows = b_.idx(spec_.tileRows), columns = b_.idx(spec_.tileColumns), zero = b_.idx(0);
      auto either = [&](Value ofRows, Value ofColumns, bool outer) {
        return outer ? b_.select(rowsFirst, ofRows, ofColumns)
                     : b_.select(rowsFirst, ofColumns, ofRows);
      };
      auto loop = [&](bool outer, llvm::function_ref<void(Value)> body) {
        b_.forLoop(either(first, zero, outer), either(end, n, outer), either(rows, columns, outer),
                   body);
      };
      // Columns that do not fill a tile are done again as rows are, unless something is added to
      // them, or they fill none: prefetchers do not follow masked loads, and without AVX-512 masked
      // stores are slow.
      Value lastColumns = b_.sub(n, columns);
      loop(true, [&](Value x) {
        loop(false, [&](Value y) {
          // Rows that do not fill a tile are done again with those before them.
          Value i = b_.min(b_.select(rowsFirst, x, y), lastTile), j = b_.select(rowsFirst, y, x);
          Value isWhole = b_.ge(lastColumns, spec_.accumulate ? j : zero);
          b_.ifThen(
              isWhole, [&] { tile(base, i, b_.min(j, lastColumns), {}); },
              [&] { tile(base, i, j, b_.min(columns, b_.sub(n, j))); });
        });
      });
    });
  }

private:
  /// Into the workspace, where it takes the place of B: row by row.
  void copyB() {
    using W = DirectWord;
    Type type = ValueBuilder::storageType(b_.getContext(), spec_.operands[1]);
    Value n = kernel_.word(W::N), from = kernel_.buffers[1];
    Value copy = b_.view(kernel_.workspace, b_.idx(kCopyAt), b_.mul(depth_, n), type);
    Value kept = b_.view(kernel_.workspace, b_.idx(0), b_.idx(1), b_.getIndexType());
    // In a chain the first number of the workspace says whether the copy is there: it is 0.
    Value isNew = b_.either(b_.eq(kernel_.word(W::KeepsB), b_.idx(0)),
                            b_.ne(b_.load(kept, b_.idx(0)), b_.idx(0)));
    b_.ifThen(isNew, [&] {
      Value fromK = kernel_.word(W::FromK), fromN = kernel_.word(W::FromN);
      b_.forLoop(n, [&](Value j) {
        b_.forLoop(depth_, [&](Value k) {
          Value at = b_.add(b_.mul(j, fromN), b_.mul(k, fromK));
          b_.store(b_.load(from, at), copy, b_.add(b_.mul(k, n), j));
        });
      });
      b_.store(b_.idx(0), kept, b_.idx(0));
    });
    kernel_.buffers[1] = copy;
  }

  int vectors() const { return spec_.tileColumns / values_.lanes(); }

  /// The lanes of vector v that are columns of the matrix; null: all.
  Value lanesOf(Value width, int v) {
    int lanes = values_.lanes();
    return width ? b_.max(b_.idx(0), b_.min(b_.idx(lanes), b_.sub(width, b_.idx(v * lanes))))
                 : Value();
  }

  /// The lines of so many elements of a buffer.
  void prefetch(int buffer, Value from, int64_t count) {
    bool isResult = buffer == 2;
    DType type = isResult ? spec_.result : spec_.operands[size_t(buffer)];
    for (int64_t c = 0; c < count; c += kCacheLine / int64_t(itemSize(type)))
      b_.op<memref::PrefetchOp>(kernel_.buffers[size_t(buffer)], ValueRange{b_.add(from, c)},
                                /*isWrite=*/isResult, /*localityHint=*/2, /*isDataCache=*/true);
  }

  /// Of the next batch entry, or of the next rows, what this step of the tile reads of B, and as
  /// large a part of A's rows as the step is of K.
  void prefetchOperands(Value i, Value j, Value step) {
    Value ofA = b_.mul(step, kernel_.word(DirectWord::PrefetchA));
    Value row = b_.add(i, kernel_.word(DirectWord::AheadRows));
    prefetch(0, b_.add(b_.add(next_[0], b_.mul(row, rowA_)), ofA), spec_.tileRows);
    prefetch(1, b_.add(b_.add(next_[1], j), b_.mul(step, kB_)), spec_.tileColumns);
  }

  void tile(ArrayRef<Value> base, Value i, Value j, Value width) {
    int lanes = values_.lanes(), rows = spec_.tileRows;
    Value fromA = b_.add(base[0], b_.mul(i, rowA_));
    Value fromB = b_.add(base[1], j);
    auto reader = [&](int i) {
      return StepReader(b_, packed_, spec_.operands[i], spec_.pairs, kernel_.buffers[i], depth_);
    };
    StepReader readerA = reader(0), readerB = reader(1);
    LoopBuilder::Values zeros(size_t(rows * vectors()), values_.zero(lanes).re);
    auto body = [&](Value step, ValueRange tile) {
      if (spec_.prefetches)
        prefetchOperands(i, j, step);
      SmallVector<Number> columns;
      auto atB = readerB.offsets(step, [&](Value k) { return b_.mul(k, kB_); });
      auto atA = readerA.offsets(step, [&](Value k) { return b_.mul(k, kA_); });
      for (int v = 0; v < vectors(); ++v)
        columns.push_back(readerB.load(b_.add(fromB, v * lanes), atB, lanes, lanesOf(width, v)));
      LoopBuilder::Values next;
      Value row = fromA;
      for (int r = 0; r < rows; ++r) {
        Number a = packed_.broadcast(readerA.load(row, atA, 0), lanes);
        row = b_.add(row, rowA_);
        for (int v = 0; v < vectors(); ++v) {
          Value sum = tile[r * vectors() + v];
          next.push_back(spec_.pairs ? values_.dotPairs(a.re, columns[v].re, sum)
                                     : values_.mulAdd(a, columns[v], {sum, {}}).re);
        }
      }
      return next;
    };
    auto sums = b_.forIter(b_.idx(0), readerA.steps(), b_.idx(1), zeros, body);
    if (spec_.prefetches)
      b_.ifThen(b_.ne(kernel_.word(DirectWord::PrefetchC), b_.idx(0)), [&] {
        Value ahead = b_.add(i, kernel_.word(DirectWord::AheadRows));
        for (int r = 0; r < rows; ++r)
          prefetch(2, b_.add(b_.add(next_[2], b_.mul(b_.add(ahead, r), rowC_)), j),
                   spec_.tileColumns);
      });
    for (int r = 0; r < rows; ++r) {
      Value at = b_.add(b_.add(base[2], b_.mul(b_.add(i, r), rowC_)), j);
      for (int v = 0; v < vectors(); ++v)
        kernel_.write({sums[r * vectors() + v], {}}, b_.add(at, v * lanes), lanesOf(width, v),
                      lanes);
    }
  }

  LoopBuilder &b_;
  const KernelSpec &spec_;
  ElementwiseKernel kernel_;
  ValueBuilder &values_; // of sums
  ValueBuilder packed_;  // of what is multiplied
  Value depth_, rowA_, kA_, kB_, rowC_;
  SmallVector<Value> next_; ///< where the buffers of what is fetched begin
};

} // namespace

void emitContractDirect(LoopBuilder &b, ModuleOp module, const KernelSpec &spec,
                        const Target &target) {
  DirectEmitter(b, module, spec, target).emit();
}

} // namespace ricci
