//===- emit_pack_columns.cpp - packing of columns that stay within their dim ----===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A panel lies within one run of the innermost column dim, so its columns are `stride` apart, and
// only the run's last panel has fewer than a whole tile. Places of columns that are missing there
// are left as they are: what is computed from them is not stored.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit_pack.h"

using namespace mlir;

namespace ricci {

namespace {

/// Steps of K that are packed for every panel before the next: reads stay in few streams, and lines
/// that two panels share in the L1 cache.
constexpr int kStepsOfK = 16;

class ColumnPacker {
public:
  ColumnPacker(LoopBuilder &b, ValueBuilder &values, DType storage, int columns, ValueRange args)
      : b_(b), values_(values), storage_(storage), columns_(columns), buffer_(args[0]),
        base_(args[1]), offsets_(args[2]), firsts_(args[3]), runs_(args[4]), ks_(args[5]),
        kRuns_(args[6]), panelCount_(args[7]), kCount_(args[8]), panels_(args[9]),
        extent_(args[10]), stride_(args[11]), distance_(args[12]), kStep_(args[13]),
        kPitch_(columns * values.components()),
        panelSize_(columnPanelSize(b, values, kCount_, kPitch_)) {}

  void emit(Packing packing) {
    bool masks = values_.hasMaskedLoad(storage_);
    if (packing == Packing::Across && masks)
      return across();
    if (packing == Packing::AlongK && masks)
      return alongK();
    blocksOfK([&](Value k0, Value k1) {
      b_.forLoop(panelCount_, [&](Value p) {
        Value width = widthOf(p);
        if (packing != Packing::AlongRows)
          return gather(p, width, k0, k1);
        b_.ifThen(
            b_.eq(width, b_.idx(columns_)), [&] { copy(p, {}, k0, k1); },
            [&] { masks ? copy(p, width, k0, k1) : gather(p, width, k0, k1); });
      });
    });
  }

private:
  Value widthOf(Value p) { return b_.min(b_.idx(columns_), b_.sub(extent_, b_.load(firsts_, p))); }
  Value sourceOf(Value p) { return b_.add(base_, b_.load(offsets_, p)); }
  Value placeOf(Value p) { return b_.mul(p, panelSize_); }

  void blocksOfK(llvm::function_ref<void(Value, Value)> body) {
    b_.forLoop(b_.idx(0), kCount_, b_.idx(kStepsOfK),
               [&](Value k0) { body(k0, b_.min(b_.add(k0, kStepsOfK), kCount_)); });
  }

  void put(Number n, Value at, int lanes) {
    values_.storeComponent(n.re, panels_, at, lanes);
    if (n.im)
      values_.storeComponent(n.im, panels_, b_.add(at, columns_), lanes);
  }

  /// A panel whose columns are contiguous; `width` null: all of them.
  void copy(Value p, Value width, Value k0, Value k1) {
    int lanes = values_.lanes();
    Value from = sourceOf(p), to = placeOf(p);
    SmallVector<Value> counts;
    for (int c = 0; width && c < columns_; c += lanes)
      counts.push_back(b_.max(b_.idx(0), b_.min(b_.idx(lanes), b_.sub(width, b_.idx(c)))));
    b_.forLoop(k0, k1, b_.idx(1), [&](Value k) {
      Value source = b_.add(from, b_.load(ks_, k)), place = b_.add(to, b_.mul(k, kPitch_));
      for (int c = 0; c < columns_; c += lanes) {
        Value at = b_.add(source, c);
        put(width ? values_.loadMasked(buffer_, storage_, at, lanes, counts[size_t(c / lanes)])
                  : values_.load(buffer_, storage_, at, lanes),
            b_.add(place, c), lanes);
      }
    });
  }

  void gather(Value p, Value width, Value k0, Value k1) {
    Value from = sourceOf(p), to = placeOf(p);
    b_.forLoop(k0, k1, b_.idx(1), [&](Value k) {
      Value source = b_.add(from, b_.load(ks_, k)), place = b_.add(to, b_.mul(k, kPitch_));
      b_.forLoop(width, [&](Value column) {
        put(values_.load(buffer_, storage_, b_.add(source, b_.mul(column, stride_)), 0),
            b_.add(place, column), 0);
      });
    });
  }

  /// Columns and k (or panels) that are turned at once. Larger tiles of narrow types would leave
  /// the registers.
  int turned() const { return std::min(16, values_.lanes()); }

  /// Where the columns from `first` on begin; a missing one reads the last again.
  SmallVector<Value> columnSources(Value p, Value first, Value width) {
    SmallVector<Value> sources;
    Value from = sourceOf(p), last = b_.sub(width, b_.idx(1));
    for (int i = 0; i < turned(); ++i)
      sources.push_back(b_.add(from, b_.mul(b_.min(b_.add(first, i), last), stride_)));
    return sources;
  }

  void prefetch(Value at) {
    b_.op<memref::PrefetchOp>(buffer_, ValueRange{at}, /*isWrite=*/false, /*localityHint=*/3,
                              /*isDataCache=*/true);
  }

  /// `length` null: whole vectors.
  LoopBuilder::Values loadAll(ArrayRef<Value> sources, Value offset, Value length) {
    LoopBuilder::Values vectors;
    for (Value source : sources) {
      Value at = b_.add(source, offset);
      vectors.push_back((length ? values_.loadMasked(buffer_, storage_, at, turned(), length)
                                : values_.load(buffer_, storage_, at, turned()))
                            .re);
    }
    return vectors;
  }
  SmallVector<Value> loadAndTurn(ArrayRef<Value> sources, Value offset, Value length) {
    return transposeInRegisters(b_, loadAll(sources, offset, length));
  }

