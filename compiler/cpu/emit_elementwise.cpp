//===- emit_elementwise.cpp - what map and reduction kernels share --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/emit_elementwise.h"

#include "compiler/cpu/streaming.h"

using namespace mlir;

namespace ricci {

ElementwiseKernel::ElementwiseKernel(LoopBuilder &b, ModuleOp module, const KernelSpec &spec,
                                     const Target &target)
    : b(b), spec(spec), values(b, target, computeType(spec.result)) {
  auto flat = [](Type t) { return MemRefType::get({ShapedType::kDynamic}, t); };
  SmallVector<Type> inputs;
  for (DType t : spec.operands)
    inputs.push_back(flat(ValueBuilder::storageType(b.getContext(), t)));
  inputs.push_back(flat(ValueBuilder::storageType(b.getContext(), spec.result)));
  inputs.append({flat(b.getIndexType()), flat(b.getI8Type()), b.getIndexType(), b.getIndexType()});
  auto args = b.beginFunction(module, spec.name(), inputs, false).getArguments();
  buffers.assign(args.begin(), args.begin() + buffersCount());
  auto rest = args.drop_front(buffersCount());
  descriptor = rest[0], workspace = rest[1], begin_ = rest[2], end_ = rest[3];
}

void ElementwiseKernel::forTasks(llvm::function_ref<void(Value)> body) {
  b.forLoop(begin_, end_, b.idx(1), body);
  if (streams)
    b.ifThen(streams, [&] { fenceStores(b); });
  b.endFunction();
}

std::pair<Value, Value> ElementwiseKernel::block(Value index, Value blockSize, Value extent) {
  Value first = b.mul(index, blockSize);
  return {first, b.min(b.add(first, blockSize), extent)};
}

void ElementwiseKernel::fetchAhead(ArrayRef<Value> base, Value index) {
  for (int i = 0; i < operands(); ++i)
    if (spec.unit >> i & 1)
      values.fetchAhead(buffers[i], spec.operands[i], b.add(base[i], index));
}

SmallVector<Value> ElementwiseKernel::advance(ArrayRef<Value> base, Value index,
                                              ArrayRef<Value> strides) {
  SmallVector<Value> next;
  for (auto [offset, stride] : llvm::zip(base, strides))
    next.push_back(b.add(offset, b.mul(index, stride)));
  return next;
}

Number ElementwiseKernel::operand(int i, ArrayRef<Value> base, Value index, Value length, int lanes,
                                  ArrayRef<Value> inner) {
  DType storage = spec.operands[i];
  if (!spec.vectorized)
    return values.load(buffers[i], storage, b.add(base[i], b.mul(index, inner[i])), 0);
  if (!(spec.unit >> i & 1)) {
    Number scalar = values.load(buffers[i], storage, base[i], 0);
    return lanes ? values.broadcast(scalar, lanes) : scalar;
  }
  Value at = b.add(base[i], index);
  return length ? values.loadMasked(buffers[i], storage, at, lanes, length)
                : values.load(buffers[i], storage, at, lanes);
}

Number ElementwiseKernel::product(ArrayRef<Value> base, Value index, Value length, int lanes,
                                  ArrayRef<Value> inner, const Number *acc) {
  SmallVector<Number> numbers;
  for (int i = 0; i < operands(); ++i)
    numbers.push_back(operand(i, base, index, length, lanes, inner));
  return product(numbers, acc);
}

Number ElementwiseKernel::product(ArrayRef<Number> numbers, const Number *acc) {
  Number n = numbers.front();
  for (const Number &next : numbers.drop_front().drop_back(numbers.size() > 1 ? 1 : 0))
    n = values.mul(n, next);
  if (numbers.size() == 1)
    return acc ? values.add(*acc, n) : n;
  return acc ? values.mulAdd(n, numbers.back(), *acc) : values.mul(n, numbers.back());
}

void ElementwiseKernel::write(Number n, Value at, Value length, int lanes) {
  Value to = buffers.back();
  if (spec.accumulate)
    n = values.add(length ? values.loadMasked(to, spec.result, at, lanes, length)
                          : values.load(to, spec.result, at, lanes),
                   n);
  length ? values.storeMasked(n, to, spec.result, at, lanes, length)
         : values.store(n, to, spec.result, at, lanes, streams);
}

} // namespace ricci
