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
      : b(b), bytes(int64_t(itemSize(spec.result))), parts(bytes == 16 ? 2 : 1),
        tile(std::min<int64_t>(16, target.vectorBytes / bytes)) {
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
  /// A block of rows or columns: [first, end), and where the grid of tiles begins, up to a tile
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
    streams = b.ne(word(TransposeWord::Streams), b.idx(0));
    // A table holds a block and what the last one has more; two of them take turns.
    Value entries = b.add(word(TransposeWord::RowBlock), kTransposeUnit);
    auto table = [&](Value turn) {
      return b.view(workspace, b.mul(turn, b.mul(entries, 8)), entries, b.getIndexType());
    };
    auto fillTable = [&](const Block &block, Value turn) {
      b.op<func::CallOp>(fill, ValueRange{descriptor, word(TransposeWord::RowList),
                                          block.rows.first, b.sub(block.rows.end, block.rows.first),
                                          b.idx(0), table(turn)});
    };
    Block first = blockOf(begin);
    fillTable(first, b.idx(0));
    Value last = b.sub(end, b.idx(1));
    auto inits = first.values();
    inits.push_back(b.idx(0));
    b.forIter(begin, end, b.idx(1), inits, [&](Value task, ValueRange state) {
      Block block = Block::of(state), next = blockOf(b.min(b.add(task, 1), last));
      // The same rows of other columns, or of another outer index, are in the table already.
      Value turn = state.back(), changes = b.either(b.ne(block.rows.first, next.rows.first),
                                                    b.ne(block.rows.end, next.rows.end));
      Value nextTurn = b.select(changes, b.sub(b.idx(1), turn), turn);
      b.ifThen(changes, [&] { fillTable(next, nextTurn); });
      move(block, table(turn), next, table(nextTurn));
      auto results = next.values();
      results.push_back(nextTurn);
      return results;
    });
    b.ifThen(streams, [&] { fenceStores(b); });
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
    auto before = [&](Value memory, Value origin, int64_t extent, int64_t unit, Value distance) {
      Value number = b.div(addressOf(b, memory, origin, bytes), b.idx(bytes));
      Value oneSet = b.eq(b.both(b.mul(distance, bytes), b.idx(4095)), b.idx(0));
      Value pays = b.either(oneSet, b.ge(word(extent), b.idx(32 * unit)));
      return b.select(pays, b.rem(number, b.idx(unit)), b.idx(0));
    };
    Value toRow = b.load(descriptor, b.add(word(TransposeWord::RowList), 2));
    Value rowsBefore = before(to, outer[1], TransposeWord::Rows, tile * group, toColumn);
    Value columnsBefore = before(from, outer[0], TransposeWord::Columns, tile, toRow);
    return {outer[0], outer[1],
            range(b.rem(rest, rowBlocks), rowBlocks, TransposeWord::RowBlock, TransposeWord::Rows,
                  rowsBefore),
            range(b.rem(task, columnBlocks), columnBlocks, TransposeWord::ColumnBlock,
                  TransposeWord::Columns, columnsBefore)};
  }

  Value target(const Block &block, Value row, Value column) {
    return b.add(b.add(block.to, row), b.mul(column, toColumn));
  }
  Value source(const Block &block, Value table, Value row, Value column) {
    Value at = b.load(table, b.sub(row, block.rows.first));
    return b.add(b.add(block.from, column), at);
  }

  void move(const Block &block, Value table, const Block &next, Value ahead) {
    Value height = b.sub(block.rows.end, block.rows.first),
          width = b.sub(block.columns.end, block.columns.first);
    auto holds = [&](int64_t rows) {
      return b.both(b.ge(height, b.idx(rows)), b.ge(width, b.idx(tile)));
    };
    auto narrow = [&] { single(block, table); };
    b.ifThen(
        holds(tile * group), [&] { moveByTiles(block, table, next, ahead); },
        [&] {
          if (group == 1)
            return narrow();
          b.ifThen(
              holds(tile),
              [&] {
                forTiles(block.columns, tile, [&](Value, Value column) {
                  forTiles(block.rows, tile,
                           [&](Value, Value row) { turn(block, table, row, column, 1, {}); });
                });
              },
              narrow);
        });
  }

  /// Calls `body` with the places of a grid, and the same moved into the range.
  void forTiles(const Range &range, int64_t unit, llvm::function_ref<void(Value, Value)> body) {
    Value last = b.sub(range.end, b.idx(unit));
    b.forLoop(range.grid, range.end, b.idx(unit),
              [&](Value at) { body(at, b.max(range.first, b.min(at, last))); });
  }

  void single(const Block &block, Value table) {
    b.forLoop(block.columns.first, block.columns.end, b.idx(1), [&](Value column) {
      b.forLoop(block.rows.first, block.rows.end, b.idx(1), [&](Value row) {
        Value read = b.mul(source(block, table, row, column), parts),
              written = b.mul(target(block, row, column), parts);
        for (int64_t part = 0; part < parts; ++part)
          b.store(b.load(from, b.add(read, part)), to, b.add(written, part));
      });
    });
  }

  void moveByTiles(const Block &block, Value table, const Block &next, Value ahead) {
    // Where a tile is moved, its neighbour's lines are not whole: what goes past the caches must
    // not meet what does not.
    Value start = addressOf(b, to, target(block, block.rows.grid, block.columns.first), bytes);
    Value rest = b.rem(b.sub(block.rows.end, block.rows.grid), b.idx(tile * group));
    Value past = b.both(b.both(streams, isOnLine(b, b.either(start, b.mul(toColumn, bytes)))),
                        b.both(b.eq(block.rows.grid, block.rows.first), b.eq(rest, b.idx(0))));
    Prefetch prefetch = prefetchOf(block, next, ahead);
    Value lastColumn = b.sub(block.columns.end, b.idx(tile)),
          lastRow = b.sub(block.rows.end, b.idx(tile * group));
    b.forIter(block.columns.grid, block.columns.end, b.idx(tile), {b.idx(0), b.idx(0)},
              [&](Value columnAt, ValueRange strip) {
                Value column = b.max(block.columns.first, b.min(columnAt, lastColumn));
                return b.forIter(block.rows.grid, block.rows.end, b.idx(tile * group), strip,
                                 [&](Value rowAt, ValueRange place) {
                                   Value row = b.max(block.rows.first, b.min(rowAt, lastRow));
                                   auto later = prefetchSome(prefetch, place);
                                   turn(block, table, row, column, group, past);
                                   return later;
                                 });
              });
  }

  /// What is prefetched for the next block: lines of its rows, some for every tile.
  struct Prefetch {
    Value table, start, rows, lines; ///< of each row, from `start` on
    Value pieces;                    ///< of a row
    Value atOnce;                    ///< pieces for a tile of this block
  };

  /// Lines that a tile reads.
  int64_t linesOfTile() const {
    return std::max<int64_t>(1, tile * group * tile * bytes / kCacheLine);
  }

  Prefetch prefetchOf(const Block &block, const Block &next, Value table) {
    auto tiles = [&](const Range &range, int64_t unit) {
      return b.ceilDiv(b.sub(range.end, range.grid), unit);
    };
    Value width = b.mul(b.sub(next.columns.end, next.columns.grid), bytes);
    Value lines = b.ceilDiv(width, kCacheLine), pieces = b.ceilDiv(lines, linesOfTile());
    Value wanted = b.ne(word(TransposeWord::Prefetches), b.idx(0));
    Value rows = b.select(wanted, b.sub(next.rows.end, next.rows.first), b.idx(0));
    Value count = b.mul(tiles(block.rows, tile * group), tiles(block.columns, tile));
    Value atOnce = b.div(b.add(b.mul(rows, pieces), b.sub(count, b.idx(1))), count);
    return {table, b.add(next.from, next.columns.grid), rows, lines, pieces, atOnce};
  }

  /// From (row, piece) on; returns where it got to.
  LoopBuilder::Values prefetchSome(const Prefetch &p, ValueRange place) {
    return b.forIter(b.idx(0), p.atOnce, b.idx(1), place, [&](Value, ValueRange at) {
      Value row = at[0], piece = at[1];
      b.ifThen(b.lt(row, p.rows), [&] {
        Value start = b.add(p.start, b.load(p.table, row));
        Value line = b.mul(piece, linesOfTile());
        auto prefetchLine = [&](Value l) {
          Value element = b.add(start, b.mul(l, kCacheLine / bytes));
          b.op<memref::PrefetchOp>(from, ValueRange{b.mul(element, parts)}, /*isWrite=*/false,
                                   /*localityHint=*/3u, /*isDataCache=*/true);
        };
        Value end = b.add(line, linesOfTile());
        b.ifThen(
            b.le(end, p.lines),
            [&] {
              for (int64_t l = 0; l < linesOfTile(); ++l)
                prefetchLine(b.add(line, l));
            },
            [&] { b.forLoop(line, p.lines, b.idx(1), prefetchLine); });
      });
      Value after = b.add(piece, 1), ends = b.ge(after, p.pieces);
      return LoopBuilder::Values{b.select(ends, b.add(row, 1), row),
                                 b.select(ends, b.idx(0), after)};
    });
  }

  /// Tiles that follow each other along the rows; `past` says whether they go past the caches, if
  /// it is not null.
  void turn(const Block &block, Value table, Value row, Value column, int64_t group, Value past) {
    SmallVector<SmallVector<Value>> tiles;
    for (int64_t g = 0; g < group; ++g) {
      SmallVector<Value> rows;
      for (int64_t r = 0; r < tile; ++r) {
        Value at = source(block, table, b.add(row, g * tile + r), column);
        rows.push_back(b.op<vector::LoadOp>(type, from, ValueRange{b.mul(at, parts)}));
      }
      tiles.push_back(transposeInRegisters(b, rows, int(parts)));
    }
    auto store = [&](bool past) {
      for (int64_t c = 0; c < tile; ++c)
        for (int64_t g = 0; g < group; ++g) {
          Value at = target(block, b.add(row, g * tile), b.add(column, c));
          Value moved = tiles[size_t(g)][size_t(c)], index = b.mul(at, parts);
          if (past)
            storePast(b, moved, to, index);
          else
            b.op<vector::StoreOp>(moved, to, ValueRange{index});
        }
    };
    past ? b.ifThen(past, [&] { store(true); }, [&] { store(false); }) : store(false);
  }

  LoopBuilder &b;
  int64_t bytes, parts, tile, group = 1;
  VectorType type;
  func::FuncOp fill;
  Value from, to, descriptor, workspace, toColumn, streams;
};

} // namespace

void emitTranspose(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  TransposeKernel(b, module, spec, target);
}

} // namespace ricci
