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
// Where B comes from memory, a block of its columns is fetched while the one before is multiplied
// (Schedule::prefetches).
//
// An operand that is computed (KernelSpec::prologue) is so panel by panel: to a buffer that stays
// in the caches, from which the panel is packed.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/computed_operand.h"
#include "compiler/cpu/contract_result.h"
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/pack_steps.h"

using namespace mlir;

namespace ricci {

namespace {

class ContractEmitter {
public:
  ContractEmitter(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b_(b), module_(module), spec_(spec), target_(target),
        values_(b, target, computeType(spec.result)),
        packed_(b, target, StepReader::packedType(values_.compute(), spec.pairs)),
        rowPanel_(spec.tileRows, values_.lanes()), columnPanel_(spec.tileColumns, values_.lanes()),
        frame_{b, {}, {}}, result_(frame_, module, spec, target, values_) {}

  void emit() {
    fillOffsets_ = emitFillOffsets(b_, module_, buffers());
    fillRuns_ = emitFillRuns(b_, module_);
    auto emitPackOf = [&](int operand) {
      return emitPack(b_, module_, packed_, spec_.operands[size_t(operand)], spec_.pairs,
                      spec_.packing[operand]);
    };
    pack_[0] = emitPackOf(0);
    pack_[1] = spec_.panels ? emitPackColumns(b_, module_, packed_, spec_.operands[1], spec_.pairs,
                                              spec_.packing[1], spec_.tileColumns)
                            : emitPackOf(1);
    auto buffer = [&](DType t) { return flat(ValueBuilder::storageType(b_.getContext(), t)); };
    Type index = b_.getIndexType();
    SmallVector<Type> inputs{buffer(spec_.stored(0)), buffer(spec_.stored(1)),
                             buffer(spec_.result)};
    if (spec_.epilogue)
      for (const LoopProgram::Access *access : operandsOf(*spec_.epilogue))
        inputs.push_back(buffer(access->type));
    if (spec_.prologue)
      for (const LoopProgram::Access *access : otherOperandsOf(*spec_.prologue))
        inputs.push_back(buffer(access->type));
    inputs.append({flat(index), flat(b_.getI8Type()), index, index});
    ValueRange args = b_.beginFunction(module_, spec_.name(), inputs, false).getArguments();
    a_ = args[0], bOperand_ = args[1];
    Value c = args[2];
    size_t first = spec_.prologueBuffers();
    LoopBuilder::Values operands(args.begin() + 3, args.begin() + first),
        read(args.begin() + first, args.begin() + buffers());
    args = args.drop_front(buffers());
    frame_.descriptor = args[0], frame_.workspace = args[1];
    Value begin = args[2], end = args[3];
    m_ = word(ContractWord::M), n_ = word(ContractWord::N), k_ = word(ContractWord::K);
    auto table = [&](int64_t at, Value size) { return frame_.table(at, size); };
    Value mc = word(ContractWord::BlockM), nc = word(ContractWord::BlockN),
          kc = word(ContractWord::BlockK);
    keeps_ = b_.ne(word(ContractWord::Keeps), b_.idx(0));
    kept_ = b_.view(frame_.workspace, b_.idx(0), b_.idx(1), index);
    am_ = table(ContractWord::TableAM, mc), amRuns_ = table(ContractWord::RunAM, mc);
    bnNext_ = table(ContractWord::NextBN, nc);
    bn_ = table(ContractWord::TableBN, nc), bnRuns_ = table(ContractWord::RunBN, nc);
    ak_ = table(ContractWord::TableAK, kc), akRuns_ = table(ContractWord::RunAK, kc);
    bk_ = table(ContractWord::TableBK, kc), bkRuns_ = table(ContractWord::RunBK, kc);
    int parts = values_.components();
    panelsA_ = frame_.view(ContractWord::PanelsA, b_.mul(b_.mul(mc, kc), 2 * parts),
                           packed_.componentType());
    panelNumbers_ = b_.mul(b_.mul(nc, kc), 2 * parts * (spec_.panels ? 2 * spec_.tileColumns : 1));
    result_.begin(c, std::move(operands), mc, nc);
    if (spec_.prologue)
      beginComputed(std::move(read), mc, nc, kc);
    b_.forStrips(begin, end, [&](Value first) { return slabs(first, end); });
    result_.end();
    b_.endFunction();
  }

private:
  static MemRefType flat(Type element) { return MemRefType::get({ShapedType::kDynamic}, element); }
  Value word(int64_t w) { return frame_.word(w); }
  void fill(int64_t list, Value start, Value count, int column, Value table, Value runs = {},
            Value distance = {}, Value step = {}) {
    b_.op<func::CallOp>(fillOffsets_, ValueRange{frame_.descriptor, word(list), start, count,
                                                 b_.idx(column), table});
    if (runs)
      b_.op<func::CallOp>(fillRuns_, ValueRange{table, count, distance ? distance : b_.idx(1),
                                                step ? step : b_.idx(1), runs});
  }

  void beginComputed(LoopBuilder::Values read, Value mc, Value nc, Value kc) {
    bool columns = spec_.computed == 1;
    read.insert(read.begin(), columns ? bOperand_ : a_);
    computed_.emplace(frame_, spec_, target_, std::move(read), columns ? nc : mc, kc);
    computed_->rows.insert(computed_->rows.begin(), columns ? bn_ : am_);
    computed_->ks.insert(computed_->ks.begin(), columns ? bk_ : ak_);
  }

  /// Whether the operand is computed, not read.
  bool isComputed(int operand) const { return spec_.computed == operand; }
  /// Tables of what a computed operand reads besides.
  void fillComputed(int64_t list, Value start, Value count, const LoopBuilder::Values &tables) {
    for (size_t e = 1; e < tables.size(); ++e)
      fill(list, start, count, int(spec_.prologueBuffers() + e) - 1, tables[e]);
  }

  /// Tasks from `first` on that are slabs of one batch entry, as one; returns the next task.
  Value slabs(Value first, Value end) {
    Value tasksM = word(ContractWord::TasksM), tasksN = word(ContractWord::TasksN);
    Value perEntry = b_.mul(tasksM, tasksN), slab = b_.rem(first, perEntry);
    Value last = b_.min(perEntry, b_.add(slab, b_.sub(end, first)));
    auto batch = offsetsAt(b_, frame_.descriptor, word(ContractWord::BatchList),
                           b_.div(first, perEntry), buffers());
    baseA_ = batch[0], baseB_ = batch[1], result_.baseC = batch[2];
    result_.operandBases.assign(batch.begin() + 3, batch.begin() + spec_.prologueBuffers());
    if (computed_) {
      computed_->bases.assign(batch.begin() + spec_.prologueBuffers(), batch.end());
      computed_->bases.insert(computed_->bases.begin(), isComputed(1) ? baseB_ : baseA_);
    }
    auto range = [&](Value tasks, int64_t size, Value extent) {
      Value split = b_.ne(tasks, b_.idx(1)), step = word(size);
      return std::pair(b_.select(split, b_.mul(slab, step), b_.idx(0)),
                       b_.select(split, b_.min(b_.mul(last, step), extent), extent));
    };
    auto [m0, m1] = range(tasksM, ContractWord::TaskM, m_);
    auto [n0, n1] = range(tasksN, ContractWord::TaskN, n_);
    if (!result_.keepsSums()) {
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
          fill(ContractWord::KList, pc, depth, 0, ak_, runsOfK(0, akRuns_),
               word(ContractWord::StepAK));
          fill(ContractWord::KList, pc, depth, 1, bk_, runsOfK(1, bkRuns_),
               word(ContractWord::StepBK));
          if (computed_) {
            fillComputed(ContractWord::KList, pc, depth, computed_->ks);
            computed_->beginDepth(depth);
          }
        });
        kBegin_ = pc;
        Value panels = b_.add(word(ContractWord::PanelsB),
                              b_.mul(b_.div(pc, blockK), word(ContractWord::PanelStep)));
        panelsBAt_ = panels;
        panelsB_ = b_.view(frame_.workspace, panels, panelNumbers_, packed_.componentType());
        unless(packed, [&] { packColumns(jc, columns, depth); });
        Value accumulate = b_.ne(pc, b_.idx(0)), last = b_.ge(b_.add(pc, blockK), k_);
        if (!result_.keepsSums())
          accumulate = b_.either(accumulate, b_.ne(word(ContractWord::Accumulate), b_.idx(0)));
        b_.forLoop(m0, m1, blockM, [&](Value ic) {
          Value rows = b_.min(blockM, b_.sub(m1, ic));
          unless(b_.both(oneA, again), [&] {
            fill(ContractWord::MList, ic, rows, 0, am_,
                 spec_.packing[0] == Packing::AlongRows && !isComputed(0) ? amRuns_ : Value());
            if (isComputed(0))
              fillComputed(ContractWord::MList, ic, rows, computed_->rows);
            resultRows(ic, rows);
            packRows(ic, rows, depth);
          });
          result_.sumRow = b_.sub(ic, m0);
          if (spec_.mayPrefetch()) {
            Value next = b_.add(jc, columns);
            nextColumns_ = b_.max(b_.idx(0), b_.min(blockN, b_.sub(n1, next)));
            nextColumns_ = b_.select(b_.ne(word(ContractWord::Prefetches), b_.idx(0)), nextColumns_,
                                     b_.idx(0));
            fill(ContractWord::NList, next, nextColumns_, 1, bnNext_);
          }
          macroKernel(rows, columns, depth, accumulate, last);
        });
      });
      if (result_.keepsSums())
        result_.writeSums(m0, m1, columns,
                          [&](Value first, Value count) { resultRows(first, count); });
    });
    b_.ifThen(keeps_, [&] { b_.store(baseB_, kept_, b_.idx(0)); });
  }

  void unless(Value condition, llvm::function_ref<void()> body) {
    b_.ifThen(b_.eq(condition, b_.op<arith::ConstantIntOp>(0, 1)), body);
  }

  /// Tables of the rows of a block of the result and of an epilogue's operands.
  void resultRows(Value first, Value count) {
    fill(ContractWord::MList, first, count, 2, result_.cm,
         result_.streams() ? result_.cmRuns : Value(), b_.idx(1), word(ContractWord::Extent));
    for (auto [e, rows] : llvm::enumerate(result_.operandRows))
      fill(ContractWord::MList, first, count, 3 + int(e), rows);
  }

  /// Null where packing does not ask for them.
  Value runsOfK(int operand, Value table) const {
    return spec_.packing[operand] == Packing::AlongK && !isComputed(operand) ? table : Value();
  }

  void columnTables(Value jc, Value columns) {
    if (isComputed(1))
      fillComputed(ContractWord::NList, jc, columns, computed_->rows);
    for (auto [e, columnsOfE] : llvm::enumerate(result_.operandColumns))
      fill(ContractWord::NList, jc, columns, 3 + int(e), columnsOfE);
    if (spec_.panels) {
      fill(ContractWord::NList, jc, columns, 0, result_.firsts());
      fill(ContractWord::NList, jc, columns, 1, bn_,
           spec_.packing[1] == Packing::Across ? bnRuns_ : Value(), word(ContractWord::Distance));
      fill(ContractWord::NList, jc, columns, 2, result_.cn);
    } else {
      fill(ContractWord::NList, jc, columns, 1, bn_,
           spec_.packing[1] == Packing::AlongRows && !isComputed(1) ? bnRuns_ : Value());
      fill(ContractWord::NList, jc, columns, 2, result_.cn, result_.cnRuns);
    }
  }

  void packRows(Value ic, Value rows, Value depth) {
    if (isComputed(0))
      return packComputed(ic, rows, depth, rowPanel_, word(ContractWord::PanelsA));
    b_.op<func::CallOp>(pack_[0], ValueRange{a_, baseA_, am_, amRuns_, ak_, akRuns_, rows, depth,
                                             panelsA_, b_.idx(rowPanel_.width),
                                             b_.idx(rowPanel_.pitch), word(ContractWord::StepAK)});
  }

  /// Panels from a number on, of memory that begins at a byte.
  Value panelsAt(Value first, Value number) {
    int64_t bytes = int64_t(itemSize(componentDType(packed_.compute())));
    return b_.view(frame_.workspace, b_.add(first, b_.mul(number, bytes)), panelNumbers_,
                   packed_.componentType());
  }

  /// Rows, or columns, of a block: computed and packed part by part.
  void packComputed(Value start, Value count, Value depth, PanelShape panel, Value first) {
    ComputedOperand &from = *computed_;
    bool inPanels = spec_.computed == 1 && spec_.panels;
    Value width = b_.idx(panel.width);
    int64_t pitch = int64_t(panel.pitch) * values_.components();
    Value steps = StepReader::stepsOf(b_, spec_.pairs, depth);
    Value size = inPanels ? columnPanelSize(b_, packed_, steps, pitch) : b_.mul(steps, pitch);
    Value panelOnly = b_.eq(word(ContractWord::Distance), b_.idx(1));
    b_.forStrips(b_.idx(0), count, [&](Value i) {
      Value left = b_.sub(count, i);
      Value rows = b_.min(from.rowsOfPart, inPanels ? b_.mul(left, width) : left);
      if (inPanels) { // to the end of the dim; panels that go another way follow each other nowhere
        Value columns = b_.sub(word(ContractWord::Extent), b_.load(result_.firsts(), i));
        rows = b_.min(b_.select(panelOnly, width, rows), columns);
      }
      b_.forLoop(b_.idx(0), depth, from.stepsOfPart, [&](Value k) {
        Value part = b_.min(from.stepsOfPart, b_.sub(depth, k));
        if (inPanels)
          from.computePanels(i, rows, kBegin_, k, part);
        else
          from.compute(start, i, rows, kBegin_, k, part);
        Value at = b_.mul(StepReader::stepsOf(b_, spec_.pairs, k), pitch);
        b_.forLoop(b_.idx(0), rows, width, [&](Value row) {
          Value number = b_.div(row, width);
          number = b_.add(number, inPanels ? i : b_.div(i, width));
          Value panels = panelsAt(first, b_.add(b_.mul(number, size), at));
          packPart(b_.mul(row, from.rowStride), b_.min(width, b_.sub(rows, row)), part, panels,
                   panel, inPanels);
        });
      });
      return b_.add(i, inPanels ? b_.ceilDiv(rows, panel.width) : rows);
    });
  }

  /// What has been computed for one panel.
  void packPart(Value base, Value rows, Value depth, Value panels, PanelShape panel,
                bool inPanels) {
    ComputedOperand &from = *computed_;
    Value one = b_.idx(1);
    if (inPanels) // the panel's first column is number 0 of `rows`
      b_.op<func::CallOp>(pack_[1], ValueRange{from.buffer, base, from.rowTable, from.rowTable,
                                               from.rowRuns, from.kTable, from.kRuns, one, depth,
                                               panels, rows, from.rowStride, one, one});
    else
      b_.op<func::CallOp>(pack_[spec_.computed],
                          ValueRange{from.buffer, base, from.rowTable, from.rowRuns, from.kTable,
                                     from.kRuns, rows, depth, panels, b_.idx(panel.width),
                                     b_.idx(panel.pitch), one});
  }

  void packColumns(Value jc, Value columns, Value depth) {
    if (isComputed(1))
      return packComputed(jc, columns, depth, columnPanel_, panelsBAt_);
    if (spec_.panels)
      b_.op<func::CallOp>(pack_[1],
                          ValueRange{bOperand_, baseB_, bn_, result_.firsts(), bnRuns_, bk_,
                                     bkRuns_, columns, depth, panelsB_, word(ContractWord::Extent),
                                     word(ContractWord::StrideB), word(ContractWord::Distance),
                                     word(ContractWord::StepBK)});
    else
      b_.op<func::CallOp>(pack_[1],
                          ValueRange{bOperand_, baseB_, bn_, bnRuns_, bk_, bkRuns_, columns, depth,
                                     panelsB_, b_.idx(columnPanel_.width),
                                     b_.idx(columnPanel_.pitch), word(ContractWord::StepBK)});
  }

  void macroKernel(Value rows, Value columns, Value depth, Value accumulate, Value last) {
    int mr = spec_.tileRows, nr = spec_.tileColumns;
    Value steps = StepReader::stepsOf(b_, spec_.pairs, depth);
    result_.beginBlock(rows);
    b_.forLoop(b_.idx(0), columns, b_.idx(spec_.panels ? 1 : nr), [&](Value j) {
      Value panel = spec_.panels ? j : b_.div(j, b_.idx(nr));
      Value tileColumns = result_.widthOf(j, columns);
      b_.forLoop(b_.idx(0), rows, b_.idx(mr), [&](Value i) {
        result_.prefetch(i, j, accumulate);
        if (spec_.streams)
          result_.prefetchEnds(i, j, columns);
        if (spec_.mayPrefetch())
          prefetchNext(i, j, rows, depth);
        auto tile = microKernel(b_.div(i, b_.idx(mr)), panel, steps);
        Value tileRows = b_.min(b_.idx(mr), b_.sub(rows, i));
        result_.store(tile, i, j, panel, tileRows, tileColumns, accumulate, last);
      });
    });
    result_.endBlock();
  }

  /// Panel (or column) j of the next block is read while that of this one is multiplied: with each
  /// tile of rows a part of its lines.
  void prefetchNext(Value i, Value j, Value rows, Value depth) {
    DType type = spec_.operands[1];
    int64_t line = kCacheLine / int64_t(itemSize(type)),
            components = ValueBuilder::componentsOf(type);
    Value lines = b_.idx((spec_.tileColumns + line - 1) / line), ofPanel = b_.mul(depth, lines);
    Value tile = b_.div(i, b_.idx(spec_.tileRows)), tiles = b_.ceilDiv(rows, spec_.tileRows);
    Value part = b_.div(b_.add(ofPanel, b_.sub(tiles, b_.idx(1))), tiles);
    b_.ifThen(b_.lt(j, nextColumns_), [&] {
      Value base = b_.add(baseB_, b_.load(bnNext_, j)), first = b_.mul(tile, part);
      b_.forLoop(first, b_.min(ofPanel, b_.add(first, part)), b_.idx(1), [&](Value l) {
        Value row = b_.add(base, b_.load(bk_, b_.div(l, lines)));
        b_.op<memref::PrefetchOp>(
            bOperand_, ValueRange{b_.mul(b_.add(row, b_.mul(b_.rem(l, lines), line)), components)},
            /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
      });
    });
  }

  int buffers() const { return int(spec_.buffers()); }

  int vectors() const { return columnPanel_.pitch / values_.lanes(); }

  /// tileRows x vectors() accumulators over one panel of A and one of B.
  SmallVector<Number> microKernel(Value indexA, Value indexB, Value steps) {
    int mr = spec_.tileRows, lanes = values_.lanes(), parts = values_.components();
    int64_t strideA = int64_t(rowPanel_.pitch) * parts,
            strideB = int64_t(columnPanel_.pitch) * parts;
    Value panelA = b_.mul(indexA, b_.mul(steps, strideA));
    Value panelB = b_.mul(indexB, spec_.panels ? columnPanelSize(b_, packed_, steps, strideB)
                                               : b_.mul(steps, strideB));
    LoopBuilder::Values inits(size_t(mr * vectors() * parts), values_.zero(lanes).re);
    auto numbers = [&](ValueRange flat) {
      SmallVector<Number> tile;
      for (size_t t = 0; t < flat.size(); t += size_t(parts))
        tile.push_back({flat[t], parts == 2 ? flat[t + 1] : Value()});
      return tile;
    };
    auto multiply = [&](Value step, ValueRange sums) {
      SmallVector<Number> tile = numbers(sums), columns;
      auto part = [&](Value base, int64_t stride, int64_t pitch, int64_t offset, int width) {
        Value at = b_.add(b_.add(base, b_.mul(step, stride)), offset);
        Number n{packed_.loadComponent(width ? panelsB_ : panelsA_, at, width), {}};
        if (parts == 2)
          n.im = packed_.loadComponent(width ? panelsB_ : panelsA_, b_.add(at, pitch), width);
        return n;
      };
      for (int v = 0; v < vectors(); ++v)
        columns.push_back(part(panelB, strideB, columnPanel_.pitch, v * lanes, lanes));
      LoopBuilder::Values next;
      for (int r = 0; r < mr; ++r) {
        Number row = packed_.broadcast(part(panelA, strideA, rowPanel_.pitch, r, 0), lanes);
        for (int v = 0; v < vectors(); ++v) {
          Number sum = tile[r * vectors() + v];
          sum = spec_.pairs ? Number{values_.dotPairs(row.re, columns[v].re, sum.re), {}}
                            : values_.mulAdd(row, columns[v], sum);
          next.push_back(sum.re);
          if (sum.im)
            next.push_back(sum.im);
        }
      }
      return next;
    };
    if (target_.vectorRegisters > 16)
      return numbers(b_.forIter(b_.idx(0), steps, b_.idx(1), inits, multiply));
    // With the loop around it a small tile's step has more instructions than fit in the time of its
    // products: two steps at once.
    Value even = b_.sub(steps, b_.rem(steps, b_.idx(2)));
    LoopBuilder::Values sums =
        b_.forIter(b_.idx(0), even, b_.idx(2), inits, [&](Value step, ValueRange before) {
          LoopBuilder::Values first = multiply(step, before);
          return multiply(b_.add(step, 1), first);
        });
    return numbers(b_.forIter(even, steps, b_.idx(1), sums, multiply));
  }

  LoopBuilder &b_;
  ModuleOp module_;
  const KernelSpec &spec_;
  const Target &target_;
  ValueBuilder values_, packed_; // of sums, and of what panels hold
  PanelShape rowPanel_, columnPanel_;
  ContractFrame frame_;
  ContractResult result_;
  std::optional<ComputedOperand> computed_;
  func::FuncOp fillOffsets_, fillRuns_, pack_[2];
  Value a_, bOperand_, m_, n_, k_;
  Value am_, amRuns_, bn_, bnRuns_, ak_, akRuns_, bk_, bkRuns_;
  Value keeps_, kept_, panelNumbers_, panelsA_, panelsB_, panelsBAt_, baseA_, baseB_;
  Value bnNext_, nextColumns_; ///< columns of the next block of B: where they are, how many
  Value kBegin_;               ///< of the block of K
};

} // namespace

void emitContract(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  ContractEmitter(b, module, spec, target).emit();
}

} // namespace ricci
