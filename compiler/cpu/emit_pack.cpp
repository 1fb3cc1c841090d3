//===- emit_pack.cpp - packing of contraction operands --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit_pack.h"

#include "compiler/fuse/schedule.h"

using namespace mlir;

namespace ricci {

namespace {

/// The panel that is being packed.
class PanelPacker {
public:
  PanelPacker(LoopBuilder &b, ValueBuilder &values, const PackSource &source, PanelShape shape, Value panels,
              Value kCount)
      : b_(b), values_(values), s_(source), shape_(shape), panels_(panels), kCount_(kCount) {}

  void emit(Value firstRow, Value rowCount) {
    firstRow_ = firstRow;
    rowCount_ = rowCount;
    // Panel p starts at p * width / width * (pitch * components * kCount).
    panelBase_ = b_.mul(b_.div(firstRow, b_.idx(shape_.width)), b_.mul(kCount_, kPitch()));
    b_.ifThen(b_.lt(rowCount, b_.idx(shape_.width)), [&] { clear(); });
    auto is = [&](Packing p) { return b_.eq(s_.packing, b_.idx(int64_t(p))); };
    b_.ifThen(is(Packing::AlongRows), [&] { alongRows(); },
              [&] { b_.ifThen(is(Packing::AlongK), [&] { alongK(); }, [&] { gather(b_.idx(0), rowCount_); }); });
  }

private:
  int64_t kPitch() const { return int64_t(shape_.pitch) * values_.components(); }
  /// Position of (row, k) in the panels, first component.
  Value at(Value row, Value k) { return b_.add(b_.add(panelBase_, b_.mul(k, kPitch())), row); }

  void put(Number n, Value row, Value k, int lanes) {
    Value position = at(row, k);
    values_.storeComponent(n.re, panels_, position, lanes);
    if (n.im)
      values_.storeComponent(n.im, panels_, b_.add(position, shape_.pitch), lanes);
  }

  void clear() {
    int lanes = values_.lanes();
    Value zero = values_.zero(lanes).re;
    b_.forLoop(b_.idx(0), b_.mul(kCount_, kPitch()), b_.idx(lanes),
               [&](Value i) { values_.storeComponent(zero, panels_, b_.add(panelBase_, i), lanes); });
  }

  /// Rows [first, first + count), element by element.
  void gather(Value first, Value count) {
    b_.forLoop(kCount_, [&](Value k) {
      Value kOffset = b_.add(s_.base, b_.load(s_.ks, k));
      b_.forLoop(count, [&](Value i) {
        Value row = b_.add(first, i);
        Value offset = b_.add(kOffset, b_.load(s_.rows, b_.add(firstRow_, row)));
        put(values_.load(s_.buffer, s_.storage, offset, 0), row, k, 0);
      });
    });
  }

  /// Strips of consecutive rows, at most a vector long.
  void alongRows() {
    int lanes = values_.lanes();
    b_.forStrips(b_.idx(0), rowCount_, [&](Value row) {
      Value tableRow = b_.add(firstRow_, row);
      Value length = b_.min(b_.min(b_.load(s_.rowRuns, tableRow), b_.idx(lanes)), b_.sub(rowCount_, row));
      Value rowOffset = b_.add(s_.base, b_.load(s_.rows, tableRow));
      auto copy = [&](bool masked) {
        b_.forLoop(kCount_, [&](Value k) {
          Value offset = b_.add(rowOffset, b_.load(s_.ks, k));
          Number n = masked ? values_.loadMasked(s_.buffer, s_.storage, offset, lanes, length)
                            : values_.load(s_.buffer, s_.storage, offset, lanes);
          put(n, row, k, lanes);
        });
      };
      // A vector store may run over rows that a later strip writes, but not into the next k.
      Value whole = b_.eq(length, b_.idx(lanes)), fits = b_.le(b_.add(row, lanes), b_.idx(shape_.pitch));
      b_.ifThen(b_.both(whole, fits), [&] { copy(false); }, [&] {
        if (!values_.hasMaskedLoad(s_.storage))
          return gather(row, length);
        b_.ifThen(fits, [&] { copy(true); }, [&] { gather(row, length); });
      });
      return b_.add(row, length);
    });
  }

  /// Chunks of `lanes` rows; in each, strips of consecutive k are loaded a row at a time and turned.
  /// Rows past the last are read again in its place; stores past a strip's end hit k (or a panel)
  /// that is written later.
  void alongK() {
    int lanes = values_.lanes();
    if (values_.components() != 1)
      return gather(b_.idx(0), rowCount_);
    for (int chunk = 0; chunk < shape_.pitch; chunk += lanes) {
      Value first = b_.idx(chunk);
      b_.ifThen(b_.lt(first, rowCount_), [&] {
        SmallVector<Value> offsets;
        Value last = b_.sub(b_.add(firstRow_, rowCount_), b_.idx(1));
        for (int i = 0; i < lanes; ++i)
          offsets.push_back(b_.add(s_.base, b_.load(s_.rows, b_.min(b_.add(b_.add(firstRow_, chunk), i), last))));
        b_.forStrips(b_.idx(0), kCount_, [&](Value k) {
          Value length = b_.min(b_.min(b_.load(s_.kRuns, k), b_.idx(lanes)), b_.sub(kCount_, k));
          Value kOffset = b_.load(s_.ks, k);
          auto turn = [&](bool masked) {
            SmallVector<Value> rows;
            for (Value offset : offsets) {
              Value from = b_.add(offset, kOffset);
              rows.push_back((masked ? values_.loadMasked(s_.buffer, s_.storage, from, lanes, length)
                                     : values_.load(s_.buffer, s_.storage, from, lanes))
                                 .re);
            }
            for (auto [j, column] : llvm::enumerate(transposeInRegisters(b_, rows)))
              put({column, {}}, first, b_.add(k, int64_t(j)), lanes);
          };
          auto oneByOne = [&] {
            Value count = b_.min(b_.idx(lanes), b_.sub(rowCount_, first));
            b_.forLoop(length, [&](Value j) {
              Value at = b_.add(k, j), kOff = b_.add(s_.base, b_.load(s_.ks, at));
              b_.forLoop(count, [&](Value i) {
                Value row = b_.add(i, first);
                Value offset = b_.add(kOff, b_.load(s_.rows, b_.add(firstRow_, row)));
                put(values_.load(s_.buffer, s_.storage, offset, 0), row, at, 0);
              });
            });
          };
          // A mask costs nothing on AVX-512: one body serves every length.
          if (values_.hasMaskedStore(s_.storage))
            turn(true);
          else
            b_.ifThen(b_.eq(length, b_.idx(lanes)), [&] { turn(false); }, oneByOne);
          return b_.add(k, length);
        });
      });
    }
  }

  LoopBuilder &b_;
  ValueBuilder &values_;
  const PackSource &s_;
  PanelShape shape_;
  Value panels_, kCount_, firstRow_, rowCount_, panelBase_;
};

} // namespace

void emitPack(LoopBuilder &b, ValueBuilder &values, const PackSource &source, Value rowCount, Value kCount,
              Value panels, PanelShape shape) {
  PanelPacker packer(b, values, source, shape, panels, kCount);
  b.forLoop(b.idx(0), rowCount, b.idx(shape.width), [&](Value row) {
    packer.emit(row, b.min(b.idx(shape.width), b.sub(rowCount, row)));
  });
}

} // namespace ricci
