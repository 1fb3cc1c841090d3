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

/// The arguments of the function.
struct Source {
  Value buffer, base, rows, rowRuns, ks, kRuns;
};

class PanelPacker {
public:
  PanelPacker(LoopBuilder &b, ValueBuilder &values, DType storage, ValueRange args)
      : b_(b), values_(values), storage_(storage),
        s_{args[0], args[1], args[2], args[3], args[4], args[5]}, rowsInAll_(args[6]),
        kCount_(args[7]), panels_(args[8]), width_(args[9]), pitch_(args[10]), kStep_(args[11]),
        kPitch_(b.mul(pitch_, values.components())), panelSize_(b.mul(kPitch_, kCount_)) {}

  void emit(Packing packing) {
    // Complex numbers are turned one by one.
    if (values_.components() != 1 && packing != Packing::AlongRows)
      packing = Packing::Gather;
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
        gather(b_.idx(0), rowCount_, b_.idx(0), kCount_, b_.idx(1));
      return LoopBuilder::Values{b_.add(base[0], panelSize_)};
    });
  }

private:
  /// Position of (row, k) in the panels, first component.
  Value at(Value row, Value k) { return b_.add(b_.add(panelBase_, b_.mul(k, kPitch_)), row); }

  void put(Number n, Value row, Value k, int lanes) {
    Value position = at(row, k);
    values_.storeComponent(n.re, panels_, position, lanes);
    if (n.im)
      values_.storeComponent(n.im, panels_, b_.add(position, pitch_), lanes);
  }

  void clear() {
    int lanes = values_.lanes();
    Value zero = values_.zero(lanes).re;
    b_.forLoop(b_.idx(0), b_.mul(kCount_, kPitch_), b_.idx(lanes), [&](Value i) {
      values_.storeComponent(zero, panels_, b_.add(panelBase_, i), lanes);
    });
  }

  /// Rows [row0, row0 + rowCount) of `kCount` k from k0 on, element by element.
  void gather(Value row0, Value rowCount, Value k0, Value kCount, Value step) {
    b_.forLoop(k0, b_.add(k0, b_.mul(kCount, step)), step, [&](Value k) {
      Value kOffset = b_.add(s_.base, b_.load(s_.ks, k));
      b_.forLoop(row0, b_.add(row0, rowCount), b_.idx(1), [&](Value row) {
        Value offset = b_.add(kOffset, b_.load(s_.rows, b_.add(firstRow_, row)));
        put(values_.load(s_.buffer, storage_, offset, 0), row, k, 0);
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
        b_.forLoop(kCount_, [&](Value k) {
          Value offset = b_.add(rowOffset, b_.load(s_.ks, k));
          Number n = masked ? values_.loadMasked(s_.buffer, storage_, offset, lanes, length)
                            : values_.load(s_.buffer, storage_, offset, lanes);
          put(n, row, k, lanes);
        });
      };
      // A vector store may run over rows that a later strip writes, but not into the next k.
      Value whole = b_.eq(length, b_.idx(lanes)), fits = b_.le(b_.add(row, lanes), pitch_);
      b_.ifThen(
          b_.both(whole, fits), [&] { copy(false); },
          [&] {
            if (!values_.hasMaskedLoad(storage_))
              return gather(row, length, b_.idx(0), kCount_, b_.idx(1));
            b_.ifThen(
                fits, [&] { copy(true); },
                [&] { gather(row, length, b_.idx(0), kCount_, b_.idx(1)); });
          });
      return b_.add(row, length);
    });
  }

  /// Rows and k that are turned at once. Larger tiles of narrow types would leave the registers.
  int turned() const { return std::min(16, values_.lanes()); }

  /// Chunks of rows; in each, strips of k that are consecutive in the operand are loaded a row at a
  /// time and turned. Rows past the last are read again in its place; stores past a strip's end hit
  /// k, or a panel, that is written later, or the room behind the last panel.
  void alongK() {
    int lanes = turned();
    b_.forLoop(b_.idx(0), rowCount_, b_.idx(lanes), [&](Value first) {
      SmallVector<Value> offsets;
      Value tableRow = b_.add(firstRow_, first),
            last = b_.sub(b_.add(firstRow_, rowCount_), b_.idx(1));
      for (int i = 0; i < lanes; ++i)
        offsets.push_back(b_.add(s_.base, b_.load(s_.rows, b_.min(b_.add(tableRow, i), last))));
      b_.forLoop(b_.min(kStep_, kCount_), [&](Value start) {
        b_.forStrips(start, kCount_, [&](Value k) {
          Value length = b_.min(b_.load(s_.kRuns, k), b_.idx(lanes));
          Value kOffset = b_.load(s_.ks, k);
          auto load = [&](bool whole) {
            LoopBuilder::Values rows;
            for (Value offset : offsets) {
              Value from = b_.add(offset, kOffset);
              rows.push_back((whole ? values_.load(s_.buffer, storage_, from, lanes)
                                    : values_.loadMasked(s_.buffer, storage_, from, lanes, length))
                                 .re);
            }
            return rows;
          };
          auto turn = [&](ArrayRef<Value> rows) {
            for (auto [j, column] : llvm::enumerate(transposeInRegisters(b_, rows)))
              put({column, {}}, first, b_.add(k, b_.mul(kStep_, int64_t(j))), lanes);
          };
          // Masked loads are not prefetched: only the end of a run has them.
          Value whole = b_.eq(length, b_.idx(lanes));
          if (values_.hasMaskedLoad(storage_))
            turn(b_.ifYield(whole, [&] { return load(true); }, [&] { return load(false); }));
          else
            b_.ifThen(
                whole, [&] { turn(load(true)); },
                [&] {
                  gather(first, b_.min(b_.idx(lanes), b_.sub(rowCount_, first)), k, length, kStep_);
                });
          return b_.add(k, b_.mul(length, kStep_));
        });
      });
    });
  }

  LoopBuilder &b_;
  ValueBuilder &values_;
  DType storage_;
  Source s_;
  Value rowsInAll_, kCount_, panels_, width_, pitch_, kStep_, kPitch_, panelSize_;
  Value firstRow_, rowCount_, panelBase_; ///< of the panel that is being packed
};

} // namespace

func::FuncOp emitPack(LoopBuilder &b, ModuleOp module, ValueBuilder &values, DType storage,
                      Packing packing) {
  std::string name = "pack_" + std::string(shortName(storage)) + "_as_" +
                     std::string(shortName(values.compute())) + "_" + packingName(packing).str();
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
  PanelPacker(b, values, storage, ValueRange(function.getArguments())).emit(packing);
  b.endFunction();
  return function;
}

} // namespace ricci
