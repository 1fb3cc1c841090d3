//===- descriptor.cpp - the words that a launch hands to its kernel -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"

#include "compiler/cpu/emit_pack.h"
#include "compiler/cpu/fused_kernel.h"
#include "compiler/cpu/streaming.h"
#include "compiler/fuse/cost_model.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ricci {

namespace {

/// Work that is worth waking another worker for.
constexpr double kWorkerSeconds = 50e-6;
/// Numbers that a map or transpose task handles, so that huge axes are shared among workers.
constexpr int64_t kMapBlock = 1 << 16;
/// Entries of a fused kernel that a task computes.
constexpr int64_t kEntrySlab = 1 << 12;
/// Steps of K that are computed at once for many rows.
constexpr int64_t kStepsOfPart = 16;
/// Sums that a column reduction keeps in the L1 cache.
constexpr int64_t kColumnBlock = 2048;

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

class Writer {
public:
  Writer(const Schedule &s, size_t fixedWords) : s_(s), buffers_(s.spec.buffers()) {
    data_.descriptor.resize(fixedWords);
  }
  int64_t &operator[](int64_t word) { return data_.descriptor[size_t(word)]; }
  /// Strides of every buffer along a dim.
  void strides(const Dim *dim) {
    for (size_t i = 0; i < buffers_; ++i)
      data_.descriptor.push_back(dim ? dim->strides[i] : 0);
  }
  /// Appends a list; an empty one becomes a single dim of extent 1. Returns its position.
  int64_t list(llvm::ArrayRef<Dim> dims) {
    int64_t at = int64_t(data_.descriptor.size());
    data_.descriptor.push_back(std::max<int64_t>(1, int64_t(dims.size())));
    if (dims.empty()) {
      data_.descriptor.push_back(1);
      strides(nullptr);
    }
    for (const Dim &d : dims) {
      data_.descriptor.push_back(d.extent);
      strides(&d);
    }
    return at;
  }
  /// Appends words; returns their position.
  int64_t words(llvm::ArrayRef<int64_t> words) {
    int64_t at = int64_t(data_.descriptor.size());
    data_.descriptor.insert(data_.descriptor.end(), words.begin(), words.end());
    return at;
  }
  LaunchData finish(int64_t tasks, int64_t workspace) {
    data_.tasks = tasks;
    data_.workspaceBytes = workspace;
    data_.tasksPerWorker = tasksPerWorker(s_.predictedSeconds, tasks);
    return std::move(data_);
  }

private:
  const Schedule &s_;
  size_t buffers_;
  LaunchData data_;
};

/// The i-th dim, or one of extent 1.
const Dim *dimAt(const Dims &dims, size_t i) { return i < dims.size() ? &dims[i] : nullptr; }
int64_t extentAt(const Dims &dims, size_t i) { return i < dims.size() ? dims[i].extent : 1; }
llvm::ArrayRef<Dim> from(const Dims &dims, size_t i) {
  return llvm::ArrayRef<Dim>(dims).drop_front(std::min(i, dims.size()));
}
int64_t total(llvm::ArrayRef<Dim> dims) {
  int64_t n = 1;
  for (const Dim &d : dims)
    n *= d.extent;
  return n;
}

/// The dims of panels: the innermost column dim becomes one of its panels. Columns have no stride
/// in A; its place holds how far the first column of a panel is into that dim.
Dims panelDims(const Schedule &s) {
  Dims dims = s.n;
  int64_t tile = s.spec.tileColumns;
  dims[0].extent = ceilDiv(dims[0].extent, tile);
  for (int64_t &stride : dims[0].strides)
    stride *= tile;
  dims[0].strides[0] = tile;
  if (s.secondFirst && dims.size() > 1)
    std::swap(dims[0], dims[1]);
  return dims;
}

/// What the code of an epilogue or a prologue asks for: strides along its axis, and constants.
std::vector<int64_t> wordsOf(const LoopProgram &program) {
  FusedLayout layout(program);
  std::vector<int64_t> words(size_t(layout.size), 0);
  for (auto [i, access] : llvm::enumerate(program.accesses))
    words[size_t(layout.factor(int64_t(i), 0))] = access.strides[0];
  for (auto [i, node] : llvm::enumerate(program.nodes))
    if (LoopProgram::isParameter(node))
      std::memcpy(&words[size_t(layout.constants + layout.constant[i])], node.data.data(),
                  node.data.size());
  return words;
}

LaunchData describeContract(const Schedule &s, const Target &target) {
  using W = ContractWord;
  Writer w(s, W::Count);
  // What columns are counted in: panels, or single ones.
  Dims columns = s.spec.panels ? panelDims(s) : s.n;
  int64_t tileN = s.spec.panels ? 1 : s.spec.tileColumns,
          blockN = s.blockColumns / s.spec.tileColumns * tileN;
  int64_t m = totalExtent(s.m), n = totalExtent(columns), k = totalExtent(s.k),
          batch = totalExtent(s.batch);
  w[W::Accumulate] = s.accumulate;
  w[W::M] = m, w[W::N] = n, w[W::K] = k;
  w[W::BlockM] = s.blockRows, w[W::BlockN] = blockN, w[W::BlockK] = s.blockK;
  // Slabs along the longer side, of whole register tiles.
  bool alongN = n * s.spec.tileColumns >= m * tileN;
  auto slab = [&](int64_t extent, int64_t tile) {
    return std::max(tile, ceilDiv(ceilDiv(extent, 64), tile) * tile);
  };
  w[W::TaskM] = alongN ? std::max<int64_t>(m, 1) : slab(m, s.spec.tileRows);
  w[W::TaskN] = alongN ? slab(n, tileN) : std::max<int64_t>(n, 1);
  w[W::TasksM] = std::max<int64_t>(1, ceilDiv(m, w[W::TaskM]));
  w[W::TasksN] = std::max<int64_t>(1, ceilDiv(n, w[W::TaskN]));
  if (const auto &rows = s.rowBlocks) {
    w[W::TaskM] = rows->blockRows, w[W::TasksM] = ceilDiv(m, rows->blockRows);
    w[W::TaskN] = n, w[W::TasksN] = 1;
    w[W::Keeps] = 1;
  }
  int64_t rowsOfTask = s.rowBlocks ? s.rowBlocks->blockRows : m;
  DType compute = computeType(s.spec.result);
  bool keepsSums = s.spec.result != compute && kindOf(compute) == DTypeKind::Float;
  int64_t sumPitch = (s.blockColumns + s.spec.tileColumns) * int64_t(itemSize(compute));
  w[W::SumRows] = s.blockRows;
  // B is packed again for the next sums, which may lie in L3: they are used once a block of K.
  if (keepsSums)
    w[W::SumRows] *= std::clamp<int64_t>(std::min<int64_t>(target.l3Bytes / 8, 4 << 20) /
                                             (s.blockRows * sumPitch),
                                         1, std::max<int64_t>(1, ceilDiv(rowsOfTask, s.blockRows)));
  if (s.spec.panels) {
    w[W::Extent] = s.n[0].extent, w[W::StrideB] = s.n[0].strides[1];
    w[W::Distance] = s.secondFirst ? 1 : columns[0].extent;
  }
  for (size_t buffer : {0, 1}) {
    int64_t step = 1, &word = w[buffer ? W::StepBK : W::StepAK];
    word = 1;
    for (const Dim &dim : s.k) {
      if (dim.strides[buffer] == 1) {
        word = step;
        break;
      }
      step *= dim.extent;
    }
  }
  int64_t batchList = w.list(s.batch), mList = w.list(s.m), nList = w.list(columns),
          kList = w.list(s.k);
  w[W::BatchList] = batchList, w[W::MList] = mList, w[W::NList] = nList, w[W::KList] = kList;

  int64_t workspace = 0;
  auto reserve = [&](int64_t word, int64_t bytes) {
    w[word] = workspace;
    workspace = int64_t(llvm::alignTo(uint64_t(workspace + bytes), 64));
  };
  if (s.rowBlocks)
    workspace = kCacheLine; // what is kept
  for (int64_t word : {W::TableAM, W::RunAM, W::TableCM, W::RunCM})
    reserve(word, s.blockRows * 8);
  for (int64_t word : {W::TableBN, W::RunBN, W::TableCN, W::RunCN})
    reserve(word, blockN * 8);
  w[W::Prefetches] = s.prefetches;
  if (s.spec.mayPrefetch())
    reserve(W::NextBN, blockN * 8);
  for (int64_t word : {W::TableAK, W::RunAK, W::TableBK, W::RunBK})
    reserve(word, s.blockK * 8);
  if (s.spec.epilogue) {
    int64_t words = w.words(wordsOf(*s.spec.epilogue));
    w[W::EpilogueWords] = words;
    reserve(W::EpilogueTables, int64_t(s.spec.prologueBuffers() - 3) * (s.blockRows + blockN) * 8);
  }
  if (s.spec.prologue) {
    size_t computed = size_t(s.spec.computed), first = s.spec.prologueBuffers();
    bool alongRows = s.spec.packing[computed] == Packing::AlongRows;
    int64_t words = w.words(wordsOf(*s.spec.prologue));
    w[W::PrologueWords] = words;
    std::vector<int64_t> strides;
    if (!s.n.empty()) {
      strides.push_back(s.n[0].strides[computed]);
      strides.insert(strides.end(), s.n[0].strides.begin() + int64_t(first), s.n[0].strides.end());
    }
    words = w.words(strides);
    w[W::PrologueStrides] = words;
    const Dims &dims = !alongRows ? s.k : computed ? s.n : s.m;
    w[W::PrologueExtent] = std::max<int64_t>(1, extentAt(dims, 0));
    int64_t width = computed ? s.spec.tileColumns : s.spec.tileRows;
    int64_t others = int64_t(s.spec.buffers() - first), block = computed ? blockN : s.blockRows;
    reserve(W::PrologueTables, 8 * (others * (block + s.blockK) + 2 * (width + s.blockK)));
    int64_t size = int64_t(itemSize(s.spec.operands[computed]));
    if (alongRows) {
      w[W::ComputedSteps] = std::min(s.blockK, kStepsOfPart);
      int64_t panels = std::max<int64_t>(1, target.l1Bytes / 2 / (width * kStepsOfPart * size));
      w[W::ComputedRows] =
          std::min(panels, ceilDiv(block * (computed && s.spec.panels ? width : 1), width)) * width;
      w[W::ComputedPitch] = w[W::ComputedRows];
    } else {
      // Not a power of two, so that rows that are turned are in different sets of the L1 cache.
      w[W::ComputedSteps] = s.blockK, w[W::ComputedRows] = width;
      w[W::ComputedPitch] = ceilDiv(s.blockK, 16) * 16 + 16;
    }
    w[W::ComputedSize] =
        w[W::ComputedPitch] * (alongRows ? w[W::ComputedSteps] : w[W::ComputedRows]);
    reserve(W::Computed, w[W::ComputedSize] * size);
  }
  int64_t bytes = int64_t(itemSize(compute)), lanes = target.lanes(componentDType(compute));
  // Packing and tiles may write whole vectors past their end, packing across a whole panel, along K
  // as many steps as it turns at once.
  auto panels = [&](int64_t extent, int64_t tile, int64_t step) {
    int64_t pitch = ceilDiv(tile, lanes) * lanes;
    int64_t steps = s.spec.pairs ? ceilDiv(s.blockK, 2) : s.blockK;
    return ((ceilDiv(extent, tile) + 1) * steps + std::max(lanes, 16 * step)) * pitch * bytes +
           (ceilDiv(extent, tile) + 1) * kPanelPadding;
  };
  reserve(W::PanelsA, panels(s.blockRows, s.spec.tileRows, w[W::StepAK]));
  int64_t panelsOfB = panels(s.blockColumns, s.spec.tileColumns, w[W::StepBK]);
  if (s.rowBlocks) {
    w[W::PanelStep] = int64_t(llvm::alignTo(uint64_t(panelsOfB), 64));
    panelsOfB = w[W::PanelStep] * std::max<int64_t>(1, ceilDiv(k, s.blockK));
  }
  reserve(W::PanelsB, panelsOfB);
  reserve(W::Tile, (int64_t(s.spec.tileRows) * s.spec.tileColumns + 2 * lanes) * bytes +
                       (s.streams ? 3 * kCacheLine : 0));
  if (s.streams) {
    w[W::StreamPeriod] = std::max<int64_t>(1, streamPeriod(s, target));
    int64_t streams = s.blockRows * w[W::StreamPeriod];
    reserve(W::StreamLines, streams * LineStreams::kLineBytes);
    reserve(W::StreamNext, streams * LineStreams::kNextBytes);
  }
  if (keepsSums)
    reserve(W::Sums, (w[W::SumRows] + s.spec.tileRows) * sumPitch);
  LaunchData data = w.finish(m && n ? batch * w[W::TasksM] * w[W::TasksN] : 0, workspace);
  // Every part packs the operand that its slabs share.
  data.partsPerWorker = batch == 1 ? 1 : data.partsPerWorker;
  return data;
}

LaunchData describeDirect(const Schedule &s, const Target &target) {
  using W = DirectWord;
  Writer w(s, W::Count);
  int64_t m = totalExtent(s.m), n = totalExtent(s.n);
  auto stride = [](const Dims &dims, size_t buffer) {
    return dims.empty() ? 0 : dims[0].strides[buffer];
  };
  w[W::M] = m, w[W::N] = n, w[W::K] = totalExtent(s.k);
  w[W::TaskM] = std::max<int64_t>(s.spec.tileRows,
                                  ceilDiv(ceilDiv(m, 64), s.spec.tileRows) * s.spec.tileRows);
  w[W::TasksM] = std::max<int64_t>(1, m / w[W::TaskM]); // the last one takes the rest
  if (const auto &rows = s.rowBlocks)
    w[W::TaskM] = rows->blockRows, w[W::TasksM] = ceilDiv(m, rows->blockRows);
  // Columns of B stay in the L1 cache for all rows; or a tile of rows for all columns, where A
  // comes from further away than B.
  double item = double(itemSize(computeType(s.spec.result))), k = double(w[W::K]);
  w[W::RowsFirst] = k * double(n) * item <= double(target.l2Bytes) / 2 &&
                    double(m) * (k + double(n)) * item > double(target.l2Bytes);
  w[W::RowA] = stride(s.m, 0), w[W::KA] = stride(s.k, 0), w[W::KB] = stride(s.k, 1),
  w[W::RowC] = stride(s.m, 2);
  w[W::AheadEntries] = !s.batch.empty(), w[W::AheadRows] = s.batch.empty() ? s.spec.tileRows : 0;
  // Rows that are contiguous along K are prefetched one after another.
  w[W::PrefetchA] = w[W::KA] == 1 ? s.spec.tileRows * w[W::RowA] / std::max<int64_t>(w[W::K], 1)
                                  : int64_t(w[W::KA]);
  // In a cache, stores find their lines soon enough.
  double bytes =
      double(totalExtent(s.batch)) * double(m) * double(n) * double(itemSize(s.spec.result));
  w[W::PrefetchC] = s.prefetches && !s.rowBlocks && leavesCaches(bytes, target);
  int64_t workspace = 0;
  if (s.spec.copies) {
    w[W::FromK] = w[W::KB], w[W::FromN] = stride(s.n, 1), w[W::KB] = n;
    w[W::KeepsB] = s.rowBlocks.has_value();
    workspace = kCopyAt + w[W::K] * n * int64_t(itemSize(s.spec.operands[1]));
  }
  w.list(s.batch);
  LaunchData data = w.finish(m && n ? totalExtent(s.batch) * w[W::TasksM] : 0, workspace);
  if (s.spec.copies)
    data.partsPerWorker = 1;
  return data;
}

/// Blocks of an axis: their size, and how many.
std::pair<int64_t, int64_t> blocksOf(int64_t extent, int64_t size) {
  size = std::max<int64_t>(1, std::min(extent, size));
  return {size, ceilDiv(std::max<int64_t>(extent, 1), size)};
}

LaunchData describeMap(const Schedule &s, int64_t innerBlock, int64_t midBlock) {
  using W = MapWord;
  Writer w(s, W::Count);
  int64_t inner = extentAt(s.batch, 0), mid = extentAt(s.batch, 1);
  w[W::Streams] = s.streams, w[W::Inner] = inner, w[W::Mid] = mid;
  std::tie(w[W::InnerBlock], w[W::InnerBlocks]) = blocksOf(inner, innerBlock);
  std::tie(w[W::MidBlock], w[W::MidBlocks]) = blocksOf(mid, midBlock);
  w.strides(dimAt(s.batch, 0));
  w.strides(dimAt(s.batch, 1));
  w.list(from(s.batch, 2));
  int64_t tasks = total(from(s.batch, 2)) * w[W::InnerBlocks] * w[W::MidBlocks];
  return w.finish(inner && mid ? tasks : 0, 0);
}

LaunchData describeTranspose(const Schedule &s) {
  using W = TransposeWord;
  Writer w(s, W::Count);
  int64_t rows = totalExtent(s.m), columns = totalExtent(s.n);
  w[W::Streams] = s.streams, w[W::Prefetches] = s.prefetches;
  w[W::Rows] = rows, w[W::Columns] = columns, w[W::ToColumn] = s.n[0].strides[1];
  std::tie(w[W::RowBlock], w[W::RowBlocks]) = blocksOf(rows, s.blockRows);
  std::tie(w[W::ColumnBlock], w[W::ColumnBlocks]) = blocksOf(columns, s.blockColumns);
  int64_t rowList = w.list(s.m), outerList = w.list(s.batch);
  w[W::RowList] = rowList, w[W::OuterList] = outerList;
  int64_t tasks = totalExtent(s.batch) * w[W::RowBlocks] * w[W::ColumnBlocks];
  return w.finish(rows && columns ? tasks : 0,
                  kTransposeLines + 2 * 8 * (s.blockRows + kTransposeUnit));
}

LaunchData describeLanes(const Schedule &s) {
  using W = LanesWord;
  Writer w(s, W::Count);
  w[W::Entries] = s.m[0].extent;
  std::tie(w[W::Slab], w[W::Slabs]) =
      blocksOf(s.m[0].extent, ceilDiv(kMapBlock, s.spec.entry->points()));
  w.strides(&s.m[0]);
  for (const Dims *dims : {&s.n, &s.k})
    for (const Dim &dim : *dims)
      w.strides(&dim);
  w.list(s.batch);
  return w.finish(s.m[0].extent ? totalExtent(s.batch) * w[W::Slabs] : 0, 0);
}

/// Bytes of pieces of rows that are read one after the other, and rows whose sums, a vector each,
/// stay in the caches meanwhile.
constexpr int64_t kPiecesBytes = 256 << 10, kMostPieces = 1024;

LaunchData describeReduceRows(const Schedule &s, const Target &target) {
  using W = ReduceRowsWord;
  Writer w(s, W::Count);
  int64_t mid = extentAt(s.batch, 0), reduced = totalExtent(s.k);
  w[W::Inner] = extentAt(s.k, 0), w[W::Next] = extentAt(s.k, 1),
  w[W::Further] = total(from(s.k, 2));
  w[W::Mid] = mid;
  const DType compute = computeType(s.spec.result);
  const int64_t piece = std::max<int64_t>(w[W::Inner] * int64_t(itemSize(s.spec.operands[0])), 1);
  const int64_t atOnce = s.spec.rowsAtOnce, rows = s.spec.inPieces
                                                       ? std::min(kPiecesBytes / piece, kMostPieces)
                                                       : kMapBlock / std::max<int64_t>(reduced, 1);
  std::tie(w[W::MidBlock], w[W::MidBlocks]) =
      blocksOf(mid, std::max<int64_t>(1, rows / atOnce) * atOnce);
  const int64_t vector = target.lanes(componentDType(compute)) * int64_t(itemSize(compute));
  w.strides(dimAt(s.k, 0));
  w.strides(dimAt(s.k, 1));
  w.strides(dimAt(s.batch, 0));
  int64_t further = w.list(from(s.k, 2)), outer = w.list(from(s.batch, 1));
  w[W::FurtherList] = further, w[W::OuterList] = outer;
  return w.finish(mid ? total(from(s.batch, 1)) * w[W::MidBlocks] : 0,
                  s.spec.inPieces ? w[W::MidBlock] * vector : 0);
}

LaunchData describeReduceColumns(const Schedule &s, const Target &target) {
  using W = ReduceColumnsWord;
  Writer w(s, W::Count);
  int64_t inner = extentAt(s.batch, 0), mid = extentAt(s.batch, 1),
          reduced = std::max<int64_t>(totalExtent(s.k), 1);
  w[W::Inner] = inner, w[W::Mid] = mid, w[W::Next] = extentAt(s.k, 0),
  w[W::Further] = total(from(s.k, 1));
  std::tie(w[W::InnerBlock], w[W::InnerBlocks]) = blocksOf(inner, kColumnBlock);
  int64_t rows = std::max<int64_t>(1, kMapBlock / std::max<int64_t>(1, w[W::InnerBlock] * reduced));
  std::tie(w[W::MidBlock], w[W::MidBlocks]) = blocksOf(mid, rows);
  w.strides(dimAt(s.batch, 1));
  w.strides(dimAt(s.k, 0));
  int64_t further = w.list(from(s.k, 1)), outer = w.list(from(s.batch, 2));
  w[W::FurtherList] = further, w[W::OuterList] = outer;
  DType compute = computeType(s.spec.result);
  int64_t workspace =
      (w[W::InnerBlock] + target.lanes(componentDType(compute))) * int64_t(itemSize(compute));
  int64_t tasks = total(from(s.batch, 2)) * w[W::InnerBlocks] * w[W::MidBlocks];
  return w.finish(inner && mid ? tasks : 0, workspace);
}

/// Columns of a fused kernel whose sums and kept values stay in the L1 cache.
constexpr int64_t kFusedColumns = 1024;
/// Of a fused kernel whose columns share what they load: the fewest columns of a block, and rows
/// that use it.
constexpr int64_t kSharedColumns = 64, kSharedMid = 32;
/// Blocks where buffers are read across: lines that are read together are used together.
constexpr int64_t kAcrossInner = 256, kAcrossMid = 16;
/// Of blocks that are turned: whole lines both ways, and few pages.
constexpr int64_t kTurned = 64;

LaunchData describeFused(const Schedule &s, const Target &target) {
  using W = FusedLayout::Word;
  using Kind = LoopProgram::Kind;
  const LoopProgram &program = *s.spec.loops;
  FusedLayout layout(program);
  std::vector<int64_t> d(size_t(layout.size), 0);
  int kept = program.kept();
  bool rows = program.mode == LoopProgram::Mode::Rows;
  int inner = rows ? -1 : kept - 1, mid = rows ? kept - 1 : kept - 2;
  auto extentAt = [&](int axis) { return axis >= 0 ? program.axes[size_t(axis)].extent : 1; };
  d[W::Streams] = s.streams;
  int64_t reduced = program.reducedExtent(), tasks = 1;
  bool reduces = size_t(kept) != program.axes.size(), across = false;
  for (const LoopProgram::Access &access : program.accesses)
    across |= std::abs(program.stride(access)) > 1;
  bool turns = llvm::any_of(program.accesses,
                            [&](const LoopProgram::Access &a) { return program.turns(a); });
  int64_t innerBlock = turns     ? kTurned
                       : reduces ? kFusedColumns
                       : across  ? kAcrossInner
                                 : kMapBlock;
  if (program.sharesColumns) {
    int64_t column = std::max<int64_t>(reduced, 1) * int64_t(itemSize(s.spec.result));
    innerBlock = std::clamp(target.l2Bytes / 4 / column / kSharedColumns * kSharedColumns,
                            kSharedColumns, innerBlock);
  }
  std::tie(d[W::InnerBlock], d[W::InnerBlocks]) = blocksOf(extentAt(inner), innerBlock);
  int64_t points = std::max<int64_t>(1, d[W::InnerBlock] * std::max<int64_t>(reduced, 1));
  int64_t midBlock =
      turns                ? kTurned
      : across && !reduces ? kAcrossMid
      : program.sharesColumns
          ? std::max<int64_t>(kSharedMid, kMapBlock / points / kRowsAtOnce * kRowsAtOnce)
          : std::max<int64_t>(1, kMapBlock / points);
  std::tie(d[W::MidBlock], d[W::MidBlocks]) = blocksOf(extentAt(mid), midBlock);
  int64_t tasksPerBlock = 1;
  if (const auto &blocks = s.rowBlocks) {
    // A task is a block of rows, or a row where blocks would end elsewhere than the axis.
    int64_t allRows = blocks->entries * blocks->rows, each = blocks->blockRows;
    int64_t last = rows ? mid : inner, axisRows = extentAt(last);
    if (!rows) {
      int64_t points = 1;
      for (const LoopProgram::Axis &axis : program.axes)
        points *= axis.extent;
      int64_t columns = points / allRows;
      // Rows are on the axis before, or on the same.
      d[W::InnerBlock] = columns;
      axisRows = axisRows == columns ? extentAt(mid) : axisRows / columns;
    }
    if (axisRows != blocks->rows && (blocks->rows % each != 0 || axisRows % each != 0))
      tasksPerBlock = std::exchange(each, 1);
    if (rows || extentAt(inner) == d[W::InnerBlock])
      d[W::MidBlock] = each;
    else
      d[W::InnerBlock] *= each, d[W::MidBlock] = 1;
    std::tie(d[W::InnerBlock], d[W::InnerBlocks]) = blocksOf(extentAt(inner), d[W::InnerBlock]);
    std::tie(d[W::MidBlock], d[W::MidBlocks]) = blocksOf(extentAt(mid), d[W::MidBlock]);
  }
  // Rows that share what they load: those of a block stay in the L1 cache for many indices of the
  // axis before.
  int outer = program.sharesRows ? mid - 1 : -1;
  int64_t outerBlock = 1;
  if (outer >= 0 && !s.rowBlocks) {
    int64_t row = std::clamp<int64_t>(reduced, 1, 2 * kMapBlock);
    int64_t bytes = row * int64_t(itemSize(s.spec.result));
    int64_t rowsOfBlock =
        std::max<int64_t>(kRowsAtOnce, target.l1Bytes / 2 / bytes / kRowsAtOnce * kRowsAtOnce);
    std::tie(d[W::MidBlock], d[W::MidBlocks]) = blocksOf(extentAt(mid), rowsOfBlock);
    outerBlock = std::max<int64_t>(1, 2 * kMapBlock / (rowsOfBlock * row));
  }
  std::tie(d[W::OuterBlock], d[W::OuterBlocks]) = blocksOf(extentAt(outer), outerBlock);
  if (program.mode == LoopProgram::Mode::Entries) {
    // The last slab takes what is left, so that none has less than a vector of entries.
    inner = program.vectorAxis, mid = kept = inner;
    d[W::InnerBlock] = std::min(extentAt(inner), kEntrySlab);
    d[W::InnerBlocks] = std::max<int64_t>(1, extentAt(inner) / d[W::InnerBlock]);
    tasks = d[W::InnerBlocks];
  }
  for (int axis = 0; axis < kept; ++axis)
    tasks *= axis == inner   ? d[W::InnerBlocks]
             : axis == mid   ? d[W::MidBlocks]
             : axis == outer ? d[W::OuterBlocks]
                             : extentAt(axis);
  for (int axis = 0; axis < kept; ++axis)
    tasks = extentAt(axis) == 0 ? 0 : tasks;

  for (auto [axis, a] : llvm::enumerate(program.axes))
    d[size_t(layout.extent(int64_t(axis)))] = a.extent;
  auto factors = [&](int64_t walker, const LoopProgram::Numbers &numbers) {
    for (auto [axis, number] : llvm::enumerate(numbers))
      d[size_t(layout.factor(walker, int64_t(axis)))] = number;
  };
  int64_t accesses = int64_t(program.accesses.size());
  for (auto [i, access] : llvm::enumerate(program.accesses))
    factors(int64_t(i), access.strides);
  auto index = [&](int64_t walker, const LoopProgram::Index &from) {
    factors(walker, from.factors);
    d[size_t(layout.offsets + walker - accesses)] = from.offset;
  };
  for (auto [i, node] : llvm::enumerate(program.nodes)) {
    if (node.kind == Kind::Position)
      index(layout.position[i], node.index);
    if (LoopProgram::isParameter(node))
      std::memcpy(&d[size_t(layout.constants + layout.constant[i])], node.data.data(),
                  node.data.size());
    for (auto [g, guard] : llvm::enumerate(node.guards)) {
      int64_t walker = layout.guard[i] + int64_t(g);
      index(walker, guard.index);
      d[size_t(layout.guardExtents + walker - accesses)] = guard.extent;
    }
    for (auto [g, gathered] : llvm::enumerate(node.gathered)) {
      int64_t at = layout.gathered + 3 * (layout.gather[i] + int64_t(g));
      d[size_t(at)] = gathered.stride, d[size_t(at + 1)] = gathered.extent;
      d[size_t(at + 2)] = gathered.axis;
    }
  }
  // Slots: a row of what is cached; a block of what is kept, for every row of what is cached.
  int64_t lanes = program.lanes(target), workspace = 0;
  int64_t columns = ceilDiv(d[W::InnerBlock], lanes) * lanes;
  for (auto [i, node] : llvm::enumerate(program.nodes)) {
    if (layout.slot[i] < 0)
      continue;
    int64_t numbers = (rows ? reduced : node.cached ? reduced * columns : columns) + lanes;
    if (program.grouped)
      numbers *= lanes;
    bool accumulates = program.isReduction(int(i));
    for (int part = 0; part < (node.kind == Kind::ArgReduce ? 2 : 1); ++part) {
      DType type = part ? DType::i64 : slotType(accumulates ? accumulatorType(node) : node.type);
      d[size_t(layout.slots + layout.slot[i] + part)] = workspace;
      workspace =
          int64_t(llvm::alignTo(uint64_t(workspace + numbers * int64_t(itemSize(type))), 64));
    }
  }
  for (auto [i, slot] : llvm::enumerate(layout.turned))
    if (slot >= 0) {
      d[size_t(layout.slots + slot)] = workspace;
      // The last vector of a row begins anywhere where a guard ends along it.
      int64_t bytes =
          (d[W::MidBlock] * columns + lanes) * int64_t(itemSize(program.accesses[i].type));
      workspace = int64_t(llvm::alignTo(uint64_t(workspace + bytes), 64));
    }
  LaunchData data;
  data.descriptor = std::move(d);
  data.tasks = tasks;
  data.tasksPerBlock = tasksPerBlock;
  data.workspaceBytes = workspace;
  data.tasksPerWorker = tasksPerWorker(s.predictedSeconds, tasks);
  return data;
}

} // namespace

int64_t tasksPerWorker(double seconds, int64_t tasks) {
  double each = seconds / std::max<double>(1, double(tasks));
  return std::max<int64_t>(1, int64_t(std::ceil(kWorkerSeconds / std::max(each, 1e-12))));
}

LaunchData describeLaunch(const Schedule &s, const Target &target) {
  switch (s.spec.family) {
  case Family::Contract:
    return describeContract(s, target);
  case Family::ContractDirect:
    return describeDirect(s, target);
  case Family::Map: {
    int64_t inner = std::max<int64_t>(1, std::min(extentAt(s.batch, 0), kMapBlock));
    return describeMap(s, kMapBlock, std::max<int64_t>(1, kMapBlock / inner));
  }
  case Family::Transpose:
    return describeTranspose(s);
  case Family::Lanes:
    return describeLanes(s);
  case Family::ReduceRows:
    return describeReduceRows(s, target);
  case Family::ReduceColumns:
    return describeReduceColumns(s, target);
  case Family::Fused:
    return describeFused(s, target);
  }
  llvm_unreachable("a family without a descriptor");
}

} // namespace ricci
