//===- chain_kernels.cpp - runs kernels block of rows by block of rows ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/decisions/0010-row-blocks.md. The code of a kernel in a chain is that of the kernel alone:
// only the tasks are cut so that those of all kernels are the same rows, and what is handed on lies
// in a worker's own memory, at the places it would have in the whole.
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <vector>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_CHAINKERNELS
#include "compiler/passes.h.inc"

namespace {

/// Register tiles of rows that a block has at least: columns are read from the L2 cache once for
/// each block.
constexpr int64_t kTilesOfRows = 2;

/// Columns are packed once for a batch entry, and kept: bytes that each worker has for that, at
/// most, where a chain is to save time.
constexpr double kMostPacked = 8 << 20;
/// So many bytes are handed on that not to store them is worth a chain that takes as long, and one
/// that takes longer. It needs a part of them at most.
constexpr double kLarge = 256 << 20, kHuge = double(2ll << 30), kLeastSaved = 4;

/// The rows of a buffer that a kernel goes through in C order: `columns` elements each. A
/// contraction's are `rows` of each of `entries` batch entries, a fused kernel counts them through
/// (entries = 0).
struct Rows {
  int64_t entries = 0, rows = 0, columns = 0;
};

/// Whether dims, innermost first, walk through a buffer in steps of `step` and on; moves it past
/// them.
bool walks(ArrayRef<Dim> dims, size_t buffer, int64_t &step) {
  for (const Dim &dim : dims) {
    if (dim.strides[buffer] != step)
      return false;
    step *= dim.extent;
  }
  return true;
}

/// How a contraction goes through its result, or (buffer 0) its first packed operand.
std::optional<Rows> rowsOf(const Schedule &s, size_t buffer) {
  Dims inner = buffer == 0 ? s.k : s.n; // in any order
  llvm::sort(inner,
             [&](const Dim &x, const Dim &y) { return x.strides[buffer] < y.strides[buffer]; });
  int64_t step = 1;
  Rows rows{totalExtent(s.batch), totalExtent(s.m), 0};
  if (!walks(inner, buffer, step))
    return std::nullopt;
  rows.columns = step;
  if (!walks(s.m, buffer, step) || !walks(s.batch, buffer, step))
    return std::nullopt;
  return rows;
}

/// Whether a fused kernel goes through a buffer row by row, in rows of this many columns.
bool goesByRows(const LoopProgram &program, const LoopProgram::Access &access, int64_t columns) {
  int last = program.kept() - 1;
  int64_t step = columns, first = access.offset, end = access.offset;
  auto within = [&](size_t axis) { // a row
    int64_t reach = (program.axes[axis].extent - 1) * access.strides[axis];
    (reach < 0 ? first : end) += reach;
  };
  for (size_t axis = program.axes.size(); axis-- > size_t(last + 1);)
    within(axis);
  if (program.mode == LoopProgram::Mode::Columns && last >= 0) {
    int64_t extent = program.axes[size_t(last)].extent;
    if (extent == columns) {
      within(size_t(last));
    } else {
      // Rows and columns are one axis.
      if (extent % columns != 0 || access.strides[size_t(last)] != 1)
        return false;
      step = extent;
    }
    --last;
  }
  for (; last >= 0; --last) {
    if (program.axes[size_t(last)].extent != 1 && access.strides[size_t(last)] != step)
      return false;
    step *= program.axes[size_t(last)].extent;
  }
  return first >= 0 && end < columns;
}

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

int64_t elements(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }
int64_t bytesOf(Value value) {
  return elements(value) * int64_t(itemSize(elementDType(value.getType())));
}

/// Kernels in a row, and what they have in common.
struct Chain {
  std::vector<size_t> kernels;
  std::vector<Schedule> schedules; ///< of each kernel
  std::vector<int64_t> passed;     ///< of each but the last: the position of a result
  int64_t entries = 0, rows = 0;
  int64_t rowBytes = 0; ///< of the longest row that is handed on
  double bytes = 0;     ///< of the largest value that is
  int64_t blockRows = 0;
};

struct ChainKernelsPass : impl::ChainKernelsBase<ChainKernelsPass> {
  using ChainKernelsBase::ChainKernelsBase;

