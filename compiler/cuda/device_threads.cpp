//===- device_threads.cpp - what threads do together
//--------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    // Shuffles of values of any size: from the thread whose number differs in these bits, from the
    // one
    // so many before, from the last of the warp.
    {"Words wordsOf", R"(
template <class T> union Words { T value; u32 words[(sizeof(T) + 3) / 4]; };
template <class T> FN Words<T> wordsOf(T value) {
  Words<T> words;
  words.words[sizeof(words) / 4 - 1] = 0;
  words.value = value;
  return words;
}
)"},
    {"shuffled", R"(
template <class T> FN T shuffled(T value, int bits) {
  Words<T> from = wordsOf(value);
#pragma unroll
  for (int i = 0; i < (int)sizeof(from) / 4; ++i)
    from.words[i] = __shfl_xor_sync(0xffffffffu, from.words[i], bits);
  return from.value;
}
)"},
    {"shuffledUp", R"(
template <class T> FN T shuffledUp(T value, int distance) {
  Words<T> from = wordsOf(value);
#pragma unroll
  for (int i = 0; i < (int)sizeof(from) / 4; ++i)
    from.words[i] = __shfl_up_sync(0xffffffffu, from.words[i], distance);
  return from.value;
}
)"},
    {"shuffledLast", R"(
template <class T> FN T shuffledLast(T value) {
  Words<T> from = wordsOf(value);
#pragma unroll
  for (int i = 0; i < (int)sizeof(from) / 4; ++i)
    from.words[i] = __shfl_sync(0xffffffffu, from.words[i], 31);
  return from.value;
}
)"},

    // The best element so far and its index, which is the largest i64 before the first.
    {"Best kNoIndex", R"(
#define kNoIndex 0x7fffffffffffffffll
template <class T> struct Best { T value; i64 index; };
)"},
    // Larger, or the first NaN.
    {"isGreater", R"(
template <class T> FN bool isGreater(T x, T y) { return (x > y || x != x) && y == y; }
)"},
    {"isLess", R"(
template <class T> FN bool isLess(T x, T y) { return (x < y || x != x) && y == y; }
)"},
    {"isGreaterComplex", R"(
template <class T> FN bool isGreaterComplex(T x, T y) {
  return (complexLess(y, x) || x != x) && y == y;
}
)"},
    {"isLessComplex", R"(
template <class T> FN bool isLessComplex(T x, T y) {
  return (complexLess(x, y) || x != x) && y == y;
}
)"},

    {"mergedBest", R"(
template <class T> FN Best<T> mergedBest(Best<T> x, Best<T> y, bool xIsBetter, bool yIsBetter) {
  const bool isEarlier = !xIsBetter && y.index < x.index;
  return y.index != kNoIndex && (yIsBetter || isEarlier || x.index == kNoIndex) ? y : x;
}
)"},

    // An index that counts from the end where it is negative; whether it is in range is reported.
    {"LaunchStatus", R"(
struct LaunchStatus { u64 failed; i64 index, extent, axis; };
)"},
    {"checkedIndex", R"(
FN bool checkedIndex(i64 &index, i64 extent, i64 axis, LaunchStatus *status) {
  const i64 given = index;
  index += given < 0 ? extent : 0;
  const bool isInside = (u64)index < (u64)extent;
  if (!isInside && atomicCAS(&status->failed, 0ull, 1ull) == 0) {
    status->index = given;
    status->extent = extent;
    status->axis = axis;
  }
  return isInside;
}
)"},

    // A step of a contraction: as in fma, no product is rounded.
    {"multiplyAddComplex", R"(
template <class F> FN Complex<F> multiplyAddComplex(Complex<F> x, Complex<F> y, Complex<F> sum) {
  return {fma(-x.im, y.im, fma(x.re, y.re, sum.re)), fma(x.im, y.re, fma(x.re, y.im, sum.im))};
}
)"},
};

llvm::ArrayRef<DeviceChunk> threadChunks() { return kChunks; }

} // namespace ricci
