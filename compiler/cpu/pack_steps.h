//===- pack_steps.h - what is packed of an operand for one step of K ------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/values.h"

namespace ricci {

/// Reads an operand of a contraction a step of K at a time. A step is one k, in the compute type.
/// In pairs (KernelSpec::pairs) it is two that follow each other, the bits of the first in the low
/// half of 32, those of the second in the high half. Where K ends before the second, that is zero.
class StepReader {
public:
  using Value = mlir::Value;
  /// Of a step's numbers. In pairs, `second` is a place that may be read, and `keep` has the bits
  /// of what counts there: all, or none.
  struct Offsets {
    Value first, second, keep;
  };
  /// Where a k is, along K alone.
  using OffsetOf = llvm::function_ref<Value(Value k)>;

  /// `values`: of the packed form (packedType).
  StepReader(LoopBuilder &b, ValueBuilder &values, DType storage, bool pairs, Value buffer,
             Value kCount)
      : b_(b), values_(values), storage_(storage), pairs_(pairs), buffer_(buffer), kCount_(kCount),
        steps_(stepsOf(b, pairs, kCount)) {}

  /// What panels hold: numbers of the compute type, or 32 bits.
  static DType packedType(DType compute, bool pairs) { return pairs ? DType::i32 : compute; }
  static Value stepsOf(LoopBuilder &b, bool pairs, Value k) { return pairs ? b.ceilDiv(k, 2) : k; }
  Value steps() const { return steps_; }

  /// Where the numbers of a step are, given the offset of each k.
  Offsets offsets(Value step, OffsetOf offsetOf);
  /// `lanes` is 0 for a scalar; the first `count` lanes alone where it is set.
  Number load(Value base, Offsets at, int lanes, Value count = {});
  /// What lies at this element will be read soon.
  void prefetch(Value at);

  /// Rows and steps that are turned at once: as many numbers as a vector of memory has. Larger
  /// tiles of narrow types would leave the registers.
  int turned() const {
    return std::min(16, std::max(2, values_.lanes() / ValueBuilder::componentsOf(storage_)));
  }
  /// Turned rows, which begin at `sources`: one vector for each of turned() steps.
  llvm::SmallVector<Number> turn(llvm::ArrayRef<Value> sources, Offsets at, Value count);

  /// Strips of K that are consecutive in the operand are loaded from each of the sources and
  /// turned: put(step, numbers), also for steps past a strip's end, which are put again when they
  /// are due. What no vector holds goes to gather(step, count, distance). `ks` are offsets, `runs`
  /// how many are consecutive over places `distance` apart.
  void turnAlongK(llvm::ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                  llvm::function_ref<void(Value, Number)> put,
                  llvm::function_ref<void(Value, Value, Value)> gather);

private:
  using Vectors = LoopBuilder::Values;
  void turnNumbers(llvm::ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                   llvm::function_ref<void(Value, Number)> put,
                   llvm::function_ref<void(Value, Value, Value)> gather);
  void turnPairs(llvm::ArrayRef<Value> sources, Value ks, Value runs, Value distance,
                 llvm::function_ref<void(Value, Number)> put,
                 llvm::function_ref<void(Value, Value, Value)> gather);
  /// A vector of each row. Real and imaginary parts lie as they do in memory until they are turned.
  Vectors loadAll(llvm::ArrayRef<Value> sources, Offsets at, Value count);
  /// The first `count` lanes of what lies there, where it is set; the others are zero.
  Value loadBits(mlir::VectorType type, Value at, Value count);
  llvm::SmallVector<Number> turnLoaded(llvm::ArrayRef<Value> rows);
  /// Pairs that are consecutive in memory; `count`: of single numbers.
  Vectors loadPairs(llvm::ArrayRef<Value> sources, Value offset, Value count);

  LoopBuilder &b_;
  ValueBuilder &values_;
  DType storage_;
  bool pairs_;
  Value buffer_, kCount_, steps_;
};

} // namespace ricci