  void runOnOperation() override {
    auto target = resolveTarget(cpu);
    if (!target) {
      getOperation().emitError(target.error().message);
      return signalPassFailure();
    }
    target_ = *target;
    known_ = knownKernels(getOperation());
    kernels_.clear(), schedules_.clear(), position_.clear();
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      auto schedule = fromAttribute(*kernel.getSchedule(), kernel);
      if (failed(schedule))
        return signalPassFailure();
      position_[kernel] = kernels_.size();
      kernels_.push_back(kernel);
      schedules_.push_back(std::move(*schedule));
    }
    std::vector<bool> taken(kernels_.size(), false);
    for (size_t k = 0; k < kernels_.size(); ++k) {
      if (taken[k])
        continue;
      std::vector<Chain> chains = chainsFrom(k, taken);
      for (Chain &chain : llvm::reverse(chains)) { // the longest first
        if (!chooseBlocks(chain))
          continue;
        apply(chain);
        for (size_t member : chain.kernels)
          taken[member] = true;
        break;
      }
    }
  }

private:
  /// Each longer by one kernel than the one before.
  std::vector<Chain> chainsFrom(size_t first, const std::vector<bool> &taken) {
    std::vector<Chain> chains;
    Chain alone;
    alone.kernels = {first};
    alone.schedules = {schedules_[first]};
    auto next = follow(alone);
    while (next && !taken[next->kernels.back()] && mayMove(*next)) {
      chains.push_back(std::move(*next));
      next = follow(chains.back());
    }
    return chains;
  }

  /// The chain with the kernel that reads, alone, a result of the last one, where both go through
  /// it by rows.
  std::optional<Chain> follow(const Chain &chain) {
    KernelOp kernel = kernels_[chain.kernels.back()];
    for (auto [i, value] : llvm::enumerate(kernel.getResults())) {
      if (!value.hasOneUse() || bytesOf(value) < (minBytes ? minBytes : target_->l2Bytes))
        continue;
      OpOperand &use = *value.use_begin();
      auto reader = dyn_cast<KernelOp>(use.getOwner());
      if (!reader)
        continue;
      Chain next = chain;
      next.kernels.push_back(position_.lookup(reader));
      next.schedules.push_back(schedules_[next.kernels.back()]);
      next.passed.push_back(int64_t(i));
      if (addLink(next, i, use.getOperandNumber(), value))
        return next;
    }
    return std::nullopt;
  }

  bool addLink(Chain &chain, unsigned result, unsigned operand, Value value) {
    size_t from = chain.kernels[chain.kernels.size() - 2], to = chain.kernels.back();
    Schedule &writer = chain.schedules[chain.schedules.size() - 2];
    const Schedule &reader = chain.schedules.back();
    if (!isContraction(writer.spec.family) && !isContraction(reader.spec.family))
      return false; // two fused kernels are two for a reason
    std::optional<Rows> written, read;
    if (isContraction(writer.spec.family)) {
      if (writer.accumulate)
        return false;
      if (writer.streams) {
        if (chain.schedules.size() > 2) // what it reads by rows it may then read otherwise
          return false;
        writer = inCache(kernels_[from]);
      }
      if (!isContraction(writer.spec.family) || !(written = rowsOf(writer, 2)))
        return false;
    }
    if (isContraction(reader.spec.family) &&
        (!readsRowsOf(kernels_[to], reader, operand) || !(read = rowsOf(reader, 0))))
      return false;
    for (const auto &rows : {written, read}) {
      if (!rows)
        continue;
      if (chain.entries == 0)
        chain.entries = rows->entries, chain.rows = rows->rows;
      if (chain.entries != rows->entries || chain.rows != rows->rows)
        return false;
    }
    int64_t columns = written ? written->columns : read->columns;
    if (written && read && read->columns != columns)
      return false;
    if (columns < 1 || chain.entries * chain.rows * columns != elements(value))
      return false;
    unsigned inputs = kernels_[from].getInputs().size();
    if ((!written && !fusedByRows(writer, inputs + result, columns)) ||
        (!read && !fusedByRows(reader, operand, columns)))
      return false;
    chain.rowBytes =
        std::max(chain.rowBytes, columns * int64_t(itemSize(elementDType(value.getType()))));
    chain.bytes = std::max(chain.bytes, double(bytesOf(value)));
    return true;
  }

  /// How a contraction runs whose result does not leave the cache.
  Schedule inCache(KernelOp kernel) {
    auto product = productOf(einsumOf(kernel), kernel, /*accumulate=*/false);
    product->staysInCache = true;
    product->known = known_.empty() ? nullptr : &known_;
    Schedule schedule = chooseSchedule(*product, *target_);
    if (schedule.takesKnown)
      getOperation()->setAttr(kTakesKnownAttr, UnitAttr::get(&getContext()));
    return schedule;
  }

  /// Whether a contraction has the operand as the one whose rows are the result's, and as nothing
  /// else. An accumulating one in place may add to a row twice where blocks meet.
  static bool readsRowsOf(KernelOp kernel, const Schedule &s, unsigned operand) {
    if (s.accumulate && s.spec.family == Family::ContractDirect)
      return false;
    auto uses = buffersOf(kernel, s);
    return uses[0].buffer == operand && uses[0].offset == 0 &&
           llvm::count_if(uses, [&](const BufferUse &u) { return u.buffer == operand; }) == 1;
  }

