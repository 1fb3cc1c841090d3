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

#include "compiler/cpu/pack_steps.h"

using namespace mlir;

namespace ricci {

namespace {

/// Steps of K that are packed for every panel before the next: reads stay in few streams, and lines
/// that two panels share in the L1 cache.
constexpr int kStepsOfK = 16;

/// Steps of K that are prefetched where panels are packed across.
constexpr int kStepsAhead = 4;

class ColumnPacker {
public:
  ColumnPacker(LoopBuilder &b, ValueBuilder &values, DType storage, bool pairs, int columns,
               ValueRange args)
      : b_(b), values_(values), storage_(storage), columns_(columns),
        reader_(b, values, storage, pairs, args[0], args[8]), base_(args[1]), offsets_(args[2]),
        firsts_(args[3]), runs_(args[4]), ks_(args[5]), kRuns_(args[6]), panelCount_(args[7]),
        panels_(args[9]), extent_(args[10]), stride_(args[11]), distance_(args[12]),
        kStep_(args[13]), kPitch_(columns * values.components()),
        panelSize_(columnPanelSize(b, values, reader_.steps(), kPitch_)) {}

  void emit(Packing packing) {
    bool masks = values_.hasMaskedLoad(storage_);
    if (packing == Packing::Across && masks)
      return across();
    if (packing == Packing::AlongK && masks)
      return alongK();
    blocksOfSteps([&](Value first, Value end) {
      b_.forLoop(panelCount_, [&](Value p) {
        Value width = widthOf(p);
        if (packing != Packing::AlongRows)
          return gather(p, b_.idx(0), width, first, end);
        b_.ifThen(
            b_.eq(width, b_.idx(columns_)), [&] { copy(p, {}, first, end); },
            [&] { masks ? copy(p, width, first, end) : gather(p, b_.idx(0), width, first, end); });
      });
    });
  }

private:
  Value widthOf(Value p) { return b_.min(b_.idx(columns_), b_.sub(extent_, b_.load(firsts_, p))); }
  Value sourceOf(Value p) { return b_.add(base_, b_.load(offsets_, p)); }
  Value placeOf(Value p) { return b_.mul(p, panelSize_); }

  StepReader::Offsets offsets(Value step) {
    return reader_.offsets(step, [&](Value k) { return b_.load(ks_, k); });
  }

  void blocksOfSteps(llvm::function_ref<void(Value, Value)> body) {
    b_.forLoop(b_.idx(0), reader_.steps(), b_.idx(kStepsOfK), [&](Value first) {
      body(first, b_.min(b_.add(first, kStepsOfK), reader_.steps()));
    });
  }

  void put(Number n, Value at, int lanes) {
    values_.storeComponent(n.re, panels_, at, lanes);
    if (n.im)
      values_.storeComponent(n.im, panels_, b_.add(at, columns_), lanes);
  }

  /// A panel whose columns are contiguous; `width` null: all of them.
  void copy(Value p, Value width, Value first, Value end) {
    int lanes = values_.lanes();
    Value from = sourceOf(p), to = placeOf(p);
    SmallVector<Value> counts;
    for (int c = 0; width && c < columns_; c += lanes)
      counts.push_back(b_.max(b_.idx(0), b_.min(b_.idx(lanes), b_.sub(width, b_.idx(c)))));
    b_.forLoop(first, end, b_.idx(1), [&](Value step) {
      auto at = offsets(step);
      Value place = b_.add(to, b_.mul(step, kPitch_));
      for (int c = 0; c < columns_; c += lanes)
        put(reader_.load(b_.add(from, c), at, lanes, width ? counts[size_t(c / lanes)] : Value()),
            b_.add(place, c), lanes);
    });
  }

  /// Columns [column0, column1) of steps [first, end), element by element.
  void gather(Value p, Value column0, Value column1, Value first, Value end) {
    Value from = sourceOf(p), to = placeOf(p);
    b_.forLoop(first, end, b_.idx(1), [&](Value step) {
      auto at = offsets(step);
      Value place = b_.add(to, b_.mul(step, kPitch_));
      b_.forLoop(column0, column1, b_.idx(1), [&](Value column) {
        put(reader_.load(b_.add(from, b_.mul(column, stride_)), at, 0), b_.add(place, column), 0);
      });
    });
  }

  /// Where the columns from `first` on begin; a missing one reads the last again.
  SmallVector<Value> columnSources(Value p, Value first, Value width) {
    SmallVector<Value> sources;
    Value from = sourceOf(p), last = b_.sub(width, b_.idx(1));
    for (int i = 0; i < reader_.turned(); ++i)
      sources.push_back(b_.add(from, b_.mul(b_.min(b_.add(first, i), last), stride_)));
    return sources;
  }

