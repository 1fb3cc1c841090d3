//===- emit_pack.cpp - packing of contraction operands --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit_pack.h"

#include "compiler/cpu/pack_steps.h"
#include "compiler/fuse/schedule.h"

using namespace mlir;

namespace ricci {

namespace {

/// The arguments of the function.
struct Source {
  Value base, rows, rowRuns, ks, kRuns;
};

class PanelPacker {
public:
  PanelPacker(LoopBuilder &b, ValueBuilder &values, DType storage, bool pairs, ValueRange args)
      : b_(b), values_(values), storage_(storage),
        reader_(b, values, storage, pairs, args[0], args[7]),
        s_{args[1], args[2], args[3], args[4], args[5]}, rowsInAll_(args[6]), panels_(args[8]),
        width_(args[9]), pitch_(args[10]), kStep_(args[11]),
        kPitch_(b.mul(pitch_, values.components())), panelSize_(b.mul(kPitch_, reader_.steps())) {}

  void emit(Packing packing) {
    b_.forIter(b_.idx(0), rowsInAll_, width_, {b_.idx(0)}, [&](Value row, ValueRange base) {
      firstRow_ = row;
      rowCount_ = b_.min(width_, b_.sub(rowsInAll_, row));
      panelBase_ = base[0];
      b_.ifThen(b_.lt(rowCount_, width_), [&] { clear(); });
      if (packing == Packing::AlongRows)
        alongRows();
      else if (packing == Packing::AlongK)
        alongK();
      else
        gather(b_.idx(0), rowCount_, b_.idx(0), reader_.steps(), b_.idx(1));
      return LoopBuilder::Values{b_.add(base[0], panelSize_)};
    });
  }

private:
  /// Position of (row, step) in the panels, first component.
  Value at(Value row, Value step) { return b_.add(b_.add(panelBase_, b_.mul(step, kPitch_)), row); }

  void put(Number n, Value row, Value step, int lanes) {
    Value position = at(row, step);
    values_.storeComponent(n.re, panels_, position, lanes);
    if (n.im)
      values_.storeComponent(n.im, panels_, b_.add(position, pitch_), lanes);
  }

  void clear() {
    int lanes = values_.lanes();
    Value zero = values_.zero(lanes).re;
    b_.forLoop(b_.idx(0), panelSize_, b_.idx(lanes), [&](Value i) {
      values_.storeComponent(zero, panels_, b_.add(panelBase_, i), lanes);
    });
  }

  StepReader::Offsets offsets(Value step) {
    return reader_.offsets(step, [&](Value k) { return b_.load(s_.ks, k); });
  }

  /// Rows [row0, row0 + rowCount) of `count` steps from `first` on, element by element.
  void gather(Value row0, Value rowCount, Value first, Value count, Value distance) {
    b_.forLoop(first, b_.add(first, b_.mul(count, distance)), distance, [&](Value step) {
      auto from = offsets(step);
      b_.forLoop(row0, b_.add(row0, rowCount), b_.idx(1), [&](Value row) {
        Value offset = b_.add(s_.base, b_.load(s_.rows, b_.add(firstRow_, row)));
        put(reader_.load(offset, from, 0), row, step, 0);
      });
    });
  }

  /// Strips of consecutive rows, at most a vector long.
  void alongRows() {
    int lanes = values_.lanes();
    b_.forStrips(b_.idx(0), rowCount_, [&](Value row) {
      Value tableRow = b_.add(firstRow_, row);
      Value length =
          b_.min(b_.min(b_.load(s_.rowRuns, tableRow), b_.idx(lanes)), b_.sub(rowCount_, row));
      Value rowOffset = b_.add(s_.base, b_.load(s_.rows, tableRow));
      auto copy = [&](bool masked) {
        b_.forLoop(reader_.steps(), [&](Value step) {
          put(reader_.load(rowOffset, offsets(step), lanes, masked ? length : Value()), row, step,
              lanes);
        });
      };
      auto oneByOne = [&] { gather(row, length, b_.idx(0), reader_.steps(), b_.idx(1)); };
      // A vector store may run over rows that a later strip writes, but not into the next step.
      Value whole = b_.eq(length, b_.idx(lanes)), fits = b_.le(b_.add(row, lanes), pitch_);
      b_.ifThen(
          b_.both(whole, fits), [&] { copy(false); },
          [&] {
            if (!values_.hasMaskedLoad(storage_))
              return oneByOne();
            b_.ifThen(fits, [&] { copy(true); }, oneByOne);
          });
      return b_.add(row, length);
    });
  }

  /// Chunks of rows; in each, strips of K are turned. Rows past the last are read again in its
  /// place; stores past a strip's end hit steps, or a panel, that are written later, or the room
  /// behind the last panel.
  void alongK() {
    int lanes = reader_.turned();
    b_.forLoop(b_.idx(0), rowCount_, b_.idx(lanes), [&](Value first) {
      SmallVector<Value> sources;
      Value tableRow = b_.add(firstRow_, first),
            last = b_.sub(b_.add(firstRow_, rowCount_), b_.idx(1));
      for (int i = 0; i < lanes; ++i)
        sources.push_back(b_.add(s_.base, b_.load(s_.rows, b_.min(b_.add(tableRow, i), last))));
      reader_.turnAlongK(
          sources, s_.ks, s_.kRuns, kStep_,
          [&](Value step, Number numbers) { put(numbers, first, step, lanes); },
          [&](Value step, Value count, Value distance) {
            gather(first, b_.min(b_.idx(lanes), b_.sub(rowCount_, first)), step, count, distance);
          });
    });
  }

  LoopBuilder &b_;
  ValueBuilder &values_;
  DType storage_;
  StepReader reader_;
  Source s_;
  Value rowsInAll_, panels_, width_, pitch_, kStep_, kPitch_, panelSize_;
  Value firstRow_, rowCount_, panelBase_; ///< of the panel that is being packed
};

} // namespace

std::string packedName(DType storage, bool pairs, DType packed, Packing packing) {
  return std::string(shortName(storage)) + "_as_" +
         (pairs ? "pairs" : std::string(shortName(packed))) + "_" + packingName(packing).str();
}

func::FuncOp emitPack(LoopBuilder &b, ModuleOp module, ValueBuilder &values, DType storage,
                      bool pairs, Packing packing) {
  std::string name = "pack_" + packedName(storage, pairs, values.compute(), packing);
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  Type index = b.getIndexType();
  auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  Type table = flat(index);
  auto function = b.beginFunction(module, name,
                                  {flat(ValueBuilder::storageType(b.getContext(), storage)), index,
                                   table, table, table, table, index, index,
                                   flat(values.componentType()), index, index, index},
                                  true);
  PanelPacker(b, values, storage, pairs, ValueRange(function.getArguments())).emit(packing);
  b.endFunction();
  return function;
}

} // namespace ricci
