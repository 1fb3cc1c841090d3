//===- computed_operand.cpp - an operand that a contraction computes -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/decisions/0014-computed-operands.md.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/computed_operand.h"

#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit_epilogue.h"

using namespace mlir;

namespace ricci {

static FusedKernel::Values withBuffer(LoopBuilder::Values operands, Value buffer) {
  operands.push_back(buffer); // the access of the store is the last
  return operands;
}

static Value bufferOf(ContractFrame &frame, const KernelSpec &spec) {
  Type type = ValueBuilder::storageType(frame.b.getContext(), spec.operands[spec.computed]);
  return frame.view(ContractWord::Computed, frame.word(ContractWord::ComputedSize), type);
}

ComputedOperand::ComputedOperand(ContractFrame &frame, const KernelSpec &spec, const Target &target,
                                 Values operands, Value block, Value depth)
    : buffer(bufferOf(frame, spec)), b_(frame.b), spec_(spec), frame_(frame),
      kernel_(frame.b, *spec.prologue, target, withBuffer(operands, buffer), frame.descriptor,
              frame.word(ContractWord::PrologueWords)),
      pitch_(frame.word(ContractWord::ComputedPitch)) {
  Type index = b_.getIndexType();
  Value at = frame.word(ContractWord::PrologueTables);
  auto table = [&](Value size) {
    Value view = b_.view(frame.workspace, at, size, index);
    at = b_.add(at, b_.mul(size, 8));
    return view;
  };
  for (size_t e = 1; e < operands.size(); ++e) {
    rows.push_back(table(block));
    ks.push_back(table(depth));
  }
  int width = spec.computed == 0 ? spec.tileRows : spec.tileColumns;
  rowTable = table(b_.idx(width)), rowRuns = table(b_.idx(width));
  kTable = table(depth), kRuns = table(depth);
  rowsOfPart = frame.word(ContractWord::ComputedRows);
  stepsOfPart = frame.word(ContractWord::ComputedSteps);
  rowStride = alongRows() ? b_.idx(1) : pitch_;
  Value kStride = alongRows() ? pitch_ : b_.idx(1);
  b_.forLoop(b_.idx(width), [&](Value i) {
    b_.store(b_.mul(i, rowStride), rowTable, i);
    b_.store(b_.sub(b_.idx(width), i), rowRuns, i);
  });
  b_.forLoop(stepsOfPart, [&](Value k) { b_.store(b_.mul(k, kStride), kTable, k); });
}

void ComputedOperand::beginDepth(Value depth) {
  if (!alongRows())
    b_.forLoop(depth, [&](Value k) { b_.store(b_.sub(depth, k), kRuns, k); });
}

void ComputedOperand::compute(Value blockRow, Value first, Value count, Value kBegin, Value k,
                              Value steps) {
  if (!alongRows()) {
    b_.forLoop(count, [&](Value i) {
      alongK(moved(bases, rows, b_.add(first, i)), b_.mul(i, pitch_), kBegin, k, steps);
    });
    return;
  }
  b_.forLoop(steps, [&](Value step) {
    Values base = moved(bases, ks, b_.add(k, step));
    Value to = b_.mul(step, pitch_);
    Value next = nextStep(k, step, steps);
    pieces(b_.add(blockRow, first), count, [&](Value from, Value end) {
      Value row = b_.add(first, from);
      store(moved(base, rows, row), b_.add(to, from), b_.sub(end, from),
            b_.add(next, b_.load(rows[0], row)));
    });
  });
}

void ComputedOperand::computePanels(Value first, Value columns, Value kBegin, Value k,
                                    Value steps) {
  if (!alongRows()) {
    Values base = moved(bases, rows, first);
    Value strides = frame_.word(ContractWord::PrologueStrides);
    b_.forLoop(columns, [&](Value i) {
      Values column = base;
      for (auto [e, value] : llvm::enumerate(column))
        value = b_.add(value, b_.mul(i, b_.load(frame_.descriptor, b_.add(strides, int64_t(e)))));
      alongK(column, b_.mul(i, pitch_), kBegin, k, steps);
    });
    return;
  }
  b_.forLoop(steps, [&](Value step) {
    store(moved(moved(bases, ks, b_.add(k, step)), rows, first), b_.mul(step, pitch_), columns,
          b_.add(nextStep(k, step, steps), b_.load(rows[0], first)));
  });
}

void ComputedOperand::alongK(const Values &base, Value to, Value kBegin, Value k, Value steps) {
  pieces(b_.add(kBegin, k), steps, [&](Value from, Value end) {
    store(moved(base, ks, b_.add(k, from)), b_.add(to, from), b_.sub(end, from));
  });
}

void ComputedOperand::store(Values from, Value to, Value count, Value ahead) {
  from.push_back(to);
  const LoopProgram &program = *spec_.prologue;
  storeAlong(kernel_, from, count, program.stride(program.accesses[0]) == 1 ? ahead : Value());
}

Value ComputedOperand::nextStep(Value k, Value step, Value steps) {
  Value next = b_.min(b_.add(step, 1), b_.sub(steps, b_.idx(1)));
  return b_.add(bases[0], b_.load(ks[0], b_.add(k, next)));
}

void ComputedOperand::pieces(Value start, Value count,
                             llvm::function_ref<void(Value, Value)> body) {
  Value extent = frame_.word(ContractWord::PrologueExtent);
  b_.forStrips(b_.idx(0), count, [&](Value from) {
    Value left = b_.sub(extent, b_.rem(b_.add(start, from), extent));
    Value end = b_.min(count, b_.add(from, left));
    body(from, end);
    return end;
  });
}

ComputedOperand::Values ComputedOperand::moved(const Values &base, const Values &tables, Value at) {
  Values next;
  for (auto [value, table] : llvm::zip(base, tables))
    next.push_back(b_.add(value, b_.load(table, at)));
  return next;
}

} // namespace ricci
