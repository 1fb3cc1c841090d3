//===- values.cpp - numbers of every dtype, as vectors or scalars ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/values.h"

#include "compiler/cpu/streaming.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <functional>
#include <numeric>

using namespace mlir;

namespace ricci {

Type ValueBuilder::storageType(MLIRContext *context, DType dtype) {
  switch (componentDType(dtype)) {
  case DType::f16:
    return Float16Type::get(context);
  case DType::f32:
    return Float32Type::get(context);
  case DType::f64:
    return Float64Type::get(context);
  default: // bf16 is loaded and stored as bits: masked accesses of it would be legalized through
           // f32
    return IntegerType::get(context, unsigned(8 * itemSize(dtype)));
  }
}

/// From here prefetched lines arrive in time, and at the end of a row few are fetched for nothing.
static constexpr size_t kBytesAhead = 512;

ValueBuilder::ValueBuilder(LoopBuilder &b, const Target &target, DType compute)
    : b_(b), target_(target), compute_(compute), component_(storageType(b.getContext(), compute)),
      components_(componentsOf(compute)), lanes_(target.lanes(componentDType(compute))) {}

bool ValueBuilder::hasMaskedLoad(DType storage) const {
  if (target_.avx512)
    return true;
  size_t bytes = itemSize(componentDType(storage));
  return target_.vectorBytes == 32 && bytes >= 4;
}

Type ValueBuilder::typeOf(Type element, int lanes) {
  return lanes ? Type(VectorType::get({lanes}, element)) : element;
}

Number ValueBuilder::zero(int lanes) {
  Value v = b_.op<arith::ConstantOp>(cast<TypedAttr>(b_.getZeroAttr(typeOf(component_, lanes))));
  return {v, components_ == 2 ? v : Value()};
}

Value ValueBuilder::mask(Value count, int lanes) {
  return b_.op<vector::CreateMaskOp>(VectorType::get({lanes}, b_.getI1Type()), ValueRange{count});
}

/// Interleaved pairs to real and imaginary parts, and back.
static Number deinterleave(LoopBuilder &b, Value pairs) {
  auto op = b.op<vector::DeinterleaveOp>(pairs);
  return {op.getRes1(), op.getRes2()};
}

Number ValueBuilder::converted(Number n, DType storage, int lanes) {
  n.re = toCompute(n.re, storage);
  if (n.im)
    n.im = toCompute(n.im, storage);
  else if (components_ == 2)
    n.im = zero(lanes).re;
  return n;
}

Number ValueBuilder::load(Value buffer, DType storage, Value index, int lanes) {
  Type element = storageType(b_.getContext(), storage);
  Number n;
  if (componentsOf(storage) == 1) {
    n.re = lanes ? Value(b_.op<vector::LoadOp>(cast<VectorType>(typeOf(element, lanes)), buffer,
                                               ValueRange{index}))
                 : b_.load(buffer, index);
  } else {
    Value at = b_.mul(index, 2);
    if (lanes)
      n = deinterleave(
          b_, b_.op<vector::LoadOp>(VectorType::get({2 * lanes}, element), buffer, ValueRange{at}));
    else
      n = {b_.load(buffer, at), b_.load(buffer, b_.add(at, 1))};
  }
  return converted(n, storage, lanes);
}

void ValueBuilder::fetchAhead(Value buffer, DType storage, Value index) {
  Value ahead = b_.add(index, int64_t(kBytesAhead / itemSize(storage)));
  b_.op<memref::PrefetchOp>(buffer, ValueRange{b_.mul(ahead, componentsOf(storage))},
                            /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

Number ValueBuilder::loadStrided(Value buffer, DType storage, Value index, int lanes,
                                 int64_t stride) {
  const int64_t parts = componentsOf(storage), distance = std::abs(stride), reach = lanes - 1;
  auto type = VectorType::get({lanes}, storageType(b_.getContext(), storage));
  // Positions of components, from the lowest number's first.
  const int64_t span = (reach * distance + 1) * parts, count = (span + lanes - 1) / lanes;
  Value first = b_.mul(stride < 0 ? b_.sub(index, b_.idx(reach * distance)) : index, parts);
  SmallVector<Value> vectors;
  auto startOf = [&](int64_t v) { return std::min(v * lanes, span - lanes); };
  for (int64_t v = 0; v < count; ++v)
    vectors.push_back(b_.op<vector::LoadOp>(type, buffer, ValueRange{b_.add(first, startOf(v))}));
  // What has been found in the vectors so far, then in the next one. What lies beyond that too is
  // found later.
  auto part = [&](int64_t p) {
    Value found = vectors[0];
    for (int64_t v = 1; v < count; ++v) {
      SmallVector<int64_t> from;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        int64_t at = (stride < 0 ? reach - lane : lane) * distance * parts + p;
        from.push_back(at >= startOf(v) ? lanes + std::min<int64_t>(at - startOf(v), lanes - 1)
                       : v == 1         ? at
                                        : lane);
      }
      found = b_.op<vector::ShuffleOp>(found, vectors[size_t(v)], from);
    }
    return found;
  };
  Number n{part(0), {}};
  if (parts == 2)
    n.im = part(1);
  return converted(n, storage, lanes);
}

Number ValueBuilder::loadMasked(Value buffer, DType storage, Value index, int lanes, Value count) {
  Type element = storageType(b_.getContext(), storage);
  auto masked = [&](Value at, Value n, int width) -> Value {
    auto type = VectorType::get({width}, element);
    Value none = b_.op<arith::ConstantOp>(cast<TypedAttr>(b_.getZeroAttr(type)));
    return b_.op<vector::MaskedLoadOp>(type, buffer, ValueRange{at}, mask(n, width), none);
  };
  Number n;
  if (componentsOf(storage) == 1)
    n.re = masked(index, count, lanes);
  else
    n = deinterleave(b_, masked(b_.mul(index, 2), b_.mul(count, 2), 2 * lanes));
  return converted(n, storage, lanes);
}

void ValueBuilder::store(Number value, Value buffer, DType storage, Value index, int lanes,
                         Value streams) {
  Value re = toStorage(value.re, storage);
  if (components_ == 1) {
    if (lanes)
      storePastIf(b_, streams, re, buffer, index, target_.vectorBytes);
    else
      b_.store(re, buffer, index);
    return;
  }
  Value at = b_.mul(index, 2), im = toStorage(value.im, storage);
  if (lanes) {
    storePastIf(b_, streams, b_.op<vector::InterleaveOp>(re, im), buffer, at, target_.vectorBytes);
  } else {
    b_.store(re, buffer, at);
    b_.store(im, buffer, b_.add(at, 1));
  }
}

void ValueBuilder::storeMasked(Number value, Value buffer, DType storage, Value index, int lanes,
                               Value count) {
  Value v = toStorage(value.re, storage);
  if (components_ == 2) {
    v = b_.op<vector::InterleaveOp>(v, toStorage(value.im, storage));
    index = b_.mul(index, 2);
    count = b_.mul(count, 2);
    lanes *= 2;
  }
  b_.op<vector::MaskedStoreOp>(buffer, ValueRange{index}, mask(count, lanes), v);
}

Number ValueBuilder::broadcast(Number scalar, int lanes) {
  auto type = VectorType::get({lanes}, component_);
  Number n{b_.op<vector::BroadcastOp>(type, scalar.re), {}};
  if (scalar.im)
    n.im = b_.op<vector::BroadcastOp>(type, scalar.im);
  return n;
}

/// `like`'s shape with another element type.
static Type withElement(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

Value ValueBuilder::toCompute(Value v, DType storage) {
  DType from = componentDType(storage);
  // Any nonzero byte is true.
  if (from == DType::b1) {
    Value zero = b_.op<arith::ConstantOp>(cast<TypedAttr>(b_.getZeroAttr(v.getType())));
    Value isTrue = b_.op<arith::CmpIOp>(arith::CmpIPredicate::ne, v, zero);
    Type type = withElement(v.getType(), component_);
    if (isa<FloatType>(component_))
      return b_.op<arith::UIToFPOp>(type, isTrue);
    return b_.op<arith::ExtUIOp>(type, isTrue);
  }
  if (from == DType::bf16)
    v = b_.op<arith::BitcastOp>(withElement(v.getType(), b_.getBF16Type()), v);
  Type type = withElement(v.getType(), component_);
  if (v.getType() == type)
    return v;
  bool isFloat = kindOf(from) == DTypeKind::Float;
  // Promotion never narrows a float.
  if (isFloat)
    return b_.op<arith::ExtFOp>(type, v);
  bool isSigned = kindOf(from) == DTypeKind::Int;
  if (isa<FloatType>(component_))
    return isSigned ? Value(b_.op<arith::SIToFPOp>(type, v))
                    : Value(b_.op<arith::UIToFPOp>(type, v));
  return isSigned ? Value(b_.op<arith::ExtSIOp>(type, v)) : Value(b_.op<arith::ExtUIOp>(type, v));
}

Value ValueBuilder::toStorage(Value v, DType storage) {
  if (storage == DType::bf16 && isa<FloatType>(component_))
    return b_.op<arith::BitcastOp>(
        withElement(v.getType(), b_.getI16Type()),
        b_.op<arith::TruncFOp>(withElement(v.getType(), b_.getBF16Type()), v));
  Type type = withElement(v.getType(), storageType(b_.getContext(), storage));
  if (v.getType() == type)
    return v;
  if (isa<FloatType>(component_))
    return b_.op<arith::TruncFOp>(type, v);
  return b_.op<arith::TruncIOp>(type, v);
}

Value ValueBuilder::mulComponent(Value a, Value b) {
  if (compute_ == DType::b1)
    return b_.op<arith::AndIOp>(a, b);
  if (isa<FloatType>(component_))
    return b_.op<arith::MulFOp>(a, b);
  return b_.op<arith::MulIOp>(a, b);
}

Value ValueBuilder::addComponent(Value a, Value b) {
  if (compute_ == DType::b1)
    return b_.op<arith::OrIOp>(a, b);
  if (isa<FloatType>(component_))
    return b_.op<arith::AddFOp>(a, b);
  return b_.op<arith::AddIOp>(a, b);
}

Value ValueBuilder::negate(Value v) { return b_.op<arith::NegFOp>(v); }

Value ValueBuilder::fma(Value a, Value b, Value acc) {
  if (!isa<FloatType>(component_) || !target_.fma)
    return addComponent(mulComponent(a, b), acc);
  if (isa<VectorType>(acc.getType()))
    return b_.op<vector::FMAOp>(a, b, acc);
  return b_.op<math::FmaOp>(a, b, acc);
}

Number ValueBuilder::mul(Number a, Number b) {
  if (components_ == 1)
    return {mulComponent(a.re, b.re), {}};
  // As NumPy multiplies: two products a part, no fused step.
  return {b_.op<arith::SubFOp>(mulComponent(a.re, b.re), mulComponent(a.im, b.im)),
          b_.op<arith::AddFOp>(mulComponent(a.re, b.im), mulComponent(a.im, b.re))};
}

Number ValueBuilder::add(Number a, Number b) {
  return {addComponent(a.re, b.re), components_ == 2 ? addComponent(a.im, b.im) : Value()};
}

Number ValueBuilder::mulAdd(Number a, Number b, Number acc) {
  if (components_ == 1)
    return {fma(a.re, b.re, acc.re), {}};
  Value re = fma(negate(a.im), b.im, fma(a.re, b.re, acc.re));
  Value im = fma(a.im, b.re, fma(a.re, b.im, acc.im));
  return {re, im};
}

Value ValueBuilder::dotPairs(Value a, Value b, Value acc) {
  auto halves = VectorType::get({2 * lanes_}, b_.getBF16Type());
  auto split = [&](Value v) -> Value { return b_.op<vector::BitCastOp>(halves, v); };
  return b_
      .op<LLVM::CallIntrinsicOp>(acc.getType(),
                                 b_.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                 ValueRange{acc, split(a), split(b)})
      .getResults();
}

Number ValueBuilder::selectLanes(Number a, Number b, int lanes, Value count) {
  Value m = mask(count, lanes);
  return {b_.select(m, a.re, b.re), a.im ? b_.select(m, a.im, b.im) : Value()};
}

Value ValueBuilder::rotateLanes(Value vector, Value count) {
  auto type = cast<VectorType>(vector.getType());
  int64_t lanes = type.getNumElements(), bytes = int64_t(type.getElementTypeBitWidth()) / 8;
  // Instructions that permute as a vector says exist for 32 bits, with AVX-512 for 16.
  int64_t unit = std::min<int64_t>(bytes, 4);
  StringRef permute = unit == 4 && target_.avx512              ? "llvm.x86.avx512.permvar.si.512"
                      : unit == 2 && target_.avx512            ? "llvm.x86.avx512.permvar.hi.512"
                      : unit == 4 && target_.vectorBytes == 32 ? "llvm.x86.avx2.permd"
                                                               : "";
  if (permute.empty()) {
    for (int64_t step = 1; step < lanes; step *= 2) {
      SmallVector<int64_t> from(lanes);
      for (int64_t l = 0; l < lanes; ++l)
        from[size_t(l)] = (l + lanes - step) % lanes;
      Value turned = b_.op<vector::ShuffleOp>(vector, vector, from);
      vector = b_.select(b_.ne(b_.both(count, b_.idx(step)), b_.idx(0)), turned, vector);
    }
    return vector;
  }
  int64_t units = target_.vectorBytes / unit;
  auto integer = b_.getIntegerType(unsigned(unit * 8));
  auto places = VectorType::get({units}, integer);
  SmallVector<APInt> own;
  for (int64_t l = 0; l < units; ++l)
    own.emplace_back(unsigned(unit * 8), uint64_t(l));
  Value steps = b_.op<arith::IndexCastOp>(integer, b_.mul(count, bytes / unit));
  // The instruction takes places modulo the lanes.
  Value from = b_.op<arith::SubIOp>(b_.op<arith::ConstantOp>(DenseElementsAttr::get(places, own)),
                                    b_.op<vector::BroadcastOp>(places, steps));
  Value turned =
      b_.op<LLVM::CallIntrinsicOp>(places, b_.getStringAttr(permute),
                                   ValueRange{b_.op<vector::BitCastOp>(places, vector), from})
          .getResults();
  return b_.op<vector::BitCastOp>(type, turned);
}

Number ValueBuilder::horizontalSum(Number vector) { return horizontalSums(vector)[0]; }

SmallVector<Number> ValueBuilder::horizontalSums(ArrayRef<Number> vectors) {
  // A tree of halves: fixed order, and short code on every target. While there are several vectors,
  // the halves of two make one:
  //   a: a0 a1 a2 a3, b: b0 b1 b2 b3  ->  a0+a2 a1+a3 b0+b2 b1+b3
  auto sums = [&](SmallVector<Value> parts) {
    int64_t lanes = cast<VectorType>(parts[0].getType()).getNumElements(),
            count = int64_t(parts.size());
    for (int64_t n = lanes; n > 1; n /= 2) { // lanes of each sum
      SmallVector<int64_t> low, high;
      bool joins = parts.size() > 1;
      int64_t groups = int64_t(cast<VectorType>(parts[0].getType()).getNumElements()) / n;
      for (int64_t g = 0; g < (joins ? 2 : 1) * groups; ++g)
        for (int64_t l = 0; l < n / 2; ++l)
          low.push_back(g * n + l), high.push_back(g * n + l + n / 2);
      SmallVector<Value> halves;
      for (size_t p = 0; p < parts.size(); p += joins ? 2 : 1) {
        Value x = parts[p], y = parts[joins ? p + 1 : p];
        halves.push_back(addComponent(b_.op<vector::ShuffleOp>(x, y, low),
                                      b_.op<vector::ShuffleOp>(x, y, high)));
      }
      parts = halves;
    }
    SmallVector<Value> scalars;
    for (int64_t s = 0; s < count; ++s)
      scalars.push_back(b_.op<vector::ExtractOp>(parts[0], s));
    return scalars;
  };
  SmallVector<Value> re, im;
  for (const Number &vector : vectors) {
    re.push_back(vector.re);
    if (vector.im)
      im.push_back(vector.im);
  }
  re = sums(re);
  if (!im.empty())
    im = sums(im);
  SmallVector<Number> totals;
  for (auto [i, value] : llvm::enumerate(re))
    totals.push_back({value, im.empty() ? Value() : im[i]});
  return totals;
}

Value ValueBuilder::loadComponent(Value packed, Value index, int lanes) {
  if (!lanes)
    return b_.load(packed, index);
  return b_.op<vector::LoadOp>(VectorType::get({lanes}, component_), packed, ValueRange{index});
}

void ValueBuilder::storeComponent(Value value, Value packed, Value index, int lanes) {
  if (!lanes)
    b_.store(value, packed, index);
  else
    b_.op<vector::StoreOp>(value, packed, ValueRange{index});
}

void ValueBuilder::storeLanes(Value vector, Value packed, Value index, Value begin, Value end,
                              int lanes) {
  Value m = b_.op<arith::XOrIOp>(mask(begin, lanes), mask(end, lanes));
  b_.op<vector::MaskedStoreOp>(packed, ValueRange{index}, m, vector);
}

void ValueBuilder::forVectors(Value count, ArrayRef<DType> loaded, ArrayRef<DType> stored,
                              llvm::function_ref<void(Value, Value, int)> body) {
  bool masks = llvm::all_of(loaded, [&](DType t) { return hasMaskedLoad(t); }) &&
               llvm::all_of(stored, [&](DType t) { return hasMaskedStore(t); });
  Value rest = b_.rem(count, b_.idx(lanes_)), whole = b_.sub(count, rest);
  b_.forLoop(b_.idx(0), whole, b_.idx(lanes_), [&](Value i) { body(i, {}, lanes_); });
  if (masks)
    b_.ifThen(b_.ne(rest, b_.idx(0)), [&] { body(whole, rest, lanes_); });
  else
    b_.forLoop(whole, count, b_.idx(1), [&](Value i) { body(i, {}, 0); });
}

/// A shuffle of numbers that are `parts` lanes each.
static Value shuffleNumbers(LoopBuilder &b, Value x, Value y, int numbers, int parts,
                            llvm::function_ref<int64_t(int)> source) {
  SmallVector<int64_t> lanes;
  for (int i = 0; i < numbers; ++i)
    for (int part = 0; part < parts; ++part)
      lanes.push_back(source(i) * parts + part);
  return b.op<vector::ShuffleOp>(x, y, lanes);
}

// By interleaving (unpcklps, unpcklpd …): rows i and i + block / 2 meet first, so that every stage
// is the same interleaving of the low, and of the high, halves of blocks.
SmallVector<Value> transposeBlocks(LoopBuilder &b, ArrayRef<Value> rows, int parts) {
  SmallVector<Value> v(rows);
  const int block = int(rows.size()),
            n = int(cast<VectorType>(rows[0].getType()).getNumElements()) / parts;
  for (int stage = block; stage > 1; stage /= 2) {
    SmallVector<Value> next(v.size());
    for (int i = 0; i < block / 2; ++i)
      for (int half = 0; half < 2; ++half)
        next[size_t(2 * i + half)] =
            shuffleNumbers(b, v[i], v[i + block / 2], n, parts, [&](int lane) -> int64_t {
              int within = lane % block, base = lane - within;
              return base + half * (block / 2) + within / 2 + (within % 2 ? n : 0);
            });
    v = next;
  }
  return v;
}

// Within 128 bits, then across 128-bit blocks by taking even and odd blocks of two vectors
// (vperm2f128, vshuff64x2): one instruction each.
SmallVector<Value> transposeInRegisters(LoopBuilder &b, ArrayRef<Value> rows, int parts) {
  const int n = int(rows.size());
  const unsigned bits =
      cast<VectorType>(rows[0].getType()).getElementTypeBitWidth() * unsigned(parts);
  const int block = std::min<int>(n, int(128 / bits)); // elements in 128 bits
  SmallVector<Value> v;
  for (int group = 0; group < n; group += block)
    v.append(transposeBlocks(b, rows.slice(size_t(group), size_t(block)), parts));
  // Row w of every group holds the blocks of column w of every group. Taking even and odd blocks
  // sorts them by the lowest bit of their column's group, then by the next.
  SmallVector<Value> columns(n);
  std::function<void(ArrayRef<Value>, int, int, int)> sort = [&](ArrayRef<Value> list, int w,
                                                                 int column, int bit) {
    if (list.size() == 1) {
      columns[column * block + w] = list[0];
      return;
    }
    for (int odd = 0; odd < 2; ++odd) {
      SmallVector<Value> half;
      for (size_t i = 0; i < list.size(); i += 2)
        half.push_back(shuffleNumbers(b, list[i], list[i + 1], n, parts, [&](int lane) -> int64_t {
          int from = 2 * (lane / block) + odd, blocks = n / block;
          return (from < blocks ? 0 : n) + from % blocks * block + lane % block;
        }));
      sort(half, w, column | odd << bit, bit + 1);
    }
  };
  for (int w = 0; w < block; ++w) {
    SmallVector<Value> list;
    for (int group = 0; group < n; group += block)
      list.push_back(v[group + w]);
    sort(list, w, 0, 0);
  }
  return columns;
}

} // namespace ricci