  static bool fusedByRows(const Schedule &s, unsigned buffer, int64_t columns) {
    if (s.spec.family != Family::Fused)
      return false;
    const LoopProgram &program = *s.spec.loops;
    if (program.mode == LoopProgram::Mode::Entries)
      return false;
    bool reduces = size_t(program.kept()) != program.axes.size();
    if (reduces && (program.mode != LoopProgram::Mode::Rows || program.kept() == 0))
      return false;
    return llvm::all_of(program.accesses, [&](const LoopProgram::Access &access) {
      return access.buffer != buffer || goesByRows(program, access, columns);
    });
  }

  /// The chain's kernels go where the last one is. What else they compute may not be read before.
  bool mayMove(const Chain &chain) {
    Operation *last = kernels_[chain.kernels.back()];
    for (size_t k : ArrayRef(chain.kernels).drop_back())
      for (Operation *user : kernels_[k]->getUsers())
        if (user != last && user->isBeforeInBlock(last) &&
            !llvm::any_of(chain.kernels, [&](size_t m) { return kernels_[m] == user; }))
          return false;
    return true;
  }

  /// Blocks of rows that stay in the cache while they are handed on; of whole register tiles, and
  /// none with fewer rows than a tile. False where there are none.
  bool chooseBlocks(Chain &chain) {
    int64_t tile = 1, least = 1;
    double packed = 0, mostPacked = 0;
    for (const Schedule &s : chain.schedules) {
      if (!isContraction(s.spec.family))
        continue;
      tile = std::max<int64_t>(tile, s.spec.tileRows);
      if (s.spec.family == Family::ContractDirect) {
        least = std::max<int64_t>(least, s.spec.tileRows);
      } else {
        packed += packedBytes(s);
        mostPacked = std::max(mostPacked, packedBytes(s));
      }
    }
    int64_t rows = std::max(target_->l2Bytes / 4 / chain.rowBytes, kTilesOfRows * tile);
    double block = double(chain.rowBytes) * double(std::min(rows, chain.rows)),
           l3 = double(target_->l3Bytes);
    if (block > l3 / 4 || mostPacked > std::min(l3 / 4, kMostPacked)) {
      double needed = packed + block;
      for (Value result : kernels_[chain.kernels.back()].getResults())
        needed += double(bytesOf(result));
      if (chain.bytes < (packed + block <= l3 ? kLarge : kHuge) ||
          chain.bytes < kLeastSaved * needed)
        return false;
      // Packed columns that come from memory are read once for a block.
      if (packed + block > l3)
        rows = std::max(target_->l3Bytes / 2 / chain.rowBytes, rows);
    }
    // Blocks of one size, if they can be.
    int64_t blocks = ceilDiv(chain.rows, rows / tile * tile);
    rows = ceilDiv(ceilDiv(chain.rows, blocks), tile) * tile;
    auto fits = [&](int64_t n) {
      return n >= chain.rows || chain.rows % n == 0 || chain.rows % n >= least;
    };
    int64_t best = 0;
    for (int64_t n = 1; n <= 2 * rows && !best; ++n) // nearest first
      for (int64_t candidate : {rows - n + 1, rows + n})
        if (!best && candidate >= tile && candidate % tile == 0 && fits(candidate))
          best = candidate;
    if (!best)
      return false;
    chain.blockRows = std::min(best, chain.rows);
    return true;
  }

  /// All of the packed columns.
  static double packedBytes(const Schedule &s) {
    return double(totalExtent(s.k)) * double(allColumns(s)) * double(packedItemSize(s.spec));
  }
  static int64_t allColumns(const Schedule &s) {
    int64_t tile = s.spec.tileColumns;
    return s.spec.panels ? paddedColumns(s) : ceilDiv(totalExtent(s.n), tile) * tile;
  }

  void apply(Chain &chain) {
    KernelOp last = kernels_[chain.kernels.back()];
    for (auto [i, k] : llvm::enumerate(chain.kernels)) {
      Schedule &s = chain.schedules[i];
      bool passes = i < chain.passed.size();
      s.rowBlocks =
          RowBlocks{chain.entries, chain.rows, chain.blockRows, passes ? chain.passed[i] : -1};
      if (passes)
        s.streams = false;
      if (s.spec.family == Family::Contract)
        s.blockColumns = allColumns(s);
      kernels_[k].setScheduleAttr(toAttribute(s, &getContext()));
      if (passes)
        kernels_[k]->moveBefore(last);
    }
  }

  const Target *target_ = nullptr;
  llvm::StringSet<> known_;
  std::vector<KernelOp> kernels_;
  std::vector<Schedule> schedules_;
  llvm::DenseMap<Operation *, size_t> position_;
};

} // namespace

} // namespace ricci
