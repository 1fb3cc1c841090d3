//===- plan_memory.cpp - places intermediates in the arena ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/passes.h.inc"

namespace {

constexpr int64_t kAlignment = 64;

/// Free ranges of the arena, by offset; the last is without end. First fit, neighbours join.
class Arena {
public:
  int64_t take(int64_t bytes) {
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      auto [offset, end] = *it;
      if (end - offset < bytes)
        continue;
      free_.erase(it);
      if (offset + bytes < end)
        free_[offset + bytes] = end;
      return offset;
    }
    return -1;
  }
  void give(int64_t offset, int64_t bytes) {
    int64_t end = offset + bytes;
    auto next = free_.lower_bound(offset);
    if (next != free_.end() && next->first == end) {
      end = next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin() && std::prev(next)->second == offset)
      std::prev(next)->second = end;
    else
      free_[offset] = end;
  }

private:
  std::map<int64_t, int64_t> free_{{0, INT64_MAX}};
};

/// Whether the kernel may write its one result where the operand lies: it reads the operand's
/// element at the very index at which it writes, never at another. All that a kernel of one result
/// reads, it reads before it writes there.
bool mayReplace(const LoopProgram &program, unsigned operand) {
  if (program.stores.size() != 1)
    return false;
  const LoopProgram::Store &store = program.stores[0];
  const LoopProgram::Access &written = program.accesses[size_t(store.access)];
  // What is stored on the kept axes is there before the last element of a row is read.
  if (!store.full && program.kept() != int(program.axes.size()))
    return false;
  return llvm::all_of(program.nodes, [&](const LoopProgram::Node &node) {
    if (node.access < 0 || program.accesses[size_t(node.access)].buffer != operand)
      return true;
    const LoopProgram::Access &read = program.accesses[size_t(node.access)];
    return node.kind == LoopProgram::Kind::Load && read.type == written.type &&
           read.offset == written.offset && read.strides == written.strides;
  });
}

/// The operand's place becomes the result's. A result of the function, `index`, is told from an
/// arena offset by its sign.
int64_t placeOfResult(int64_t index) { return -2 - index; }

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    end_ = block.getTerminator();
    chooseReplacements(block);
    SmallVector<Value> left; // by the kernels of a chain, which end together
    int64_t blockBytes = 0;  // of what the chain so far hands on
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      std::optional<RowBlocks> rows = rowBlocksOf(kernel);
      SmallVector<int64_t> offsets;
      for (auto [i, value] : llvm::enumerate(kernel.getResults())) {
        if (rows && rows->passed == int64_t(i)) {
          offsets.push_back(placeInBlock(value, *rows, blockBytes));
          continue;
        }
        FailureOr<int64_t> place = placeOf(kernel, value);
        if (failed(place))
          return signalPassFailure();
        offsets.push_back(*place);
      }
      kernel.setArenaAttr(DenseI64ArrayAttr::get(&getContext(), offsets));
      // A result without readers, and an operand whose last reader this is, leave their place.
      for (Value value : kernel.getResults())
        if (value.use_empty())
          left.push_back(value);
      for (Value input : kernel.getInputs())
        if (++uses_[input] == unsigned(std::distance(input.use_begin(), input.use_end())))
          left.push_back(input);
      if (rows && rows->passed >= 0)
        continue;
      for (Value value : left)
        leave(value);
      left.clear();
      blockBytes = 0;
    }
  }

private:
  static int64_t elements(Value value) {
    return cast<RankedTensorType>(value.getType()).getNumElements();
  }

  /// A kernel's intermediate operand that it alone reads, and the result that takes its place.
  void chooseReplacements(Block &block) {
    for (KernelOp kernel : block.getOps<KernelOp>()) {
      auto program = buildLoopProgram(kernel);
      if (!program || doesEntriesAgain(kernel))
        continue;
      Value result = kernel.getResult(0);
      for (auto [i, input] : llvm::enumerate(kernel.getInputs())) {
        auto writer = input.getDefiningOp<KernelOp>();
        if (!writer || !input.hasOneUse() || elements(input) != elements(result) ||
            isPassed(input) != isPassed(result) || !mayReplace(*program, unsigned(i)))
          continue;
        replacedBy_[input] = result;
        replaces_[result] = input;
        break;
      }
    }
  }

  /// Whether the kernel computes some of its entries twice, which then must not have changed.
  static bool doesEntriesAgain(KernelOp kernel) {
    auto schedule = kernel.getSchedule();
    auto mode = schedule ? schedule->getParams().getAs<StringAttr>("mode") : nullptr;
    return mode && mode.getValue() == "entries";
  }

  static bool isPassed(Value value) {
    auto result = cast<OpResult>(value);
    auto rows = rowBlocksOf(cast<KernelOp>(result.getOwner()));
    return rows && rows->passed == int64_t(result.getResultNumber());
  }

  /// Where a block of rows is in a worker's memory for those.
  int64_t placeInBlock(Value value, const RowBlocks &rows, int64_t &blockBytes) {
    if (Value before = replaces_.lookup(value))
      return places_[value].first = places_.lookup(before).first;
    int64_t bytes = elements(value) / (rows.entries * rows.rows) * rows.blockRows *
                    int64_t(itemSize(elementDType(value.getType())));
    int64_t offset = blockBytes;
    blockBytes += int64_t(llvm::alignTo(uint64_t(bytes), kAlignment));
    places_[value] = {offset, 0};
    return offset;
  }

  FailureOr<int64_t> placeOf(KernelOp kernel, Value value) {
    // It lies where the last of those that replace it will.
    Value last = value;
    while (Value next = replacedBy_.lookup(last))
      last = next;
    for (OpOperand &use : end_->getOpOperands())
      if (use.get() == last)
        return last == value ? -1 : placeOfResult(use.getOperandNumber());
    if (Value before = replaces_.lookup(value)) {
      places_[value] = places_.lookup(before);
      return places_[value].first;
    }
    auto type = cast<RankedTensorType>(value.getType());
    int64_t bytes = int64_t(itemSize(elementDType(type)));
    for (int64_t extent : type.getShape())
      if (__builtin_mul_overflow(bytes, extent, &bytes))
        return kernel.emitError("an intermediate of type ")
               << type << " has more bytes than an address can count";
    bytes = std::max<int64_t>(bytes, 1);
    if (bytes > INT64_MAX - kAlignment)
      return kernel.emitError("an intermediate of type ") << type << " does not fit into memory";
    bool varies = size > 0 && llvm::any_of(type.getShape(), [&](int64_t extent) {
                    return extent > 0 && extent % size == 0;
                  });
    bytes = varies ? int64_t(llvm::alignTo(bytes / size, kAlignment)) * size
                   : int64_t(llvm::alignTo(bytes, kAlignment));
    int64_t offset = arena_.take(bytes);
    if (offset < 0)
      return kernel.emitError("the intermediates do not fit into memory");
    places_[value] = {offset, bytes};
    return offset;
  }

  void leave(Value value) {
    if (size == 0 && places_.count(value) && !replacedBy_.count(value) && !isPassed(value))
      arena_.give(places_[value].first, places_[value].second);
  }

  Operation *end_ = nullptr;
  Arena arena_;
  llvm::DenseMap<Value, std::pair<int64_t, int64_t>> places_; // offset, bytes
  llvm::DenseMap<Value, unsigned> uses_;
  llvm::DenseMap<Value, Value> replacedBy_, replaces_;
};

} // namespace

} // namespace ricci
