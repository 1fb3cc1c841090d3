//===- values.h - numbers of every dtype, as vectors or scalars -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/loop_builder.h"
#include "compiler/fuse/schedule.h"

namespace ricci {

/// One number or a vector of them: one component, or real and imaginary part.
struct Number {
  mlir::Value re, im; ///< im is null for real types
};

/// Writes loads, stores and arithmetic for one compute type, so that an emitter is written once for
/// all dtypes. Buffers of complex type are memrefs of their component with two elements a number.
class ValueBuilder {
public:
  using Value = mlir::Value;

  ValueBuilder(LoopBuilder &b, const Target &target, DType compute);

  DType compute() const { return compute_; }
  int components() const { return components_; }
  mlir::Type componentType() const { return component_; }
  /// Numbers of the compute type in one vector register.
  int lanes() const { return lanes_; }
  /// Element type of a buffer's memref.
  static mlir::Type storageType(mlir::MLIRContext *context, DType dtype);
  static int componentsOf(DType dtype) { return kindOf(dtype) == DTypeKind::Complex ? 2 : 1; }

  /// Whether `lanes()` elements of this dtype can be loaded (stored) under a mask at vector speed.
  bool hasMaskedLoad(DType storage) const;
  bool hasMaskedStore(DType storage) const { return target_.avx512; }

  // `lanes` is 0 for a scalar. `index` counts numbers, not components.
  Number zero(int lanes);
  Number load(Value buffer, DType storage, Value index, int lanes);
  /// Brings the line that is a few lines after this number to the L1 cache.
  void fetchAhead(Value buffer, DType storage, Value index);
  /// Numbers that are `stride` apart, 2 at least or -2 at most: by shuffles of whole vectors, of
  /// which none reaches beyond the first and the last of them.
  Number loadStrided(Value buffer, DType storage, Value index, int lanes, int64_t stride);
  /// The first `count` lanes; the others are zero and not read.
  Number loadMasked(Value buffer, DType storage, Value index, int lanes, Value count);
  /// `streams`: see storePastIf (streaming.h).
  void store(Number value, Value buffer, DType storage, Value index, int lanes, Value streams = {});
  void storeMasked(Number value, Value buffer, DType storage, Value index, int lanes, Value count);
  /// What was loaded, in the compute type; a real number gets an imaginary part of 0 where needed.
  Number converted(Number n, DType storage, int lanes);
  /// A component as the memory holds it.
  Value toStorage(Value v, DType storage);
  Number broadcast(Number scalar, int lanes);
  Number mul(Number a, Number b);
  Number add(Number a, Number b);
  /// acc + a * b, fused for floats where the CPU can.
  Number mulAdd(Number a, Number b, Number acc);
  /// acc + the products of the high halves of 32 bits, + those of the low halves, which are bf16:
  /// one instruction that rounds twice and takes denormals for zero (Target::avx512bf16). `acc` is
  /// a whole vector of f32.
  Value dotPairs(Value a, Value b, Value acc);
  /// The first `count` lanes of `a`, the others of `b`.
  Number selectLanes(Number a, Number b, int lanes, Value count);
  /// Lane l goes to lane l + count, those at the end to the front; 0 <= count < lanes().
  Value rotateLanes(Value vector, Value count);
  /// The sum over the lanes.
  Number horizontalSum(Number vector);
  /// The same of each of several vectors, a power of two of them that is not above the lanes.
  llvm::SmallVector<Number> horizontalSums(llvm::ArrayRef<Number> vectors);

  /// The packed forms of the compute type, component by component: vector `lanes` of component `c`.
  Value loadComponent(Value packed, Value index, int lanes);
  void storeComponent(Value value, Value packed, Value index, int lanes);
  /// Lanes [begin, end) of a packed vector whose lane 0 belongs at `index`.
  void storeLanes(Value vector, Value packed, Value index, Value begin, Value end, int lanes);

  /// [0, count) in whole vectors, then the rest under a mask where loads and stores of all
  /// `buffers` have one, else one by one: body(index, length, lanes), length null for a whole
  /// vector or scalar.
  void forVectors(Value count, llvm::ArrayRef<DType> loaded, llvm::ArrayRef<DType> stored,
                  llvm::function_ref<void(Value, Value, int)> body);

private:
  mlir::Type typeOf(mlir::Type element, int lanes);
  Value toCompute(Value v, DType storage);
  Value mulComponent(Value a, Value b);
  Value addComponent(Value a, Value b);
  Value fma(Value a, Value b, Value acc);
  Value negate(Value v);
  Value mask(Value count, int lanes);

  LoopBuilder &b_;
  const Target &target_;
  DType compute_;
  mlir::Type component_;
  int components_, lanes_;
};

/// Transposes the blocks of N numbers that N vectors consist of, one by one; a block is 128 bits at
/// most.
llvm::SmallVector<mlir::Value> transposeBlocks(LoopBuilder &b, llvm::ArrayRef<mlir::Value> rows,
                                               int parts = 1);
/// Transposes L vectors of L numbers in registers; a number is one lane, or `parts` of them.
llvm::SmallVector<mlir::Value>
transposeInRegisters(LoopBuilder &b, llvm::ArrayRef<mlir::Value> rows, int parts = 1);

} // namespace ricci
