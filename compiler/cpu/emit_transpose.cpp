//===- emit_transpose.cpp - permutations by in-register transposes --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/streaming.h"
#include "compiler/cpu/values.h"

using namespace mlir;

namespace ricci {

namespace {

// for each task, a block of rows (m) and columns (n):
//   where the rows of the next block are goes to a table, as that of this one did
//   for each strip of columns: for each tile of it:
//     lines of the next block are prefetched, row by row
//     T rows are loaded, turned, and stored as T columns
//
// The grid of tiles begins on a cache line of either buffer, so that a tile reads whole lines and
// writes whole ones, each once: where strides are powers of two, the L1 cache would not keep them.
// A tile at the edge of a block is moved inwards, over its neighbour.
//
// Elements only move, so all types of one size are one type. Those of 16 bytes are two parts.
class TransposeKernel {
public:
  TransposeKernel(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b(b), large(spec.streams), bytes(int64_t(itemSize(spec.result))),
        parts(bytes == 16 ? 2 : 1), tile(std::min<int64_t>(16, target.vectorBytes / bytes)) {
    // Tiles that make a cache line of the result together are done together.
    group = kCacheLine / (tile * bytes);
    Type element = bytes == 4   ? b.getF32Type()
                   : bytes >= 8 ? b.getF64Type()
                                : Type(b.getIntegerType(unsigned(8 * bytes)));
    type = VectorType::get({tile * parts}, element);
    auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
    fill = emitFillOffsets(b, module, 2);
    auto args = b.beginFunction(module, spec.name(),
                                {flat(element), flat(element), flat(b.getIndexType()),
                                 flat(b.getI8Type()), b.getIndexType(), b.getIndexType()},
                                false)
                    .getArguments();
    from = args[0], to = args[1], descriptor = args[2], workspace = args[3];
    Value begin = args[4], end = args[5];
    b.ifThen(b.lt(begin, end), [&] { run(begin, end); });
    b.endFunction();
  }

private:
  /// A block of rows or columns: [first, end), and where the grid of tiles begins, up to a line
  /// before.
  struct Range {
    Value grid, first, end;
  };
  /// A task, with the offsets of its outer index.
  struct Block {
    Value from, to;
    Range rows, columns;
    LoopBuilder::Values values() const {
      return {from, to, rows.grid, rows.first, rows.end, columns.grid, columns.first, columns.end};
    }
    static Block of(ValueRange v) { return {v[0], v[1], {v[2], v[3], v[4]}, {v[5], v[6], v[7]}}; }
  };

  Value word(int64_t w) { return b.load(descriptor, b.idx(w)); }

  void run(Value begin, Value end) {
    toColumn = word(TransposeWord::ToColumn);
    buffer = b.view(workspace, b.idx(0), b.idx(kTransposeLines / (bytes / parts)),
                    type.getElementType());
    // A table holds a block and what the last one has more; two of them take turns.
    Value entries = b.add(word(TransposeWord::RowBlock), kTransposeUnit);
    auto table = [&](Value turn) {
      return b.view(workspace, b.add(b.mul(turn, b.mul(entries, 8)), kTransposeLines), entries,
                    b.getIndexType());
    };
    // One block behind: the first turn of the loop only looks up where the first block is.
    Value last = b.sub(end, b.idx(1));
    LoopBuilder::Values inits(9, b.idx(0));
    b.forIter(begin, b.add(end, 1), b.idx(1), inits, [&](Value task, ValueRange state) {
      Block block = Block::of(state), next = blockOf(b.min(task, last));
      Value turn = state.back(), isFirst = b.eq(task, begin);
      // The same rows of other columns, or of another outer index, are in the table already.
      Value changes = b.either(isFirst, b.either(b.ne(block.rows.first, next.rows.first),
                                                 b.ne(block.rows.end, next.rows.end)));
      Value nextTurn = b.select(changes, b.sub(b.idx(1), turn), turn);
      b.ifThen(changes, [&] {
        b.op<func::CallOp>(fill, ValueRange{descriptor, word(TransposeWord::RowList),
                                            next.rows.first, b.sub(next.rows.end, next.rows.first),
                                            b.idx(0), table(nextTurn)});
      });
      b.ifThen(b.lt(begin, task), [&] { move(block, table(turn), next, table(nextTurn)); });
      auto results = next.values();
      results.push_back(nextTurn);
      return results;
    });
    if (large)
      b.ifThen(b.ne(word(TransposeWord::Streams), b.idx(0)), [&] { fenceStores(b); });
  }

  Block blockOf(Value task) {
    Value columnBlocks = word(TransposeWord::ColumnBlocks),
          rowBlocks = word(TransposeWord::RowBlocks), rest = b.div(task, columnBlocks);
    auto outer =
        offsetsAt(b, descriptor, word(TransposeWord::OuterList), b.div(rest, rowBlocks), 2);
    auto range = [&](Value index, Value blocks, int64_t size, int64_t extent, Value before) {
      Value grid = b.sub(b.mul(index, word(size)), before);
      Value end = b.select(b.eq(b.add(index, 1), blocks), word(extent), b.add(grid, word(size)));
      return Range{grid, b.max(grid, b.idx(0)), end};
    };
    // Numbers since the last line of a buffer, or tile. A tile more is too much where there are
    // few, unless lines would be touched twice that lie in one set of the L1 cache, a page apart.
    auto before = [&](Value memory, Value origin, int64_t extent, int64_t unit, int64_t enough,
                      Value distance) {
      Value number = b.div(addressOf(b, memory, origin, bytes), b.idx(bytes));
      Value pays = b.either(inOneSet(distance), b.ge(word(extent), b.idx(enough * unit)));
      return b.select(pays, b.rem(number, b.idx(unit)), b.idx(0));
    };
    Value toRow = b.load(descriptor, b.add(word(TransposeWord::RowList), 2));
    // Only whole lines go past the caches.
    Value rowsBefore =
        before(to, outer[1], TransposeWord::Rows, tile * group, large ? 8 : 32, toColumn);
    Value columnsBefore = before(from, outer[0], TransposeWord::Columns, tile * group, 32, toRow);
    return {outer[0], outer[1],
            range(b.rem(rest, rowBlocks), rowBlocks, TransposeWord::RowBlock, TransposeWord::Rows,
                  rowsBefore),
            range(b.rem(task, columnBlocks), columnBlocks, TransposeWord::ColumnBlock,
                  TransposeWord::Columns, columnsBefore)};
  }

  void move(const Block &block, Value table, const Block &next, Value ahead) {
    Value height = b.sub(block.rows.end, block.rows.first),
          width = b.sub(block.columns.end, block.columns.first);
    b.ifThen(
        b.both(b.ge(height, b.idx(tile)), b.ge(width, b.idx(tile))),
        [&] {
          Value lines = b.idx(tile * group);
          moveByTiles(block, table, next, ahead, b.ge(height, lines), b.ge(width, lines));
        },
        [&] { moveSingly(block, table); });
  }

  void moveSingly(const Block &block, Value table) {
    b.forLoop(block.columns.first, block.columns.end, b.idx(1), [&](Value column) {
      b.forLoop(block.rows.first, block.rows.end, b.idx(1), [&](Value row) {
        Value at = b.load(table, b.sub(row, block.rows.first));
        Value read = b.mul(b.add(b.add(block.from, column), at), parts);
        Value written = b.mul(b.add(b.add(block.to, row), b.mul(column, toColumn)), parts);
        for (int64_t part = 0; part < parts; ++part)
          b.store(b.load(from, b.add(read, part)), to, b.add(written, part));
      });
    });
  }

  void moveByTiles(const Block &block, Value table, const Block &next, Value ahead,
                   Value holdsGroup, Value holdsColumns) {
    Value past = large ? goesPast(block) : Value();
    // Tiles that are parts of lines of the result are put together where lines go past the caches,
    // or where the L1 cache would not keep them; so are those of the operand then.
    Value byLines, unit = b.idx(tile), unitColumns = unit;
    if (group > 1) {
      Value pays = inOneSet(toColumn);
      byLines = b.both(holdsGroup, large ? b.either(past, pays) : pays);
      unit = b.select(byLines, b.idx(tile * group), unit);
      unitColumns = b.select(holdsColumns, unit, unitColumns);
    }
    Prefetch prefetch;
    if (large)
      prefetch = prefetchOf(block, unit, unitColumns, next, ahead);
    auto gridOf = [&](const Range &range, Value step) {
      return b.sub(range.first, b.rem(b.sub(range.first, range.grid), step));
    };
    Value grid = gridOf(block.rows, unit), lastRow = b.sub(block.rows.end, unit),
          lastColumn = b.sub(block.columns.end, unitColumns);
    b.forIter(gridOf(block.columns, unitColumns), block.columns.end, unitColumns,
              {b.idx(0), b.idx(0)}, [&](Value columnAt, ValueRange strip) {
                Value column = b.max(block.columns.first, b.min(columnAt, lastColumn));
                return b.forIter(
                    grid, block.rows.end, unit, strip, [&](Value rowAt, ValueRange place) {
                      Value row = b.max(block.rows.first, b.min(rowAt, lastRow));
                      LoopBuilder::Values later(place);
                      if (large)
                        later = prefetchSome(prefetch, place);
                      Value read = b.add(block.from, column), entry = b.sub(row, block.rows.first);
                      Value written = b.add(b.add(block.to, row), b.mul(column, toColumn));
                      if (!byLines)
                        turn(table, entry, read, written, past, {});
                      else
                        turnGroup(table, entry, read, written, past, byLines, unitColumns);
                      return later;
                    });
              });
  }

  /// Whether a block is stored past the caches: where a tile is moved, its neighbour's lines are
  /// not whole, and what goes past the caches must not meet what does not.
  Value goesPast(const Block &block) {
    Value start = addressOf(b, to, b.add(block.to, block.rows.grid), bytes);
    Value rest = b.rem(b.sub(block.rows.end, block.rows.grid), b.idx(tile * group));
    Value whole = b.both(b.eq(block.rows.grid, block.rows.first), b.eq(rest, b.idx(0)));
    return b.both(b.both(b.ne(word(TransposeWord::Streams), b.idx(0)), whole),
                  isOnLine(b, b.either(start, b.mul(toColumn, bytes))));
  }

  /// Whether rows that are this far apart lie in one set of the L1 cache.
  Value inOneSet(Value stride) { return b.eq(b.both(b.mul(stride, bytes), b.idx(4095)), b.idx(0)); }

  /// What is prefetched for the next block: lines of its rows, some for every tile.
  struct Prefetch {
    Value table, start, rows, lines; ///< of each row, from `start` on
    Value pieces;                    ///< of a row
    Value atOnce;                    ///< pieces for a tile of this block
  };

  /// Lines that a tile reads.
  int64_t linesOfTile() const { return std::max<int64_t>(1, tile * tile * bytes / kCacheLine); }

  Prefetch prefetchOf(const Block &block, Value unit, Value unitColumns, const Block &next,
                      Value table) {
    Value width = b.mul(b.sub(next.columns.end, next.columns.grid), bytes);
    Value lines = b.ceilDiv(width, kCacheLine), pieces = b.ceilDiv(lines, linesOfTile());
    Value wanted = b.ne(word(TransposeWord::Prefetches), b.idx(0));
    Value rows = b.select(wanted, b.sub(next.rows.end, next.rows.first), b.idx(0));
    Value tiles = b.mul(b.div(b.sub(block.rows.end, block.rows.first), unit),
                        b.div(b.sub(block.columns.end, block.columns.first), unitColumns));
    Value atOnce = b.div(b.add(b.mul(rows, pieces), b.sub(tiles, b.idx(1))), tiles);
    return {table, b.add(next.from, next.columns.grid), rows, lines, pieces, atOnce};
  }

  /// From (row, piece) on; returns where it got to.
  LoopBuilder::Values prefetchSome(const Prefetch &p, ValueRange place) {
    return b.forIter(b.idx(0), p.atOnce, b.idx(1), place, [&](Value, ValueRange at) {
      Value row = at[0], piece = at[1];
      b.ifThen(b.lt(row, p.rows), [&] {
        Value start = b.add(p.start, b.load(p.table, row));
        Value line = b.mul(piece, linesOfTile());
        b.forLoop(line, b.min(p.lines, b.add(line, linesOfTile())), b.idx(1), [&](Value l) {
          Value element = b.add(start, b.mul(l, kCacheLine / bytes));
          b.op<memref::PrefetchOp>(from, ValueRange{b.mul(element, parts)}, /*isWrite=*/false,
                                   /*localityHint=*/2u, /*isDataCache=*/true);
        });
      });
      Value after = b.add(piece, 1), ends = b.ge(after, p.pieces);
      return LoopBuilder::Values{b.select(ends, b.add(row, 1), row),
                                 b.select(ends, b.idx(0), after)};
    });
  }

  /// A tile, whose rows are in the table from `entry` on, to `written`: past the caches, as usual,
  /// or (`lines` not null) to a buffer that holds whole lines.
  void turn(Value table, Value entry, Value read, Value written, Value special, Value lines) {
    SmallVector<Value> rows;
    for (int64_t r = 0; r < tile; ++r) {
      Value at = b.add(read, b.load(table, b.add(entry, r)));
      rows.push_back(b.op<vector::LoadOp>(type, from, ValueRange{b.mul(at, parts)}));
    }
    SmallVector<Value> columns = transposeInRegisters(b, rows, int(parts));
    // One place after the other: sixteen addresses would fill the registers.
    auto store = [&](bool past) {
      Value place = written;
      for (Value column : columns) {
        if (past)
          storePast(b, column, to, b.mul(place, parts));
        else
          b.op<vector::StoreOp>(column, to, ValueRange{b.mul(place, parts)});
        place = b.add(place, toColumn);
      }
    };
    auto storeSpecially = [&] {
      if (!lines)
        return store(true);
      for (auto [c, column] : llvm::enumerate(columns))
        b.op<vector::StoreOp>(column, buffer,
                              ValueRange{b.add(lines, int64_t(c) * kCacheLine / bytes * parts)});
    };
    special ? b.ifThen(special, storeSpecially, [&] { store(false); }) : store(false);
  }

  /// One tile; or those that make lines, through a buffer. The lines of the same rows are read one
  /// tile after the other, while the L1 cache has them.
  void turnGroup(Value table, Value entry, Value read, Value written, Value past, Value byLines,
                 Value columns) {
    Value count = b.select(byLines, b.idx(group), b.idx(1));
    b.forLoop(count, [&](Value g) {
      Value on = b.mul(g, tile);
      b.forLoop(b.div(columns, b.idx(tile)), [&](Value h) {
        Value along = b.mul(h, tile), line = b.mul(along, kCacheLine / bytes * parts);
        turn(table, b.add(entry, on), b.add(read, along),
             b.add(b.add(written, on), b.mul(along, toColumn)), byLines,
             b.add(line, b.mul(on, parts)));
      });
    });
    b.ifThen(byLines, [&] {
      b.forLoop(columns, [&](Value c) {
        Value at = b.mul(b.add(written, b.mul(c, toColumn)), parts),
              line = b.mul(c, kCacheLine / bytes * parts);
        LoopBuilder::Values vectors;
        for (int64_t g = 0; g < group; ++g)
          vectors.push_back(
              b.op<vector::LoadOp>(type, buffer, ValueRange{b.add(line, g * tile * parts)}));
        auto store = [&](bool isPast) {
          for (int64_t g = 0; g < group; ++g) {
            Value place = b.add(at, g * tile * parts);
            if (isPast)
              storePast(b, vectors[size_t(g)], to, place);
            else
              b.op<vector::StoreOp>(vectors[size_t(g)], to, ValueRange{place});
          }
        };
        past ? b.ifThen(past, [&] { store(true); }, [&] { store(false); }) : store(false);
      });
    });
  }

  LoopBuilder &b;
  bool large; ///< whether it prefetches and may store past the caches
  int64_t bytes, parts, tile, group = 1;
  VectorType type;
  func::FuncOp fill;
  Value from, to, descriptor, workspace, toColumn;
  Value buffer; ///< a cache line for each column of the tiles that make lines
};

} // namespace

void emitTranspose(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  TransposeKernel(b, module, spec, target);
}

} // namespace ricci