  /// Strips of k that are consecutive in B are loaded a column at a time and turned. Stores past a
  /// strip's end hit k, or a panel, that is written later, or the room behind the last panel.
  void alongK() {
    int lanes = turned();
    b_.forLoop(panelCount_, [&](Value p) {
      Value width = widthOf(p), to = placeOf(p);
      b_.forLoop(b_.idx(0), width, b_.idx(lanes), [&](Value first) {
        SmallVector<Value> sources = columnSources(p, first, width);
        Value place = b_.add(to, first);
        b_.forLoop(b_.min(kStep_, kCount_), [&](Value start) {
          b_.forStrips(start, kCount_, [&](Value k) {
            Value length = b_.min(b_.load(kRuns_, k), b_.idx(lanes));
            Value offset = b_.load(ks_, k);
            // Masked loads are not prefetched: only the end of a run has them.
            auto vectors = b_.ifYield(
                b_.eq(length, b_.idx(lanes)), [&] { return loadAll(sources, offset, {}); },
                [&] { return loadAll(sources, offset, length); });
            for (auto [j, vector] : llvm::enumerate(transposeInRegisters(b_, vectors))) {
              Value at = b_.mul(b_.add(k, b_.mul(kStep_, int64_t(j))), kPitch_);
              put({vector, {}}, b_.add(place, at), lanes);
            }
            return b_.add(k, b_.mul(length, kStep_));
          });
        });
      });
    });
  }

  /// Panels p, p + distance, p + 2 distance … are contiguous. Of a few columns, every k is walked
  /// along them: as many panels as a vector holds are loaded of each column and turned into a
  /// vector of columns for each panel. So a cache line is used up before the next k, whose line may
  /// well fall in the same set.
  void across() {
    int lanes = turned();
    b_.forLoop(b_.min(distance_, panelCount_), [&](Value start) {
      b_.forStrips(start, panelCount_, [&](Value p) {
        Value run = b_.load(runs_, p), width = widthOf(p), step = b_.mul(distance_, panelSize_);
        Value rest = b_.rem(run, b_.idx(lanes)), whole = b_.sub(run, rest);
        b_.forLoop(b_.idx(0), width, b_.idx(lanes), [&](Value first) {
          SmallVector<Value> sources = columnSources(p, first, width), restPlaces;
          Value place = b_.add(placeOf(p), first), nobody = placeOf(panelCount_);
          for (int t = 0; t < lanes; ++t) {
            // What lies past the run goes to a panel that nobody reads.
            Value at = b_.add(place, b_.mul(b_.add(whole, t), step));
            restPlaces.push_back(b_.select(b_.lt(b_.idx(t), rest), at, nobody));
          }
          b_.forLoop(kCount_, [&](Value k) {
            Value offset = b_.load(ks_, k), atK = b_.mul(k, kPitch_);
            Value ahead = b_.load(ks_, b_.min(b_.add(k, 1), b_.sub(kCount_, b_.idx(1))));
            b_.forLoop(b_.idx(0), whole, b_.idx(lanes), [&](Value x) {
              Value here = b_.opaque(b_.add(offset, x)), next = b_.opaque(b_.add(ahead, x));
              for (Value source : sources)
                prefetch(b_.add(source, next));
              Value to = b_.opaque(b_.add(b_.add(place, b_.mul(x, step)), atK));
              for (Value vector : loadAndTurn(sources, here, {})) {
                put({vector, {}}, to, lanes);
                to = b_.opaque(b_.add(to, step));
              }
            });
            b_.ifThen(b_.ne(rest, b_.idx(0)), [&] {
              auto turned = loadAndTurn(sources, b_.add(offset, whole), rest);
              for (auto [t, vector] : llvm::enumerate(turned))
                put({vector, {}}, b_.add(restPlaces[t], atK), lanes);
            });
          });
        });
        return b_.add(p, b_.mul(run, distance_));
      });
    });
  }

  LoopBuilder &b_;
  ValueBuilder &values_;
  DType storage_;
  int columns_;
  Value buffer_, base_, offsets_, firsts_, runs_, ks_, kRuns_, panelCount_, kCount_, panels_,
      extent_, stride_, distance_, kStep_;
  int64_t kPitch_;
  Value panelSize_;
};

} // namespace

Value columnPanelSize(LoopBuilder &b, const ValueBuilder &values, Value depth, int64_t kPitch) {
  int64_t line = 64 / int64_t(itemSize(componentDType(values.compute())));
  Value lines = b.ceilDiv(b.mul(depth, kPitch), line);
  return b.mul(b.either(lines, b.idx(1)), line);
}

func::FuncOp emitPackColumns(LoopBuilder &b, ModuleOp module, ValueBuilder &values, DType storage,
                             Packing packing, int columns) {
  Type index = b.getIndexType();
  auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  Type table = flat(index);
  // Pairs of real and imaginary parts are not turned in registers.
  if (values.components() != 1 && packing != Packing::AlongRows)
    packing = Packing::Gather;
  auto function = b.beginFunction(module, "pack_columns",
                                  {flat(ValueBuilder::storageType(b.getContext(), storage)), index,
                                   table, table, table, table, table, index, index,
                                   flat(values.componentType()), index, index, index, index},
                                  true);
  ColumnPacker(b, values, storage, columns, ValueRange(function.getArguments())).emit(packing);
  b.endFunction();
  return function;
}

} // namespace ricci
