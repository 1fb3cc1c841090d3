//===- contract_result.cpp - where a contraction's sums go ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/contract_result.h"

#include "compiler/cpu/descriptor.h"

using namespace mlir;

namespace ricci {

/// Rows of a tile whose registers streams take as they are, at most: so many times the code.
static constexpr int kFewRows = 16;

ContractResult::ContractResult(ContractFrame &frame, ModuleOp module, const KernelSpec &spec,
                               const Target &target, ValueBuilder &values)
    : frame_(frame), b_(frame.b), spec_(spec), target_(target), values_(values),
      columnPanel_(spec.tileColumns, values.lanes()),
      // Partial sums of a narrower result are kept in the compute type until the last block of K.
      // Integers wrap the same in any width and need none.
      sums_(spec.result == DType::f16 || spec.result == DType::bf16) {
  if (spec_.streams)
    lines_.emplace(b_, module, values_);
}

void ContractResult::begin(Value c, Values operands, Value blockRows, Value blockColumns) {
  c_ = c, operands_ = std::move(operands);
  Type index = b_.getIndexType(), component = values_.componentType();
  cm = frame_.table(ContractWord::TableCM, blockRows);
  cmRuns = frame_.table(ContractWord::RunCM, blockRows);
  cn = frame_.table(ContractWord::TableCN, blockColumns);
  cnRuns = frame_.table(ContractWord::RunCN, blockColumns);
  Value numbers = b_.idx(spec_.tileRows * columnPanel_.pitch * values_.components());
  tile_ = frame_.view(ContractWord::Tile, numbers, component);
  buffer_ = frame_.view(ContractWord::Tile, numbers,
                        ValueBuilder::storageType(b_.getContext(), spec_.result));
  if (sums_)
    sumsBuffer_ = frame_.view(
        ContractWord::Sums, b_.mul(word(ContractWord::SumRows), b_.mul(sumPitch(), 2)), component);
  if (spec_.streams) {
    Value streams = b_.mul(blockRows, word(ContractWord::StreamPeriod));
    stream_ = {frame_.view(ContractWord::StreamLines, b_.mul(streams, lines_->line()), component),
               frame_.table(ContractWord::StreamNext, streams), c_};
  }
  if (!spec_.epilogue)
    return;
  Values places;
  for (const LoopProgram::Access &access : spec_.epilogue->accesses) {
    auto operand = operandOf(access);
    bool inBuffer = !sums_ && (spec_.streams || !isStore(access));
    places.push_back(operand ? operands_[*operand] : inBuffer ? buffer_ : c_);
  }
  epilogue_.emplace(b_, *spec_.epilogue, target_, places, frame_.descriptor,
                    word(ContractWord::EpilogueWords));
  Value at = word(ContractWord::EpilogueTables);
  for (size_t e = 0; e < operands_.size(); ++e)
    for (auto [tables, size] :
         {std::pair(&operandRows, blockRows), std::pair(&operandColumns, blockColumns)}) {
      tables->push_back(b_.view(frame_.workspace, at, size, index));
      at = b_.add(at, b_.mul(size, 8));
    }
}

void ContractResult::end() {
  if (spec_.streams)
    fenceStores(b_);
}

Value ContractResult::allStreams() {
  return b_.mul(word(ContractWord::BlockM), word(ContractWord::StreamPeriod));
}

void ContractResult::beginBlock(Value rows) {
  if (!spec_.streams)
    return;
  lines_->begin(stream_, allStreams());
  rowBits_ = lines_->bitsOf(cm, rows);
}

void ContractResult::endBlock() {
  if (spec_.streams)
    lines_->finish(stream_, allStreams());
}

Value ContractResult::widthOf(Value j, Value columns) {
  Value left =
      spec_.panels ? b_.sub(word(ContractWord::Extent), b_.load(firsts(), j)) : b_.sub(columns, j);
  return b_.min(b_.idx(spec_.tileColumns), left);
}

void ContractResult::store(ArrayRef<Number> tile, Value i, Value j, Value panel, Value rows,
                           Value columns, Value accumulate, Value last) {
  if (sums_)
    return tileToSums(tile, i, b_.mul(panel, spec_.tileColumns), accumulate);
  auto storeSums = [&] {
    Value whole =
        b_.both(b_.eq(columns, b_.idx(spec_.tileColumns)), b_.eq(rows, b_.idx(spec_.tileRows)));
    if (spec_.streams)
      return streamTile(tile, i, j, rows, columns, whole);
    if (!spec_.panels)
      whole = b_.both(whole, b_.ge(b_.load(cnRuns, j), b_.idx(spec_.tileColumns)));
    b_.ifThen(
        whole, [&] { tileToC(tile, i, j, accumulate); },
        [&] { tileThroughBuffer(tile, i, j, rows, columns, accumulate); });
  };
  if (spec_.epilogue)
    b_.ifThen(last, [&] { finishTile(tile, i, j, rows, columns, accumulate); }, storeSums);
  else
    storeSums();
}

void ContractResult::prefetch(Value i, Value j, Value accumulate) {
  auto rows = [&](Value buffer, DType type, Value base, Value columns, Value table, bool isWrite) {
    int64_t line = kCacheLine / int64_t(itemSize(type)), last = spec_.tileColumns - 1;
    Values lines;
    auto column = [&](int64_t c) {
      return spec_.panels ? b_.add(b_.load(columns, j), c) : b_.load(columns, b_.add(j, c));
    };
    for (int64_t c = 0; c < last; c += line)
      lines.push_back(b_.add(base, column(c)));
    lines.push_back(b_.add(base, column(last))); // rows seldom begin where a line does
    for (int r = 0; r < spec_.tileRows; ++r) {
      Value row = b_.load(table, b_.add(i, r));
      for (Value at : lines)
        b_.op<memref::PrefetchOp>(
            buffer, ValueRange{b_.mul(b_.add(row, at), ValueBuilder::componentsOf(type))}, isWrite,
            /*localityHint=*/3, /*isDataCache=*/true);
    }
  };
  auto resultRows = [&] { rows(c_, spec_.result, baseC, cn, cm, true); };
  if (!spec_.epilogue) {
    // Sums of a block of K before this one, read at the end of the tile: a small one takes no
    // longer than memory does to answer.
    if (!spec_.streams && !sums_)
      b_.ifThen(accumulate, resultRows);
    return;
  }
  if (!spec_.streams)
    resultRows();
  for (auto [e, access] : llvm::enumerate(operandsOf(*spec_.epilogue)))
    if (access->strides[0] == 1)
      rows(operands_[e], access->type, operandBases[e], operandColumns[e], operandRows[e], false);
}

void ContractResult::prefetchEnds(Value i, Value j, Value panels) {
  Value next = b_.add(j, word(ContractWord::StreamPeriod));
  b_.ifThen(b_.lt(next, panels), [&] {
    Value width = widthOf(j, {}), from = b_.load(cn, j), to = b_.load(cn, next);
    Value joins =
        b_.both(b_.eq(width, word(ContractWord::Extent)), b_.ne(b_.load(cmRuns, i), b_.idx(1)));
    Value goesOn = b_.either(joins, b_.eq(to, b_.add(from, width)));
    b_.ifThen(b_.eq(goesOn, b_.op<arith::ConstantIntOp>(0, 1)), [&] {
      lines_->prefetchEnds(stream_, streamRows(i, j, b_.idx(spec_.tileRows)), width,
                           b_.add(baseC, to));
    });
  });
}

void ContractResult::finishTile(ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                                Value accumulate) {
  Value pitch = spec_.streams ? columns : b_.idx(columnPanel_.pitch);
  tileToBuffer(tile, pitch);
  Value column = b_.add(baseC, b_.load(cn, j));
  auto rowOfC = [&](Value row) { return b_.add(column, b_.load(cm, b_.add(i, row))); };
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
  epilogue(i, rows, j, columns, inBuffer, spec_.streams ? Place(inBuffer) : Place(rowOfC));
  if (spec_.streams)
    streamBuffer(i, j, rows, columns);
}

void ContractResult::epilogue(Value i, Value rows, Value j, Value columns, Place sums,
                              Place results) {
  const LoopProgram &program = *spec_.epilogue;
  emitEpilogue(*epilogue_, rows, columns, [&](Value row) {
    FusedKernel::Values base;
    for (const LoopProgram::Access &access : program.accesses) {
      if (auto operand = operandOf(access))
        base.push_back(b_.add(b_.add(operandBases[*operand], b_.load(operandColumns[*operand], j)),
                              b_.load(operandRows[*operand], b_.add(i, row))));
      else
        base.push_back(isStore(access) ? results(row) : sums(row));
    }
    return base;
  });
}

bool ContractResult::isStore(const LoopProgram::Access &access) const {
  return &access == &spec_.epilogue->accesses[size_t(spec_.epilogue->stores[0].access)];
}

std::optional<size_t> ContractResult::operandOf(const LoopProgram::Access &access) const {
  auto operands = operandsOf(*spec_.epilogue);
  auto *found = llvm::find(operands, &access);
  return found == operands.end() ? std::nullopt : std::optional(size_t(found - operands.begin()));
}

void ContractResult::writeVector(Number sum, Value buffer, DType storage, Value at,
                                 Value accumulate) {
  int lanes = values_.lanes();
  b_.ifThen(
      accumulate,
      [&] {
        values_.store(values_.add(values_.load(buffer, storage, at, lanes), sum), buffer, storage,
                      at, lanes);
      },
      [&] { values_.store(sum, buffer, storage, at, lanes); });
}

void ContractResult::tileToC(ArrayRef<Number> tile, Value i, Value j, Value accumulate) {
  int lanes = values_.lanes();
  Value column = b_.add(baseC, b_.load(cn, j));
  auto write = [&](bool add) {
    for (int r = 0; r < spec_.tileRows; ++r) {
      Value row = b_.add(column, b_.load(cm, b_.add(i, r)));
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

void ContractResult::streamTile(ArrayRef<Number> tile, Value i, Value j, Value rows, Value columns,
                                Value whole) {
  Value column = b_.add(baseC, b_.load(cn, j));
  b_.ifThen(
      b_.both(whole, areLines(j, columns)),
      [&] {
        for (int r = 0; r < spec_.tileRows; ++r) {
          Value start = b_.add(column, b_.load(cm, b_.add(i, r)));
          for (int v = 0; v < vectors(); ++v)
            storePast(b_, tile[size_t(r * vectors() + v)].re, c_,
                      b_.add(start, v * values_.lanes()));
        }
      },
      [&] {
        auto anyTile = [&] {
          tileToBuffer(tile, columns);
          streamBuffer(i, j, rows, columns);
        };
        if (spec_.tileRows > kFewRows)
          return anyTile();
        Value streams = b_.add(firstStream(j), i);
        auto streamed = streamRows(i, j, b_.idx(spec_.tileRows));
        b_.ifThen(
            b_.both(whole, lines_->goOn(stream_, streams, streamed)),
            [&] { lines_->putRegisters(stream_, streams, streamed, tile, spec_.tileRows); },
            anyTile);
      });
}

Value ContractResult::firstStream(Value j) {
  return b_.mul(b_.rem(j, word(ContractWord::StreamPeriod)), word(ContractWord::BlockM));
}

void ContractResult::tileToBuffer(ArrayRef<Number> tile, Value pitch) {
  for (int r = 0; r < spec_.tileRows; ++r)
    for (int v = 0; v < vectors(); ++v) {
      Value at = b_.add(bufferRow(b_.idx(r), pitch), v * values_.lanes());
      values_.store(tile[r * vectors() + v], buffer_, spec_.result, at, values_.lanes());
    }
}

Value ContractResult::bufferRow(Value row, Value pitch) { return b_.mul(row, pitch); }

Value ContractResult::areLines(Value j, Value columns) {
  Value column = b_.add(baseC, b_.load(cn, j));
  return lines_->areLines(stream_, b_.either(rowBits_, column), columns);
}

LineStreams::Rows ContractResult::streamRows(Value i, Value j, Value rows) {
  return {i, rows, b_.add(baseC, b_.load(cn, j)), cm, cmRuns, word(ContractWord::Extent)};
}

void ContractResult::streamBuffer(Value i, Value j, Value rows, Value columns) {
  lines_->putTile(stream_, b_.add(firstStream(j), i), streamRows(i, j, rows), buffer_, columns,
                  areLines(j, columns));
}

void ContractResult::tileToSums(ArrayRef<Number> tile, Value i, Value j, Value accumulate) {
  int lanes = values_.lanes();
  for (int r = 0; r < spec_.tileRows; ++r)
    for (int v = 0; v < vectors(); ++v) {
      Value at = b_.add(b_.add(sumAt(b_.add(b_.add(sumRow, i), r)), j), v * lanes);
      writeVector(tile[r * vectors() + v], sumsBuffer_, values_.compute(), at, accumulate);
    }
}

Value ContractResult::sumPitch() {
  Value columns = word(ContractWord::BlockN);
  return spec_.panels ? b_.mul(columns, spec_.tileColumns) : b_.add(columns, spec_.tileColumns);
}

Value ContractResult::sumAt(Value row) { return b_.mul(row, sumPitch()); }

void ContractResult::tileThroughBuffer(ArrayRef<Number> tile, Value i, Value j, Value rows,
                                       Value columns, Value accumulate) {
  int lanes = values_.lanes();
  for (int r = 0; r < spec_.tileRows; ++r)
    for (int v = 0; v < vectors(); ++v)
      values_.store(tile[r * vectors() + v], tile_, values_.compute(),
                    b_.idx(r * columnPanel_.pitch + v * lanes), lanes);
  b_.forLoop(rows, [&](Value r) {
    Value row = b_.add(baseC, b_.load(cm, b_.add(i, r)));
    writeColumns(tile_, b_.mul(r, columnPanel_.pitch), row, j, columns, accumulate);
  });
}

void ContractResult::writeColumns(Value sums, Value from, Value row, Value j, Value columns,
                                  Value accumulate) {
  Value panel = spec_.panels ? b_.add(row, b_.load(cn, j)) : Value();
  auto strip = [&](Value column, Value length, int width) {
    Value at = spec_.panels ? b_.add(panel, column) : b_.add(row, b_.load(cn, b_.add(j, column)));
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

void ContractResult::runStrips(Value columns, Value j, Strip body) {
  int lanes = values_.lanes();
  b_.forStrips(b_.idx(0), columns, [&](Value column) {
    Value run = b_.load(cnRuns, b_.add(j, column));
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

void ContractResult::panelStrips(Value columns, Strip body) {
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

void ContractResult::writeSums(Value m0, Value m1, Value columns,
                               llvm::function_ref<void(Value, Value)> fillRows) {
  Value more = b_.ne(word(ContractWord::Accumulate), b_.idx(0));
  b_.forLoop(m0, m1, word(ContractWord::BlockM), [&](Value ic) {
    Value rows = b_.min(word(ContractWord::BlockM), b_.sub(m1, ic));
    fillRows(ic, rows);
    b_.forLoop(rows, [&](Value r) {
      Value row = b_.add(baseC, b_.load(cm, r)), from = sumAt(b_.add(b_.sub(ic, m0), r));
      if (!spec_.panels)
        return writeColumns(sumsBuffer_, from, row, b_.idx(0), columns, more);
      b_.forLoop(columns, [&](Value j) {
        writeColumns(sumsBuffer_, b_.add(from, b_.mul(j, spec_.tileColumns)), row, j,
                     widthOf(j, {}), more);
        if (spec_.epilogue) {
          auto place = [&](Value) { return b_.add(row, b_.load(cn, j)); };
          epilogue(r, b_.idx(1), j, widthOf(j, {}), place, place);
        }
      });
    });
  });
}

} // namespace ricci
