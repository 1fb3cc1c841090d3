//===- random.cpp - seeded random operands -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/random.h"

#include "runtime/half.h"
#include "runtime/parallel.h"

#include <algorithm>

namespace ricci {
namespace {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) as a
/// function of the position, so that any part can be made by itself.
uint64_t hash(uint64_t seed, uint64_t position) {
  uint64_t z = seed + (position + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// The sum of four 16-bit uniform numbers: near-normal, within ±1.74.
double halfNormal(uint64_t bits) {
  const int64_t sum = int64_t(bits & 0xffff) + int64_t(bits >> 16 & 0xffff) +
                      int64_t(bits >> 32 & 0xffff) + int64_t(bits >> 48);
  // Four uniforms on [0, 2^16) have mean 2^17 - 2 and deviation 2^16 / sqrt(3).
  return double(sum - 131070) * (0.8660254037844386 / 65536);
}

int64_t below(uint64_t bits, uint64_t n) { return int64_t((bits >> 32) * n >> 32); }

struct Fill {
  uint64_t seed;
  void *data;
  DType dtype;

  template <typename T, typename F> void each(int64_t begin, int64_t end, F make) const {
    T *out = static_cast<T *>(data);
    for (int64_t i = begin; i < end; ++i)
      out[i] = T(make(hash(seed, uint64_t(i))));
  }

  void operator()(int64_t begin, int64_t end) const {
    auto digit = [](uint64_t bits) { return below(bits, 19) - 9; };
    auto unsignedDigit = [](uint64_t bits) { return below(bits, 10); };
    switch (dtype) {
    case DType::b1:
      return each<uint8_t>(begin, end, [](uint64_t bits) { return bits >> 63; });
    case DType::i8:
      return each<int8_t>(begin, end, digit);
    case DType::i16:
      return each<int16_t>(begin, end, digit);
    case DType::i32:
      return each<int32_t>(begin, end, digit);
    case DType::i64:
      return each<int64_t>(begin, end, digit);
    case DType::u8:
      return each<uint8_t>(begin, end, unsignedDigit);
    case DType::u16:
      return each<uint16_t>(begin, end, unsignedDigit);
    case DType::u32:
      return each<uint32_t>(begin, end, unsignedDigit);
    case DType::u64:
      return each<uint64_t>(begin, end, unsignedDigit);
    case DType::f16:
      return each<uint16_t>(begin, end,
                            [](uint64_t bits) { return halfFromDouble(halfNormal(bits)); });
    case DType::bf16:
      return each<uint16_t>(begin, end,
                            [](uint64_t bits) { return bf16FromFloat(float(halfNormal(bits))); });
    case DType::f32:
    case DType::c64:
      return each<float>(begin, end, halfNormal);
    case DType::f64:
    case DType::c128:
      return each<double>(begin, end, halfNormal);
    }
  }
};

} // namespace

Expected<Tensor> randomTensor(DType dtype, Shape shape, uint64_t seed) {
  Expected<Tensor> tensor = Tensor::allocate(dtype, std::move(shape));
  if (!tensor)
    return tensor;
  Expected<int> threads = numThreads();
  if (!threads)
    return std::move(threads.error());
  // Neighbouring seeds must not give shifted copies of one sequence.
  Fill fill{hash(0x5eed, seed), tensor->raw(), dtype};
  const int64_t count = tensor->size() * (kindOf(dtype) == DTypeKind::Complex ? 2 : 1);
  constexpr int64_t grain = 1 << 18;
  struct Context {
    Fill fill;
    int64_t count;
  } context{fill, count};
  parallelFor((count + grain - 1) / grain,
              [](void *ctx, int64_t begin, int64_t end, int) {
                const Context &c = *static_cast<Context *>(ctx);
                c.fill(begin * grain, std::min(c.count, end * grain));
              },
              &context, *threads);
  return tensor;
}

} // namespace ricci
