//===- descriptor.h - the words that a launch hands to its kernel ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A descriptor is an array of int64. Each family has fixed words first, then lists of dims:
// a list is its rank, then for each dim, innermost first, the extent and a stride for every buffer.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/schedule.h"

#include <vector>

namespace ricci {

struct ContractWord {
  enum : int64_t {
    Accumulate, ///< 1: c += , 0: c =
    M,
    N,
    K, // extents of the groups
    BlockM,
    BlockN,
    BlockK, // cache blocks
    // A task is a slab of rows or of columns of one batch entry: one of TasksM, TasksN is 1. Slabs
    // that one worker gets in a row are done as one, so that nothing is packed twice.
    TaskM,
    TaskN,
    TasksM,
    TasksN,
    SumRows, ///< rows whose f32 sums are kept at once, for narrow results
    // Columns in panels: N, BlockN and TaskN count panels.
    Extent,   ///< of the innermost column dim
    StrideB,  ///< B's along it
    Distance, ///< panels from one index of the second dim to the next
    StepAK,
    StepBK, ///< places in K from one index to the next of the dim in which A (B) is contiguous
    // With row blocks: B is one block of columns, packed once for all blocks of rows of a batch
    // entry. The workspace's first word says where B was that lies there packed.
    Keeps,      ///< whether that is so
    PanelStep,  ///< bytes from B's panels of one block of K to those of the next
    Prefetches, ///< whether B's next columns are fetched ahead
    BatchList,
    MList,
    NList,
    KList, // positions of the lists
    // Byte offsets into the workspace: tables of offsets and of contiguous runs, packed panels, one
    // register tile, and for narrow results the f32 sums of a task.
    TableAM,
    RunAM,
    TableCM,
    RunCM, ///< of rows, each as far from the one before as the innermost column dim is long
    TableBN,
    RunBN,
    NextBN, ///< B's columns of the next block, where they may be prefetched
    TableCN,
    RunCN, ///< columns in panels: the number of each panel's first column in its dim
    TableAK,
    RunAK,
    TableBK,
    RunBK,
    PanelsA,
    PanelsB,
    Tile,
    Sums,
    StreamPeriod, ///< panels after which a row's stream goes on
    StreamLines,  ///< what each stream has of a cache line, and where it goes on
    StreamNext,
    // An epilogue: the position of its words (see FusedLayout), and the tables of its operands'
    // rows and columns.
    EpilogueWords,
    EpilogueTables,
    // A computed operand: the position of its words; of the strides of all it reads along the
    // innermost column dim; the tables of what it reads besides the operand and of the buffer it is
    // computed to; the extent of the dim that vectors run along; the buffer, its elements, how many
    // there are from a row, or a step of K, to the next, and how many rows and steps it has.
    PrologueWords,
    PrologueStrides,
    PrologueTables,
    PrologueExtent,
    Computed,
    ComputedSize,
    ComputedPitch,
    ComputedRows,
    ComputedSteps,
    Count
  };
};

/// ContractDirect, a copied B: the bytes before it, of which the first word says whether it is
/// kept.
inline constexpr int64_t kCopyAt = 64;

/// ContractDirect: tasks are (batch entry, slab of rows). The list of batch dims follows.
struct DirectWord {
  enum : int64_t {
    M,
    N,
    K,
    TaskM,
    TasksM,
    RowsFirst, ///< whether all columns of a tile of rows are done before the next rows
    RowA,
    KA,
    KB,
    RowC,
    AheadEntries, ///< entries of the batch, or rows, from what is computed to what is prefetched
    AheadRows,
    PrefetchA, ///< from what is prefetched of A's rows in one step of K to what is in the next
    PrefetchC, ///< whether lines of the result are prefetched too
    FromK,     ///< strides of a B that is copied
    FromN,
    KeepsB, ///< in a chain: whether the copy is still there (Launch::chain)
    Count
  };
};

/// Map: tasks are (outer index, block of mid, block of inner). After these words, strides for every
/// buffer along inner, then along mid; then the list of the outer dims.
struct MapWord {
  enum : int64_t { Streams, Inner, Mid, InnerBlock, MidBlock, InnerBlocks, MidBlocks, Count };
};

/// Transpose: bytes of the workspace before the tables of rows: a line for each number of a line.
inline constexpr int64_t kTransposeLines = 64 * 64;

/// Transpose: tasks are (outer index, block of rows, block of columns). Then the lists of the row
/// dims, which are one in the result, and of the outer dims.
struct TransposeWord {
  enum : int64_t {
    Streams,
    Prefetches,
    Rows,
    Columns,
    RowBlock,
    ColumnBlock,
    RowBlocks,
    ColumnBlocks,
    ToColumn, ///< the result's stride along the columns
    RowList,
    OuterList,
    Count
  };
};

/// Lanes: tasks are (outer index, slab of entries). After these words, strides for every buffer
/// from one entry to the next, along what is kept, and along what is summed; then the list of the
/// outer dims.
struct LanesWord {
  enum : int64_t { Entries, Slab, Slabs, Count };
};

/// ReduceRows: tasks are (outer index, block of mid) over the kept axes; the reduced ones are
/// inner, next and further dims. After these words, strides along inner, next and mid; then the
/// position of the list of further reduced dims, and the list of outer kept dims.
struct ReduceRowsWord {
  enum : int64_t { Inner, Next, Further, Mid, MidBlock, MidBlocks, FurtherList, OuterList, Count };
};

/// ReduceColumns: inner is kept and contiguous. Tasks are (outer index, block of mid, block of
/// inner); `next` and further dims are reduced. After these words, strides along mid and next.
struct ReduceColumnsWord {
  enum : int64_t {
    Inner,
    InnerBlock,
    InnerBlocks,
    Mid,
    MidBlock,
    MidBlocks,
    Next,
    Further,
    FurtherList,
    OuterList,
    Count
  };
};

/// What a schedule needs at run time.
struct LaunchData {
  std::vector<int64_t> descriptor;
  int64_t tasks = 1;
  int64_t tasksPerWorker = 1; ///< fewer are not worth another worker
  int64_t workspaceBytes = 0;
  int64_t partsPerWorker = 4;
  int64_t tasksPerBlock = 1; ///< with Schedule::rowBlocks
};
/// How many tasks, of this many seconds together, are worth waking another worker for.
int64_t tasksPerWorker(double seconds, int64_t tasks);

/// Tasks are cut so that each is worth a worker's while; how many a worker gets changes no result.
LaunchData describeLaunch(const Schedule &schedule, const Target &target);

} // namespace ricci