  /// Strips of K are turned a chunk of columns at a time. Stores past a strip's end hit steps, or a
  /// panel, that are written later, or the room behind the last panel.
  void alongK() {
    int lanes = reader_.turned();
    b_.forLoop(panelCount_, [&](Value p) {
      Value width = widthOf(p), to = placeOf(p);
      b_.forLoop(b_.idx(0), width, b_.idx(lanes), [&](Value first) {
        Value place = b_.add(to, first);
        reader_.turnAlongK(
            columnSources(p, first, width), ks_, kRuns_, kStep_,
            [&](Value step, Number numbers) {
              put(numbers, b_.add(place, b_.mul(step, kPitch_)), lanes);
            },
            [&](Value step, Value, Value) {
              gather(p, first, b_.min(b_.add(first, lanes), width), step, b_.add(step, 1));
            });
      });
    });
  }

  /// Panels p, p + distance, p + 2 distance … are contiguous. Of a few columns, every step is
  /// walked along them: as many panels as a vector holds are loaded of each column and turned into
  /// a vector of columns for each panel. So a cache line is used up before the next step, whose
  /// line may well fall in the same set.
  void across() {
    int lanes = reader_.turned();
    b_.forLoop(b_.min(distance_, panelCount_), [&](Value start) {
      b_.forStrips(start, panelCount_, [&](Value p) {
        Value run = b_.load(runs_, p), width = widthOf(p),
              panelStep = b_.mul(distance_, panelSize_);
        // The last vector of a run overlaps the one before; a run that is shorter is masked.
        Value isShort = b_.lt(run, b_.idx(lanes)), lastVector = b_.sub(run, b_.idx(lanes));
        Value byVectors = b_.select(isShort, b_.idx(0), run);
        b_.forLoop(b_.idx(0), width, b_.idx(lanes), [&](Value first) {
          SmallVector<Value> sources = columnSources(p, first, width), restPlaces;
          Value place = b_.add(placeOf(p), first), nobody = placeOf(panelCount_);
          for (int t = 0; t < lanes; ++t) {
            // What lies past the run goes to a panel that nobody reads.
            Value at = b_.add(place, b_.mul(panelStep, t));
            restPlaces.push_back(b_.select(b_.lt(b_.idx(t), run), at, nobody));
          }
          b_.forLoop(reader_.steps(), [&](Value step) {
            auto at = offsets(step);
            Value last = b_.sub(reader_.steps(), b_.idx(1));
            auto ahead = offsets(b_.min(b_.add(step, kStepsAhead), last));
            Value atStep = b_.mul(step, kPitch_);
            b_.forLoop(b_.idx(0), byVectors, b_.idx(lanes), [&](Value begin) {
              Value x = b_.min(begin, lastVector);
              auto moved = [&](Value o) { return o ? b_.opaque(b_.add(o, x)) : Value(); };
              StepReader::Offsets here{moved(at.first), moved(at.second), at.keep};
              for (Value next : {moved(ahead.first), moved(ahead.second)})
                if (next)
                  for (Value source : sources)
                    reader_.prefetch(b_.add(source, next));
              Value to = b_.opaque(b_.add(b_.add(place, b_.mul(x, panelStep)), atStep));
              for (Number numbers : reader_.turn(sources, here, {})) {
                put(numbers, to, lanes);
                to = b_.opaque(b_.add(to, panelStep));
              }
            });
            b_.ifThen(isShort, [&] {
              auto turned = reader_.turn(sources, at, run);
              for (auto [t, numbers] : llvm::enumerate(turned))
                put(numbers, b_.add(restPlaces[t], atStep), lanes);
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
  StepReader reader_;
  Value base_, offsets_, firsts_, runs_, ks_, kRuns_, panelCount_, panels_, extent_, stride_,
      distance_, kStep_;
  int64_t kPitch_;
  Value panelSize_;
};

} // namespace

Value columnPanelSize(LoopBuilder &b, const ValueBuilder &values, Value steps, int64_t kPitch) {
  int64_t line = 64 / int64_t(itemSize(componentDType(values.compute())));
  Value lines = b.ceilDiv(b.mul(steps, kPitch), line);
  return b.mul(b.either(lines, b.idx(1)), line);
}

func::FuncOp emitPackColumns(LoopBuilder &b, ModuleOp module, ValueBuilder &values, DType storage,
                             bool pairs, Packing packing, int columns) {
  Type index = b.getIndexType();
  auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  Type table = flat(index);
  auto function = b.beginFunction(
      module,
      "pack_columns_" + packedName(storage, pairs, values.compute(), packing) + "_" +
          std::to_string(columns),
      {flat(ValueBuilder::storageType(b.getContext(), storage)), index, table, table, table, table,
       table, index, index, flat(values.componentType()), index, index, index, index},
      true);
  ColumnPacker(b, values, storage, pairs, columns, ValueRange(function.getArguments()))
      .emit(packing);
  b.endFunction();
  return function;
}

} // namespace ricci
