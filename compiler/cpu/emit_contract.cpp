//===- emit_contract.cpp - packed, register-tiled contractions ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The five loops of Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication",
// 2008) as BLIS arranges them, with addresses from tables as in TBLIS (Matthews, "High-Performance
// Tensor Contraction without Transposition", 2018), so that one kernel serves any number and order
// of labels:
//
//   for each task or run of tasks (batch entry, range of rows, range of columns)
//     for each block of columns            tables of B's and C's columns
//       for each block of K                tables of K; pack B
//         for each block of rows           tables of A's and C's rows; pack A
//           for each panel of B, panel of A: micro-kernel, then the tile goes to C
//
// Columns come in one of two ways. Where the result is contiguous along a long enough dim, a panel
// lies within one run of it (KernelSpec::panels): tables have an entry for each panel, and columns
// are counted in panels. Otherwise tables have an entry for each column.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_epilogue.h"
#include "compiler/cpu/emit_pack.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/streaming.h"

using namespace mlir;

namespace ricci {

namespace {

class ContractEmitter {
public:
  ContractEmitter(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b_(b), module_(module), spec_(spec), target_(target),
        values_(b, target, computeType(spec.result)), rowPanel_(spec.tileRows, values_.lanes()),
        columnPanel_(spec.tileColumns, values_.lanes()),
        // Partial sums of a narrower result are kept in the compute type until the last block of K.
        // Integers wrap the same in any width and need none.
        sums_(spec.result == DType::f16 || spec.result == DType::bf16),
        streamsTiles_(spec.streams) {}

  void emit() {
    fillOffsets_ = emitFillOffsets(b_, module_, buffers());
    fillRuns_ = emitFillRuns(b_, module_);
    if (streamsTiles_)
      lines_.emplace(b_, module_, values_);
    pack_[0] = emitPack(b_, module_, values_, spec_.operands[0], spec_.packing[0]);
    pack_[1] = spec_.panels ? emitPackColumns(b_, module_, values_, spec_.operands[1],
                                              spec_.packing[1], spec_.tileColumns)
                            : emitPack(b_, module_, values_, spec_.operands[1], spec_.packing[1]);
    auto buffer = [&](DType t) { return flat(ValueBuilder::storageType(b_.getContext(), t)); };
    Type index = b_.getIndexType();
    SmallVector<Type> inputs{buffer(spec_.operands[0]), buffer(spec_.operands[1]),
                             buffer(spec_.result)};
    if (spec_.epilogue)
      for (const LoopProgram::Access *access : operandsOf(*spec_.epilogue))
        inputs.push_back(buffer(access->type));
    inputs.append({flat(index), flat(b_.getI8Type()), index, index});
    ValueRange args = b_.beginFunction(module_, spec_.name(), inputs, false).getArguments();
    a_ = args[0], bOperand_ = args[1], c_ = args[2];
    operands_.assign(args.begin() + 3, args.begin() + buffers());
    args = args.drop_front(buffers());
    desc_ = args[0], work_ = args[1];
    Value begin = args[2], end = args[3];
    Value epilogueWords = spec_.epilogue ? word(ContractWord::EpilogueWords) : Value();
    m_ = word(ContractWord::M), n_ = word(ContractWord::N), k_ = word(ContractWord::K);
    auto table = [&](int64_t at, Value size) { return view(at, size, index); };
    Value mc = word(ContractWord::BlockM), nc = word(ContractWord::BlockN),
          kc = word(ContractWord::BlockK);
    am_ = table(ContractWord::TableAM, mc), amRuns_ = table(ContractWord::RunAM, mc);
    keeps_ = b_.ne(word(ContractWord::Keeps), b_.idx(0));
    kept_ = b_.view(work_, b_.idx(0), b_.idx(1), index);
    cm_ = table(ContractWord::TableCM, mc), cmRuns_ = table(ContractWord::RunCM, mc);
    bn_ = table(ContractWord::TableBN, nc), bnRuns_ = table(ContractWord::RunBN, nc);
    cn_ = table(ContractWord::TableCN, nc), cnRuns_ = table(ContractWord::RunCN, nc);
    ak_ = table(ContractWord::TableAK, kc), akRuns_ = table(ContractWord::RunAK, kc);
    bk_ = table(ContractWord::TableBK, kc), bkRuns_ = table(ContractWord::RunBK, kc);
    Type component = values_.componentType();
    int parts = values_.components();
    panelsA_ = view(ContractWord::PanelsA, b_.mul(b_.mul(mc, kc), 2 * parts), component);
    panelNumbers_ = b_.mul(b_.mul(nc, kc), 2 * parts * (spec_.panels ? 2 * spec_.tileColumns : 1));
    tile_ =
        view(ContractWord::Tile, b_.idx(spec_.tileRows * columnPanel_.pitch * parts), component);
    buffer_ = view(ContractWord::Tile, b_.idx(spec_.tileRows * columnPanel_.pitch * parts),
                   ValueBuilder::storageType(b_.getContext(), spec_.result));
    if (spec_.epilogue) {
      LoopBuilder::Values places;
      for (const LoopProgram::Access &access : spec_.epilogue->accesses) {
        auto operand = operandOf(access);
        bool inBuffer = !sums_ && (streamsTiles_ || !isStore(access));
        places.push_back(operand ? operands_[*operand] : inBuffer ? buffer_ : c_);
      }
      epilogue_.emplace(b_, *spec_.epilogue, target_, places, desc_, epilogueWords);
    }
    if (sums_)
      sumsBuffer_ = view(ContractWord::Sums,
                         b_.mul(word(ContractWord::SumRows), b_.mul(sumPitch(), 2)), component);
    if (streamsTiles_) {
      // No element of an odd address begins a line.
      Value odd = b_.rem(addressOf(b_, c_, b_.idx(0), 0), b_.idx(int64_t(itemSize(spec_.result))));
      onElements_ = b_.eq(odd, b_.idx(0));
      Value streams = b_.mul(mc, word(ContractWord::StreamPeriod));
      stream_ = {view(ContractWord::StreamLines, b_.mul(streams, lines_->line()), component),
                 table(ContractWord::StreamNext, streams), c_};
    }
    Value at = spec_.epilogue ? word(ContractWord::EpilogueTables) : Value();
    for (size_t e = 0; e < operands_.size(); ++e) {
      for (auto [tables, size] : {std::pair(&operandRows_, mc), std::pair(&operandColumns_, nc)}) {
        tables->push_back(b_.view(work_, at, size, index));
        at = b_.add(at, b_.mul(size, 8));
      }
    }
    b_.forStrips(begin, end, [&](Value first) { return slabs(first, end); });
    if (streamsTiles_)
      b_.ifThen(onElements_, [&] { fenceStores(b_); });
    b_.endFunction();
  }

private:
  static MemRefType flat(Type element) { return MemRefType::get({ShapedType::kDynamic}, element); }
  Value word(int64_t w) { return b_.load(desc_, b_.idx(w)); }
  Value view(int64_t w, Value size, Type type) { return b_.view(work_, word(w), size, type); }
  void fill(int64_t list, Value start, Value count, int column, Value table, Value runs = {},
            Value distance = {}, Value step = {}) {
    b_.op<func::CallOp>(fillOffsets_,
                        ValueRange{desc_, word(list), start, count, b_.idx(column), table});
    if (runs)
      b_.op<func::CallOp>(fillRuns_, ValueRange{table, count, distance ? distance : b_.idx(1),
                                                step ? step : b_.idx(1), runs});
  }

  /// Tasks from `first` on that are slabs of one batch entry, as one; returns the next task.
  Value slabs(Value first, Value end) {
    Value tasksM = word(ContractWord::TasksM), tasksN = word(ContractWord::TasksN);
    Value perEntry = b_.mul(tasksM, tasksN), slab = b_.rem(first, perEntry);
    Value last = b_.min(perEntry, b_.add(slab, b_.sub(end, first)));
    auto batch =
        offsetsAt(b_, desc_, word(ContractWord::BatchList), b_.div(first, perEntry), buffers());
    baseA_ = batch[0], baseB_ = batch[1], baseC_ = batch[2];
    operandBases_.assign(batch.begin() + 3, batch.end());
    auto range = [&](Value tasks, int64_t size, Value extent) {
      Value split = b_.ne(tasks, b_.idx(1)), step = word(size);
      return std::pair(b_.select(split, b_.mul(slab, step), b_.idx(0)),
                       b_.select(split, b_.min(b_.mul(last, step), extent), extent));
    };
    auto [m0, m1] = range(tasksM, ContractWord::TaskM, m_);
    auto [n0, n1] = range(tasksN, ContractWord::TaskN, n_);
    if (!sums_) {
      region(m0, m1, n0, n1);
    } else {
      Value rows = word(ContractWord::SumRows), m1_ = m1, n0_ = n0, n1_ = n1;
      b_.forLoop(m0, m1, rows, [&](Value m) { region(m, b_.min(b_.add(m, rows), m1_), n0_, n1_); });
    }
    return b_.add(first, b_.sub(last, slab));
  }

  /// Rows [m0, m1) and columns [n0, n1) of one batch entry.
  void region(Value m0, Value m1, Value n0, Value n1) {
    Value blockM = word(ContractWord::BlockM), blockN = word(ContractWord::BlockN),
          blockK = word(ContractWord::BlockK);
    // A that is one block is packed once, and tables of a K that is one block are made once.
    Value oneK = b_.le(k_, blockK), oneA = b_.both(oneK, b_.le(b_.sub(m1, m0), blockM));
    // B's panels of the rows before are those of these where the batch entry has the same B.
    Value packed = b_.both(keeps_, b_.eq(b_.load(kept_, b_.idx(0)), baseB_));
    b_.forLoop(n0, n1, blockN, [&](Value jc) {
      Value columns = b_.min(blockN, b_.sub(n1, jc)), again = b_.ne(jc, n0);
      unless(packed, [&] { columnTables(jc, columns); });
      // With K = 0 one empty block still writes the zeros.
      b_.forLoop(b_.idx(0), b_.max(k_, b_.idx(1)), blockK, [&](Value pc) {
        Value depth = b_.min(blockK, b_.sub(k_, pc));
        unless(b_.both(oneK, again), [&] {
          fill(ContractWord::KList, pc, depth, 0, ak_,
               spec_.packing[0] == Packing::AlongK ? akRuns_ : Value(), word(ContractWord::StepAK));
          fill(ContractWord::KList, pc, depth, 1, bk_,
               spec_.packing[1] == Packing::AlongK ? bkRuns_ : Value(), word(ContractWord::StepBK));
        });
        Value panels = b_.add(word(ContractWord::PanelsB),
                              b_.mul(b_.div(pc, blockK), word(ContractWord::PanelStep)));
        panelsB_ = b_.view(work_, panels, panelNumbers_, values_.componentType());
        unless(packed, [&] { packColumns(columns, depth); });
        Value accumulate = b_.ne(pc, b_.idx(0)), last = b_.ge(b_.add(pc, blockK), k_);
        if (!sums_)
          accumulate = b_.either(accumulate, b_.ne(word(ContractWord::Accumulate), b_.idx(0)));
        b_.forLoop(m0, m1, blockM, [&](Value ic) {
          Value rows = b_.min(blockM, b_.sub(m1, ic));
          unless(b_.both(oneA, again), [&] {
            fill(ContractWord::MList, ic, rows, 0, am_,
                 spec_.packing[0] == Packing::AlongRows ? amRuns_ : Value());
            fill(ContractWord::MList, ic, rows, 2, cm_, streamsTiles_ ? cmRuns_ : Value(),
                 b_.idx(1), word(ContractWord::Extent));
            for (auto [e, rowsOfE] : llvm::enumerate(operandRows_))
              fill(ContractWord::MList, ic, rows, 3 + int(e), rowsOfE);
            b_.op<func::CallOp>(pack_[0],
                                ValueRange{a_, baseA_, am_, amRuns_, ak_, akRuns_, rows, depth,
                                           panelsA_, b_.idx(rowPanel_.width),
                                           b_.idx(rowPanel_.pitch), word(ContractWord::StepAK)});
          });
          sumRow_ = b_.sub(ic, m0);
          macroKernel(rows, columns, depth, accumulate, last);
        });
      });
      if (sums_)
        writeSums(m0, m1, columns);
    });
    b_.ifThen(keeps_, [&] { b_.store(baseB_, kept_, b_.idx(0)); });
  }

  void unless(Value condition, llvm::function_ref<void()> body) {
    b_.ifThen(b_.eq(condition, b_.op<arith::ConstantIntOp>(0, 1)), body);
  }

  void columnTables(Value jc, Value columns) {
    for (auto [e, columnsOfE] : llvm::enumerate(operandColumns_))
      fill(ContractWord::NList, jc, columns, 3 + int(e), columnsOfE);
    if (spec_.panels) {
      fill(ContractWord::NList, jc, columns, 0, firsts());
      fill(ContractWord::NList, jc, columns, 1, bn_,
           spec_.packing[1] == Packing::Across ? bnRuns_ : Value(), word(ContractWord::Distance));
      fill(ContractWord::NList, jc, columns, 2, cn_);
    } else {
      fill(ContractWord::NList, jc, columns, 1, bn_,
           spec_.packing[1] == Packing::AlongRows ? bnRuns_ : Value());
      fill(ContractWord::NList, jc, columns, 2, cn_, cnRuns_);
    }
  }

  void packColumns(Value columns, Value depth) {
    if (spec_.panels)
      b_.op<func::CallOp>(pack_[1],
                          ValueRange{bOperand_, baseB_, bn_, firsts(), bnRuns_, bk_, bkRuns_,
                                     columns, depth, panelsB_, word(ContractWord::Extent),
                                     word(ContractWord::StrideB), word(ContractWord::Distance),
                                     word(ContractWord::StepBK)});
    else
      b_.op<func::CallOp>(pack_[1],
                          ValueRange{bOperand_, baseB_, bn_, bnRuns_, bk_, bkRuns_, columns, depth,
                                     panelsB_, b_.idx(columnPanel_.width),
                                     b_.idx(columnPanel_.pitch), word(ContractWord::StepBK)});
  }

  /// Columns in panels: the number of each panel's first column in its dim.
  Value firsts() { return cnRuns_; }
  /// Columns in panels: how many columns panel j has.
  Value widthOf(Value j) {
    return b_.min(b_.idx(spec_.tileColumns),
                  b_.sub(word(ContractWord::Extent), b_.load(firsts(), j)));
  }

  void macroKernel(Value rows, Value columns, Value depth, Value accumulate, Value last) {
    int mr = spec_.tileRows, nr = spec_.tileColumns;
    auto allStreams = [&] {
      return b_.mul(word(ContractWord::BlockM), word(ContractWord::StreamPeriod));
    };
    if (streamsTiles_)
      b_.ifThen(onElements_, [&] { lines_->begin(stream_, allStreams()); });
    b_.forLoop(b_.idx(0), columns, b_.idx(spec_.panels ? 1 : nr), [&](Value j) {
      Value panel = spec_.panels ? j : b_.div(j, b_.idx(nr));
      Value tileColumns = spec_.panels ? widthOf(j) : b_.min(b_.idx(nr), b_.sub(columns, j));
      Value wholeColumns = b_.eq(tileColumns, b_.idx(nr));
      if (!spec_.panels)
        wholeColumns = b_.both(wholeColumns, b_.ge(b_.load(cnRuns_, j), b_.idx(nr)));
      b_.forLoop(b_.idx(0), rows, b_.idx(mr), [&](Value i) {
        if (spec_.epilogue)
          prefetchTile(i, j);
        auto tile = microKernel(b_.div(i, b_.idx(mr)), panel, depth);
        Value tileRows = b_.min(b_.idx(mr), b_.sub(rows, i));
        if (sums_)
          return tileToSums(tile, i, b_.mul(panel, nr), accumulate);
        Value whole = b_.both(wholeColumns, b_.eq(tileRows, b_.idx(mr)));
        auto anyTile = [&] { tileThroughBuffer(tile, i, j, tileRows, tileColumns, accumulate); };
        auto store = [&] {
          if (streamsTiles_)
            b_.ifThen(
                onElements_, [&] { streamTile(tile, i, j, tileRows, tileColumns, whole); },
                anyTile);
          else
            b_.ifThen(whole, [&] { tileToC(tile, i, j, accumulate); }, anyTile);
        };
        if (spec_.epilogue)
          b_.ifThen(
              last, [&] { finishTile(tile, i, j, tileRows, tileColumns, accumulate); }, store);
        else
          store();
      });
    });
    if (streamsTiles_)
      b_.ifThen(onElements_, [&] { lines_->finish(stream_, allStreams()); });
  }

  /// What the tile will be written to, and what its epilogue reads of every row, is on its way
  /// while the sums are made.
  void prefetchTile(Value i, Value j) {
    auto rows = [&](Value buffer, DType type, Value column, Value table, bool isWrite) {
      int64_t line = kCacheLine / int64_t(itemSize(type));
      for (int r = 0; r < spec_.tileRows; ++r) {
        Value at = b_.add(column, b_.load(table, b_.add(i, r)));
        for (int64_t c = 0; c < spec_.tileColumns; c += line)
          b_.op<memref::PrefetchOp>(
              buffer, ValueRange{b_.mul(b_.add(at, c), ValueBuilder::componentsOf(type))}, isWrite,
              /*localityHint=*/3, /*isDataCache=*/true);
      }
    };
    if (!streamsTiles_)
      rows(c_, spec_.result, b_.add(baseC_, b_.load(cn_, j)), cm_, true);
    for (auto [e, access] : llvm::enumerate(operandsOf(*spec_.epilogue)))
      if (access->strides[0] == 1)
        rows(operands_[e], access->type, b_.add(operandBases_[e], b_.load(operandColumns_[e], j)),
             operandRows_[e], false);
  }

  /// A tile whose sums are complete with this block of K: the epilogue computes the result from the
  /// buffer.
  void finishTile(ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                  Value accumulate) {
    Value pitch = streamsTiles_ ? columns : b_.idx(columnPanel_.pitch);
    tileToBuffer(tile, pitch);
    Value column = b_.add(baseC_, b_.load(cn_, j));
    auto rowOfC = [&](Value row) { return b_.add(column, b_.load(cm_, b_.add(i, row))); };
    b_.ifThen(accumulate, [&] {
      b_.forLoop(rows, [&](Value row) {
        Value from = rowOfC(row), to = bufferRow(row, pitch);
        values_.forVectors(
            columns, {spec_.result}, {spec_.result}, [&](Value c, Value length, int width) {
              Value at = b_.add(to, c), before = b_.add(from, c);
              auto load = [&](Value buffer, Value index) {
                return length ? values_.loadMasked(buffer, spec_.result, index, width, length)
                              : values_.load(buffer, spec_.result, index, width);
              };
              Number sum = values_.add(load(c_, before), load(buffer_, at));
              length ? values_.storeMasked(sum, buffer_, spec_.result, at, width, length)
                     : values_.store(sum, buffer_, spec_.result, at, width);
            });
      });
    });
    // Results that are streamed go back to the buffer.
    auto inBuffer = [&](Value row) { return bufferRow(row, pitch); };
    epilogue(i, rows, j, columns, inBuffer, streamsTiles_ ? Place(inBuffer) : Place(rowOfC));
    if (!streamsTiles_)
      return;
    b_.ifThen(
        onElements_, [&] { streamBuffer(i, j, rows, columns); },
        [&] {
          b_.forLoop(rows, [&](Value row) {
            writeColumns(buffer_, inBuffer(row), b_.sub(rowOfC(row), b_.load(cn_, j)), j, columns,
                         b_.op<arith::ConstantIntOp>(0, 1));
          });
        });
  }

  using Place = llvm::function_ref<Value(Value row)>;

  /// Of rows [i, i + rows) of panel j, given where a row's sums are and its results go.
  void epilogue(Value i, Value rows, Value j, Value columns, Place sums, Place results) {
    const LoopProgram &program = *spec_.epilogue;
    emitEpilogue(*epilogue_, rows, columns, [&](Value row) {
      FusedKernel::Values base;
      for (const LoopProgram::Access &access : program.accesses) {
        if (auto operand = operandOf(access))
          base.push_back(
              b_.add(b_.add(operandBases_[*operand], b_.load(operandColumns_[*operand], j)),
                     b_.load(operandRows_[*operand], b_.add(i, row))));
        else
          base.push_back(isStore(access) ? results(row) : sums(row));
      }
      return base;
    });
  }
  bool isStore(const LoopProgram::Access &access) const {
    return &access == &spec_.epilogue->accesses[size_t(spec_.epilogue->stores[0].access)];
  }
  int buffers() const { return int(spec_.buffers()); }
  /// The number of an epilogue's operand; nothing for the sums and the result.
  std::optional<size_t> operandOf(const LoopProgram::Access &access) const {
    auto operands = operandsOf(*spec_.epilogue);
    auto *found = llvm::find(operands, &access);
    return found == operands.end() ? std::nullopt : std::optional(size_t(found - operands.begin()));
  }

  int vectors() const { return columnPanel_.pitch / values_.lanes(); }

  /// tileRows x vectors() accumulators over one panel of A and one of B.
  SmallVector<Number> microKernel(Value indexA, Value indexB, Value depth) {
    int mr = spec_.tileRows, lanes = values_.lanes(), parts = values_.components();
    int64_t strideA = int64_t(rowPanel_.pitch) * parts,
            strideB = int64_t(columnPanel_.pitch) * parts;
    Value panelA = b_.mul(indexA, b_.mul(depth, strideA));
    Value panelB = b_.mul(indexB, spec_.panels ? columnPanelSize(b_, values_, depth, strideB)
                                               : b_.mul(depth, strideB));
    LoopBuilder::Values inits(size_t(mr * vectors() * parts), values_.zero(lanes).re);
    auto numbers = [&](ValueRange flat) {
      SmallVector<Number> tile;
      for (size_t t = 0; t < flat.size(); t += size_t(parts))
        tile.push_back({flat[t], parts == 2 ? flat[t + 1] : Value()});
      return tile;
    };
    auto results = b_.forIter(b_.idx(0), depth, b_.idx(1), inits, [&](Value k, ValueRange sums) {
      SmallVector<Number> tile = numbers(sums), columns;
      auto part = [&](Value base, int64_t stride, int64_t pitch, int64_t offset, int width) {
        Value at = b_.add(b_.add(base, b_.mul(k, stride)), offset);
        Number n{values_.loadComponent(width ? panelsB_ : panelsA_, at, width), {}};
        if (parts == 2)
          n.im = values_.loadComponent(width ? panelsB_ : panelsA_, b_.add(at, pitch), width);
        return n;
      };
      for (int v = 0; v < vectors(); ++v)
        columns.push_back(part(panelB, strideB, columnPanel_.pitch, v * lanes, lanes));
      LoopBuilder::Values next;
      for (int r = 0; r < mr; ++r) {
        Number row = values_.broadcast(part(panelA, strideA, rowPanel_.pitch, r, 0), lanes);
        for (int v = 0; v < vectors(); ++v) {
          Number sum = values_.mulAdd(row, columns[v], tile[r * vectors() + v]);
          next.push_back(sum.re);
          if (sum.im)
            next.push_back(sum.im);
        }
      }
      return next;
    });
    return numbers(results);
  }

  /// Adds to what is there already when `accumulate`.
  void writeVector(Number sum, Value buffer, DType storage, Value at, Value accumulate) {
    int lanes = values_.lanes();
    b_.ifThen(
        accumulate,
        [&] {
          values_.store(values_.add(values_.load(buffer, storage, at, lanes), sum), buffer, storage,
                        at, lanes);
        },
        [&] { values_.store(sum, buffer, storage, at, lanes); });
  }

  /// A whole tile whose columns are consecutive in C.
  void tileToC(ArrayRef<Number> tile, Value i, Value j, Value accumulate) {
    int lanes = values_.lanes();
    Value column = b_.add(baseC_, b_.load(cn_, j));
    auto write = [&](bool add) {
      for (int r = 0; r < spec_.tileRows; ++r) {
        Value row = b_.add(column, b_.load(cm_, b_.add(i, r)));
        for (int v = 0; v < vectors(); ++v) {
          Value at = b_.add(row, v * lanes);
          Number sum = tile[r * vectors() + v];
          if (add)
            sum = values_.add(values_.load(c_, spec_.result, at, lanes), sum);
          values_.store(sum, c_, spec_.result, at, lanes);
        }
      }
    };
    b_.ifThen(accumulate, [&] { write(true); }, [&] { write(false); });
  }

  /// To C past the caches. A whole tile whose rows begin on cache lines is stored as it is; any
  /// other goes to a buffer, where its rows lie as in C if they follow each other there, and from
  /// there in as long pieces as there are.
  void streamTile(ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns, Value whole) {
    int lanes = values_.lanes();
    int64_t bytes = int64_t(itemSize(spec_.result));
    Value column = b_.add(baseC_, b_.load(cn_, j)), addresses = b_.idx(0);
    auto rowOf = [&](int r) { return b_.add(column, b_.load(cm_, b_.add(i, r))); };
    auto direct = b_.ifYield(
        whole,
        [&] {
          for (int r = 0; r < spec_.tileRows; ++r)
            addresses = b_.either(addresses, b_.mul(rowOf(r), bytes));
          return LoopBuilder::Values{
              isOnLine(b_, b_.either(addresses, addressOf(b_, c_, b_.idx(0), bytes)))};
        },
        [&] { return LoopBuilder::Values{b_.op<arith::ConstantIntOp>(0, 1)}; });
    b_.ifThen(
        direct[0],
        [&] {
          for (int r = 0; r < spec_.tileRows; ++r)
            for (int v = 0; v < vectors(); ++v)
              storePast(b_, tile[r * vectors() + v].re, c_, b_.add(rowOf(r), v * lanes));
        },
        [&] {
          tileToBuffer(tile, columns);
          streamBuffer(i, j, rows, columns);
        });
  }

  /// To the buffer, rows `pitch` apart. A vector's lanes past the row's end are overwritten by the
  /// next row.
  void tileToBuffer(ArrayRef<Number> tile, Value pitch) {
    for (int r = 0; r < spec_.tileRows; ++r)
      for (int v = 0; v < vectors(); ++v) {
        Value at = b_.add(bufferRow(b_.idx(r), pitch), v * values_.lanes());
        values_.store(tile[r * vectors() + v], buffer_, spec_.result, at, values_.lanes());
      }
  }
  /// A line before the first row may be read.
  Value bufferRow(Value row, Value pitch) {
    int64_t line = kCacheLine / int64_t(itemSize(spec_.result));
    return b_.add(b_.mul(row, pitch), streamsTiles_ ? line : 0);
  }

  /// The buffer's rows, which follow each other there, to C past the caches.
  void streamBuffer(Value i, Value j, Value rows, Value columns) {
    Value column = b_.add(baseC_, b_.load(cn_, j));
    Value joins = b_.eq(columns, word(ContractWord::Extent));
    Value turn = b_.rem(j, word(ContractWord::StreamPeriod));
    Value streams = b_.mul(turn, word(ContractWord::BlockM));
    b_.forStrips(b_.idx(0), rows, [&](Value r) {
      Value row = b_.add(i, r), left = b_.sub(rows, r), run = b_.load(cmRuns_, row);
      Value count = b_.select(joins, b_.min(run, left), b_.idx(1));
      // A run of rows is one stream, known by its last row.
      Value last = b_.select(joins, b_.sub(b_.add(row, run), b_.idx(1)), row);
      Value stream = b_.add(streams, last);
      lines_->put(stream_, stream, buffer_, bufferRow(r, columns),
                  b_.add(column, b_.load(cm_, row)), b_.mul(count, columns));
      return b_.add(r, count);
    });
  }

  /// Sums are whole tiles always: the buffer is padded.
  void tileToSums(ArrayRef<Number> tile, Value i, Value j, Value accumulate) {
    int lanes = values_.lanes();
    for (int r = 0; r < spec_.tileRows; ++r)
      for (int v = 0; v < vectors(); ++v) {
        Value at = b_.add(b_.add(sumAt(b_.add(b_.add(sumRow_, i), r)), j), v * lanes);
        writeVector(tile[r * vectors() + v], sumsBuffer_, values_.compute(), at, accumulate);
      }
  }
  /// Sums of a row: whole tiles of a block of columns.
  Value sumPitch() {
    Value columns = word(ContractWord::BlockN);
    return spec_.panels ? b_.mul(columns, spec_.tileColumns) : b_.add(columns, spec_.tileColumns);
  }
  Value sumAt(Value row) { return b_.mul(row, sumPitch()); }

  /// Any tile: to a buffer in the L1 cache, then to C in strips of consecutive columns.
  void tileThroughBuffer(ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                         Value accumulate) {
    int lanes = values_.lanes();
    for (int r = 0; r < spec_.tileRows; ++r)
      for (int v = 0; v < vectors(); ++v)
        values_.store(tile[r * vectors() + v], tile_, values_.compute(),
                      b_.idx(r * columnPanel_.pitch + v * lanes), lanes);
    b_.forLoop(rows, [&](Value r) {
      Value row = b_.add(baseC_, b_.load(cm_, b_.add(i, r)));
      writeColumns(tile_, b_.mul(r, columnPanel_.pitch), row, j, columns, accumulate);
    });
  }

  /// Columns [j, j + columns) of a row (of panel j, where columns are in panels), from a buffer of
  /// sums to C.
  void writeColumns(Value sums, Value from, Value row, Value j, Value columns, Value accumulate) {
    Value panel = spec_.panels ? b_.add(row, b_.load(cn_, j)) : Value();
    auto strip = [&](Value column, Value length, int width) {
      Value at =
          spec_.panels ? b_.add(panel, column) : b_.add(row, b_.load(cn_, b_.add(j, column)));
      Number sum = values_.load(sums, values_.compute(), b_.add(from, column), width);
      auto write = [&](Number n) {
        length ? values_.storeMasked(n, c_, spec_.result, at, width, length)
               : values_.store(n, c_, spec_.result, at, width);
      };
      b_.ifThen(
          accumulate,
          [&] {
            write(values_.add(length ? values_.loadMasked(c_, spec_.result, at, width, length)
                                     : values_.load(c_, spec_.result, at, width),
                              sum));
          },
          [&] { write(sum); });
    };
    spec_.panels ? panelStrips(columns, strip) : runStrips(columns, j, strip);
  }

  using Strip = llvm::function_ref<void(Value column, Value length, int width)>;

  /// Strips of columns that are consecutive in C: a vector under a mask (length set), a whole
  /// vector (length null), or a scalar (width 0).
  void runStrips(Value columns, Value j, Strip body) {
    int lanes = values_.lanes();
    b_.forStrips(b_.idx(0), columns, [&](Value column) {
      Value run = b_.load(cnRuns_, b_.add(j, column));
      Value length = b_.min(b_.min(run, b_.idx(lanes)), b_.sub(columns, column));
      if (values_.hasMaskedStore(spec_.result)) {
        body(column, length, lanes);
      } else {
        b_.ifThen(
            b_.eq(length, b_.idx(lanes)), [&] { body(column, {}, lanes); },
            [&] { b_.forLoop(length, [&](Value e) { body(b_.add(column, e), {}, 0); }); });
      }
      return b_.add(column, length);
    });
  }

  /// The same for the columns of a panel, which are all consecutive: whole vectors, then the rest
  /// under a mask or in vectors of half the size each.
  void panelStrips(Value columns, Strip body) {
    int lanes = values_.lanes();
    Value rest = b_.rem(columns, b_.idx(lanes)), whole = b_.sub(columns, rest);
    b_.forLoop(b_.idx(0), whole, b_.idx(lanes), [&](Value column) { body(column, {}, lanes); });
    if (values_.hasMaskedStore(spec_.result)) {
      b_.ifThen(b_.ne(rest, b_.idx(0)), [&] { body(whole, rest, lanes); });
      return;
    }
    for (int width = lanes / 2; width > 0; width /= 2) {
      Value left = b_.rem(rest, b_.idx(2 * width));
      b_.ifThen(b_.ge(left, b_.idx(width)),
                [&] { body(b_.add(whole, b_.sub(rest, left)), {}, width > 1 ? width : 0); });
    }
  }

  /// Rounds the sums of a task's rows [m0, m1) and this block's columns to C.
  void writeSums(Value m0, Value m1, Value columns) {
    Value more = b_.ne(word(ContractWord::Accumulate), b_.idx(0));
    b_.forLoop(m0, m1, word(ContractWord::BlockM), [&](Value ic) {
      Value rows = b_.min(word(ContractWord::BlockM), b_.sub(m1, ic));
      fill(ContractWord::MList, ic, rows, 2, cm_);
      for (auto [e, rowsOfE] : llvm::enumerate(operandRows_))
        fill(ContractWord::MList, ic, rows, 3 + int(e), rowsOfE);
      b_.forLoop(rows, [&](Value r) {
        Value row = b_.add(baseC_, b_.load(cm_, r)), from = sumAt(b_.add(b_.sub(ic, m0), r));
        if (!spec_.panels)
          return writeColumns(sumsBuffer_, from, row, b_.idx(0), columns, more);
        b_.forLoop(columns, [&](Value j) {
          writeColumns(sumsBuffer_, b_.add(from, b_.mul(j, spec_.tileColumns)), row, j, widthOf(j),
                       more);
          if (spec_.epilogue) {
            auto place = [&](Value) { return b_.add(row, b_.load(cn_, j)); };
            epilogue(r, b_.idx(1), j, widthOf(j), place, place);
          }
        });
      });
    });
  }

  LoopBuilder &b_;
  ModuleOp module_;
  const KernelSpec &spec_;
  const Target &target_;
  ValueBuilder values_;
  PanelShape rowPanel_, columnPanel_;
  bool sums_, streamsTiles_;
  std::optional<LineStreams> lines_;
  LineStreams::State stream_;
  func::FuncOp fillOffsets_, fillRuns_, pack_[2];
  std::optional<FusedKernel> epilogue_;
  LoopBuilder::Values operands_, operandBases_, operandRows_, operandColumns_; ///< the epilogue's
  Value a_, bOperand_, c_, desc_, work_, m_, n_, k_;
  Value am_, amRuns_, cm_, cmRuns_, bn_, bnRuns_, cn_, cnRuns_, ak_, akRuns_, bk_, bkRuns_;
  Value keeps_, kept_, panelNumbers_, onElements_, panelsA_, panelsB_, tile_, buffer_, sumsBuffer_,
      baseA_, baseB_, baseC_, sumRow_;
};

} // namespace

void emitContract(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  ContractEmitter(b, module, spec, target).emit();
}

} // namespace ricci
