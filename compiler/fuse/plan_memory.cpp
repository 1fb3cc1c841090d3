//===- plan_memory.cpp - places intermediates in the arena ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
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

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    Operation *end = block.getTerminator();
    Arena arena;
    llvm::DenseMap<Value, std::pair<int64_t, int64_t>> places; // offset, bytes
    llvm::DenseMap<Value, unsigned> uses;
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      SmallVector<int64_t> offsets;
      for (Value value : kernel.getResults()) {
        if (llvm::is_contained(end->getOperands(), value)) {
          offsets.push_back(-1);
          continue;
        }
        auto type = cast<RankedTensorType>(value.getType());
        int64_t bytes = int64_t(itemSize(elementDType(type)));
        for (int64_t extent : type.getShape())
          if (__builtin_mul_overflow(bytes, extent, &bytes)) {
            kernel.emitError("an intermediate of type ")
                << type << " has more bytes than an address can count";
            return signalPassFailure();
          }
        bytes = std::max<int64_t>(bytes, 1);
        if (bytes > INT64_MAX - kAlignment) {
          kernel.emitError("an intermediate of type ") << type << " does not fit into memory";
          return signalPassFailure();
        }
        bytes = llvm::alignTo(bytes, kAlignment);
        int64_t offset = arena.take(bytes);
        if (offset < 0) {
          kernel.emitError("the intermediates do not fit into memory");
          return signalPassFailure();
        }
        places[value] = {offset, bytes};
        offsets.push_back(offset);
      }
      kernel.setArenaAttr(DenseI64ArrayAttr::get(&getContext(), offsets));
      // A result without readers, and an operand whose last reader this is, leave their place.
      for (Value value : kernel.getResults())
        if (value.use_empty() && places.count(value))
          arena.give(places[value].first, places[value].second);
      for (Value input : kernel.getInputs())
        if (places.count(input) &&
            ++uses[input] == unsigned(std::distance(input.use_begin(), input.use_end())))
          arena.give(places[input].first, places[input].second);
    }
  }
};

} // namespace

} // namespace ricci
